//! Reasoning without a signature, taken out of a conversation on the verbatim path.
//!
//! A client of this dialect is given the readable reasoning of other vendors as blocks whose
//! signature is empty, or is that vendor's under its name, and sends them back. Claude refuses a request with such a block, so that a
//! conversation could not go on here that began elsewhere. Everything else stays as it was written.

use serde::Deserialize;
use serde_json::value::RawValue;
use tollgate_core_types::Lost;

use crate::foreign::untagged;
use crate::wire::Str;
use crate::wire::ask::{Content, Entries};

/// Whether a body can hold an unsigned block: a glance, since nearly none does.
pub(super) fn may_be_in(body: &[u8]) -> bool {
    const KEY: &[u8] = b"\"signature\"";
    memchr::memmem::find_iter(body, KEY).any(|at| {
        let behind = body.get(at + KEY.len()..).unwrap_or_default().trim_ascii_start();
        let value = behind.strip_prefix(b":").unwrap_or_default().trim_ascii_start();
        let text = value.strip_prefix(b"\"").unwrap_or_default();
        text.starts_with(b"\"") || is_tagged(text)
    })
}

/// Whether a text begins with another vendor's name. Only its beginning is looked at.
fn is_tagged(text: &[u8]) -> bool {
    let start = text.get(..64).unwrap_or(text);
    let end = start.iter().position(|byte| !byte.is_ascii()).unwrap_or(start.len());
    let start = start.get(..end).unwrap_or_default();
    std::str::from_utf8(start).is_ok_and(|start| untagged(start).is_some())
}

/// The part of a block that tells.
#[derive(Deserialize)]
struct Block<'a> {
    #[serde(rename = "type", borrow)]
    kind: Str<'a>,
    #[serde(borrow)]
    signature: Option<Str<'a>>,
}

/// The messages without unsigned reasoning, and what was taken out; `None` where there is none.
pub(super) fn without(messages: &str) -> Option<(String, Vec<Lost>)> {
    let turns: Vec<&RawValue> = serde_json::from_str(messages).ok()?;
    let mut kept = Vec::with_capacity(turns.len());
    let mut lost = Vec::new();
    for (index, turn) in turns.into_iter().enumerate() {
        match cut(turn.get(), index, &mut lost) {
            None => kept.push(turn.get().to_owned()),
            Some(Some(turn)) => kept.push(turn),
            // Nothing was left of it.
            Some(None) => {}
        }
    }
    (!lost.is_empty()).then(|| (format!("[{}]", kept.join(",")), lost))
}

/// A turn without its unsigned blocks: `None` where it has none, `Some(None)` where it has nothing
/// else.
fn cut(turn: &str, index: usize, lost: &mut Vec<Lost>) -> Option<Option<String>> {
    let Entries(fields) = serde_json::from_str(turn).ok()?;
    let (_, content) = fields.iter().find(|(key, _)| &**key == "content")?;
    let Content::Blocks(blocks) = serde_json::from_str(content.get()).ok()? else { return None };
    let before = lost.len();
    let mut kept = Vec::with_capacity(blocks.len());
    for (at, block) in blocks.iter().enumerate() {
        if unsigned(block) {
            lost.push(Lost::dropped(format!("messages[{index}].content[{at}]")));
        } else {
            kept.push(block.get());
        }
    }
    if lost.len() == before {
        return None;
    }
    if kept.is_empty() {
        return Some(None);
    }
    let content = format!("[{}]", kept.join(","));
    let fields = fields.iter().map(|(key, value)| {
        let value = if &**key == "content" { content.as_str() } else { value.get() };
        format!("{}:{value}", serde_json::Value::from(&**key))
    });
    Some(Some(format!("{{{}}}", fields.collect::<Vec<_>>().join(","))))
}

fn unsigned(block: &RawValue) -> bool {
    serde_json::from_str::<Block<'_>>(block.get()).is_ok_and(|block| {
        let foreign = |signature: &str| signature.is_empty() || untagged(signature).is_some();
        &*block.kind == "thinking" && block.signature.is_some_and(|signature| foreign(&signature))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_unsigned_reasoning_goes() {
        let signed = r#"{"type":"thinking","thinking":"a","signature":"s"}"#;
        let unsigned = r#"{"type":"thinking", "thinking":"b","signature": ""}"#;
        let geminis =
            r#"{"type":"thinking","thinking":"","signature":"gemini.generate_content:U0lH"}"#;
        let text = r#"{"type":"text","text":"\"signature\":\"\"", "x" : 1.50}"#;
        let messages = format!(
            r#"[{{"role":"user","content":"q"}}, {{"role":"assistant","content":[{signed},{unsigned}, {text}],"y":[ 1 ]}},{{"content":[{unsigned},{geminis}],"role":"assistant"}}]"#
        );
        assert!(may_be_in(messages.as_bytes()));
        let (rest, lost) = without(&messages).unwrap();
        assert_eq!(
            rest,
            format!(
                r#"[{{"role":"user","content":"q"}},{{"role":"assistant","content":[{signed},{text}],"y":[ 1 ]}}]"#
            )
        );
        let fields: Vec<&str> = lost.iter().map(|lost| lost.field.as_ref()).collect();
        assert_eq!(
            fields,
            ["messages[1].content[1]", "messages[2].content[0]", "messages[2].content[1]"]
        );
    }

    #[test]
    fn a_conversation_without_any_is_left_alone() {
        for messages in [
            r#"[{"role":"user","content":"\"signature\":\"\""}]"#,
            r#"[{"role":"user","content":[{"type":"text","text":"a","signature":""}]}]"#,
            r#"[{"role":"assistant","content":[{"type":"thinking","thinking":"a","signature":"s"}]}]"#,
            "no JSON with \"signature\":\"\"",
        ] {
            assert_eq!(without(messages), None, "{messages}");
        }
        for (body, expected) in [
            (r#"{"signature":"s"}"#, false),
            (r#"{"signature"}"#, false),
            (r#"{"signature" : "" }"#, true),
            (r#"{"signature":"s","signature":""}"#, true),
            (r#"{"signature":"gemini.generate_content:U0lH"}"#, true),
            (r#"{"signature":"gemini.generate_contents"}"#, false),
        ] {
            assert_eq!(may_be_in(body.as_bytes()), expected, "{body}");
        }
    }
}
