//! The way of one request through members and groups: what comes next, and when it ends.
//!
//! A pure state machine: the loop that drives it ([`crate::execute`]) tells it the time and what
//! failed. It holds what makes every walk end: a number of attempts, each group at most once, each
//! member at most once unless it has no equal. Where a fallback can serve it is never starved by
//! what comes before it; [`onward`] knows whether one can.

use std::sync::Arc;
use std::time::Instant;

use tollgate_core_types::Chance;
use tollgate_core_types::chance::SplitMix64;
use tollgate_core_types::error::{Blame, Disposition, RetryAdvice};

use crate::attempt::{Attempt, AttemptInfo, AttemptKind, Failure, Start};
use crate::budget::RetryPermit;
use crate::execute::Call;
use crate::exhausted::{AttemptSummary, Exhausted, Reason};
use crate::failure::AttemptError;
use crate::gate::Ticket;
use crate::group::{Ask, Group, Scope};
use crate::member::{Admission, Asked, Member};
use crate::places::Places;
use crate::refusal::Refusal;
use crate::router::{Route, Router};

mod onward;
mod queue;

/// What the loop has to do next.
pub(crate) enum Step<P> {
    /// Make this attempt.
    Try(Attempt<P>),
    /// Wait until then and ask again.
    Wait(Instant),
    /// Wait for a turn, look at least then, and tell how it went.
    Queue(Ticket, Instant),
    /// Give up.
    Stop(Reason),
}

/// What the last failed attempt leaves behind.
struct Last<E, P> {
    error: E,
    disposition: Disposition,
    /// The group whose budget pays for the next one.
    group: Arc<Group<P>>,
}

/// Which member of a group comes into question.
#[derive(Clone, Copy)]
struct Pick {
    /// This one again; none for those that were not tried yet.
    again: Option<usize>,
    /// Only one that is well beyond doubt: trying it adds no load where anything fails, so it needs
    /// no budget. Without this a burst on a group with one dead member would be cut off while others
    /// could serve it.
    well: bool,
}

/// The budget does not pay for a further attempt.
struct OverBudget;

/// The way of one request.
pub(crate) struct Walk<'a, P, E> {
    router: &'a Router<P>,
    call: Call<'a, P>,
    chance: SplitMix64,
    max_attempts: u32,
    attempts: u32,
    last: Option<Last<E, P>>,
    history: Vec<AttemptSummary>,
    /// Groups that were entered, in order; the last one is where we are.
    visited: Places,
    /// Groups still to be tried, the next one last.
    pending: Vec<usize>,
    /// Members of the present group that were tried, by place.
    tried: Places,
    /// Attempts in the present group.
    here: u32,
    /// The member that may be tried once more, after the wait that was asked for.
    again: Option<usize>,
    /// Its place in the queue of the present group.
    ticket: Option<Ticket>,
    /// Whether it has waited in the present group for as long as it may.
    has_waited: bool,
    /// The budget has refused an attempt since the last one.
    over_budget: bool,
    /// The call's own fallbacks, for the group that it names; none for every group's own lists.
    fallbacks: Option<Vec<usize>>,
}

impl<'a, P, E: AttemptError> Walk<'a, P, E> {
    /// Enters the group that the call names.
    pub(crate) fn new(router: &'a Router<P>, call: Call<'a, P>, now: Instant) -> Self {
        let root = router.index(call.group);
        let policy = root.and_then(|root| router.route(root)).map(|route| *route.group.retry());
        let most = call.max_attempts.or(policy.map(|policy| policy.max_attempts)).unwrap_or(1);
        let mut walk = Self {
            router,
            chance: SplitMix64::new(call.seed),
            max_attempts: if call.retries { most.max(1) } else { 1 },
            call,
            attempts: 0,
            last: None,
            history: Vec::new(),
            visited: Places::default(),
            pending: Vec::new(),
            tried: Places::default(),
            here: 0,
            again: None,
            ticket: None,
            has_waited: false,
            over_budget: false,
            fallbacks: call
                .fallbacks
                .map(|names| names.iter().filter_map(|name| router.index(name)).collect()),
        };
        if let Some(root) = root {
            walk.enter(root, now);
        }
        walk
    }

    /// What comes next.
    pub(crate) fn next(&mut self, now: Instant) -> Step<P> {
        if self.visited.len() == 0 {
            return Step::Stop(Reason::UnknownGroup);
        }
        if now >= self.call.deadline {
            return Step::Stop(Reason::DeadlineExceeded);
        }
        if self.attempts >= self.max_attempts {
            return Step::Stop(self.spent());
        }
        while let Some(route) = self.route() {
            if let Some(step) = self.stay(route, now) {
                return step;
            }
            if let Err(reason) = self.leave(route, now) {
                return Step::Stop(reason);
            }
        }
        Step::Stop(Reason::Spent)
    }

    /// Takes note of a failed attempt.
    pub(crate) fn failed(&mut self, failure: Failure<E>) {
        self.history.push(AttemptSummary::of(&failure));
        let Some(route) = self.route() else { return };
        let group = Arc::clone(&route.group);
        self.last = Some(Last { disposition: failure.disposition, error: failure.error, group });
    }

    /// The end of the walk.
    pub(crate) fn exhausted(self, reason: Reason, now: Instant) -> Exhausted<E> {
        let mut refused: Vec<(Arc<str>, Refusal)> = Vec::new();
        let mut all_refused = true;
        for route in self.visited.iter().filter_map(|index| self.router.route(index)) {
            let before = refused.len();
            refused.extend(route.group.refusals(now, self.call.units, self.call.eligible));
            all_refused &= refused.len() - before == route.group.members().len();
        }
        let wait = refused.iter().filter_map(|(_, refusal)| refusal.again(now)).min();
        let wait = wait.filter(|_| all_refused);
        let queued = self.visited.iter().filter_map(|index| self.router.route(index));
        let queued =
            queued.filter_map(|route| route.group.waiting(now)).map(|(_, wait)| wait).min();
        // Who comes back earlier than those who wait already would find no place.
        let wait = wait.map(|at| at.max(now + queued.unwrap_or_default()));
        Exhausted {
            reason: match self.attempts {
                0 => untried(reason, &refused, all_refused),
                _ => reason,
            },
            error: self.last.map(|last| last.error),
            history: self.history,
            attempts: self.attempts,
            retry_after: wait.map(|at| at.saturating_duration_since(now)),
            refused,
        }
    }

    fn route(&self) -> Option<&'a Route<P>> {
        self.visited.last().and_then(|index| self.router.route(index))
    }

    /// The last failure, if it was in the present group.
    fn last_here(&self) -> Option<Disposition> {
        self.last.as_ref().filter(|_| self.here > 0).map(|last| last.disposition)
    }

    /// The next step within the present group; none if there is none.
    fn stay(&mut self, route: &'a Route<P>, now: Instant) -> Option<Step<P>> {
        let last = self.last_here();
        if last.is_some_and(|last| last.retry == RetryAdvice::Never) {
            return None;
        }
        let ahead = last.is_some_and(|last| self.is_fallback_ahead(last.fallback, now));
        if ahead && self.attempts + 1 >= self.max_attempts {
            return None;
        }
        let group = &route.group;
        if self.must_queue(group) {
            return self.queue(group, now);
        }
        let again = self.again.take();
        let untried = Pick { again: None, well: false };
        let Ok(permit) = self.pay(now) else {
            self.over_budget = true;
            let well = self.admit(group, Pick { well: true, ..untried }, now)?;
            return Some(Step::Try(self.start(group, well, None, now)));
        };
        let admitted = self.admit(group, untried, now);
        let admitted = match (admitted, again) {
            (None, Some(_)) => self.admit(group, Pick { again, ..untried }, now),
            (admitted, _) => admitted,
        };
        if let Some(admitted) = admitted {
            // A turn that found something: the next one in the queue may find something too.
            self.ticket = None;
            return Some(Step::Try(self.start(group, admitted, permit, now)));
        }
        if let Some(permit) = permit {
            permit.refund(now);
        }
        if self.here == 0 {
            return self.queue(group, now);
        }
        if again.is_some() { None } else { self.wait_for_same(group, ahead, now) }
    }

    /// Pays for a further attempt, if there is anything to pay.
    fn pay(&self, now: Instant) -> Result<Option<RetryPermit>, OverBudget> {
        let Some(last) = &self.last else { return Ok(None) };
        let Some(budget) = last.group.budget() else { return Ok(None) };
        budget.withdraw(last.disposition, now).map(Some).ok_or(OverBudget)
    }

    fn admit(
        &mut self,
        group: &Group<P>,
        pick: Pick,
        now: Instant,
    ) -> Option<(usize, Arc<Member<P>>, Admission)> {
        let Call { strategy, eligible, units, affinity, .. } = self.call;
        let scope = pick.again.map_or(Scope::Except(&self.tried), Scope::Only);
        let ask = Ask { strategy, eligible, scope, units, affinity, well: pick.well };
        group.admit(now, &ask, &mut self.chance)
    }

    fn start(
        &mut self,
        group: &Arc<Group<P>>,
        (place, member, admission): (usize, Arc<Member<P>>, Admission),
        permit: Option<RetryPermit>,
        now: Instant,
    ) -> Attempt<P> {
        let kind = match (self.here, self.tried.contains(place)) {
            (0, _) if self.visited.len() > 1 => AttemptKind::Fallback,
            (0, _) => AttemptKind::First,
            (_, true) => AttemptKind::Retry,
            (_, false) => AttemptKind::Failover,
        };
        self.attempts += 1;
        self.here += 1;
        self.over_budget = false;
        if kind != AttemptKind::Retry {
            self.tried.push(place);
        }
        let info = AttemptInfo {
            number: self.attempts,
            kind,
            group: Arc::clone(group.name()),
            member: Arc::clone(member.id()),
            started: now,
        };
        let chance = SplitMix64::new(self.chance.next_u64());
        let (size, units) = (self.call.checked_size(), self.call.units);
        Attempt::new(Start { info, member, admission, permit, size, units, chance })
    }

    /// The wait before the only member that was tried is tried again, if it may be and has no equal.
    /// With a fallback ahead it may be once, and its pauses are not waited for.
    fn wait_for_same(&mut self, group: &Group<P>, ahead: bool, now: Instant) -> Option<Step<P>> {
        let (last, place) = (self.last_here()?, self.tried.only()?);
        let pauses = last.blame == Blame::Pause;
        if ahead && (pauses || self.here > 1) {
            return None;
        }
        let may = last.retry == RetryAdvice::Anywhere || pauses;
        let member = group.members().get(place).filter(|_| may)?;
        let policy = group.retry();
        let mut until = now + policy.backoff(self.here.saturating_sub(1), &mut self.chance);
        let asked = Asked { now, units: self.call.units, overruled: false };
        if let Err(refusal) = member.core().check(asked) {
            let pause = refusal.pause().filter(|_| !ahead)?;
            if pause.saturating_duration_since(now) > policy.max_wait {
                return None;
            }
            until = until.max(pause);
        }
        if until >= self.call.deadline {
            return None;
        }
        self.again = Some(place);
        Some(Step::Wait(until))
    }
}

/// The reason where nothing was tried: who refused, and why.
fn untried(reason: Reason, refused: &[(Arc<str>, Refusal)], all_refused: bool) -> Reason {
    if reason != Reason::Spent {
        return reason;
    }
    let able = || {
        let refusals = refused.iter().map(|(_, refusal)| refusal);
        refusals.filter(|refusal| !matches!(refusal, Refusal::Ineligible(_)))
    };
    if all_refused && able().next().is_none() {
        return Reason::NoneEligible;
    }
    // A member that is admissible by now was full a moment ago.
    Reason::NoneAvailable { all_throttled: able().all(Refusal::is_throttle) }
}
