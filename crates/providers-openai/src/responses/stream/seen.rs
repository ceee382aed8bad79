//! What of a response's output was told already, item by item.

use std::collections::BTreeMap;
use tollgate_providers_common::DecodeError;

use crate::malformed::malformed;

/// Items and parts tracked; more are no answer.
const ITEMS_MAX: usize = 1024;

/// What was told.
#[derive(Debug, Default)]
pub(super) struct Seen {
    items: BTreeMap<u64, Item>,
    parts: BTreeMap<(u64, u64), ()>,
    calls: usize,
}

#[derive(Debug, Default)]
struct Item {
    /// The call's number, and whether any of its arguments came.
    call: Option<(usize, bool)>,
    /// The part of reasoning told last.
    thought: Option<u64>,
    signed: bool,
}

impl Seen {
    /// Whether the item was unknown.
    pub(super) fn item(&mut self, at: u64) -> Result<bool, DecodeError> {
        let known = self.items.contains_key(&at);
        self.entry(at)?;
        Ok(!known)
    }

    /// Whether any of a message's part was told.
    pub(super) fn part(&self, at: (u64, u64)) -> bool {
        self.parts.contains_key(&at)
    }

    /// Some of a message's part is told.
    pub(super) fn say(&mut self, at: (u64, u64)) -> Result<(), DecodeError> {
        if self.parts.len() >= ITEMS_MAX && !self.parts.contains_key(&at) {
            return Err(too_many());
        }
        self.parts.insert(at, ());
        Ok(())
    }

    /// The part of an item's reasoning that was told last.
    pub(super) fn thought_at(&self, at: u64) -> Option<u64> {
        self.items.get(&at)?.thought
    }

    /// Some of a part of reasoning is told; the part before it.
    pub(super) fn think(&mut self, at: u64, part: u64) -> Result<Option<u64>, DecodeError> {
        Ok(self.entry(at)?.thought.replace(part))
    }

    /// Whether an item's signature was not told before; it is now.
    pub(super) fn sign(&mut self, at: u64) -> Result<bool, DecodeError> {
        Ok(!std::mem::replace(&mut self.entry(at)?.signed, true))
    }

    /// The number of a call that begins; `None` where it has begun.
    pub(super) fn call(&mut self, at: u64) -> Result<Option<usize>, DecodeError> {
        let number = self.calls;
        let item = self.entry(at)?;
        if item.call.is_some() {
            return Ok(None);
        }
        item.call = Some((number, false));
        self.calls += 1;
        Ok(Some(number))
    }

    /// The number of a call of which arguments come.
    pub(super) fn argue(&mut self, at: u64) -> Result<usize, DecodeError> {
        match self.items.get_mut(&at).and_then(|item| item.call.as_mut()) {
            Some((number, argued)) => {
                *argued = true;
                Ok(*number)
            }
            None => Err(malformed("arguments of a call that did not begin")),
        }
    }

    /// Whether a call has begun and nothing of its arguments came.
    pub(super) fn is_bare(&self, at: u64) -> bool {
        let call = self.items.get(&at).and_then(|item| item.call);
        call.is_some_and(|(_, argued)| !argued)
    }

    /// Whether any call has begun.
    pub(super) fn has_calls(&self) -> bool {
        self.calls > 0
    }

    fn entry(&mut self, at: u64) -> Result<&mut Item, DecodeError> {
        if self.items.len() >= ITEMS_MAX && !self.items.contains_key(&at) {
            return Err(too_many());
        }
        Ok(self.items.entry(at).or_default())
    }
}

fn too_many() -> DecodeError {
    malformed(format!("more than {ITEMS_MAX} items"))
}
