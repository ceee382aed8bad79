//! A fallback that can serve is reached, whatever comes before it; one that cannot costs nothing.

use super::*;
use crate::{BudgetPolicy, CredentialBook};

/// `g` of these members, which falls back to `h` with the one member `spare`.
fn spared(ids: &[&'static str]) -> R {
    router(vec![with_fallbacks(ordered("g", ids), &["h"]), ordered("h", &["spare"])])
}

/// Only `spare` answers.
fn only_spare(class: ErrorClass) -> impl Fn(&Attempt<&'static str>) -> Option<UpstreamError> {
    move |attempt| (*attempt.payload() != "spare").then(|| error(class))
}

#[tokio::test(start_paused = true)]
async fn a_sole_member_is_tried_once_more_and_then_the_fallback() {
    for class in [ErrorClass::Server, ErrorClass::Transport, ErrorClass::Connect] {
        for most in [3, 9] {
            let call = Call { max_attempts: Some(most), ..call("g") };
            let (answer, log) = scripted(&spared(&["a"]), call, only_spare(class)).await;
            assert_eq!(log, ["a first", "a retry", "spare fallback"], "{class:?} of {most}");
            assert_eq!(answer.unwrap(), "spare");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_last_attempt_is_kept_for_a_fallback() {
    for (members, most, expected) in [
        (&["a"][..], 2, vec!["a first", "spare fallback"]),
        (&["a", "b", "c", "d"], 2, vec!["a first", "spare fallback"]),
        (&["a", "b", "c", "d"], 3, vec!["a first", "b failover", "spare fallback"]),
    ] {
        let call = Call { max_attempts: Some(most), ..call("g") };
        let start = clock::now();
        let (answer, log) =
            scripted(&spared(members), call, only_spare(ErrorClass::FirstTokenTimeout)).await;
        assert_eq!(
            (answer.unwrap(), log.iter().map(String::as_str).collect::<Vec<_>>()),
            ("spare", expected)
        );
        assert_eq!(clock::now(), start, "and nobody waits on the way there");
    }
}

#[tokio::test(start_paused = true)]
async fn one_attempt_is_one_attempt_and_no_fallback() {
    let call = Call { max_attempts: Some(1), ..call("g") };
    let (answer, log) = scripted(&spared(&["a"]), call, only_spare(ErrorClass::Server)).await;
    assert_eq!((log.len(), answer.unwrap_err().reason), (1, Reason::Spent));
}

#[tokio::test(start_paused = true)]
async fn a_pause_is_not_waited_for_where_a_fallback_can_serve() {
    let start = clock::now();
    let (answer, log) = scripted(&spared(&["a"]), call("g"), |attempt| {
        (*attempt.payload() == "a").then(|| throttle(secs(3)))
    })
    .await;
    assert_eq!((answer.unwrap(), clock::now()), ("spare", start));
    assert_eq!(log, ["a first", "spare fallback"]);
}

/// Its own rate, not the vendor, keeps the member from a retry.
#[tokio::test(start_paused = true)]
async fn a_rate_is_not_waited_for_where_a_fallback_can_serve() {
    let mut g = with_fallbacks(ordered("g", &["a"]), &["h"]);
    g.members[0].limits.qps = crate::Rate::per_second(1.0);
    let router = router(vec![g, ordered("h", &["spare"])]);
    let start = clock::now();
    let (answer, log) = scripted(&router, call("g"), only_spare(ErrorClass::Server)).await;
    assert_eq!((answer.unwrap(), log.len(), clock::now()), ("spare", 2, start));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_kept_for_a_fallback_that_cannot_serve() {
    let router = spared(&["a"]);
    let only_a = |payload: &&str| if *payload == "a" { Ok(()) } else { Err("no tools") };
    let call = Call { eligible: &only_a, ..call("g") };
    let (_, log) = scripted(&router, call, always(ErrorClass::Server)).await;
    assert_eq!(log, ["a first", "a retry", "a retry"]);
    // Nor is a pause of the sole member given up for it.
    advance(secs(600)).await;
    let call = Call { deadline: clock::now() + secs(60), ..call };
    let (answer, log) =
        scripted(&router, call, |attempt| (attempt.number() == 1).then(|| throttle(secs(3)))).await;
    assert_eq!((answer.unwrap(), log.len()), ("a", 2));
}

#[tokio::test(start_paused = true)]
async fn a_fallback_of_a_fallback_that_cannot_serve_counts() {
    let groups = vec![
        with_fallbacks(ordered("g", &["a"]), &["full"]),
        with_fallbacks(ordered("full", &["b"]), &["h"]),
        ordered("h", &["spare"]),
    ];
    let router = router(groups);
    let able = |payload: &&str| if *payload == "b" { Err("no tools") } else { Ok(()) };
    let call = Call { eligible: &able, max_attempts: Some(2), ..call("g") };
    let (answer, log) = scripted(&router, call, only_spare(ErrorClass::Server)).await;
    assert_eq!((answer.unwrap(), log.len()), ("spare", 2));
}

#[tokio::test(start_paused = true)]
async fn a_list_for_another_kind_of_error_keeps_nothing() {
    let mut g = ordered("g", &["a"]);
    g.fallbacks.context_window = names(&["h"]);
    let router = router(vec![g, ordered("h", &["spare"])]);
    let (_, log) = scripted(&router, call("g"), always(ErrorClass::Server)).await;
    assert_eq!(log, ["a first", "a retry", "a retry"]);
}

#[tokio::test(start_paused = true)]
async fn a_later_entry_of_the_first_list_counts_in_the_group_before_it() {
    let groups = vec![
        with_fallbacks(ordered("g", &["a"]), &["h", "i"]),
        ordered("h", &["b", "c", "d"]),
        ordered("i", &["spare"]),
    ];
    let call = Call { max_attempts: Some(4), ..call("g") };
    let (answer, log) =
        scripted(&router(groups), call, only_spare(ErrorClass::FirstTokenTimeout)).await;
    assert_eq!(log, ["a first", "b fallback", "c failover", "spare fallback"]);
    assert_eq!(answer.unwrap(), "spare");
}

/// A burst on a group whose only member is dead: far more fallbacks than the budget pays, and none
/// of them adds load where anything fails.
#[tokio::test(start_paused = true)]
async fn a_burst_on_a_dead_group_is_served_by_a_fallback_that_is_well() {
    let mut g = with_fallbacks(ordered("g", &["dead"]), &["h"]);
    g.budget = Some(BudgetPolicy::default());
    let groups = vec![g, ordered("h", &["spare"])];
    let router = Arc::new(Router::new(groups, &CredentialBook::new()).unwrap());
    let mut tasks = tokio::task::JoinSet::new();
    for seed in 0..100 {
        let router = Arc::clone(&router);
        tasks.spawn(async move {
            execute(&router, Call { seed, ..call("g") }, |attempt| async move {
                tokio::time::sleep(secs(1)).await;
                if *attempt.payload() == "dead" {
                    return Err(attempt.fail(error(ErrorClass::Server)));
                }
                attempt.commit().complete();
                Ok(())
            })
            .await
            .map_err(|spent| spent.reason)
        });
    }
    for outcome in tasks.join_all().await {
        assert_eq!(outcome, Ok(()));
    }
}

/// The budget holds for a fallback that is not well: it is no place for a storm.
#[tokio::test(start_paused = true)]
async fn a_storm_does_not_move_on_to_a_sick_fallback() {
    let mut g = with_fallbacks(ordered("g", &["a"]), &["h"]);
    g.budget = Some(BudgetPolicy { ratio: 0.0, floor: 0, ..BudgetPolicy::default() });
    let router = router(vec![g, ordered("h", &["spare"])]);
    let first = scripted(&router, call("h"), always(ErrorClass::Server)).await;
    assert!(first.0.is_err());
    let (answer, log) = scripted(&router, call("g"), only_spare(ErrorClass::Server)).await;
    assert_eq!((log.len(), answer.unwrap_err().reason), (1, Reason::RetryBudget));
}

fn two_ways() -> R {
    router(vec![
        with_fallbacks(ordered("g", &["a"]), &["configured"]),
        ordered("configured", &["c"]),
        with_fallbacks(ordered("own", &["o"]), &["configured"]),
        ordered("last", &["l"]),
    ])
}

#[tokio::test(start_paused = true)]
async fn a_calls_own_fallbacks_replace_every_configured_list() {
    let own = names(&["own", "no such group", "last"]);
    let call = Call { fallbacks: Some(&own), max_attempts: Some(9), ..call("g") };
    let (answer, log) = scripted(&two_ways(), call, |attempt| {
        (**attempt.group() != *"last").then(|| error(ErrorClass::ModelMissing))
    })
    .await;
    assert_eq!(answer.unwrap(), "l");
    assert_eq!(log, ["a first", "o fallback", "l fallback"]);
}

#[tokio::test(start_paused = true)]
async fn an_empty_list_of_a_call_is_no_fallback() {
    let call = Call { fallbacks: Some(&[]), ..call("g") };
    let (answer, log) = scripted(&two_ways(), call, always(ErrorClass::ModelMissing)).await;
    assert_eq!((answer.unwrap_err().reason, log), (Reason::Spent, vec!["a first".to_owned()]));
}

#[tokio::test(start_paused = true)]
async fn no_fallback_of_a_call_mends_a_clients_mistake() {
    let own = names(&["last"]);
    let call = Call { fallbacks: Some(&own), ..call("g") };
    let (answer, _) = scripted(&two_ways(), call, always(ErrorClass::Client)).await;
    assert_eq!(answer.unwrap_err().attempts, 1);
}
