//! Waiting in the queue of a group whose members are all full.
//!
//! Only before the first attempt in a group: what has failed once moves on. Where a fallback can
//! serve and the wait would be long, it moves on as well.

use std::time::{Duration, Instant};

use tollgate_core_types::error::FallbackKind;

use super::{Step, Walk};
use crate::failure::AttemptError;
use crate::gate::{Entrant, Ticket, Waited};
use crate::group::Group;

/// How soon a place that seems to be free is looked at again.
const AGAIN: Duration = Duration::from_millis(100);

impl<P, E: AttemptError> Walk<'_, P, E> {
    /// Whether it has a place in the queue, or others wait whom it would overtake.
    pub(super) fn must_queue(&self, group: &Group<P>) -> bool {
        let Some(gate) = group.gate().filter(|_| self.here == 0 && !self.has_waited) else {
            return false;
        };
        match &self.ticket {
            Some(ticket) => !ticket.has_turn(),
            None => gate.is_busy(),
        }
    }

    /// The next step of one that found nothing free; none if it does not wait here.
    pub(super) fn queue(&mut self, group: &Group<P>, now: Instant) -> Option<Step<P>> {
        let gate = group.gate().filter(|_| !self.has_waited)?;
        let ready = group.soonest(now, self.call.units, self.call.eligible)?;
        let look = if ready > now { ready } else { now + AGAIN };
        let Some(mut ticket) = self.ticket.take() else {
            let (_, expected) = gate.expected(now);
            let long = expected > gate.policy().spill_after;
            if long && self.is_fallback_ahead(FallbackKind::Any, now) {
                return None;
            }
            let (tenant, cost, deadline) = (self.call.tenant, self.call.units, self.call.deadline);
            let ticket = gate.enter(Entrant { tenant, cost, deadline }, now)?;
            return Some(Step::Queue(ticket, look));
        };
        if ticket.has_turn() {
            ticket.put_back();
        }
        (now < ticket.until()).then_some(Step::Queue(ticket, look))
    }

    /// Takes note of how a wait in the queue ended.
    pub(crate) fn waited(&mut self, ticket: Ticket, waited: Waited, now: Instant) {
        match waited {
            Waited::Turn => self.ticket = Some(ticket),
            Waited::Look => {
                // A rate or a pause has ended by itself: whoever is first may try.
                ticket.ring(now);
                self.ticket = Some(ticket);
            }
            Waited::Late => self.has_waited = true,
        }
    }
}
