//! The guards: every way out gives the place back and says the right thing.

use tokio::time::advance;
use tollgate_core_types::{ErrorClass, UpstreamError};

use super::*;
use crate::breaker::BreakerState;
use crate::credential::CredentialState;
use crate::status::MemberStatus;
use crate::testing::{error, group, router, secs, throttle};
use crate::walk::{Step, Walk};
use crate::{Call, Refusal, Router};

type One = Router<&'static str>;

fn one() -> One {
    router(vec![group("g", &["m"])])
}

/// The next attempt that the router gives.
fn attempt(router: &One) -> Option<Attempt<&'static str>> {
    let now = clock::now();
    let mut walk = Walk::<_, UpstreamError>::new(router, Call::new("g", now + secs(60), 1), now);
    match walk.next(now) {
        Step::Try(attempt) => Some(attempt),
        Step::Wait(_) | Step::Queue(..) | Step::Stop(_) => None,
    }
}

fn status(router: &One) -> MemberStatus {
    router.group("g").unwrap().members()[0].status(clock::now())
}

fn fail(router: &One, class: ErrorClass, times: u32) {
    for _ in 0..times {
        let _failure = attempt(router).unwrap().fail(error(class));
    }
}

#[tokio::test(start_paused = true)]
async fn an_attempt_says_what_it_is() {
    let router = one();
    let attempt = attempt(&router).unwrap();
    assert_eq!((attempt.number(), attempt.kind()), (1, AttemptKind::First));
    assert_eq!((&**attempt.group(), &**attempt.member().id()), ("g", "m"));
    assert_eq!(*attempt.payload(), "m");
    assert_eq!(attempt.started(), clock::now());
    assert!(format!("{attempt:?}").contains("First"));
}

#[tokio::test(start_paused = true)]
async fn a_whole_answer_is_counted_at_each_step() {
    let router = one();
    let attempt = attempt(&router).unwrap();
    assert_eq!(status(&router).in_use.in_flight, 1);
    advance(secs(2)).await;
    let committed = attempt.commit();
    assert_eq!(committed.first_event(), secs(2));
    assert_eq!((*committed.payload(), &**committed.member().id()), ("m", "m"));
    let now = status(&router);
    assert_eq!((now.in_use.in_flight, now.totals.committed, now.totals.completed), (1, 1, 0));
    assert_eq!(now.latency, Some(secs(2)));
    committed.complete();
    let now = status(&router);
    assert_eq!((now.in_use.in_flight, now.totals.completed, now.totals.cancelled), (0, 1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_recorded_with_its_text_and_the_place_is_free() {
    let router = one();
    let attempt = attempt(&router).unwrap();
    advance(secs(1)).await;
    let failure = attempt.fail(error(ErrorClass::Server));
    assert_eq!(failure.elapsed(), secs(1));
    assert_eq!((failure.info().number, failure.error().class), (1, ErrorClass::Server));
    advance(secs(3)).await;
    let now = status(&router);
    assert_eq!((now.in_use.in_flight, now.totals.failed, now.consecutive_failures), (0, 1, 1));
    let last = now.last_error.unwrap();
    assert_eq!((&*last.label, &*last.text, last.ago), ("server", "server: it failed", secs(3)));
    assert!(now.latency.unwrap() > secs(3), "a failure counts as slow");
}

#[tokio::test(start_paused = true)]
async fn dropping_an_attempt_or_an_answer_is_neutral() {
    let router = one();
    for _ in 0..10 {
        drop(attempt(&router).unwrap());
        drop(attempt(&router).unwrap().commit());
    }
    let now = status(&router);
    assert_eq!((now.in_use.in_flight, now.totals.cancelled, now.totals.failed), (0, 20, 0));
    assert_eq!((now.breaker, now.last_error), (BreakerState::Closed, None));
}

#[tokio::test(start_paused = true)]
async fn an_attempt_given_up_after_long_is_a_lower_bound_of_latency() {
    let router = one();
    attempt(&router).unwrap().commit().complete();
    let slow = attempt(&router).unwrap();
    advance(secs(7)).await;
    drop(slow);
    assert_eq!(status(&router).latency, Some(secs(7)));
}

#[tokio::test(start_paused = true)]
async fn a_probe_is_given_back_on_drop_and_decides_on_a_verdict() {
    let router = one();
    fail(&router, ErrorClass::Server, 5);
    assert_eq!(status(&router).breaker, BreakerState::Open);
    advance(status(&router).reopens_in.unwrap()).await;
    assert_eq!(status(&router).breaker, BreakerState::HalfOpen);
    let probe = attempt(&router).unwrap();
    assert!(attempt(&router).is_none());
    assert_eq!(status(&router).refusal, Some(Refusal::Probing));
    drop(probe);
    let probe = attempt(&router).unwrap();
    let committed = probe.commit();
    assert_eq!(status(&router).breaker, BreakerState::Closed, "the first content is a success");
    committed.complete();
}

#[tokio::test(start_paused = true)]
async fn answers_that_break_open_the_breaker() {
    let router = one();
    for _ in 0..5 {
        attempt(&router).unwrap().commit().broke(&error(ErrorClass::BrokenStream));
    }
    let now = status(&router);
    assert_eq!((now.breaker, now.totals.broken, now.in_use.in_flight), (BreakerState::Open, 5, 0));
    assert_eq!(now.last_error.unwrap().label, "broken_stream");
}

#[tokio::test(start_paused = true)]
async fn each_class_isolates_what_it_blames() {
    let state = |class| {
        let router = one();
        fail(&router, class, 1);
        status(&router)
    };
    assert!(matches!(state(ErrorClass::Auth).refusal, Some(Refusal::Disabled(_))));
    assert!(matches!(state(ErrorClass::Billing).refusal, Some(Refusal::Exhausted(_))));
    assert!(matches!(state(ErrorClass::ModelMissing).refusal, Some(Refusal::Missing(_))));
    assert!(matches!(state(ErrorClass::Throttle).refusal, Some(Refusal::Cooling(_))));
    for class in [
        ErrorClass::Client,
        ErrorClass::Unsupported,
        ErrorClass::ContextWindow,
        ErrorClass::ContentPolicy,
        ErrorClass::Deadline,
        ErrorClass::Cancelled,
        ErrorClass::Internal,
    ] {
        let now = state(class);
        assert_eq!((now.refusal, now.consecutive_failures), (None, 0), "{class:?}");
        assert_eq!(now.latency, None, "{class:?} says nothing of speed");
    }
    assert_eq!(state(ErrorClass::Throttle).consecutive_failures, 0);
    assert_eq!(state(ErrorClass::Server).consecutive_failures, 1);
}

#[tokio::test(start_paused = true)]
async fn a_fault_of_the_client_is_a_sign_of_life() {
    let router = one();
    fail(&router, ErrorClass::Server, 4);
    fail(&router, ErrorClass::Client, 1);
    fail(&router, ErrorClass::Server, 4);
    assert_eq!(status(&router).breaker, BreakerState::Closed);
}

#[tokio::test(start_paused = true)]
async fn an_overload_that_says_when_to_come_back_is_heard() {
    let router = one();
    let overload = error(ErrorClass::Overload).with_retry_after(Some(secs(20)));
    let _failure = attempt(&router).unwrap().fail(overload);
    let cooling = status(&router).cooling_for.unwrap();
    assert!(cooling >= secs(20) && cooling <= secs(21), "{cooling:?}");
}

#[tokio::test(start_paused = true)]
async fn a_success_ends_the_run_of_throttles() {
    let router = one();
    for expected in [1, 2] {
        let _failure = attempt(&router).unwrap().fail(error(ErrorClass::Throttle));
        let cooling = status(&router).cooling_for.unwrap();
        assert!(cooling >= secs(expected), "{cooling:?}");
        advance(cooling).await;
    }
    attempt(&router).unwrap().commit().complete();
    let _failure = attempt(&router).unwrap().fail(error(ErrorClass::Throttle));
    assert!(status(&router).cooling_for.unwrap() < secs(2));
}

#[tokio::test(start_paused = true)]
async fn a_credential_is_probed_by_a_real_request_when_it_is_due() {
    let router = one();
    fail(&router, ErrorClass::Auth, 1);
    advance(secs(59)).await;
    assert!(attempt(&router).is_none());
    advance(secs(1)).await;
    let probe = attempt(&router).unwrap();
    assert!(attempt(&router).is_none(), "one at a time");
    let _failure = probe.fail(error(ErrorClass::Auth));
    advance(secs(299)).await;
    assert!(attempt(&router).is_none(), "five minutes the second time");
    advance(secs(1)).await;
    attempt(&router).unwrap().commit().complete();
    assert_eq!(status(&router).credential_state, CredentialState::Healthy);
    let (_a, _b) = (attempt(&router).unwrap(), attempt(&router).unwrap());
}

#[tokio::test(start_paused = true)]
async fn an_answer_about_the_request_proves_the_credential() {
    let router = one();
    fail(&router, ErrorClass::Auth, 1);
    advance(secs(60)).await;
    fail(&router, ErrorClass::Client, 1);
    assert_eq!(status(&router).credential_state, CredentialState::Healthy);
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_says_nothing_of_the_credential_gives_its_probe_back() {
    let router = one();
    fail(&router, ErrorClass::Auth, 1);
    advance(secs(60)).await;
    fail(&router, ErrorClass::Server, 1);
    assert!(matches!(status(&router).credential_state, CredentialState::Disabled { .. }));
    assert!(attempt(&router).is_some());
}

#[tokio::test(start_paused = true)]
async fn a_refusal_of_the_member_gives_the_credentials_probe_back() {
    let router = one();
    fail(&router, ErrorClass::Auth, 1);
    advance(secs(60)).await;
    let _failure = attempt(&router).unwrap().fail(throttle(secs(600)));
    for _ in 0..3 {
        assert!(attempt(&router).is_none());
    }
    advance(secs(601)).await;
    assert!(attempt(&router).is_some());
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_comes_to_its_end_ends_the_run_of_broken_ones() {
    let router = one();
    for turn in 0..9 {
        let committed = attempt(&router).unwrap().commit();
        if turn == 4 {
            committed.complete();
        } else {
            committed.broke(&error(ErrorClass::BrokenStream));
        }
    }
    assert_eq!(status(&router).breaker, BreakerState::Closed);
}
