//! Where requests wait for their turn: the queue of a group, and the bell of each that waits.
//!
//! A member that becomes free rings for one; who is rung for tries, and rings for the next if it found
//! something, so turns follow each other as long as there are places. Whoever leaves before its turn
//! is forgotten, and whoever leaves after it passes it on: no turn is lost.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::clock;
use crate::lock::lock;
use crate::norm::Norm;
use crate::queue::{Queue, QueuePolicy, Turn, Waiter};

/// The gate of one group.
#[derive(Debug)]
pub(crate) struct Gate {
    policy: QueuePolicy,
    norm: Arc<Norm>,
    waiting: Mutex<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    queue: Queue,
    /// Who is told of its turn; true where it may try.
    bells: HashMap<u64, oneshot::Sender<bool>>,
    /// Whose turn it is and who has not tried yet.
    turns: HashSet<u64>,
    number: u64,
}

/// What a request is to those that wait.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entrant {
    pub(crate) tenant: u64,
    pub(crate) cost: u64,
    pub(crate) deadline: Instant,
}

impl Gate {
    /// A gate at which nobody waits.
    pub(crate) fn new(policy: QueuePolicy, norm: Arc<Norm>) -> Self {
        let waiting = Waiting {
            queue: Queue::new(policy),
            bells: HashMap::new(),
            turns: HashSet::new(),
            number: 0,
        };
        Self { policy, norm, waiting: Mutex::new(waiting) }
    }

    /// Whether anybody waits, or has a turn that it has not used yet.
    pub(crate) fn is_busy(&self) -> bool {
        let waiting = lock(&self.waiting);
        waiting.queue.len() > 0 || !waiting.turns.is_empty()
    }

    /// How many wait, and how long one that came now would probably do.
    pub(crate) fn expected(&self, now: Instant) -> (usize, Duration) {
        let waiting = lock(&self.waiting);
        (waiting.queue.len(), waiting.queue.expected(now))
    }

    /// The bounds.
    pub(crate) fn policy(&self) -> &QueuePolicy {
        &self.policy
    }

    /// Takes its place at the end; none where as many wait as may, or it would wait in vain.
    pub(crate) fn enter(self: &Arc<Self>, entrant: Entrant, now: Instant) -> Option<Ticket> {
        let Entrant { tenant, cost, deadline } = entrant;
        let until = deadline.min(now + self.policy.timeout);
        let mut waiting = lock(&self.waiting);
        waiting.number += 1;
        let waiter = Waiter { id: waiting.number, tenant, cost, since: now, deadline };
        if until <= now || !waiting.queue.push(waiter) {
            return None;
        }
        let (bell, ring) = oneshot::channel();
        waiting.bells.insert(waiter.id, bell);
        Some(Ticket { gate: Arc::clone(self), waiter, until, ring: Some(ring) })
    }

    /// A place may be free: the next one may try.
    pub(crate) fn ring(&self, now: Instant) {
        let usual = self.norm.median();
        let mut waiting = lock(&self.waiting);
        while let Some(turn) = waiting.queue.pop(usual, now) {
            let (id, may_try) = match turn {
                Turn::Go(id) => (id, true),
                Turn::Late(id) => (id, false),
            };
            let bell = waiting.bells.remove(&id);
            let is_heard = bell.is_some_and(|bell| bell.send(may_try).is_ok());
            if is_heard && may_try {
                waiting.turns.insert(id);
                return;
            }
        }
    }
}

/// A place in the queue. Dropped, it is given up, and a turn that it had is passed on.
#[derive(Debug)]
pub(crate) struct Ticket {
    gate: Arc<Gate>,
    waiter: Waiter,
    /// When its time is up.
    until: Instant,
    /// None once it was rung for and heard it.
    ring: Option<oneshot::Receiver<bool>>,
}

/// How a wait ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Waited {
    /// It is its turn.
    Turn,
    /// Something may have changed by itself: look again.
    Look,
    /// Its time is up.
    Late,
}

impl Ticket {
    /// Waits for its turn, its end, or until `look`.
    pub(crate) async fn wait(&mut self, look: Instant) -> Waited {
        let until = look.min(self.until);
        let Some(ring) = &mut self.ring else { return Waited::Turn };
        match clock::until(until, ring).await {
            Some(Ok(true)) => {
                self.ring = None;
                Waited::Turn
            }
            Some(Ok(false) | Err(_)) => Waited::Late,
            None if clock::now() < self.until => Waited::Look,
            None => Waited::Late,
        }
    }

    /// The turn found nothing: it is the next one again.
    pub(crate) fn put_back(&mut self) {
        let mut waiting = lock(&self.gate.waiting);
        let (bell, ring) = oneshot::channel();
        waiting.turns.remove(&self.waiter.id);
        waiting.bells.insert(self.waiter.id, bell);
        waiting.queue.put_back(self.waiter);
        self.ring = Some(ring);
    }

    /// Lets whoever is first try.
    pub(crate) fn ring(&self, now: Instant) {
        self.gate.ring(now);
    }

    /// Whether it is its turn.
    pub(crate) fn has_turn(&self) -> bool {
        self.ring.is_none()
    }

    /// When its time is up.
    pub(crate) fn until(&self) -> Instant {
        self.until
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let was_waiting = {
            let mut waiting = lock(&self.gate.waiting);
            waiting.bells.remove(&self.waiter.id);
            waiting.turns.remove(&self.waiter.id);
            waiting.queue.remove(self.waiter.id)
        };
        // Its turn had come, used or not: the next one may find something too.
        if !was_waiting {
            self.gate.ring(clock::now());
        }
    }
}
