//! Probes as they are written down: a request or answer, and one field set in it.

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// The probes of one dialect.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Probes {
    /// The dialect that they are written in.
    pub(super) dialect: String,
    /// What the list of fields was compared with.
    pub(super) sdk: String,
    /// The smallest body of this dialect.
    pub(super) base: Value,
    /// Larger bodies, for fields that stand in something.
    #[serde(default)]
    pub(super) given: BTreeMap<String, Value>,
    /// One for each field.
    pub(super) probes: Vec<Probe>,
}

/// One field.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Probe {
    /// Where it stands, for example `messages[0].name`.
    pub(super) field: String,
    /// What is put there.
    pub(super) value: Value,
    /// Which body it is put into; the base unless said.
    #[serde(default)]
    pub(super) given: Option<String>,
    /// What of the value is told beside the field, where a field has more than one probe.
    #[serde(default)]
    pub(super) case: Option<String>,
    /// Texts that must be in what comes out, where the value's own marks are not what is looked for.
    #[serde(default)]
    pub(super) seen: Option<Vec<String>>,
    /// Why it may change nothing without a word: the gateway acts on it itself, or it says nothing.
    #[serde(default)]
    pub(super) quiet: Option<String>,
    /// Where that is so: beginnings of columns' names; everywhere unless said.
    #[serde(default)]
    pub(super) only: Vec<String>,
}

impl Probes {
    /// Reads a file.
    ///
    /// # Errors
    /// When it is no list of probes.
    pub(super) fn read(name: &str, text: &str) -> Result<Self> {
        serde_json::from_str(text).with_context(|| format!("cannot read probes/{name}"))
    }

    /// The body without and with the field of `probe`.
    ///
    /// # Errors
    /// When the probe names a body that is not there, or a place that is none.
    pub(super) fn bodies(&self, probe: &Probe) -> Result<(Value, Value)> {
        let without = match &probe.given {
            None => &self.base,
            Some(given) => {
                self.given.get(given).with_context(|| format!("{}: no `{given}`", probe.field))?
            }
        };
        let mut with = without.clone();
        put(&mut with, &probe.field, probe.value.clone())
            .with_context(|| format!("{}: `{}`", self.dialect, probe.field))?;
        Ok((without.clone(), with))
    }
}

impl Probe {
    /// Whether the field may change nothing in this column.
    pub(super) fn is_quiet(&self, column: &str) -> bool {
        let here = self.only.is_empty() || self.only.iter().any(|only| column.starts_with(only));
        self.quiet.is_some() && here
    }

    /// Texts that show that the value arrived as it was: its own words, and numbers that are rare.
    pub(super) fn marks(&self) -> Vec<String> {
        let mut marks = Vec::new();
        match &self.seen {
            Some(seen) => marks.clone_from(seen),
            None => collect(&self.value, &mut marks),
        }
        marks
    }

    /// The field as a reader looks for it, without the place in its list.
    pub(super) fn shown(&self) -> String {
        let mut shown = String::new();
        let mut inside = false;
        for c in self.field.chars() {
            match c {
                '[' => {
                    inside = true;
                    shown.push_str("[]");
                }
                ']' => inside = false,
                _ if inside => {}
                _ => shown.push(c),
            }
        }
        match &self.case {
            Some(case) => format!("`{shown}`: {case}"),
            None => format!("`{shown}`"),
        }
    }
}

fn collect(value: &Value, marks: &mut Vec<String>) {
    match value {
        Value::Null | Value::Bool(_) => {}
        Value::Number(number) => {
            let rare = number.as_u64().map_or(!number.is_u64(), |whole| whole > 99);
            marks.extend(rare.then(|| number.to_string()));
        }
        Value::String(text) => marks.extend(text.contains("zq").then(|| text.clone())),
        Value::Array(items) => items.iter().for_each(|item| collect(item, marks)),
        Value::Object(fields) => {
            for (key, value) in fields {
                marks.extend(key.contains("zq").then(|| key.clone()));
                collect(value, marks);
            }
        }
    }
}

/// Sets what stands at `path`; objects and the next item of a list are made where they are missing.
fn put(root: &mut Value, path: &str, value: Value) -> Result<()> {
    let mut here = root;
    let path = path.replace('[', ".[");
    for step in path.split('.').filter(|step| !step.is_empty()) {
        here = match step.strip_prefix('[').and_then(|step| step.strip_suffix(']')) {
            Some(at) => item(here, at.parse().context("no place in a list")?)?,
            None => {
                if here.is_null() {
                    *here = Value::Object(serde_json::Map::new());
                }
                let fields =
                    here.as_object_mut().with_context(|| format!("no object at {step}"))?;
                fields.entry(step).or_insert(Value::Null)
            }
        };
    }
    *here = value;
    Ok(())
}

fn item(list: &mut Value, at: usize) -> Result<&mut Value> {
    if list.is_null() {
        *list = Value::Array(Vec::new());
    }
    let items = list.as_array_mut().context("no list")?;
    if items.len() == at {
        items.push(Value::Null);
    }
    match items.get_mut(at) {
        Some(item) => Ok(item),
        None => bail!("item {at} is too far"),
    }
}
