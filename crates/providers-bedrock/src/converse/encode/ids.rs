//! Ids of tool calls as the vendor takes them: 1 to 64 of letters, digits and `_.:-`.
//!
//! A call and its result stay tied, which is all that an id is for: the same id always gives the
//! same one, and two different ids never become one. So nothing is lost by another id.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use tollgate_core_types::chat::{Message, Part};

/// Longest id, in bytes.
const LONGEST: usize = 64;
/// What is kept of an id that had to change, so that a number fits behind it.
const KEPT: usize = 48;

/// The ids of one conversation.
#[derive(Debug, Default)]
pub(super) struct Ids<'a> {
    /// Only those that had to change.
    changed: HashMap<&'a str, String>,
}

impl<'a> Ids<'a> {
    /// Reads all ids of a conversation.
    pub(super) fn of(messages: &'a [Message]) -> Self {
        let ids = || messages.iter().flat_map(|message| &message.parts).filter_map(id);
        let mut odd = ids().filter(|id| !fits(id)).peekable();
        if odd.peek().is_none() {
            return Self::default();
        }
        let mut taken: HashSet<Cow<'a, str>> =
            ids().filter(|id| fits(id)).map(Cow::Borrowed).collect();
        let mut changed = HashMap::new();
        for id in odd {
            changed.entry(id).or_insert_with(|| {
                let plain = plain(id);
                let numbered = (2_u32..).map(|n| format!("{plain}_{n}"));
                let free = std::iter::once(plain.clone())
                    .chain(numbered)
                    .find(|candidate| !taken.contains(candidate.as_str()))
                    .unwrap_or(plain);
                taken.insert(Cow::Owned(free.clone()));
                free
            });
        }
        Self { changed }
    }

    /// The id to send.
    pub(super) fn get(&self, id: &'a str) -> Cow<'a, str> {
        match self.changed.get(id) {
            Some(changed) => Cow::Owned(changed.clone()),
            None => Cow::Borrowed(id),
        }
    }
}

fn id(part: &Part) -> Option<&str> {
    match part {
        Part::ToolCall(call) => Some(&call.id),
        Part::ToolResult { call_id, .. } => Some(call_id),
        Part::Text { .. }
        | Part::Image { .. }
        | Part::Document { .. }
        | Part::Audio { .. }
        | Part::Reasoning(_)
        | Part::Refusal { .. }
        | Part::Foreign { .. } => None,
    }
}

fn allowed(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ':')
}

fn fits(id: &str) -> bool {
    !id.is_empty() && id.len() <= LONGEST && id.chars().all(allowed)
}

fn plain(id: &str) -> String {
    let plain: String = id.chars().map(|c| if allowed(c) { c } else { '_' }).take(KEPT).collect();
    if plain.is_empty() { "call".to_owned() } else { plain }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_core_types::chat::{Role, ToolCall};

    fn calls(ids: &[&str]) -> Vec<Message> {
        let call = |id: &&str| {
            let (id, name) = ((*id).to_owned(), "f".to_owned());
            Part::ToolCall(ToolCall { id, name, arguments: String::new() })
        };
        let parts = ids.iter().map(call).collect();
        vec![Message { role: Role::Assistant, parts, name: None }]
    }

    #[test]
    fn good_ids_stay_and_odd_ones_stay_apart() {
        let long = "x".repeat(65);
        let longer = "x".repeat(66);
        let messages = calls(&["a:b", "a b", "a_b", "", &long, &longer]);
        let ids = Ids::of(&messages);
        assert_eq!(ids.get("a:b"), "a:b");
        assert_eq!(ids.get("a b"), "a_b_2");
        assert_eq!(ids.get(""), "call");
        assert_eq!(ids.get(&long), "x".repeat(48));
        assert_eq!(ids.get(&longer), format!("{}_2", "x".repeat(48)));
    }

    proptest::proptest! {
        #[test]
        fn different_ids_stay_different(ids: Vec<String>) {
            let texts: Vec<&str> = ids.iter().map(String::as_str).collect();
            let messages = calls(&texts);
            let sent = Ids::of(&messages);
            let distinct: HashSet<_> = texts.iter().collect();
            let mapped: HashSet<_> = texts.iter().map(|id| sent.get(id)).collect();
            proptest::prop_assert!(mapped.iter().all(|id| fits(id)));
            proptest::prop_assert_eq!(distinct.len(), mapped.len());
        }
    }
}
