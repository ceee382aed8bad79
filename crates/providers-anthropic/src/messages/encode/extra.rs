//! Who asks, the service tier, and fields that the domain has no word for.

use serde_json::value::RawValue;
use tollgate_core_types::JsonText;
use tollgate_providers_common::EncodeError;

use super::{Context, raw, unsupported};
use crate::request::is_field;
use crate::wire::Str;
use crate::wire::ask::Kind;
use crate::wire::body::Own;

/// The vendor's own fields: a client that names one means it.
const OWN: [&str; 7] = [
    "cache_control",
    "container",
    "context_management",
    "diagnostics",
    "inference_geo",
    "mcp_servers",
    "speed",
];

/// Longest user id that the vendor takes, in characters.
const USER_MAX: usize = 256;

/// The field that stands in for the user's id; [`user`] reads it.
const IDENTIFIER: &str = "safety_identifier";

/// The vendor's own fields of `extra`; every other one is named as lost, except a configured default
/// in the vendor's words, which is written where the deployment's rules are applied.
pub(super) fn own<'a>(
    extra: &'a [(String, JsonText)],
    thinks: bool,
    has_user: bool,
    cx: &mut Context<'a>,
) -> Result<Own<'a>, EncodeError> {
    let mut own = Vec::new();
    for (key, value) in extra {
        let value = raw(value.as_str(), key)?;
        // What says "not wanted" loses nothing.
        if matches!(value.get(), "null" | "false") || (key == IDENTIFIER && !has_user) {
            continue;
        }
        if key == "modalities" && value.get().contains("\"audio\"") {
            return Err(unsupported(key.as_str(), "this vendor cannot answer with audio"));
        }
        let thinking = key == "thinking" && !thinks && between_tools(value);
        let default =
            |(name, json): &(String, JsonText)| name == key && json.as_str() == value.get();
        if thinking || OWN.contains(&key.as_str()) {
            own.push((key.as_str(), value));
        } else if !(is_field(key) && cx.target.params.defaults.iter().any(default)) {
            cx.dropped(key.clone());
        }
    }
    Ok(Own(own))
}

/// Whether this is the one way of thinking that the domain has no word for.
fn between_tools(thinking: &RawValue) -> bool {
    let kind = serde_json::from_str::<Kind<'_>>(thinking.get()).ok().and_then(|kind| kind.kind);
    kind.as_deref() == Some("between_tools")
}

/// The id of the end user, or the client's safety identifier in its place. The vendor refuses what
/// looks like a person's address or number.
pub(super) fn user<'a>(
    user: Option<&'a str>,
    extra: &'a [(String, JsonText)],
    cx: &mut Context<'a>,
) -> Option<Str<'a>> {
    let identifier = || {
        let (_, json) = extra.iter().find(|(key, _)| key == IDENTIFIER)?;
        let id: Option<Str<'a>> = serde_json::from_str(json.as_str()).ok()?;
        id.map(|id| (IDENTIFIER, id))
    };
    let (field, id) = match user {
        Some(user) => ("user", Str(user.into())),
        None => identifier()?,
    };
    if personal(&id) || id.chars().count() > USER_MAX {
        cx.dropped(field);
        return None;
    }
    Some(id)
}

fn personal(id: &str) -> bool {
    let number = id.strip_prefix('+').unwrap_or(id);
    let phone = number.len() >= 7
        && number.chars().all(|c| c.is_ascii_digit() || matches!(c, ' ' | '(' | ')' | '-'));
    let address = id.split_once('@').is_some_and(|(name, host)| {
        !name.is_empty() && host.contains('.') && !id.contains(char::is_whitespace)
    });
    phone || address
}

/// The tier in the vendor's words.
pub(super) fn service_tier(tier: Option<&str>, cx: &mut Context<'_>) -> Option<&'static str> {
    match tier? {
        "auto" => Some("auto"),
        "default" | "standard_only" => Some("standard_only"),
        _ => {
            cx.dropped("service_tier");
            None
        }
    }
}
