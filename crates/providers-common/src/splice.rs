//! Editing the top level of a JSON object without rebuilding it: every byte that no edit names is
//! copied as it stood.
//!
//! White space, key order and number formats of the client survive. It never looks into a value,
//! and never copies a body that no edit changes.

mod draft;
mod write;

use bytes::Bytes;
use std::borrow::Cow;
use tollgate_core_types::JsonText;

use crate::scan::Layout;
use crate::target::ParamRules;
use draft::Draft;

/// Edits of one body, applied together. Built by a codec for the verbatim path.
#[derive(Debug, Default)]
pub struct Edits<'a> {
    steps: Vec<Step<'a>>,
    rules: Option<(&'a ParamRules, &'a [&'a [&'a str]])>,
}

/// One call of a codec.
#[derive(Debug)]
enum Step<'a> {
    Set(&'a str, Cow<'a, str>),
    Remove(&'a str),
}

impl<'a> Edits<'a> {
    /// No edits yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets `key` to JSON text (a string must bring its quotes), in place where the key exists and
    /// at the end where not. The caller promises that the text is one valid JSON value.
    #[must_use]
    pub fn set(mut self, key: &'a str, json: impl Into<Cow<'a, str>>) -> Self {
        self.steps.push(Step::Set(key, json.into()));
        self
    }

    /// Removes `key` where it exists.
    #[must_use]
    pub fn remove(mut self, key: &'a str) -> Self {
        self.steps.push(Step::Remove(key));
        self
    }

    /// Applies a deployment's parameter rules. `synonyms` are groups of keys that mean the same in
    /// this dialect (`max_tokens`, `max_completion_tokens`): a default is not added where the body
    /// has a synonym of it.
    #[must_use]
    pub fn rules(mut self, rules: &'a ParamRules, synonyms: &'a [&'a [&'a str]]) -> Self {
        self.rules = Some((rules, synonyms));
        self
    }

    /// Applies the edits: first the rules (defaults, remove, rename, set), then the calls of
    /// [`Edits::set`] and [`Edits::remove`] in their order, which therefore win. A body without
    /// edits is returned as it is, without a copy.
    ///
    /// Renames happen one after another. Where the new name is taken, the value that the client
    /// gave under it wins and the renamed key is left out; a value that a default put there gives
    /// way to the client's. A key that the client gave as `null` is given: no default replaces it.
    ///
    /// `layout` must be the body's own. One of another length is noticed and read anew; a body that
    /// is no JSON object is returned unchanged.
    #[must_use]
    pub fn apply(self, body: &Bytes, layout: &Layout) -> Bytes {
        let Self { steps, rules } = self;
        draft::edit(body, layout, |draft| {
            if let Some((rules, synonyms)) = rules {
                apply_rules(draft, rules, synonyms);
            }
            for step in steps {
                match step {
                    Step::Set(key, json) => draft.set(key, json),
                    Step::Remove(key) => draft.remove(key),
                }
            }
        })
    }
}

fn apply_rules<'a>(draft: &mut Draft<'a>, rules: &'a ParamRules, synonyms: &[&[&str]]) {
    let ParamRules { defaults, remove, rename, set } = rules;
    add_defaults(draft, defaults, synonyms);
    for key in remove {
        draft.remove(key);
    }
    for (from, to) in rename {
        draft.rename(from, to);
    }
    for (key, json) in set {
        draft.set(key, Cow::Borrowed(json.as_str()));
    }
}

fn add_defaults<'a>(
    draft: &mut Draft<'a>,
    defaults: &'a [(String, JsonText)],
    synonyms: &[&[&str]],
) {
    for (key, json) in defaults {
        let mut groups = synonyms.iter().filter(|group| group.contains(&key.as_str()));
        if !draft.has(key) && !groups.any(|group| group.iter().any(|other| draft.has(other))) {
            draft.add_default(key, json.as_str());
        }
    }
}

/// The body with `defaults` added where the client gave no such key (nor a synonym).
///
/// The layout stays that of the old body: read the new one with [`crate::scan::layout`] before
/// looking values up in it. As with [`Edits::apply`], nothing is copied where nothing is added.
#[must_use]
pub fn with_defaults(
    body: &Bytes,
    layout: &Layout,
    defaults: &[(String, JsonText)],
    synonyms: &[&[&str]],
) -> Bytes {
    draft::edit(body, layout, |draft| add_defaults(draft, defaults, synonyms))
}

/// `text` as a JSON string, with its quotes.
#[must_use]
pub fn quote(text: &str) -> String {
    let plain = |byte: u8| byte >= 0x20 && byte != b'"' && byte != b'\\';
    if text.bytes().all(plain) {
        return ["\"", text, "\""].concat();
    }
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests;
