//! JSON carried as text: schemas, tool arguments and vendor fields pass through untouched.
//!
//! Text keeps what a parsed tree loses: key order, number precision, duplicate keys. This crate
//! never parses it; the codecs that make a [`JsonText`] have read it already.

use std::fmt;

/// One JSON value as text, exactly as it was written.
///
/// The maker promises that it is valid JSON; the type only keeps texts and values apart.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct JsonText(Box<str>);

impl JsonText {
    /// Takes text that the caller knows to be one valid JSON value.
    #[must_use]
    pub fn from_valid(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }

    /// The text, without surrounding white space if its maker trimmed it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for JsonText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
