//! The conversation as items: each call, each result and each block of reasoning is one of its own.

use std::borrow::Cow;
use tollgate_core_types::Dialect;
use tollgate_core_types::chat::{self as domain, MediaSource, ReasoningPart, Role};
use tollgate_providers_common::EncodeError;
use tollgate_providers_common::target::Quirks;

use super::body::{Content, Item, Part, Summary};
use crate::chat::encode::parts::{At, PARAGRAPH, data_url, kind, unnamed};
use crate::chat::encode::{Losses, ids};
use crate::outgoing::arguments_or_empty;
use crate::responses::sealed;

/// All messages in order, as items.
pub(super) fn items<'a>(
    messages: &'a [domain::Message],
    quirks: &Quirks,
    losses: &mut Losses,
) -> Result<Vec<Item<'a>>, EncodeError> {
    let mut writer = Writer { out: Vec::with_capacity(messages.len()), losses };
    for (index, message) in messages.iter().enumerate() {
        let domain::Message { role, parts, name } = message;
        if name.is_some() {
            writer.losses.dropped(format!("messages[{index}].name"));
        }
        let at = |part| At { message: index, part };
        match role {
            Role::System | Role::Developer => {
                let developer = match role {
                    Role::Developer => !quirks.no_developer_role,
                    Role::System | Role::User | Role::Assistant | Role::Tool => {
                        quirks.developer_role
                    }
                };
                writer.instructions(if developer { "developer" } else { "system" }, parts, at)?;
            }
            Role::User | Role::Tool => writer.user(parts, at)?,
            Role::Assistant => writer.assistant(parts, at)?,
        }
    }
    if messages.last().is_some_and(|last| {
        let text = |part: &domain::Part| matches!(part, domain::Part::Text { .. });
        last.role == Role::Assistant && last.parts.last().is_some_and(text)
    }) {
        // Elsewhere it is the beginning of the answer; here it is one, and another follows.
        let last = messages.len().saturating_sub(1);
        writer.losses.approximated(format!("messages[{last}].role"));
    }
    Ok(writer.out)
}

struct Writer<'a, 'l> {
    out: Vec<Item<'a>>,
    losses: &'l mut Losses,
}

impl<'a> Writer<'a, '_> {
    fn instructions(
        &mut self,
        role: &'static str,
        parts: &'a [domain::Part],
        at: impl Fn(usize) -> At,
    ) -> Result<(), EncodeError> {
        let mut texts = Vec::with_capacity(parts.len());
        for (index, part) in parts.iter().enumerate() {
            let domain::Part::Text { text, cache } = part else {
                let what = kind(part);
                return Err(at(index).unsupported(format!("instructions cannot hold {what}")));
            };
            self.losses.cache(cache.as_ref());
            texts.push(text.as_str());
        }
        self.say(role, joined(&texts, PARAGRAPH));
        Ok(())
    }

    /// A message of text, unless it says nothing.
    fn say(&mut self, role: &'static str, text: Cow<'a, str>) {
        if !text.is_empty() {
            self.out.push(Item::Message { role, content: Content::Text(text) });
        }
    }

    /// What a user or a program says: results of calls, then the rest as one message.
    fn user(
        &mut self,
        parts: &'a [domain::Part],
        at: impl Fn(usize) -> At,
    ) -> Result<(), EncodeError> {
        let mut content = Vec::with_capacity(parts.len());
        for (index, part) in parts.iter().enumerate() {
            let at = at(index);
            if let domain::Part::ToolResult { call_id, parts, is_error, cache } = part {
                self.losses.cache(cache.as_ref());
                if *is_error {
                    // The text says what failed; there is no flag for it.
                    self.losses.approximated(format!("{}.is_error", at.path()));
                }
                let given = parts.iter().map(|part| self.input(part, at));
                let given = given.collect::<Result<Vec<_>, _>>()?;
                let (call_id, output) = (ids::id(call_id), content_of(given));
                self.out.push(Item::FunctionCallOutput { call_id, output });
            } else {
                content.push(self.input(part, at)?);
            }
        }
        if !content.is_empty() {
            self.out.push(Item::Message { role: "user", content: content_of(content) });
        }
        Ok(())
    }

    /// A part that a user may say, or a tool may give.
    fn input(&mut self, part: &'a domain::Part, at: At) -> Result<Part<'a>, EncodeError> {
        match part {
            domain::Part::Text { text, cache } => {
                self.losses.cache(cache.as_ref());
                Ok(Part::Text { text: Cow::Borrowed(text) })
            }
            domain::Part::Image { source, detail, cache } => {
                self.losses.cache(cache.as_ref());
                image(source, detail.as_deref(), at)
            }
            domain::Part::Document { source, title, cache } => {
                self.losses.cache(cache.as_ref());
                self.document(source, title.as_deref(), at)
            }
            domain::Part::Audio { .. }
            | domain::Part::ToolCall(_)
            | domain::Part::ToolResult { .. }
            | domain::Part::Reasoning(_)
            | domain::Part::Refusal { .. }
            | domain::Part::Foreign { .. } => {
                let what = kind(part);
                Err(at.unsupported(format!("{what} cannot stand here")))
            }
        }
    }

    fn document(
        &mut self,
        source: &'a MediaSource,
        title: Option<&'a str>,
        at: At,
    ) -> Result<Part<'a>, EncodeError> {
        let (file_id, file_url, filename, file_data) = match source {
            MediaSource::Base64 { media_type, data } => (
                None,
                None,
                // OpenAI refuses data without a name.
                Some(title.unwrap_or_else(|| unnamed(media_type))),
                Some(data_url(media_type, data)),
            ),
            MediaSource::FileId(id) => (Some(id.as_str()), None, None, None),
            MediaSource::Url(url) => (None, Some(url.as_str()), None, None),
            MediaSource::Text(text) => {
                self.losses.approximated(at.path());
                let text = match title {
                    Some(title) => Cow::Owned(format!("{title}\n\n{text}")),
                    None => Cow::Borrowed(text.as_str()),
                };
                return Ok(Part::Text { text });
            }
        };
        Ok(Part::File { file_id, file_url, filename, file_data })
    }

    fn assistant(
        &mut self,
        parts: &'a [domain::Part],
        at: impl Fn(usize) -> At,
    ) -> Result<(), EncodeError> {
        let mut said: Vec<&str> = Vec::new();
        for (index, part) in parts.iter().enumerate() {
            let at = at(index);
            match part {
                domain::Part::Text { text, cache } => {
                    self.losses.cache(cache.as_ref());
                    said.push(text);
                }
                domain::Part::Refusal { text } => {
                    // An answer of these words; only one of the vendor's own can be marked.
                    self.losses.approximated(at.path());
                    said.push(text);
                }
                domain::Part::ToolCall(domain::ToolCall { id, name, arguments }) => {
                    self.flush(&mut said);
                    let (call_id, arguments) = (ids::id(id), arguments_or_empty(arguments));
                    self.out.push(Item::FunctionCall { call_id, name, arguments });
                }
                domain::Part::Reasoning(part) => {
                    self.flush(&mut said);
                    self.reasoning(part, at);
                }
                domain::Part::Image { .. }
                | domain::Part::Document { .. }
                | domain::Part::Audio { .. }
                | domain::Part::ToolResult { .. }
                | domain::Part::Foreign { .. } => {
                    let what = kind(part);
                    return Err(at.unsupported(format!("an assistant message cannot hold {what}")));
                }
            }
        }
        self.flush(&mut said);
        Ok(())
    }

    /// A model's text is one, also where it was told in pieces.
    fn flush(&mut self, said: &mut Vec<&'a str>) {
        let text = joined(said, "");
        said.clear();
        self.say("assistant", text);
    }

    /// What OpenAI sealed goes back to it, and nothing else: it refuses what it did not seal, and has
    /// no place for what nobody sealed.
    fn reasoning(&mut self, part: &'a ReasoningPart, at: At) {
        let ReasoningPart { text, signature, redacted: _, issuer } = part;
        let ours = *issuer == Dialect::OPENAI_RESPONSES;
        let opened = signature.as_deref().filter(|_| ours).and_then(sealed::open);
        let Some((id, encrypted_content)) = opened else {
            self.losses.dropped(format!("messages[{}].thinking", at.message));
            return;
        };
        let text = (!text.is_empty()).then_some(Summary::SummaryText { text });
        let summary = text.into_iter().collect();
        self.out.push(Item::Reasoning { id, summary, encrypted_content });
    }
}

fn image<'a>(
    source: &'a MediaSource,
    detail: Option<&'a str>,
    at: At,
) -> Result<Part<'a>, EncodeError> {
    let (image_url, file_id) = match source {
        MediaSource::Url(url) => (Some(Cow::Borrowed(url.as_str())), None),
        MediaSource::Base64 { media_type, data } => {
            (Some(Cow::Owned(data_url(media_type, data))), None)
        }
        MediaSource::FileId(id) => (None, Some(id.as_str())),
        MediaSource::Text(_) => return Err(at.unsupported("an image cannot be text")),
    };
    Ok(Part::Image { image_url, file_id, detail: detail.unwrap_or("auto") })
}

/// Content of one text as a string, anything else as parts.
fn content_of(mut parts: Vec<Part<'_>>) -> Content<'_> {
    if parts.is_empty() {
        return Content::Text(Cow::Borrowed(""));
    }
    if parts.len() == 1
        && let Some(Part::Text { .. }) = parts.first()
        && let Some(Part::Text { text }) = parts.pop()
    {
        return Content::Text(text);
    }
    Content::Parts(parts)
}

fn joined<'a>(texts: &[&'a str], between: &str) -> Cow<'a, str> {
    let mut said = texts.iter().filter(|text| !text.is_empty());
    match (said.next(), said.next()) {
        (None, _) => Cow::Borrowed(""),
        (Some(one), None) => Cow::Borrowed(one),
        (Some(_), Some(_)) => {
            let all: Vec<&str> = texts.iter().copied().filter(|text| !text.is_empty()).collect();
            Cow::Owned(all.join(between))
        }
    }
}
