//! TOML into a tree, with the line and column of every key and value.
//!
//! The parser goes on after an error, so all of a file's errors come at once. Its tables are
//! sorted by key; the order of writing is restored from the keys' places.

use serde_json::Number;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::yaml::SyntaxError;
use super::{Entry, Node, Span, Text, Value, Written};

/// Reads one document.
pub(crate) fn parse(text: &str, source: usize) -> (Option<Node>, Vec<SyntaxError>) {
    let (table, errors) = DeTable::parse_recoverable(text);
    let reader = Reader { lines: Lines::new(text), source };
    let errors = errors
        .iter()
        .map(|error| SyntaxError {
            span: error.span().map_or(Span::whole(source), |at| reader.span(&at)),
            message: format!("not valid TOML: {}", error.message()),
        })
        .collect();
    let span = Span { source, line: 1, column: 1 };
    (Some(Node::map(reader.entries(table.into_inner()), span)), errors)
}

struct Reader<'a> {
    lines: Lines<'a>,
    source: usize,
}

impl Reader<'_> {
    fn entries(&self, table: DeTable<'_>) -> Vec<Entry> {
        let mut entries: Vec<(usize, Entry)> = table
            .into_iter()
            .map(|(key, value)| {
                let at = key.span();
                let entry = Entry {
                    key: key.into_inner().into_owned(),
                    at: self.span(&at),
                    node: self.node(value),
                };
                (at.start, entry)
            })
            .collect();
        entries.sort_by_key(|(start, _)| *start);
        entries.into_iter().map(|(_, entry)| entry).collect()
    }

    // Depth is bounded by the parser's own recursion limit.
    fn node(&self, value: Spanned<DeValue<'_>>) -> Node {
        let span = self.span(&value.span());
        let value = match value.into_inner() {
            DeValue::String(text) => text_value(text.into_owned()),
            DeValue::Integer(integer) => i64::from_str_radix(integer.as_str(), integer.radix())
                .map_or(Value::Broken, |integer| Value::Number(integer.into())),
            DeValue::Float(float) => float
                .as_str()
                .parse()
                .ok()
                .and_then(Number::from_f64)
                .map_or(Value::Broken, Value::Number),
            DeValue::Boolean(value) => Value::Bool(value),
            DeValue::Datetime(time) => text_value(time.to_string()),
            DeValue::Array(items) => {
                Value::List(items.into_iter().map(|item| self.node(item)).collect())
            }
            DeValue::Table(table) => Value::Map(self.entries(table)),
        };
        Node { value, span }
    }

    fn span(&self, at: &Range<usize>) -> Span {
        let (line, column) = self.lines.position(at.start);
        Span { source: self.source, line, column }
    }
}

fn text_value(text: String) -> Value {
    Value::Text(Text { text, written: Written::Literally })
}

/// Byte offsets of line starts, for turning offsets into lines and columns.
struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    fn new(text: &'a str) -> Self {
        let starts =
            std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { text, starts }
    }

    fn position(&self, offset: usize) -> (u32, u32) {
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = self.starts.get(line.saturating_sub(1)).copied().unwrap_or(0);
        let column = self.text.get(start..offset).map_or(0, |before| before.chars().count());
        let clip = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        (clip(line), clip(column + 1))
    }
}
