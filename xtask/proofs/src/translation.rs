//! The matrix of translation: which field of a client's dialect reaches which vendor, and how.
//!
//! One probe for each field goes through the real reader of the client's dialect and the real codec
//! of each vendor, on the way that the engine would take, and what comes out is compared with the
//! same request without the field. A field that neither changes the vendor's request nor is named
//! as lost nor refused vanished in silence: that is a fault, and no page is made. Answers go the
//! other way. It must never hold an outcome: all of them are found.

mod answers;
mod outcome;
mod page;
mod probe;
mod requests;
pub(crate) mod vendors;

use anyhow::Result;

/// A cell of the matrix that no page may hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The dialect that the probe is written in.
    pub from: String,
    /// Where it was sent.
    pub to: String,
    /// The field.
    pub field: String,
    /// What is wrong.
    pub what: String,
}

/// Runs every probe and writes the page down; a page with faults is none.
///
/// # Errors
/// When a probe cannot be read, or a dialect that clients speak has none.
pub fn run() -> Result<(String, Vec<Fault>)> {
    let requests = requests::tables()?;
    let answers = answers::tables()?;
    Ok(page::made(&requests, &answers))
}

#[cfg(test)]
mod tests;
