//! Parts of the domain as content blocks.

use serde_json::value::RawValue;
use std::borrow::Cow;
use tollgate_core_types::chat::{CacheMarker, Part, ReasoningPart, Role, ToolCall};
use tollgate_core_types::{Dialect, JsonText};
use tollgate_providers_common::EncodeError;
use tollgate_providers_common::call_ids::CallIds;

use super::{Context, invalid, media, raw, unsupported};
use crate::wire::body::{Block, CacheControl};

/// The blocks of one message, and of those merged with it.
#[derive(Debug, Default)]
pub(super) struct Content<'a> {
    /// Tool results: they go before everything else.
    results: Vec<Block<'a>>,
    /// The rest in order.
    pub(super) rest: Vec<Block<'a>>,
    /// Names of the tools called.
    pub(super) called: Vec<&'a str>,
}

/// Which message is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) message: usize,
    pub(super) role: Role,
}

impl Place {
    fn part(self, part: usize) -> String {
        format!("messages[{}].content[{part}]", self.message)
    }

    fn call(self, call: usize) -> String {
        format!("messages[{}].tool_calls[{call}]", self.message)
    }

    fn is_user(self) -> bool {
        match self.role {
            Role::User | Role::Tool => true,
            Role::System | Role::Developer | Role::Assistant => false,
        }
    }
}

impl<'a> Content<'a> {
    /// Reads the parts of one message.
    pub(super) fn read(
        place: Place,
        parts: &'a [Part],
        ids: &CallIds<'a>,
        cx: &mut Context<'a>,
    ) -> Result<Self, EncodeError> {
        let mut content = Self::default();
        for (j, part) in parts.iter().enumerate() {
            content.part(place, j, part, ids, cx)?;
        }
        Ok(content)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.results.is_empty() && self.rest.is_empty()
    }

    pub(super) fn append(&mut self, mut later: Self) {
        self.results.append(&mut later.results);
        self.rest.append(&mut later.rest);
    }

    pub(super) fn into_blocks(self) -> Vec<Block<'a>> {
        let Self { mut results, mut rest, called: _ } = self;
        results.append(&mut rest);
        results
    }

    fn part(
        &mut self,
        place: Place,
        j: usize,
        part: &'a Part,
        ids: &CallIds<'a>,
        cx: &mut Context<'a>,
    ) -> Result<(), EncodeError> {
        match part {
            Part::ToolCall(call) if place.role == Role::Assistant => {
                return self.call(place, call, ids);
            }
            Part::ToolCall(_) => {
                return Err(invalid(place.part(j), "only the assistant calls tools"));
            }
            Part::ToolResult { call_id, parts, is_error, cache } => {
                if !place.is_user() {
                    return Err(invalid(place.part(j), "a tool result outside a tool message"));
                }
                let inside = Place { message: place.message, role: Role::User };
                self.results.push(Block::ToolResult {
                    tool_use_id: ids.get(call_id),
                    content: result(inside, parts, cx)?,
                    is_error: *is_error,
                    cache_control: cache_control(cache.as_ref(), cx),
                });
            }
            Part::Reasoning(reasoning) => self.reasoning(place, j, reasoning, cx),
            Part::Text { .. }
            | Part::Image { .. }
            | Part::Document { .. }
            | Part::Audio { .. }
            | Part::Refusal { .. }
            | Part::Foreign { .. } => self.rest.extend(simple(place, j, part, cx)?),
        }
        Ok(())
    }

    fn call(
        &mut self,
        place: Place,
        call: &'a ToolCall,
        ids: &CallIds<'a>,
    ) -> Result<(), EncodeError> {
        let ToolCall { id, name, arguments } = call;
        let path = place.call(self.called.len());
        let input = object(arguments).ok_or_else(|| {
            invalid(format!("{path}.function.arguments"), "this vendor needs a JSON object")
        })?;
        self.called.push(name);
        self.rest.push(Block::ToolUse { id: ids.get(id), name, input });
        Ok(())
    }

    /// Reasoning goes back to its issuer unchanged, before the calls that came of it; anything else
    /// is withheld.
    fn reasoning(
        &mut self,
        place: Place,
        j: usize,
        reasoning: &'a ReasoningPart,
        cx: &mut Context<'a>,
    ) {
        let ReasoningPart { text, signature, redacted, issuer } = reasoning;
        let ours = *issuer == Dialect::ANTHROPIC_MESSAGES && place.role == Role::Assistant;
        let block = match (redacted, signature) {
            (Some(data), _) if ours => Block::RedactedThinking { data },
            (None, Some(signature)) if ours => {
                Block::Thinking { thinking: text, signature: Cow::Borrowed(signature) }
            }
            (Some(_), _) | (None, _) => return cx.dropped(place.part(j)),
        };
        let calls = self.rest.iter().position(|block| matches!(block, Block::ToolUse { .. }));
        self.rest.insert(calls.unwrap_or(self.rest.len()), block);
    }
}

/// The content of a tool result.
fn result<'a>(
    place: Place,
    parts: &'a [Part],
    cx: &mut Context<'a>,
) -> Result<Vec<Block<'a>>, EncodeError> {
    let blocks = parts.iter().enumerate().map(|(j, part)| simple(place, j, part, cx));
    blocks.filter_map(Result::transpose).collect()
}

/// A part that is one block wherever it stands; `None` where nothing is to be sent.
fn simple<'a>(
    place: Place,
    j: usize,
    part: &'a Part,
    cx: &mut Context<'a>,
) -> Result<Option<Block<'a>>, EncodeError> {
    let block = match part {
        Part::Text { text, cache } => return Ok(words(text, cache.as_ref(), cx)),
        Part::Refusal { text } => return Ok(words(text, None, cx)),
        Part::Image { source, detail, cache } => {
            let path = in_user_turn(place, j)?;
            if detail.as_deref().is_some_and(|detail| detail != "auto") {
                cx.dropped(format!("{path}.image_url.detail"));
            }
            let source = media::image(&path, source)?;
            Block::Image { source, cache_control: cache_control(cache.as_ref(), cx) }
        }
        Part::Document { source, title, cache } => {
            let source = media::document(&in_user_turn(place, j)?, source)?;
            let cache_control = cache_control(cache.as_ref(), cx);
            Block::Document { source, title: title.as_deref(), cache_control }
        }
        Part::Audio { .. } => {
            return Err(unsupported(place.part(j), "this vendor takes no audio"));
        }
        Part::Foreign { dialect, kind, json } => foreign(place, j, (*dialect, kind, json))?,
        Part::ToolCall(_) | Part::ToolResult { .. } | Part::Reasoning(_) => {
            return Err(invalid(place.part(j), "not allowed inside a tool result"));
        }
    };
    Ok(Some(block))
}

/// Where a picture or document stands, if it may stand there.
fn in_user_turn(place: Place, j: usize) -> Result<String, EncodeError> {
    let path = place.part(j);
    if place.is_user() {
        Ok(path)
    } else {
        Err(unsupported(path, "this vendor takes pictures and documents from the user alone"))
    }
}

fn foreign<'a>(
    place: Place,
    j: usize,
    (dialect, kind, json): (Dialect, &str, &'a JsonText),
) -> Result<Block<'a>, EncodeError> {
    let path = place.part(j);
    if dialect != Dialect::ANTHROPIC_MESSAGES {
        return Err(unsupported(path, format!("`{kind}` is known to `{dialect}` alone")));
    }
    raw(json.as_str(), &path).map(Block::Raw)
}

/// Text; the vendor refuses text of white space alone.
fn words<'a>(
    text: &'a str,
    cache: Option<&'a CacheMarker>,
    cx: &mut Context<'a>,
) -> Option<Block<'a>> {
    let cache_control = cache_control(cache, cx);
    (!text.trim().is_empty()).then_some(Block::Text { text: Cow::Borrowed(text), cache_control })
}

/// The times to live that the vendor knows.
const TTLS: [&str; 2] = ["5m", "1h"];

/// A breakpoint; one with another time to live gets the vendor's own.
pub(super) fn cache_control<'a>(
    cache: Option<&'a CacheMarker>,
    cx: &mut Context<'_>,
) -> Option<CacheControl<'a>> {
    let CacheMarker { ttl } = cache?;
    let known = ttl.as_deref().filter(|ttl| TTLS.contains(ttl));
    if known.is_none() && ttl.is_some() {
        cx.approximated("cache_control.ttl");
    }
    Some(CacheControl { kind: "ephemeral", ttl: known })
}

/// Arguments as an object; none at all are an empty one.
fn object(arguments: &str) -> Option<Cow<'_, RawValue>> {
    if arguments.trim().is_empty() {
        return RawValue::from_string("{}".to_owned()).ok().map(Cow::Owned);
    }
    let value: &RawValue = serde_json::from_str(arguments).ok()?;
    value.get().starts_with('{').then_some(Cow::Borrowed(value))
}
