//! The order of those who wait.

use proptest::prelude::{prop_assert, prop_assert_eq, proptest};

use super::*;
use crate::testing::{epoch, millis, secs};

const SOON: Duration = Duration::ZERO;

fn queue(max: usize) -> Queue {
    Queue::new(QueuePolicy { max, ..QueuePolicy::default() })
}

fn waiter(id: u64, tenant: u64, cost: u64, now: Instant) -> Waiter {
    Waiter { id, tenant, cost, since: now, deadline: now + secs(10) }
}

/// Everybody's turn, at once.
fn all(queue: &mut Queue, now: Instant) -> Vec<u64> {
    let id = |turn| match turn {
        Turn::Go(id) | Turn::Late(id) => id,
    };
    std::iter::from_fn(|| queue.pop(SOON, now)).map(id).collect()
}

#[test]
fn of_one_tenant_the_earliest_deadline_goes_first() {
    let (mut queue, now) = (queue(10), epoch());
    for (id, until) in [(1, 9), (2, 3), (3, 6)] {
        assert!(queue.push(Waiter { deadline: now + secs(until), ..waiter(id, 0, 1, now) }));
    }
    assert_eq!(all(&mut queue, now), [2, 3, 1]);
    assert_eq!(queue.pop(SOON, now), None);
}

#[test]
fn as_many_wait_as_may_and_no_more() {
    let (mut queue, now) = (queue(2), epoch());
    assert!(queue.push(waiter(1, 0, 1, now)) && queue.push(waiter(2, 0, 1, now)));
    assert!(!queue.push(waiter(3, 1, 1, now)));
    assert!(queue.remove(1));
    assert!(!queue.remove(1));
    assert!(queue.push(waiter(3, 1, 1, now)));
}

#[test]
fn a_tenant_with_one_request_does_not_wait_for_one_with_many() {
    let (mut queue, now) = (queue(1000), epoch());
    for id in 0..100 {
        queue.push(waiter(id, 0, 10, now));
    }
    queue.push(waiter(100, 1, 10, now));
    let order = all(&mut queue, now);
    assert!(order.iter().position(|id| *id == 100).unwrap() <= 1, "{order:?}");
}

#[test]
fn turns_are_shared_by_cost_and_not_by_count() {
    let (mut queue, now) = (queue(1000), epoch());
    for id in 0..100 {
        queue.push(waiter(id, 0, 1000, now));
        queue.push(waiter(1000 + id, 1, 100, now));
    }
    let first: Vec<u64> = all(&mut queue, now).into_iter().take(44).collect();
    let dear = first.iter().filter(|id| **id < 1000).count();
    assert_eq!(dear, 4, "ten cheap ones for a dear one: {first:?}");
}

#[test]
fn who_would_be_too_late_is_told_so() {
    let (mut queue, now) = (queue(10), epoch());
    queue.push(waiter(1, 0, 1, now));
    queue.push(Waiter { deadline: now + secs(60), ..waiter(2, 0, 1, now) });
    assert_eq!(queue.pop(secs(20), now), Some(Turn::Late(1)));
    assert_eq!(queue.pop(secs(20), now), Some(Turn::Go(2)));
}

#[test]
fn one_whose_turn_found_nothing_is_the_next() {
    let (mut queue, now) = (queue(10), epoch());
    queue.push(waiter(1, 0, 1, now));
    queue.push(waiter(2, 0, 1, now));
    assert_eq!(queue.pop(SOON, now), Some(Turn::Go(1)));
    queue.put_back(waiter(1, 0, 1, now));
    assert_eq!(all(&mut queue, now), [1, 2]);
}

#[test]
fn under_a_lasting_overload_the_newest_goes_first() {
    let (mut queue, start) = (queue(100), epoch());
    for id in 0..20 {
        queue.push(waiter(id, 0, 1, start + millis(id)));
    }
    assert_eq!(queue.pop(SOON, start + millis(200)), Some(Turn::Go(0)));
    assert_eq!(queue.pop(SOON, start + millis(400)), Some(Turn::Go(1)), "not yet lasting");
    assert_eq!(queue.pop(SOON, start + millis(800)), Some(Turn::Go(19)));
}

#[test]
fn the_wait_to_expect_is_the_line_over_the_pace() {
    let (mut queue, start) = (queue(1000), epoch());
    assert_eq!(queue.expected(start), Duration::ZERO);
    for id in 0..200 {
        queue.push(Waiter { deadline: start + secs(60), ..waiter(id, 0, 1, start) });
    }
    assert_eq!(queue.expected(start), secs(10), "no turn has come: the longest wait");
    let mut now = start;
    for _ in 0..150 {
        now += millis(100);
        queue.pop(SOON, now);
    }
    let expected = queue.expected(now).as_secs_f64();
    assert!((5.0..8.0).contains(&expected), "51 at ten a second, nearly: {expected}");
}

proptest! {
    /// Everyone has one turn, whatever comes and goes.
    #[test]
    fn nobody_is_lost_and_nobody_has_two_turns(
        waiters in proptest::collection::vec((0_u64..5, 0_u64..5000, 0_u64..3), 1..60),
    ) {
        let (mut queue, now) = (queue(1000), epoch());
        let mut left = Vec::new();
        for (id, (tenant, cost, leaves)) in (0_u64..).zip(waiters) {
            queue.push(waiter(id, tenant, cost, now));
            if leaves == 0 {
                prop_assert!(queue.remove(id));
            } else {
                left.push(id);
            }
        }
        prop_assert_eq!(queue.len(), left.len());
        let mut order = all(&mut queue, now);
        order.sort_unstable();
        prop_assert_eq!(order, left);
    }
}
