//! One run: a policy in a scenario, from a seed, through the production balancer.
//!
//! Requests go through `execute`, with its real breakers, cooldowns, budget and retries. A policy that
//! is not the balancer's own names its choice by the filter and lets the balancer do the rest.

use std::cell::{Cell, RefCell};
use std::ops::Range;
use std::rc::Rc;
use std::time::Duration;

use tokio::task::LocalSet;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tollgate_balancer::{
    Attempt, BreakerPolicy, BreakerState, Call, CredentialBook, Failure, GroupSpec, MemberSpec,
    Router, Strategy, execute,
};
use tollgate_core_types::chance::SplitMix64;
use tollgate_core_types::{ErrorClass, UpstreamError};

use super::policies::{Chooser, Reference};
use super::world::{Draw, Fault, Job, Server, mean_work};

/// How requests find a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Policy {
    /// The balancer's own.
    Own(Strategy),
    /// The balancer's own without its breakers.
    WithoutBreaker(Strategy),
    /// Somebody else's.
    Other(Reference),
}

/// What happens in a run.
#[derive(Debug, Clone)]
pub(crate) struct Scenario {
    /// Each server's speed against the usual.
    pub(crate) speeds: Vec<f64>,
    /// Whether the balancer's weights are those speeds.
    pub(crate) weighted: bool,
    /// The part of all capacity that is asked for.
    pub(crate) load: f64,
    /// How much more comes while this lasts.
    pub(crate) burst: Option<(Range<f64>, f64)>,
    /// What is wrong with the first server, and when.
    pub(crate) faults: Vec<(Range<f64>, Fault)>,
    /// Seconds during which requests come.
    pub(crate) lasts: f64,
}

impl Scenario {
    /// Eight equal servers under so much load for so many seconds.
    pub(crate) fn equal(load: f64, lasts: f64) -> Self {
        let speeds = vec![1.0; 8];
        Self { speeds, weighted: true, load, burst: None, faults: Vec::new(), lasts }
    }
}

/// Tokens a second of a server of the usual speed.
const CAPACITY: f64 = 2000.0;
/// How long the first token is waited for: longer than the largest prompt takes on a busy server.
const FIRST_TOKEN: Duration = Duration::from_secs(600);
/// How long one that hangs is waited for.
const HANGS: Duration = Duration::from_secs(30);

/// One request, when it is over.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Served {
    /// When it came, in seconds.
    pub(crate) at: f64,
    /// How many times as long it took as on an idle server.
    pub(crate) slowdown: f64,
    pub(crate) ok: bool,
    pub(crate) attempts: u32,
}

/// One attempt, when it was made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Tried {
    pub(crate) at: f64,
    pub(crate) server: usize,
}

/// All that a run left.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) served: Vec<Served>,
    pub(crate) tried: Vec<Tried>,
    /// When the first server's breaker was last seen to close, in seconds.
    pub(crate) closed: Option<f64>,
}

struct World {
    start: Instant,
    servers: Vec<Server>,
    router: Router<usize>,
    chooser: Option<RefCell<Chooser>>,
    outcome: RefCell<Outcome>,
    /// Whether the first server's breaker was closed when last looked at.
    was_closed: Cell<bool>,
}

/// Runs it.
pub(crate) fn run(policy: Policy, scenario: &Scenario, seed: u64) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    let local = LocalSet::new();
    let world = local.block_on(&runtime, async {
        let world = Rc::new(World::new(policy, scenario, seed));
        drive(&world, scenario, seed).await;
        world
    });
    drop(local);
    world.outcome.take()
}

async fn drive(world: &Rc<World>, scenario: &Scenario, seed: u64) {
    for server in 0..world.servers.len() {
        let world = Rc::clone(world);
        tokio::task::spawn_local(async move { world.servers[server].run().await });
    }
    let capacity: f64 = scenario.speeds.iter().sum::<f64>() * CAPACITY;
    let rate = scenario.load * capacity / mean_work();
    let mut draw = Draw(SplitMix64::new(seed));
    let (mut at, mut requests) = (0.0, Vec::new());
    while at < scenario.lasts {
        let burst = scenario.burst.as_ref().filter(|(during, _)| during.contains(&at));
        at += draw.exponential(rate * burst.map_or(1.0, |(_, factor)| *factor));
        sleep_until(world.start + Duration::from_secs_f64(at)).await;
        let (job, number) = (Job::draw(&mut draw), requests.len() as u64);
        let world = Rc::clone(world);
        let seed = seed.wrapping_mul(1_000_003).wrapping_add(number);
        requests.push(tokio::task::spawn_local(async move { world.request(job, seed).await }));
    }
    for request in requests {
        request.await.expect("a request ends");
    }
}

impl World {
    fn new(policy: Policy, scenario: &Scenario, seed: u64) -> Self {
        let start = Instant::now();
        let servers = scenario.speeds.iter().enumerate().map(|(number, speed)| {
            let faults = if number == 0 { scenario.faults.clone() } else { Vec::new() };
            Server::new(CAPACITY * speed, faults, start)
        });
        let weights: Vec<f64> = scenario
            .speeds
            .iter()
            .map(|speed| if scenario.weighted { *speed } else { 1.0 })
            .collect();
        let members = weights.iter().enumerate().map(|(number, weight)| MemberSpec {
            weight: *weight,
            ..MemberSpec::new(format!("server-{number}"), number)
        });
        let mut group = GroupSpec::new("group", members.collect());
        group.strategy = match policy {
            Policy::Own(strategy) | Policy::WithoutBreaker(strategy) => strategy,
            Policy::Other(_) => Strategy::FirstAvailable,
        };
        if !matches!(policy, Policy::Own(_)) {
            let never = u32::MAX;
            group.breaker = BreakerPolicy {
                consecutive: never,
                unreached: never,
                min_requests: u64::MAX,
                ..BreakerPolicy::default()
            };
        }
        let chooser = match policy {
            Policy::Other(kind) => Some(RefCell::new(Chooser::new(kind, weights.clone(), seed))),
            Policy::Own(_) | Policy::WithoutBreaker(_) => None,
        };
        Self {
            start,
            servers: servers.collect(),
            router: Router::new(vec![group], &CredentialBook::new()).expect("a good router"),
            chooser,
            outcome: RefCell::default(),
            was_closed: Cell::new(true),
        }
    }

    fn now(&self) -> f64 {
        (Instant::now() - self.start).as_secs_f64()
    }

    /// Notes when the first server's breaker closes; requests are frequent enough to see it.
    fn watch(&self, at: f64) {
        let first = self.router.groups().next().and_then(|group| group.members().first());
        let Some(first) = first else { return };
        let is_closed = first.status(Instant::now().into_std()).breaker == BreakerState::Closed;
        if is_closed && !self.was_closed.replace(is_closed) {
            self.outcome.borrow_mut().closed = Some(at);
        }
        self.was_closed.set(is_closed);
    }

    async fn request(&self, job: Job, seed: u64) {
        let at = self.now();
        self.watch(at);
        let chosen = self.chooser.as_ref().map(|it| it.borrow_mut().choose(job.prompt, at));
        let eligible = |server: &usize| {
            if chosen.is_none_or(|chosen| chosen == *server) { Ok(()) } else { Err("not chosen") }
        };
        let deadline = (Instant::now() + Duration::from_secs(3600)).into_std();
        let call =
            Call { eligible: &eligible, size: job.prompt, ..Call::new("group", deadline, seed) };
        let mut attempts = 0;
        let answer = execute(&self.router, call, |attempt| {
            attempts += 1;
            self.attempt(attempt, &job)
        });
        let ok = answer.await.is_ok();
        if let (Some(chooser), Some(server)) = (&self.chooser, chosen) {
            chooser.borrow_mut().over(server, job.prompt);
        }
        let slowdown = (self.now() - at) / job.ideal();
        self.outcome.borrow_mut().served.push(Served { at, slowdown, ok, attempts });
    }

    async fn attempt(
        &self,
        attempt: Attempt<usize>,
        job: &Job,
    ) -> Result<(), Failure<UpstreamError>> {
        let (number, at) = (*attempt.payload(), self.now());
        self.outcome.borrow_mut().tried.push(Tried { at, server: number });
        let server = &self.servers[number];
        if let Some(fault) = server.fault(at) {
            return Err(attempt.fail(fail(fault).await));
        }
        let ticket = server.join(job);
        if timeout(FIRST_TOKEN, ticket.first).await.is_err() {
            let error = UpstreamError::new(ErrorClass::FirstTokenTimeout, "too slow");
            return Err(attempt.fail(error));
        }
        if let Some(chooser) = &self.chooser {
            let now = self.now();
            chooser.borrow_mut().first(number, job.prompt, now - at, now);
        }
        let committed = attempt.commit();
        drop(ticket.last.await);
        committed.complete();
        Ok(())
    }
}

async fn fail(fault: Fault) -> UpstreamError {
    let (after, class, pause) = match fault {
        Fault::Fails => (Duration::from_millis(20), ErrorClass::Server, None),
        Fault::Throttles(pause) => (Duration::from_millis(20), ErrorClass::Throttle, pause),
        Fault::Refuses => (Duration::from_millis(1), ErrorClass::Connect, None),
        Fault::Hangs => (HANGS, ErrorClass::FirstTokenTimeout, None),
    };
    sleep(after).await;
    UpstreamError::new(class, "a fault of the scenario").with_retry_after(pause)
}
