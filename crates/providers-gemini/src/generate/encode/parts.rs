//! Parts of the domain as parts of this dialect.

use serde_json::value::RawValue;
use std::borrow::Cow;
use tollgate_core_types::Dialect;
use tollgate_core_types::chat::{
    CacheMarker, MediaSource, Part as Said, ReasoningPart, Role, ToolCall,
};
use tollgate_providers_common::EncodeError;

use super::contents::Calls;
use super::{Context, invalid, media, unsupported};
use crate::wire::body::{Answered, Call, Part, Response};
use crate::{models, signature};

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
}

/// One turn of the model.
#[derive(Debug, Default)]
pub(super) struct Turn<'a> {
    parts: Vec<Part<'a>>,
    /// Ids and names of the calls, in order.
    pub(super) called: Vec<(&'a str, &'a str)>,
    /// A signature whose part comes next.
    signature: Option<&'a str>,
}

impl<'a> Turn<'a> {
    /// Reads the next part.
    pub(super) fn part(
        &mut self,
        place: Place,
        j: usize,
        part: &'a Said,
        cx: &mut Context<'a>,
    ) -> Result<(), EncodeError> {
        match part {
            Said::ToolCall(call) => self.call(place, call),
            Said::Reasoning(reasoning) => {
                self.reasoning(place, j, reasoning, cx);
                Ok(())
            }
            Said::ToolResult { .. } => {
                Err(invalid(place.part(j), "a tool result outside a tool message"))
            }
            Said::Text { .. }
            | Said::Image { .. }
            | Said::Document { .. }
            | Said::Audio { .. }
            | Said::Refusal { .. }
            | Said::Foreign { .. } => {
                if let Some(part) = simple(place, j, part, cx)? {
                    self.push(part);
                }
                Ok(())
            }
        }
    }

    fn push(&mut self, part: Part<'a>) {
        let thought_signature = self.signature.take().map(Cow::Borrowed);
        self.parts.push(Part { thought_signature, ..part });
    }

    fn call(&mut self, place: Place, call: &'a ToolCall) -> Result<(), EncodeError> {
        let ToolCall { id, name, arguments } = call;
        let args = arguments_object(arguments).ok_or_else(|| {
            let path = format!("messages[{}].tool_calls[{}]", place.message, self.called.len());
            invalid(format!("{path}.function.arguments"), "this vendor needs a JSON object")
        })?;
        self.called.push((id, name));
        let call = Call { id, name, args };
        self.push(Part { function_call: Some(call), ..Part::default() });
        Ok(())
    }

    /// Thoughts go back to their issuer with the signature on the part that they led to; anything
    /// else is withheld.
    fn reasoning(
        &mut self,
        place: Place,
        j: usize,
        reasoning: &'a ReasoningPart,
        cx: &mut Context<'_>,
    ) {
        let ReasoningPart { text, signature, redacted, issuer } = reasoning;
        if *issuer != Dialect::GEMINI_GENERATE || redacted.is_some() {
            return cx.dropped(place.part(j));
        }
        if !text.is_empty() {
            let text = Some(Cow::Borrowed(text.as_str()));
            self.parts.push(Part { text, thought: true, ..Part::default() });
        }
        if let Some(signature) = signature {
            self.close();
            self.signature = Some(signature);
        }
    }

    /// A signature whose part did not come stands on a part of nothing, as the vendor sends it.
    fn close(&mut self) {
        if self.signature.is_some() {
            self.push(Part::text(""));
        }
    }

    /// The parts. The first call must carry a signature where `model` signs its calls.
    pub(super) fn finish(mut self, model: &str) -> Vec<Part<'a>> {
        self.close();
        let first = self.parts.iter_mut().find(|part| part.function_call.is_some());
        if let Some(first) = first.filter(|_| models::signs_calls(model)) {
            first.thought_signature.get_or_insert(Cow::Borrowed(signature::NONE));
        }
        self.parts
    }
}

/// The result of a call, and the call's place in its turn.
pub(super) fn result<'a>(
    place: Place,
    j: usize,
    part: &'a Said,
    calls: &Calls<'a>,
    cx: &mut Context<'a>,
) -> Result<(usize, Part<'a>), EncodeError> {
    let path = place.part(j);
    let Said::ToolResult { call_id, parts, is_error, cache } = part else {
        return Err(invalid(path, "a tool message holds results of tools"));
    };
    cached(cache.as_ref(), cx);
    let Some((at, name)) = calls.get(call_id.as_str()).copied() else {
        let field = format!("messages[{}].tool_call_id", place.message);
        let reason = format!("no call of this conversation has the id `{}`", clip(call_id));
        return Err(invalid(field, reason));
    };
    let mut texts: Vec<&'a str> = Vec::new();
    let mut media = Vec::new();
    for part in parts {
        match part {
            Said::Text { text, cache } => {
                cached(cache.as_ref(), cx);
                texts.push(text);
            }
            Said::Image { .. } | Said::Document { .. } => {
                let inside = Place { role: Role::User, ..place };
                media.extend(simple(inside, j, part, cx)?);
            }
            Said::Audio { .. }
            | Said::ToolCall(_)
            | Said::ToolResult { .. }
            | Said::Reasoning(_)
            | Said::Refusal { .. }
            | Said::Foreign { .. } => {
                return Err(unsupported(path, "a tool result holds text, pictures and documents"));
            }
        }
    }
    let response = answered(texts, *is_error);
    let response = Response { id: call_id, name, response, parts: media };
    Ok((at, Part { function_response: Some(response), ..Part::default() }))
}

/// A result as an object: itself where it is one, otherwise under the key that the vendor reads.
fn answered<'a>(texts: Vec<&'a str>, is_error: bool) -> Answered<'a> {
    let text: Cow<'a, str> = match texts.as_slice() {
        [one] => Cow::Borrowed(*one),
        several => Cow::Owned(several.join("\n\n")),
    };
    match text {
        error if is_error => Answered::Error { error },
        Cow::Borrowed(text) => match serde_json::from_str::<&RawValue>(text) {
            Ok(value) if value.get().starts_with('{') => Answered::Object(value),
            Ok(_) | Err(_) => Answered::Text { output: Cow::Borrowed(text) },
        },
        output @ Cow::Owned(_) => Answered::Text { output },
    }
}

/// A part that is one part wherever it stands; `None` where nothing is to be sent.
pub(super) fn simple<'a>(
    place: Place,
    j: usize,
    part: &'a Said,
    cx: &mut Context<'a>,
) -> Result<Option<Part<'a>>, EncodeError> {
    let path = place.part(j);
    let instructs = matches!(place.role, Role::System | Role::Developer);
    match part {
        Said::Text { text, cache } => {
            cached(cache.as_ref(), cx);
            Ok((!text.is_empty()).then(|| Part::text(text.as_str())))
        }
        Said::Refusal { text } => Ok((!text.is_empty()).then(|| Part::text(text.as_str()))),
        Said::Image { .. } | Said::Document { .. } | Said::Audio { .. } if instructs => {
            Err(unsupported(path, "instructions hold text alone"))
        }
        Said::Image { source, detail, cache } => {
            cached(cache.as_ref(), cx);
            if detail.as_deref().is_some_and(|detail| detail != "auto") {
                cx.dropped(format!("{path}.image_url.detail"));
            }
            if let MediaSource::Text(_) = source {
                return Err(invalid(path, "text is no picture"));
            }
            media::file(&path, source, &cx.target.model).map(Some)
        }
        Said::Document { source, title, cache } => {
            cached(cache.as_ref(), cx);
            if title.is_some() {
                cx.dropped(format!("{path}.file.filename"));
            }
            media::file(&path, source, &cx.target.model).map(Some)
        }
        Said::Audio { data, format } => Ok(Some(media::audio(data, format))),
        Said::Foreign { dialect, kind, json: _ } => {
            Err(unsupported(path, format!("`{kind}` is known to `{dialect}` alone")))
        }
        Said::ToolCall(_) => Err(invalid(path, "only the assistant calls tools")),
        Said::ToolResult { .. } => Err(invalid(path, "a tool result cannot stand here")),
        Said::Reasoning(_) => {
            cx.dropped(path);
            Ok(None)
        }
    }
}

/// The vendor caches by itself.
fn cached(cache: Option<&CacheMarker>, cx: &mut Context<'_>) {
    if cache.is_some() {
        cx.dropped("cache_control");
    }
}

/// Arguments as an object; none at all are an empty one.
fn arguments_object(arguments: &str) -> Option<Cow<'_, RawValue>> {
    if arguments.trim().is_empty() {
        return RawValue::from_string("{}".to_owned()).ok().map(Cow::Owned);
    }
    let value: &RawValue = serde_json::from_str(arguments).ok()?;
    value.get().starts_with('{').then_some(Cow::Borrowed(value))
}

fn clip(id: &str) -> String {
    tollgate_core_types::error::clean(id, 64)
}
