//! Everything fails under load: what retries may add is bounded.

use tollgate_core_types::Chance;
use tollgate_core_types::chance::SplitMix64;

use super::*;
use crate::BudgetPolicy;
use crate::testing::millis;

/// How many attempts `requests` at a time make while every attempt fails after a second, and how
/// many of the requests end for want of a budget.
async fn attempts(requests: u64, budget: Option<BudgetPolicy>, class: ErrorClass) -> (u64, usize) {
    let mut spec = group("g", &["a", "b", "c", "d"]);
    spec.budget = budget;
    // The breakers would end the storm; here the budget has to bound it alone.
    spec.breaker.consecutive = u32::MAX;
    spec.breaker.min_requests = u64::MAX;
    let router = Arc::new(router(vec![spec]));
    let mut tasks = tokio::task::JoinSet::new();
    for seed in 0..requests {
        let router = Arc::clone(&router);
        tasks.spawn(async move {
            let answer: Answer =
                execute(&router, Call { seed, ..call("g") }, |attempt| async move {
                    tokio::time::sleep(secs(1)).await;
                    Err(attempt.fail(error(class)))
                })
                .await;
            answer.unwrap_err().reason
        });
    }
    let mut refused = 0;
    while let Some(reason) = tasks.join_next().await {
        refused += usize::from(reason.unwrap() == Reason::RetryBudget);
    }
    let members = router.group("g").unwrap().members();
    let total = members.iter().map(|member| member.status(clock::now()).totals.attempts).sum();
    (total, refused)
}

#[tokio::test(start_paused = true)]
async fn when_everything_fails_attempts_grow_by_a_fifth_and_a_few() {
    let (total, refused) = attempts(1000, Some(BudgetPolicy::default()), ErrorClass::Server).await;
    // Three at a time by the floor, in each of the two further rounds.
    assert!((1200..=1206).contains(&total), "{total}");
    assert!(refused > 700, "{refused}");
}

#[tokio::test(start_paused = true)]
async fn what_may_run_twice_grows_by_half_of_that() {
    let timeout = ErrorClass::FirstTokenTimeout;
    let (total, _) = attempts(1000, Some(BudgetPolicy::default()), timeout).await;
    assert!((1100..=1106).contains(&total), "{total}");
}

#[tokio::test(start_paused = true)]
async fn without_a_budget_every_request_is_tried_as_often_as_it_may_be() {
    assert_eq!(attempts(100, None, ErrorClass::Server).await, (300, 0));
}

#[tokio::test(start_paused = true)]
async fn a_quiet_group_may_always_retry() {
    let (total, refused) = attempts(1, Some(BudgetPolicy::default()), ErrorClass::Server).await;
    assert_eq!((total, refused), (3, 0));
}

#[tokio::test(start_paused = true)]
async fn breakers_end_a_storm() {
    let router = router(vec![group("g", &["a", "b"])]);
    let mut total = 0;
    for seed in 0..1000 {
        let call = Call { seed, ..call("g") };
        let (_, log) = scripted(&router, call, always(ErrorClass::Server)).await;
        total += log.len();
        advance(millis(10)).await;
    }
    // 10 s: five failures each, then at most a probe per member and second.
    assert!(total <= 2 * 5 + 2 * 11, "{total}");
}

#[tokio::test(start_paused = true)]
async fn a_retry_that_has_to_wait_is_paid_for_once() {
    let mut spec = group("g", &["a"]);
    spec.budget = Some(BudgetPolicy { ratio: 1.0, floor: 0, ..BudgetPolicy::default() });
    let router = router(vec![spec]);
    let (answer, log) = scripted(&router, call("g"), always(ErrorClass::Server)).await;
    assert_eq!(log, ["a first", "a retry"]);
    assert_eq!(answer.unwrap_err().reason, Reason::RetryBudget);
}

/// Every breaker is open and probes take long: a request probes each member once at most.
#[tokio::test(start_paused = true)]
async fn a_request_probes_an_open_member_once() {
    let router = router(vec![group("g", &["a", "b"])]);
    for seed in 0..5 {
        let call = Call { seed, ..call("g") };
        let (_, log) = scripted(&router, call, always(ErrorClass::Server)).await;
        assert_eq!(log.len(), 2);
    }
    advance(secs(1)).await;
    let call = Call { max_attempts: Some(9), ..call("g") };
    let answer: Answer = execute(&router, call, |attempt| async move {
        tokio::time::sleep(millis(1500)).await;
        Err(attempt.fail(error(ErrorClass::Server)))
    })
    .await;
    assert_eq!(answer.unwrap_err().attempts, 2);
}

/// A burst on a fresh group, with one of two members dead: far more failovers than the budget pays.
#[tokio::test(start_paused = true)]
async fn a_burst_on_a_dead_member_is_served_by_the_one_that_is_well() {
    for class in [ErrorClass::Connect, ErrorClass::FirstTokenTimeout] {
        let mut spec = with_fallbacks(group("g", &["dead", "well"]), &["h"]);
        spec.budget = Some(BudgetPolicy::default());
        spec.members[1].limits.concurrency = Some(60);
        let router = Arc::new(router(vec![spec, group("h", &["other"])]));
        let mut tasks = tokio::task::JoinSet::new();
        for seed in 0..100 {
            let router = Arc::clone(&router);
            tasks.spawn(async move {
                execute(&router, Call { seed, ..call("g") }, |attempt| async move {
                    tokio::time::sleep(secs(1)).await;
                    if *attempt.payload() == "dead" {
                        return Err(attempt.fail(error(class)));
                    }
                    attempt.commit().complete();
                    Ok(())
                })
                .await
                .map_err(|spent| spent.reason)
            });
        }
        for outcome in tasks.join_all().await {
            assert_eq!(outcome, Ok(()), "{class:?}");
        }
    }
}

/// Everybody fails three times in ten: nobody is well beyond doubt, so the budget holds.
#[tokio::test(start_paused = true)]
async fn a_group_that_is_half_sick_is_not_retried_beyond_the_budget() {
    let mut spec = group("g", &["a", "b", "c", "d"]);
    spec.budget = Some(BudgetPolicy::default());
    spec.breaker.consecutive = u32::MAX;
    let router = Arc::new(router(vec![spec]));
    let mut tasks = tokio::task::JoinSet::new();
    for seed in 0..4000_u64 {
        let router = Arc::clone(&router);
        tasks.spawn(async move {
            let answer: Answer =
                execute(&router, Call { seed, ..call("g") }, |attempt| async move {
                    tokio::time::sleep(secs(1)).await;
                    let dice = SplitMix64::new(seed * 8 + u64::from(attempt.number())).unit();
                    if dice < 0.3 {
                        return Err(attempt.fail(error(ErrorClass::Server)));
                    }
                    attempt.commit().complete();
                    Ok("served")
                })
                .await;
            drop(answer);
        });
        tokio::time::sleep(millis(5)).await;
    }
    tasks.join_all().await;
    let members = router.group("g").unwrap().members();
    let total: u64 = members.iter().map(|m| m.status(clock::now()).totals.attempts).sum();
    // The floor allows three a second more: 60 in these 20 s.
    assert!((4600..=4900).contains(&total), "{total}");
}
