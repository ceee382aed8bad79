//! The choice of a member: filter, tier, strategy, and the last resort.

use tollgate_core_types::ErrorClass;
use tollgate_core_types::chance::SplitMix64;

use super::*;
use crate::member::{Sample, Spent};
use crate::testing::{asked, epoch, error, group, millis, router, secs};

type Spec = GroupSpec<&'static str>;

const ANY: Eligible<'static, &'static str> = &|_| Ok(());

fn build(spec: Spec) -> Arc<Group<&'static str>> {
    let name = Arc::clone(&spec.name);
    Arc::clone(router(vec![spec]).group(&name).unwrap())
}

fn tiers(priorities: [u32; 3]) -> Spec {
    let mut spec = group("g", &["a", "b", "c"]);
    spec.strategy = Strategy::FirstAvailable;
    for (member, priority) in spec.members.iter_mut().zip(priorities) {
        member.priority = priority;
    }
    spec
}

fn plan(group: &Group<&'static str>, now: Instant, eligible: Eligible<'_, &'static str>) -> String {
    let plan = group.plan(now, None, &mut SplitMix64::new(1), eligible);
    let order: Vec<_> = plan.order.iter().map(|member| *member.payload()).collect();
    let refused: Vec<_> = plan.refused.iter().map(|(id, why)| format!("{id}:{why}")).collect();
    format!("{}|{}", order.join(" "), refused.join(" "))
}

/// Admits one member and keeps it; its id, or nothing.
fn admit(group: &Group<&'static str>, now: Instant) -> Option<(&'static str, Admission)> {
    let ask = Ask {
        strategy: None,
        eligible: ANY,
        scope: Scope::Except(&Places::default()),
        units: 0,
        affinity: None,
        well: false,
    };
    let (_, member, admission) = group.admit(now, &ask, &mut SplitMix64::new(1))?;
    Some((member.payload(), admission))
}

/// Fails a member `times` times from outside.
fn fail(group: &Group<&'static str>, id: &str, times: u32, now: Instant) {
    let member = group.members().iter().find(|member| &**member.id() == id).unwrap();
    for _ in 0..times {
        let admission = member.core().admit(asked(now, false)).unwrap();
        let sample = Sample { elapsed: secs(0), usual: 1.0 };
        let chance = &mut SplitMix64::new(1);
        member.core().failed(
            admission,
            &error(ErrorClass::Server),
            (sample, Spent::default()),
            now,
            chance,
        );
    }
}

#[test]
fn tiers_come_in_order_of_priority_whatever_the_configured_order() {
    assert_eq!(plan(&build(tiers([2, 0, 1])), epoch(), ANY), "b c a|");
}

#[test]
fn a_lower_tier_is_used_only_when_no_member_of_the_higher_is_admissible() {
    let (group, now) = (build(tiers([0, 0, 1])), epoch());
    assert_eq!(admit(&group, now).unwrap().0, "a");
    fail(&group, "a", 5, now);
    assert_eq!(admit(&group, now).unwrap().0, "b");
    fail(&group, "b", 5, now);
    assert_eq!(admit(&group, now).unwrap().0, "c");
}

#[test]
fn what_the_caller_excludes_is_named_with_its_reason() {
    let group = build(tiers([0, 0, 0]));
    let filter = |payload: &&str| if *payload == "b" { Err("no tools") } else { Ok(()) };
    assert_eq!(plan(&group, epoch(), &filter), "a c|b:ineligible: no tools");
}

#[test]
fn a_plan_takes_nothing_and_says_what_admission_does() {
    let mut spec = group("g", &["a", "b", "c"]);
    spec.strategy = Strategy::RoundRobin;
    spec.members[0].weight = 3.0;
    let (group, now) = (build(spec), epoch());
    let mut seen = String::new();
    for _ in 0..5 {
        let planned = plan(&group, now, ANY);
        assert_eq!(planned, plan(&group, now, ANY));
        let (id, _) = admit(&group, now).unwrap();
        assert!(planned.starts_with(id), "{planned} {id}");
        seen.push_str(id);
    }
    assert_eq!(seen, "abaca");
}

#[test]
fn a_strategy_of_the_call_goes_before_that_of_the_group() {
    let (group, now) = (build(tiers([0, 0, 0])), epoch());
    let mut counts = [0; 3];
    for seed in 0..300 {
        let ask = Ask {
            strategy: Some(Strategy::Random),
            eligible: ANY,
            scope: Scope::Except(&Places::default()),
            units: 0,
            affinity: None,
            well: false,
        };
        let (place, ..) = group.admit(now, &ask, &mut SplitMix64::new(seed)).unwrap();
        counts[place] += 1;
    }
    assert!(counts.iter().all(|count| *count > 60), "{counts:?}");
}

#[test]
fn the_least_busy_is_exact_because_choice_and_admission_are_one() {
    let mut spec = group("g", &["a", "b", "c"]);
    spec.members[2].weight = 2.0;
    let (group, now) = (build(spec), epoch());
    for _ in 0..40 {
        admit(&group, now).unwrap();
    }
    let busy: Vec<_> =
        group.members().iter().map(|member| member.status(now).in_use.in_flight).collect();
    assert_eq!(busy, [10, 10, 20]);
}

#[test]
fn a_full_member_is_passed_over_and_all_full_is_none() {
    let mut spec = tiers([0, 0, 1]);
    for member in &mut spec.members {
        member.limits.concurrency = Some(1);
    }
    let (group, now) = (build(spec), epoch());
    let order: Vec<_> = std::iter::from_fn(|| admit(&group, now)).map(|(id, _)| id).collect();
    assert_eq!(order, ["a", "b", "c"]);
    assert_eq!(plan(&group, now, ANY), "|a:concurrency b:concurrency c:concurrency");
}

#[test]
fn a_half_open_member_gets_one_probe_and_the_next_tier_the_rest() {
    let (group, now) = (build(tiers([0, 1, 1])), epoch());
    fail(&group, "a", 5, now);
    let now = now + secs(7);
    assert_eq!(admit(&group, now).unwrap().0, "a");
    for _ in 0..10 {
        assert_eq!(admit(&group, now).unwrap().0, "b");
    }
}

#[test]
fn when_every_breaker_is_open_each_member_is_probed_once_a_second() {
    let (group, start) = (build(tiers([0, 0, 0])), epoch());
    for id in ["a", "b", "c"] {
        fail(&group, id, 5, start);
    }
    assert!(admit(&group, start).is_none());
    let mut probed = std::collections::HashMap::new();
    for step in 0..=30 {
        let now = start + millis(100 * step);
        for _ in 0..10 {
            if let Some((id, _)) = admit(&group, now) {
                *probed.entry(id).or_insert(0) += 1;
            }
        }
    }
    assert_eq!(probed.len(), 3, "{probed:?}");
    assert!(probed.values().all(|probes| *probes == 3), "{probed:?}");
}

#[test]
fn one_member_that_is_not_open_is_no_case_for_panic() {
    let mut spec = tiers([0, 0, 0]);
    spec.members[2].limits.concurrency = Some(0);
    let (group, now) = (build(spec), epoch());
    fail(&group, "a", 5, now);
    fail(&group, "b", 5, now);
    assert!(admit(&group, now + secs(2)).is_none());
}

/// Half of every member's attempts and more fail, never five in a row.
fn sicken(group: &Group<&'static str>, now: Instant) {
    sicken_all(group.members(), now);
}

fn sicken_all(members: &[Arc<Member<&'static str>>], now: Instant) {
    for member in members {
        for turn in 0..21 {
            let admission = member.core().admit(asked(now, false)).unwrap();
            let sample = Sample { elapsed: secs(0), usual: 1.0 };
            let chance = &mut SplitMix64::new(1);
            if turn % 3 == 0 {
                member.core().committed(admission, sample, now, chance);
                member.core().completed(Spent::default(), now);
            } else {
                let error = error(ErrorClass::Server);
                member.core().failed(admission, &error, (sample, Spent::default()), now, chance);
            }
            if turn < 19 {
                assert!(!member.core().is_open(now), "{turn}");
            } else if member.core().is_open(now) {
                break;
            }
        }
    }
}

#[test]
fn a_ratio_takes_out_at_most_half_of_a_tiers_weight() {
    for (weights, expected) in [
        ([1.0, 1.0, 1.0], "b c|a:breaker_open"),
        ([2.0, 1.0, 1.0], "b c|a:breaker_open"),
        ([3.0, 1.0, 1.0], "a b c|"),
        ([1.0, 1.0, 4.0], "c|a:breaker_open b:breaker_open"),
    ] {
        let mut spec = tiers_of_one(weights);
        spec.strategy = Strategy::FirstAvailable;
        let (group, now) = (build(spec), epoch());
        sicken(&group, now);
        assert_eq!(plan(&group, now, ANY), expected, "{weights:?}");
        assert_eq!(admit(&group, now).unwrap().0, &expected[..1]);
    }
}

fn tiers_of_one(weights: [f64; 3]) -> Spec {
    let mut spec = tiers([0, 0, 0]);
    for (member, weight) in spec.members.iter_mut().zip(weights) {
        member.weight = weight;
    }
    spec
}

#[test]
fn a_run_of_failures_is_not_overruled_and_ends_overruling() {
    let (group, now) = (build(tiers([0, 0, 0])), epoch());
    sicken(&group, now);
    // With the last one of before it is five in a row.
    for _ in 0..4 {
        let (id, admission) = admit(&group, now).unwrap();
        assert_eq!(id, "b");
        let sample = Sample { elapsed: secs(0), usual: 1.0 };
        let error = error(ErrorClass::Server);
        let b = group.members()[1].core();
        b.failed(admission, &error, (sample, Spent::default()), now, &mut SplitMix64::new(1));
    }
    assert_eq!(plan(&group, now, ANY), "c|a:breaker_open b:breaker_open");
}

#[test]
fn what_a_run_took_out_is_not_counted_against_the_ratio() {
    let (group, now) = (build(tiers([0, 0, 0])), epoch());
    fail(&group, "a", 5, now);
    let rest: Vec<_> = group.members()[1..].to_vec();
    sicken_all(&rest, now);
    assert_eq!(plan(&group, now, ANY), "c|a:breaker_open b:breaker_open");
}

#[test]
fn probes_of_a_group_that_is_all_open_begin_anywhere() {
    let mut first = std::collections::HashSet::new();
    for seed in 0..30 {
        let (group, now) = (build(tiers([0, 0, 0])), epoch());
        for id in ["a", "b", "c"] {
            fail(&group, id, 5, now);
        }
        let places = Places::default();
        let ask = Ask {
            strategy: None,
            eligible: ANY,
            scope: Scope::Except(&places),
            units: 0,
            affinity: None,
            well: false,
        };
        let admitted = group.admit(now + secs(2), &ask, &mut SplitMix64::new(seed));
        first.insert(admitted.unwrap().0);
    }
    assert_eq!(first.len(), 3);
}

/// More than a request a second, all of them over.
fn traffic(group: &Group<&'static str>, now: Instant) {
    for _ in 0..20 {
        let (id, _) = admit(group, now).unwrap();
        let member = group.members().iter().find(|member| &**member.id() == id).unwrap();
        member.core().completed(Spent::default(), now);
    }
}

/// How many of ten requests at a time go to the first of two members.
fn first_of_two(group: &Group<&'static str>, now: Instant) -> usize {
    let held: Vec<_> = (0..10).filter_map(|_| admit(group, now)).collect();
    held.iter().filter(|(id, _)| *id == "a").count()
}

#[test]
fn a_member_returns_slowly_from_its_breaker_and_from_its_credentials_outage() {
    let build = || build(group("g", &["a", "b"]));
    assert_eq!(first_of_two(&build(), epoch()), 5);
    let (broken, now) = (build(), epoch());
    fail(&broken, "a", 5, now);
    let back = now + secs(7);
    let admission = broken.members()[0].core().admit(asked(back, false)).unwrap();
    let sample = Sample { elapsed: secs(0), usual: 1.0 };
    broken.members()[0].core().committed(admission, sample, back, &mut SplitMix64::new(1));
    broken.members()[0].core().completed(Spent::default(), now);
    let refused = build();
    let credential = refused.members()[0].credential();
    credential.disable(crate::CredentialFault::Refused, "auth", None, now);
    credential.reenable(back);
    for group in [broken, refused] {
        traffic(&group, back);
        assert!(first_of_two(&group, back) <= 1, "a tenth at first");
        assert!(first_of_two(&group, back + secs(30)) > 5, "it catches up");
    }
}

#[test]
fn a_member_that_is_added_to_others_begins_slowly_and_those_that_begin_together_do_not() {
    let (book, now) = (crate::CredentialBook::new(), epoch());
    let before = crate::Router::new(vec![group("g", &["b"])], &book).unwrap();
    let after = before.succeed(vec![group("g", &["a", "b"])], &book).unwrap();
    let group = after.group("g").unwrap();
    traffic(group, now);
    assert!(first_of_two(group, now) <= 1, "a tenth at first");
    assert!(first_of_two(group, now + secs(30)) > 5, "it catches up");
}

#[test]
fn where_there_is_little_traffic_a_member_returns_at_once() {
    let (group, now) = (build(group("g", &["a", "b"])), epoch());
    let credential = group.members()[0].credential();
    credential.disable(crate::CredentialFault::Refused, "auth", None, now);
    credential.reenable(now);
    let mut firsts = 0;
    for request in 0..100 {
        let at = now + millis(request * 200);
        let (id, _) = admit(&group, at).unwrap();
        let member = group.members().iter().find(|member| &**member.id() == id).unwrap();
        member.core().completed(Spent::default(), at);
        firsts += usize::from(id == "a" && request < 5);
    }
    assert!(firsts > 0, "it waits for no other to be busy");
}

#[test]
fn of_a_large_tier_two_are_compared_and_every_member_has_its_turn() {
    const IDS: [&str; 100] = {
        let mut ids = [""; 100];
        let digits = "00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748495051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899";
        let mut at = 0;
        while at < 100 {
            ids[at] = digits.split_at(at * 2).1.split_at(2).0;
            at += 1;
        }
        ids
    };
    let mut spec = group("g", &IDS);
    spec.strategy = Strategy::Adaptive;
    let (group, now) = (build(spec), epoch());
    fail(&group, "07", 5, now);
    let mut counts = std::collections::HashMap::new();
    for seed in 0..1000 {
        let places = Places::default();
        let ask = Ask {
            strategy: None,
            eligible: ANY,
            scope: Scope::Except(&places),
            units: 0,
            affinity: None,
            well: false,
        };
        let (place, ..) = group.admit(now, &ask, &mut SplitMix64::new(seed)).unwrap();
        *counts.entry(place).or_insert(0) += 1;
    }
    assert_eq!(counts.len(), 99, "all but the open one");
    assert!(counts.values().all(|count| *count <= 14), "two choices keep it level: {counts:?}");
}

#[test]
fn when_all_are_open_a_group_probes_or_ignores_it_or_refuses_as_it_is_told() {
    for (panic, expected) in [(PanicMode::Probe, 3), (PanicMode::All, 10), (PanicMode::None, 0)] {
        let mut spec = tiers([0, 0, 0]);
        spec.panic = panic;
        let (group, now) = (build(spec), epoch());
        for id in ["a", "b", "c"] {
            fail(&group, id, 5, now);
        }
        let admitted = (0..10).filter(|_| admit(&group, now + secs(2)).is_some()).count();
        assert_eq!(admitted, expected, "{panic:?}");
    }
}

#[test]
fn a_key_stays_with_its_member_until_that_is_out() {
    let (group, now) = (build(group("g", &["a", "b", "c", "d"])), epoch());
    let of_key = |seed| {
        let places = Places::default();
        let ask = Ask {
            strategy: None,
            eligible: ANY,
            scope: Scope::Except(&places),
            units: 0,
            affinity: Some(77),
            well: false,
        };
        let (_, member, _) = group.admit(now, &ask, &mut SplitMix64::new(seed)).unwrap();
        member.core().completed(Spent::default(), now);
        *member.payload()
    };
    let home = of_key(0);
    assert!((1..50).all(|seed| of_key(seed) == home));
    fail(&group, home, 5, now);
    let second = of_key(50);
    assert_ne!(second, home);
    assert!((51..99).all(|seed| of_key(seed) == second));
}
