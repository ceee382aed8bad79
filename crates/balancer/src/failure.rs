//! What the balancer must know of an error, and nothing else of it.

use std::time::Duration;

use tollgate_core_types::UpstreamError;
use tollgate_core_types::error::{Disposition, ErrorClass};

use crate::credential::CredentialFault;

/// What the balancer must know of an attempt's error. `Display` is the text of status pages.
pub trait AttemptError: std::fmt::Display {
    /// Whether and where to try again, whose fault it was, what the breaker learns.
    fn disposition(&self) -> Disposition;

    /// How long the vendor asks us to wait.
    fn retry_after(&self) -> Option<Duration>;

    /// A short name of the kind of error, for history, status and metrics.
    fn label(&self) -> &str;

    /// Whether the member was not reached at all: no connection, or one that broke. A breaker trips
    /// on fewer of those.
    fn is_unreached(&self) -> bool {
        false
    }

    /// What is wrong with the credential, where [`Disposition::blame`] is the credential.
    fn credential_fault(&self) -> CredentialFault {
        CredentialFault::Refused
    }
}

impl AttemptError for UpstreamError {
    fn disposition(&self) -> Disposition {
        self.class.disposition()
    }

    fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    fn label(&self) -> &str {
        self.class.as_str()
    }

    fn is_unreached(&self) -> bool {
        matches!(self.class, ErrorClass::Connect | ErrorClass::Transport)
    }

    fn credential_fault(&self) -> CredentialFault {
        if self.class == ErrorClass::Billing {
            CredentialFault::Spent
        } else {
            CredentialFault::Refused
        }
    }
}
