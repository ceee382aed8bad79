//! The retry budget: bounded under load, never in the way of a quiet group.

use proptest::prelude::*;
use tollgate_core_types::ErrorClass;

use super::*;
use crate::testing::{epoch, secs};

const SERVER: Disposition = ErrorClass::Server.disposition();

fn budget() -> Arc<Budget> {
    Arc::new(Budget::new(BudgetPolicy::default()))
}

#[test]
fn three_at_a_time_whatever_the_deposits() {
    let (budget, now) = (budget(), epoch());
    let mut permits: Vec<_> = (0..3).map(|_| budget.withdraw(SERVER, now).unwrap()).collect();
    assert!(budget.withdraw(SERVER, now).is_none());
    permits.pop();
    assert!(budget.withdraw(SERVER, now).is_some());
}

#[test]
fn five_requests_pay_for_a_retry_and_ten_for_one_that_may_run_twice() {
    for (class, price) in [(ErrorClass::Server, 5), (ErrorClass::FirstTokenTimeout, 10)] {
        let (budget, now) = (budget(), epoch());
        let floor: Vec<_> = (0..3).map(|_| budget.withdraw(SERVER, now).unwrap()).collect();
        for _ in 1..price {
            budget.deposit(now);
        }
        assert!(budget.withdraw(class.disposition(), now).is_none(), "{class:?}");
        budget.deposit(now);
        assert!(budget.withdraw(class.disposition(), now).is_some(), "{class:?}");
        assert!(budget.withdraw(class.disposition(), now).is_none(), "{class:?}");
        drop(floor);
    }
}

#[test]
fn a_deposit_counts_for_ten_seconds() {
    let (budget, now) = (budget(), epoch());
    let _floor: Vec<_> = (0..3).map(|_| budget.withdraw(SERVER, now).unwrap()).collect();
    for _ in 0..100 {
        budget.deposit(now);
    }
    assert!(budget.withdraw(SERVER, now + secs(9)).is_some());
    assert!(budget.withdraw(SERVER, now + secs(11)).is_none());
}

#[test]
fn what_adds_no_load_to_the_failed_vendor_is_free() {
    let (budget, now) = (budget(), epoch());
    let _floor: Vec<_> = (0..3).map(|_| budget.withdraw(SERVER, now).unwrap()).collect();
    for class in [
        ErrorClass::Throttle,
        ErrorClass::Auth,
        ErrorClass::Billing,
        ErrorClass::ContextWindow,
        ErrorClass::Unsupported,
    ] {
        let permits: Vec<_> = (0..50).map(|_| budget.withdraw(class.disposition(), now)).collect();
        assert!(permits.iter().all(Option::is_some), "{class:?}");
    }
    assert!(budget.withdraw(SERVER, now).is_none());
}

#[test]
fn what_was_not_used_is_given_back() {
    let (budget, now) = (budget(), epoch());
    let _floor: Vec<_> = (0..3).map(|_| budget.withdraw(SERVER, now).unwrap()).collect();
    for _ in 0..5 {
        budget.deposit(now);
    }
    budget.withdraw(SERVER, now).unwrap().refund(now);
    assert!(budget.withdraw(SERVER, now).is_some());
}

proptest! {
    /// However requests and retries mix: retries are at most a fifth of the requests within the
    /// time that deposits live, and the few of the floor.
    #[test]
    fn retries_are_bounded_by_requests(
        steps in proptest::collection::vec((0_u64..300, any::<bool>(), any::<bool>()), 1..400),
    ) {
        let (budget, mut now) = (budget(), epoch());
        let (mut requests, mut retries, mut held) = (0_u32, 0_u32, Vec::new());
        for (wait, request, finish) in steps {
            now += Duration::from_millis(wait);
            if request {
                budget.deposit(now);
                requests += 1;
            }
            if let Some(permit) = budget.withdraw(SERVER, now) {
                retries += 1;
                held.push(permit);
            }
            // Nothing ends, or else the floor is free again and again by design.
            if finish && held.len() > 3 {
                held.swap_remove(3);
            }
        }
        prop_assert!(f64::from(retries) <= 0.2 * f64::from(requests) + 3.0,
            "{} retries of {} requests", retries, requests);
    }
}
