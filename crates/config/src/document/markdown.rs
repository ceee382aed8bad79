//! The tables as Markdown, between marks in a page whose prose people write.
//!
//! ```text
//! <!-- keys: server -->
//! (made by `cargo xtask schema`)
//! <!-- end of keys -->
//! ```

use super::{Default, Key, Shape, Table, tables};

const BEGIN: &str = "<!-- keys: ";
const BEGIN_END: &str = " -->\n";
const END: &str = "<!-- end of keys -->";

/// Why a page cannot take the tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unfit {
    /// A mark names no table.
    Unknown(String),
    /// A table has no place on the page.
    Missing(&'static str),
    /// A mark is never closed.
    Unclosed(String),
}

impl std::error::Error for Unfit {}

impl std::fmt::Display for Unfit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unknown(name) => write!(f, "there is no table `{name}`"),
            Self::Missing(name) => write!(f, "the page has no `{BEGIN}{name} -->`"),
            Self::Unclosed(name) => write!(f, "`{BEGIN}{name} -->` has no `{END}`"),
        }
    }
}

/// The page with every table between its marks as it is now; everything else stays.
///
/// # Errors
/// When a mark names no table or is not closed, or a table has no mark.
pub fn markdown(page: &str) -> Result<String, Unfit> {
    let mut out = String::with_capacity(page.len());
    let mut seen: Vec<&str> = Vec::new();
    let mut rest = page;
    while let Some((before, after)) = rest.split_once(BEGIN) {
        let (name, body) =
            after.split_once(BEGIN_END).ok_or_else(|| Unfit::Unclosed(first_line(after)))?;
        let (_, after) = body.split_once(END).ok_or_else(|| Unfit::Unclosed(name.to_owned()))?;
        let (known, table) = tables::TOLD
            .iter()
            .find(|(known, _)| *known == name)
            .ok_or_else(|| Unfit::Unknown(first_line(name)))?;
        seen.push(known);
        out.extend([before, BEGIN, name, BEGIN_END, &rows(&table()), END]);
        rest = after;
    }
    out.push_str(rest);
    match tables::TOLD.iter().find(|(name, _)| !seen.contains(name)) {
        Some((name, _)) => Err(Unfit::Missing(name)),
        None => Ok(out),
    }
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

fn rows(table: &Table) -> String {
    let mut out = String::from("| key | default | meaning |\n|---|---|---|\n");
    table_rows(table, "", &mut out);
    out
}

fn table_rows(table: &Table, prefix: &str, out: &mut String) {
    for key in &table.keys {
        if matches!(key.shape, Shape::Foreign) {
            continue;
        }
        // A map alone is told by its keys; one among other forms has a row of its own as well.
        if !matches!(key.shape, Shape::Table(_)) {
            row(key, prefix, out);
        }
        let inner = table_of(&key.shape);
        if let Some(inner) = inner {
            table_rows(&inner(), &format!("{prefix}{}.", key.name()), out);
        }
    }
}

fn table_of(shape: &Shape) -> Option<fn() -> Table> {
    if let Shape::Either(shapes) = shape {
        return shapes.iter().find_map(table_of);
    }
    if let Shape::Table(inner) = shape { Some(*inner) } else { None }
}

fn row(key: &Key, prefix: &str, out: &mut String) {
    let default = match &key.default {
        Default::None => String::new(),
        Default::Value(value) => format!("`{value}`"),
        Default::Words(words) => (*words).to_owned(),
    };
    let mut about = key.about.clone();
    if let Shape::Whole(low, high) = key.shape
        && high < tables::MANY
    {
        about.push_str(&format!("; {low} to {high}"));
    }
    let others: Vec<String> = key.names.iter().skip(1).map(|name| format!("`{name}`")).collect();
    if !others.is_empty() {
        about.push_str(&format!(". Also {}", others.join(", ")));
    }
    let name = key.name();
    out.push_str(&format!("| `{prefix}{name}` | {default} | {about} |\n"));
}
