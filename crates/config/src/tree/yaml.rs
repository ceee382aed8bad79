//! YAML into a tree, with the line and column of every key and value.
//!
//! serde-saphyr reads; its own messages may quote the text (a credential, perhaps), so only its
//! positions and the kind of its errors are kept.

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Number;
use serde_saphyr::options::DuplicateKeyPolicy;
use serde_saphyr::{Error, Location, Options, Spanned};
use std::fmt;

use super::{Entry, MAX_DEPTH, Node, Span, Text, Value, Written};

/// Something wrong with the text itself: where, and what.
#[derive(Debug)]
pub(crate) struct SyntaxError {
    pub(crate) span: Span,
    pub(crate) message: String,
}

/// Reads one document. A duplicate key is an error, yet the rest is still read, first one winning,
/// so that its other problems are found as well.
pub(crate) fn parse(text: &str, source: usize) -> (Option<Node>, Vec<SyntaxError>) {
    match read(text, DuplicateKeyPolicy::Error) {
        Ok(raw) => (Some(raw.into_node(source)), Vec::new()),
        Err(error) => {
            let duplicate = matches!(error.without_snippet(), Error::DuplicateMappingKey { .. });
            let syntax = explain(error.without_snippet(), source);
            let rest =
                if duplicate { read(text, DuplicateKeyPolicy::FirstWins).ok() } else { None };
            (rest.map(|raw| raw.into_node(source)), vec![syntax])
        }
    }
}

fn read(text: &str, duplicates: DuplicateKeyPolicy) -> Result<Raw, Error> {
    // A document of nothing but comments is an empty configuration, not an error.
    let empty = text.lines().all(|line| {
        let line = line.trim_start_matches('\u{feff}').trim();
        line.is_empty() || line.starts_with('#') || line == "---"
    });
    if empty {
        return Ok(Raw(Spanned::new(RawValue::Null, Location::UNKNOWN, Location::UNKNOWN)));
    }
    serde_saphyr::from_str_with_options(text, options(duplicates))
}

/// Bounds against documents that are small and unfold to gigabytes: real ones need hundreds of
/// values and a handful of aliases.
fn options(duplicates: DuplicateKeyPolicy) -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: MAX_DEPTH,
            flow_nesting_limit: MAX_DEPTH,
            max_nodes: 100_000,
            max_events: 400_000,
            max_aliases: 5_000,
            max_anchors: 5_000,
            max_merge_keys: 1_000,
            max_recorded_anchor_events: 100_000,
            max_recorded_anchor_bytes: 8 << 20
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: 100_000,
            max_replay_stack_depth: 16
        },
        duplicate_keys: duplicates,
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "a foreign enum with sixty variants")]
fn explain(error: &Error, source: usize) -> SyntaxError {
    let message = match error {
        // The key itself may be a secret in the wrong place; its place is told.
        Error::DuplicateMappingKey { .. } => "this key stands here already".to_owned(),
        Error::MultipleDocuments { .. } => "more than one YAML document in the file".to_owned(),
        Error::UnknownAnchor { .. } => "an alias without its anchor".to_owned(),
        Error::Eof { .. } => "the file ends too early".to_owned(),
        Error::NonFiniteFloat { .. } => "a number that is not finite".to_owned(),
        Error::AliasReplayLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::Budget { .. } => "too large, too deep or too many aliases".to_owned(),
        Error::AliasError { error, .. } => return explain(error, source),
        Error::ExternalMessage { msg, .. } => format!("not valid YAML: {}", harmless(msg)),
        // The expectation is a fixed phrase of the parser.
        Error::Unexpected { expected, .. } => format!("not valid YAML: expected {expected}"),
        _ => "not valid YAML".to_owned(),
    };
    let span = error.location().map_or(Span::whole(source), |at| span(at, source));
    SyntaxError { span, message }
}

/// A parser's message without anything that it quotes.
fn harmless(message: &str) -> String {
    let first = message.lines().next().unwrap_or_default();
    let end = first.find(['\'', '"', '`']).unwrap_or(first.len());
    first.get(..end).unwrap_or_default().trim_end_matches([' ', ':', ',']).to_owned()
}

fn span(at: Location, source: usize) -> Span {
    let clip = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
    Span { source, line: clip(at.line()), column: clip(at.column()) }
}

struct Raw(Spanned<RawValue>);

enum RawValue {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Raw>),
    Map(Vec<(Spanned<String>, Raw)>),
}

impl Raw {
    // Depth is bounded by the parser's budget.
    fn into_node(self, source: usize) -> Node {
        let Spanned { value, referenced, defined } = self.0;
        let at = if defined == Location::UNKNOWN { referenced } else { defined };
        let value = match value {
            RawValue::Null => Value::Null,
            RawValue::Bool(value) => Value::Bool(value),
            RawValue::Number(number) => Value::Number(number),
            RawValue::Text(text) => Value::Text(Text { text, written: Written::Literally }),
            RawValue::List(items) => {
                Value::List(items.into_iter().map(|item| item.into_node(source)).collect())
            }
            RawValue::Map(entries) => Value::Map(
                entries
                    .into_iter()
                    .map(|(key, value)| Entry {
                        at: span(key.referenced, source),
                        key: key.value,
                        node: value.into_node(source),
                    })
                    .collect(),
            ),
        };
        Node { value, span: span(at, source) }
    }
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Spanned::<RawValue>::deserialize(deserializer).map(Self)
    }
}

impl<'de> Deserialize<'de> for RawValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = RawValue;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<RawValue, E> {
        Ok(RawValue::Null)
    }

    fn visit_none<E>(self) -> Result<RawValue, E> {
        Ok(RawValue::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<RawValue, E> {
        Ok(RawValue::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<RawValue, E> {
        Ok(RawValue::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<RawValue, E> {
        Ok(RawValue::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<RawValue, E> {
        Number::from_f64(value)
            .map(RawValue::Number)
            .ok_or_else(|| E::custom("a number that is not finite"))
    }

    fn visit_str<E>(self, value: &str) -> Result<RawValue, E> {
        Ok(RawValue::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<RawValue, E> {
        Ok(RawValue::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<RawValue, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(RawValue::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RawValue, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(RawValue::Map(entries))
    }
}
