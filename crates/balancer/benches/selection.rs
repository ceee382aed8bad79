//! What choosing and admitting a member costs: under 1 µs of 8 and under 3 µs of 100, by promise.
//!
//! The whole of a first attempt is measured: look-up of the group, filter, tier, strategy, admission
//! and the guard. Members have limits and a history, as in service.
#![expect(clippy::expect_used, reason = "a benchmark that cannot be set up is of no use")]

use std::hint::black_box;
use std::num::{NonZeroU32, NonZeroU64};
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use tollgate_balancer::{
    Attempt, Call, CredentialBook, GroupSpec, Limits, MemberSpec, Router, Strategy,
};

/// Attempts that are under way at a time: eight to a member.
const BATCH: usize = 64;

fn router(members: usize, strategy: Strategy, limited: bool) -> Router<usize> {
    let limits = Limits {
        rpm: NonZeroU32::new(u32::MAX),
        concurrency: Some(1_000_000),
        units_per_minute: NonZeroU64::new(1_000_000_000_000),
        ..Limits::default()
    };
    let member = |number: usize| MemberSpec {
        limits: if limited { limits } else { Limits::default() },
        ..MemberSpec::new(format!("member-{number}"), number)
    };
    let mut group = GroupSpec::new("group", (0..members).map(member).collect());
    group.strategy = strategy;
    Router::new(vec![group], &CredentialBook::new()).expect("a good router")
}

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn time(router: &Router<usize>, call: Call<'_, usize>, times: u64) -> Duration {
    let mut held: Vec<Option<Attempt<usize>>> = Vec::with_capacity(BATCH);
    let mut spent = Duration::ZERO;
    let mut left = times;
    while left > 0 {
        let batch = left.min(BATCH as u64);
        let now = Instant::now();
        for seed in 0..batch {
            let call = Call { seed: left + seed, ..call };
            held.push(black_box(router.attempt(black_box(call), now)));
        }
        spent += now.elapsed();
        for attempt in held.drain(..).flatten() {
            attempt.commit().complete();
        }
        left -= batch;
    }
    spent
}

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn selection(criterion: &mut Criterion) {
    let deadline = Instant::now() + Duration::from_secs(3600);
    let call = Call { units: 1000, ..Call::new("group", deadline, 0) };
    let mut group = criterion.benchmark_group("selection");
    for members in [8, 100] {
        for strategy in Strategy::ALL {
            let router = router(members, strategy, false);
            time(&router, call, 10_000);
            group.bench_function(BenchmarkId::new(strategy.as_str(), members), |bencher| {
                bencher.iter_custom(|times| time(&router, call, times));
            });
        }
        let limited = router(members, Strategy::Adaptive, true);
        time(&limited, call, 10_000);
        group.bench_function(BenchmarkId::new("adaptive, limited", members), |bencher| {
            bencher.iter_custom(|times| time(&limited, call, times));
        });
        let sticky = Call { affinity: Some(42), ..call };
        group.bench_function(BenchmarkId::new("adaptive, sticky", members), |bencher| {
            bencher.iter_custom(|times| time(&limited, sticky, times));
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(15)
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(Duration::from_millis(300));
    targets = selection
}
criterion_main!(benches);
