//! The end of every request at once, for a process that must stop.
//!
//! A flag for whoever looks, and a bell for whoever waits. It is rung once and never taken back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Notify;
use tokio::sync::futures::OwnedNotified;

/// Whether all requests are to end now.
#[derive(Debug, Default)]
pub(crate) struct Cutoff {
    cut: AtomicBool,
    bell: Arc<Notify>,
}

impl Cutoff {
    /// Ends every request that waits, and every later one.
    pub(crate) fn cut(&self) {
        self.cut.store(true, Ordering::SeqCst);
        self.bell.notify_waiters();
    }

    /// Whether it was cut.
    pub(crate) fn is_cut(&self) -> bool {
        self.cut.load(Ordering::SeqCst)
    }

    /// The bell, to be looked at together with [`Self::is_cut`]: made before the look, it rings for
    /// a cut that comes after it.
    pub(crate) fn bell(&self) -> OwnedNotified {
        Arc::clone(&self.bell).notified_owned()
    }

    /// Waits for the cut.
    ///
    /// # Cancel safety
    /// May be dropped at any time.
    pub(crate) async fn wait(&self) {
        let bell = self.bell.notified();
        if !self.is_cut() {
            bell.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test(start_paused = true)]
    async fn whoever_waits_is_rung_and_whoever_comes_later_does_not_wait() {
        let cutoff = Cutoff::default();
        let early = tokio::time::timeout(Duration::from_secs(9), cutoff.wait()).await;
        assert!(early.is_err() && !cutoff.is_cut());
        let (bell, waiting) = (cutoff.bell(), cutoff.wait());
        let cut = async { cutoff.cut() };
        tokio::join!(waiting, bell, cut);
        cutoff.wait().await;
        assert!(cutoff.is_cut());
    }
}
