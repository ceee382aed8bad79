//! A whole answer: for accounting alone, or into the domain.
//!
//! Both readings go through one typed view, so that the verbatim and the translated path account
//! alike. Content of server tools has no place in the domain and is passed over.

use serde::Deserialize;
use serde::de::{Deserializer, SeqAccess, Visitor};
use std::fmt;
use tollgate_core_types::Dialect;
use tollgate_core_types::chat::{ReasoningPart, ToolCall};
use tollgate_core_types::reply::{ChatReply, Finish, ReplyPart};
use tollgate_providers_common::{Account, DecodeError};

use super::JSON_TOOL;
use crate::stop::{self, Said};
use crate::usage::Counted;
use crate::wire::Str;
use crate::wire::answer::{self, Block, BlockKind, Message, malformed};

/// Reads what accounting needs.
pub(super) fn account(body: &[u8]) -> Result<Account, DecodeError> {
    let mut message: Message<'_, Tools> = answer::whole(body)?;
    let tools = content(&mut message)?;
    let finish = finish(&message, tools);
    Ok(Account {
        model: message.model.map(Str::into_owned).filter(|model| !model.is_empty()),
        usage: message.usage.map(Counted::from).unwrap_or_default().usage(),
        finish: Some(finish),
    })
}

/// Reads the whole answer.
pub(super) fn decode(body: &[u8]) -> Result<ChatReply, DecodeError> {
    let mut message: Message<'_, Blocks<'_>> = answer::whole(body)?;
    let Blocks(blocks) = content(&mut message)?;
    let mut tools = Tools::default();
    let mut parts = Vec::with_capacity(blocks.len());
    for (i, block) in blocks.into_iter().enumerate() {
        tools.saw(&block.kind, block.name.as_deref());
        push(&mut parts, block).map_err(|field| missing(i, field))?;
    }
    let finish = finish(&message, tools);
    let service_tier = message.usage.as_ref().and_then(|usage| usage.service_tier.as_deref());
    let service_tier = service_tier.map(str::to_owned);
    Ok(ChatReply {
        id: message.id.map(Str::into_owned).unwrap_or_default(),
        model: message.model.map(Str::into_owned).unwrap_or_default(),
        created: None,
        parts,
        finish,
        usage: message.usage.map(Counted::from).unwrap_or_default().usage(),
        service_tier,
    })
}

fn content<C: Default>(message: &mut Message<'_, C>) -> Result<C, DecodeError> {
    if message.kind.as_deref().is_some_and(|kind| kind != "message") {
        return Err(malformed("`type` is not `message`"));
    }
    // An answer that says why it ended is one, also with nothing in it.
    let ended = message.kind.is_some() && message.stop_reason.is_some();
    let content = message.content.take().or_else(|| ended.then(C::default));
    content.ok_or_else(|| malformed("`content` is missing"))
}

fn finish<C>(message: &Message<'_, C>, tools: Tools) -> Finish {
    stop::finish(Said {
        reason: message.stop_reason.as_deref(),
        sequence: message.stop_sequence.as_deref(),
        category: message.stop_details.as_ref().and_then(|details| details.category.as_deref()),
        calls_tools: tools.client,
        only_json_tool: tools.only_json(),
    })
}

fn missing(block: usize, field: &'static str) -> DecodeError {
    malformed(&format!("`content[{block}].{field}` is missing"))
}

/// Appends a block's part; an error names the field that it lacks.
fn push(parts: &mut Vec<ReplyPart>, block: Block<'_>) -> Result<(), &'static str> {
    let Block { kind, text, thinking, signature, data, id, name, input } = block;
    match &*kind {
        "text" => push_text(parts, &text.ok_or("text")?),
        "tool_use" => {
            let name = name.ok_or("name")?;
            let arguments = input.map_or("{}", |input| input.get());
            if &*name == JSON_TOOL {
                push_text(parts, arguments);
            } else {
                let id = id.ok_or("id")?.into_owned();
                let arguments = arguments.to_owned();
                let call = ToolCall { id, name: name.into_owned(), arguments };
                parts.push(ReplyPart::ToolCall(call));
            }
        }
        "thinking" => parts.push(ReplyPart::Reasoning(ReasoningPart {
            text: thinking.ok_or("thinking")?.into_owned(),
            signature: signature.map(Str::into_owned).filter(|signature| !signature.is_empty()),
            redacted: None,
            issuer: Dialect::ANTHROPIC_MESSAGES,
        })),
        "redacted_thinking" => parts.push(ReplyPart::Reasoning(ReasoningPart {
            text: String::new(),
            signature: None,
            redacted: Some(data.ok_or("data")?.into_owned()),
            issuer: Dialect::ANTHROPIC_MESSAGES,
        })),
        _ => {}
    }
    Ok(())
}

/// Appends text to the text before it: the vendor cuts one text into blocks around citations.
fn push_text(parts: &mut Vec<ReplyPart>, text: &str) {
    match parts.last_mut() {
        Some(ReplyPart::Text(before)) => before.push_str(text),
        _ if text.is_empty() => {}
        _ => parts.push(ReplyPart::Text(text.to_owned())),
    }
}

/// Which tools an answer calls, as far as its finish depends on it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tools {
    /// Whether it calls a tool of the client.
    pub(super) client: bool,
    /// Whether it calls the tool that carries structured output.
    json: bool,
}

impl Tools {
    /// Takes note of a block.
    pub(super) fn saw(&mut self, kind: &str, name: Option<&str>) {
        if kind == "tool_use" {
            let json = name == Some(JSON_TOOL);
            self.json |= json;
            self.client |= !json;
        }
    }

    /// Whether the only tool is the one that carries structured output.
    pub(super) fn only_json(self) -> bool {
        self.json && !self.client
    }
}

impl<'de> Deserialize<'de> for Tools {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Seen;
        impl<'de> Visitor<'de> for Seen {
            type Value = Tools;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("content blocks")
            }

            /// Some servers answer with one text where a list of blocks should be.
            fn visit_str<E>(self, _: &str) -> Result<Tools, E> {
                Ok(Tools::default())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Tools, A::Error> {
                let mut tools = Tools::default();
                while let Some(BlockKind { kind, name }) = seq.next_element()? {
                    tools.saw(&kind, name.as_deref());
                }
                Ok(tools)
            }
        }
        deserializer.deserialize_any(Seen)
    }
}

/// All blocks of an answer.
#[derive(Debug, Default)]
struct Blocks<'a>(Vec<Block<'a>>);

impl<'de: 'a, 'a> Deserialize<'de> for Blocks<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;
        impl<'de> Visitor<'de> for All {
            type Value = Blocks<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("content blocks")
            }

            fn visit_str<E>(self, text: &str) -> Result<Blocks<'de>, E> {
                Ok(Blocks(vec![Block::text(text.to_owned())]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Blocks<'de>, A::Error> {
                let mut blocks = Vec::with_capacity(seq.size_hint().unwrap_or(4));
                while let Some(block) = seq.next_element()? {
                    blocks.push(block);
                }
                Ok(Blocks(blocks))
            }
        }
        deserializer.deserialize_any(All)
    }
}

#[cfg(test)]
mod tests;
