//! A pause of one member: asked for by the vendor, or because the vendor does not have the model.
//!
//! Not a breaker: a throttled member is well. The later of two pauses wins, none is longer than a
//! day, and every end is jittered so that those who wait do not all return in the same second.

use std::time::{Duration, Instant};

use tollgate_core_types::Chance;

/// Longest pause believed.
pub(crate) const PAUSE_MAX: Duration = Duration::from_secs(24 * 60 * 60);
/// The pause of the first throttle without a time; it doubles while throttles follow each other.
const UNTOLD_BASE: Duration = Duration::from_secs(1);
/// The longest pause that we choose by ourselves.
const UNTOLD_MAX: Duration = Duration::from_secs(60);
/// How long a member rests whose vendor says that it does not have the model.
const MISSING: Duration = Duration::from_secs(60);

/// Why a member pauses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CooldownCause {
    /// The vendor asked for a pause.
    Throttled,
    /// The vendor does not have what the member stands for.
    Missing,
}

/// The pause of one member.
#[derive(Debug, Default)]
pub(crate) struct Cooldown {
    until: Option<(Instant, CooldownCause)>,
    /// Throttles since the last success.
    run: u32,
}

impl Cooldown {
    /// The end of the pause that holds now, and its cause.
    pub(crate) fn active(&self, now: Instant) -> Option<(Instant, CooldownCause)> {
        self.until.filter(|(until, _)| now < *until)
    }

    /// The vendor asked for a pause of `asked`; without a time it is ours to choose.
    pub(crate) fn throttled(
        &mut self,
        asked: Option<Duration>,
        now: Instant,
        chance: &mut dyn Chance,
    ) {
        let untold = UNTOLD_BASE.saturating_mul(1 << self.run.min(6)).min(UNTOLD_MAX);
        self.run = self.run.saturating_add(1);
        self.extend(asked.unwrap_or(untold), CooldownCause::Throttled, now, chance);
    }

    /// The vendor failed and said when to come back; the run of throttles does not grow.
    pub(crate) fn asked(&mut self, wait: Duration, now: Instant, chance: &mut dyn Chance) {
        self.extend(wait, CooldownCause::Throttled, now, chance);
    }

    /// The vendor does not have what the member stands for.
    pub(crate) fn missing(&mut self, now: Instant, chance: &mut dyn Chance) {
        self.extend(MISSING, CooldownCause::Missing, now, chance);
    }

    /// The member served again.
    pub(crate) fn succeeded(&mut self) {
        self.run = 0;
    }

    fn extend(
        &mut self,
        wait: Duration,
        cause: CooldownCause,
        now: Instant,
        chance: &mut dyn Chance,
    ) {
        let wait = wait.min(PAUSE_MAX);
        let jitter = (wait / 10).min(Duration::from_secs(1)).mul_f64(chance.unit());
        let until = now + wait + jitter;
        if self.until.is_none_or(|(existing, _)| existing < until) {
            self.until = Some((until, cause));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{epoch, secs};
    use tollgate_core_types::chance::SplitMix64;

    fn length(cooldown: &Cooldown, now: Instant) -> Duration {
        cooldown.active(now).map_or(Duration::ZERO, |(until, _)| until - now)
    }

    #[test]
    fn the_vendors_time_is_kept_with_a_little_jitter_on_top() {
        for seed in 0..100 {
            let (mut cooldown, now) = (Cooldown::default(), epoch());
            cooldown.throttled(Some(secs(30)), now, &mut SplitMix64::new(seed));
            let wait = length(&cooldown, now);
            assert!(wait >= secs(30) && wait <= secs(31), "{wait:?}");
            assert!(cooldown.active(now + secs(31)).is_none());
        }
    }

    #[test]
    fn a_shorter_pause_never_shortens_a_longer_one_and_a_day_is_the_most() {
        let (mut cooldown, now) = (Cooldown::default(), epoch());
        let chance = &mut SplitMix64::new(1);
        cooldown.throttled(Some(secs(100)), now, chance);
        cooldown.throttled(Some(secs(1)), now, chance);
        assert!(length(&cooldown, now) >= secs(100));
        cooldown.throttled(Some(secs(10_000_000)), now, chance);
        assert!(length(&cooldown, now) <= PAUSE_MAX + secs(1));
    }

    #[test]
    fn without_a_time_it_doubles_to_a_minute_until_a_success() {
        let (mut cooldown, mut now) = (Cooldown::default(), epoch());
        let chance = &mut SplitMix64::new(1);
        for expected in [1, 2, 4, 8, 16, 32, 60, 60] {
            cooldown.throttled(None, now, chance);
            let wait = length(&cooldown, now);
            assert!(wait >= secs(expected), "{wait:?} < {expected}");
            assert!(wait.as_secs_f64() <= expected as f64 * 1.1 + 1e-6, "{wait:?} > {expected}");
            now += secs(120);
        }
        cooldown.succeeded();
        cooldown.throttled(None, now, chance);
        assert!(length(&cooldown, now) < secs(2));
    }

    #[test]
    fn a_missing_model_rests_a_minute_and_is_no_throttle() {
        let (mut cooldown, now) = (Cooldown::default(), epoch());
        cooldown.missing(now, &mut SplitMix64::new(1));
        let (until, cause) = cooldown.active(now).unwrap();
        assert!(until - now >= secs(60) && until - now <= secs(61));
        assert_eq!(cause, CooldownCause::Missing);
    }
}
