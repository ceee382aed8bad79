//! Handles by index, made at their first use.
//!
//! A series appears only once something happened, so that the scrape stays small, and from then on
//! its handle is one pointer away without a lock or a hash.

use std::sync::OnceLock;

/// A fixed number of handles, each made when first asked for.
#[derive(Debug)]
pub(super) struct Table<T>(Box<[OnceLock<T>]>);

impl<T> Table<T> {
    /// A table of `len` handles, none made yet.
    pub(super) fn new(len: usize) -> Self {
        Self((0..len).map(|_| OnceLock::new()).collect())
    }

    /// The handle at `index`, made by `make` the first time; `None` beyond the table's end.
    pub(super) fn get(&self, index: usize, make: impl FnOnce() -> T) -> Option<&T> {
        Some(self.0.get(index)?.get_or_init(make))
    }
}
