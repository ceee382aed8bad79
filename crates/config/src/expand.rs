//! `${VAR}`, `${VAR:-default}` and `file:/path` in text values, after parsing; `os.environ/VAR` too,
//! which is how LiteLLM writes the first.
//!
//! Doing this in the tree and not in the text means that a secret with a quote or a colon in it
//! cannot change the document, and that a comment may mention `${ANYTHING}`. Keys are not expanded.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::PathBuf;

use crate::report::{Reference, Report};
use crate::tree::{Node, Value, Written, child_path};

/// Largest file that a value may be read from: these are keys, not documents.
const MAX_FILE: u64 = 64 << 10;

/// Deepest nesting of defaults, as in `${A:-${B:-c}}`.
const MAX_NESTING: usize = 8;

/// What LiteLLM writes before a variable's name, as the whole of a value.
const LITELLM: &str = "os.environ/";

/// Expands every text below `node`. A text that cannot be expanded is reported and marked broken.
pub(crate) fn expand(
    node: &mut Node,
    path: &str,
    env: &BTreeMap<String, String>,
    report: &mut Report,
) {
    walk(node, path, &mut |node, path| expand_text(node, path, env, report));
}

// Depth is bounded by every parser that makes a tree.
fn walk(node: &mut Node, path: &str, visit: &mut dyn FnMut(&mut Node, &str)) {
    match &mut node.value {
        Value::List(items) => {
            for (n, item) in items.iter_mut().enumerate() {
                walk(item, &format!("{path}[{n}]"), visit);
            }
        }
        Value::Map(entries) => {
            for entry in entries {
                walk(&mut entry.node, &child_path(path, &entry.key), visit);
            }
        }
        Value::Text(_) => visit(node, path),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Broken => {}
    }
}

fn expand_text(node: &mut Node, path: &str, env: &BTreeMap<String, String>, report: &mut Report) {
    let Value::Text(text) = &mut node.value else { return };
    let named = text.text.strip_prefix(LITELLM);
    if named.is_none() && !text.text.contains("${") && !text.text.starts_with("file:") {
        return;
    }
    let (mut used, mut files) = (Vec::new(), Vec::new());
    let mut from = Outside { env, used: &mut used, files: &mut files };
    let expanded = match named {
        Some(name) if is_name(name) => variable(name, &mut from, 0),
        Some(_) => Err(failure(
            "`os.environ/` is not followed by the name of a variable",
            "write `os.environ/NAME` or `${NAME}`",
        )),
        None => variables(&text.text, &mut from, MAX_NESTING),
    };
    let expanded = expanded.and_then(|expanded| contents(&expanded, &mut from));
    files.into_iter().for_each(|file| report.refers_to(file));
    match expanded {
        Ok(expanded) => {
            let whole = named.is_some() || is_one_reference(&text.text);
            if !used.is_empty() && !whole {
                used.push(Reference::TextBeside);
            }
            report.refer(node.span, used);
            if text.written == Written::Literally && text.text.replace("$${", "${") != expanded {
                text.written = Written::Expanded;
            }
            text.text = expanded;
        }
        Err(Failure { message, hint }) => {
            report.problem_hint(node.span, path, message, hint);
            node.value = Value::Broken;
        }
    }
}

/// Whether the text is a reference and nothing else.
fn is_one_reference(text: &str) -> bool {
    let inner = text.strip_prefix("${");
    let ends = inner.is_some_and(|inner| closing(inner) == Some(inner.len() - 1));
    ends || text.starts_with("file:") && !text.contains("${")
}

/// Where values come from, and which of them were used.
struct Outside<'a> {
    env: &'a BTreeMap<String, String>,
    used: &'a mut Vec<Reference>,
    /// Files that values were read from, or should have been.
    files: &'a mut Vec<PathBuf>,
}

struct Failure {
    message: String,
    hint: String,
}

fn failure(message: impl Into<String>, hint: impl Into<String>) -> Failure {
    Failure { message: message.into(), hint: hint.into() }
}

fn variables(text: &str, from: &mut Outside<'_>, nesting: usize) -> Result<String, Failure> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        let (before, reference) = rest.split_at(at);
        if let Some(literal) = before.strip_suffix('$') {
            out.push_str(literal);
            out.push_str("${");
            rest = reference.get(2..).unwrap_or_default();
            continue;
        }
        out.push_str(before);
        let inner = reference.get(2..).unwrap_or_default();
        let end = closing(inner).ok_or_else(|| {
            failure("`${` without its `}`", "write `$${` for the two characters themselves")
        })?;
        out.push_str(&variable(inner.get(..end).unwrap_or_default(), from, nesting)?);
        rest = inner.get(end + 1..).unwrap_or_default();
    }
    out.push_str(rest);
    Ok(out)
}

/// Where the `}` stands that closes a reference which began just before `inner`.
fn closing(inner: &str) -> Option<usize> {
    let mut open = 0_usize;
    let mut before = ' ';
    for (at, c) in inner.char_indices() {
        match c {
            '{' if before == '$' => open += 1,
            '}' if open == 0 => return Some(at),
            '}' => open -= 1,
            _ => {}
        }
        before = c;
    }
    None
}

fn variable(reference: &str, from: &mut Outside<'_>, nesting: usize) -> Result<String, Failure> {
    let (name, default) = match reference.split_once(":-") {
        Some((name, default)) => (name, Some(default)),
        None => (reference, None),
    };
    if !is_name(name) {
        return Err(failure(
            "`${...}` does not hold the name of a variable",
            "write `$${` for the two characters themselves",
        ));
    }
    match (from.env.get(name), default) {
        (Some(value), None) => {
            from.used.push(Reference::Variable(name.to_owned()));
            Ok(value.clone())
        }
        (Some(value), Some(_)) if !value.is_empty() => {
            from.used.push(Reference::Variable(name.to_owned()));
            Ok(value.clone())
        }
        (Some(_) | None, Some(default)) => {
            let nesting = nesting
                .checked_sub(1)
                .ok_or_else(|| failure("defaults are nested too deeply", "use fewer of them"))?;
            variables(default, from, nesting)
        }
        (None, None) => Err(failure(
            format!("the environment variable {name} is not set"),
            format!("set it, or write `${{{name}:-default}}`"),
        )),
    }
}

fn is_name(text: &str) -> bool {
    let legal = |c: char| c.is_ascii_alphanumeric() || c == '_';
    !text.is_empty() && text.chars().all(legal) && !text.starts_with(|c: char| c.is_ascii_digit())
}

/// What a `file:` reference names; the text itself where it is none.
fn contents(text: &str, from: &mut Outside<'_>) -> Result<String, Failure> {
    let Some(rest) = text.strip_prefix("file:") else { return Ok(text.to_owned()) };
    let path = match rest.strip_prefix("//") {
        Some(path) if path.starts_with('/') => path,
        Some(_) | None => rest,
    };
    if path.starts_with("./") || path.starts_with("../") {
        return Err(failure("`file:` needs an absolute path", "write `file:/path/to/file`"));
    }
    if !path.starts_with('/') {
        return Ok(text.to_owned());
    }
    from.files.push(path.into());
    let unreadable = |error: &std::io::Error| {
        failure(format!("cannot read the file {path}: {}", error.kind()), "check path and rights")
    };
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(|error| unreadable(&error))?;
    file.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(|error| unreadable(&error))?;
    if bytes.len() as u64 > MAX_FILE {
        let message = format!("the file {path} is larger than {MAX_FILE} bytes");
        return Err(failure(message, "a value is read from it, not a document"));
    }
    let text = String::from_utf8(bytes)
        .map_err(|_| failure(format!("the file {path} is not UTF-8"), "write it as UTF-8"))?;
    from.used.push(Reference::File(path.to_owned()));
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

#[cfg(test)]
mod tests;
