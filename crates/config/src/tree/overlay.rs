//! What environment variables and flags say, as one tree to lay over the files.
//!
//! figment merges the variables (`TOLLGATE__SERVER__LISTEN`) and keeps which one gave each value.
//! Files do not go through it, because its maps forget the order of keys and the lines of values.
//! The prefix has two parts on purpose: Kubernetes puts `TOLLGATE_PORT=tcp://...` into every pod
//! beside a service called `tollgate`.

use figment::value::{Dict, Empty, Map, Num, Tag, Value as FigmentValue};
use figment::{Error, Figment, Metadata, Profile, Provider};
use serde_json::Number;
use std::collections::{BTreeMap, HashMap};

use super::{Entry, Node, Source, Sources, Span, Value, Written};
use crate::report::Report;

/// Prefix of the variables that override single keys.
pub(crate) const PREFIX: &str = "TOLLGATE__";

/// Deepest nesting of lists and maps inside one variable: figment reads them recursively.
const MAX_NESTING: usize = 16;

/// Most parts of a variable's name: no key lies deeper, and figment goes down by recursion.
const MAX_PARTS: usize = 16;

/// One flag of the command line: its name, its key path, its value.
#[derive(Debug, Clone)]
pub(crate) struct Flag {
    pub(crate) name: &'static str,
    pub(crate) path: &'static [&'static str],
    pub(crate) value: String,
}

/// The tree of all overriding variables, flags above variables; `None` where there are none.
pub(crate) fn overlay(
    env: &BTreeMap<String, String>,
    flags: &[Flag],
    report: &mut Report,
) -> Option<Node> {
    let mut variables = Vec::new();
    for (name, value) in env {
        let Some(parts) = name.strip_prefix(PREFIX) else { continue };
        let path: Vec<String> = parts.split("__").map(str::to_lowercase).collect();
        if path.len() > MAX_PARTS || path.iter().any(String::is_empty) {
            let source = report.add_source(Source::Environment(name.clone()));
            let hint = "name it like TOLLGATE__SERVER__LISTEN";
            report.problem_hint(Span::whole(source), "", "does not name a key", hint);
            continue;
        }
        variables.push(Override { name: name.clone(), path, value: read(value) });
    }
    let sources = report.sources();
    let settings = flags.iter().map(|flag| Override {
        name: flag.name.to_owned(),
        path: flag.path.iter().map(|part| (*part).to_owned()).collect(),
        value: FigmentValue::from(flag.value.clone()),
    });
    let figment = variables.into_iter().chain(settings).fold(Figment::new(), Figment::merge);
    let merged = figment.find_value("").ok()?;
    if merged.as_dict().is_none_or(Dict::is_empty) {
        return None;
    }
    let known: HashMap<String, usize> = flags
        .iter()
        .map(|flag| (flag.name.to_owned(), sources.add(Source::Flag(flag.name))))
        .collect();
    let open = known.values().copied().collect();
    Some(Reader { figment: &figment, sources, known, open }.node(merged))
}

/// A list or map where the value begins like one; everything else stays the text that it is, so
/// that a key such as `0123` keeps its zero.
fn read(value: &str) -> FigmentValue {
    let structured = value.trim_start().starts_with(['[', '{']);
    let nesting = value.bytes().filter(|b| matches!(b, b'[' | b'{')).count();
    if structured && nesting <= MAX_NESTING {
        let Ok(value) = value.parse();
        value
    } else {
        FigmentValue::from(value)
    }
}

/// One variable or flag as a figment provider, so that its values carry its name.
struct Override {
    name: String,
    path: Vec<String>,
    value: FigmentValue,
}

impl Provider for Override {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.name.clone())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, Error> {
        let nested = self.path.iter().rev().fold(self.value.clone(), |value, part| {
            FigmentValue::from(Dict::from([(part.clone(), value)]))
        });
        let dict = nested.into_dict().unwrap_or_default();
        Ok(Map::from([(Profile::Default, dict)]))
    }
}

struct Reader<'a> {
    figment: &'a Figment,
    sources: &'a mut Sources,
    known: HashMap<String, usize>,
    /// Sources whose values may be repeated: what somebody just typed.
    open: Vec<usize>,
}

impl Reader<'_> {
    fn node(&mut self, value: FigmentValue) -> Node {
        let span = self.span(value.tag());
        let open = self.open.contains(&span.source);
        let written = if open { Written::Literally } else { Written::InEnvironment };
        let text = |text: String| Node::text(text, written, span);
        match value {
            FigmentValue::String(_, value) => text(value),
            FigmentValue::Char(_, value) => text(value.to_string()),
            FigmentValue::Bool(_, value) => Node { value: Value::Bool(value), span },
            FigmentValue::Num(_, value) => Node { value: number(value), span },
            FigmentValue::Empty(_, Empty::None | Empty::Unit) => Node { value: Value::Null, span },
            FigmentValue::Dict(_, dict) => {
                let entries: Vec<Entry> = dict
                    .into_iter()
                    .map(|(key, value)| Entry::new(key, self.node(value)))
                    .collect();
                // A figment dict keeps the tag of whoever made it first; its first value knows.
                let span = entries.first().map_or(span, |entry| entry.at);
                Node::map(entries, span)
            }
            FigmentValue::Array(_, items) => {
                let items = items.into_iter().map(|item| self.node(item)).collect();
                Node::list(items, span)
            }
        }
    }

    fn span(&mut self, tag: Tag) -> Span {
        let name = self.figment.get_metadata(tag).map_or("", |metadata| metadata.name.as_ref());
        if let Some(source) = self.known.get(name) {
            return Span::whole(*source);
        }
        let source = self.sources.add(match name {
            "" => Source::Nowhere,
            variable => Source::Environment(variable.to_owned()),
        });
        self.known.insert(name.to_owned(), source);
        Span::whole(source)
    }
}

fn number(value: Num) -> Value {
    let integer = value.to_i128().or_else(|| value.to_u128().and_then(|n| i128::try_from(n).ok()));
    let number = match integer {
        Some(integer) => u64::try_from(integer)
            .map(Number::from)
            .or_else(|_| i64::try_from(integer).map(Number::from))
            .ok(),
        None => value.to_f64().and_then(Number::from_f64),
    };
    number.map_or(Value::Broken, Value::Number)
}
