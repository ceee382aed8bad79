//! Faults of several members at once, and requests given up at every moment.

use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};
use tollgate_core_types::Chance;
use tollgate_core_types::chance::SplitMix64;

use super::*;
use crate::testing::millis;
use crate::{BreakerState, BudgetPolicy, CredentialBook, CredentialState, Limits, Rate};

/// Three keys of one deployment, one of them revoked while requests come.
#[tokio::test(start_paused = true)]
async fn a_revoked_key_among_three_is_never_seen_by_a_client() {
    for strategy in Strategy::ALL {
        let mut spec = group("g", &["k1", "k2", "k3"]);
        spec.strategy = strategy;
        spec.budget = Some(BudgetPolicy::default());
        let book = CredentialBook::new();
        let router = Router::new(vec![spec], &book).unwrap();
        let mut refused = 0;
        for request in 0..1200_u64 {
            let revoked = request >= 300;
            let call = Call { seed: request, ..call("g") };
            let (answer, log) = scripted(&router, call, |attempt| {
                (revoked && *attempt.payload() == "k1").then(|| error(ErrorClass::Auth))
            })
            .await;
            assert!(answer.is_ok(), "{strategy}: request {request}: {log:?}");
            refused += usize::from(log.len() > 1);
            advance(secs(1)).await;
        }
        // 900 s: the failure itself, and the probes after 1 and 6 minutes.
        assert!((1..=3).contains(&refused), "{strategy}: {refused}");
        let state = book.credential(&Arc::from("k1")).state();
        assert!(matches!(state, CredentialState::Disabled { .. }));
    }
}

#[tokio::test(start_paused = true)]
async fn members_with_one_credential_are_out_together() {
    let mut spec = ordered("g", &["a", "b", "c"]);
    spec.members[1].credential = Arc::from("a");
    let router = router(vec![spec]);
    let (answer, log) = scripted(&router, call("g"), |attempt| {
        (*attempt.payload() == "a").then(|| error(ErrorClass::Auth))
    })
    .await;
    assert_eq!((answer.unwrap(), log.len()), ("c", 2), "b is not even tried");
}

/// A vendor whose sign-in fails for a while refuses every key; nobody has to repair anything.
#[tokio::test(start_paused = true)]
async fn an_outage_of_all_keys_ends_by_itself() {
    let router = router(vec![group("g", &["a", "b", "c"])]);
    let (answer, log) = scripted(&router, call("g"), always(ErrorClass::Auth)).await;
    assert_eq!((log.len(), answer.unwrap_err().reason), (3, Reason::Spent));
    let (answer, _) = scripted(&router, call("g"), |_| None).await;
    assert_eq!(answer.unwrap_err().retry_after, Some(secs(60)));
    advance(secs(60)).await;
    for _ in 0..3 {
        assert!(scripted(&router, call("g"), |_| None).await.0.is_ok());
    }
}

/// The share of attempts that go to one of eight members that fails in 20 ms while the others take
/// seconds: a black hole for naive balancing.
async fn share_of_the_black_hole(strategy: Strategy, fails: ErrorClass) -> f64 {
    let mut spec = group("g", &["bad", "1", "2", "3", "4", "5", "6", "7"]);
    spec.strategy = strategy;
    let router = Arc::new(router(vec![spec]));
    let mut tasks = tokio::task::JoinSet::new();
    for seed in 0..4000 {
        let router = Arc::clone(&router);
        tasks.spawn(async move {
            let half = millis(500 + SplitMix64::new(seed).next_u64() % 2000);
            execute(&router, Call { seed, ..call("g") }, |attempt| async move {
                if *attempt.payload() == "bad" {
                    tokio::time::sleep(millis(20)).await;
                    return Err(attempt.fail(error(fails)));
                }
                tokio::time::sleep(half).await;
                let committed = attempt.commit();
                tokio::time::sleep(half).await;
                committed.complete();
                Ok(())
            })
            .await
            .map_err(|spent| spent.reason)
        });
        tokio::time::sleep(millis(25)).await;
    }
    while let Some(outcome) = tasks.join_next().await {
        assert_eq!(outcome.unwrap(), Ok(()), "{strategy} {fails:?}");
    }
    let members = router.group("g").unwrap().members();
    let attempts = |member: &crate::Member<_>| member.status(clock::now()).totals.attempts;
    let bad: u64 = members.iter().filter(|m| *m.payload() == "bad").map(|m| attempts(m)).sum();
    assert!(bad >= 2, "it is probed");
    bad as f64 / members.iter().map(|member| attempts(member)).sum::<u64>() as f64
}

#[tokio::test(start_paused = true)]
async fn a_fast_failing_member_attracts_no_traffic() {
    for strategy in [Strategy::LeastBusy, Strategy::Adaptive, Strategy::RoundRobin, Strategy::Usage]
    {
        for fails in [ErrorClass::Server, ErrorClass::Throttle, ErrorClass::Connect] {
            let share = share_of_the_black_hole(strategy, fails).await;
            assert!(share <= 0.05, "{strategy} {fails:?}: {share}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_member_that_recovers_serves_again() {
    let mut spec = ordered("g", &["a", "b"]);
    spec.members[1].priority = 1;
    let router = router(vec![spec]);
    let sick = |attempt: &Attempt<&'static str>| {
        (*attempt.payload() == "a").then(|| error(ErrorClass::Server))
    };
    for _ in 0..5 {
        assert_eq!(scripted(&router, call("g"), sick).await.0.unwrap(), "b");
    }
    let a = || router.group("g").unwrap().members()[0].status(clock::now());
    assert_eq!(a().breaker, BreakerState::Open);
    assert_eq!(scripted(&router, call("g"), sick).await.1, ["b first"]);
    advance(a().reopens_in.unwrap()).await;
    assert_eq!(scripted(&router, call("g"), |_| None).await.0.unwrap(), "a");
    assert_eq!(a().breaker, BreakerState::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_rate_spills_over_to_the_next_member_and_then_says_when() {
    let mut spec = ordered("g", &["a", "b"]);
    for member in &mut spec.members {
        member.limits = Limits { qps: Rate::per_second(2.0), ..Limits::default() };
    }
    let router = router(vec![spec]);
    let mut served = Vec::new();
    for _ in 0..4 {
        served.push(scripted(&router, call("g"), |_| None).await.0.unwrap());
    }
    assert_eq!(served, ["a", "a", "b", "b"]);
    let spent = scripted(&router, call("g"), |_| None).await.0.unwrap_err();
    assert_eq!(spent.reason, Reason::NoneAvailable { all_throttled: true });
    assert_eq!(spent.retry_after, Some(millis(500)));
    advance(millis(500)).await;
    assert!(scripted(&router, call("g"), |_| None).await.0.is_ok());
}

#[tokio::test(start_paused = true)]
async fn where_all_places_are_taken_a_client_is_told_to_come_back_soon() {
    let mut spec = ordered("g", &["a", "b"]);
    for member in &mut spec.members {
        member.limits = Limits { concurrency: Some(1), ..Limits::default() };
    }
    let router = router(vec![spec]);
    let mut kept = Vec::new();
    for _ in 0..2 {
        let keep = async |attempt: Attempt<&'static str>| Ok::<_, Failure<UpstreamError>>(attempt);
        kept.push(execute(&router, call("g"), keep).await.unwrap());
    }
    let full = scripted(&router, call("g"), |_| None).await.0.unwrap_err();
    assert_eq!(full.reason, Reason::NoneAvailable { all_throttled: true });
    assert_eq!(full.retry_after, Some(secs(1)));
    kept.pop();
    assert!(scripted(&router, call("g"), |_| None).await.0.is_ok());
}

/// One request at a time, so that nothing is in use whenever a member is chosen.
#[tokio::test(start_paused = true)]
async fn idle_members_share_by_weight_whatever_their_limits() {
    for strategy in [Strategy::Usage, Strategy::LeastBusy] {
        let mut spec = group("g", &["a", "b", "c"]);
        spec.strategy = strategy;
        for (member, (weight, most)) in spec.members.iter_mut().zip([(3.0, 9), (2.0, 1), (1.0, 1)])
        {
            member.weight = weight;
            member.limits = Limits { concurrency: Some(most), ..Limits::default() };
        }
        let router = router(vec![spec]);
        let mut counts = std::collections::BTreeMap::new();
        for seed in 0..6000 {
            let call = Call { seed, ..call("g") };
            let (answer, _) = scripted(&router, call, |_| None).await;
            *counts.entry(answer.unwrap()).or_insert(0_i64) += 1;
        }
        for (id, expected) in [("a", 3000), ("b", 2000), ("c", 1000)] {
            assert!((counts[id] - expected).abs() < 160, "{strategy}: {counts:?}");
        }
    }
}

/// What a request does at a member, as chance has it.
async fn act(attempt: Attempt<&'static str>, seed: u64) -> Result<(), Failure<UpstreamError>> {
    let mut chance = SplitMix64::new(seed ^ u64::from(attempt.number()));
    let pause = millis(chance.next_u64() % 50);
    tokio::time::sleep(pause).await;
    if chance.unit() < 0.5 {
        let classes = ErrorClass::ALL;
        return Err(attempt.fail(error(classes[chance.below(classes.len())])));
    }
    let committed = attempt.commit();
    tokio::time::sleep(pause).await;
    match chance.below(3) {
        0 => committed.complete(),
        1 => committed.broke(&error(ErrorClass::BrokenStream)),
        _ => drop(committed),
    }
    Ok(())
}

/// Runs requests that begin after each other and each have their patience.
async fn run_all(router: &Arc<R>, requests: Vec<(u64, u64, u64)>) {
    let mut tasks = tokio::task::JoinSet::new();
    for (patience, seed, gap) in requests {
        let router = Arc::clone(router);
        tasks.spawn(async move {
            let call = Call { seed, ..call("g") };
            let request = execute(&router, call, |attempt| act(attempt, seed));
            drop(tokio::time::timeout(millis(patience), request).await);
        });
        tokio::time::sleep(millis(gap)).await;
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
}

proptest! {
    /// Requests that fail in every way and are given up at any moment leave nothing behind: no
    /// place, no probe, no retry under way.
    #[test]
    fn whatever_is_given_up_leaves_nothing_behind(
        requests in proptest::collection::vec((0_u64..200, any::<u64>(), 0_u64..40), 1..60),
    ) {
        let runtime = paused();
        runtime.block_on(async {
            let mut g = with_fallbacks(group("g", &["a", "b", "c"]), &["h"]);
            g.budget = Some(BudgetPolicy::default());
            g.members[0].limits.concurrency = Some(2);
            let router = Arc::new(router(vec![g, group("h", &["d"])]));
            run_all(&router, requests).await;
            // Longer than any pause, trip or probe schedule: everything is admissible again.
            advance(secs(4000)).await;
            for group in router.groups() {
                for member in group.members() {
                    let status = member.status(clock::now());
                    prop_assert_eq!(status.in_use.in_flight, 0);
                    prop_assert_eq!(status.refusal, None);
                    let t = status.totals;
                    let ends = t.failed + t.refused + t.completed + t.broken + t.cancelled;
                    prop_assert_eq!(t.attempts, ends, "{:?}", t);
                }
                prop_assert!(group.budget().is_none_or(|budget| budget.active() == 0));
            }
            Ok(())
        })?;
    }
}

/// Real threads: the limit holds at every moment, and every place is given back.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_concurrency_limit_holds_between_threads() {
    use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
    static BUSY: AtomicU32 = AtomicU32::new(0);
    let mut spec = group("g", &["a"]);
    spec.members[0].limits.concurrency = Some(3);
    let router = Arc::new(router(vec![spec]));
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..16 {
        let router = Arc::clone(&router);
        tasks.spawn(async move {
            let mut served = 0;
            for seed in 0..500 {
                let call = Call { seed: task * 500 + seed, ..call("g") };
                let answer = execute(&router, call, |attempt| async move {
                    let busy = BUSY.fetch_add(1, SeqCst);
                    tokio::task::yield_now().await;
                    BUSY.fetch_sub(1, SeqCst);
                    attempt.commit().complete();
                    Ok::<_, Failure<UpstreamError>>(busy)
                });
                match answer.await {
                    Ok(busy) => {
                        assert!(busy < 3);
                        served += 1;
                    }
                    Err(spent) => {
                        // Busy when it was asked, and perhaps free again by now.
                        assert!(matches!(&*spent.refused, [] | [(_, Refusal::Busy)]));
                        assert_eq!(spent.reason, Reason::NoneAvailable { all_throttled: true });
                    }
                }
            }
            served
        });
    }
    let served: u64 = tasks.join_all().await.into_iter().sum();
    let status = router.group("g").unwrap().members()[0].status(clock::now());
    assert_eq!((status.in_use.in_flight, status.totals.completed), (0, served));
}
