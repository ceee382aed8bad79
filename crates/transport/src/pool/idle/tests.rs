//! What is kept, what is given out, and what is dropped.

use super::Idle;
use std::time::Duration;
use tokio::time::Instant;

const AGE: Duration = Duration::from_secs(30);

#[expect(clippy::disallowed_methods, reason = "any instant will do as the first")]
fn start() -> Instant {
    Instant::now()
}

fn after(start: Instant, secs: u64) -> Instant {
    start + Duration::from_secs(secs)
}

#[test]
fn the_one_used_last_is_used_first() {
    let (t, mut idle) = (start(), Idle::new(8, AGE));
    for (secs, name) in ["a", "b", "c"].into_iter().enumerate() {
        idle.put(name, after(t, secs as u64));
    }
    let mut taken = || idle.take(after(t, 4), |_| true);
    assert_eq!([taken(), taken(), taken(), taken()], [Some("c"), Some("b"), Some("a"), None]);
}

#[test]
fn one_too_many_is_dropped_and_none_is_kept_where_none_may_be() {
    let (t, mut idle) = (start(), Idle::new(2, AGE));
    for name in ["a", "b", "c"] {
        idle.put(name, t);
    }
    assert_eq!(idle.take(t, |_| true), Some("b"));
    let mut none = Idle::new(0, AGE);
    none.put("a", t);
    assert!(none.is_empty());
}

#[test]
fn what_is_not_usable_is_passed_over_and_dropped() {
    let (t, mut idle) = (start(), Idle::new(8, AGE));
    for name in ["a", "b", "c"] {
        idle.put(name, t);
    }
    assert_eq!(idle.take(t, |name| *name == "a"), Some("a"));
    assert!(idle.is_empty());
}

#[test]
fn what_is_too_old_is_never_given_out() {
    let (t, mut idle) = (start(), Idle::new(8, AGE));
    idle.put("old", t);
    idle.put("young", after(t, 10));
    assert_eq!(idle.take(after(t, 30), |_| true), Some("young"));
    assert_eq!(idle.take(after(t, 30), |_| true), None);
    assert!(idle.is_empty(), "and it is not kept either");
}

#[test]
fn expiry_drops_the_old_and_says_when_the_next_is_due() {
    let (t, mut idle) = (start(), Idle::new(8, AGE));
    idle.put("a", t);
    idle.put("b", after(t, 10));
    assert_eq!(idle.expire(after(t, 29)), Some(after(t, 30)));
    assert_eq!(idle.expire(after(t, 30)), Some(after(t, 40)));
    assert_eq!(idle.expire(after(t, 40)), None);
    assert!(idle.is_empty());
}

#[test]
fn an_age_without_end_is_no_overflow() {
    let (t, mut idle) = (start(), Idle::new(8, Duration::MAX));
    idle.put("a", t);
    assert_eq!(idle.expire(after(t, 1_000_000)), None);
    assert_eq!(idle.take(after(t, 1_000_000), |_| true), Some("a"));
}

#[test]
fn what_is_no_longer_wanted_makes_room() {
    let (t, mut idle) = (start(), Idle::new(2, AGE));
    idle.put("a", t);
    idle.put("b", t);
    idle.retain(|name| *name != "a");
    idle.put("c", t);
    let mut taken = || idle.take(t, |_| true);
    assert_eq!([taken(), taken(), taken()], [Some("c"), Some("b"), None]);
}
