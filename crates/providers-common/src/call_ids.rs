//! Ids of tool calls as a vendor takes them.
//!
//! A call and its result stay tied, which is all that an id is for: the same id always gives the
//! same one, and two different ids never become one. So nothing is lost by another id.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use tollgate_core_types::chat::{Message, Part};

/// What a vendor takes as an id, beside letters and digits.
#[derive(Debug, Clone, Copy)]
pub struct IdRule {
    /// The other characters; `_` must be among them, for it stands in for those that are not.
    pub also: &'static str,
    /// The longest id, in bytes: at least 32, so that a number fits behind what is kept of one.
    pub longest: usize,
}

/// The ids of one conversation.
#[derive(Debug, Default)]
pub struct CallIds<'a> {
    /// Only those that had to change.
    changed: HashMap<&'a str, String>,
}

impl<'a> CallIds<'a> {
    /// Reads all ids of a conversation.
    #[must_use]
    pub fn of(messages: &'a [Message], rule: IdRule) -> Self {
        let ids = || messages.iter().flat_map(|message| &message.parts).filter_map(id);
        let mut odd = ids().filter(|id| !rule.takes(id)).peekable();
        if odd.peek().is_none() {
            return Self::default();
        }
        let mut taken: HashSet<Cow<'a, str>> =
            ids().filter(|id| rule.takes(id)).map(Cow::Borrowed).collect();
        let mut changed = HashMap::new();
        for id in odd {
            changed.entry(id).or_insert_with(|| {
                let plain = rule.plain(id);
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
    #[must_use]
    pub fn get(&self, id: &'a str) -> Cow<'a, str> {
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

/// Room that is kept for a number behind an id.
const NUMBER: usize = 16;

impl IdRule {
    fn allows(self, c: char) -> bool {
        c.is_ascii_alphanumeric() || self.also.contains(c)
    }

    fn takes(self, id: &str) -> bool {
        !id.is_empty() && id.len() <= self.longest && id.chars().all(|c| self.allows(c))
    }

    fn plain(self, id: &str) -> String {
        let plain = id.chars().map(|c| if self.allows(c) { c } else { '_' });
        let plain: String = plain.take(self.longest.saturating_sub(NUMBER)).collect();
        if plain.is_empty() { "call".to_owned() } else { plain }
    }
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

    const NARROW: IdRule = IdRule { also: "_-", longest: usize::MAX };
    const BOUNDED: IdRule = IdRule { also: "_-.:", longest: 64 };

    #[test]
    fn good_ids_stay_and_odd_ones_stay_apart() {
        let messages = calls(&["a:b", "a_b", "a.b", "", "a:b", "call_1-X"]);
        let ids = CallIds::of(&messages, NARROW);
        assert_eq!(ids.get("a_b"), "a_b");
        assert_eq!(ids.get("call_1-X"), "call_1-X");
        assert_eq!(ids.get("a:b"), "a_b_2");
        assert_eq!(ids.get("a.b"), "a_b_3");
        assert_eq!(ids.get(""), "call");
    }

    #[test]
    fn long_ids_are_cut_and_stay_apart() {
        let long = "x".repeat(65);
        let longer = "x".repeat(66);
        let messages = calls(&["a:b", "a b", "a_b", "", &long, &longer]);
        let ids = CallIds::of(&messages, BOUNDED);
        assert_eq!(ids.get("a:b"), "a:b");
        assert_eq!(ids.get("a b"), "a_b_2");
        assert_eq!(ids.get(""), "call");
        assert_eq!(ids.get(&long), "x".repeat(48));
        assert_eq!(ids.get(&longer), format!("{}_2", "x".repeat(48)));
    }

    proptest::proptest! {
        #[test]
        fn different_ids_stay_different(ids: Vec<String>, bounded: bool) {
            let rule = if bounded { BOUNDED } else { NARROW };
            let texts: Vec<&str> = ids.iter().map(String::as_str).collect();
            let messages = calls(&texts);
            let sent = CallIds::of(&messages, rule);
            let distinct: HashSet<_> = texts.iter().collect();
            let mapped: HashSet<_> = texts.iter().map(|id| sent.get(id)).collect();
            proptest::prop_assert!(mapped.iter().all(|id| rule.takes(id)));
            proptest::prop_assert_eq!(distinct.len(), mapped.len());
        }
    }
}
