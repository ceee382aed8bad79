//! What a body shall become: a sparse list of changes to its entries, and the entries to add.
//!
//! A body of many keys costs nothing here until an edit names one of them.

use bytes::Bytes;
use std::borrow::Cow;

use super::write::Writer;
use crate::scan::{self, Entry, Layout};

/// Edits `body`; `layout` is read anew where it cannot be the body's.
pub(super) fn edit<'a>(
    body: &'a Bytes,
    layout: &'a Layout,
    steps: impl FnOnce(&mut Draft<'a>),
) -> Bytes {
    let entries = if layout.fits(body) {
        Cow::Borrowed(layout.entries())
    } else {
        let Ok(layout) = scan::layout(body) else { return body.clone() };
        Cow::Owned(layout.into_entries())
    };
    let mut draft = Draft { text: body, entries, changes: Vec::new(), added: Vec::new() };
    steps(&mut draft);
    draft.write().unwrap_or_else(|| body.clone())
}

/// A body and its pending changes.
#[derive(Debug)]
pub(super) struct Draft<'a> {
    text: &'a [u8],
    entries: Cow<'a, [Entry]>,
    /// At most one for each entry, in no order.
    changes: Vec<Change<'a>>,
    added: Vec<Added<'a>>,
}

/// What becomes of one entry of the body.
#[derive(Debug)]
struct Change<'a> {
    entry: usize,
    removed: bool,
    key: Option<&'a str>,
    value: Option<Cow<'a, str>>,
}

/// An entry behind those of the body.
#[derive(Debug)]
struct Added<'a> {
    key: &'a str,
    value: Cow<'a, str>,
    /// A default that nothing has overwritten.
    default: bool,
}

/// Where a key stands now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Entry(usize),
    Added(usize),
}

impl<'a> Draft<'a> {
    /// Whether the key is there after the changes so far.
    pub(super) fn has(&self, key: &str) -> bool {
        self.find(key).is_some()
    }

    /// Adds an entry that gives way to the client's own.
    pub(super) fn add_default(&mut self, key: &'a str, json: &'a str) {
        self.added.push(Added { key, value: Cow::Borrowed(json), default: true });
    }

    /// Sets a key in place, or adds it.
    pub(super) fn set(&mut self, key: &'a str, json: Cow<'a, str>) {
        match self.find(key) {
            Some(Place::Entry(entry)) => {
                let same = self.value(entry) == Some(json.as_bytes());
                // Nothing is recorded where the body says so already: no change, no copy.
                if !same || self.change(entry).is_some() {
                    self.alter(entry, |change| change.value = Some(json));
                }
            }
            Some(Place::Added(at)) => {
                if let Some(added) = self.added.get_mut(at) {
                    *added = Added { key, value: json, default: false };
                }
            }
            None => self.added.push(Added { key, value: json, default: false }),
        }
    }

    /// Removes a key where it is there.
    pub(super) fn remove(&mut self, key: &str) {
        if let Some(place) = self.find(key) {
            self.drop_place(place);
        }
    }

    /// Gives the key `from` the name `to`; where that is taken, see [`super::Edits::apply`].
    pub(super) fn rename(&mut self, from: &str, to: &'a str) {
        if from == to {
            return;
        }
        let Some(source) = self.find(from) else { return };
        if let Some(taken) = self.find(to) {
            let client_wins = self.is_default(taken) && !self.is_default(source);
            self.drop_place(if client_wins { taken } else { source });
            if !client_wins {
                return;
            }
        }
        // Dropping may have moved an added entry, so it is looked up again.
        match self.find(from) {
            Some(Place::Entry(entry)) => self.alter(entry, |change| change.key = Some(to)),
            Some(Place::Added(at)) => {
                if let Some(added) = self.added.get_mut(at) {
                    added.key = to;
                }
            }
            None => {}
        }
    }

    fn find(&self, key: &str) -> Option<Place> {
        let added = || self.added.iter().position(|added| added.key == key).map(Place::Added);
        let renamed = || {
            let change = self.changes.iter().find(|c| !c.removed && c.key == Some(key))?;
            Some(Place::Entry(change.entry))
        };
        self.original(key).map(Place::Entry).or_else(renamed).or_else(added)
    }

    /// The entry that has this key in the body, and still has it.
    fn original(&self, key: &str) -> Option<usize> {
        let entry = self.entries.iter().position(|entry| entry.is(self.text, key))?;
        let stays = self.change(entry).is_none_or(|change| !change.removed && change.key.is_none());
        stays.then_some(entry)
    }

    fn value(&self, entry: usize) -> Option<&'a [u8]> {
        self.entries.get(entry)?.value_bytes(self.text)
    }

    fn is_default(&self, place: Place) -> bool {
        match place {
            Place::Entry(_) => false,
            Place::Added(at) => self.added.get(at).is_some_and(|added| added.default),
        }
    }

    fn drop_place(&mut self, place: Place) {
        match place {
            Place::Entry(entry) => self.alter(entry, |change| change.removed = true),
            Place::Added(at) => drop(self.added.remove(at)),
        }
    }

    fn change(&self, entry: usize) -> Option<&Change<'a>> {
        self.changes.iter().find(|change| change.entry == entry)
    }

    /// Records a change of an entry, upon what was recorded before.
    fn alter(&mut self, entry: usize, change: impl FnOnce(&mut Change<'a>)) {
        if let Some(known) = self.changes.iter_mut().find(|known| known.entry == entry) {
            return change(known);
        }
        let mut new = Change { entry, removed: false, key: None, value: None };
        change(&mut new);
        self.changes.push(new);
    }

    /// The new body; `None` where nothing changed.
    fn write(mut self) -> Option<Bytes> {
        if self.changes.is_empty() && self.added.is_empty() {
            return None;
        }
        self.changes.sort_unstable_by_key(|change| change.entry);
        let mut writer = Writer::new(self.text, &self.entries, self.capacity());
        for change in &self.changes {
            let Change { entry, removed, key, value } = change;
            if *removed {
                writer.remove(*entry);
            } else {
                writer.replace(*entry, *key, value.as_deref());
            }
        }
        for Added { key, value, default: _ } in &self.added {
            writer.add(key, value);
        }
        Some(writer.finish())
    }

    /// At least the length of the new body, so that it is allocated once; exactly that where values
    /// are replaced and nothing else changes, as nearly always, which spares [`Bytes`] a header.
    fn capacity(&self) -> usize {
        // Quotes, colon and comma, and room for a few escapes.
        const PUNCTUATION: usize = 16;
        let (mut new, mut old) = (0, 0);
        for Change { entry, removed, key, value } in &self.changes {
            new += key.map_or(0, |key| key.len() + PUNCTUATION);
            if let Some(value) = value.as_deref().filter(|_| !removed) {
                new += value.len();
                old += self.value(*entry).map_or(0, <[u8]>::len);
            }
        }
        let added = self.added.iter().map(|added| added.key.len() + added.value.len());
        new += added.map(|len| len + PUNCTUATION).sum::<usize>();
        (self.text.len() + new).saturating_sub(old)
    }
}
