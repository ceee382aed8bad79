//! Members that are interchangeable for callers, and the choice among them.
//!
//! Choice and admission are one step under the group's lock, so that two requests never both see the
//! same member idle and both take it. The order is: filter, lowest priority tier with an admissible
//! member, strategy. When every breaker is open one request per member is let through now and then,
//! because an open breaker is a guess.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tollgate_core_types::Chance;

use crate::backoff::RetryPolicy;
use crate::breaker::BreakerPolicy;
use crate::budget::{Budget, BudgetPolicy, BudgetState};
use crate::gate::Gate;
use crate::lock::lock;
use crate::member::{Admission, Asked, Member, MemberSpec, View};
use crate::norm::Norm;
use crate::pace::Pace;
use crate::places::Places;
use crate::queue::QueuePolicy;
use crate::refusal::Refusal;
use crate::strategy::{Candidate, Memory, Strategy, choose, prefer, scores};

mod tier;

pub(crate) use tier::Scope;
use tier::{Enough, Look, Span, Tier, spans};

/// The caller's own filter: whether a member can serve this request at all. It runs under a lock: it
/// must be quick and must not call the balancer.
pub type Eligible<'a, P> = &'a (dyn Fn(&P) -> Result<(), &'static str> + Send + Sync + 'a);

/// A group as configured.
#[derive(Debug, Clone)]
pub struct GroupSpec<P> {
    /// The name that callers and fallback lists use.
    pub name: Arc<str>,
    /// At least one; the order matters to [`Strategy::FirstAvailable`].
    pub members: Vec<MemberSpec<P>>,
    /// How a member is chosen unless the call says otherwise.
    pub strategy: Strategy,
    /// How often and how patiently it is tried.
    pub retry: RetryPolicy,
    /// When the breakers of its members trip.
    pub breaker: BreakerPolicy,
    /// How much retries may add to its traffic; none for no bound.
    pub budget: Option<BudgetPolicy>,
    /// What is tried when it cannot serve.
    pub fallbacks: Fallbacks,
    /// What is done when every breaker is open.
    pub panic: PanicMode,
    /// How requests wait where every member that could serve is full; none to refuse at once.
    pub queue: Option<QueuePolicy>,
}

/// What a group does when the breakers of all its members are open: each is only a guess.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum PanicMode {
    /// One request per member and second, or eighth of its trip, is let through.
    #[default]
    Probe,
    /// Breakers are ignored: for members of one's own, where refusing them is worse than load.
    All,
    /// Nothing is let through before a breaker is half open.
    None,
}

impl<P> GroupSpec<P> {
    /// A group of `members` with every policy at its default and no fallback.
    #[must_use]
    pub fn new(name: impl Into<Arc<str>>, members: Vec<MemberSpec<P>>) -> Self {
        Self {
            name: name.into(),
            members,
            strategy: Strategy::default(),
            retry: RetryPolicy::default(),
            breaker: BreakerPolicy::default(),
            budget: Some(BudgetPolicy::default()),
            fallbacks: Fallbacks::default(),
            panic: PanicMode::default(),
            queue: None,
        }
    }
}

/// The names of the groups that are tried when one cannot serve, by what went wrong, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fallbacks {
    /// For any failure that another group may not meet.
    pub any: Vec<Arc<str>>,
    /// For a request that does not fit.
    pub context_window: Vec<Arc<str>>,
    /// For a request that a policy filtered.
    pub content_policy: Vec<Arc<str>>,
}

/// The order in which members would be tried now, and why the others would not.
pub struct Plan<P> {
    /// Admissible members: tier by tier, in the strategy's order.
    pub order: Vec<Arc<Member<P>>>,
    /// The others, by id, in configured order within each tier.
    pub refused: Vec<(Arc<str>, Refusal)>,
}

/// Members that are interchangeable for callers.
pub struct Group<P> {
    name: Arc<str>,
    /// By priority, then as configured.
    members: Vec<Arc<Member<P>>>,
    tiers: Vec<Span>,
    strategy: Strategy,
    retry: RetryPolicy,
    budget: Option<Arc<Budget>>,
    panic: PanicMode,
    gate: Option<Arc<Gate>>,
    norm: Arc<Norm>,
    chooser: Mutex<Chooser>,
}

#[derive(Debug, Default)]
struct Chooser {
    memory: Memory,
    candidates: Vec<Candidate>,
    pace: Pace,
}

/// Requests a second under which a member that returns is not held back: others would never be busy
/// enough for it to be chosen.
const QUIET: f64 = 1.0;

/// What a request asks of a group.
pub(crate) struct Ask<'a, P> {
    pub(crate) strategy: Option<Strategy>,
    pub(crate) eligible: Eligible<'a, P>,
    pub(crate) scope: Scope<'a>,
    pub(crate) units: u64,
    pub(crate) affinity: Option<u64>,
    /// Only members that are well beyond doubt.
    pub(crate) well: bool,
}

/// A member that would be tried, and by what it was chosen.
pub(crate) struct Planned<P> {
    pub(crate) member: Arc<Member<P>>,
    pub(crate) score: Option<f64>,
}

/// What would be tried in order, and the others by place with the reason.
pub(crate) type Survey<P> = (Vec<Planned<P>>, Vec<(Arc<str>, Refusal)>);

impl<P> Group<P> {
    /// A group of members that were made with this `norm`.
    pub(crate) fn new(
        spec: GroupSpec<P>,
        mut members: Vec<Arc<Member<P>>>,
        norm: Arc<Norm>,
    ) -> Self {
        members.sort_by_key(|member| member.priority());
        let gate = spec.queue.map(|policy| Arc::new(Gate::new(policy, Arc::clone(&norm))));
        if let Some(gate) = &gate {
            members.iter().for_each(|member| member.core().tell(gate));
        }
        Self {
            name: spec.name,
            tiers: spans(&members),
            members,
            strategy: spec.strategy,
            retry: spec.retry,
            budget: spec.budget.map(|policy| Arc::new(Budget::new(policy))),
            panic: spec.panic,
            gate,
            norm,
            chooser: Mutex::new(Chooser::default()),
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// Its members, by priority and then as configured.
    #[must_use]
    pub fn members(&self) -> &[Arc<Member<P>>] {
        &self.members
    }

    /// How a member is chosen unless a call says otherwise.
    #[must_use]
    pub fn strategy(&self) -> Strategy {
        self.strategy
    }

    /// How often and how patiently it is tried.
    #[must_use]
    pub fn retry(&self) -> &RetryPolicy {
        &self.retry
    }

    /// The order in which members would be tried now by a request that takes no units. Takes nothing
    /// and changes nothing.
    #[must_use]
    pub fn plan(
        &self,
        now: Instant,
        strategy: Option<Strategy>,
        chance: &mut dyn Chance,
        eligible: Eligible<'_, P>,
    ) -> Plan<P> {
        let (units, affinity, well) = (0, None, false);
        let scope = Scope::Except(&Places::default());
        let (order, refused) =
            self.survey(now, &Ask { strategy, eligible, scope, units, affinity, well }, chance);
        Plan { order: order.into_iter().map(|planned| planned.member).collect(), refused }
    }

    /// What would be tried now, in order, and why the others would not.
    pub(crate) fn survey(
        &self,
        now: Instant,
        ask: &Ask<'_, P>,
        chance: &mut dyn Chance,
    ) -> Survey<P> {
        let strategy = ask.strategy.unwrap_or(self.strategy);
        let (mut memory, pace) = {
            let chooser = lock(&self.chooser);
            (chooser.memory.clone(), chooser.pace.value(now))
        };
        let (mut order, mut refused) = (Vec::new(), Vec::new());
        let mut candidates: Vec<Candidate> = Vec::new();
        let look = self.look(now, ask, pace);
        for tier in self.tiers() {
            let refuse = |member: &Member<P>, why| refused.push((Arc::clone(member.id()), why));
            tier.survey(&look, &mut candidates, refuse);
            let mut scores = scores(strategy, &candidates, &mut memory);
            let mut first = ask.affinity.and_then(|key| prefer(&candidates, key));
            while let Some(position) =
                first.take().or_else(|| choose(strategy, &candidates, &mut memory, chance))
            {
                let (chosen, score) = (candidates.remove(position), scores.remove(position));
                let member = self.members.get(chosen.index).map(Arc::clone);
                order.extend(member.map(|member| Planned { member, score }));
            }
        }
        (order, refused)
    }

    fn look<'a>(&self, now: Instant, ask: &Ask<'a, P>, pace: f64) -> Look<'a, P> {
        let view = View {
            now,
            strategy: ask.strategy.unwrap_or(self.strategy),
            units: ask.units,
            sticky: ask.affinity.is_some(),
            quiet: pace < QUIET,
        };
        Look { view, eligible: ask.eligible, scope: ask.scope, well: ask.well }
    }

    fn tiers(&self) -> impl Iterator<Item = Tier<'_, P>> {
        self.tiers.iter().map(|span| Tier::new(span, &self.members))
    }

    /// Why each member that would not be admitted now, with so many units, would not be.
    pub(crate) fn refusals(
        &self,
        now: Instant,
        units: u64,
        eligible: Eligible<'_, P>,
    ) -> impl Iterator<Item = (Arc<str>, Refusal)> {
        self.members.iter().filter_map(move |member| {
            let refusal = match eligible(member.payload()) {
                Err(reason) => Refusal::Ineligible(reason),
                Ok(()) => member.core().check(Asked { now, units, overruled: false }).err()?,
            };
            Some((Arc::clone(member.id()), refusal))
        })
    }

    /// Whether a request of so many units would find an admissible member now, in its ordinary way.
    pub(crate) fn can_serve(&self, now: Instant, units: u64, eligible: Eligible<'_, P>) -> bool {
        let scope = Scope::Except(&Places::default());
        let ask = Ask { strategy: None, eligible, scope, units, affinity: None, well: false };
        let look = self.look(now, &ask, 0.0);
        let mut candidates = Vec::new();
        self.tiers().any(|tier| {
            tier.survey(&look, &mut candidates, |_, _| {});
            !candidates.is_empty()
        })
    }

    /// How much it may retry now; none where nothing bounds it.
    #[must_use]
    pub fn retry_budget(&self, now: Instant) -> Option<BudgetState> {
        self.budget.as_ref().map(|budget| budget.state(now))
    }

    pub(crate) fn budget(&self) -> Option<&Arc<Budget>> {
        self.budget.as_ref()
    }

    /// How many requests wait, and how long one that came now would probably do; none where none may
    /// wait.
    #[must_use]
    pub fn waiting(&self, now: Instant) -> Option<(usize, Duration)> {
        self.gate.as_ref().map(|gate| gate.expected(now))
    }

    pub(crate) fn gate(&self) -> Option<&Arc<Gate>> {
        self.gate.as_ref()
    }

    /// When a member may be admitted that is full or pauses, now where one is free; none where there
    /// is no such one.
    pub(crate) fn soonest(
        &self,
        now: Instant,
        units: u64,
        eligible: Eligible<'_, P>,
    ) -> Option<Instant> {
        let able = self.members.iter().filter(|member| eligible(member.payload()).is_ok());
        let ready = able.filter_map(|member| {
            match member.core().check(Asked { now, units, overruled: false }) {
                Ok(()) => Some(now),
                Err(refusal) => refusal.again(now).filter(|_| refusal.is_throttle()),
            }
        });
        ready.min()
    }

    pub(crate) fn norm(&self) -> &Arc<Norm> {
        &self.norm
    }

    /// Chooses and admits a member: its place, itself and the right to one attempt.
    pub(crate) fn admit(
        &self,
        now: Instant,
        ask: &Ask<'_, P>,
        chance: &mut dyn Chance,
    ) -> Option<(usize, Arc<Member<P>>, Admission)> {
        let mut chooser = lock(&self.chooser);
        let Chooser { memory, candidates, pace } = &mut *chooser;
        let look = self.look(now, ask, pace.tick(now));
        let strategy = look.view.strategy;
        for tier in self.tiers() {
            // A chosen one may be full by now, as a member of another group: then once more with all.
            for enough in [tier.enough(strategy), None] {
                candidates.clear();
                match enough {
                    Some(Enough::First) => tier.first(&look, candidates),
                    Some(Enough::Drawn(count)) => {
                        tier.draw(count, &look, candidates, chance);
                        if let Some(key) = ask.affinity {
                            tier.homes(key, &look, candidates);
                        }
                    }
                    None => tier.survey(&look, candidates, |_, _| {}),
                }
                let mut first = ask.affinity.and_then(|key| prefer(candidates, key));
                while let Some(position) =
                    first.take().or_else(|| choose(strategy, candidates, memory, chance))
                {
                    let chosen = candidates.remove(position);
                    let Some(member) = self.members.get(chosen.index) else { continue };
                    let asked = Asked { now, units: ask.units, overruled: chosen.overruled };
                    if let Ok(admission) = member.core().admit(asked) {
                        return Some((chosen.index, Arc::clone(member), admission));
                    }
                }
                if enough.is_none() {
                    break;
                }
            }
        }
        if ask.well { None } else { self.admit_panic(now, ask, chance) }
    }

    /// Lets a request through to an open member if every eligible member is open: seldom, or
    /// always, or never.
    fn admit_panic(
        &self,
        now: Instant,
        ask: &Ask<'_, P>,
        chance: &mut dyn Chance,
    ) -> Option<(usize, Arc<Member<P>>, Admission)> {
        let eligible = || {
            let members = self.members.iter().enumerate();
            members.filter(|(_, member)| (ask.eligible)(member.payload()).is_ok())
        };
        if self.panic == PanicMode::None
            || !eligible().all(|(_, member)| member.core().is_open(now))
        {
            return None;
        }
        // From a random place on, so that the first member does not get every such probe.
        let start = chance.below(self.members.len());
        let (before, after): (Vec<_>, Vec<_>) =
            eligible().filter(|(index, _)| ask.scope.has(*index)).partition(|(i, _)| *i < start);
        after.into_iter().chain(before).find_map(|(index, member)| {
            let admission = match self.panic {
                PanicMode::Probe => member.core().admit_panic(now, ask.units)?,
                PanicMode::All => member.core().admit_regardless(now, ask.units)?,
                PanicMode::None => return None,
            };
            Some((index, Arc::clone(member), admission))
        })
    }
}

#[cfg(test)]
mod tests;
