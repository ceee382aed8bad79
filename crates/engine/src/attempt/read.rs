//! Reading a vendor's answer up to the commit point, whatever form it comes in.
//!
//! A stream may be asked for and a whole answer come, or the reverse; errors come with any status,
//! also 200. All of it ends here, in content of the client's dialect or in an error.

use bytes::Bytes;
use futures_util::StreamExt as _;
use http::header;
use http::response::Parts;
use std::time::Instant;
use tollgate_core_types::reply::ChatReply;
use tollgate_core_types::{ErrorClass, UpstreamError};
use tollgate_providers_common::fold::{ReplyBuilder, unfold};
use tollgate_providers_common::{ByteStream, Codec, DecodeError, EmbedReply, Framer};

use super::{Content, Shared, collect, relayed};
use crate::deployment::{Deployment, Way};
use crate::stream::{Path, Pump, Tally};

/// Reads an answer.
///
/// # Errors
/// Whatever the vendor reports or does wrong before its first content.
pub(super) async fn content(
    response: http::Response<ByteStream>,
    shared: &Shared<'_>,
    (deployment, way): (&Deployment, &Way),
    until: Instant,
) -> Result<Content, UpstreamError> {
    let (head, mut body) = response.into_parts();
    if !head.status.is_success() {
        let bytes = collect::error_body(&mut body, until).await;
        return Err(codec(way).decode_error(head.status.as_u16(), &head.headers, &bytes));
    }
    let wanted_stream = shared.inbound.facts.stream;
    let anything = codec(way).answers_anything();
    match (form(&head, wanted_stream, anything)?, wanted_stream) {
        (Form::Bytes, _) => relayed::content(&head, body, until).await,
        (Form::Events, wanted) if wanted || anything => stream(body, shared, way, until).await,
        (Form::Events, _) => {
            let reply = folded(body, codec(way), until).await?;
            Ok(rendered(&reply, shared))
        }
        (Form::Json, stream) => {
            let bounds = (shared.memory, collect::MAX_ANSWER);
            let bytes = collect::whole(&mut body, bounds, until).await?;
            let bytes = json_text(bytes)?;
            if anything {
                whole(bytes, shared, way)
            } else if stream && !bytes.trim_ascii_start().starts_with(b"{") {
                mislabelled(bytes, shared, way)
            } else if stream {
                told_as_stream(&bytes, shared, deployment, way)
            } else {
                whole(bytes, shared, way)
            }
        }
    }
}

/// Reads a whole answer that is told together with others.
///
/// # Errors
/// As [`content`].
pub(super) async fn json(
    response: http::Response<ByteStream>,
    shared: &Shared<'_>,
    way: &Way,
    until: Instant,
) -> Result<Bytes, UpstreamError> {
    let (head, mut body) = response.into_parts();
    if !head.status.is_success() {
        let bytes = collect::error_body(&mut body, until).await;
        return Err(codec(way).decode_error(head.status.as_u16(), &head.headers, &bytes));
    }
    match form(&head, false, false)? {
        Form::Events => {
            let message = "a stream where a whole answer was asked for";
            Err(UpstreamError::new(ErrorClass::Malformed, message))
        }
        Form::Json | Form::Bytes => {
            let bounds = (shared.memory, collect::MAX_ANSWER);
            json_text(collect::whole(&mut body, bounds, until).await?)
        }
    }
}

pub(super) fn codec(way: &Way) -> &dyn Codec {
    match way {
        Way::Verbatim(codec) => codec.as_ref(),
        Way::Translated(codec) => codec.as_ref(),
        Way::Embedded(codec) => codec.as_ref(),
    }
}

/// What a body is, by its declared type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Events,
    Json,
    /// Anything else, where that may be.
    Bytes,
}

/// The types of streams; which framing it is, the dialect knows.
const EVENTS: [&str; 2] = ["text/event-stream", "application/vnd.amazon.eventstream"];

fn form(head: &Parts, wanted_stream: bool, anything: bool) -> Result<Form, UpstreamError> {
    let declared = head.headers.get(header::CONTENT_TYPE);
    if declared.is_some_and(|value| value == "application/json") {
        // As nearly all say it; no need to take it apart.
        return Ok(Form::Json);
    }
    let declared = declared.and_then(|value| value.to_str().ok());
    let essence = declared.unwrap_or("").split(';').next().unwrap_or("").trim();
    if EVENTS.iter().any(|events| essence.eq_ignore_ascii_case(events)) {
        Ok(Form::Events)
    } else if essence.eq_ignore_ascii_case("text/html") {
        let message = "the vendor answered with a web page; is the base address right?";
        Err(UpstreamError::new(ErrorClass::Malformed, message).with_status(head.status.as_u16()))
    } else if essence.eq_ignore_ascii_case("application/json") || !(wanted_stream || anything) {
        Ok(Form::Json)
    } else if anything {
        Ok(Form::Bytes)
    } else {
        // No type, or an odd one, from a server that was asked for a stream: reading it will tell.
        Ok(Form::Events)
    }
}

/// JSON is UTF-8; a byte-order mark in front of it says nothing and readers stumble over it.
fn json_text(bytes: Bytes) -> Result<Bytes, UpstreamError> {
    if std::str::from_utf8(&bytes).is_err() {
        return Err(UpstreamError::new(ErrorClass::Malformed, "the answer is not valid UTF-8"));
    }
    let mark = if bytes.starts_with(&[0xEF, 0xBB, 0xBF]) { 3 } else { 0 };
    Ok(bytes.slice(mark..))
}

/// Events under the type of JSON.
fn mislabelled(bytes: Bytes, shared: &Shared<'_>, way: &Way) -> Result<Content, UpstreamError> {
    let mut pump = pump(shared, way);
    pump.feed(bytes)?;
    pump.finish()?;
    Ok(Content::Stream { upstream: None, pump: Box::new(pump), bytes: None })
}

fn pump(shared: &Shared<'_>, way: &Way) -> Pump {
    let path = match way {
        Way::Verbatim(_) => Path::Verbatim {
            hide_usage: !shared.inbound.facts.include_usage,
            terminator: shared.client.terminator(),
        },
        Way::Translated(_) | Way::Embedded(_) => {
            Path::Translated(shared.client.stream_encoder_to(shared.render(), shared.inbound))
        }
    };
    Pump::new(codec(way).stream(), path)
}

/// The verbatim and the translated stream, up to the first content.
async fn stream(
    body: ByteStream,
    shared: &Shared<'_>,
    way: &Way,
    until: Instant,
) -> Result<Content, UpstreamError> {
    first(body, pump(shared, way), until).await
}

/// Reads up to the first content.
pub(super) async fn first(
    mut body: ByteStream,
    mut pump: Pump,
    until: Instant,
) -> Result<Content, UpstreamError> {
    loop {
        let next = tokio::time::timeout_at(until.into(), body.next()).await;
        let committed = match next {
            Err(_) => return Err(no_content_in_time()),
            Ok(None) => pump.finish()?.commits,
            Ok(Some(Err(error))) => return Err(error.into()),
            Ok(Some(Ok(chunk))) => pump.feed(chunk)?.commits,
        };
        if committed {
            return Ok(Content::Stream { upstream: Some(body), pump: Box::new(pump), bytes: None });
        }
    }
}

fn no_content_in_time() -> UpstreamError {
    UpstreamError::new(ErrorClass::FirstTokenTimeout, "no content came in time")
}

/// A whole answer to a whole request.
fn whole(bytes: Bytes, shared: &Shared<'_>, way: &Way) -> Result<Content, UpstreamError> {
    match way {
        Way::Verbatim(codec) => {
            let account = codec.account(&bytes).map_err(decode_error)?;
            let tally = Tally {
                model: account.model,
                usage: account.usage,
                finish: account.finish,
                has_content: true,
                ..Tally::default()
            };
            let body = codec.relayed(bytes, shared.inbound).map_err(decode_error)?;
            Ok(Content::Whole { body, tally: Box::new(tally) })
        }
        Way::Translated(codec) => {
            let reply = codec.decode(&bytes).map_err(decode_error)?;
            Ok(rendered(&reply, shared))
        }
        Way::Embedded(codec) => {
            let reply = codec.decode_embed(&bytes).map_err(decode_error)?;
            Ok(vectors(reply, shared))
        }
    }
}

/// Vectors in the client's words.
pub(super) fn vectors(reply: EmbedReply, shared: &Shared<'_>) -> Content {
    let body = shared.client.render_embed(&reply, shared.inbound, &shared.render().model);
    let tally =
        Tally { model: reply.model, usage: reply.usage, has_content: true, ..Tally::default() };
    Content::Whole { body, tally: Box::new(tally) }
}

fn rendered(reply: &ChatReply, shared: &Shared<'_>) -> Content {
    let body = shared.client.render_to(reply, &shared.render(), shared.inbound);
    Content::Whole { body, tally: Box::new(tally(reply)) }
}

fn tally(reply: &ChatReply) -> Tally {
    Tally {
        model: Some(reply.model.clone()).filter(|model| !model.is_empty()),
        usage: reply.usage,
        finish: Some(reply.finish.clone()),
        has_content: !reply.parts.is_empty(),
        ..Tally::default()
    }
}

/// A whole answer to a request for a stream: told as a stream of few events.
fn told_as_stream(
    bytes: &[u8],
    shared: &Shared<'_>,
    deployment: &Deployment,
    way: &Way,
) -> Result<Content, UpstreamError> {
    let reader = deployment.provider.reader(codec(way).dialect()).ok_or_else(|| {
        let message = "a whole answer came where a stream was asked for";
        UpstreamError::new(ErrorClass::Malformed, message)
    })?;
    let reply = reader.decode(bytes).map_err(decode_error)?;
    let encoder = shared.client.stream_encoder_to(shared.render(), shared.inbound);
    let mut pump = Pump::new(codec(way).stream(), Path::Translated(encoder));
    pump.replay(&unfold(reply))?;
    Ok(Content::Stream { upstream: None, pump: Box::new(pump), bytes: None })
}

/// A stream that came for a request for a whole answer, folded into one.
async fn folded(
    mut body: ByteStream,
    codec: &dyn Codec,
    until: Instant,
) -> Result<ChatReply, UpstreamError> {
    let mut decoder = codec.stream();
    let mut framer = decoder.framing().framer(Framer::DEFAULT_MAX);
    let mut builder = ReplyBuilder::new(codec.dialect());
    let mut events = Vec::new();
    let mut size = 0_usize;
    loop {
        let next = tokio::time::timeout_at(until.into(), body.next()).await;
        let last = match next {
            Err(_) => return Err(no_content_in_time()),
            Ok(Some(Err(error))) => return Err(error.into()),
            Ok(Some(Ok(chunk))) => {
                size = size.saturating_add(chunk.len());
                framer.push(chunk);
                false
            }
            Ok(None) => true,
        };
        if size > collect::MAX_ANSWER {
            return Err(UpstreamError::new(ErrorClass::Malformed, "the answer is too large"));
        }
        while let Some(frame) = framer
            .next_frame()
            .map_err(|error| UpstreamError::new(ErrorClass::Malformed, error.to_string()))?
        {
            decoder.frame(&frame, &mut events).map_err(decode_error)?;
        }
        if last {
            if let Some(frame) = framer.finish() {
                decoder.frame(&frame, &mut events).map_err(decode_error)?;
            }
            decoder.end(&mut events).map_err(decode_error)?;
        }
        for event in events.drain(..) {
            builder.event(event);
        }
        if last {
            return builder.finish().map_err(decode_error);
        }
    }
}

pub(super) fn decode_error(error: DecodeError) -> UpstreamError {
    match error {
        DecodeError::Malformed(reason) => UpstreamError::new(ErrorClass::Malformed, reason),
        DecodeError::Truncated => {
            UpstreamError::new(ErrorClass::Transport, DecodeError::Truncated.to_string())
        }
        DecodeError::Upstream(error) => error,
    }
}
