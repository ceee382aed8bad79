//! Pictures, documents and recordings: data in the request, or in the vendor's own storage. It
//! fetches nothing from elsewhere.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::borrow::Cow;
use tollgate_core_types::chat::MediaSource;
use tollgate_providers_common::EncodeError;

use super::{invalid, unsupported};
use crate::wire::body::{Document, Media, Source};

/// A picture at `path`.
pub(super) fn image<'a>(path: &str, source: &'a MediaSource) -> Result<Media<'a>, EncodeError> {
    let (media_type, source) = match source {
        MediaSource::Url(url) => located(path, url)?,
        MediaSource::Base64 { media_type, data } => {
            (Cow::Borrowed(media_type.as_str()), base64(data))
        }
        MediaSource::FileId(_) => return Err(uploaded(path)),
        MediaSource::Text(_) => return Err(invalid(path, "text is no picture")),
    };
    let format = match &*essence(&media_type) {
        "image/png" => "png",
        "image/jpeg" | "image/jpg" => "jpeg",
        "image/gif" => "gif",
        "image/webp" => "webp",
        _ => return Err(unsupported(path, "this vendor takes JPEG, PNG, GIF and WebP pictures")),
    };
    Ok(Media { format, source })
}

/// A document at `path`, under a name that is its own within the request.
pub(super) fn document<'a>(
    path: &str,
    source: &'a MediaSource,
    name: String,
) -> Result<Document<'a>, EncodeError> {
    let (media_type, source) = match source {
        MediaSource::Url(url) => located(path, url)?,
        MediaSource::Base64 { media_type, data } => {
            (Cow::Borrowed(media_type.as_str()), base64(data))
        }
        MediaSource::Text(text) => {
            (Cow::Borrowed("text/plain"), Source::Bytes(Cow::Owned(STANDARD.encode(text))))
        }
        MediaSource::FileId(_) => return Err(uploaded(path)),
    };
    let format = document_format(&essence(&media_type)).ok_or_else(|| {
        unsupported(path, "this vendor takes PDF, Office, HTML, CSV, Markdown and text documents")
    })?;
    Ok(Document { format, name, source })
}

fn document_format(media_type: &str) -> Option<&'static str> {
    Some(match media_type {
        "application/pdf" => "pdf",
        "text/csv" => "csv",
        "application/msword" => "doc",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document" => "docx",
        "application/vnd.ms-excel" => "xls",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" => "xlsx",
        "text/html" => "html",
        "text/markdown" | "text/x-markdown" => "md",
        "application/json" => "txt",
        text if text.starts_with("text/") => "txt",
        _ => return None,
    })
}

/// A recording at `path`.
pub(super) fn audio<'a>(path: &str, data: &'a str, format: &str) -> Result<Media<'a>, EncodeError> {
    const FORMATS: [&str; 15] = [
        "mp3", "opus", "wav", "aac", "flac", "mp4", "ogg", "mkv", "mka", "x-aac", "m4a", "mpeg",
        "mpga", "pcm", "webm",
    ];
    let format = format.to_ascii_lowercase();
    let known = FORMATS.into_iter().find(|known| *known == format);
    let format = known.ok_or_else(|| unsupported(path, "this vendor takes no such recordings"))?;
    Ok(Media { format, source: base64(data) })
}

fn base64(data: &str) -> Source<'_> {
    Source::Bytes(Cow::Borrowed(data))
}

fn uploaded(path: &str) -> EncodeError {
    unsupported(path, "a file uploaded to another vendor")
}

/// Type and place of what an address says: data, or an object of S3.
fn located<'u>(path: &str, url: &'u str) -> Result<(Cow<'u, str>, Source<'u>), EncodeError> {
    let scheme = url.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
    match scheme.as_deref() {
        Some("http" | "https") => {
            Err(unsupported(path, "this vendor fetches nothing; send the data itself"))
        }
        Some("s3") => Ok((Cow::Borrowed(type_of(url)), Source::S3Location { uri: url })),
        Some("data") => {
            let rest = url.get("data:".len()..).unwrap_or_default();
            let parts = rest.split_once(',').and_then(|(head, data)| {
                let media_type = head.strip_suffix(";base64")?;
                Some((Cow::Borrowed(media_type), base64(data)))
            });
            parts.ok_or_else(|| invalid(path, "a data URL must be base64"))
        }
        Some(_) | None => Err(invalid(path, "must be an http(s), s3 or a data URL")),
    }
}

/// The type of a stored object, by its name's ending.
fn type_of(url: &str) -> &'static str {
    let ending = url.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    match ending.as_str() {
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "pdf" => "application/pdf",
        "csv" => "text/csv",
        "html" | "htm" => "text/html",
        "md" => "text/markdown",
        "txt" => "text/plain",
        _ => "application/octet-stream",
    }
}

/// A media type in lower case without its parameters.
fn essence(media_type: &str) -> Cow<'_, str> {
    let kind = media_type.split(';').next().unwrap_or_default().trim();
    if kind.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(kind.to_ascii_lowercase())
    } else {
        Cow::Borrowed(kind)
    }
}

/// Longest name of a document, in characters.
const NAME_MAX: usize = 180;

/// A document's name as the vendor takes it: letters, digits, single spaces, hyphens, parentheses and
/// brackets, and no other document's of the request. `number` counts them from 1.
pub(super) fn name(title: Option<&str>, number: usize) -> String {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '(' | ')' | '[' | ']');
    let title = title.unwrap_or_default();
    let plain: String = title.chars().map(|c| if legal(c) { c } else { ' ' }).collect();
    let words: Vec<&str> = plain.split_whitespace().collect();
    let plain: String = words.join(" ").chars().take(NAME_MAX).collect();
    let plain = plain.trim_end();
    if plain.is_empty() {
        format!("document {number}")
    } else if number == 1 {
        plain.to_owned()
    } else {
        format!("{plain} ({number})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_legal_and_of_their_own() {
        for (title, number, name_) in [
            (None, 1, "document 1"),
            (Some("report.pdf"), 1, "report pdf"),
            (Some("a/b\u{e9}   c"), 2, "a b c (2)"),
            (Some("..."), 3, "document 3"),
        ] {
            assert_eq!(name(title, number), name_);
        }
        assert!(name(Some(&"x".repeat(400)), 7).len() <= 200);
    }

    #[test]
    fn what_is_not_data_or_stored_is_refused_with_its_reason() {
        let image = |url: &str| {
            let source = MediaSource::Url(url.to_owned());
            match image("p", &source) {
                Ok(media) => serde_json::to_string(&media).unwrap(),
                Err(error) => error.to_string(),
            }
        };
        for (url, expected) in [
            ("data:image/JPG;base64,QQ==", r#"{"format":"jpeg","source":{"bytes":"QQ=="}}"#),
            ("s3://b/k.png", r#"{"format":"png","source":{"s3Location":{"uri":"s3://b/k.png"}}}"#),
            ("https://e.org/a.png", "`p`: this vendor fetches nothing; send the data itself"),
            (
                "data:image/tiff;base64,QQ==",
                "`p`: this vendor takes JPEG, PNG, GIF and WebP pictures",
            ),
            ("data:image/png,raw", "`p`: a data URL must be base64"),
            ("ftp://x", "`p`: must be an http(s), s3 or a data URL"),
        ] {
            assert_eq!(image(url), expected);
        }
    }
}
