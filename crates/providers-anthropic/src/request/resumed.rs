//! A thinking budget where the conversation goes on behind calls that no reasoning led to.
//!
//! Claude refuses it: such a turn was another vendor's, whose reasoning was none or is withheld. Then
//! the budget is, too; the next turn of the user has it again.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::wire::Str;
use crate::wire::ask::{Content, Kind, Turn};

/// The parts of the option that tell.
#[derive(Deserialize)]
struct Thinking<'a> {
    #[serde(rename = "type", borrow)]
    kind: Option<Str<'a>>,
}

/// Whether a request's `thinking` is a budget.
pub(super) fn is_budget(thinking: &str) -> bool {
    serde_json::from_str::<Thinking<'_>>(thinking)
        .is_ok_and(|thinking| thinking.kind.is_some_and(|kind| &*kind == "enabled"))
}

/// Whether the last answer calls tools without reasoning before them.
pub(super) fn calls_unreasoned(messages: &str) -> bool {
    let Ok(turns) = serde_json::from_str::<Vec<&RawValue>>(messages) else { return false };
    let turns = turns.into_iter().rev().filter_map(|turn| {
        let turn: Turn<'_> = serde_json::from_str(turn.get()).ok()?;
        (&*turn.role == "assistant").then_some(turn.content)
    });
    let Some(Content::Blocks(blocks)) = turns.into_iter().next() else { return false };
    let kinds: Vec<Option<Str<'_>>> = blocks
        .iter()
        .map(|block| serde_json::from_str::<Kind<'_>>(block.get()).ok().and_then(|it| it.kind))
        .collect();
    let is = |kind: &Option<Str<'_>>, names: &[&str]| {
        kind.as_ref().is_some_and(|kind| names.contains(&&**kind))
    };
    let reasoned = kinds.first().is_some_and(|kind| is(kind, &["thinking", "redacted_thinking"]));
    !reasoned && kinds.iter().any(|kind| is(kind, &["tool_use"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_answer_decides() {
        const CALL: &str = r#"{"type":"tool_use","id":"c","name":"f","input":{}}"#;
        const THOUGHT: &str = r#"{"type":"thinking","thinking":"t","signature":"s"}"#;
        const SEALED: &str = r#"{"type":"redacted_thinking","data":"d"}"#;
        const TEXT: &str = r#"{"type":"text","text":"a"}"#;
        let turn = |blocks: &str| format!(r#"{{"role":"assistant","content":[{blocks}]}}"#);
        let told = r#"{"role":"user","content":[{"type":"tool_result","tool_use_id":"c"}]}"#;
        for (last, unreasoned) in [
            (turn(CALL), true),
            (turn(&format!("{TEXT},{CALL}")), true),
            (turn(&format!("{THOUGHT},{CALL}")), false),
            (turn(&format!("{SEALED},{TEXT},{CALL}")), false),
            (turn(TEXT), false),
            (r#"{"role":"assistant","content":"a"}"#.to_owned(), false),
            (told.to_owned(), false),
        ] {
            let first = turn(&format!("{THOUGHT},{CALL}"));
            let messages = format!("[{first},{told},{last},{told}]");
            assert_eq!(calls_unreasoned(&messages), unreasoned, "{messages}");
        }
        let first = turn(CALL);
        let later = turn(&format!("{THOUGHT},{CALL}"));
        assert!(!calls_unreasoned(&format!("[{first},{told},{later},{told}]")));
        assert!(!calls_unreasoned("[]") && !calls_unreasoned("no list"));
    }

    #[test]
    fn only_a_budget_is_one() {
        assert!(is_budget(r#"{"budget_tokens":2048,"type" : "enabled"}"#));
        for other in [r#"{"type":"adaptive"}"#, r#"{"type":"disabled"}"#, "null", "{}"] {
            assert!(!is_budget(other), "{other}");
        }
    }
}
