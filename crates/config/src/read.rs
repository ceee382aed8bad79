//! Taking a tree apart: typed access that reports what is wrong and goes on.
//!
//! A [`Section`] knows which keys were asked for, so the keys that exist and the keys that are
//! accepted cannot drift apart. Values that may hold a secret are never repeated in a message.

use std::cmp::Ordering;
use std::ops::RangeInclusive;
use std::time::Duration;
use tollgate_core_types::JsonText;

use crate::duration::{from_seconds, parse_duration, parse_size};
use crate::near::near_matches;
use crate::report::Report;
use crate::tree::{Entry, Node, Span, Text, Value, Written, child_path};

mod json;

/// A value and the key path that leads to it.
#[derive(Debug, Clone)]
pub(crate) struct At<'a> {
    pub(crate) node: &'a Node,
    pub(crate) path: String,
}

impl<'a> At<'a> {
    pub(crate) fn span(&self) -> Span {
        self.node.span
    }

    pub(crate) fn problem(&self, report: &mut Report, message: impl Into<String>) {
        report.problem(self.span(), &self.path, message);
    }

    pub(crate) fn problem_hint(
        &self,
        report: &mut Report,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        report.problem_hint(self.span(), &self.path, message, hint);
    }

    fn expected(&self, report: &mut Report, what: &str) {
        let message = match &self.node.value {
            Value::Broken => return,
            Value::Text(text) => format!("expected {what}, found {}", shown(text)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::List(_) | Value::Map(_) => {
                format!("expected {what}, found {}", self.node.kind())
            }
        };
        self.problem(report, message);
    }

    /// A text that is not empty.
    pub(crate) fn text(&self, report: &mut Report) -> Option<&'a str> {
        self.raw_text(report).map(|text| text.text.as_str())
    }

    /// A text that is not empty, with how it came here.
    pub(crate) fn raw_text(&self, report: &mut Report) -> Option<&'a Text> {
        match &self.node.value {
            Value::Text(text) if text.text.trim().is_empty() => {
                self.problem(report, "is empty");
                None
            }
            Value::Text(text) => Some(text),
            Value::Number(_) | Value::Bool(_) => {
                let message = format!("expected a text, found {}", self.node.kind());
                self.problem_hint(report, message, "put it in quotes");
                None
            }
            Value::Null | Value::List(_) | Value::Map(_) | Value::Broken => {
                self.expected(report, "a text");
                None
            }
        }
    }

    pub(crate) fn boolean(&self, report: &mut Report) -> Option<bool> {
        let value = match &self.node.value {
            Value::Bool(value) => Some(*value),
            Value::Text(text) => text.text.trim().parse().ok(),
            Value::Null | Value::Number(_) | Value::List(_) | Value::Map(_) | Value::Broken => None,
        };
        if value.is_none() {
            self.expected(report, "true or false");
        }
        value
    }

    /// A whole number within `range`.
    pub(crate) fn whole(&self, range: RangeInclusive<u64>, report: &mut Report) -> Option<u64> {
        let value = match &self.node.value {
            Value::Number(number) => number.as_u64(),
            Value::Text(text) => text.text.trim().parse().ok(),
            Value::Null | Value::Bool(_) | Value::List(_) | Value::Map(_) | Value::Broken => None,
        };
        let value = value.filter(|value| range.contains(value));
        if value.is_none() {
            let (low, high) = (range.start(), range.end());
            let what = if *high >= u64::from(u32::MAX) {
                format!("a whole number of at least {low}")
            } else {
                format!("a whole number from {low} to {high}")
            };
            self.expected_number(report, &what);
        }
        value
    }

    /// A number over zero, and finite.
    pub(crate) fn positive(&self, report: &mut Report) -> Option<f64> {
        // Products of several of these must be over 0 as well.
        let value = self.float().filter(|value| (1e-6..=1e12).contains(value));
        if value.is_none() {
            self.expected_number(report, "a number over 0");
        }
        value
    }

    /// A number of at least zero, as it was written.
    pub(crate) fn number_json(&self, report: &mut Report) -> Option<JsonText> {
        if self.float().is_none_or(|value| value < 0.0) {
            self.expected_number(report, "a number of at least 0");
            return None;
        }
        match &self.node.value {
            Value::Number(number) => Some(JsonText::from_valid(number.to_string())),
            // What Rust reads as a number is not always JSON: `.5`, `+1`.
            Value::Text(text) => serde_json::from_str::<serde_json::Number>(text.text.trim())
                .ok()
                .map(|number| JsonText::from_valid(number.to_string())),
            Value::Null | Value::Bool(_) | Value::List(_) | Value::Map(_) | Value::Broken => None,
        }
    }

    /// A number from 0 to 1.
    pub(crate) fn ratio(&self, report: &mut Report) -> Option<f64> {
        let value = self.float().filter(|value| (0.0..=1.0).contains(value));
        if value.is_none() {
            self.expected_number(report, "a number from 0 to 1");
        }
        value
    }

    fn float(&self) -> Option<f64> {
        let value = match &self.node.value {
            Value::Number(number) => number.as_f64(),
            Value::Text(text) => text.text.trim().parse().ok(),
            Value::Null | Value::Bool(_) | Value::List(_) | Value::Map(_) | Value::Broken => None,
        };
        value.filter(|value: &f64| value.is_finite())
    }

    fn expected_number(&self, report: &mut Report, what: &str) {
        match &self.node.value {
            Value::Number(number) => {
                self.problem(report, format!("expected {what}, found {number}"));
            }
            Value::Null
            | Value::Bool(_)
            | Value::Text(_)
            | Value::List(_)
            | Value::Map(_)
            | Value::Broken => self.expected(report, what),
        }
    }

    /// A duration, zero included.
    pub(crate) fn duration(&self, report: &mut Report) -> Option<Duration> {
        let value = match &self.node.value {
            Value::Number(number) => number.as_f64().and_then(from_seconds),
            Value::Text(text) => parse_duration(&text.text),
            Value::Null | Value::Bool(_) | Value::List(_) | Value::Map(_) | Value::Broken => None,
        };
        if value.is_none() {
            self.expected_number(report, "a duration such as 60s, 1500ms or 2m");
        }
        value
    }

    /// A duration over zero.
    pub(crate) fn some_duration(&self, report: &mut Report) -> Option<Duration> {
        let value = self.duration(report)?;
        if value.is_zero() {
            self.problem(report, "must be longer than 0");
            return None;
        }
        Some(value)
    }

    /// A number of bytes over zero.
    pub(crate) fn size(&self, report: &mut Report) -> Option<usize> {
        let value = match &self.node.value {
            Value::Number(number) => number.as_u64(),
            Value::Text(text) => parse_size(&text.text),
            Value::Null | Value::Bool(_) | Value::List(_) | Value::Map(_) | Value::Broken => None,
        };
        let value = value.filter(|bytes| *bytes > 0).and_then(|bytes| usize::try_from(bytes).ok());
        if value.is_none() {
            self.expected_number(report, "a size over 0 such as 32MiB");
        }
        value
    }

    /// One of the named values.
    pub(crate) fn one_of<T: Copy>(
        &self,
        what: &str,
        choices: &[(&'static str, T)],
        report: &mut Report,
    ) -> Option<T> {
        let text = self.raw_text(report)?;
        if let Some((_, value)) = choices.iter().find(|(name, _)| *name == text.text) {
            return Some(*value);
        }
        let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
        let hint = did_you_mean(&text.text, names.iter().copied())
            .unwrap_or_else(|| format!("one of {}", names.join(", ")));
        self.problem_hint(report, unknown(what, text), hint);
        None
    }

    /// The items of a list; a single value counts as a list of one.
    pub(crate) fn list(&self, report: &mut Report) -> Vec<At<'a>> {
        match &self.node.value {
            Value::List(items) => items
                .iter()
                .enumerate()
                .map(|(n, node)| At { node, path: format!("{}[{n}]", self.path) })
                .collect(),
            Value::Text(_) | Value::Number(_) | Value::Bool(_) => vec![self.clone()],
            Value::Null | Value::Map(_) | Value::Broken => {
                self.expected(report, "a list");
                Vec::new()
            }
        }
    }

    /// The texts of a list.
    pub(crate) fn texts(&self, report: &mut Report) -> Vec<(At<'a>, &'a str)> {
        let items = self.list(report);
        items.into_iter().filter_map(|item| item.text(report).map(|text| (item, text))).collect()
    }

    /// The entries of a map.
    pub(crate) fn entries(&self, report: &mut Report) -> Vec<(&'a Entry, At<'a>)> {
        match &self.node.value {
            Value::Map(entries) => entries
                .iter()
                .map(|entry| {
                    let path = child_path(&self.path, &entry.key);
                    (entry, At { node: &entry.node, path })
                })
                .collect(),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Text(_)
            | Value::List(_)
            | Value::Broken => {
                self.expected(report, "a map");
                Vec::new()
            }
        }
    }

    /// The value under `key`, where this is a map that has it and it is not `null`.
    pub(crate) fn child(&self, key: &str) -> Option<At<'a>> {
        let node = self.node.get(key).filter(|node| !node.is_null())?;
        Some(At { node, path: child_path(&self.path, key) })
    }

    /// A map whose keys are known.
    pub(crate) fn section(&self, report: &mut Report) -> Option<Section<'a>> {
        match &self.node.value {
            Value::Map(entries) => {
                Some(Section { at: self.clone(), entries, known: Vec::new(), hide_keys: false })
            }
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Text(_)
            | Value::List(_)
            | Value::Broken => {
                self.expected(report, "a map");
                None
            }
        }
    }

    /// Any value as JSON text; `None` where a part of it was reported as broken.
    pub(crate) fn json(&self) -> Option<JsonText> {
        json::from_node(self.node)
    }
}

/// A map, and which of its keys were asked for.
#[derive(Debug)]
pub(crate) struct Section<'a> {
    pub(crate) at: At<'a>,
    entries: &'a [Entry],
    known: Vec<&'static str>,
    hide_keys: bool,
}

impl<'a> Section<'a> {
    /// Keys of this map may be secrets put in the wrong place: unknown ones are not shown.
    pub(crate) fn hide_keys(mut self) -> Self {
        self.hide_keys = true;
        self
    }

    /// Whether `key` stands here with `null` for its value.
    pub(crate) fn is_null(&self, key: &str) -> bool {
        self.entries.iter().any(|entry| entry.key == key && entry.node.is_null())
    }

    /// Whether `key` stands here with a value.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|entry| entry.key == key && !entry.node.is_null())
    }

    /// The value under one of these names; `null` is not there. The first name is ours, the others
    /// are what users of other systems write. The highest layer that has any of them decides; two
    /// of one layer are a problem.
    pub(crate) fn take(&mut self, names: &[&'static str], report: &mut Report) -> Option<At<'a>> {
        self.known.extend_from_slice(names);
        let named = || self.entries.iter().filter(|entry| names.contains(&entry.key.as_str()));
        let highest = named().map(|entry| report.layer(entry.node.span)).max()?;
        let mut found: Option<(&Entry, At<'a>)> = None;
        for entry in named().filter(|entry| !entry.node.is_null()) {
            if report.layer(entry.node.span) < highest {
                continue;
            }
            let path = child_path(&self.at.path, &entry.key);
            if let Some((first, _)) = &found {
                let message = format!("`{}` and `{}` mean the same", first.key, entry.key);
                report.problem_hint(entry.at, &path, message, "keep one of them");
            } else {
                found = Some((entry, At { node: &entry.node, path }));
            }
        }
        found.map(|(_, at)| at)
    }

    /// Reports every key that was not asked for. Must be the last thing done with a section.
    pub(crate) fn finish(self, report: &mut Report) {
        #[cfg(test)]
        report.asked.push((self.at.path.clone(), self.known.clone()));
        for entry in self.entries {
            if self.known.contains(&entry.key.as_str()) {
                continue;
            }
            if self.hide_keys {
                let message = "has an unknown key (not shown: it may be a secret)";
                let hint = format!("known are {}", self.known.join(", "));
                report.problem_hint(entry.at, &self.at.path, message, hint);
                continue;
            }
            let path = child_path(&self.at.path, &clip(&entry.key));
            let message = "unknown key";
            match did_you_mean(&entry.key, self.known.iter().copied()) {
                Some(hint) => report.problem_hint(entry.at, &path, message, hint),
                None => report.problem(entry.at, &path, message),
            }
        }
    }
}

/// "did you mean ...?" where something is near.
pub(crate) fn did_you_mean<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    let near = near_matches(word, candidates);
    let quoted: Vec<String> = near.iter().map(|name| format!("`{name}`")).collect();
    (!quoted.is_empty()).then(|| format!("did you mean {}?", quoted.join(" or ")))
}

/// A text for a message: as it was written, or not at all.
pub(crate) fn shown(text: &Text) -> String {
    match text.written {
        Written::Literally => format!("`{}`", clip(&text.text)),
        Written::Expanded | Written::InEnvironment => "a value from outside the file".to_owned(),
    }
}

/// "unknown strategy `x`", or without the word where it may not be shown.
pub(crate) fn unknown(what: &str, text: &Text) -> String {
    match text.written {
        Written::Literally => format!("unknown {what} {}", shown(text)),
        Written::Expanded => {
            format!("unknown {what} (the value comes from outside the file)")
        }
        Written::InEnvironment => {
            format!("unknown {what} (the value comes from the environment)")
        }
    }
}

/// What two spellings of one setting in different places come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holds {
    /// The first stands in a higher layer.
    First,
    /// The second does.
    Second,
    /// One layer says both.
    Twice,
}

/// Which of two spellings of one setting holds.
pub(crate) fn decide(first: &At<'_>, second: &At<'_>, report: &Report) -> Holds {
    match report.layer(first.span()).cmp(&report.layer(second.span())) {
        Ordering::Greater => Holds::First,
        Ordering::Less => Holds::Second,
        Ordering::Equal => Holds::Twice,
    }
}

/// Outside text, escaped and cut for a message.
pub(crate) fn clip(text: &str) -> String {
    /// Longer names are cut: a message stays a line.
    const SHOWN: usize = 60;
    let short = tollgate_core_types::error::clean(text, SHOWN).replace('\n', " ");
    if short.len() < text.len() && text.len() > SHOWN { format!("{short}...") } else { short }
}
