//! Keys kept while they hold: one request fetches, the others go on with what is there or wait.

use arc_swap::ArcSwapOption;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::Mutex;
use tollgate_core_types::UpstreamError;

use super::Found;
use super::chain::{Chain, Fetched};
use crate::clock;

/// How long before their end keys are fetched anew.
const EARLY: Duration = Duration::from_secs(300);
/// How long before their end they are not used any more: a request may be under way for a while.
const LAST: Duration = Duration::from_secs(30);
/// How long a failed fetch is not tried again while the old keys hold.
const PAUSE: Duration = Duration::from_secs(20);

/// Keys and until when to use them.
struct Kept {
    keys: Arc<Found>,
    /// From then on a request fetches anew.
    renew: Option<SystemTime>,
    /// From then on they are not used.
    dead: Option<SystemTime>,
}

impl Kept {
    fn of(fetched: Fetched, now: SystemTime) -> Self {
        let Fetched { keys, expires, reread } = fetched;
        // Keys that are given for a short time are used for most of it all the same.
        let early = |end: SystemTime| {
            let left = end.duration_since(now).unwrap_or_default();
            end.checked_sub(EARLY.min(left / 4))
        };
        let renew = expires.and_then(early).or_else(|| reread.and_then(|it| now.checked_add(it)));
        let dead =
            expires.and_then(|end| end.checked_sub(LAST)).max(renew.filter(|_| expires.is_some()));
        Self { keys: Arc::new(keys), renew, dead }
    }

    fn is_fresh(&self, now: SystemTime) -> bool {
        self.renew.is_none_or(|renew| now < renew)
    }

    fn is_usable(&self, now: SystemTime) -> bool {
        self.dead.is_none_or(|dead| now < dead)
    }
}

/// One chain's keys.
pub(super) struct Cached {
    chain: Chain,
    kept: ArcSwapOption<Kept>,
    /// Held while keys are fetched; inside, when a failed fetch may be tried again.
    fetching: Mutex<Option<SystemTime>>,
}

impl Cached {
    pub(super) fn new(chain: Chain) -> Self {
        Self { chain, kept: ArcSwapOption::empty(), fetching: Mutex::new(None) }
    }

    /// Keys that need no waiting: fresh ones, and usable ones while somebody fetches anew or may not
    /// yet.
    pub(super) fn at_hand(&self, now: SystemTime) -> Option<Arc<Found>> {
        let kept = self.kept.load_full()?;
        let others_turn = || match self.fetching.try_lock() {
            Ok(pause) => pause.is_some_and(|until| now < until),
            Err(_) => true,
        };
        let usable = kept.is_fresh(now) || (kept.is_usable(now) && others_turn());
        usable.then(|| Arc::clone(&kept.keys))
    }

    /// Keys, fetched if need be. Whoever comes while they are fetched waits for the same fetch.
    ///
    /// # Errors
    /// When none could be had, and those at hand have ended.
    ///
    /// # Cancel safety
    /// Dropping the future abandons the fetch; the next caller makes another.
    pub(super) async fn get(&self) -> Result<Arc<Found>, UpstreamError> {
        let mut pause = self.fetching.lock().await;
        let now = clock::wall();
        let kept = self.kept.load_full();
        if let Some(kept) = kept.as_ref().filter(|kept| kept.is_fresh(now)) {
            return Ok(Arc::clone(&kept.keys));
        }
        match self.chain.fetch().await {
            Ok(fetched) => {
                let fresh = Arc::new(Kept::of(fetched, clock::wall()));
                self.kept.store(Some(Arc::clone(&fresh)));
                *pause = None;
                Ok(Arc::clone(&fresh.keys))
            }
            Err(error) => match kept.filter(|kept| kept.is_usable(clock::wall())) {
                Some(kept) => {
                    tracing::warn!(%error, "AWS keys could not be renewed; the old ones still hold");
                    *pause = clock::wall().checked_add(PAUSE);
                    Ok(Arc::clone(&kept.keys))
                }
                None => Err(error),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_config::Secret;

    fn fetched(expires: Option<SystemTime>, reread: Option<Duration>) -> Fetched {
        let keys = Found {
            access_key_id: "A".to_owned(),
            secret_access_key: Secret::new("s"),
            session_token: None,
        };
        Fetched { keys, expires, reread }
    }

    /// Seconds from the fetch: until when keys are fresh, and until when they are used.
    #[test]
    fn keys_are_renewed_early_and_used_until_shortly_before_their_end() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        for (expires, reread, fresh, usable) in [
            (Some(3600), None, Some(3300), Some(3570)),
            (Some(600), None, Some(450), Some(570)),
            (Some(40), None, Some(30), Some(30)),
            (None, Some(300), Some(300), None),
            (None, None, None, None),
        ] {
            let seconds = |n: u64| now + Duration::from_secs(n);
            let reread = reread.map(Duration::from_secs);
            let kept = Kept::of(fetched(expires.map(seconds), reread), now);
            assert_eq!(kept.renew, fresh.map(seconds), "{expires:?}");
            assert_eq!(kept.dead, usable.map(seconds), "{expires:?}");
            for (end, holds) in [
                (fresh, Kept::is_fresh as fn(&Kept, SystemTime) -> bool),
                (usable, Kept::is_usable),
            ] {
                if let Some(end) = end {
                    assert!(holds(&kept, seconds(end - 1)) && !holds(&kept, seconds(end)));
                } else {
                    assert!(holds(&kept, seconds(1 << 30)));
                }
            }
        }
    }
}
