//! How much memory the bodies of all requests and answers hold together.
//!
//! Each body has a bound of its own; what many of them hold at once needs one as well, or a burst
//! of large prompts ends the process. Room is taken as bytes arrive, not as a head announces them:
//! else a few heads without bodies would take all of it. What was taken goes back by itself.

use bytes::Bytes;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Bodies up to this size are not counted: they are small beside what every request costs.
const FREE: usize = 4 << 10;

/// A bound on what bodies hold together. Clones share it.
#[derive(Debug, Clone)]
pub struct Memory(Arc<Books>);

#[derive(Debug)]
struct Books {
    held: AtomicUsize,
    bound: AtomicUsize,
}

/// There is no room for more bytes now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the bodies of other requests hold all the memory that is allowed")]
pub struct NoRoom;

impl Memory {
    /// The bound of a gateway that nobody gave another one, in bytes.
    pub const DEFAULT: usize = 512 << 20;

    /// Memory of `bound` bytes, nothing held.
    #[must_use]
    pub fn new(bound: usize) -> Self {
        Self(Arc::new(Books { held: AtomicUsize::new(0), bound: AtomicUsize::new(bound) }))
    }

    /// Another bound from now on. What is held above a lower one stays.
    pub fn set_bound(&self, bound: usize) {
        self.0.bound.store(bound, Ordering::Relaxed);
    }

    /// What is held now, in bytes.
    #[must_use]
    pub fn held(&self) -> usize {
        self.0.held.load(Ordering::Relaxed)
    }

    /// Whether `bytes` more would find room now; takes nothing.
    #[must_use]
    pub fn fits(&self, bytes: u64) -> bool {
        let held = self.held() as u64;
        bytes <= FREE as u64
            || held.saturating_add(bytes) <= self.0.bound.load(Ordering::Relaxed) as u64
    }

    /// Room for one body, none taken yet.
    #[must_use]
    pub fn room(&self) -> Room {
        Room { memory: self.clone(), size: 0, taken: 0 }
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::new(Self::DEFAULT)
    }
}

/// The room of one body; dropped, it goes back.
#[derive(Debug)]
pub struct Room {
    memory: Memory,
    size: usize,
    taken: usize,
}

impl Room {
    /// Takes room for `bytes` more.
    ///
    /// # Errors
    /// [`NoRoom`] where the bound would be passed; what was taken before stays taken.
    pub fn grow(&mut self, bytes: usize) -> Result<(), NoRoom> {
        let (size, more) = self.more(bytes);
        if more > 0 {
            let books = &*self.memory.0;
            let bound = books.bound.load(Ordering::Relaxed);
            let fitting = |held: usize| held.checked_add(more).filter(|sum| *sum <= bound);
            let taken = books.held.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fitting);
            taken.map_err(|_| NoRoom)?;
        }
        self.size = size;
        self.taken += more;
        Ok(())
    }

    /// Takes room for `bytes` more, whether or not there is any: for what is paid for and on its
    /// way. It makes what comes later wait.
    pub fn grow_anyway(&mut self, bytes: usize) {
        let (size, more) = self.more(bytes);
        self.memory.0.held.fetch_add(more, Ordering::Relaxed);
        self.size = size;
        self.taken += more;
    }

    /// `body`, which holds this room until the last of its slices is gone.
    #[must_use]
    pub fn hold(self, body: Bytes) -> Bytes {
        if self.taken == 0 { body } else { Bytes::from_owner(Held { body, _room: self }) }
    }

    /// The size with `bytes` more, and how much of it is yet to be taken.
    fn more(&self, bytes: usize) -> (usize, usize) {
        let size = self.size.saturating_add(bytes);
        let due = if size > FREE { size } else { 0 };
        (size, due - self.taken)
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.memory.0.held.fetch_sub(self.taken, Ordering::Relaxed);
    }
}

struct Held {
    body: Bytes,
    _room: Room,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.body
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn room_goes_back_with_the_last_slice_of_its_body() {
        let memory = Memory::new(100_000);
        let mut room = memory.room();
        room.grow(60_000).unwrap();
        let body = room.hold(Bytes::from(vec![b'x'; 60_000]));
        assert!(!memory.fits(60_000) && memory.fits(40_000));
        assert_eq!(memory.room().grow(40_001), Err(NoRoom));
        let slice = body.slice(5..6);
        drop(body);
        assert_eq!((memory.held(), &*slice), (60_000, &b"x"[..]));
        drop(slice);
        assert_eq!(memory.held(), 0);
    }

    #[test]
    fn what_is_paid_for_is_kept_beyond_the_bound_and_bars_the_rest() {
        let memory = Memory::new(10_000);
        let mut answer = memory.room();
        answer.grow_anyway(30_000);
        assert_eq!(memory.room().grow(5000), Err(NoRoom));
        assert_eq!(memory.room().grow(FREE), Ok(()), "small ones pass");
        drop(answer);
        assert_eq!(memory.room().grow(5000), Ok(()));
    }

    proptest! {
        #[test]
        fn the_bound_is_kept_and_everything_comes_back(
            steps in prop::collection::vec((0_usize..4, 0_usize..9000), 0..60),
        ) {
            let memory = Memory::new(20_000);
            let mut rooms: Vec<Room> = (0..4).map(|_| memory.room()).collect();
            for (index, bytes) in steps {
                if bytes % 7 == 0 {
                    rooms[index] = memory.room();
                } else {
                    let _ = rooms[index].grow(bytes);
                }
                prop_assert!(memory.held() <= 20_000);
            }
            drop(rooms);
            prop_assert_eq!(memory.held(), 0);
        }
    }
}
