//! A client's tools as tools of the domain: its own, and the vendor's hosted ones whole.

use serde_json::value::RawValue;
use tollgate_core_types::chat::{CacheMarker, Tool};
use tollgate_core_types::error::clean;
use tollgate_core_types::{Dialect, JsonText};
use tollgate_providers_common::BadRequest;

use super::blocks::{missing, wrong};
use super::{Extra, kept};
use crate::wire::Str;
use crate::wire::ask::{CacheControl, Entries};

/// Reads one tool.
pub(super) fn tool(path: &str, raw: &RawValue, extra: &mut Extra) -> Result<Tool, BadRequest> {
    let Entries(entries) = field(path, raw)?;
    let kind = entries.iter().find(|(key, _)| &**key == "type").map(|(_, value)| *value);
    let kind: Option<Str<'_>> =
        kind.map(|kind| field(&format!("{path}.type"), kind)).transpose()?;
    match kind {
        Some(kind) if &*kind != "custom" => hosted(path, &kind, &entries, raw),
        Some(_) | None => custom(path, &entries, extra),
    }
}

/// A tool that the vendor itself runs or defines: it has a dated type and travels whole.
fn hosted(
    path: &str,
    kind: &str,
    entries: &[(Str<'_>, &RawValue)],
    raw: &RawValue,
) -> Result<Tool, BadRequest> {
    let name = entries.iter().find(|(key, _)| &**key == "name").map(|(_, value)| *value);
    let name: Option<String> = name.map(|name| field(&format!("{path}.name"), name)).transpose()?;
    Ok(Tool {
        name: name.unwrap_or_else(|| kind.to_owned()),
        description: None,
        parameters: None,
        strict: None,
        cache: None,
        foreign: Some((Dialect::ANTHROPIC_MESSAGES, JsonText::from_valid(raw.get()))),
    })
}

fn custom(
    path: &str,
    entries: &[(Str<'_>, &RawValue)],
    extra: &mut Extra,
) -> Result<Tool, BadRequest> {
    let mut name: Option<String> = None;
    let mut tool = Tool {
        name: String::new(),
        description: None,
        parameters: None,
        strict: None,
        cache: None,
        foreign: None,
    };
    for (key, value) in entries {
        let at = format!("{path}.{}", &**key);
        match &**key {
            "type" => {}
            "name" => name = field(&at, value)?,
            "description" => tool.description = field(&at, value)?,
            "strict" => tool.strict = field(&at, value)?,
            "input_schema" => tool.parameters = schema(&at, value)?,
            "cache_control" => {
                let control: Option<CacheControl<'_>> = field(&at, value)?;
                tool.cache =
                    control.map(|control| CacheMarker { ttl: control.ttl.map(Str::into_owned) });
            }
            _ => extra.extend(kept(at, value).filter(|_| value.get() != "false")),
        }
    }
    tool.name = name.ok_or_else(|| missing(path, "name"))?;
    Ok(tool)
}

fn schema(path: &str, value: &RawValue) -> Result<Option<JsonText>, BadRequest> {
    match value.get().as_bytes().first() {
        Some(b'{') => Ok(Some(JsonText::from_valid(value.get()))),
        _ if value.get() == "null" => Ok(None),
        _ => Err(wrong(path, "must be an object")),
    }
}

/// Reads a value, or says which field it was.
pub(super) fn field<'a, T: serde::Deserialize<'a>>(
    path: &str,
    value: &'a RawValue,
) -> Result<T, BadRequest> {
    serde_json::from_str(value.get()).map_err(|error| {
        wrong(path, &format!("cannot be read: {}", clean(&error.to_string(), 128)))
    })
}
