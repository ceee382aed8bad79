//! The one attempt loop: ask the walk, run the closure, tell the walk.

use std::sync::Arc;
use std::time::Instant;

use tollgate_core_types::UpstreamError;

use crate::attempt::{Attempt, Failure};
use crate::clock;
use crate::exhausted::Exhausted;
use crate::failure::AttemptError;
use crate::group::Eligible;
use crate::router::Router;
use crate::strategy::Strategy;
use crate::walk::{Step, Walk};

/// What a request asks of the balancer.
pub struct Call<'a, P> {
    /// The name of the group to begin with.
    pub group: &'a str,
    /// How a member is chosen; none for each group's own way.
    pub strategy: Option<Strategy>,
    /// Nothing starts from then on, and no wait reaches it.
    pub deadline: Instant,
    /// Attempts in total; none for the group's own number. 0 counts as 1.
    pub max_attempts: Option<u32>,
    /// Groups to fall back to in this order, whatever went wrong, in place of every configured list;
    /// none for each group's own lists. Names that no group has are passed by.
    pub fallbacks: Option<&'a [Arc<str>]>,
    /// Whether a member can serve this request at all.
    pub eligible: Eligible<'a, P>,
    /// Whether a failed attempt may be followed by another one, anywhere.
    pub retries: bool,
    /// How much work this request is before its first event, in any measure that is the same for all
    /// calls of a group; more than 0. Latencies are compared among requests of about one size. What
    /// cannot be is taken as 1.
    pub size: f64,
    /// What it will probably take of [`crate::Limits::units_per_minute`]; settled by
    /// [`crate::Committed::used`].
    pub units: u64,
    /// What should meet the same member again, as a hash: a session, or the beginning of a prompt
    /// that members keep. It goes to one of two members as long as that has no more than its share
    /// of the load.
    pub affinity: Option<u64>,
    /// Who asks, as a number: where requests wait, tenants take turns.
    pub tenant: u64,
    /// What every choice and every jitter of this request follows from.
    pub seed: u64,
}

impl<'a, P> Call<'a, P> {
    /// A request to `group` that any member may serve, retried as the group says.
    #[must_use]
    pub fn new(group: &'a str, deadline: Instant, seed: u64) -> Self {
        Self {
            group,
            strategy: None,
            deadline,
            max_attempts: None,
            fallbacks: None,
            eligible: &|_| Ok(()),
            retries: true,
            size: 1.0,
            units: 0,
            affinity: None,
            tenant: 0,
            seed,
        }
    }

    pub(crate) fn checked_size(&self) -> f64 {
        if self.size.is_finite() && self.size > 0.0 { self.size } else { 1.0 }
    }
}

impl<P> Clone for Call<'_, P> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P> Copy for Call<'_, P> {}

/// Runs `run` with one admitted attempt after another until one succeeds or none is left.
///
/// The closure owns the attempt: it ends in [`Attempt::commit`] and a result, or in
/// [`Attempt::fail`]. The attempt's own time limits are the closure's to keep; this function starts
/// nothing after the deadline and waits for nothing beyond it.
///
/// # Errors
/// [`Exhausted`] with the last error, the history and who refused.
///
/// # Cancel safety
/// May be dropped at any await: the attempt under way counts as cancelled, its place and a probe
/// permit are given back.
///
/// # Panics
/// Where it has to wait outside a tokio runtime with a timer.
pub async fn execute<P, T, E, F, Fut>(
    router: &Router<P>,
    call: Call<'_, P>,
    mut run: F,
) -> Result<T, Exhausted<E>>
where
    F: FnMut(Attempt<P>) -> Fut,
    Fut: Future<Output = Result<T, Failure<E>>>,
    E: AttemptError,
{
    let mut walk = Walk::new(router, call, clock::now());
    loop {
        match walk.next(clock::now()) {
            Step::Try(attempt) => match run(attempt).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => walk.failed(failure),
            },
            Step::Wait(until) => clock::wait_until(until).await,
            Step::Queue(mut ticket, look) => {
                let waited = ticket.wait(look).await;
                walk.waited(ticket, waited, clock::now());
            }
            Step::Stop(reason) => return Err(walk.exhausted(reason, clock::now())),
        }
    }
}

impl<P> Router<P> {
    /// One admitted attempt without the loop, for callers who try once: a member of the group that
    /// the call names, chosen as [`execute`] would. None if none is admissible now.
    pub fn attempt(&self, call: Call<'_, P>, now: Instant) -> Option<Attempt<P>> {
        match Walk::<P, UpstreamError>::new(self, call, now).next(now) {
            Step::Try(attempt) => Some(attempt),
            Step::Wait(_) | Step::Queue(..) | Step::Stop(_) => None,
        }
    }
}

#[cfg(test)]
mod tests;
