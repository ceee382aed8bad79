//! A short list of places that needs no allocation until it is long.
//!
//! A request rarely tries more than a few members or groups; the lists of those live in its future.

/// How many places fit without an allocation.
const INLINE: usize = 4;

/// Places in a group or a router, in the order in which they were added.
#[derive(Debug, Clone, Default)]
pub(crate) struct Places {
    inline: [usize; INLINE],
    len: usize,
    spilled: Vec<usize>,
}

impl Places {
    /// Adds a place at the end.
    pub(crate) fn push(&mut self, place: usize) {
        match self.inline.get_mut(self.len) {
            Some(slot) => *slot = place,
            None => self.spilled.push(place),
        }
        self.len += 1;
    }

    /// Every place, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = usize> {
        self.inline.iter().take(self.len).chain(&self.spilled).copied()
    }

    /// Whether this place was added.
    pub(crate) fn contains(&self, place: usize) -> bool {
        self.iter().any(|added| added == place)
    }

    /// The place added last.
    pub(crate) fn last(&self) -> Option<usize> {
        self.spilled
            .last()
            .copied()
            .or_else(|| self.len.checked_sub(1).and_then(|last| self.inline.get(last)).copied())
    }

    /// The place, if there is exactly one.
    pub(crate) fn only(&self) -> Option<usize> {
        self.last().filter(|_| self.len == 1)
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Forgets all.
    pub(crate) fn clear(&mut self) {
        self.len = 0;
        self.spilled.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_list_of_any_length() {
        let mut places = Places::default();
        assert_eq!((places.len(), places.last(), places.only()), (0, None, None));
        assert!(!places.contains(0));
        for place in 0..10 {
            places.push(place);
            assert_eq!(places.last(), Some(place));
            assert_eq!(places.only(), (place == 0).then_some(0));
            assert_eq!(places.iter().collect::<Vec<_>>(), (0..=place).collect::<Vec<_>>());
        }
        assert!(places.contains(9) && !places.contains(10));
        places.clear();
        assert_eq!((places.len(), places.last(), places.contains(0)), (0, None, false));
    }
}
