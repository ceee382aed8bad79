//! Requests that a vendor takes in pieces alone: some are under way at a time, and their answers are
//! joined. One that fails fails them all, so that the attempt is one as every other.

use bytes::Bytes;
use futures_core::future::BoxFuture;
use futures_util::StreamExt as _;
use std::sync::Arc;
use tollgate_core_types::usage::UsageDetail;
use tollgate_core_types::{ErrorClass, Lost, UpstreamError, Usage};
use tollgate_providers_common::{Codec, EmbedCodec, EmbedReply, EmbedRequest, Inbound};

use super::{Content, Exchange, Shared, prepare, read, send, send_part};
use crate::deployment::{Deployment, Way};
use crate::stream::Tally;

/// Pieces under way at a time.
const AT_ONCE: usize = 8;

/// Sends all pieces and joins their answers.
pub(super) async fn exchange(
    codec: &Arc<dyn Codec>,
    pieces: &[Inbound],
    deployment: &Deployment,
    shared: &Shared<'_>,
) -> Result<Exchange, UpstreamError> {
    let way = Way::Verbatim(Arc::clone(codec));
    let mut waiting: Vec<BoxFuture<'_, Piece>> = Vec::with_capacity(pieces.len());
    for piece in pieces {
        waiting.push(Box::pin(one(piece, deployment, shared, &way)));
    }
    let mut answers = futures_util::stream::iter(waiting).buffered(AT_ONCE);
    let mut bodies: Vec<Bytes> = Vec::with_capacity(pieces.len());
    let (mut tally, mut lost) = (Tally::default(), Vec::new());
    while let Some(answer) = answers.next().await {
        let (content, dropped) = answer?;
        let Content::Whole { body, tally: piece } = content else {
            let message = "a stream where a whole answer was asked for";
            return Err(UpstreamError::new(ErrorClass::Malformed, message));
        };
        bodies.push(body);
        lost = dropped;
        let usage = added(tally.usage, piece.usage);
        tally = Tally { usage, ..*piece };
    }
    let body = codec.joined(&bodies).map_err(read::decode_error)?;
    Ok(Exchange {
        content: Content::Whole { body, tally: Box::new(tally) },
        lost,
        estimated: false,
    })
}

/// Sends a client's texts in several requests of another dialect, and joins their vectors.
pub(super) async fn embedded(
    (codec, most): (&Arc<dyn EmbedCodec>, usize),
    asked: EmbedRequest,
    deployment: &Deployment,
    shared: &Shared<'_>,
) -> Result<Exchange, UpstreamError> {
    let pieces: Vec<EmbedRequest> = asked
        .texts
        .chunks(most.max(1))
        .map(|texts| EmbedRequest { texts: texts.to_vec(), ..asked.clone() })
        .collect();
    let way = Way::Embedded(Arc::clone(codec));
    let mut waiting: Vec<BoxFuture<'_, Vectors>> = Vec::with_capacity(pieces.len());
    for piece in &pieces {
        waiting.push(Box::pin(vectors(piece, codec.as_ref(), (deployment, &way), shared)));
    }
    let mut answers = futures_util::stream::iter(waiting).buffered(AT_ONCE);
    let (mut whole, mut lost) = (EmbedReply::default(), Vec::new());
    while let Some(answer) = answers.next().await {
        let (EmbedReply { model, vectors, usage }, dropped) = answer?;
        whole.vectors.extend(vectors);
        whole.usage = added(whole.usage, usage);
        whole.model = model.or(whole.model);
        lost = dropped;
    }
    let content = read::vectors(whole, shared);
    Ok(Exchange { content, lost, estimated: false })
}

/// The vectors of some texts, and what could not be carried.
type Vectors = Result<(EmbedReply, Vec<Lost>), UpstreamError>;

async fn vectors(
    asked: &EmbedRequest,
    codec: &dyn EmbedCodec,
    (deployment, way): (&Deployment, &Way),
    shared: &Shared<'_>,
) -> Vectors {
    let encoded = prepare::prepare_texts(asked, codec, deployment)?;
    let body = send_part(encoded.request, deployment, shared, way).await?;
    let reply = codec.decode_embed(&body).map_err(read::decode_error)?;
    if reply.vectors.len() != asked.texts.len() {
        let message = format!("{} vectors for {} texts", reply.vectors.len(), asked.texts.len());
        return Err(UpstreamError::new(ErrorClass::Malformed, message));
    }
    Ok((reply, encoded.lost))
}

/// A piece's answer, and what it could not carry.
type Piece = Result<(Content, Vec<Lost>), UpstreamError>;

async fn one(inbound: &Inbound, deployment: &Deployment, shared: &Shared<'_>, way: &Way) -> Piece {
    let shared = Shared { inbound, ..*shared };
    let (encoded, _) = prepare::plain(inbound, shared.client.as_ref(), deployment, way)?;
    let content = send(encoded.request, deployment, &shared, way).await?;
    Ok((content, encoded.lost))
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
