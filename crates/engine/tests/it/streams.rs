//! After the commit point: one coherent answer and at most one error event, never an invented end.

use futures_util::StreamExt as _;
use std::time::Duration;
use tollgate_core_types::Dialect;

use crate::client::{call, chat, engine, soon, stream, text};
use crate::upstream::{Act, Upstream, chunk, ended, events};

const ASK: &str = r#"{"model":"m","stream":true,"messages":[{"role":"user","content":"x"}]}"#;
const ASK_ANTHROPIC: &str =
    r#"{"model":"m","max_tokens":9,"stream":true,"messages":[{"role":"user","content":"x"}]}"#;
const TEXT: &str = "data: {\"id\":\"c\",\"model\":\"up\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"hi\"}}]}\n\n";
const FINISH: &str = "data: {\"id\":\"c\",\"model\":\"up\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
const USAGE: &str = "data: {\"id\":\"c\",\"model\":\"up\",\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":2,\"total_tokens\":7}}\n\n";
const DONE: &str = "data: [DONE]\n\n";

fn one(upstream: &Upstream, more: &str) -> String {
    format!(
        "models: {{ m: {{ {more} deployments: [ {{ id: d1, provider: openai, model: up, \
         api_base: \"{}\", api_keys: [k1] }} ] }} }}",
        upstream.base()
    )
}

fn metric(page: &str, line: &str) -> bool {
    page.lines().any(|found| found.starts_with(line))
}

#[tokio::test]
async fn a_verbatim_stream_is_relayed_and_usage_that_nobody_asked_for_is_kept_back() {
    let all = ended(&[TEXT, ": note\n\n", FINISH, USAGE, DONE]);
    let upstream = Upstream::start(vec![Act::Say(all.clone()), Act::Say(all)]).await;
    let engine = engine(&one(&upstream, ""));
    let (_, body) = stream(soon(chat(&engine, ASK)).await);
    assert_eq!(soon(text(body)).await, [TEXT, ": note\n\n", FINISH, DONE].concat());
    assert!(upstream.seen()[0].body.contains(r#""stream_options":{"include_usage":true}"#));
    let asked = ASK
        .replace("\"stream\":true", "\"stream\":true,\"stream_options\":{\"include_usage\":true}");
    let (_, body) = stream(soon(chat(&engine, &asked)).await);
    assert_eq!(soon(text(body)).await, [TEXT, ": note\n\n", FINISH, USAGE, DONE].concat());
    let page = engine.render_metrics();
    assert!(metric(&page, "tollgate_tokens_total{model=\"m\",kind=\"input\"} 10"), "{page}");
}

#[tokio::test]
async fn both_body_paths_account_alike() {
    let all = ended(&[TEXT, FINISH, USAGE, DONE]);
    let upstream = Upstream::start(vec![Act::Say(all.clone()), Act::Say(all)]).await;
    let engine = engine(&one(&upstream, ""));
    let (_, body) = stream(soon(chat(&engine, ASK)).await);
    soon(text(body)).await;
    let verbatim = tokens(&engine.render_metrics());
    let (_, body) = stream(soon(call(&engine, Dialect::ANTHROPIC_MESSAGES, ASK_ANTHROPIC)).await);
    let got = soon(text(body)).await;
    assert!(got.contains("event: message_stop"), "{got}");
    let both = tokens(&engine.render_metrics());
    assert_eq!(verbatim, [5, 2]);
    assert_eq!(both, [10, 4]);
}

/// 5 tokens at 2.50 and 2 at 10 US dollars a million are 32.5 µ$, whichever way they went.
#[tokio::test]
async fn both_body_paths_cost_the_same() {
    let all = ended(&[TEXT, FINISH, USAGE, DONE]);
    let upstream = Upstream::start(vec![Act::Say(all.clone()), Act::Say(all)]).await;
    let engine = engine(&one(&upstream, "prices: { input: 2.5, output: 10 },"));
    let cost = |page: &str| {
        let start = "tollgate_cost_picodollars_total{model=\"m\",operation=\"chat\"} ";
        let line = page.lines().find_map(|line| line.strip_prefix(start));
        line.and_then(|count| count.parse::<u64>().ok())
    };
    let (_, body) = stream(soon(chat(&engine, ASK)).await);
    soon(text(body)).await;
    assert_eq!(cost(&engine.render_metrics()), Some(32_500_000));
    let (_, body) = stream(soon(call(&engine, Dialect::ANTHROPIC_MESSAGES, ASK_ANTHROPIC)).await);
    soon(text(body)).await;
    assert_eq!(cost(&engine.render_metrics()), Some(65_000_000));
}

fn tokens(page: &str) -> [u64; 2] {
    ["input", "output"].map(|kind| {
        let start = format!("tollgate_tokens_total{{model=\"m\",kind=\"{kind}\"}} ");
        let line = page.lines().find_map(|line| line.strip_prefix(start.as_str()));
        line.and_then(|count| count.parse().ok()).unwrap_or(0)
    })
}

#[tokio::test]
async fn a_broken_stream_ends_with_one_error_event_and_no_invented_end() {
    let error = "data: {\"error\":{\"message\":\"overloaded\",\"code\":\"server_error\"}}\n\n";
    for act in [
        Act::SayAndClose(events(&[TEXT])),
        Act::SayAndClose(events(&[TEXT]) + "5\r\ndat"),
        Act::Say(ended(&[TEXT])),
        Act::Say(ended(&[TEXT, error, TEXT, FINISH, DONE])),
    ] {
        let upstream = Upstream::start(vec![act.clone(), act.clone()]).await;
        let engine = engine(&one(&upstream, ""));
        let (_, body) = stream(soon(chat(&engine, ASK)).await);
        let got = soon(text(body)).await;
        let rest = got.strip_prefix(TEXT).unwrap_or_else(|| panic!("{act:?}: {got}"));
        assert!(rest.starts_with("data: {\"error\":"), "{act:?}: {got}");
        assert_eq!(rest.matches("data: ").count(), 1, "{act:?}: {got}");
        assert!(!got.contains("[DONE]") && !got.contains("finish_reason\":\"stop"), "{got}");
        let asked = call(&engine, Dialect::ANTHROPIC_MESSAGES, ASK_ANTHROPIC);
        let (_, body) = stream(soon(asked).await);
        let got = soon(text(body)).await;
        assert_eq!(got.matches("event: error\n").count(), 1, "{act:?}: {got}");
        assert!(!got.contains("message_stop") && !got.contains("message_delta"), "{got}");
        assert_eq!(upstream.seen().len(), 2, "nothing is retried after the commit point");
    }
}

#[tokio::test]
async fn a_stream_cut_anywhere_never_glues_its_error_to_what_was_sent() {
    let whole = [TEXT, TEXT, FINISH, USAGE, DONE].concat();
    let complete = [TEXT, TEXT, FINISH].concat().len();
    let cuts: Vec<usize> = (TEXT.len()..whole.len()).collect();
    let acts = cuts.iter().map(|cut| Act::Say(ended(&[&whole[..*cut]]))).collect();
    let upstream = Upstream::start(acts).await;
    for cut in cuts {
        // A new one each time: a vendor that breaks every stream would soon be left alone.
        let engine = engine(&one(&upstream, ""));
        let (_, body) = stream(soon(chat(&engine, ASK)).await);
        let got = soon(text(body)).await;
        let frames: Vec<&str> = got.split_inclusive("\n\n").collect();
        let last = frames.last().copied().unwrap_or_default();
        assert!(frames.iter().all(|frame| frame.starts_with("data: ")), "cut at {cut}: {got}");
        assert!(got.ends_with("\n\n"), "cut at {cut}: {got}");
        if last == DONE {
            assert!(cut >= complete - 2, "cut at {cut}: an end was invented: {got}");
        } else {
            assert!(last.starts_with("data: {\"error\":"), "cut at {cut}: {got}");
            assert!(!got.contains("[DONE]"), "cut at {cut}: {got}");
        }
    }
}

#[tokio::test]
async fn a_complete_stream_without_its_terminator_is_whole() {
    let upstream = Upstream::start(vec![Act::Say(ended(&[TEXT, FINISH]))]).await;
    let engine = engine(&one(&upstream, ""));
    let (_, body) = stream(soon(chat(&engine, ASK)).await);
    assert_eq!(soon(text(body)).await, [TEXT, FINISH, DONE].concat());
}

#[tokio::test]
async fn the_last_frame_is_told_once_whatever_ends_the_stream() {
    let last = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\" bye\"},\"finish_reason\":\"stop\"}]}";
    for tail in ["", "\n", "\n\n", "\n\ndata: [DONE]\n\n"] {
        let upstream =
            Upstream::start(vec![Act::Say(ended(&[TEXT, &[last, tail].concat()]))]).await;
        let engine = engine(&one(&upstream, ""));
        let asked = call(&engine, Dialect::ANTHROPIC_MESSAGES, ASK_ANTHROPIC);
        let (_, body) = stream(soon(asked).await);
        let got = soon(text(body)).await;
        assert_eq!(got.matches("\" bye\"").count(), 1, "{tail:?}: {got}");
        assert_eq!(got.matches("event: message_stop").count(), 1, "{tail:?}: {got}");
    }
}

#[tokio::test]
async fn a_malformed_event_is_left_out_and_counted() {
    let all = ended(&[TEXT, "data: {\"choices\": [{\n\n", FINISH, DONE]);
    let upstream = Upstream::start(vec![Act::Say(all)]).await;
    let engine = engine(&one(&upstream, ""));
    let (_, body) = stream(soon(chat(&engine, ASK)).await);
    assert_eq!(soon(text(body)).await, [TEXT, FINISH, DONE].concat());
    let page = engine.render_metrics();
    assert!(
        page.lines().any(|line| {
            line.starts_with("tollgate_stream_frames_skipped_total") && line.ends_with(" 1")
        }),
        "{page}"
    );
}

#[tokio::test]
async fn a_stall_after_content_is_an_error_event_and_leaves_the_vendor() {
    let upstream = Upstream::start(vec![Act::SayAndStall(events(&[TEXT]))]).await;
    let engine = engine(&one(&upstream, "timeouts: { idle: 200ms },"));
    let (_, body) = stream(soon(chat(&engine, ASK)).await);
    let got = soon(text(body)).await;
    assert!(got.starts_with(TEXT) && got.contains("data: {\"error\":"), "{got}");
    soon(upstream.wait_until_left()).await;
}

#[tokio::test]
async fn pings_do_not_keep_a_dead_stream_alive() {
    let pings = chunk(": ping\n\n");
    let upstream = Upstream::start(vec![Act::SayForEver(events(&[TEXT]) + &pings)]).await;
    // The same head again and again is no chunked body, so the vendor breaks the stream in the end;
    // what counts here is that the client is told and the vendor is left.
    let engine = engine(&one(&upstream, "timeouts: { idle: 300ms },"));
    let (_, body) = stream(soon(chat(&engine, ASK)).await);
    let got = soon(text(body)).await;
    assert!(got.contains("data: {\"error\":"), "{got}");
    soon(upstream.wait_until_left()).await;
}

#[tokio::test]
async fn a_client_that_leaves_cancels_the_vendor_and_is_counted() {
    let upstream = Upstream::start(vec![Act::SayAndStall(events(&[TEXT]))]).await;
    let engine = engine(&one(&upstream, ""));
    let (_, mut body) = stream(soon(chat(&engine, ASK)).await);
    assert_eq!(soon(body.next()).await.as_deref(), Some(TEXT.as_bytes()));
    assert_eq!(engine.status()[0].deployments[0].in_flight, 1);
    drop(body);
    soon(upstream.wait_until_left()).await;
    assert_eq!(engine.status()[0].deployments[0].in_flight, 0);
    let page = engine.render_metrics();
    let cancelled = "tollgate_requests_total{model=\"m\",operation=\"chat\",status=\"499\",outcome=\"cancelled\"} 1";
    assert!(metric(&page, cancelled), "{page}");
}

#[tokio::test]
async fn a_client_that_leaves_before_the_first_byte_cancels_the_vendor() {
    let upstream = Upstream::start(vec![Act::SayAndStall(events(&[]))]).await;
    let engine = engine(&one(&upstream, ""));
    let asked = tokio::time::timeout(Duration::from_millis(300), chat(&engine, ASK)).await;
    assert!(asked.is_err(), "nothing came, so the client left");
    soon(upstream.wait_until_left()).await;
    assert_eq!(engine.status()[0].deployments[0].in_flight, 0);
    assert_eq!(upstream.seen().len(), 1, "nothing is tried for nobody");
}

#[tokio::test]
async fn a_slow_client_slows_the_vendor() {
    let flood = format!("{}{}", events(&[TEXT]), chunk(TEXT).repeat(100_000));
    let whole = flood.len();
    let upstream = Upstream::start(vec![Act::SayAndStall(flood)]).await;
    let engine = engine(&one(&upstream, ""));
    let (_, mut body) = stream(soon(chat(&engine, ASK)).await);
    soon(body.next()).await;
    // Nobody reads on, so the vendor's write cannot finish: sockets and one chunk are all that is
    // held. Reading on lets it finish.
    tokio::task::yield_now().await;
    assert_eq!(upstream.written(), 0, "a whole write of {whole} bytes cannot have been taken");
    let mut read = 0;
    while upstream.written() == 0 {
        read += soon(body.next()).await.map_or(0, |piece| piece.len());
    }
    assert!(read > 1 << 20, "the vendor waited for the client");
}
