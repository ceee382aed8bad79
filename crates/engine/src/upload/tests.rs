//! Forms that come in pieces: what is read, held, said anew and given up.

use super::*;
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use std::sync::atomic::{AtomicUsize, Ordering};
use tollgate_providers_common::multipart::FormError;

const KIB: usize = 1 << 10;
const LIMITS: FormLimits =
    FormLimits { bytes: 1 << 20, hold: 256 * KIB, idle: Duration::from_secs(5) };

fn form_text(model: Option<&str>, file: usize, model_last: bool) -> Vec<u8> {
    let field = |name: &str, value: &str| {
        format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let model = model.map(|model| field("model", model)).unwrap_or_default();
    let file = format!(
        "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\n\r\n{}\r\n",
        "\r\nx".repeat(file / 3)
    );
    let parts = if model_last { [file, model] } else { [model, file] };
    format!("{}--b--\r\n", parts.concat()).into_bytes()
}

/// A form in chunks of a size; counts those that were taken.
fn coming(text: &[u8], size: usize, taken: &Arc<AtomicUsize>) -> FormBody {
    let chunks: Vec<Bytes> = text.chunks(size).map(Bytes::copy_from_slice).collect();
    let taken = Arc::clone(taken);
    Box::pin(stream::iter(chunks).map(move |chunk| {
        taken.fetch_add(1, Ordering::Relaxed);
        Ok(chunk)
    }))
}

fn form_of(body: FormBody, length: Option<u64>, limits: FormLimits) -> Form {
    let content_type = HeaderValue::from_static("multipart/form-data; boundary=b");
    Form::new(body, (content_type, length), limits, &Memory::new(1 << 20))
}

fn form(text: &[u8], size: usize, limits: FormLimits) -> Form {
    form_of(coming(text, size, &Arc::default()), Some(text.len() as u64), limits)
}

async fn sent(upload: Upload) -> Result<Vec<u8>, StreamBroken> {
    let (length, pieces) = (upload.length, upload.body.collect::<Vec<_>>().await);
    let all: Vec<u8> = pieces.into_iter().collect::<Result<Vec<_>, _>>()?.concat();
    assert!(length.is_none_or(|length| length == all.len() as u64), "{length:?}");
    Ok(all)
}

fn with_model(text: &[u8], model: &str) -> Vec<u8> {
    String::from_utf8(text.to_vec()).unwrap().replacen("alias", model, 1).into_bytes()
}

#[tokio::test]
async fn a_form_is_sent_with_the_deployments_model_however_it_comes() {
    for model_last in [false, true] {
        let text = form_text(Some("alias"), 900, model_last);
        for size in [1, 7, 64, 10_000] {
            let form = form(&text, size, LIMITS);
            assert_eq!(form.head().await.unwrap().model.as_deref(), Some("alias"));
            let (upload, turn) = form.send("whisper-large-v3").unwrap();
            assert_eq!(sent(upload).await.unwrap(), with_model(&text, "whisper-large-v3"));
            turn.keep();
        }
    }
}

#[tokio::test]
async fn a_form_without_a_model_is_given_one() {
    let text = form_text(None, 900, false);
    let form = form(&text, 64, LIMITS);
    assert_eq!(form.head().await.unwrap().model, None);
    let (upload, _turn) = form.send("m1").unwrap();
    let said = String::from_utf8(sent(upload).await.unwrap()).unwrap();
    let part = "--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nm1\r\n";
    assert_eq!(said, format!("{part}{}", String::from_utf8(text).unwrap()));
}

#[tokio::test]
async fn what_is_held_is_sent_again_and_what_is_not_is_sent_once() {
    let small = form_text(Some("alias"), 90 * KIB, false);
    let held = form(&small, 4000, LIMITS);
    held.head().await.unwrap();
    for model in ["one", "another"] {
        assert!(held.is_whole());
        let (upload, turn) = held.send(model).unwrap();
        assert_eq!(sent(upload).await.unwrap(), with_model(&small, model));
        drop(turn);
    }
    let large = form_text(Some("alias"), 700 * KIB, false);
    let passing = form(&large, 4000, LIMITS);
    passing.head().await.unwrap();
    let (upload, turn) = passing.send("one").unwrap();
    assert_eq!(sent(upload).await.unwrap(), with_model(&large, "one"));
    drop(turn);
    assert!(!passing.is_whole() && passing.send("another").is_none());
}

#[tokio::test]
async fn a_first_chunk_beyond_what_may_be_held_is_sent_all_the_same() {
    let text = form_text(Some("alias"), 400 * KIB, false);
    let form = form(&text, text.len(), FormLimits { hold: 0, ..LIMITS });
    form.head().await.unwrap();
    let (upload, _turn) = form.send("alias").unwrap();
    assert_eq!(sent(upload).await.unwrap(), text);
    assert!(!form.is_whole());
}

#[tokio::test]
async fn nothing_is_read_ahead_of_the_vendor() {
    let taken = Arc::new(AtomicUsize::new(0));
    let text = form_text(Some("alias"), 600 * KIB, false);
    let form = form_of(coming(&text, 1000, &taken), None, LIMITS);
    form.head().await.unwrap();
    assert_eq!(taken.load(Ordering::Relaxed), 1, "the model and the file's beginning are in it");
    let (mut upload, _turn) = form.send("m").unwrap();
    for _ in 0..10 {
        upload.body.next().await.unwrap().unwrap();
    }
    assert!(taken.load(Ordering::Relaxed) <= 10, "{taken:?}");
}

#[tokio::test]
async fn what_is_held_counts_as_memory_and_is_given_up_where_there_is_none() {
    let memory = Memory::new(100 * KIB);
    let text = form_text(Some("alias"), 300 * KIB, false);
    let content_type = HeaderValue::from_static("multipart/form-data; boundary=b");
    let body = coming(&text, 10 * KIB, &Arc::default());
    let form = Form::new(body, (content_type.clone(), None), LIMITS, &memory);
    form.head().await.unwrap();
    let (mut upload, _turn) = form.send("m").unwrap();
    for _ in 0..9 {
        upload.body.next().await.unwrap().unwrap();
    }
    assert!(form.is_whole() && memory.held() > 50 * KIB, "{}", memory.held());
    sent(Upload { body: upload.body, length: None }).await.unwrap();
    assert!(!form.is_whole());
    assert_eq!(memory.held(), 0);
    // Where the model is still to come, there is no way without holding.
    let late = form_text(Some("alias"), 300 * KIB, true);
    let body = coming(&late, 10 * KIB, &Arc::default());
    let form = Form::new(body, (content_type, None), LIMITS, &memory);
    assert!(matches!(form.head().await, Err(FormFault::NoRoom(_))));
}

#[tokio::test]
async fn a_model_that_comes_too_late_is_asked_for_before_the_file() {
    let text = form_text(Some("alias"), 500 * KIB, true);
    let fault = form(&text, 10 * KIB, LIMITS).head().await.unwrap_err();
    assert_eq!(fault, FormFault::ModelLate { held: LIMITS.hold });
    assert_eq!((fault.status(), fault.param()), (400, Some("model")));
    assert!(fault.to_string().contains("send `model` before the file"), "{fault}");
}

#[tokio::test]
async fn a_form_that_is_none_or_too_large_is_refused_by_name() {
    let text = form_text(Some("alias"), 90, false);
    let cut = form(&text[..text.len() - 9], 50, LIMITS);
    assert_eq!(cut.head().await.unwrap().model.as_deref(), Some("alias"));
    let (upload, _turn) = cut.send("m").unwrap();
    let pieces = upload.body.collect::<Vec<_>>().await;
    assert_eq!(pieces.last(), Some(&Err(StreamBroken)), "half a form is never ended");
    assert_eq!(cut.fault(), Some(FormFault::Form(FormError::Truncated)));
    let twice = [&text[..text.len() - 7], &text].concat();
    let twice = form(&twice, 50, LIMITS);
    twice.head().await.unwrap();
    let (upload, _turn) = twice.send("m").unwrap();
    assert_eq!(upload.body.collect::<Vec<_>>().await.last(), Some(&Err(StreamBroken)));
    assert_eq!(twice.fault(), Some(FormFault::Form(FormError::Twice("model"))));
    let small = FormLimits { bytes: 100, ..LIMITS };
    let late = form_of(coming(&text, 50, &Arc::default()), None, small);
    assert_eq!(late.head().await, Err(FormFault::TooLarge { max: 100 }));
    let announced = form_of(Box::pin(stream::pending()), Some(101), small);
    assert_eq!(announced.head().await, Err(FormFault::TooLarge { max: 100 }));
    let mixed = HeaderValue::from_static("multipart/mixed; boundary=b");
    let mixed = Form::new(Box::pin(stream::pending()), (mixed, None), LIMITS, &Memory::default());
    assert_eq!(mixed.head().await, Err(FormFault::Form(FormError::Boundary)));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_stops_is_given_up_in_time_and_is_not_the_vendors_fault() {
    let text = form_text(Some("alias"), 90, false);
    let begun = Bytes::copy_from_slice(&text[..text.len() - 20]);
    let body = stream::iter([Ok(begun)]).chain(stream::pending());
    let form = form_of(Box::pin(body), None, LIMITS);
    form.head().await.unwrap();
    let (mut upload, _turn) = form.send("m").unwrap();
    while let Some(Ok(_)) = futures_util::FutureExt::now_or_never(upload.body.next()).flatten() {}
    assert_eq!(form.vendor_since(), None, "it is the client that is waited for");
    assert_eq!(upload.body.next().await, Some(Err(StreamBroken)));
    assert_eq!(form.fault(), Some(FormFault::TooSlow { time: LIMITS.idle }));
    assert_eq!(form.fault().unwrap().as_failure().status, Some(408));
}

#[tokio::test]
async fn a_sending_that_was_given_up_reads_no_more() {
    let text = form_text(Some("alias"), 90 * KIB, false);
    let body = coming(&text[..50 * KIB], KIB, &Arc::default()).chain(stream::pending());
    let form = form_of(Box::pin(body), None, LIMITS);
    form.head().await.unwrap();
    let (mut first, turn) = form.send("m").unwrap();
    first.body.next().await.unwrap().unwrap();
    drop(turn);
    assert_eq!(first.body.next().await, Some(Err(StreamBroken)));
    assert_eq!(first.body.next().await, None);
    let (mut second, turn) = form.send("m").unwrap();
    let mut reading = tokio::task::JoinSet::new();
    reading.spawn(async move {
        while let Some(piece) = second.body.next().await {
            if piece.is_err() {
                return true;
            }
        }
        false
    });
    tokio::task::yield_now().await;
    drop(turn);
    assert!(reading.join_next().await.unwrap().unwrap(), "one that waits is woken");
}
