//! Items as YAML: blocks, one value a line, its origin behind it.

use std::fmt::Write as _;

use super::{Item, Shown};

/// Where origins stand; a longer line pushes its own.
const COLUMN: usize = 52;

const HEAD: &str = "\
# The configuration in effect. Behind each value stands where it came from.
# Secrets are masked: *** and the id of the key.
";

pub(super) fn write(items: &[Item]) -> String {
    let mut out = HEAD.to_owned();
    block(items, 0, &mut out);
    out
}

fn block(items: &[Item], indent: usize, out: &mut String) {
    for item in items {
        entry(item, indent, &" ".repeat(indent), out);
    }
}

/// One entry, after `lead`: the indentation, or that of a list with its dash.
fn entry(item: &Item, indent: usize, lead: &str, out: &mut String) {
    let line = format!("{lead}{}:", scalar(&item.key));
    match &item.value {
        Shown::Text(text) => say(&format!("{line} {}", scalar(&escape(text))), &item.origin, out),
        Shown::Json(json) => {
            say(&format!("{line} {}", controls(&escape(json.as_str()))), &item.origin, out);
        }
        Shown::Texts(texts) => {
            let texts: Vec<String> = texts.iter().map(|text| quoted(&escape(text))).collect();
            say(&format!("{line} [{}]", texts.join(", ")), &item.origin, out);
        }
        Shown::Map(items) if items.is_empty() => say(&format!("{line} {{}}"), "", out),
        Shown::Map(items) => {
            say(&line, "", out);
            block(items, indent + 2, out);
        }
        Shown::List(maps) => {
            say(&line, "", out);
            for map in maps {
                for (n, item) in map.iter().enumerate() {
                    let dash = if n == 0 { "- " } else { "  " };
                    let lead = format!("{}{dash}", " ".repeat(indent + 2));
                    entry(item, indent + 4, &lead, out);
                }
            }
        }
    }
}

fn say(line: &str, origin: &str, out: &mut String) {
    if origin.is_empty() {
        let _ = writeln!(out, "{line}");
    } else {
        // A file's name may hold anything; a comment ends with its line.
        let origin = tollgate_core_types::error::clean(origin, 300).replace('\n', " ");
        let gap = COLUMN.saturating_sub(line.chars().count()).max(2);
        let _ = writeln!(out, "{line}{}# {origin}", " ".repeat(gap));
    }
}

/// A text whose references are none, for expansion to leave it as it is.
fn escape(text: &str) -> String {
    text.replace("${", "$${")
}

/// A text as a scalar, in quotes unless nobody could take it for anything else.
pub(super) fn scalar(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { quoted(text) }
}

fn is_plain(text: &str) -> bool {
    /// What some YAML or other takes for a truth value, a number or nothing.
    const WORDS: [&str; 12] =
        ["true", "false", "yes", "no", "on", "off", "y", "n", "null", "nan", "inf", "infinity"];
    let duration = text.strip_suffix("ms").or_else(|| text.strip_suffix(['s', 'm', 'h']));
    let number =
        duration.or_else(|| text.strip_suffix("iB").map(|it| it.trim_end_matches(['K', 'M', 'G'])));
    if number.is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
    {
        return true;
    }
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "_./:@+-".contains(c))
        && !text.ends_with(':')
        && !WORDS.contains(&text.to_ascii_lowercase().as_str())
}

fn quoted(text: &str) -> String {
    controls(&serde_json::Value::from(text).to_string())
}

/// JSON leaves characters as they are that YAML forbids or takes for the end of a line.
fn controls(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '\u{7f}'..='\u{9f}'
            | '\u{2028}'
            | '\u{2029}'
            | '\u{feff}'
            | '\u{fffe}'
            | '\u{ffff}' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            other => out.push(other),
        }
    }
    out
}
