//! `api_keys`: one key or many, each with a weight and a name of its own.

use super::Said;
use crate::effective::MASK;
use crate::read::{At, Section};
use crate::report::Report;
use crate::secret::Secret;
use crate::tree::{Span, Text, Value, Written};

/// A key as it was given.
#[derive(Debug, Clone)]
pub(super) struct KeyGiven {
    pub(super) secret: Secret,
    pub(super) weight: f64,
    pub(super) id: Option<String>,
    pub(super) said: Said,
    /// Where the key itself stands.
    pub(super) from: Span,
}

/// Reads the keys of a provider or deployment; `None` where it names none.
pub(super) fn take(given: &mut Section<'_>, report: &mut Report) -> Option<Vec<KeyGiven>> {
    let at = given.take(&["api_keys", "api_key", "keys"], report)?;
    let items = at.list(report);
    if items.is_empty() && matches!(at.node.value, Value::List(_)) {
        at.problem_hint(report, "has no key", "leave it out where the server needs none");
    }
    Some(items.iter().flat_map(|item| key(item, report)).collect())
}

/// Reads one item: keys separated by commas, or a map of one key.
pub(super) fn key(item: &At<'_>, report: &mut Report) -> Vec<KeyGiven> {
    if !matches!(item.node.value, Value::Map(_)) {
        let Some(text) = item.raw_text(report) else { return Vec::new() };
        warn_of_literal(item, text, report);
        let said = Said { span: item.span(), path: item.path.clone() };
        let parts = text.text.split(',').map(str::trim).filter(|part| !part.is_empty());
        return parts
            .filter(|part| is_sendable(item, part, report))
            .map(|part| KeyGiven {
                secret: Secret::new(part),
                weight: 1.0,
                id: None,
                said: said.clone(),
                from: said.span,
            })
            .collect();
    }
    // Someone may have written `{sk-...: 3}`, so unknown keys of this map are not shown.
    let Some(map) = item.section(report) else { return Vec::new() };
    keyed(map.hide_keys(), report).into_iter().collect()
}

fn keyed(mut map: Section<'_>, report: &mut Report) -> Option<KeyGiven> {
    let said = Said { span: map.at.span(), path: map.at.path.clone() };
    let value = map.take(&["key", "api_key"], report);
    if value.is_none() {
        super::missing(&map, "key", "write {key: \"${VAR}\", weight: 1}", report);
    }
    let weight = map.take(&["weight"], report);
    let weight = weight.map_or(Some(1.0), |at| at.positive(report));
    let id = map.take(&["id"], report).and_then(|at| id(&at, report));
    map.finish(report);
    let value = value?;
    let text = value.raw_text(report)?;
    warn_of_literal(&value, text, report);
    let secret = text.text.trim();
    is_sendable(&value, secret, report).then_some(KeyGiven {
        secret: Secret::new(secret),
        weight: weight?,
        id,
        said,
        from: value.span(),
    })
}

/// Reads a name that appears in headers, paths and metrics.
pub(super) fn id(at: &At<'_>, report: &mut Report) -> Option<String> {
    /// Longer names would be cut by dashboards and header limits.
    const LONGEST: usize = 128;
    let text = at.text(report)?;
    let legal = |c: char| c.is_ascii_alphanumeric() || "-_./:@+".contains(c);
    if text.len() <= LONGEST && text.chars().all(legal) {
        return Some(text.to_owned());
    }
    let hint = "up to 128 letters, digits and - _ . / : @ +";
    at.problem_hint(report, "is not an id", hint);
    None
}

/// What is left of a text's quotes when one of them is missing, or when there are two pairs.
const QUOTES: [char; 3] = ['"', '\'', '`'];

fn is_sendable(at: &At<'_>, secret: &str, report: &mut Report) -> bool {
    let quoted = secret.starts_with(QUOTES) || secret.ends_with(QUOTES);
    let fits =
        !secret.is_empty() && !quoted && secret.chars().all(|c| c.is_ascii_graphic() && c != ',');
    if !fits {
        let hint = "look for quotes, line ends and pasted text";
        at.problem_hint(report, "holds a character that no key has", hint);
    }
    fits
}

fn warn_of_literal(at: &At<'_>, text: &Text, report: &mut Report) {
    if text.written != Written::Literally {
        return;
    }
    if text.text.starts_with(MASK) {
        let message = "a masked key, as `check --print` shows it, is no key";
        let hint = "write \"${VARIABLE}\" or \"file:/path\" in its place";
        report.warn(at.span(), &at.path, message, hint);
    } else {
        let hint = "write \"${VARIABLE}\" or \"file:/path\" instead";
        report.warn(at.span(), &at.path, "a key stands in the file as it is", hint);
    }
}
