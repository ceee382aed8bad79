//! The accounting line that Claude Code puts before its system prompt, taken out on the verbatim path
//! to models that are not Claude.
//!
//! It changes with every request, so that other servers of the dialect would never find a prompt in
//! their caches, and it tells them what is none of their business. Claude's own vendors get it.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::messages::parse::BILLING_HEADER;
use crate::wire::Str;
use crate::wire::ask::Content;

/// Whether a body can hold the line: a glance, since most do not.
pub(super) fn may_be_in(body: &[u8]) -> bool {
    memchr::memmem::find(body, BILLING_HEADER.as_bytes()).is_some()
}

/// A block, as far as it tells.
#[derive(Deserialize)]
struct Block<'a> {
    #[serde(borrow)]
    text: Option<Str<'a>>,
}

/// The system prompt without the line: `None` where it has none, `Some(None)` where it is nothing
/// else.
pub(super) fn without(system: &str) -> Option<Option<String>> {
    match serde_json::from_str(system).ok()? {
        Content::Text(text) => {
            let rest = stripped(&text)?;
            Some((!rest.is_empty()).then(|| serde_json::Value::from(rest).to_string()))
        }
        Content::Blocks(blocks) => {
            let kept: Vec<&str> =
                blocks.iter().filter(|block| !is_line(block)).map(|block| block.get()).collect();
            if kept.len() == blocks.len() {
                return None;
            }
            Some((!kept.is_empty()).then(|| format!("[{}]", kept.join(","))))
        }
    }
}

/// Whether a block is the line and nothing behind it.
fn is_line(block: &RawValue) -> bool {
    serde_json::from_str::<Block<'_>>(block.get())
        .is_ok_and(|block| block.text.is_some_and(|text| stripped(&text) == Some("")))
}

/// What follows the line; `None` where the text does not begin with it.
fn stripped(text: &str) -> Option<&str> {
    let rest = text.strip_prefix(BILLING_HEADER)?;
    Some(rest.split_once('\n').map_or("", |(_, rest)| rest).trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_line_goes() {
        const LINE: &str = "x-anthropic-billing-header: cc_version=2.1.9; cch=1a2b3;";
        let block = |text: &str| format!(r#"{{"type":"text", "text":"{text}"}}"#);
        let prompt = r#"{"type":"text","text":"p","cache_control":{"type":"ephemeral"} }"#;
        for (system, want) in [
            (format!("[{},{prompt}]", block(LINE)), Some(Some(format!("[{prompt}]")))),
            (format!("[{}]", block(LINE)), Some(None)),
            (format!(r#""{LINE}\n\np""#), Some(Some(r#""p""#.to_owned()))),
            (format!(r#""{LINE}""#), Some(None)),
            (format!("[{prompt}]"), None),
            (format!("[{}]", block(&format!("I said {LINE}"))), None),
            (r#""plain""#.to_owned(), None),
            ("null".to_owned(), None),
            ("7".to_owned(), None),
        ] {
            assert_eq!(without(&system), want, "{system}");
            assert!(want.is_none() || may_be_in(system.as_bytes()));
        }
    }
}
