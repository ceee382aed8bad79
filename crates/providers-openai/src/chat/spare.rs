//! What only other servers of the dialect know, taken out of a conversation for OpenAI itself.
//!
//! Clients send assistant messages back as they came, and other vendors' messages bear reasoning and
//! signatures in fields of their own. OpenAI refuses a request with such a field, so that a
//! conversation could not go on there that began elsewhere. Everything else stays as it was written.

use bytes::Bytes;
use serde_json::value::RawValue;
use tollgate_core_types::Lost;
use tollgate_providers_common::scan::{self, Layout};
use tollgate_providers_common::splice::Edits;
use tollgate_providers_common::{EncodeError, Encoded};

/// The fields of a message.
const FIELDS: [&str; 5] =
    ["reasoning_content", "thinking_blocks", "extra_content", "reasoning", "reasoning_details"];
/// How they begin where they stand in JSON; a glance looks for these first.
const GLANCE: [&[u8]; 3] = [b"\"reasoning", b"\"thinking_blocks\"", b"\"extra_content\""];
/// The field of a call.
const SIGNATURE: &str = "extra_content";
/// What makes a message one, of which another field may be left out.
const SAYS: [&str; 4] = ["content", "tool_calls", "function_call", "audio"];

/// How what was taken out is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// As the field that the client sent.
    AsField,
    /// As the reasoning that a client of another dialect sent.
    AsReasoning,
}

/// The request without what OpenAI does not know.
pub(super) fn spared(mut encoded: Encoded, told: Told) -> Result<Encoded, EncodeError> {
    let body = encoded.request.body();
    if !GLANCE.iter().any(|word| memchr::memmem::find(body, word).is_some()) {
        return Ok(encoded);
    }
    let layout = scan::layout(body).map_err(|bad| EncodeError::Build(bad.message))?;
    let messages = layout.value(body, "messages").and_then(|all| without(all, told));
    let Some((messages, lost)) = messages else { return Ok(encoded) };
    let spared = Edits::new().set("messages", messages).apply(body, &layout);
    *encoded.request.body_mut() = spared;
    encoded.lost.extend(lost);
    Ok(encoded)
}

/// The messages without foreign fields, and what was taken out; `None` where there is none.
fn without(messages: &str, told: Told) -> Option<(String, Vec<Lost>)> {
    let messages: Vec<&RawValue> = serde_json::from_str(messages).ok()?;
    let mut kept: Vec<Bytes> = Vec::with_capacity(messages.len());
    let mut lost = Vec::new();
    for (index, message) in messages.into_iter().enumerate() {
        let bytes = Bytes::copy_from_slice(message.get().as_bytes());
        match cut(&bytes, index, told, &mut lost) {
            None => kept.push(bytes),
            Some(message) => kept.extend(message),
        }
    }
    let joined = kept.join(&b","[..]);
    let text = String::from_utf8(joined).ok()?;
    (!lost.is_empty()).then(|| (format!("[{text}]"), lost))
}

/// A message without foreign fields: `None` where it has none, `Some(None)` where it says nothing
/// else.
fn cut(message: &Bytes, index: usize, told: Told, lost: &mut Vec<Lost>) -> Option<Option<Bytes>> {
    let layout = scan::layout(message).ok()?;
    if layout.value(message, "role") != Some("\"assistant\"") {
        return None;
    }
    let before = lost.len();
    let mut edits = Edits::new();
    for field in FIELDS.into_iter().filter(|field| layout.has(message, field)) {
        edits = edits.remove(field);
        // What says nothing loses nothing.
        let value = layout.value(message, field).unwrap_or("null");
        if matches!(value, "null" | "\"\"" | "[]") && told == Told::AsField {
            continue;
        }
        lost.push(named(told, index, field));
    }
    if let Some(calls) = layout.value(message, "tool_calls").and_then(unsigned) {
        edits = edits.set("tool_calls", calls);
        lost.push(named(told, index, "tool_calls.extra_content"));
    }
    let edited = edits.apply(message, &layout);
    if edited == *message {
        return None;
    }
    if lost.len() == before {
        // Only what says nothing was there, and even that is refused.
        lost.push(named(told, index, "reasoning"));
    }
    let layout = scan::layout(&edited).ok()?;
    let says = |field: &&str| {
        layout.value(&edited, field).is_some_and(|value| value != "null" && value != "\"\"")
    };
    Some(SAYS.iter().any(says).then_some(edited))
}

fn named(told: Told, index: usize, field: &str) -> Lost {
    let field = match told {
        Told::AsField => field,
        Told::AsReasoning => "thinking",
    };
    Lost::dropped(format!("messages[{index}].{field}"))
}

/// The calls without their signatures; `None` where they have none.
fn unsigned(calls: &str) -> Option<String> {
    memchr::memmem::find(calls.as_bytes(), SIGNATURE.as_bytes())?;
    let calls: Vec<&RawValue> = serde_json::from_str(calls).ok()?;
    let mut found = false;
    let mut kept = Vec::with_capacity(calls.len());
    for call in calls {
        let bytes = Bytes::copy_from_slice(call.get().as_bytes());
        let edited = Edits::new().remove(SIGNATURE).apply(&bytes, &Layout::default());
        found |= edited != bytes;
        kept.push(edited);
    }
    let joined = String::from_utf8(kept.join(&b","[..])).ok()?;
    found.then(|| format!("[{joined}]"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(lost: &[Lost]) -> Vec<&str> {
        lost.iter().map(|lost| lost.field.as_ref()).collect()
    }

    #[test]
    fn only_what_other_servers_know_goes() {
        let user = r#"{"role":"user","content":"\"reasoning_content\"", "x":1.50}"#;
        let call = r#"{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}"#;
        let messages = format!(
            r#"[{user},{{"role":"assistant","content":null,"reasoning_content":"r","thinking_blocks":[{{"signature":"s"}}],"tool_calls":[{call},"extra_content":{{"google":{{}}}}}}, {call}}}]}}, {{"role":"assistant", "content":"a"}},{{"role":"assistant","reasoning":"only"}}]"#
        );
        let (rest, lost) = without(&messages, Told::AsField).unwrap();
        assert_eq!(
            rest,
            format!(
                r#"[{user},{{"role":"assistant","content":null,"tool_calls":[{call}}},{call}}}]}},{{"role":"assistant", "content":"a"}}]"#
            )
        );
        assert_eq!(
            fields(&lost),
            [
                "messages[1].reasoning_content",
                "messages[1].thinking_blocks",
                "messages[1].tool_calls.extra_content",
                "messages[3].reasoning"
            ]
        );
        let (_, lost) = without(&messages, Told::AsReasoning).unwrap();
        assert!(fields(&lost).iter().all(|field| field.ends_with(".thinking")), "{lost:?}");
    }

    #[test]
    fn a_conversation_of_its_own_is_left_alone() {
        for messages in [
            r#"[{"role":"user","reasoning_content":"the user's own mistake"}]"#,
            r#"[{"role":"assistant","content":"extra_content","tool_calls":[{"id":"extra_content"}]}]"#,
            "[]",
            "no list",
        ] {
            assert_eq!(without(messages, Told::AsField), None, "{messages}");
        }
    }
}
