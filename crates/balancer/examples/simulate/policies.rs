//! Ways of choosing that others use, to be compared with the balancer's own.
//!
//! Each sees what a gateway sees: its own requests under way and the times to their first tokens.

use tollgate_core_types::Chance;
use tollgate_core_types::chance::SplitMix64;

use super::world::{MEANS, PROMPT, RATE};

/// A way of choosing that is not the balancer's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reference {
    /// Two by chance, the lower raw time to the first token times requests under way.
    RawPeakEwma,
    /// The same with the time over what is usual for the prompt.
    NormalisedPeakEwma,
    /// Two by chance, the fewer requests under way.
    InFlight,
    /// Two by chance, the fewer requests under way for the weight.
    InFlightPerWeight,
    /// Two by chance, the fewer tokens outstanding.
    Outstanding,
    /// Two by chance, the lower mean time with a tenth for each request under way.
    LatencyScore,
    /// All, the fewest requests under way, and nothing learns from failures.
    FullScanInFlight,
}

/// What such a way knows of one server.
#[derive(Debug, Clone, Copy, Default)]
struct Known {
    in_flight: f64,
    tokens: f64,
    mean: f64,
    peak: Option<(f64, f64)>,
}

/// One gateway that chooses in such a way.
pub(crate) struct Chooser {
    kind: Reference,
    weights: Vec<f64>,
    known: Vec<Known>,
    chance: SplitMix64,
}

impl Chooser {
    pub(crate) fn new(kind: Reference, weights: Vec<f64>, seed: u64) -> Self {
        let known = vec![Known::default(); weights.len()];
        Self { kind, weights, known, chance: SplitMix64::new(seed) }
    }

    /// The server for a request with this prompt.
    pub(crate) fn choose(&mut self, prompt: f64, now: f64) -> usize {
        let servers = self.known.len();
        let chosen = if self.kind == Reference::FullScanInFlight {
            let start = self.chance.below(servers);
            let order = (0..servers).map(|at| (at + start) % servers);
            order.min_by(|a, b| self.cost(*a, now).total_cmp(&self.cost(*b, now))).unwrap_or(0)
        } else {
            let one = self.chance.below(servers);
            let other = (one + 1 + self.chance.below(servers - 1)) % servers;
            if self.cost(one, now) <= self.cost(other, now) { one } else { other }
        };
        self.known[chosen].in_flight += 1.0;
        self.known[chosen].tokens += prompt / PROMPT + MEANS.1;
        chosen
    }

    fn cost(&self, server: usize, now: f64) -> f64 {
        let Known { in_flight, tokens, mean, peak } = self.known[server];
        let faded = peak.map_or(1.0, |(value, at)| value * (-(now - at) / 10.0).exp());
        match self.kind {
            Reference::RawPeakEwma | Reference::NormalisedPeakEwma => faded * (in_flight + 1.0),
            Reference::InFlight | Reference::FullScanInFlight => in_flight,
            Reference::InFlightPerWeight => (in_flight + 1.0) / self.weights[server],
            Reference::Outstanding => tokens,
            Reference::LatencyScore => mean * (1.0 + 0.1 * in_flight),
        }
    }

    /// The first token came after so many seconds.
    pub(crate) fn first(&mut self, server: usize, prompt: f64, wait: f64, now: f64) {
        let usual = if self.kind == Reference::NormalisedPeakEwma {
            0.05 + prompt / PROMPT / RATE
        } else {
            1.0
        };
        let (sample, known) = (wait / usual, &mut self.known[server]);
        known.mean = 0.7 * known.mean + 0.3 * wait;
        let value = match known.peak {
            None => sample,
            Some((value, at)) => {
                let kept = (-(now - at) / 10.0).exp();
                if sample >= value * kept { sample } else { value * kept + sample * (1.0 - kept) }
            }
        };
        known.peak = Some((value, now));
    }

    /// The request is over, one way or the other.
    pub(crate) fn over(&mut self, server: usize, prompt: f64) {
        self.known[server].in_flight -= 1.0;
        self.known[server].tokens -= prompt / PROMPT + MEANS.1;
    }
}
