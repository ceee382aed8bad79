//! A whole answer: the stream's decoder with one chunk, so that the two cannot differ.

use tollgate_core_types::reply::ChatReply;
use tollgate_core_types::{ChatEvent, Dialect};
use tollgate_providers_common::fold::fold;
use tollgate_providers_common::{Account, DecodeError};

use super::Reader;
use super::stream::Decoder;
use crate::wire::answer::{self, Answer, malformed};

const WHAT: &str = "an answer that cannot be read";

/// Reads what accounting needs.
pub(super) fn account(body: &[u8], reader: Reader) -> Result<Account, DecodeError> {
    let mut account = Account::default();
    for event in events(body, reader)? {
        match event {
            ChatEvent::Start { model, .. } => {
                account.model = Some(model).filter(|model| !model.is_empty());
            }
            ChatEvent::Usage(usage) => account.usage.merge(&usage),
            ChatEvent::Finish(finish) => account.finish = Some(finish),
            ChatEvent::Error(error) => return Err(DecodeError::Upstream(error)),
            ChatEvent::Text(_)
            | ChatEvent::Reasoning(_)
            | ChatEvent::ReasoningSignature { .. }
            | ChatEvent::ReasoningRedacted { .. }
            | ChatEvent::Refusal(_)
            | ChatEvent::ToolCallStart { .. }
            | ChatEvent::ToolCallArguments { .. }
            | ChatEvent::Other { .. }
            | ChatEvent::End => {}
        }
    }
    Ok(account)
}

/// Reads the whole answer.
pub(super) fn decode(body: &[u8], reader: Reader) -> Result<ChatReply, DecodeError> {
    fold(Dialect::GEMINI_GENERATE, events(body, reader)?)
}

/// The events of a whole answer. Some servers put the one chunk into a list.
fn events(body: &[u8], reader: Reader) -> Result<Vec<ChatEvent>, DecodeError> {
    let mut events = Vec::new();
    let mut decoder = Decoder::new(reader);
    if body.trim_ascii_start().starts_with(b"[") {
        let list: Vec<Answer<'_>> = answer::read(body, WHAT)?;
        if list.is_empty() {
            return Err(malformed("an empty list instead of an answer"));
        }
        for answer in list {
            decoder.chunk(answer, &mut events)?;
        }
    } else {
        decoder.chunk(answer::read(body, WHAT)?, &mut events)?;
    }
    decoder.whole(&mut events)?;
    Ok(events)
}
