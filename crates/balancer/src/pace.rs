//! How many requests come in a second, of late: an average that fades in ten seconds.

use std::time::{Duration, Instant};

/// How fast the past fades: to a third in this time.
const TAU: Duration = Duration::from_secs(10);

/// The rate of something that happens.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Pace {
    rate: f64,
    at: Option<Instant>,
}

impl Pace {
    /// It happened; how often it does in a second.
    pub(crate) fn tick(&mut self, now: Instant) -> f64 {
        self.rate = self.value(now) + 1.0 / TAU.as_secs_f64();
        self.at = Some(now);
        self.rate
    }

    /// How often it happens in a second.
    pub(crate) fn value(&self, now: Instant) -> f64 {
        let Some(at) = self.at else { return 0.0 };
        let passed = now.saturating_duration_since(at).as_secs_f64();
        self.rate * (-passed / TAU.as_secs_f64()).exp()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{epoch, millis, secs};

    #[test]
    fn it_comes_to_the_rate_and_fades_when_nothing_happens() {
        let (mut pace, start) = (Pace::default(), epoch());
        assert_eq!(pace.value(start), 0.0);
        for tick in 0..600 {
            pace.tick(start + millis(tick * 200));
        }
        let now = start + secs(120);
        let rate = pace.value(now);
        assert!((4.5..5.5).contains(&rate), "{rate}");
        assert!(pace.value(now + secs(30)) < 0.3);
    }
}
