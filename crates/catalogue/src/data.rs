//! The data inside the binary, searched where it lies.
//!
//! Lines are in the order of their names, so a look is a dozen steps of a binary search over the text
//! and one line read. Nothing is built beforehand: a gateway that is started pays for the lines of its
//! own deployments, and pages of the text that nobody asks for stay on disk.

use crate::catalogue::Model;
use crate::line::{self, BadLine};

/// Every model that is known, one line each, behind lines of comment.
pub const EMBEDDED: &str = include_str!("../data/models.txt");

/// Where the data is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Notice;

impl Notice {
    /// The licence of the data's source, which goes wherever the data goes.
    pub const TEXT: &'static str = include_str!("../data/NOTICE");
}

/// Data that is not as it must be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// A line cannot be read.
    #[error("line {line}: {error}")]
    Line {
        /// Which line, from 1.
        line: usize,
        /// Why.
        error: BadLine,
    },
    /// A line stands before one that it belongs behind, or twice.
    #[error("line {line}: `{name}` is out of order")]
    Order {
        /// Which line, from 1.
        line: usize,
        /// Its name.
        name: String,
    },
    /// A line is not as it would be written.
    #[error("line {line}: `{name}` has its words in another order, or some twice")]
    Spelling {
        /// Which line, from 1.
        line: usize,
        /// Its name.
        name: String,
    },
    /// There is no model at all.
    #[error("there is no model")]
    Empty,
}

/// Checks that every line can be read, stands where it is looked for and is spelled in the one way;
/// tells how many models there are.
///
/// # Errors
/// With the first line that is not.
pub fn check(text: &str) -> Result<usize, Broken> {
    let mut before = "";
    let mut count = 0;
    for (index, text) in text.lines().enumerate().filter(|(_, text)| !text.starts_with('#')) {
        let number = index + 1;
        let (name, model) =
            line::read(text).map_err(|error| Broken::Line { line: number, error })?;
        if name <= before {
            return Err(Broken::Order { line: number, name: name.to_owned() });
        }
        if line::write(name, &model) != text {
            return Err(Broken::Spelling { line: number, name: name.to_owned() });
        }
        before = name;
        count += 1;
    }
    if count == 0 { Err(Broken::Empty) } else { Ok(count) }
}

/// The model of exactly this name.
pub(crate) fn find(text: &str, name: &str) -> Option<Model> {
    let (mut from, mut to) = (0, text.len());
    while from < to {
        let middle = from + (to - from) / 2;
        // Positions are moved to line ends, which no character of a name is part of.
        let bytes = text.as_bytes();
        let before = bytes.get(from..middle)?.iter().rposition(|byte| *byte == b'\n');
        let start = before.map_or(from, |at| from + at + 1);
        let rest = bytes.get(start..to)?;
        let end = rest.iter().position(|byte| *byte == b'\n').map_or(to, |at| start + at);
        let line = text.get(start..end)?;
        let found = line.split(' ').next().unwrap_or_default();
        // Comments stand in front of everything.
        let order = if line.starts_with('#') { std::cmp::Ordering::Less } else { found.cmp(name) };
        match order {
            std::cmp::Ordering::Equal => return line::read(line).ok().map(|(_, model)| model),
            std::cmp::Ordering::Less => from = (end + 1).min(to),
            std::cmp::Ordering::Greater => to = start,
        }
    }
    None
}

#[cfg(test)]
mod tests;
