//! Content parts as this dialect writes them, or why it cannot.

use std::borrow::Cow;
use tollgate_core_types::Dialect;
use tollgate_core_types::chat::{self as domain, MediaSource};
use tollgate_providers_common::EncodeError;

use super::Losses;
use super::body::{Content, File, ImageUrl, InputAudio, Known, Part, raw};

/// Where a part stands, for errors; built only when needed.
#[derive(Clone, Copy)]
pub(super) struct At {
    pub(super) message: usize,
    pub(super) part: usize,
}

impl At {
    pub(super) fn path(self) -> String {
        format!("messages[{}].content[{}]", self.message, self.part)
    }

    pub(super) fn unsupported(self, reason: impl Into<String>) -> EncodeError {
        EncodeError::Unsupported { field: self.path(), reason: reason.into() }
    }
}

/// Content of one text is written as a string, which every server takes.
pub(super) fn content(mut parts: Vec<Part<'_>>) -> Content<'_> {
    let alone = parts.len() == 1;
    match parts.pop() {
        None => Content::Text(Cow::Borrowed("")),
        Some(Part::Known(Known::Text { text })) if alone => Content::Text(text),
        Some(last) => {
            parts.push(last);
            Content::Parts(parts)
        }
    }
}

pub(super) fn text(text: &str) -> Part<'_> {
    Part::Known(Known::Text { text: Cow::Borrowed(text) })
}

pub(super) fn image<'a>(
    source: &'a MediaSource,
    detail: Option<&'a str>,
    at: At,
) -> Result<Part<'a>, EncodeError> {
    let url = match source {
        MediaSource::Url(url) => Cow::Borrowed(url.as_str()),
        MediaSource::Base64 { media_type, data } => Cow::Owned(data_url(media_type, data)),
        MediaSource::Text(_) => return Err(at.unsupported("an image cannot be text")),
        MediaSource::FileId(_) => {
            return Err(at.unsupported("the target takes no uploaded files as images"));
        }
    };
    Ok(Part::Known(Known::ImageUrl { image_url: ImageUrl { url, detail } }))
}

pub(super) fn document<'a>(
    source: &'a MediaSource,
    title: Option<&'a str>,
    at: At,
    losses: &mut Losses,
) -> Result<Part<'a>, EncodeError> {
    let file = match source {
        MediaSource::Base64 { media_type, data } => File {
            file_id: None,
            // OpenAI refuses data without a name.
            filename: Some(title.unwrap_or("document")),
            file_data: Some(data_url(media_type, data)),
        },
        MediaSource::FileId(id) => File { file_id: Some(id), filename: None, file_data: None },
        MediaSource::Text(text) => {
            losses.approximated(at.path());
            let text = match title {
                Some(title) => Cow::Owned(format!("{title}\n\n{text}")),
                None => Cow::Borrowed(text.as_str()),
            };
            return Ok(Part::Known(Known::Text { text }));
        }
        MediaSource::Url(_) => {
            return Err(at.unsupported("the target takes no documents by address"));
        }
    };
    Ok(Part::Known(Known::File { file }))
}

pub(super) fn audio<'a>(data: &'a str, format: &'a str) -> Part<'a> {
    Part::Known(Known::InputAudio { input_audio: InputAudio { data, format } })
}

/// A part that only its own dialect knows.
pub(super) fn foreign<'a>(
    dialect: Dialect,
    kind: &str,
    json: &'a tollgate_core_types::JsonText,
    at: At,
) -> Result<&'a serde_json::value::RawValue, EncodeError> {
    if dialect != Dialect::OPENAI_CHAT {
        return Err(at.unsupported(format!("`{kind}` is a part of {dialect} alone")));
    }
    raw(json, &at.path())
}

/// The name of a part, for errors about where it may stand.
pub(super) fn kind(part: &domain::Part) -> &'static str {
    match part {
        domain::Part::Text { .. } => "text",
        domain::Part::Image { .. } => "an image",
        domain::Part::Document { .. } => "a document",
        domain::Part::Audio { .. } => "audio",
        domain::Part::ToolCall(_) => "a tool call",
        domain::Part::ToolResult { .. } => "a tool result",
        domain::Part::Reasoning(_) => "reasoning",
        domain::Part::Refusal { .. } => "a refusal",
        domain::Part::Foreign { .. } => "a part of another dialect",
    }
}

fn data_url(media_type: &str, data: &str) -> String {
    format!("data:{media_type};base64,{data}")
}
