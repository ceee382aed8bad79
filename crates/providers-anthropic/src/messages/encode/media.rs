//! Pictures and documents as the vendor's sources.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::borrow::Cow;
use tollgate_core_types::chat::MediaSource;
use tollgate_providers_common::EncodeError;

use super::{invalid, unsupported};
use crate::wire::body::Source;

/// The picture types that the vendor takes.
const IMAGES: [&str; 4] = ["image/jpeg", "image/png", "image/gif", "image/webp"];

/// The source of a picture at `path`.
pub(super) fn image<'a>(path: &str, source: &'a MediaSource) -> Result<Source<'a>, EncodeError> {
    match source {
        MediaSource::Url(url) => match data_url(path, url)? {
            Some((media_type, data)) => picture(path, media_type, data),
            None => Ok(Source::Url { url }),
        },
        MediaSource::Base64 { media_type, data } => picture(path, media_type, data),
        MediaSource::FileId(id) => file(path, id),
        MediaSource::Text(_) => Err(invalid(path, "text is no picture")),
    }
}

/// The source of a document at `path`.
pub(super) fn document<'a>(path: &str, source: &'a MediaSource) -> Result<Source<'a>, EncodeError> {
    match source {
        MediaSource::Url(url) => match data_url(path, url)? {
            Some((media_type, data)) => pages(path, media_type, data),
            None => Ok(Source::Url { url }),
        },
        MediaSource::Base64 { media_type, data } => pages(path, media_type, data),
        MediaSource::FileId(id) => file(path, id),
        MediaSource::Text(text) => Ok(plain(Cow::Borrowed(text))),
    }
}

fn picture<'a>(path: &str, media_type: &'a str, data: &'a str) -> Result<Source<'a>, EncodeError> {
    let lower = essence(media_type);
    let known = if lower == "image/jpg" { Cow::Borrowed("image/jpeg") } else { lower };
    if !IMAGES.contains(&&*known) {
        return Err(unsupported(path, "this vendor takes JPEG, PNG, GIF and WebP pictures"));
    }
    Ok(Source::Base64 { media_type: known, data: Cow::Borrowed(data) })
}

fn pages<'a>(path: &str, media_type: &'a str, data: &'a str) -> Result<Source<'a>, EncodeError> {
    let kind = essence(media_type);
    if kind == "application/pdf" {
        return Ok(Source::Base64 { media_type: kind, data: Cow::Borrowed(data) });
    }
    if !kind.starts_with("text/") && kind != "application/json" {
        return Err(unsupported(path, "this vendor takes PDF and plain text documents"));
    }
    let bytes = STANDARD.decode(data).map_err(|_| invalid(path, "is not valid base64"))?;
    let text = String::from_utf8(bytes).map_err(|_| invalid(path, "is not UTF-8 text"))?;
    Ok(plain(Cow::Owned(text)))
}

fn plain(data: Cow<'_, str>) -> Source<'_> {
    Source::Text { media_type: "text/plain", data }
}

/// Files live with the vendor to which they were uploaded; OpenAI's have ids of their own form.
fn file<'a>(path: &str, file_id: &'a str) -> Result<Source<'a>, EncodeError> {
    if file_id.starts_with("file-") {
        return Err(unsupported(path, "a file uploaded to another vendor"));
    }
    Ok(Source::File { file_id })
}

/// Type and data of a data URL; `None` for an http(s) address.
fn data_url<'u>(path: &str, url: &'u str) -> Result<Option<(&'u str, &'u str)>, EncodeError> {
    let scheme = url.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
    match scheme.as_deref() {
        Some("http" | "https") => Ok(None),
        Some("data") => {
            let rest = url.get("data:".len()..).unwrap_or_default();
            let parts = rest.split_once(',').and_then(|(head, data)| {
                let media_type = head.strip_suffix(";base64")?;
                Some((media_type, data))
            });
            parts.map(Some).ok_or_else(|| invalid(path, "a data URL must be base64"))
        }
        Some(_) | None => Err(invalid(path, "must be an http(s) or a data URL")),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn json(source: Result<Source<'_>, EncodeError>) -> String {
        match source {
            Ok(source) => serde_json::to_string(&source).unwrap(),
            Err(error) => error.to_string(),
        }
    }

    fn base64(media_type: &str, data: &str) -> MediaSource {
        MediaSource::Base64 { media_type: media_type.to_owned(), data: data.to_owned() }
    }

    #[test]
    fn pictures() {
        for (source, expected) in [
            (
                base64("image/png", "AA=="),
                r#"{"type":"base64","media_type":"image/png","data":"AA=="}"#,
            ),
            (
                base64("IMAGE/JPG", "AA=="),
                r#"{"type":"base64","media_type":"image/jpeg","data":"AA=="}"#,
            ),
            (
                base64("image/tiff", "AA=="),
                "`p`: this vendor takes JPEG, PNG, GIF and WebP pictures",
            ),
            (
                MediaSource::Url("data:image/webp;base64,QQ==".to_owned()),
                r#"{"type":"base64","media_type":"image/webp","data":"QQ=="}"#,
            ),
            (MediaSource::Url("data:image/png,raw".to_owned()), "`p`: a data URL must be base64"),
            (MediaSource::Url("ftp://x/y".to_owned()), "`p`: must be an http(s) or a data URL"),
            (
                MediaSource::Url("https://e.org/a.png".to_owned()),
                r#"{"type":"url","url":"https://e.org/a.png"}"#,
            ),
            (MediaSource::FileId("file_1".to_owned()), r#"{"type":"file","file_id":"file_1"}"#),
            (MediaSource::FileId("file-1".to_owned()), "`p`: a file uploaded to another vendor"),
        ] {
            assert_eq!(json(image("p", &source)), expected);
        }
    }

    #[test]
    fn documents() {
        for (source, expected) in [
            (
                base64("application/pdf", "JVBERg=="),
                r#"{"type":"base64","media_type":"application/pdf","data":"JVBERg=="}"#,
            ),
            (
                base64("text/csv; charset=utf-8", "YSxi"),
                r#"{"type":"text","media_type":"text/plain","data":"a,b"}"#,
            ),
            (base64("text/plain", "%%"), "`p`: is not valid base64"),
            (base64("text/plain", "/w=="), "`p`: is not UTF-8 text"),
            (
                base64("application/msword", "AA=="),
                "`p`: this vendor takes PDF and plain text documents",
            ),
            (
                MediaSource::Text("t".to_owned()),
                r#"{"type":"text","media_type":"text/plain","data":"t"}"#,
            ),
        ] {
            assert_eq!(json(document("p", &source)), expected);
        }
    }
}
