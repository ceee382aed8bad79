//! Members that are interchangeable for callers, and the choice among them.
//!
//! Choice and admission are one step under the group's lock, so that two requests never both see the
//! same member idle and both take it. The order is: filter, lowest priority tier with an admissible
//! member, strategy. When every breaker is open one request per member is let through now and then,
//! because an open breaker is a guess.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use tollgate_core_types::Chance;

use crate::backoff::RetryPolicy;
use crate::breaker::BreakerPolicy;
use crate::budget::{Budget, BudgetPolicy};
use crate::lock::lock;
use crate::member::{Admission, Member, MemberSpec};
use crate::places::Places;
use crate::refusal::Refusal;
use crate::strategy::{Candidate, Memory, Strategy, choose};

mod tier;

pub(crate) use tier::Scope;
use tier::{Look, tiers};

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
    strategy: Strategy,
    retry: RetryPolicy,
    budget: Option<Arc<Budget>>,
    chooser: Mutex<Chooser>,
}

#[derive(Debug, Default)]
struct Chooser {
    memory: Memory,
    candidates: Vec<Candidate>,
}

/// What a request asks of a group.
pub(crate) struct Ask<'a, P> {
    pub(crate) strategy: Option<Strategy>,
    pub(crate) eligible: Eligible<'a, P>,
    pub(crate) scope: Scope<'a>,
    /// Only members that are well beyond doubt.
    pub(crate) well: bool,
}

impl<P> Group<P> {
    pub(crate) fn new(spec: GroupSpec<P>, mut members: Vec<Arc<Member<P>>>) -> Self {
        members.sort_by_key(|member| member.priority());
        Self {
            name: spec.name,
            members,
            strategy: spec.strategy,
            retry: spec.retry,
            budget: spec.budget.map(|policy| Arc::new(Budget::new(policy))),
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

    /// The order in which members would be tried now. Takes nothing and changes nothing.
    #[must_use]
    pub fn plan(
        &self,
        now: Instant,
        strategy: Option<Strategy>,
        chance: &mut dyn Chance,
        eligible: Eligible<'_, P>,
    ) -> Plan<P> {
        let strategy = strategy.unwrap_or(self.strategy);
        let mut memory = lock(&self.chooser).memory.clone();
        let (mut order, mut refused) = (Vec::new(), Vec::new());
        let mut candidates: Vec<Candidate> = Vec::new();
        let look =
            Look { now, strategy, eligible, scope: Scope::Except(&Places::default()), well: false };
        for tier in tiers(&self.members) {
            let refuse = |member: &Member<P>, why| refused.push((Arc::clone(member.id()), why));
            tier.survey(&look, &mut candidates, refuse);
            while let Some(position) = choose(strategy, &candidates, &mut memory, chance) {
                let chosen = candidates.remove(position);
                order.extend(self.members.get(chosen.index).map(Arc::clone));
            }
        }
        Plan { order, refused }
    }

    /// Why each member that would not be admitted now would not be.
    pub(crate) fn refusals(
        &self,
        now: Instant,
        eligible: Eligible<'_, P>,
    ) -> impl Iterator<Item = (Arc<str>, Refusal)> {
        self.members.iter().filter_map(move |member| {
            let refusal = match eligible(member.payload()) {
                Err(reason) => Refusal::Ineligible(reason),
                Ok(()) => member.core().check(now).err()?,
            };
            Some((Arc::clone(member.id()), refusal))
        })
    }

    /// Whether a request would find an admissible member now, in its ordinary way.
    pub(crate) fn can_serve(&self, now: Instant, eligible: Eligible<'_, P>) -> bool {
        let scope = Scope::Except(&Places::default());
        let look = Look { now, strategy: self.strategy, eligible, scope, well: false };
        let mut candidates = Vec::new();
        tiers(&self.members).any(|tier| {
            tier.survey(&look, &mut candidates, |_, _| {});
            !candidates.is_empty()
        })
    }

    pub(crate) fn budget(&self) -> Option<&Arc<Budget>> {
        self.budget.as_ref()
    }

    /// Chooses and admits a member: its place, itself and the right to one attempt.
    pub(crate) fn admit(
        &self,
        now: Instant,
        ask: &Ask<'_, P>,
        chance: &mut dyn Chance,
    ) -> Option<(usize, Arc<Member<P>>, Admission)> {
        let strategy = ask.strategy.unwrap_or(self.strategy);
        let look = Look { now, strategy, eligible: ask.eligible, scope: ask.scope, well: ask.well };
        let mut chooser = lock(&self.chooser);
        let Chooser { memory, candidates } = &mut *chooser;
        candidates.clear();
        for tier in tiers(&self.members) {
            tier.survey(&look, candidates, |_, _| {});
            while let Some(position) = choose(strategy, candidates, memory, chance) {
                let chosen = candidates.remove(position);
                let Some(member) = self.members.get(chosen.index) else { continue };
                // Another group with the same member may have taken its last place meanwhile.
                if let Ok(admission) = member.core().admit(now, chosen.overruled) {
                    return Some((chosen.index, Arc::clone(member), admission));
                }
            }
        }
        if ask.well { None } else { self.admit_panic(now, ask, chance) }
    }

    /// Lets a request through to an open member, seldom, if every eligible member is open.
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
        if !eligible().all(|(_, member)| member.core().is_open(now)) {
            return None;
        }
        // From a random place on, so that the first member does not get every such probe.
        let start = chance.below(self.members.len());
        let (before, after): (Vec<_>, Vec<_>) =
            eligible().filter(|(index, _)| ask.scope.has(*index)).partition(|(i, _)| *i < start);
        after.into_iter().chain(before).find_map(|(index, member)| {
            let admission = member.core().admit_panic(now)?;
            Some((index, Arc::clone(member), admission))
        })
    }
}

#[cfg(test)]
mod tests;
