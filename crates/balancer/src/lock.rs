//! Taking a mutex whose holder may have panicked.
//!
//! No critical section of this crate leaves its data half written in a way that matters more than
//! serving on, so poison is ignored. A lock must never be held across an await.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks `mutex`, poisoned or not.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
