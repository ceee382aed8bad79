//! A conversation of this dialect that was held with other vendors, made fit for its own.
//!
//! Its clients are given other vendors' reasoning as thoughts with a signature that the vendor does
//! not know, and other vendors' calls without any. Newer models refuse both, so that a conversation
//! could not go on here that began elsewhere. Everything else stays as it was written.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use tollgate_core_types::Lost;
use tollgate_providers_common::scan::Layout;
use tollgate_providers_common::splice::Edits;

use crate::signature::{self, MARK_BASE64};
use crate::wire::ask::Entries;

/// The part of a part that tells.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Part<'a> {
    #[serde(alias = "thought_signature")]
    thought_signature: Option<String>,
    #[serde(borrow, alias = "function_call")]
    function_call: Option<&'a RawValue>,
}

/// Whether a body can need mending: a glance, since nearly none does.
pub(super) fn may_be_needed(body: &[u8], signs_calls: bool) -> bool {
    let holds = |word: &str| memchr::memmem::find(body, word.as_bytes()).is_some();
    holds(MARK_BASE64) || (signs_calls && (holds("functionCall\"") || holds("function_call\"")))
}

/// The contents without foreign reasoning and with every turn of calls excused, and what was taken
/// out; `None` where nothing is to be done.
pub(super) fn mended(contents: &str, signs_calls: bool) -> Option<(String, Vec<Lost>)> {
    let turns: Vec<&RawValue> = serde_json::from_str(contents).ok()?;
    let mut kept = Vec::with_capacity(turns.len());
    let mut lost = Vec::new();
    let mut changed = false;
    for (index, turn) in turns.into_iter().enumerate() {
        match self::turn(turn.get(), index, signs_calls, &mut lost) {
            None => kept.push(turn.get().to_owned()),
            Some(mended) => {
                changed = true;
                kept.extend(mended);
            }
        }
    }
    changed.then(|| (format!("[{}]", kept.join(",")), lost))
}

/// A turn mended: `None` where it is well, `Some(None)` where nothing is left of it.
fn turn(
    turn: &str,
    index: usize,
    signs_calls: bool,
    lost: &mut Vec<Lost>,
) -> Option<Option<String>> {
    let Entries(fields) = serde_json::from_str(turn).ok()?;
    let parts: Vec<&RawValue> = serde_json::from_str(fields.get("parts")?.get()).ok()?;
    let mut kept = Vec::with_capacity(parts.len());
    let mut changed = false;
    let mut called = false;
    for (at, raw) in parts.into_iter().enumerate() {
        let part: Part<'_> = serde_json::from_str(raw.get()).ok()?;
        if part.thought_signature.as_deref().is_some_and(signature::is_foreign) {
            lost.push(Lost::dropped(format!("contents[{index}].parts[{at}]")));
            changed = true;
            continue;
        }
        let calls = part.function_call.is_some();
        let first_call = calls && !called;
        called |= calls;
        if first_call && signs_calls && part.thought_signature.is_none() {
            kept.push(excused(raw.get())?);
            changed = true;
        } else {
            kept.push(raw.get().to_owned());
        }
    }
    if !changed {
        return None;
    }
    if kept.is_empty() {
        return Some(None);
    }
    let parts = format!("[{}]", kept.join(","));
    let fields = fields.iter().map(|(key, value)| {
        let value = if key == "parts" { parts.as_str() } else { value.get() };
        format!("{}:{value}", Value::from(key.as_str()))
    });
    Some(Some(format!("{{{}}}", fields.collect::<Vec<_>>().join(","))))
}

/// A call with the word for "there is no signature".
fn excused(part: &str) -> Option<String> {
    let part = Bytes::copy_from_slice(part.as_bytes());
    let word = format!("\"{}\"", signature::NONE);
    let edited = Edits::new().set("thoughtSignature", word).apply(&part, &Layout::default());
    String::from_utf8(edited.to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_core_types::Dialect;
    use tollgate_core_types::chat::ReasoningPart;

    #[test]
    fn only_what_other_vendors_left_is_mended() {
        let claude = signature::wrap(&ReasoningPart {
            text: String::new(),
            signature: Some("s".to_owned()),
            redacted: None,
            issuer: Dialect::ANTHROPIC_MESSAGES,
        });
        let foreign =
            format!(r#"{{"text":"t","thought":true,"thoughtSignature":"{}"}}"#, claude.unwrap());
        let call = r#"{"functionCall":{"name":"f","args":{"a": 1.50}}}"#;
        let signed = r#"{"functionCall":{"name":"f"},"thoughtSignature":"U0lH"}"#;
        let contents = format!(
            r#"[{{"parts":[{{"text":"q"}}]}},{{"role":"model","parts":[{foreign},{call},{call}]}},{{"role":"model","parts":[{signed}, {call}]}},{{"parts":[{foreign}]}}]"#
        );
        assert!(may_be_needed(contents.as_bytes(), false));
        let (mended, lost) = mended(&contents, true).unwrap();
        let excused =
            call.replace("}}}", &format!("}}}},\"thoughtSignature\":\"{}\"}}", signature::NONE));
        assert_eq!(
            mended,
            format!(
                r#"[{{"parts":[{{"text":"q"}}]}},{{"parts":[{excused},{call}],"role":"model"}},{{"role":"model","parts":[{signed}, {call}]}}]"#
            )
        );
        let lost: Vec<&str> = lost.iter().map(|lost| lost.field.as_ref()).collect();
        assert_eq!(lost, ["contents[1].parts[0]", "contents[3].parts[0]"]);
    }

    #[test]
    fn a_conversation_of_its_own_is_left_alone() {
        let call = r#"{"functionCall":{"name":"f"}}"#;
        let own = r#"{"functionCall":{"name":"f"},"thought_signature":"U0lH"}"#;
        let contents = |parts: &str| format!(r#"[{{"role":"model","parts":[{parts}]}}]"#);
        assert_eq!(mended(&contents(&format!("{own},{call}")), true), None);
        assert_eq!(mended(&contents(call), false), None);
        assert_eq!(mended("no list", true), None);
        assert!(!may_be_needed(contents(call).as_bytes(), false));
    }
}
