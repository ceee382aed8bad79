//! What always holds, over ten thousand worlds: groups, limits, faults, cancellations by chance.
//!
//! Each seed makes a world and lets requests loose in it, in virtual time, through `execute`; after
//! every step the invariants are looked at. The names are those of the reliability reference:
//!
//! - I1 what is reserved of a rate of units never exceeds it, and no place is taken twice;
//! - I2 every attempt has exactly one end;
//! - I3 places taken are attempts under way, and none is left in the end;
//! - I4 the answer is that of the one attempt that committed;
//! - I5 nothing starts after a commit, a cancellation or the deadline;
//! - I6 attempts are bounded, each group is visited once, each member tried once unless it has no
//!   equal;
//! - I7 retries under way never exceed the further attempts that there are, and none is left;
//! - I8 a credential that was refused is used again by its probe alone.
//!
//! Every tenth seed runs twice and must do the same (I11). A seed that fails is printed and kept in
//! `invariants.seeds`, whose seeds run first from then on.
#![expect(clippy::unwrap_used, reason = "a test fails where it cannot go on")]
#![expect(clippy::disallowed_methods, reason = "virtual time is tokio's, paused")]

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::num::{NonZeroU32, NonZeroU64};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::LocalSet;
use tokio::time::{Instant, sleep, timeout};
use tollgate_balancer::{
    Attempt, AttemptKind, BudgetPolicy, Call, CredentialBook, Failure, Fallbacks, GroupSpec,
    Limits, MemberSpec, PanicMode, QueuePolicy, Rate, Router, Strategy, execute,
};
use tollgate_core_types::chance::SplitMix64;
use tollgate_core_types::{Chance, ErrorClass, UpstreamError};

/// How many worlds are tried.
const SEEDS: u64 = 10_000;
/// Where seeds that failed are kept.
const KEPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/invariants.seeds");
/// What credentials are called.
const CREDENTIALS: [&str; 3] = ["key-0", "key-1", "key-2"];
/// The first pause of a refused credential.
const PROBE: Duration = Duration::from_secs(60);

/// What a member of the world is like.
#[derive(Debug, Clone)]
struct Place {
    id: Arc<str>,
    credential: &'static str,
    /// In how many of a hundred attempts it fails.
    bad: usize,
}

/// One request under way or over.
#[derive(Debug, Default)]
struct Request {
    attempts: u32,
    groups: Vec<Arc<str>>,
    /// Member ids tried in the present group.
    tried: Vec<Arc<str>>,
    committed: Option<u32>,
    over: bool,
}

/// What is seen from outside.
#[derive(Default)]
struct Seen {
    /// Attempts under way by member, and further ones by group.
    live: HashMap<Arc<str>, u32>,
    further: HashMap<Arc<str>, u32>,
    /// When each credential was refused, and whether its probe is out.
    refused: HashMap<&'static str, Instant>,
    log: String,
}

struct World {
    router: Router<Place>,
    seen: RefCell<Seen>,
    chance: RefCell<SplitMix64>,
    start: Instant,
    /// From then on this credential is refused.
    revoked: (&'static str, Instant),
}

/// Counts an attempt as under way until it is dropped, with its future or at its end.
struct Live<'a>(&'a World, Arc<str>, Option<Arc<str>>);

impl Drop for Live<'_> {
    fn drop(&mut self) {
        let mut seen = self.0.seen.borrow_mut();
        *seen.live.get_mut(&self.1).unwrap() -= 1;
        if let Some(group) = &self.2 {
            *seen.further.get_mut(group).unwrap() -= 1;
        }
    }
}

fn pick<T: Copy>(chance: &mut SplitMix64, of: &[T]) -> T {
    of[chance.below(of.len())]
}

fn limits(chance: &mut SplitMix64) -> Limits {
    let some = |chance: &mut SplitMix64| chance.below(3) == 0;
    Limits {
        rpm: some(chance).then(|| NonZeroU32::new(1 + chance.below(60) as u32)).flatten(),
        qps: some(chance).then(|| Rate::per_second(0.2 + 3.0 * chance.unit())).flatten(),
        concurrency: some(chance).then(|| 1 + chance.below(3) as u32),
        units_per_minute: some(chance)
            .then(|| NonZeroU64::new(50 + chance.below(3000) as u64))
            .flatten(),
        adaptive: chance.below(4) == 0,
    }
}

fn groups(chance: &mut SplitMix64) -> Vec<GroupSpec<Place>> {
    let count = 1 + chance.below(3);
    let mut groups = Vec::new();
    for number in 0..count {
        let members = (0..1 + chance.below(4)).map(|member| {
            let id: Arc<str> = format!("g{number}-m{member}").into();
            let credential = pick(chance, &CREDENTIALS);
            let place =
                Place { id: Arc::clone(&id), credential, bad: pick(chance, &[0, 10, 60, 100]) };
            MemberSpec {
                credential: credential.into(),
                weight: 0.5 + chance.unit() * 4.0,
                priority: chance.below(2) as u32,
                limits: limits(chance),
                price: (chance.below(2) == 0).then(|| chance.unit()),
                ..MemberSpec::new(id, place)
            }
        });
        let mut group = GroupSpec::new(format!("g{number}"), members.collect());
        group.strategy = pick(chance, &Strategy::ALL);
        group.panic = pick(chance, &[PanicMode::Probe, PanicMode::All, PanicMode::None]);
        group.budget = (chance.below(4) > 0).then(BudgetPolicy::default);
        group.queue = (chance.below(2) == 0).then(|| QueuePolicy {
            max: chance.below(6),
            timeout: Duration::from_millis(chance.below(15_000) as u64),
            ..QueuePolicy::default()
        });
        // Only to later ones, so that there is no circle.
        let later: Vec<Arc<str>> = (number + 1..count)
            .filter(|_| chance.below(3) > 0)
            .map(|later| format!("g{later}").into())
            .collect();
        group.fallbacks =
            Fallbacks { any: later.clone(), context_window: later.clone(), content_policy: later };
        groups.push(group);
    }
    groups
}

impl World {
    fn new(seed: u64) -> Self {
        let mut chance = SplitMix64::new(seed);
        let groups = groups(&mut chance);
        let start = Instant::now();
        let revoked_at = start + Duration::from_secs(chance.below(120) as u64);
        let revoked = (pick(&mut chance, &CREDENTIALS), revoked_at);
        Self {
            router: Router::new(groups, &CredentialBook::new()).unwrap(),
            seen: RefCell::default(),
            chance: RefCell::new(chance),
            start,
            revoked,
        }
    }

    fn draw(&self, below: usize) -> usize {
        self.chance.borrow_mut().below(below)
    }

    fn note(&self, line: std::fmt::Arguments<'_>) {
        let at = Instant::now() - self.start;
        let mut seen = self.seen.borrow_mut();
        writeln!(seen.log, "{at:?} {line}").unwrap();
    }

    /// I1 and I3, at any moment; I7.
    fn look(&self) {
        let (seen, now) = (self.seen.borrow(), Instant::now().into_std());
        for group in self.router.groups() {
            for member in group.members() {
                let in_use = member.status(now).in_use;
                let live = seen.live.get(member.id()).copied().unwrap_or_default();
                assert_eq!(in_use.in_flight, live, "I3: places of {} are attempts", member.id());
                let most = member.limits().concurrency.unwrap_or(u32::MAX);
                assert!(in_use.in_flight <= most, "I1: {} is over its places", member.id());
            }
            let further = seen.further.get(group.name()).copied().unwrap_or_default();
            if let Some(budget) = group.retry_budget(now) {
                assert!(budget.under_way <= further, "I7: {budget:?} but {further}");
            }
        }
    }

    /// An attempt begins: I1, I5, I6, I8.
    fn begins(
        &self,
        attempt: &Attempt<Place>,
        request: &RefCell<Request>,
        (deadline, units, most): (Instant, u64, u32),
    ) -> Live<'_> {
        let (now, place) = (Instant::now(), attempt.payload().clone());
        let mut own = request.borrow_mut();
        assert!(own.committed.is_none() && !own.over, "I5: it starts after its end");
        assert!(now < deadline, "I5: it starts after the deadline");
        own.attempts += 1;
        assert!(own.attempts <= most, "I6: {} attempts of {most}", own.attempts);
        assert_eq!(own.attempts, attempt.number(), "attempts are numbered");
        if own.groups.last() != Some(attempt.group()) {
            assert!(!own.groups.contains(attempt.group()), "I6: a group is visited twice");
            own.groups.push(Arc::clone(attempt.group()));
            own.tried.clear();
        }
        let again = own.tried.contains(&place.id);
        assert_eq!(again, attempt.kind() == AttemptKind::Retry, "I6: a member is tried twice");
        own.tried.push(Arc::clone(&place.id));
        drop(own);
        self.note(format_args!("{} {} at {}", attempt.number(), attempt.kind().as_str(), place.id));
        let limit = attempt.member().limits().units_per_minute.map(NonZeroU64::get);
        let used = attempt.member().status(now.into_std()).in_use.units;
        if let (Some(limit), Some(used)) = (limit, used) {
            assert!(used <= limit.max(units), "I1: {used} units of {limit} with {units}");
        }
        let mut seen = self.seen.borrow_mut();
        if let Some(refused) = seen.refused.get(place.credential) {
            assert!(now >= *refused + PROBE, "I8: {} is used after its refusal", place.credential);
        }
        *seen.live.entry(Arc::clone(&place.id)).or_default() += 1;
        let further = (attempt.kind() != AttemptKind::First).then(|| self.payer(request, attempt));
        if let Some(group) = &further {
            *seen.further.entry(Arc::clone(group)).or_default() += 1;
        }
        Live(self, place.id, further)
    }

    /// The group whose budget pays for a further attempt: that of the last failure.
    fn payer(&self, request: &RefCell<Request>, attempt: &Attempt<Place>) -> Arc<str> {
        let own = request.borrow();
        let before = own.groups.len().checked_sub(2).and_then(|at| own.groups.get(at));
        let first_here = own.tried.len() == 1;
        before.filter(|_| first_here).map_or_else(|| Arc::clone(attempt.group()), Arc::clone)
    }

    async fn attempt(
        &self,
        attempt: Attempt<Place>,
        request: &RefCell<Request>,
        bounds: (Instant, u64, u32),
    ) -> Result<Arc<str>, Failure<UpstreamError>> {
        let place = attempt.payload().clone();
        let live = self.begins(&attempt, request, bounds);
        sleep(Duration::from_millis(self.draw(4000) as u64)).await;
        if place.credential == self.revoked.0 && attempt.started() >= self.revoked.1.into_std() {
            let error = UpstreamError::new(ErrorClass::Auth, "no such key");
            let failure = attempt.fail(error);
            drop(live);
            self.seen.borrow_mut().refused.entry(place.credential).or_insert_with(Instant::now);
            return Err(failure);
        }
        if self.draw(100) < place.bad {
            let class = pick(&mut self.chance.borrow_mut(), &ErrorClass::ALL);
            if !matches!(class, ErrorClass::Auth | ErrorClass::Billing) {
                let pause = Duration::from_secs(self.draw(20) as u64);
                let pause = (self.draw(3) == 0).then_some(pause);
                let failure =
                    attempt.fail(UpstreamError::new(class, "by chance").with_retry_after(pause));
                drop(live);
                self.note(format_args!("{} failed: {}", place.id, class.as_str()));
                return Err(failure);
            }
        }
        request.borrow_mut().committed = Some(attempt.number());
        let mut committed = attempt.commit();
        sleep(Duration::from_millis(self.draw(8000) as u64)).await;
        if self.draw(2) == 0 {
            committed.used(self.draw(2000) as u64);
        }
        if self.draw(100) < place.bad / 2 {
            committed.broke(&UpstreamError::new(ErrorClass::BrokenStream, "by chance"));
        } else {
            committed.complete();
        }
        drop(live);
        Ok(place.id)
    }

    async fn request(&self, number: u64) {
        let seed = self.draw(1 << 30) as u64;
        let root = format!("g{}", self.draw(self.router.groups().count()));
        let deadline = Instant::now() + Duration::from_millis(500 + self.draw(30_000) as u64);
        let (units, most) = (self.draw(400) as u64, 1 + self.draw(5) as u32);
        let call = Call {
            units,
            max_attempts: Some(most),
            affinity: (self.draw(3) == 0).then_some(number % 3),
            tenant: number % 4,
            strategy: (self.draw(4) == 0).then(|| Strategy::ALL[self.draw(Strategy::ALL.len())]),
            size: 1.0 + self.draw(5000) as f64,
            ..Call::new(&root, deadline.into_std(), seed)
        };
        let request = RefCell::new(Request::default());
        let bounds = (deadline, units, most);
        let run = execute(&self.router, call, |attempt| self.attempt(attempt, &request, bounds));
        // One client in five leaves before its answer, perhaps.
        let patience = if self.draw(5) == 0 { self.draw(6000) as u64 } else { 3_600_000 };
        let answer = timeout(Duration::from_millis(patience), run).await;
        let mut own = request.borrow_mut();
        own.over = true;
        match answer {
            Err(_) => self.note(format_args!("{number} left")),
            Ok(Ok(by)) => {
                assert_eq!(own.committed, Some(own.attempts), "I4: the last attempt committed");
                assert_eq!(own.tried.last(), Some(&by), "I4: the answer is its");
                self.note(format_args!("{number} answered by {by}"));
            }
            Ok(Err(exhausted)) => {
                assert_eq!(own.committed, None, "I4: an answer was thrown away");
                assert_eq!(exhausted.attempts, own.attempts, "every attempt is told");
                assert_eq!(exhausted.history.len(), own.attempts as usize, "and no other");
                self.note(format_args!("{number} failed: {}", exhausted.reason.as_str()));
            }
        }
    }

    /// I2, I3 and I7, when all is over.
    fn ends(&self) {
        self.look();
        assert!(self.seen.borrow().live.values().all(|live| *live == 0), "I3: one is left");
        for group in self.router.groups() {
            let waiting = group.waiting(Instant::now().into_std());
            assert_eq!(waiting.map_or(0, |(waiting, _)| waiting), 0, "I3: one waits for ever");
        }
        let mut known = HashSet::new();
        for member in self.router.groups().flat_map(|group| group.members()) {
            if !known.insert(Arc::clone(member.id())) {
                continue;
            }
            let totals = member.status(Instant::now().into_std()).totals;
            let ends = totals.failed
                + totals.refused
                + totals.completed
                + totals.broken
                + totals.cancelled;
            assert_eq!(totals.attempts, ends, "I2: {}: {totals:?}", member.id());
        }
    }
}

/// What happened in the world of this seed.
fn run(seed: u64) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    let local = LocalSet::new();
    local.block_on(&runtime, async {
        let world = Rc::new(World::new(seed));
        let mut requests = Vec::new();
        for number in 0..12 + world.draw(20) as u64 {
            sleep(Duration::from_millis(world.draw(8000) as u64)).await;
            world.look();
            let own = Rc::clone(&world);
            requests.push(tokio::task::spawn_local(async move { own.request(number).await }));
        }
        for request in requests {
            if let Err(failed) = request.await {
                std::panic::resume_unwind(failed.into_panic());
            }
        }
        world.ends();
        world.seen.take().log
    })
}

/// What is wrong with this seed, if anything is.
fn fault(seed: u64) -> Option<String> {
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let log = run(seed);
        assert!(!log.is_empty(), "nothing happened");
        if seed.is_multiple_of(10) {
            assert_eq!(log, run(seed), "I11: a seed is a world");
        }
    }));
    let panic = outcome.err()?;
    let text = panic.downcast_ref::<String>().cloned();
    let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
    Some(text.unwrap_or_default())
}

fn kept() -> Vec<u64> {
    let text = std::fs::read_to_string(Path::new(KEPT)).unwrap_or_default();
    text.lines().filter_map(|line| line.split('#').next()?.trim().parse().ok()).collect()
}

fn keep(seed: u64, fault: &str) {
    let mut text = std::fs::read_to_string(Path::new(KEPT)).unwrap_or_default();
    let first = fault.lines().next().unwrap_or_default();
    writeln!(text, "{seed} # {first}").unwrap();
    std::fs::write(Path::new(KEPT), text).unwrap();
}

#[test]
fn the_invariants_hold_in_ten_thousand_worlds() {
    for seed in kept() {
        if let Some(fault) = fault(seed) {
            panic!("kept seed {seed}: {fault}");
        }
    }
    let threads = std::thread::available_parallelism().map_or(1, |all| all.get() as u64).min(8);
    let faults: Vec<(u64, String)> = std::thread::scope(|scope| {
        let part = |first: u64| {
            move || {
                let mut seeds = (first..SEEDS).step_by(threads as usize);
                seeds.find_map(|seed| fault(seed).map(|fault| (seed, fault)))
            }
        };
        let all: Vec<_> = (0..threads).map(|first| scope.spawn(part(first))).collect();
        all.into_iter().filter_map(|thread| thread.join().unwrap()).collect()
    });
    for (seed, fault) in &faults {
        keep(*seed, fault);
    }
    assert!(faults.is_empty(), "seeds that fail, kept in {KEPT}: {faults:#?}");
}
