//! Content: a string, or parts of text, pictures, sound and files.

use tollgate_core_types::chat::{MediaSource, Part};
use tollgate_providers_common::BadRequest;

use crate::chat::parse::parts::{cache, file_data, image_source};
use crate::reader::{Fields, Path, Place};
use crate::shape::Kinds;

/// Reads what somebody said, or what a tool gave.
pub(super) fn said(place: &Place<'_, '_>) -> Result<Vec<Part>, BadRequest> {
    if place.is_text() {
        return place.text().map(|text| vec![Part::text(text)]);
    }
    if !place.raw.get().starts_with('[') {
        return Err(place.wrong(Kinds::STRING.or(Kinds::LIST)));
    }
    let list = place.list()?;
    list.into_iter().enumerate().map(|(index, raw)| part(&place.item(index, raw))).collect()
}

/// Reads instructions, which are text alone.
pub(super) fn instructions(place: &Place<'_, '_>) -> Result<Vec<Part>, BadRequest> {
    let parts = said(place)?;
    match parts.iter().position(|part| !matches!(part, Part::Text { .. })) {
        Some(index) => Err(place.item(index, place.raw).invalid("must be a text part")),
        None => Ok(parts),
    }
}

fn part(place: &Place<'_, '_>) -> Result<Part, BadRequest> {
    let mut fields = place.object()?;
    let path = &place.path;
    let kind = fields.need(path, "type")?;
    match kind.text()?.as_str() {
        "input_text" | "output_text" | "text" => {
            let text = fields.need(path, "text")?.text()?;
            Ok(Part::Text { text, cache: cache(&mut fields, path)? })
        }
        "refusal" => Ok(Part::Refusal { text: fields.need(path, "refusal")?.text()? }),
        "input_image" => image(&mut fields, place),
        "input_file" => file(&mut fields, place),
        "input_audio" => {
            let place = fields.need(path, "input_audio")?;
            let mut sound = place.object()?;
            let data = sound.need(&place.path, "data")?.text()?;
            let format = sound.need(&place.path, "format")?.text()?;
            Ok(Part::Audio { data, format })
        }
        other => {
            let other = tollgate_core_types::error::clean(other, 48);
            let why = format!("`{other}` is a part that only OpenAI's models know");
            Err(BadRequest::unsupported(kind.path.to_string(), why))
        }
    }
}

fn image(fields: &mut Fields<'_>, place: &Place<'_, '_>) -> Result<Part, BadRequest> {
    let path = &place.path;
    let detail = fields.take(path, "detail").map(|detail| detail.text()).transpose()?;
    // What happens unasked; not every dialect has the word.
    let detail = detail.filter(|detail| detail != "auto");
    let id = fields.take(path, "file_id").map(|id| id.text()).transpose()?;
    let source = match (fields.take(path, "image_url"), id) {
        (Some(url), _) => image_source(&url)?,
        (None, Some(id)) => MediaSource::FileId(id),
        (None, None) => return Err(place.invalid("must have `image_url` or `file_id`")),
    };
    Ok(Part::Image { source, detail, cache: cache(fields, path)? })
}

fn file(fields: &mut Fields<'_>, place: &Place<'_, '_>) -> Result<Part, BadRequest> {
    let path: &Path<'_> = &place.path;
    let title = fields.take(path, "filename").map(|name| name.text()).transpose()?;
    let id = fields.take(path, "file_id").map(|id| id.text()).transpose()?;
    let url = fields.take(path, "file_url").map(|url| url.text()).transpose()?;
    let source = match (fields.take(path, "file_data"), url, id) {
        (Some(data), _, _) => file_data(&data, title.as_deref())?,
        (None, Some(url), _) => MediaSource::Url(url),
        (None, None, Some(id)) => MediaSource::FileId(id),
        (None, None, None) => {
            return Err(place.invalid("must have `file_data`, `file_url` or `file_id`"));
        }
    };
    Ok(Part::Document { source, title, cache: cache(fields, path)? })
}
