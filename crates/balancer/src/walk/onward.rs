//! From one group to the next: which one, whether there is one, and why there is none.

use std::time::Instant;

use tollgate_core_types::error::{FallbackKind, RetryAdvice};

use super::Walk;
use crate::exhausted::Reason;
use crate::failure::AttemptError;
use crate::places::Places;
use crate::router::Route;

impl<'a, P, E: AttemptError> Walk<'a, P, E> {
    /// Goes to the next group; an error if there is none.
    pub(super) fn leave(&mut self, route: &'a Route<P>, now: Instant) -> Result<(), Reason> {
        let kind = self.last_here().map_or(FallbackKind::Any, |last| last.fallback);
        if kind == FallbackKind::None {
            return Err(Reason::NotRetryable);
        }
        let next: Vec<usize> = self.fallbacks_of(route, kind).iter().rev().copied().collect();
        self.pending.extend(next);
        while let Some(next) = self.pending.pop() {
            if !self.visited.contains(next) {
                self.enter(next, now);
                return Ok(());
            }
        }
        Err(self.spent())
    }

    /// The groups to go to from the present one: the call's own where it has a list, which holds for
    /// the group that it names and replaces those of all others.
    fn fallbacks_of<'b>(&'b self, route: &'b Route<P>, kind: FallbackKind) -> &'b [usize] {
        match &self.fallbacks {
            None => route.fallbacks(kind),
            Some(own) if kind != FallbackKind::None && self.visited.len() == 1 => own,
            Some(_) => &[],
        }
    }

    pub(super) fn enter(&mut self, index: usize, now: Instant) {
        self.visited.push(index);
        self.tried.clear();
        self.here = 0;
        self.again = None;
        self.ticket = None;
        self.has_waited = false;
        if let Some(budget) = self.route().and_then(|route| route.group.budget()) {
            budget.deposit(now);
        }
    }

    /// The reason when there is nothing left to try. Where the last error is one that no other
    /// member mends and no fallback is left for, that is the reason, not the number of attempts.
    pub(super) fn spent(&self) -> Reason {
        if self.over_budget {
            return Reason::RetryBudget;
        }
        let hopeless = self.last_here().is_some_and(|last| {
            let fallbacks = self.route().map(|route| self.fallbacks_of(route, last.fallback));
            let mut fallbacks = fallbacks.into_iter().flatten();
            last.retry == RetryAdvice::Never && fallbacks.all(|next| self.visited.contains(*next))
        });
        if hopeless { Reason::NotRetryable } else { Reason::Spent }
    }

    /// Whether leaving the present group after a failure of this kind would lead to a member that
    /// can serve now. A group that cannot is passed by on its general list, as the walk would.
    pub(super) fn is_fallback_ahead(&self, kind: FallbackKind, now: Instant) -> bool {
        if kind == FallbackKind::None {
            return false;
        }
        let lists = self.route().map(|route| self.fallbacks_of(route, kind));
        let mut next: Vec<usize> = self.pending.clone();
        next.extend(lists.into_iter().flatten());
        let mut seen = Places::default();
        while let Some(index) = next.pop() {
            if self.visited.contains(index) || seen.contains(index) {
                continue;
            }
            seen.push(index);
            let Some(route) = self.router.route(index) else { continue };
            if route.group.can_serve(now, self.call.units, self.call.eligible) {
                return true;
            }
            if self.fallbacks.is_none() {
                next.extend(route.fallbacks(FallbackKind::Any));
            }
        }
        false
    }
}
