//! A client's own body in the words of a server that spells them otherwise.
//!
//! Relayed requests are never judged: what the server does not have goes to it as the client wrote
//! it, and the server says so. What it merely calls otherwise is respelled, so that a client of
//! OpenAI's need not know which server it talks to. It must never leave out what a client asks for:
//! only notes about a schema go, and reasoning of earlier turns that the server would not read.

mod messages;

use std::borrow::Cow;
use tollgate_core_types::custom::{ReasoningEcho, ReasoningField, ThinkingSwitch};
use tollgate_providers_common::splice::Edits;
use tollgate_providers_common::target::Quirks;
use tollgate_providers_common::{Inbound, UpstreamTarget};

use crate::control;
use crate::reader::Fields;
use crate::schema;

pub(crate) use messages::short_id;

/// Adds to `edits` what the target's server spells otherwise.
pub(crate) fn edits<'a>(
    mut edits: Edits<'a>,
    inbound: &'a Inbound,
    target: &'a UpstreamTarget,
) -> Edits<'a> {
    let quirks = &target.quirks;
    let value = |key: &str| inbound.facts.layout.value(&inbound.body, key);
    if touches_messages(quirks)
        && let Some(list) = value("messages")
        && let Some(respelled) = messages::respelled(list, quirks, thinks(inbound, target))
    {
        edits = edits.set("messages", respelled);
    }
    if quirks.no_stream_options {
        edits = edits.remove("stream_options");
    }
    if quirks.any_for_required && value("tool_choice") == Some("\"required\"") {
        edits = edits.set("tool_choice", "\"any\"");
    }
    if quirks.plain_schemas
        && let Some(tools) = value("tools").and_then(plain_tools)
    {
        edits = edits.set("tools", tools);
    }
    effort(edits, value, target)
}

/// Whether any message could be spelled otherwise.
fn touches_messages(quirks: &Quirks) -> bool {
    quirks.no_developer_role
        || quirks.plain_content
        || quirks.short_call_ids
        || quirks.reasoning_echo != ReasoningEcho::AsGiven
        || quirks.reasoning_field != ReasoningField::Content
}

/// Whether the model is to think, as far as the request or the configuration says; a server that is
/// told nothing may.
fn thinks(inbound: &Inbound, target: &UpstreamTarget) -> bool {
    let value = |key: &str| inbound.facts.layout.value(&inbound.body, key);
    let rules = &target.params;
    let set = |key: &str| {
        let named = |list: &'_ [(String, tollgate_core_types::JsonText)]| {
            list.iter().find(|(name, _)| name == key).map(|(_, json)| json.as_str().to_owned())
        };
        named(&rules.set).or_else(|| named(&rules.defaults))
    };
    let configured = ["enable_thinking", "thinking", "chat_template_kwargs", "reasoning_effort"]
        .map(|key| (key, set(key)));
    let said = control::asked(value);
    let told = || {
        control::asked(|key| {
            configured.iter().find(|(name, _)| *name == key).and_then(|(_, json)| json.as_deref())
        })
    };
    said.or_else(told).unwrap_or(true)
}

/// OpenAI's effort as the server's switch, unless the client uses the switch itself.
fn effort<'a, 'b>(
    mut edits: Edits<'a>,
    value: impl Fn(&str) -> Option<&'b str>,
    target: &'a UpstreamTarget,
) -> Edits<'a> {
    const EFFORT: &str = "reasoning_effort";
    let quirks = &target.quirks;
    if quirks.thinking_switch == ThinkingSwitch::None {
        return edits;
    }
    let own = control::KEYS.iter().any(|key| value(key).is_some());
    let ruled = |key: &str| target.params.set.iter().any(|(name, _)| name == key);
    if own || ruled(EFFORT) {
        return edits;
    }
    let Some(effort) = value(EFFORT).and_then(|json| serde_json::from_str::<String>(json).ok())
    else {
        return edits;
    };
    let off = effort == "none";
    if !off && quirks.adaptive_thinking {
        return edits;
    }
    for (key, json) in control::switch(!off, control::budget_of(&effort), quirks) {
        if !ruled(key) {
            edits = edits.set(key, json);
        }
    }
    edits.remove(EFFORT)
}

/// Tools without what the server refuses in their schemas; `None` where they have nothing of it.
fn plain_tools(tools: &str) -> Option<String> {
    let list: Vec<&serde_json::value::RawValue> = serde_json::from_str(tools).ok()?;
    let each: Vec<Cow<'_, str>> = list.iter().map(|raw| plain_tool(raw.get())).collect();
    let changed = each.iter().any(|tool| matches!(tool, Cow::Owned(_)));
    changed.then(|| format!("[{}]", each.join(",")))
}

fn plain_tool(tool: &str) -> Cow<'_, str> {
    edited(tool, |key, value| {
        (key == "function").then(|| {
            edited(value, |key, value| match key {
                "parameters" => Some(schema::plain(value)),
                _ => None,
            })
        })
    })
}

/// An object with some of its values replaced; borrowed where none was. The word `strict` of a
/// function is left out with the keywords of its schema.
fn edited<'a>(
    json: &'a str,
    mut edit: impl FnMut(&str, &'a str) -> Option<Cow<'a, str>>,
) -> Cow<'a, str> {
    let Ok(fields) = serde_json::from_str::<Fields<'a>>(json) else { return Cow::Borrowed(json) };
    let mut changed = false;
    let mut out = Vec::new();
    for (key, raw) in fields.entries() {
        if key == "strict" {
            changed = true;
            continue;
        }
        let value = edit(&key, raw.get()).unwrap_or(Cow::Borrowed(raw.get()));
        changed |= matches!(value, Cow::Owned(_));
        out.push((key, value));
    }
    if changed { Cow::Owned(schema::object(&out)) } else { Cow::Borrowed(json) }
}

#[cfg(test)]
mod tests;
