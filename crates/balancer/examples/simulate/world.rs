//! Servers and requests in virtual time: what the balancer meets, without a vendor.
//!
//! A server shares its capacity among the requests under way, up to a rate per request, as one that
//! batches does. Prompts and outputs are heavy-tailed. It may fail, throttle or hang for a while.
//! Everything follows from a seed; nothing here sleeps or reads a real clock.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::f64::consts::TAU;
use std::ops::Range;
use std::time::Duration;

use tokio::sync::{Notify, oneshot};
use tokio::time::{Instant, timeout_at};
use tollgate_core_types::Chance;
use tollgate_core_types::chance::SplitMix64;

/// Tokens a second that one request gets at most.
pub(crate) const RATE: f64 = 80.0;
/// Tokens of prompt that cost as much as one of output.
pub(crate) const PROMPT: f64 = 8.0;
/// Mean tokens of a prompt and of an output.
pub(crate) const MEANS: (f64, f64) = (2000.0, 300.0);

/// Chance with the distributions that the world is made of.
pub(crate) struct Draw(pub(crate) SplitMix64);

impl Draw {
    /// The time to the next event of so many a second.
    pub(crate) fn exponential(&mut self, rate: f64) -> f64 {
        -(1.0 - self.0.unit()).ln() / rate
    }

    /// Log-normal with this mean; `sigma` is how heavy the tail is.
    pub(crate) fn lognormal(&mut self, mean: f64, sigma: f64) -> f64 {
        let (u, v) = (1.0 - self.0.unit(), self.0.unit());
        let normal = (-2.0 * u.ln()).sqrt() * (TAU * v).cos();
        (mean.ln() - sigma * sigma / 2.0 + sigma * normal).exp()
    }
}

/// One request's work.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Job {
    pub(crate) prompt: f64,
    output: f64,
}

impl Job {
    pub(crate) fn draw(draw: &mut Draw) -> Self {
        let prompt = draw.lognormal(MEANS.0, 1.2).min(32_000.0);
        let output = draw.lognormal(MEANS.1, 1.3).clamp(1.0, 16_000.0);
        Self { prompt, output }
    }

    fn before_first(&self) -> f64 {
        self.prompt / PROMPT
    }

    fn work(&self) -> f64 {
        self.before_first() + self.output
    }

    /// Seconds on an idle server.
    pub(crate) fn ideal(&self) -> f64 {
        self.work() / RATE
    }
}

/// Mean work of a job, in tokens.
pub(crate) fn mean_work() -> f64 {
    MEANS.0 / PROMPT + MEANS.1
}

/// What a server does instead of serving.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Fault {
    /// Answers with an error after 20 ms.
    Fails,
    /// Answers with a throttle after 20 ms, with this pause if it says one.
    Throttles(Option<Duration>),
    /// Is not there.
    Refuses,
    /// Says nothing until the caller gives up.
    Hangs,
}

/// One server.
pub(crate) struct Server {
    /// Tokens a second over all requests.
    capacity: f64,
    faults: Vec<(Range<f64>, Fault)>,
    state: RefCell<State>,
    changed: Notify,
}

struct State {
    /// Tokens that each request has been given since the beginning.
    given: f64,
    at: Instant,
    requests: usize,
    /// By the tokens at which they are reached (positive floats order as their bits do), then by
    /// number: who is told, and whether it is a request's last.
    targets: BTreeMap<(u64, u64), (oneshot::Sender<()>, bool)>,
    number: u64,
}

/// A request's two moments.
pub(crate) struct Ticket {
    pub(crate) first: oneshot::Receiver<()>,
    pub(crate) last: oneshot::Receiver<()>,
}

impl Server {
    pub(crate) fn new(capacity: f64, faults: Vec<(Range<f64>, Fault)>, now: Instant) -> Self {
        let state = State { given: 0.0, at: now, requests: 0, targets: BTreeMap::new(), number: 0 };
        Self { capacity, faults, state: RefCell::new(state), changed: Notify::new() }
    }

    /// What is wrong with it so many seconds after the beginning.
    pub(crate) fn fault(&self, at: f64) -> Option<Fault> {
        self.faults.iter().find(|(during, _)| during.contains(&at)).map(|(_, fault)| *fault)
    }

    fn rate(&self, requests: usize) -> f64 {
        (self.capacity / requests.max(1) as f64).min(RATE)
    }

    /// A request begins.
    pub(crate) fn join(&self, job: &Job) -> Ticket {
        let mut state = self.state.borrow_mut();
        self.advance(&mut state);
        state.requests += 1;
        let (first_sender, first) = oneshot::channel();
        let (last_sender, last) = oneshot::channel();
        for (work, sender, is_last) in
            [(job.before_first(), first_sender, false), (job.work(), last_sender, true)]
        {
            state.number += 1;
            let key = ((state.given + work).to_bits(), state.number);
            state.targets.insert(key, (sender, is_last));
        }
        drop(state);
        self.changed.notify_one();
        Ticket { first, last }
    }

    fn advance(&self, state: &mut State) {
        let now = Instant::now();
        if state.requests > 0 {
            let passed = (now - state.at).as_secs_f64();
            state.given += passed * self.rate(state.requests);
        }
        state.at = now;
    }

    /// Tells requests of their moments, for ever.
    pub(crate) async fn run(&self) {
        loop {
            match self.step() {
                None => self.changed.notified().await,
                Some(next) => drop(timeout_at(next, self.changed.notified()).await),
            }
        }
    }

    /// Tells what is reached by now; when the next is.
    fn step(&self) -> Option<Instant> {
        let mut state = self.state.borrow_mut();
        self.advance(&mut state);
        loop {
            let (&(bits, _), _) = state.targets.first_key_value()?;
            let left = f64::from_bits(bits) - state.given;
            if left > 1e-6 {
                let wait = left / self.rate(state.requests);
                return Some(state.at + Duration::from_secs_f64(wait));
            }
            if let Some((_, (sender, is_last))) = state.targets.pop_first() {
                state.requests -= usize::from(is_last);
                // Nobody waits where the request was given up.
                sender.send(()).unwrap_or_default();
            }
        }
    }
}
