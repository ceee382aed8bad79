//! Messages in a server's words: roles, texts in one piece, ids of calls, reasoning given back.

use serde_json::value::RawValue;
use std::borrow::Cow;
use tollgate_core_types::custom::{ReasoningEcho, ReasoningField};
use tollgate_providers_common::splice::quote;
use tollgate_providers_common::target::Quirks;

use crate::reader::Fields;
use crate::schema::object;

/// A message's fields with their JSON.
type Entries<'a> = Vec<(Cow<'a, str>, Cow<'a, str>)>;

/// The field that takes reasoning, by the quirk's name of it.
const REASONING: [&str; 2] = [ReasoningField::Content.word(), ReasoningField::Reasoning.word()];

/// Length of the ids that some servers take alone.
const SHORT: usize = 9;

/// The list with each message respelled; `None` where none has to be, or where it is no list.
pub(super) fn respelled(list: &str, quirks: &Quirks, thinks: bool) -> Option<String> {
    let list: Vec<&RawValue> = serde_json::from_str(list).ok()?;
    let mut changed = false;
    let each: Vec<Cow<'_, str>> = list
        .iter()
        .map(|raw| match message(raw.get(), quirks, thinks) {
            Some(new) => {
                changed = true;
                Cow::Owned(new)
            }
            None => Cow::Borrowed(raw.get()),
        })
        .collect();
    changed.then(|| format!("[{}]", each.join(",")))
}

fn message(json: &str, quirks: &Quirks, thinks: bool) -> Option<String> {
    let fields: Fields<'_> = serde_json::from_str(json).ok()?;
    let mut entries: Entries<'_> =
        fields.entries().map(|(key, raw)| (key, Cow::Borrowed(raw.get()))).collect();
    let mut changed = false;
    let assistant = get(&entries, "role") == Some("\"assistant\"");
    if quirks.no_developer_role && get(&entries, "role") == Some("\"developer\"") {
        changed |= put(&mut entries, "role", "\"system\"".into());
    }
    if quirks.plain_content
        && let Some(text) = get(&entries, "content").and_then(|content| joined(content, assistant))
    {
        changed |= put(&mut entries, "content", text.into());
    }
    if quirks.short_call_ids {
        changed |= short_ids(&mut entries);
    }
    if assistant {
        changed |= reasoning(&mut entries, quirks, thinks);
    }
    changed.then(|| object(&entries))
}

fn get<'e>(entries: &'e Entries<'_>, key: &str) -> Option<&'e str> {
    entries.iter().find(|(name, _)| name == key).map(|(_, json)| json.as_ref())
}

fn put<'a>(entries: &mut Entries<'a>, key: &'static str, json: Cow<'a, str>) -> bool {
    match entries.iter_mut().find(|(name, _)| name == key) {
        Some((_, known)) => *known = json,
        None => entries.push((Cow::Borrowed(key), json)),
    }
    true
}

/// A list of texts as one text; `None` where it holds anything else. What a user wrote apart stays
/// apart; a model's text is one.
fn joined(content: &str, assistant: bool) -> Option<String> {
    let parts: Vec<&RawValue> = serde_json::from_str(content).ok()?;
    let mut texts = Vec::with_capacity(parts.len());
    for part in parts {
        let entries: Entries<'_> = serde_json::from_str::<Fields<'_>>(part.get())
            .ok()?
            .entries()
            .map(|(key, raw)| (key, Cow::Borrowed(raw.get())))
            .collect();
        if get(&entries, "type") != Some("\"text\"") {
            return None;
        }
        texts.push(serde_json::from_str::<String>(get(&entries, "text")?).ok()?);
    }
    Some(quote(&texts.join(if assistant { "" } else { "\n\n" })))
}

/// Ids of calls and of the call that a result answers.
fn short_ids(entries: &mut Entries<'_>) -> bool {
    let mut changed = false;
    let short = |json: &str| {
        let id: String = serde_json::from_str(json).ok()?;
        let Cow::Owned(short) = short_id(&id) else { return None };
        Some(quote(&short))
    };
    if let Some(id) = get(entries, "tool_call_id").and_then(short) {
        changed |= put(entries, "tool_call_id", id.into());
    }
    let calls = get(entries, "tool_calls").and_then(|calls| {
        let calls: Vec<&RawValue> = serde_json::from_str(calls).ok()?;
        let mut other = false;
        let mut out = Vec::with_capacity(calls.len());
        for call in calls {
            let fields: Fields<'_> = serde_json::from_str(call.get()).ok()?;
            let mut call: Entries<'_> =
                fields.entries().map(|(key, raw)| (key, Cow::Borrowed(raw.get()))).collect();
            if let Some(id) = get(&call, "id").and_then(short) {
                other |= put(&mut call, "id", id.into());
            }
            out.push(object(&call));
        }
        other.then(|| format!("[{}]", out.join(",")))
    });
    if let Some(calls) = calls {
        changed |= put(entries, "tool_calls", calls.into());
    }
    changed
}

/// Nine letters and digits: the id itself where it is that, else nine that follow from it. A call
/// and its result only have to bear the same one.
pub(crate) fn short_id(given: &str) -> Cow<'_, str> {
    const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    if given.len() == SHORT && given.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Cow::Borrowed(given);
    }
    // FNV-1a; ids of one conversation are few, and no secret depends on them.
    let mut hash = given.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    });
    let mut short = String::with_capacity(SHORT);
    for _ in 0..SHORT {
        let digit = usize::try_from(hash % 36).unwrap_or(0);
        short.push(char::from(DIGITS.get(digit).copied().unwrap_or(b'0')));
        hash /= 36;
    }
    Cow::Owned(short)
}

/// Reasoning of an earlier turn: under the server's name of it, withheld, or stood in for where the
/// server refuses a turn without any.
fn reasoning(entries: &mut Entries<'_>, quirks: &Quirks, thinks: bool) -> bool {
    let field = quirks.reasoning_field.word();
    let required = match quirks.reasoning_echo {
        ReasoningEcho::AsGiven => false,
        ReasoningEcho::Never => return withhold(entries),
        ReasoningEcho::Always if !thinks => return withhold(entries),
        ReasoningEcho::Always => true,
        ReasoningEcho::ToolCalls => {
            thinks
                && get(entries, "tool_calls")
                    .is_some_and(|calls| calls.len() > 2 && calls != "null")
        }
    };
    let filled = |entries: &Entries<'_>, key: &str| {
        get(entries, key).is_some_and(|json| json.starts_with('"') && json.len() > 2)
    };
    if filled(entries, field) {
        return false;
    }
    let other = REASONING.iter().find(|other| **other != field && filled(entries, other));
    if let Some(other) = other
        && (required || quirks.reasoning_field != ReasoningField::Content)
    {
        let said = get(entries, other).unwrap_or_default().to_owned();
        entries.retain(|(name, _)| name != other);
        return put(entries, field, said.into());
    }
    // Nothing is known of it: a space is what such servers take for that.
    required && put(entries, field, "\" \"".into())
}

fn withhold(entries: &mut Entries<'_>) -> bool {
    let before = entries.len();
    entries.retain(|(name, _)| !REASONING.contains(&name.as_ref()) && name != "reasoning_details");
    entries.len() != before
}
