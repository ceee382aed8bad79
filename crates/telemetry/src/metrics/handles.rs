//! What the hot path holds: handles of one model group, one deployment, and the gateway.
//!
//! Recording takes no lock, hashes nothing and allocates nothing after the first of its kind.

mod deployment;
mod gateway;
mod model;

use std::time::Duration;

use metrics::{Gauge, Label};

pub use deployment::DeploymentMetrics;
pub(crate) use gateway::GatewayMetrics;
pub use model::ModelMetrics;

use crate::event::Outcome;

/// Number of outcomes, the inner dimension of most tables.
const OUTCOMES: usize = Outcome::ALL.len();

/// One more in flight while it lives.
#[derive(Debug)]
#[must_use = "it counts only while it lives"]
pub struct InFlight(Gauge);

impl InFlight {
    fn new(gauge: &Gauge) -> Self {
        gauge.increment(1.0);
        Self(gauge.clone())
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}

/// Time per output token after the first; `None` where an answer was not streamed or had one token.
fn per_token(ttft: Option<Duration>, whole: Duration, tokens: Option<u64>) -> Option<Duration> {
    let rest = u32::try_from(tokens?.checked_sub(1)?).ok().filter(|rest| *rest > 0)?;
    Some(whole.checked_sub(ttft?)? / rest)
}

fn label(key: &'static str, value: &str) -> Label {
    Label::new(key, value.to_owned())
}
