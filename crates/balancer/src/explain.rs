//! What would become of a call now, without making it: who is eligible, in which order and by what
//! measure, and why the others are not. It must take nothing and change nothing.

use std::sync::Arc;
use std::time::Instant;

use tollgate_core_types::chance::SplitMix64;
use tollgate_core_types::error::FallbackKind;

use crate::execute::Call;
use crate::group::{Ask, Group, Scope};
use crate::places::Places;
use crate::refusal::Refusal;
use crate::router::Router;
use crate::strategy::Strategy;

/// What would become of a call in one group.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// The group's name.
    pub group: Arc<str>,
    /// How a member is chosen.
    pub strategy: Strategy,
    /// Whether requests of one kind are kept together, and this call says of which it is.
    pub sticky: bool,
    /// Its members: those that would be tried first, in order; then the others, as configured.
    pub members: Vec<Explained>,
}

/// What would become of a call at one member.
#[derive(Debug, Clone, PartialEq)]
pub struct Explained {
    /// Its id.
    pub id: Arc<str>,
    /// Its tier.
    pub priority: u32,
    /// Its share.
    pub weight: f64,
    /// Requests under way.
    pub in_flight: u32,
    /// How slow it has been against the usual; none without a history.
    pub slowness: Option<f64>,
    /// Whether it would be tried.
    pub verdict: Verdict,
}

/// Whether a member would be tried.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Verdict {
    /// It would.
    Eligible {
        /// As which in its group, from 1.
        order: usize,
        /// What the strategy compares, the smallest first; none where it does not compare.
        score: Option<f64>,
    },
    /// It would not.
    Refused(Refusal),
}

impl<P> Router<P> {
    /// What would become of this call now: in the group that it names and in those that it would
    /// fall back to, in that order. Empty where no group has that name.
    #[must_use]
    pub fn explain(&self, call: Call<'_, P>, now: Instant) -> Vec<Explanation> {
        let mut chance = SplitMix64::new(call.seed);
        let mut visited = Places::default();
        let mut pending: Vec<usize> = self.index(call.group).into_iter().collect();
        let mut explanations = Vec::new();
        while let Some(index) = pending.pop() {
            let Some(route) = self.route(index).filter(|_| !visited.contains(index)) else {
                continue;
            };
            explanations.push(route.group.explain(&call, now, &mut chance));
            match call.fallbacks {
                None => pending.extend(route.fallbacks(FallbackKind::Any).iter().rev()),
                Some(own) if visited.len() == 0 => {
                    pending.extend(own.iter().rev().filter_map(|name| self.index(name)));
                }
                Some(_) => {}
            }
            visited.push(index);
        }
        explanations
    }
}

impl<P> Group<P> {
    fn explain(&self, call: &Call<'_, P>, now: Instant, chance: &mut SplitMix64) -> Explanation {
        let &Call { strategy, eligible, units, affinity, .. } = call;
        let scope = Scope::Except(&Places::default());
        let ask = Ask { strategy, eligible, scope, units, affinity, well: false };
        let (order, refused) = self.survey(now, &ask, chance);
        let tried = order.iter().enumerate().map(|(at, planned)| {
            let verdict = Verdict::Eligible { order: at + 1, score: planned.score };
            self.explained(planned.member.id(), verdict, now)
        });
        let others =
            refused.iter().map(|(id, why)| self.explained(id, Verdict::Refused(*why), now));
        Explanation {
            group: Arc::clone(self.name()),
            strategy: strategy.unwrap_or(self.strategy()),
            sticky: affinity.is_some(),
            members: tried.chain(others).flatten().collect(),
        }
    }

    fn explained(&self, id: &Arc<str>, verdict: Verdict, now: Instant) -> Option<Explained> {
        let member = self.members().iter().find(|member| member.id() == id)?;
        let status = member.status(now);
        Some(Explained {
            id: status.id,
            priority: status.priority,
            weight: status.weight,
            in_flight: status.in_use.in_flight,
            slowness: status.slowness,
            verdict,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{epoch, group, router};
    use crate::{Fallbacks, GroupSpec};

    fn lines(explanations: &[Explanation]) -> Vec<String> {
        let member = |member: &Explained| match member.verdict {
            Verdict::Eligible { order, score } => format!("{}:{order}:{score:?}", member.id),
            Verdict::Refused(refusal) => format!("{}:{refusal}", member.id),
        };
        let line = |explanation: &Explanation| {
            let members: Vec<_> = explanation.members.iter().map(member).collect();
            format!("{} {} {}", explanation.group, explanation.strategy, members.join(" "))
        };
        explanations.iter().map(line).collect()
    }

    #[test]
    fn it_says_who_would_be_tried_in_which_order_and_who_not_and_why() {
        let mut first: GroupSpec<_> = group("first", &["a", "b", "c"]);
        first.strategy = Strategy::Adaptive;
        first.members[0].weight = 2.0;
        first.members[1].priority = 1;
        first.fallbacks = Fallbacks { any: vec!["second".into()], ..Fallbacks::default() };
        let router = router(vec![first, group("second", &["d"])]);
        let eligible = |payload: &&str| if *payload == "c" { Err("no tools") } else { Ok(()) };
        let now = epoch();
        let call = Call { eligible: &eligible, ..Call::new("first", now, 1) };
        let expected = [
            "first adaptive a:1:Some(0.5) b:2:Some(1.0) c:ineligible: no tools",
            "second least_busy d:1:Some(0.0)",
        ];
        assert_eq!(lines(&router.explain(call, now)), expected);
        assert_eq!(lines(&router.explain(call, now)), expected, "it changes nothing");
        assert!(router.explain(Call { group: "none", ..call }, now).is_empty());
    }

    #[test]
    fn a_calls_own_fallbacks_and_strategy_are_explained() {
        let router = router(vec![group("a", &["x"]), group("b", &["y"]), group("c", &["z"])]);
        let own = ["c".into(), "b".into()];
        let call = Call {
            strategy: Some(Strategy::Random),
            fallbacks: Some(&own),
            ..Call::new("a", epoch(), 1)
        };
        let groups: Vec<_> =
            router.explain(call, epoch()).iter().map(|one| one.group.to_string()).collect();
        assert_eq!(groups, ["a", "c", "b"]);
    }
}
