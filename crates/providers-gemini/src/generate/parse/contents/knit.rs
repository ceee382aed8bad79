//! What a model said in one piece and a stream told in many, put together again.
//!
//! Clients keep a streamed answer as it came: a content or a part for every chunk. A text cut so is
//! another prompt to a vendor's cache. Another vendor's thought is worse off: its signature came
//! behind its text, in a part of its own, and its issuer refuses a thought that is not whole.

use tollgate_core_types::Dialect;
use tollgate_core_types::chat::{Message, Part, ReasoningPart, Role};

/// Adds what the model said to its turn.
pub(super) fn say(messages: &mut Vec<Message>, parts: Vec<Part>) {
    if parts.is_empty() {
        return;
    }
    if messages.last().is_none_or(|last| last.role != Role::Assistant) {
        messages.push(Message { role: Role::Assistant, parts: Vec::new(), name: None });
    }
    let Some(turn) = messages.last_mut() else { return };
    for part in parts {
        knit(&mut turn.parts, part);
    }
}

fn knit(said: &mut Vec<Part>, part: Part) {
    match (said.last_mut(), part) {
        (Some(Part::Text { text, cache: None }), Part::Text { text: more, cache: None }) => {
            text.push_str(&more);
        }
        (_, Part::Reasoning(thought)) if closes(&thought) => {
            let text = take_thoughts(said);
            said.push(Part::Reasoning(ReasoningPart { text, ..thought }));
        }
        (_, part) => said.push(part),
    }
}

/// Whether a part is the signature alone of a thought that another vendor issued.
fn closes(thought: &ReasoningPart) -> bool {
    let ReasoningPart { text, signature, redacted, issuer } = thought;
    *issuer != Dialect::GEMINI_GENERATE
        && text.is_empty()
        && signature.is_some()
        && redacted.is_none()
}

/// The text of the thoughts at the end that nobody signed yet.
fn take_thoughts(said: &mut Vec<Part>) -> String {
    let unsigned = |part: &&Part| {
        matches!(part, Part::Reasoning(ReasoningPart { signature: None, redacted: None, .. }))
    };
    let from = said.len() - said.iter().rev().take_while(unsigned).count();
    let thoughts = said.split_off(from).into_iter().filter_map(|part| match part {
        Part::Reasoning(thought) => Some(thought.text),
        Part::Text { .. }
        | Part::Image { .. }
        | Part::Audio { .. }
        | Part::Document { .. }
        | Part::ToolCall(_)
        | Part::ToolResult { .. }
        | Part::Refusal { .. }
        | Part::Foreign { .. } => None,
    });
    thoughts.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn thought(text: &str, signature: Option<&str>, issuer: Dialect) -> Part {
        let signature = signature.map(str::to_owned);
        Part::Reasoning(ReasoningPart { text: text.into(), signature, redacted: None, issuer })
    }

    #[test]
    fn a_streamed_answer_is_what_it_was() {
        let (own, claude) = (Dialect::GEMINI_GENERATE, Dialect::ANTHROPIC_MESSAGES);
        let mut messages =
            vec![Message { role: Role::User, parts: vec![Part::text("q")], name: None }];
        for parts in [
            vec![thought("H", None, own), thought("m.", None, own)],
            vec![thought("", Some("s"), claude)],
            vec![Part::text("Wa")],
            vec![],
            vec![Part::text("it.")],
        ] {
            say(&mut messages, parts);
        }
        assert_eq!(messages.len(), 2);
        assert_eq!(messages[1].parts, [thought("Hm.", Some("s"), claude), Part::text("Wait.")],);
    }

    #[test]
    fn what_is_signed_or_ones_own_stays_as_it_came() {
        let (own, claude) = (Dialect::GEMINI_GENERATE, Dialect::ANTHROPIC_MESSAGES);
        for parts in [
            vec![thought("a", None, own), thought("", Some("s"), own), Part::text("t")],
            vec![thought("a", Some("s"), claude), thought("b", Some("t"), claude)],
            vec![thought("a", None, own), thought("b", Some("t"), claude)],
        ] {
            let mut messages = Vec::new();
            say(&mut messages, parts.clone());
            assert_eq!(messages[0].parts, parts);
        }
    }
}
