//! Requests that a vendor takes in pieces alone: some are under way at a time, and their answers are
//! joined. One that fails fails them all, so that the attempt is one as every other; what the others
//! took is counted all the same.

use bytes::Bytes;
use futures_core::future::BoxFuture;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;
use tollgate_core_types::usage::UsageDetail;
use tollgate_core_types::{Dialect, ErrorClass, Lost, UpstreamError, Usage};
use tollgate_providers_common::piece::MOST_TEXTS;
use tollgate_providers_common::{
    ByteStream, Codec, EmbedCodec, EmbedReply, EmbedRequest, Encoded, Piece,
};
use tollgate_telemetry::Span;

use super::{Content, Exchange, Judged, Shared, begin, prepare, read};
use crate::clock;
use crate::deployment::{Deployment, Way};
use crate::stream::Tally;

/// Pieces under way at a time; no others have a body.
const AT_ONCE: usize = 8;

/// What all pieces of a request have in common.
#[derive(Clone, Copy)]
pub(super) struct Sending<'a> {
    pub(super) deployment: &'a Deployment,
    pub(super) shared: &'a Shared<'a>,
    pub(super) span: &'a Span,
    pub(super) way: &'a Way,
}

/// Sends all pieces and joins their answers.
pub(super) async fn exchange(
    codec: &Arc<dyn Codec>,
    pieces: &[Piece],
    sending: Sending<'_>,
) -> Result<Exchange, Box<Judged>> {
    let requests = pieces
        .iter()
        .map(|piece| -> BoxFuture<'_, Answer<Bytes>> { Box::pin(one(piece, sending)) });
    let Whole { answers, tally, lost } = all(requests, sending.shared).await?;
    let body = match codec.joined(pieces, &answers) {
        Ok(body) => body,
        Err(error) => return Err(Box::new(Judged { error: read::decode_error(error), tally })),
    };
    let content = Content::Whole { body, tally: Box::new(tally) };
    Ok(Exchange { content, lost, estimated: false })
}

/// Sends a client's texts in several requests of another dialect, and joins their vectors.
pub(super) async fn embedded(
    codec: &dyn EmbedCodec,
    most: usize,
    sending: Sending<'_>,
) -> Result<Exchange, Box<Judged>> {
    let shared = sending.shared;
    if shared.inbound.facts.items > MOST_TEXTS {
        return Err(too_many(shared.inbound.dialect).into());
    }
    let asked = prepare::texts(shared.inbound, shared.client.as_ref())?;
    let EmbedRequest { texts, dimensions, user, extra } = asked;
    let mut texts = texts.into_iter();
    let requests = std::iter::from_fn(|| {
        let texts: Vec<String> = texts.by_ref().take(most.max(1)).collect();
        if texts.is_empty() {
            return None;
        }
        let (user, extra) = (user.clone(), extra.clone());
        let piece = EmbedRequest { texts, dimensions, user, extra };
        let request: BoxFuture<'_, Answer<Vec<Vec<f64>>>> =
            Box::pin(vectors(piece, codec, sending));
        Some(request)
    });
    let Whole { answers, tally, lost } = all(requests, shared).await?;
    let vectors = answers.into_iter().flatten().collect();
    let reply = EmbedReply { model: tally.model, vectors, usage: tally.usage };
    let content = read::vectors(reply, shared);
    Ok(Exchange { content, lost, estimated: false })
}

fn too_many(dialect: Dialect) -> UpstreamError {
    let field = if dialect == Dialect::GEMINI_BATCH_EMBED { "requests" } else { "input" };
    let message = format!("`{field}` must hold at most {MOST_TEXTS} texts");
    UpstreamError::new(ErrorClass::Client, message).with_param(Some(field))
}

/// What one piece brought, and what it could not carry.
type Answer<T> = Result<(T, Tally, Vec<Lost>), Box<Judged>>;

/// What all pieces brought, in their order.
struct Whole<T> {
    answers: Vec<T>,
    tally: Tally,
    lost: Vec<Lost>,
}

/// Makes some requests at a time until all are answered, or one failed. They wait for the vendor
/// together, so that their time is counted once.
async fn all<'f, T: Send>(
    requests: impl Iterator<Item = BoxFuture<'f, Answer<T>>> + Send,
    shared: &Shared<'_>,
) -> Result<Whole<T>, Box<Judged>> {
    let started = clock::now();
    let outcome = joined(requests).await;
    shared.progress.waited(clock::now().saturating_duration_since(started));
    outcome
}

async fn joined<'f, T: Send>(
    requests: impl Iterator<Item = BoxFuture<'f, Answer<T>>> + Send,
) -> Result<Whole<T>, Box<Judged>> {
    let mut requests = requests.enumerate();
    let mut under_way = FuturesUnordered::new();
    let mut answers = BTreeMap::new();
    let (mut tally, mut lost) = (Tally::default(), Vec::new());
    loop {
        while under_way.len() < AT_ONCE
            && let Some((number, request)) = requests.next()
        {
            under_way.push(async move { (number, request.await) });
        }
        let Some((number, answer)) = under_way.next().await else { break };
        match answer {
            Ok((answer, took, dropped)) => {
                answers.insert(number, answer);
                tally = together(tally, took);
                lost = dropped;
            }
            Err(judged) => {
                let Judged { error, tally: took } = *judged;
                return Err(Box::new(Judged { error, tally: together(tally, took) }));
            }
        }
    }
    Ok(Whole { answers: answers.into_values().collect(), tally, lost })
}

/// One piece of a request that is relayed.
async fn one(piece: &Piece, sending: Sending<'_>) -> Answer<Bytes> {
    let Sending { deployment, shared, way, .. } = sending;
    let inbound = piece.of(shared.inbound);
    let shared = Shared { inbound: &inbound, ..*shared };
    let (encoded, _) = prepare::plain(&inbound, shared.client.as_ref(), deployment, way)?;
    let lost = encoded.lost.clone();
    let (response, until) = sent(encoded, sending).await?;
    match read::content(response, &shared, (deployment, way), until).await? {
        Content::Whole { body, tally } => Ok((body, *tally, lost)),
        Content::Stream { .. } => {
            let message = "a stream where a whole answer was asked for";
            Err(UpstreamError::new(ErrorClass::Malformed, message).into())
        }
    }
}

/// The vectors of some texts.
async fn vectors(
    asked: EmbedRequest,
    codec: &dyn EmbedCodec,
    sending: Sending<'_>,
) -> Answer<Vec<Vec<f64>>> {
    let Sending { deployment, shared, way, .. } = sending;
    let encoded = prepare::prepare_texts(&asked, codec, deployment)?;
    let texts = asked.texts.len();
    drop(asked);
    let lost = encoded.lost.clone();
    let (response, until) = sent(encoded, sending).await?;
    let body = read::json(response, shared, way, until).await?;
    let EmbedReply { model, vectors, usage } =
        codec.decode_embed(&body).map_err(read::decode_error)?;
    let tally = Tally { model, usage, has_content: true, ..Tally::default() };
    if vectors.len() != texts {
        let message = format!("{} vectors for {texts} texts", vectors.len());
        let error = UpstreamError::new(ErrorClass::Malformed, message);
        return Err(Box::new(Judged { error, tally }));
    }
    Ok((vectors, tally, lost))
}

/// Sends a piece; its answer, and by when that must be whole.
async fn sent(
    encoded: Encoded,
    sending: Sending<'_>,
) -> Result<(http::Response<ByteStream>, Instant), UpstreamError> {
    let Sending { deployment, shared, span, .. } = sending;
    let mut request = encoded.request;
    if deployment.trace_context {
        prepare::continue_trace(&mut request, span);
    }
    let (_, deadlines) = begin(&mut request, deployment, shared).await?;
    let until = deadlines.until;
    Ok((deployment.transport.send(request, deadlines).await?, until))
}

/// Two pieces' tallies together.
fn together(a: Tally, b: Tally) -> Tally {
    let Tally { model, usage, finish, skipped, has_content, lost } = b;
    Tally {
        model: model.or(a.model),
        usage: added(a.usage, usage),
        finish: finish.or(a.finish),
        skipped: a.skipped.saturating_add(skipped),
        has_content: a.has_content || has_content,
        lost: a.lost.saturating_add(lost),
    }
}

/// Two pieces' usage together; what one of them does not tell is told by the other alone.
fn added(a: Usage, b: Usage) -> Usage {
    let sum = |a: Option<u64>, b: Option<u64>| match (a, b) {
        (Some(a), Some(b)) => Some(a.saturating_add(b)),
        (one, None) | (None, one) => one,
    };
    Usage {
        input_tokens: sum(a.input_tokens, b.input_tokens),
        output_tokens: sum(a.output_tokens, b.output_tokens),
        cache_read_tokens: sum(a.cache_read_tokens, b.cache_read_tokens),
        cache_write_tokens: sum(a.cache_write_tokens, b.cache_write_tokens),
        reasoning_tokens: sum(a.reasoning_tokens, b.reasoning_tokens),
        detail: UsageDetail {
            cache_write_hour_tokens: sum(
                a.detail.cache_write_hour_tokens,
                b.detail.cache_write_hour_tokens,
            ),
            input_audio_tokens: sum(a.detail.input_audio_tokens, b.detail.input_audio_tokens),
            output_audio_tokens: sum(a.detail.output_audio_tokens, b.detail.output_audio_tokens),
            tier: b.detail.tier.or(a.detail.tier),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn took(tokens: u64) -> Tally {
        let usage = Usage { input_tokens: Some(tokens), ..Usage::default() };
        Tally { usage, has_content: true, ..Tally::default() }
    }

    fn failed(tokens: u64) -> Answer<usize> {
        let error = UpstreamError::new(ErrorClass::Malformed, "no");
        Err(Box::new(Judged { error, tally: took(tokens) }))
    }

    /// A request that is answered after some turns of the others.
    fn after(turns: usize, answer: Answer<usize>) -> BoxFuture<'static, Answer<usize>> {
        Box::pin(async move {
            for _ in 0..turns {
                tokio::task::yield_now().await;
            }
            answer
        })
    }

    #[tokio::test]
    async fn answers_stand_in_the_order_of_their_pieces_and_few_are_alive_at_once() {
        let (made, done) = (AtomicUsize::new(0), Arc::new(AtomicUsize::new(0)));
        let requests = (0..40_usize).map(|number| -> BoxFuture<'_, Answer<usize>> {
            let alive = made.fetch_add(1, Ordering::Relaxed) - done.load(Ordering::Relaxed);
            assert!(alive < AT_ONCE, "{alive} before {number}");
            let done = Arc::clone(&done);
            let answer = after(40 - number, Ok((number, took(2), Vec::new())));
            Box::pin(async move {
                let answer = answer.await;
                done.fetch_add(1, Ordering::Relaxed);
                answer
            })
        });
        let Ok(Whole { answers, tally, .. }) = joined(requests).await else { panic!() };
        assert_eq!(answers, (0..40).collect::<Vec<_>>());
        assert_eq!(tally.usage.input_tokens, Some(80));
    }

    #[tokio::test]
    async fn a_failed_piece_tells_what_the_others_took_and_no_more_are_sent() {
        let made = AtomicUsize::new(0);
        let requests = (0..40_usize).map(|number| {
            made.fetch_add(1, Ordering::Relaxed);
            match number {
                // Answered last of all, and not waited for.
                0 => after(1_000, Ok((0, took(100), Vec::new()))),
                5 => after(20, failed(7)),
                _ => after(5, Ok((number, took(1), Vec::new()))),
            }
        });
        let Err(judged) = joined(requests).await else { panic!() };
        let Judged { error, tally } = *judged;
        assert_eq!(error.class, ErrorClass::Malformed);
        let sent = made.load(Ordering::Relaxed);
        let tokens = tally.usage.input_tokens.unwrap();
        assert!((13..40).contains(&tokens) && sent < 40, "{tokens} tokens of {sent} requests");
    }

    #[test]
    fn a_request_beyond_the_bound_is_the_clients_error_and_names_its_field() {
        for (dialect, field) in
            [(Dialect::OPENAI_EMBEDDINGS, "input"), (Dialect::GEMINI_BATCH_EMBED, "requests")]
        {
            let error = too_many(dialect);
            assert_eq!((error.class, error.param.as_deref()), (ErrorClass::Client, Some(field)));
        }
    }
}
