//! What may stand in a configuration: every key with its meaning, shape and default, as data.
//!
//! It exists so that the reference, the JSON Schema and the reader cannot drift apart: the first two
//! are made from these tables by `cargo xtask schema`, and a test holds that the reader asks for
//! exactly the keys that stand here. Nothing is checked by it: that is `check`'s alone. It must
//! never say a default that is not the one of [`crate::types`].

mod markdown;
mod schema;
mod tables;

pub use markdown::{Unfit, markdown};
pub use schema::json_schema;

/// A map whose keys are known.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    /// What it is, from its doc comment.
    about: String,
    keys: Vec<Key>,
}

/// One key of a table.
#[derive(Debug, Clone)]
struct Key {
    /// Its name and, after it, what else is understood; the first one is ours.
    names: &'static [&'static str],
    /// What it means, from its doc comment.
    about: String,
    shape: Shape,
    default: Default,
}

/// What holds where a key is absent.
#[derive(Debug, Clone)]
enum Default {
    /// Nothing that could be said in a word.
    None,
    /// This value, in the words of a configuration.
    Value(String),
    /// What this text says.
    Words(&'static str),
}

/// What a value may look like. Every scalar may also be a reference such as `${VAR}`.
#[derive(Debug, Clone)]
enum Shape {
    Text,
    /// A text that must not be looked at: a key.
    Secret,
    Bool,
    /// A whole number between these two.
    Whole(u64, u64),
    /// A number over 0.
    Positive,
    /// A number of at least 0.
    Number,
    /// A number from 0 to 1.
    Ratio,
    Duration,
    Size,
    Address,
    /// An address, or one of the words for none.
    AddressOrOff,
    Url,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A text, or `false`.
    TextOrFalse,
    /// A list of texts; one alone counts as a list.
    Texts,
    /// Names with texts.
    Named,
    /// Names, each with one of these words.
    NamedChoice(&'static [&'static str]),
    /// Names with any values.
    Values,
    /// A map of these keys, whose rows stand with its parent's.
    Table(fn() -> Table),
    /// A map of these keys, told somewhere else in the reference.
    See(fn() -> Table),
    /// Names of the user's choice, each with such a map.
    Each(fn() -> Table),
    /// A list of such maps.
    List(fn() -> Table),
    /// Keys for a vendor: one, several, each perhaps with a weight and a name.
    Keys,
    /// Any of these.
    Either(Vec<Shape>),
    /// A map that other systems write; moved to where it is read, and checked there.
    Foreign,
    /// A list of such maps.
    ForeignList,
}

impl Table {
    /// The table with another's keys behind its own.
    fn and(mut self, other: Self) -> Self {
        self.keys.extend(other.keys);
        self
    }
}

impl Key {
    /// The name that we write.
    fn name(&self) -> &'static str {
        self.names.first().copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
