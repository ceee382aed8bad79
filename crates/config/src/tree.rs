//! A configuration as it was written: values with the places where they stand.
//!
//! Every source (YAML, TOML, environment, flags) becomes this one tree, so that merging, expansion
//! and checking are written once and every problem can name its line. Nothing here knows what a
//! key means. Order is kept: it decides the default model and the order of deployments.

use serde_json::Number;
use std::path::PathBuf;

use crate::problem::Place;

pub(crate) mod merge;
pub(crate) mod overlay;
pub(crate) mod toml;
pub(crate) mod yaml;

/// Deepest nesting accepted in YAML: the parser takes some 50 KB of stack per level without
/// optimisation, and a reload runs on a thread of 2 MiB.
pub(crate) const MAX_DEPTH: usize = 24;

/// Where a value stands: a source and, in files, line and column from 1 (0 is unknown).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Span {
    pub(crate) source: usize,
    pub(crate) line: u32,
    pub(crate) column: u32,
}

impl Span {
    pub(crate) const fn whole(source: usize) -> Self {
        Self { source, line: 0, column: 0 }
    }
}

/// A source that spans point to.
#[derive(Debug, Clone)]
pub(crate) enum Source {
    File(PathBuf),
    Environment(String),
    Flag(&'static str),
    /// Nothing was written: a tree that the gateway made.
    Nowhere,
}

/// Which of two values for one setting wins, the later variant over the earlier one. Equal keys are
/// merged before; this decides between different spellings of one setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Layer {
    /// What the gateway made by itself, from nothing or from vendors' variables.
    Below,
    /// A file, by its source: files are added in their order.
    File(usize),
    /// All variables that override single keys.
    Overrides,
    /// The command line.
    Flags,
}

/// All sources of one load; spans hold indices into it.
#[derive(Debug, Default)]
pub(crate) struct Sources(Vec<Source>);

impl Sources {
    pub(crate) fn add(&mut self, source: Source) -> usize {
        self.0.push(source);
        self.0.len() - 1
    }

    /// The layer that what stands there belongs to.
    pub(crate) fn layer(&self, span: Span) -> Layer {
        match self.0.get(span.source) {
            Some(Source::File(_)) => Layer::File(span.source),
            Some(Source::Environment(name)) if name.starts_with(overlay::PREFIX) => {
                Layer::Overrides
            }
            Some(Source::Environment(_) | Source::Nowhere) | None => Layer::Below,
            Some(Source::Flag(_)) => Layer::Flags,
        }
    }

    pub(crate) fn place(&self, span: Span) -> Place {
        match self.0.get(span.source) {
            Some(Source::File(path)) => Place::File {
                path: path.clone(),
                at: (span.line > 0).then_some((span.line, span.column)),
            },
            Some(Source::Environment(name)) => Place::Environment(name.clone()),
            Some(Source::Flag(name)) => Place::Flag(name),
            Some(Source::Nowhere) | None => Place::Nowhere,
        }
    }
}

/// A value and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) value: Value,
    pub(crate) span: Span,
}

#[derive(Debug, Clone)]
pub(crate) enum Value {
    /// Also what an absent key is: `null` takes an earlier layer's value back.
    Null,
    Bool(bool),
    Number(Number),
    Text(Text),
    List(Vec<Node>),
    Map(Vec<Entry>),
    /// A value whose problem was reported already; nothing more is said about it.
    Broken,
}

/// A text and what may be done with it.
#[derive(Clone)]
pub(crate) struct Text {
    pub(crate) text: String,
    pub(crate) written: Written,
}

/// How a text came here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Written {
    /// It stands in a file as it is and may be repeated in messages.
    Literally,
    /// Parts came from the environment or another file: never shown.
    Expanded,
    /// It is an environment variable's value: never shown, and a number or truth value where one
    /// is wanted.
    InEnvironment,
}

impl std::fmt::Debug for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("text")
    }
}

/// A key, where it stands, and its value.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) at: Span,
    pub(crate) node: Node,
}

impl Node {
    pub(crate) fn map(entries: Vec<Entry>, span: Span) -> Self {
        Self { value: Value::Map(entries), span }
    }

    pub(crate) fn list(items: Vec<Self>, span: Span) -> Self {
        Self { value: Value::List(items), span }
    }

    pub(crate) fn literal(text: impl Into<String>, span: Span) -> Self {
        Self::text(text, Written::Literally, span)
    }

    pub(crate) fn text(text: impl Into<String>, written: Written, span: Span) -> Self {
        Self { value: Value::Text(Text { text: text.into(), written }), span }
    }

    /// The value of `key`, where this is a map that has it.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        match &self.value {
            Value::Map(entries) => {
                entries.iter().find(|entry| entry.key == key).map(|entry| &entry.node)
            }
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Text(_)
            | Value::List(_)
            | Value::Broken => None,
        }
    }

    pub(crate) fn is_null(&self) -> bool {
        matches!(self.value, Value::Null)
    }

    /// What it is, for "expected a number, found ...".
    pub(crate) fn kind(&self) -> &'static str {
        match &self.value {
            Value::Null => "nothing",
            Value::Bool(_) => "true or false",
            Value::Number(_) => "a number",
            Value::Text(_) => "a text",
            Value::List(_) => "a list",
            Value::Map(_) => "a map",
            Value::Broken => "an unusable value",
        }
    }
}

impl Entry {
    /// An entry whose key has no place of its own.
    pub(crate) fn new(key: impl Into<String>, node: Node) -> Self {
        Self { key: key.into(), at: node.span, node }
    }
}

/// `parent.key`, with the key in quotes where it would not read as one word.
pub(crate) fn child_path(parent: &str, key: &str) -> String {
    let plain = !key.is_empty()
        && key.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '/' | ':'));
    let dot = if parent.is_empty() { "" } else { "." };
    if plain { format!("{parent}{dot}{key}") } else { format!("{parent}{dot}{key:?}") }
}
