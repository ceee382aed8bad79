//! Content: a string, or parts of text, pictures, sound and files.

use tollgate_core_types::Dialect;
use tollgate_core_types::chat::{CacheMarker, MediaSource, Part};
use tollgate_providers_common::BadRequest;

use crate::reader::{Fields, Path, Place};
use crate::shape::Kinds;

/// Reads the content of a message.
pub(super) fn content(place: &Place<'_, '_>) -> Result<Vec<Part>, BadRequest> {
    if place.is_text() {
        return place.text().map(|text| vec![Part::text(text)]);
    }
    if !place.raw.get().starts_with('[') {
        return Err(place.wrong(Kinds::STRING.or(Kinds::LIST)));
    }
    let list = place.list()?;
    list.into_iter().enumerate().map(|(index, raw)| part(&place.item(index, raw))).collect()
}

fn part(place: &Place<'_, '_>) -> Result<Part, BadRequest> {
    let mut fields = place.object()?;
    let path = &place.path;
    let kind = fields.need(path, "type")?.text()?;
    match kind.as_str() {
        "text" => {
            let text = fields.need(path, "text")?.text()?;
            Ok(Part::Text { text, cache: cache(&mut fields, path)? })
        }
        "refusal" => Ok(Part::Refusal { text: fields.need(path, "refusal")?.text()? }),
        "image_url" => image(&mut fields, path),
        "input_audio" => audio(&fields.need(path, "input_audio")?),
        "file" => file(&mut fields, path),
        _ => Ok(Part::Foreign { dialect: Dialect::OPENAI_CHAT, kind, json: place.json() }),
    }
}

/// A cache breakpoint: OpenAI's `prompt_cache_breakpoint`, or the `cache_control` of the vendors
/// that took Anthropic's word into this dialect.
pub(crate) fn cache(
    fields: &mut Fields<'_>,
    path: &Path<'_>,
) -> Result<Option<CacheMarker>, BadRequest> {
    let own = fields.take(path, "prompt_cache_breakpoint");
    let other = fields.take(path, "cache_control");
    let Some(place) = own.or(other) else { return Ok(None) };
    let ttl = place.object()?.take(&place.path, "ttl").map(|ttl| ttl.text()).transpose()?;
    Ok(Some(CacheMarker { ttl }))
}

fn image(fields: &mut Fields<'_>, path: &Path<'_>) -> Result<Part, BadRequest> {
    let place = fields.need(path, "image_url")?;
    let cache = cache(fields, path)?;
    // Some clients write the address where the object should be.
    if place.is_text() {
        let source = image_source(&place)?;
        return Ok(Part::Image { source, detail: None, cache });
    }
    let mut image = place.object()?;
    let source = image_source(&image.need(&place.path, "url")?)?;
    let detail = image.take(&place.path, "detail").map(|detail| detail.text()).transpose()?;
    Ok(Part::Image { source, detail, cache })
}

pub(crate) fn image_source(place: &Place<'_, '_>) -> Result<MediaSource, BadRequest> {
    let url = place.text()?;
    match scheme(&url) {
        Some("data") => data_url(place, &url),
        Some("http" | "https") => Ok(MediaSource::Url(url)),
        _ => Err(place.invalid("must be an http, https or data URL")),
    }
}

/// The scheme of an address, where it is one that we know.
fn scheme(url: &str) -> Option<&'static str> {
    ["data", "http", "https"].into_iter().find(|scheme| {
        let rest = url.get(..scheme.len()).filter(|head| head.eq_ignore_ascii_case(scheme));
        rest.is_some() && url.as_bytes().get(scheme.len()) == Some(&b':')
    })
}

/// A data URL with base64 data.
fn data_url(place: &Place<'_, '_>, url: &str) -> Result<MediaSource, BadRequest> {
    let parts = url.split_once(':').and_then(|(_, rest)| rest.split_once(','));
    let Some((head, data)) = parts else {
        return Err(place.invalid("must be a data URL with base64 data"));
    };
    let Some(media_type) = head.strip_suffix(";base64").filter(|media| media.contains('/')) else {
        return Err(place.invalid("must be a data URL with a media type and base64 data"));
    };
    // Parameters such as a character set mean nothing for what is sent this way.
    let media_type = media_type.split(';').next().unwrap_or_default().to_owned();
    Ok(MediaSource::Base64 { media_type, data: data.to_owned() })
}

fn audio(place: &Place<'_, '_>) -> Result<Part, BadRequest> {
    let mut fields = place.object()?;
    let data = fields.need(&place.path, "data")?.text()?;
    let format = fields.need(&place.path, "format")?.text()?;
    Ok(Part::Audio { data, format })
}

fn file(fields: &mut Fields<'_>, path: &Path<'_>) -> Result<Part, BadRequest> {
    let place = fields.need(path, "file")?;
    let cache = cache(fields, path)?;
    let mut file = place.object()?;
    let title = file.take(&place.path, "filename").map(|name| name.text()).transpose()?;
    let id = file.take(&place.path, "file_id").map(|id| id.text()).transpose()?;
    let source = match (file.take(&place.path, "file_data"), id) {
        (Some(data), _) => file_data(&data, title.as_deref())?,
        (None, Some(id)) => MediaSource::FileId(id),
        (None, None) => return Err(place.invalid("must have `file_data` or `file_id`")),
    };
    Ok(Part::Document { source, title, cache })
}

/// File data comes as a data URL, or as bare base64 whose type only the name can tell.
pub(crate) fn file_data(
    place: &Place<'_, '_>,
    title: Option<&str>,
) -> Result<MediaSource, BadRequest> {
    let data = place.text()?;
    if scheme(&data) == Some("data") {
        return data_url(place, &data);
    }
    let extension = title.and_then(|name| name.rsplit_once('.')).map(|(_, extension)| extension);
    let media_type = match extension.map(str::to_ascii_lowercase).as_deref() {
        Some("txt") => "text/plain",
        Some("md") => "text/markdown",
        Some("csv") => "text/csv",
        Some("html" | "htm") => "text/html",
        Some("json") => "application/json",
        _ => "application/pdf",
    };
    Ok(MediaSource::Base64 { media_type: media_type.to_owned(), data })
}
