//! The hot path allocates nothing: choosing, admitting and settling are arithmetic on what is there.
#![expect(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

use std::num::{NonZeroU32, NonZeroU64};
use std::time::{Duration, Instant};

use tollgate_balancer::{Call, CredentialBook, GroupSpec, Limits, MemberSpec, Router, Strategy};

fn router(members: usize, strategy: Strategy) -> Router<usize> {
    let limits = Limits {
        rpm: NonZeroU32::new(1_000_000),
        concurrency: Some(1000),
        units_per_minute: NonZeroU64::new(1_000_000_000),
        adaptive: true,
        ..Limits::default()
    };
    let member =
        |number: usize| MemberSpec { limits, ..MemberSpec::new(format!("m{number}"), number) };
    let mut group = GroupSpec::new("group", (0..members).map(member).collect());
    group.strategy = strategy;
    Router::new(vec![group], &CredentialBook::new()).unwrap()
}

/// One request, from the choice to its end.
fn serve(router: &Router<usize>, call: Call<'_, usize>, now: Instant) {
    let mut committed = router.attempt(call, now).unwrap().commit();
    committed.used(900);
    committed.complete();
}

#[test]
#[expect(clippy::disallowed_methods, reason = "any instant will do")]
fn choosing_admitting_and_settling_allocate_nothing() {
    let now = Instant::now();
    for members in [1, 8, 100] {
        for strategy in Strategy::ALL {
            for affinity in [None, Some(7)] {
                let router = router(members, strategy);
                let call = Call::new("group", now + Duration::from_secs(60), 1);
                let call = Call { units: 1000, affinity, ..call };
                // What is reused grows once.
                serve(&router, call, now);
                let counted = allocation_counter::measure(|| {
                    for seed in 0..100 {
                        serve(&router, Call { seed, ..call }, now);
                    }
                });
                assert_eq!(counted.count_total, 0, "{strategy} of {members}, {affinity:?}");
            }
        }
    }
}
