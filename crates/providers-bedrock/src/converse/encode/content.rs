//! Parts of the domain as content blocks.

use serde_json::value::RawValue;
use std::borrow::Cow;
use tollgate_core_types::chat::{CacheMarker, Part, ReasoningPart, Role, ToolCall};
use tollgate_providers_common::EncodeError;
use tollgate_providers_common::call_ids::CallIds;

use super::{Context, invalid, media, unsupported};
use crate::converse::issuer;
use crate::wire::body::{Block, CachePoint, Reasoning, ToolResult, ToolUse};

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

/// What reading a conversation's parts needs to remember.
#[derive(Debug)]
pub(super) struct Seen<'a> {
    pub(super) ids: CallIds<'a>,
    /// Documents so far: each needs a name of its own.
    pub(super) documents: usize,
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
        seen: &mut Seen<'a>,
        cx: &mut Context<'a>,
    ) -> Result<Self, EncodeError> {
        let mut content = Self::default();
        for (j, part) in parts.iter().enumerate() {
            content.part(place, j, part, seen, cx)?;
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
        seen: &mut Seen<'a>,
        cx: &mut Context<'a>,
    ) -> Result<(), EncodeError> {
        match part {
            Part::ToolCall(call) if place.role == Role::Assistant => self.call(place, call, seen),
            Part::ToolCall(_) => Err(invalid(place.part(j), "only the assistant calls tools")),
            Part::ToolResult { call_id, parts, is_error, cache } => {
                if !place.is_user() {
                    return Err(invalid(place.part(j), "a tool result outside a tool message"));
                }
                let tool_use_id = seen.ids.get(call_id);
                let content = result(place, parts, seen, cx)?;
                let status = is_error.then_some("error");
                self.results.push(Block::ToolResult(ToolResult { tool_use_id, content, status }));
                self.results.extend(cache_point(cache.as_ref(), cx).map(Block::CachePoint));
                Ok(())
            }
            Part::Reasoning(reasoning) => {
                self.reasoning(place, j, reasoning, cx);
                Ok(())
            }
            Part::Text { cache, .. } | Part::Image { cache, .. } | Part::Document { cache, .. } => {
                if let Some(block) = simple(place, j, part, seen, cx)? {
                    self.rest.push(block);
                    self.rest.extend(cache_point(cache.as_ref(), cx).map(Block::CachePoint));
                }
                Ok(())
            }
            Part::Audio { .. } | Part::Refusal { .. } | Part::Foreign { .. } => {
                self.rest.extend(simple(place, j, part, seen, cx)?);
                Ok(())
            }
        }
    }

    fn call(
        &mut self,
        place: Place,
        call: &'a ToolCall,
        seen: &Seen<'a>,
    ) -> Result<(), EncodeError> {
        let ToolCall { id, name, arguments } = call;
        let path = place.call(self.called.len());
        let input = object(arguments).ok_or_else(|| {
            invalid(format!("{path}.function.arguments"), "this vendor needs a JSON object")
        })?;
        self.called.push(name);
        let tool_use_id = seen.ids.get(id);
        self.rest.push(Block::ToolUse(ToolUse { tool_use_id, name, input }));
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
        let ReasoningPart { text, signature, redacted, issuer: by } = reasoning;
        let ours = *by == issuer(cx.family) && place.role == Role::Assistant;
        let block = match (redacted, signature) {
            (Some(data), _) if ours => Reasoning::RedactedContent(data),
            (None, Some(signature)) if ours => {
                Reasoning::ReasoningText { text, signature: Some(signature) }
            }
            (Some(_), _) | (None, _) => return cx.dropped(place.part(j)),
        };
        let calls = self.rest.iter().position(|block| matches!(block, Block::ToolUse(_)));
        self.rest.insert(calls.unwrap_or(self.rest.len()), Block::ReasoningContent(block));
    }
}

/// The content of a tool result; the vendor wants some.
fn result<'a>(
    place: Place,
    parts: &'a [Part],
    seen: &mut Seen<'a>,
    cx: &mut Context<'a>,
) -> Result<Vec<Block<'a>>, EncodeError> {
    let inside = Place { message: place.message, role: Role::User };
    let mut blocks = Vec::with_capacity(parts.len());
    for (j, part) in parts.iter().enumerate() {
        blocks.extend(simple(inside, j, part, seen, cx)?);
    }
    if blocks.is_empty() {
        blocks.push(Block::Text(Cow::Borrowed("")));
    }
    Ok(blocks)
}

/// A part that is one block wherever it stands; `None` where nothing is to be sent.
fn simple<'a>(
    place: Place,
    j: usize,
    part: &'a Part,
    seen: &mut Seen<'a>,
    cx: &mut Context<'a>,
) -> Result<Option<Block<'a>>, EncodeError> {
    let block = match part {
        // Text of white space alone is refused.
        Part::Text { text, cache: _ } | Part::Refusal { text } => {
            return Ok((!text.trim().is_empty()).then_some(Block::Text(Cow::Borrowed(text))));
        }
        Part::Image { source, detail, cache: _ } => {
            let path = in_user_turn(place, j)?;
            if detail.as_deref().is_some_and(|detail| detail != "auto") {
                cx.dropped(format!("{path}.image_url.detail"));
            }
            Block::Image(media::image(&path, source)?)
        }
        Part::Document { source, title, cache: _ } => {
            let path = in_user_turn(place, j)?;
            seen.documents += 1;
            let name = media::name(title.as_deref(), seen.documents);
            Block::Document(media::document(&path, source, name)?)
        }
        Part::Audio { data, format } => {
            let path = in_user_turn(place, j)?;
            Block::Audio(media::audio(&path, data, format)?)
        }
        Part::Foreign { dialect, kind, json: _ } => {
            let reason = format!("`{kind}` is known to `{dialect}` alone");
            return Err(unsupported(place.part(j), reason));
        }
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

/// The times to live that the vendor knows.
const TTLS: [&str; 2] = ["5m", "1h"];

/// A breakpoint, where the model has them; one with another time to live gets the vendor's own.
pub(super) fn cache_point<'a>(
    cache: Option<&'a CacheMarker>,
    cx: &mut Context<'_>,
) -> Option<CachePoint<'a>> {
    let CacheMarker { ttl } = cache?;
    if !cx.family.caches() {
        cx.dropped("cache_control");
        return None;
    }
    let known = ttl.as_deref().filter(|ttl| TTLS.contains(ttl));
    if known.is_none() && ttl.is_some() {
        cx.approximated("cache_control.ttl");
    }
    Some(CachePoint { kind: "default", ttl: known })
}

/// Arguments as an object; none at all are an empty one.
fn object(arguments: &str) -> Option<Cow<'_, RawValue>> {
    if arguments.trim().is_empty() {
        return RawValue::from_string("{}".to_owned()).ok().map(Cow::Owned);
    }
    let value: &RawValue = serde_json::from_str(arguments).ok()?;
    value.get().starts_with('{').then_some(Cow::Borrowed(value))
}
