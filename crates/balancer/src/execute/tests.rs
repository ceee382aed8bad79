//! The attempt loop: retries, failovers, fallbacks, waits and ends.

use std::cell::RefCell;
use std::sync::Arc;

use tokio::time::advance;
use tollgate_core_types::{ErrorClass, UpstreamError};

use super::*;
use crate::testing::{error, group, router, secs, throttle};
use crate::{AttemptKind, GroupSpec, Reason, Refusal};

mod fallbacks;
mod faults;
mod graphs;
mod queues;
mod storms;

type R = Router<&'static str>;
type Answer = Result<&'static str, Exhausted<UpstreamError>>;

fn call(group: &str) -> Call<'_, &'static str> {
    Call::new(group, clock::now() + secs(60), 1)
}

/// A runtime whose time passes only when all wait, for property tests.
fn paused() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_time().start_paused(true).build().unwrap()
}

/// Names as lists of fallbacks hold them.
fn names(list: &[&str]) -> Vec<Arc<str>> {
    list.iter().map(|name| Arc::from(*name)).collect()
}

/// Members in the order given, each failing as the script says; no failure is an answer.
async fn scripted(
    router: &R,
    call: Call<'_, &'static str>,
    script: impl Fn(&Attempt<&'static str>) -> Option<UpstreamError>,
) -> (Answer, Vec<String>) {
    let log = RefCell::new(Vec::new());
    let answer = execute(router, call, |attempt| {
        log.borrow_mut().push(format!("{} {}", attempt.payload(), attempt.kind().as_str()));
        let outcome = script(&attempt);
        async move {
            match outcome {
                Some(error) => Err(attempt.fail(error)),
                None => {
                    let committed = attempt.commit();
                    let id = *committed.payload();
                    committed.complete();
                    Ok(id)
                }
            }
        }
    })
    .await;
    (answer, log.into_inner())
}

/// Everything fails with this class.
fn always(class: ErrorClass) -> impl Fn(&Attempt<&'static str>) -> Option<UpstreamError> {
    move |_| Some(error(class))
}

fn ordered(name: &str, ids: &[&'static str]) -> GroupSpec<&'static str> {
    let mut spec = group(name, ids);
    spec.strategy = Strategy::FirstAvailable;
    spec
}

fn with_fallbacks(mut spec: GroupSpec<&'static str>, any: &[&str]) -> GroupSpec<&'static str> {
    spec.fallbacks.any = names(any);
    spec
}

#[tokio::test(start_paused = true)]
async fn the_first_answer_is_the_answer() {
    let router = router(vec![ordered("g", &["a", "b"])]);
    let (answer, log) = scripted(&router, call("g"), |_| None).await;
    assert_eq!((answer.unwrap(), log), ("a", vec!["a first".to_owned()]));
}

#[tokio::test(start_paused = true)]
async fn another_member_is_tried_at_once() {
    let router = router(vec![ordered("g", &["a", "b"])]);
    let start = clock::now();
    let (answer, log) = scripted(&router, call("g"), |attempt| {
        (*attempt.payload() == "a").then(|| error(ErrorClass::Server))
    })
    .await;
    assert_eq!((answer.unwrap(), log), ("b", vec!["a first".into(), "b failover".to_owned()]));
    assert_eq!(clock::now(), start, "no wait where another member is well");
}

#[tokio::test(start_paused = true)]
async fn each_member_of_several_is_tried_at_most_once() {
    let router = router(vec![ordered("g", &["a", "b"])]);
    let (answer, log) = scripted(&router, call("g"), always(ErrorClass::Server)).await;
    let spent = answer.unwrap_err();
    assert_eq!(log, ["a first", "b failover"]);
    assert_eq!((spent.reason, spent.attempts), (Reason::Spent, 2));
    assert_eq!(spent.history.len(), 2);
    assert_eq!(spent.history[1].info.kind, AttemptKind::Failover);
    assert_eq!((&*spent.history[1].info.member, &*spent.history[1].label), ("b", "server"));
    assert_eq!(spent.error.as_ref().unwrap().class, ErrorClass::Server);
    assert_eq!(spent.to_string(), "no answer after 2 attempts (spent): server: it failed");
}

#[tokio::test(start_paused = true)]
async fn the_number_of_attempts_is_bounded_by_the_group_or_the_call() {
    let router = router(vec![ordered("g", &["a", "b", "c", "d", "e"])]);
    for (asked, expected) in [(None, 3), (Some(4), 4), (Some(1), 1), (Some(0), 1)] {
        let call = Call { max_attempts: asked, ..call("g") };
        let (answer, log) = scripted(&router, call, always(ErrorClass::Overload)).await;
        assert_eq!((answer.unwrap_err().attempts, log.len()), (expected, expected as usize));
    }
    let call = Call { retries: false, ..call("g") };
    assert_eq!(scripted(&router, call, always(ErrorClass::Overload)).await.1.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_single_member_is_tried_again_after_a_jittered_wait() {
    let mut waits = Vec::new();
    for seed in 0..40 {
        let router = router(vec![ordered("g", &["a"])]);
        let started = RefCell::new(Vec::new());
        let call = Call { seed, ..call("g") };
        let (_, log) = scripted(&router, call, |attempt| {
            started.borrow_mut().push(attempt.started());
            Some(error(ErrorClass::Server))
        })
        .await;
        assert_eq!(log, ["a first", "a retry", "a retry"]);
        let started = started.into_inner();
        let wait = |n: usize| started[n] - started[n - 1];
        // A timer tick more than the bound of 100 ms * 2^n.
        assert!(wait(1).as_millis() <= 101 && wait(2).as_millis() <= 201, "{started:?}");
        waits.push(wait(2));
    }
    waits.sort_unstable();
    waits.dedup();
    assert!(waits.len() > 20, "jittered: {waits:?}");
}

#[tokio::test(start_paused = true)]
async fn a_single_member_left_by_the_others_is_tried_again_too() {
    let router = router(vec![ordered("g", &["a", "b"])]);
    let (_, log) = scripted(&router, call("g"), |_| Some(throttle(secs(600)))).await;
    assert_eq!(log, ["a first", "b failover"]);
    advance(secs(602)).await;
    let auth = |attempt: &Attempt<&'static str>| {
        (*attempt.payload() == "a").then(|| error(ErrorClass::Auth))
    };
    assert_eq!(scripted(&router, call("g"), auth).await.0.unwrap(), "b");
    let (_, log) = scripted(&router, call("g"), always(ErrorClass::Server)).await;
    assert_eq!(log, ["b first", "b retry", "b retry"]);
}

#[tokio::test(start_paused = true)]
async fn a_first_token_timeout_is_never_tried_again_at_the_same_member() {
    let router = router(vec![ordered("g", &["a"])]);
    let (answer, log) = scripted(&router, call("g"), always(ErrorClass::FirstTokenTimeout)).await;
    assert_eq!((log.len(), answer.unwrap_err().reason), (1, Reason::Spent));
}

#[tokio::test(start_paused = true)]
async fn what_no_attempt_mends_is_not_tried_again() {
    for class in [ErrorClass::Client, ErrorClass::Deadline, ErrorClass::Internal] {
        let groups = vec![with_fallbacks(ordered("g", &["a", "b"]), &["h"]), ordered("h", &["c"])];
        let router = router(groups);
        let (answer, log) = scripted(&router, call("g"), always(class)).await;
        let spent = answer.unwrap_err();
        assert_eq!((log.len(), spent.reason), (1, Reason::NotRetryable), "{class:?}");
        assert_eq!(spent.retry_after, None);
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_dialect_cannot_say_another_member_may() {
    let router = router(vec![ordered("g", &["a", "b"])]);
    let (answer, log) = scripted(&router, call("g"), always(ErrorClass::Unsupported)).await;
    assert_eq!((log.len(), answer.unwrap_err().reason), (2, Reason::NotRetryable));
}

#[tokio::test(start_paused = true)]
async fn a_short_pause_of_the_only_member_is_waited_for() {
    let router = router(vec![ordered("g", &["a"])]);
    let start = clock::now();
    let (answer, log) =
        scripted(&router, call("g"), |attempt| (attempt.number() == 1).then(|| throttle(secs(3))))
            .await;
    assert_eq!((answer.unwrap(), log), ("a", vec!["a first".into(), "a retry".to_owned()]));
    let waited = clock::now() - start;
    assert!(waited >= secs(3) && waited < secs(4), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn a_long_pause_is_given_up_at_once_and_told() {
    let router = router(vec![ordered("g", &["a"])]);
    let start = clock::now();
    let (answer, log) = scripted(&router, call("g"), |_| Some(throttle(secs(30)))).await;
    let spent = answer.unwrap_err();
    assert_eq!((log.len(), clock::now()), (1, start));
    assert_eq!(spent.reason, Reason::Spent);
    let wait = spent.retry_after.unwrap();
    assert!(wait >= secs(30) && wait <= secs(31), "{wait:?}");
    let second = scripted(&router, call("g"), |_| None).await.0.unwrap_err();
    assert_eq!(second.reason, Reason::NoneAvailable { all_throttled: true });
    assert_eq!((second.attempts, second.retry_after, second.error), (0, Some(wait), None));
    assert!(matches!(&*second.refused, [(id, Refusal::Cooling(_))] if &**id == "a"));
}

#[tokio::test(start_paused = true)]
async fn a_pause_that_grows_while_it_is_waited_for_is_given_up() {
    let router = Arc::new(router(vec![ordered("g", &["a"])]));
    let waits =
        scripted(&router, call("g"), |attempt| (attempt.number() == 1).then(|| throttle(secs(3))));
    // What was sent before the pause comes back a second later and makes it longer.
    let straggler = execute(&router, call("g"), |attempt| async move {
        tokio::time::sleep(secs(1)).await;
        Err::<(), _>(attempt.fail(throttle(secs(4))))
    });
    let straggler = async { tokio::time::timeout(secs(2), straggler).await.is_err() };
    let (straggled, (answer, log)) = tokio::join!(straggler, waits);
    assert!(straggled);
    assert_eq!((log.len(), answer.unwrap_err().reason), (1, Reason::Spent));
}

#[tokio::test(start_paused = true)]
async fn no_wait_reaches_the_deadline() {
    for left in [1, 3, 4] {
        let router = router(vec![ordered("g", &["a"])]);
        let start = clock::now();
        let call = Call { deadline: start + secs(left), ..call("g") };
        let (answer, log) = scripted(&router, call, |_| Some(throttle(secs(4)))).await;
        assert_eq!((log.len(), clock::now()), (1, start), "{left} s left");
        assert!(answer.unwrap_err().retry_after.unwrap() >= secs(4));
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_starts_at_the_deadline() {
    let router = router(vec![ordered("g", &["a", "b"])]);
    let call = Call { deadline: clock::now() + secs(10), ..call("g") };
    let answer: Answer = execute(&router, call, |attempt| async move {
        tokio::time::sleep(secs(10)).await;
        Err(attempt.fail(error(ErrorClass::Server)))
    })
    .await;
    let spent = answer.unwrap_err();
    assert_eq!((spent.reason, spent.attempts), (Reason::DeadlineExceeded, 1));
    let late = scripted(&router, call, |_| None).await;
    assert_eq!(late.0.unwrap_err().reason, Reason::DeadlineExceeded);
    assert!(late.1.is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_list_for_the_last_error_is_the_one_that_is_tried() {
    for (class, expected) in [
        (ErrorClass::Server, "any first-choice"),
        (ErrorClass::Auth, "any first-choice"),
        (ErrorClass::ContextWindow, "long"),
        (ErrorClass::ContentPolicy, "lax"),
    ] {
        let mut g = ordered("g", &["a"]);
        g.retry.max_attempts = 9;
        g.fallbacks.any = names(&["any", "other"]);
        g.fallbacks.context_window = names(&["long"]);
        g.fallbacks.content_policy = names(&["lax"]);
        let router = router(vec![
            g,
            ordered("any", &["any first-choice"]),
            ordered("other", &["o"]),
            ordered("long", &["long"]),
            ordered("lax", &["lax"]),
        ]);
        let (answer, log) = scripted(&router, call("g"), |attempt| {
            (*attempt.payload() == "a").then(|| error(class))
        })
        .await;
        assert_eq!(answer.unwrap(), expected, "{log:?}");
        assert_eq!(log.last().unwrap(), &format!("{expected} fallback"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_kind_without_a_list_has_no_fallback() {
    let router = router(vec![with_fallbacks(ordered("g", &["a"]), &["h"]), ordered("h", &["b"])]);
    let (answer, log) = scripted(&router, call("g"), always(ErrorClass::ContextWindow)).await;
    assert_eq!((log.len(), answer.unwrap_err().reason), (1, Reason::NotRetryable));
}

#[tokio::test(start_paused = true)]
async fn fallbacks_go_depth_first_by_the_error_of_each_group() {
    let mut g = with_fallbacks(ordered("g", &["a"]), &["h", "i"]);
    g.retry.max_attempts = 9;
    let mut h = with_fallbacks(ordered("h", &["b"]), &["x"]);
    h.fallbacks.context_window = names(&["j"]);
    let groups = vec![g, h, ordered("i", &["c"]), ordered("j", &["d"]), ordered("x", &["e"])];
    let router = router(groups);
    let (answer, log) = scripted(&router, call("g"), |attempt| match *attempt.payload() {
        "b" => Some(error(ErrorClass::ContextWindow)),
        _ => Some(error(ErrorClass::FirstTokenTimeout)),
    })
    .await;
    assert_eq!(log, ["a first", "b fallback", "d fallback", "c fallback"]);
    assert_eq!(answer.unwrap_err().reason, Reason::Spent);
}

#[tokio::test(start_paused = true)]
async fn a_group_with_nobody_admissible_falls_to_its_general_list() {
    let router = router(vec![with_fallbacks(ordered("g", &["a"]), &["h"]), ordered("h", &["b"])]);
    let _first = scripted(&router, call("g"), |attempt| {
        (*attempt.payload() == "a").then(|| throttle(secs(600)))
    })
    .await;
    let (answer, log) = scripted(&router, call("g"), |_| None).await;
    assert_eq!((answer.unwrap(), log), ("b", vec!["b fallback".to_owned()]));
}

#[tokio::test(start_paused = true)]
async fn nobody_is_told_apart_by_why() {
    let router = router(vec![with_fallbacks(ordered("g", &["a"]), &["h"]), ordered("h", &["b"])]);
    let nobody = |_: &&str| Err("no tools");
    let (answer, _) = scripted(&router, Call { eligible: &nobody, ..call("g") }, |_| None).await;
    let spent = answer.unwrap_err();
    assert_eq!((spent.reason, spent.refused.len()), (Reason::NoneEligible, 2));
    let (answer, _) = scripted(&router, call("elsewhere"), |_| None).await;
    assert_eq!(answer.unwrap_err().reason, Reason::UnknownGroup);
    let _first = scripted(&router, call("g"), always(ErrorClass::Auth)).await;
    let only_a = |payload: &&str| if *payload == "a" { Ok(()) } else { Err("no tools") };
    let (answer, _) = scripted(&router, Call { eligible: &only_a, ..call("g") }, |_| None).await;
    let spent = answer.unwrap_err();
    assert_eq!(spent.reason, Reason::NoneAvailable { all_throttled: false });
    assert_eq!(spent.retry_after, Some(secs(60)));
}

#[tokio::test(start_paused = true)]
async fn no_time_is_told_where_somebody_is_admissible() {
    let router = router(vec![ordered("g", &["a", "b"])]);
    let call = Call { max_attempts: Some(2), ..call("g") };
    let (answer, _) = scripted(&router, call, |attempt| match *attempt.payload() {
        "a" => Some(throttle(secs(30))),
        _ => Some(error(ErrorClass::Server)),
    })
    .await;
    assert_eq!(answer.unwrap_err().retry_after, None);
}

#[tokio::test(start_paused = true)]
async fn a_seed_is_a_choice() {
    let chosen = async |seed| {
        let router = router(vec![group("g", &["a", "b", "c", "d"])]);
        scripted(&router, Call { seed, ..call("g") }, |_| None).await.0.unwrap()
    };
    for seed in 0..8 {
        assert_eq!(chosen(seed).await, chosen(seed).await);
    }
    let mut seen = Vec::new();
    for seed in 0..40 {
        seen.push(chosen(seed).await);
    }
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen, ["a", "b", "c", "d"]);
}

#[tokio::test(start_paused = true)]
async fn the_future_can_be_sent_and_is_small() {
    fn sendable<T: Send>(value: T) -> T {
        value
    }
    let router = router(vec![ordered("g", &["a"])]);
    let future = sendable(execute(&router, call("g"), |attempt| async move {
        Err::<(), _>(attempt.fail(error(ErrorClass::Client)))
    }));
    assert!(size_of_val(&future) < 2048, "{}", size_of_val(&future));
    assert!(future.await.is_err());
}
