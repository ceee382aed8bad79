//! The work beside the calls, owned by the handle: started by the first call, ended by the last drop.
//!
//! A program that only asks should not have to run anything. It must never outlive the gateway's
//! last clone, nor keep the gateway alive by itself.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::runtime::Handle;
use tokio::task::JoinSet;

use crate::tollgate::Inner;

/// The task that looks after credentials. Dropping it ends the task.
#[derive(Default)]
pub(crate) struct Tending {
    running: Arc<AtomicBool>,
    task: Mutex<JoinSet<()>>,
}

impl Tending {
    /// Starts the task on the present runtime, unless it runs already.
    pub(crate) fn ensure(&self, inner: &Arc<Inner>) {
        if self.running.load(Ordering::Relaxed) {
            return;
        }
        let Ok(runtime) = Handle::try_current() else { return };
        if self.running.swap(true, Ordering::Relaxed) {
            return;
        }
        let (inner, running) = (Arc::clone(inner), Running(Arc::clone(&self.running)));
        let mut task = self.task.lock().unwrap_or_else(PoisonError::into_inner);
        let work = async move {
            let _running = running;
            inner.tend().await;
        };
        task.spawn_on(work, &runtime);
    }
}

/// Says that the task has ended, also where its runtime was shut down: the next call on another one
/// starts it there.
struct Running(Arc<AtomicBool>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Weak};

    use crate::Tollgate;
    use crate::tollgate::Inner;

    const MOCK: &str = "models: { m: { provider: mock } }";

    /// Lets tasks that were ended drop what they hold.
    async fn settle(inner: &Weak<Inner>) {
        for _ in 0..100 {
            if inner.strong_count() == 0 {
                return;
            }
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn the_work_beside_the_calls_begins_with_the_first_and_ends_with_the_last_handle() {
        let tollgate = Tollgate::from_text(MOCK).unwrap();
        let inner = Arc::downgrade(&tollgate.0);
        assert_eq!(inner.strong_count(), 1);
        tollgate.chat("x").await.unwrap();
        tollgate.chat("x").await.unwrap();
        assert_eq!(inner.strong_count(), 2, "one task");
        let clone = tollgate.clone();
        drop(tollgate);
        clone.chat("x").await.unwrap();
        drop(clone);
        settle(&inner).await;
        assert_eq!(inner.strong_count(), 0, "nothing keeps the gateway alive");
    }

    #[test]
    fn a_gateway_that_moves_to_another_runtime_is_tended_there() {
        let tollgate = Tollgate::from_text(MOCK).unwrap();
        for _ in 0..2 {
            let mut builder = tokio::runtime::Builder::new_current_thread();
            let runtime = builder.enable_all().build().unwrap();
            runtime.block_on(tollgate.chat("x")).unwrap();
            assert_eq!(Arc::strong_count(&tollgate.0), 2);
            drop(runtime);
            assert_eq!(Arc::strong_count(&tollgate.0), 1);
        }
    }
}
