//! Why a member is not admitted now, and when it may be.

use std::fmt;
use std::time::{Duration, Instant};

use crate::breaker::Shut;
use crate::cooldown::CooldownCause;
use crate::credential::CredentialFault;
use crate::limits::Full;

/// How long a client should leave a member alone that is full.
const BUSY: Duration = Duration::from_secs(1);

/// Why a member is not admitted now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// The caller's own filter: it cannot serve this request.
    Ineligible(&'static str),
    /// The vendor refused its credential; may be tried then.
    Disabled(Instant),
    /// Its credential's money is spent; may be tried then.
    Exhausted(Instant),
    /// The vendor asked for a pause until then.
    Cooling(Instant),
    /// The vendor does not have what it stands for; may be tried then.
    Missing(Instant),
    /// The breaker is open until then.
    Open(Instant),
    /// The breaker is half open and its probe is under way.
    Probing,
    /// As many requests as allowed are under way.
    Busy,
    /// Its rate allows the next request then.
    RateLimited(Instant),
    /// What this request takes of its units per minute fits then.
    OutOfUnits(Instant),
}

impl Refusal {
    /// The name in status, logs and error bodies.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Ineligible(_) => "ineligible",
            Self::Disabled(_) => "credential_disabled",
            Self::Exhausted(_) => "credential_exhausted",
            Self::Cooling(_) => "cooling_down",
            Self::Missing(_) => "model_missing",
            Self::Open(_) => "breaker_open",
            Self::Probing => "breaker_half_open",
            Self::Busy => "concurrency",
            Self::RateLimited(_) => "rate_limited",
            Self::OutOfUnits(_) => "units_limited",
        }
    }

    /// The earliest time at which it may be admitted; none where no time is known.
    #[must_use]
    pub const fn until(&self) -> Option<Instant> {
        match self {
            Self::Ineligible(_) | Self::Probing | Self::Busy => None,
            Self::Disabled(at)
            | Self::Exhausted(at)
            | Self::Cooling(at)
            | Self::Missing(at)
            | Self::Open(at)
            | Self::RateLimited(at)
            | Self::OutOfUnits(at) => Some(*at),
        }
    }

    /// When it is worth asking again; none where nothing can be said.
    pub(crate) fn again(&self, now: Instant) -> Option<Instant> {
        match self {
            // Nobody knows when one of the requests under way ends; some soon does.
            Self::Busy => Some(now + BUSY),
            Self::Ineligible(_)
            | Self::Disabled(_)
            | Self::Exhausted(_)
            | Self::Cooling(_)
            | Self::Missing(_)
            | Self::Open(_)
            | Self::Probing
            | Self::RateLimited(_)
            | Self::OutOfUnits(_) => self.until(),
        }
    }

    /// Whether it is a limit, ours or the vendor's, and the member itself is well.
    #[must_use]
    pub const fn is_throttle(&self) -> bool {
        match self {
            Self::Cooling(_) | Self::Busy | Self::RateLimited(_) | Self::OutOfUnits(_) => true,
            Self::Ineligible(_)
            | Self::Disabled(_)
            | Self::Exhausted(_)
            | Self::Missing(_)
            | Self::Open(_)
            | Self::Probing => false,
        }
    }

    /// Whether a short wait may be all that is needed: a pause or a rate, with a known end.
    pub(crate) const fn pause(&self) -> Option<Instant> {
        match self {
            Self::Cooling(at) | Self::RateLimited(at) | Self::OutOfUnits(at) => Some(*at),
            Self::Ineligible(_)
            | Self::Disabled(_)
            | Self::Exhausted(_)
            | Self::Missing(_)
            | Self::Open(_)
            | Self::Probing
            | Self::Busy => None,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())?;
        if let Self::Ineligible(reason) = self {
            write!(f, ": {reason}")?;
        }
        Ok(())
    }
}

impl From<Shut> for Refusal {
    fn from(shut: Shut) -> Self {
        match shut {
            Shut::Open(until) => Self::Open(until),
            Shut::Probing => Self::Probing,
        }
    }
}

impl From<Full> for Refusal {
    fn from(full: Full) -> Self {
        match full {
            Full::Concurrency => Self::Busy,
            Full::Rate(until) => Self::RateLimited(until),
            Full::Units(until) => Self::OutOfUnits(until),
        }
    }
}

impl From<(Instant, CooldownCause)> for Refusal {
    fn from((until, cause): (Instant, CooldownCause)) -> Self {
        match cause {
            CooldownCause::Throttled => Self::Cooling(until),
            CooldownCause::Missing => Self::Missing(until),
        }
    }
}

impl From<(CredentialFault, Instant)> for Refusal {
    fn from((fault, until): (CredentialFault, Instant)) -> Self {
        match fault {
            CredentialFault::Refused => Self::Disabled(until),
            CredentialFault::Spent => Self::Exhausted(until),
        }
    }
}
