//! Pictures, documents and sound as data in the request, or at an address that the vendor reads.

use std::borrow::Cow;
use tollgate_core_types::chat::MediaSource;
use tollgate_providers_common::EncodeError;

use super::{invalid, unsupported};
use crate::models;
use crate::wire::body::{FileData, Inline, Part};

/// Beginnings of addresses that every model reads: its vendor's own stores.
const STORES: [&str; 4] = [
    "gs://",
    "https://generativelanguage.googleapis.com/",
    "https://www.youtube.com/",
    "https://youtu.be/",
];

/// Where files stand that were uploaded to the vendor.
const FILES: &str = "https://generativelanguage.googleapis.com/v1beta/";

/// Media types by the ending of an address.
const ENDINGS: [(&str, &str); 9] = [
    (".png", "image/png"),
    (".jpg", "image/jpeg"),
    (".jpeg", "image/jpeg"),
    (".webp", "image/webp"),
    (".gif", "image/gif"),
    (".heic", "image/heic"),
    (".pdf", "application/pdf"),
    (".txt", "text/plain"),
    (".mp4", "video/mp4"),
];

/// A picture or document at `path` of the request.
pub(super) fn file<'a>(
    path: &str,
    source: &'a MediaSource,
    model: &str,
) -> Result<Part<'a>, EncodeError> {
    match source {
        MediaSource::Base64 { media_type, data } => Ok(inline(essence(media_type), data)),
        MediaSource::Text(text) => Ok(Part::text(text.as_str())),
        MediaSource::FileId(id) => uploaded(path, id),
        MediaSource::Url(url) => match data_url(path, url)? {
            Some((media_type, data)) => Ok(inline(essence(media_type), data)),
            None => address(path, url, model),
        },
    }
}

/// Recorded sound.
pub(super) fn audio<'a>(data: &'a str, format: &str) -> Part<'a> {
    let format = format.trim().to_ascii_lowercase();
    let media_type = if format.contains('/') { format } else { format!("audio/{format}") };
    inline(Cow::Owned(media_type), data)
}

fn inline<'a>(mime_type: Cow<'a, str>, data: &'a str) -> Part<'a> {
    Part { inline_data: Some(Inline { mime_type, data }), ..Part::default() }
}

/// Files live with the vendor to which they were uploaded, whose ids here are `files/…`.
fn uploaded<'a>(path: &str, id: &'a str) -> Result<Part<'a>, EncodeError> {
    if id.starts_with("files/") {
        return Ok(at(Cow::Owned(format!("{FILES}{id}"))));
    }
    if STORES.iter().any(|store| id.starts_with(store)) {
        return Ok(at(Cow::Borrowed(id)));
    }
    Err(unsupported(path, "a file uploaded to another vendor"))
}

fn address<'a>(path: &str, url: &'a str, model: &str) -> Result<Part<'a>, EncodeError> {
    let known = STORES.iter().any(|store| url.starts_with(store));
    if known || models::fetches(model) {
        return Ok(at(Cow::Borrowed(url)));
    }
    Err(unsupported(path, "this model fetches no addresses; send the data as base64"))
}

fn at(file_uri: Cow<'_, str>) -> Part<'_> {
    let lower = file_uri.split(['?', '#']).next().unwrap_or_default().to_ascii_lowercase();
    let mime_type =
        ENDINGS.iter().find(|(ending, _)| lower.ends_with(ending)).map(|(_, kind)| *kind);
    Part { file_data: Some(FileData { mime_type, file_uri }), ..Part::default() }
}

/// Type and data of a data URL; `None` for another address.
fn data_url<'u>(path: &str, url: &'u str) -> Result<Option<(&'u str, &'u str)>, EncodeError> {
    let scheme = url.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
    match scheme.as_deref() {
        Some("http" | "https" | "gs") => Ok(None),
        Some("data") => {
            let rest = url.get("data:".len()..).unwrap_or_default();
            let parts = rest.split_once(',').and_then(|(head, data)| {
                let media_type = head.strip_suffix(";base64")?;
                Some((media_type, data))
            });
            parts.map(Some).ok_or_else(|| invalid(path, "a data URL must be base64"))
        }
        Some(_) | None => Err(invalid(path, "must be an http(s), gs or data URL")),
    }
}

/// A media type in lower case without its parameters, and without the slip that many make.
fn essence(media_type: &str) -> Cow<'_, str> {
    let kind = media_type.split(';').next().unwrap_or_default().trim();
    if kind.eq_ignore_ascii_case("image/jpg") {
        Cow::Borrowed("image/jpeg")
    } else if kind.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(kind.to_ascii_lowercase())
    } else {
        Cow::Borrowed(kind)
    }
}
