//! Waiting for a place: in turn, in time, and never lost.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use tokio::task::LocalSet;
use tokio::time::sleep;

use super::*;
use crate::queue::QueuePolicy;
use crate::testing::millis;
use crate::{Limits, Rate};

/// One member with this many places, before which so many may wait.
fn narrow(places: u32, max: usize) -> GroupSpec<&'static str> {
    let mut spec = group("g", &["a"]);
    spec.members[0].limits = Limits { concurrency: Some(places), ..Limits::default() };
    spec.queue = Some(QueuePolicy { max, ..QueuePolicy::default() });
    spec
}

type Log = Rc<RefCell<Vec<(u64, Result<u128, Reason>)>>>;

/// Requests at these moments, each of which takes a second once admitted; when each was answered, in
/// milliseconds, or why it was not.
async fn serve(
    spec: GroupSpec<&'static str>,
    requests: Vec<(u64, u64, Duration)>,
) -> Vec<(u64, Result<u128, Reason>)> {
    let (router, start) = (Rc::new(router(vec![spec])), clock::now());
    let (log, local) = (Log::default(), LocalSet::new());
    for (number, (at, tenant, time)) in (0..).zip(requests) {
        let (router, log) = (Rc::clone(&router), Rc::clone(&log));
        local.spawn_local(async move {
            sleep(millis(at)).await;
            let deadline = clock::now() + time;
            let call = Call { tenant, units: 1, ..Call::new("g", deadline, number) };
            let answer = execute(&router, call, |attempt| async move {
                sleep(secs(1)).await;
                attempt.settle(Ok::<_, UpstreamError>(()))
            });
            let answer = answer.await.map(|()| (clock::now() - start).as_millis());
            log.borrow_mut().push((number, answer.map_err(|exhausted| exhausted.reason)));
        });
    }
    local.await;
    let group = router.group("g").unwrap();
    assert_eq!(group.waiting(clock::now()).unwrap().0, 0, "nobody is left waiting");
    log.take()
}

#[tokio::test(start_paused = true)]
async fn those_who_find_no_place_wait_and_are_served_in_turn() {
    let served = serve(narrow(1, 10), vec![(0, 0, secs(60)), (10, 0, secs(50)), (20, 0, secs(40))]);
    let expected = vec![(0, Ok(1000)), (2, Ok(2000)), (1, Ok(3000))];
    assert_eq!(served.await, expected, "the earliest deadline goes first");
}

#[tokio::test(start_paused = true)]
async fn nobody_overtakes_those_who_wait() {
    // The last one comes in the very moment in which a place becomes free.
    let requests = vec![(0, 0, secs(60)), (10, 0, secs(60)), (1000, 0, secs(60))];
    let order: Vec<u64> = serve(narrow(1, 10), requests).await.iter().map(|(id, _)| *id).collect();
    assert_eq!(order, [0, 1, 2]);
}

#[tokio::test(start_paused = true)]
async fn beyond_the_bound_and_beyond_the_time_it_is_a_refusal() {
    let throttled = Err(Reason::NoneAvailable { all_throttled: true });
    let mut spec = narrow(1, 2);
    spec.queue = Some(QueuePolicy { max: 2, timeout: millis(1500), ..QueuePolicy::default() });
    let requests = (0..4).map(|number| (number * 10, 0, secs(60))).collect();
    let served = serve(spec, requests).await;
    assert_eq!(served[0], (3, throttled), "as many wait as may");
    assert_eq!(served[1], (0, Ok(1000)));
    assert_eq!(served[2], (2, throttled), "it has waited for as long as it may");
    assert_eq!(served[3], (1, Ok(2000)));
}

#[tokio::test(start_paused = true)]
async fn tenants_take_turns() {
    let mut requests: Vec<_> = (0..9).map(|_| (0, 1, secs(60))).collect();
    requests.push((5, 2, secs(60)));
    let mut spec = narrow(1, 100);
    spec.queue = Some(QueuePolicy { timeout: secs(60), ..QueuePolicy::default() });
    let served = serve(spec, requests).await;
    let place = served.iter().position(|(id, _)| *id == 9).unwrap();
    assert!(place <= 3, "it waits for one or two of the other tenant: {served:?}");
}

#[tokio::test(start_paused = true)]
async fn a_rate_lets_the_next_one_in_by_itself() {
    let mut spec = group("g", &["a"]);
    spec.members[0].limits = Limits { qps: Rate::per_second(0.5), ..Limits::default() };
    spec.queue = Some(QueuePolicy::default());
    let served = serve(spec, vec![(0, 0, secs(60)), (10, 0, secs(59)), (20, 0, secs(60))]).await;
    let times: Vec<u128> = served.iter().map(|(_, at)| at.unwrap()).collect();
    assert_eq!(times[0], 1000);
    assert!((3000..3110).contains(&times[1]), "{times:?}");
    assert!((5000..5210).contains(&times[2]), "{times:?}");
}

#[tokio::test(start_paused = true)]
async fn whoever_leaves_the_queue_passes_its_turn_on() {
    let router = Rc::new(router(vec![narrow(1, 100)]));
    let (local, done) = (LocalSet::new(), Rc::new(RefCell::new(0)));
    for number in 0..30_u64 {
        let (router, done) = (Rc::clone(&router), Rc::clone(&done));
        local.spawn_local(async move {
            let call = Call::new("g", clock::now() + secs(600), number);
            let run = execute(&router, call, |attempt| async move {
                sleep(millis(100)).await;
                attempt.settle(Ok::<_, UpstreamError>(()))
            });
            // Two in three leave, some of them in the very moment of their turn.
            let patience = if number % 3 == 0 { secs(600) } else { millis(100 * (number / 3)) };
            let stayed = tokio::time::timeout(patience, run).await.is_ok_and(|it| it.is_ok());
            *done.borrow_mut() += usize::from(stayed && number % 3 == 0);
        });
    }
    local.await;
    assert_eq!(*done.borrow(), 10, "everyone who stays is served");
    let group = router.group("g").unwrap();
    assert_eq!(group.waiting(clock::now()).unwrap().0, 0);
    assert_eq!(group.members()[0].status(clock::now()).in_use.in_flight, 0);
}

#[tokio::test(start_paused = true)]
async fn a_long_wait_spills_to_a_fallback_that_can_serve() {
    let mut spec = narrow(1, 100);
    spec.fallbacks.any = vec!["other".into()];
    let router = router(vec![spec, group("other", &["b"])]);
    let held = router.attempt(Call::new("g", clock::now() + secs(60), 1), clock::now());
    let call = || Call::new("g", clock::now() + secs(60), 2);
    let served = |call| {
        execute(&router, call, |attempt| async move {
            let id = *attempt.payload();
            attempt.settle(Ok::<_, UpstreamError>(id))
        })
    };
    // The first finds nobody waiting and waits; the second would wait for who knows how long.
    let (first, second) = (served(call()), served(call()));
    let mut first = std::pin::pin!(first);
    assert!(tokio::time::timeout(millis(10), first.as_mut()).await.is_err(), "it waits");
    assert_eq!(second.await.unwrap(), "b");
    drop(held);
    assert_eq!(first.await.unwrap(), "a");
}
