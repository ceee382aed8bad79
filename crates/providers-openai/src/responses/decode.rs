//! A vendor's whole response: what accounting needs of it, and all of it as a domain reply.

use tollgate_core_types::chat::ToolCall;
use tollgate_core_types::reply::{ChatReply, Finish, FinishReason, ReplyPart};
use tollgate_core_types::{ErrorClass, UpstreamError};
use tollgate_providers_common::{Account, DecodeError};

use super::wire::{Item, Kind, Response};
use crate::error::{in_band, in_band_or_unknown};
use crate::malformed::{malformed, not_json};
use crate::wire;
use crate::wire::on_terms;

/// What an answer of this dialect is called in errors.
const ANSWER: &str = "a response";

/// Reads a response for accounting. One that goes on in the background has no finish yet.
pub(super) fn account(body: &[u8]) -> Result<Account, DecodeError> {
    let response = read(body)?;
    let items = output(&response, body)?;
    let finish = finish(&response, items)?;
    let model = response.model.filled().map(str::to_owned);
    let usage = on_terms(response.usage.0.read(), &response.service_tier);
    Ok(Account { model, usage, finish })
}

/// Reads a whole response.
pub(super) fn whole(body: &[u8]) -> Result<ChatReply, DecodeError> {
    let response = read(body)?;
    let items = output(&response, body)?;
    let Some(finish) = finish(&response, items)? else {
        let status = response.status.or_empty();
        return Err(malformed(format!("{ANSWER} that is still `{status}`")));
    };
    let mut parts = Vec::new();
    for item in items {
        push(item, &mut parts);
    }
    Ok(ChatReply {
        id: response.id.or_empty().to_owned(),
        model: response.model.or_empty().to_owned(),
        created: response.created_at.0,
        parts,
        finish,
        usage: on_terms(response.usage.0.read(), &response.service_tier),
        service_tier: response.service_tier.filled().map(str::to_owned),
    })
}

fn read(body: &[u8]) -> Result<Response<'_>, DecodeError> {
    if body.trim_ascii_start().first() == Some(&b'[') {
        return Err(match in_band(body) {
            Some(error) => DecodeError::Upstream(error),
            None => malformed(format!("a list instead of {ANSWER}")),
        });
    }
    wire::read(body).map_err(|error| not_json(ANSWER, body, &error))
}

fn output<'r, 'a>(response: &'r Response<'a>, body: &[u8]) -> Result<&'r [Item<'a>], DecodeError> {
    if let Some(items) = &response.output {
        return Ok(items);
    }
    if response.error.is_some() {
        return Err(DecodeError::Upstream(in_band_or_unknown(body)));
    }
    Err(match in_band(body) {
        Some(error) => DecodeError::Upstream(error),
        None => malformed(format!("{ANSWER} without output")),
    })
}

/// Why a response ended; `None` where it did not yet.
///
/// # Errors
/// Where it failed, or has a status that nobody knows.
pub(super) fn finish(
    response: &Response<'_>,
    items: &[Item<'_>],
) -> Result<Option<Finish>, DecodeError> {
    let calls = items.iter().any(|item| matches!(item.kind(), Kind::Call | Kind::CustomCall));
    Ok(match response.status.or_empty() {
        "failed" => return Err(DecodeError::Upstream(failure(response))),
        // Some servers leave the word out.
        "completed" | "" if response.error.is_none() => Some(completed(calls)),
        "completed" | "" => return Err(DecodeError::Upstream(failure(response))),
        "incomplete" => Some(incomplete(response.incomplete_details.0.reason.or_empty())),
        "queued" | "in_progress" | "cancelled" => None,
        other => {
            let shown = tollgate_core_types::error::clean(other, 32);
            return Err(malformed(format!("{ANSWER} with the unknown status {shown:?}")));
        }
    })
}

/// The finish of a complete response.
pub(super) fn completed(calls: bool) -> Finish {
    Finish::new(if calls { FinishReason::ToolCalls } else { FinishReason::Stop })
}

/// The finish of one that was cut short.
pub(super) fn incomplete(reason: &str) -> Finish {
    let (reason, known) = match reason {
        "max_output_tokens" | "max_tokens" | "length" => (FinishReason::Length, ""),
        "content_filter" => (FinishReason::ContentFilter, ""),
        // `max_messages`, `steered`: the turn can be gone on with.
        other => (FinishReason::Pause, other),
    };
    let detail = (!known.is_empty()).then(|| tollgate_core_types::error::clean(known, 64));
    Finish { detail, ..Finish::new(reason) }
}

/// The error of a failed response.
pub(super) fn failure(response: &Response<'_>) -> UpstreamError {
    let Some(error) = response.error else {
        return UpstreamError::new(ErrorClass::Server, "the vendor gave no reason for a failure");
    };
    let json = format!("{{\"error\":{}}}", error.get());
    in_band_or_unknown(json.as_bytes())
}

fn push(item: &Item<'_>, parts: &mut Vec<ReplyPart>) {
    match item.kind() {
        Kind::Message => {
            for piece in &item.content.0 {
                if let Some(text) = piece.text.filled() {
                    parts.push(ReplyPart::Text(text.to_owned()));
                }
                if let Some(refusal) = piece.refusal.filled() {
                    parts.push(ReplyPart::Refusal(refusal.to_owned()));
                }
            }
        }
        Kind::Reasoning => parts.extend(item.reasoning().map(ReplyPart::Reasoning)),
        Kind::Call | Kind::CustomCall => parts.push(ReplyPart::ToolCall(ToolCall {
            id: item.called().to_owned(),
            name: item.name.or_empty().to_owned(),
            arguments: item.arguments(),
        })),
        // A tool of the vendor's own, which nobody asks for on this way.
        Kind::Other => {}
    }
}
