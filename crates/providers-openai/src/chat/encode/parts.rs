//! Content parts as this dialect writes them, or why it cannot.

use std::borrow::Cow;
use tollgate_core_types::Dialect;
use tollgate_core_types::chat::{self as domain, MediaSource};
use tollgate_providers_common::EncodeError;

use super::Losses;
use super::body::{Content, File, ImageUrl, InputAudio, Known, Part, raw};

/// Where a part stands, for errors; built only when needed.
#[derive(Clone, Copy)]
pub(crate) struct At {
    pub(crate) message: usize,
    pub(crate) part: usize,
}

impl At {
    pub(crate) fn path(self) -> String {
        format!("messages[{}].content[{}]", self.message, self.part)
    }

    pub(crate) fn unsupported(self, reason: impl Into<String>) -> EncodeError {
        EncodeError::Unsupported { field: self.path(), reason: reason.into() }
    }
}

/// Between texts that stood apart.
pub(crate) const PARAGRAPH: &str = "\n\n";

/// Content of nothing but text is written as one string, which every server takes; many refuse
/// lists. `between` is what keeps texts apart that were parts of their own.
pub(super) fn content<'a>(mut parts: Vec<Part<'a>>, between: &str) -> Content<'a> {
    if !parts.iter().all(|part| matches!(part, Part::Known(Known::Text { .. }))) {
        return Content::Parts(parts);
    }
    if parts.len() == 1
        && let Some(Part::Known(Known::Text { text })) = parts.pop()
    {
        return Content::Text(text);
    }
    let mut joined = String::new();
    for part in &parts {
        if let Part::Known(Known::Text { text }) = part
            && !text.is_empty()
        {
            if !joined.is_empty() {
                joined.push_str(between);
            }
            joined.push_str(text);
        }
    }
    Content::Text(Cow::Owned(joined))
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
            filename: Some(title.unwrap_or_else(|| unnamed(media_type))),
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
pub(crate) fn kind(part: &domain::Part) -> &'static str {
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

/// A name for a document that has none.
pub(crate) fn unnamed(media_type: &str) -> &'static str {
    if media_type == "application/pdf" { "document.pdf" } else { "document" }
}

pub(crate) fn data_url(media_type: &str, data: &str) -> String {
    format!("data:{media_type};base64,{data}")
}
