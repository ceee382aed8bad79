//! What can be wrong with a form before or while it is sent: always its client's business.

use std::time::Duration;
use tollgate_core_types::{ErrorClass, UpstreamError};
use tollgate_providers_common::multipart::FormError;

use crate::memory::NoRoom;

/// A form that cannot be sent, or not to its end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormFault {
    /// Larger than allowed.
    #[error("the request body is larger than {max} bytes")]
    TooLarge {
        /// The bound.
        max: u64,
    },
    /// Its next bytes did not come in time.
    #[error("no more of the request body arrived within {} s", time.as_secs())]
    TooSlow {
        /// The bound.
        time: Duration,
    },
    /// Its client broke it off.
    #[error("the request body broke off")]
    Broken,
    /// Other bodies hold all the memory that bodies may hold.
    #[error("the gateway is busy: {0}; try again in a moment, or send `model` before the file")]
    NoRoom(NoRoom),
    /// The field that it is routed by did not come soon enough.
    #[error("no `model` within the form's first {held} bytes; send `model` before the file")]
    ModelLate {
        /// How much of it may be held.
        held: usize,
    },
    /// It is no form.
    #[error(transparent)]
    Form(#[from] FormError),
}

impl FormFault {
    /// The HTTP status for it.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::TooLarge { .. } => 413,
            Self::TooSlow { .. } => 408,
            Self::NoRoom(_) => 503,
            Self::Broken | Self::ModelLate { .. } | Self::Form(_) => 400,
        }
    }

    /// The code for it, for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "request_too_large",
            Self::TooSlow { .. } => "request_timeout",
            Self::NoRoom(_) => "overloaded",
            Self::Broken => "invalid_body",
            Self::ModelLate { .. } => "invalid_request",
            Self::Form(_) => "invalid_form",
        }
    }

    /// The field at fault.
    #[must_use]
    pub fn param(&self) -> Option<&'static str> {
        match self {
            Self::ModelLate { .. } => Some("model"),
            Self::Form(FormError::Twice(field) | FormError::Field { field, .. }) => Some(field),
            Self::Form(FormError::Boundary | FormError::Malformed(_) | FormError::Truncated)
            | Self::TooLarge { .. }
            | Self::TooSlow { .. }
            | Self::NoRoom(_)
            | Self::Broken => None,
        }
    }

    /// It as the failure of an attempt, which it is not the vendor's.
    pub(crate) fn as_failure(&self) -> UpstreamError {
        // Who breaks a form off has left.
        let (class, status) = match self {
            Self::Broken => (ErrorClass::Cancelled, 499),
            Self::TooLarge { .. }
            | Self::TooSlow { .. }
            | Self::NoRoom(_)
            | Self::ModelLate { .. }
            | Self::Form(_) => (ErrorClass::Client, self.status()),
        };
        let error = UpstreamError::new(class, self.to_string())
            .with_status(status)
            .with_param(self.param());
        UpstreamError { code: Some(self.code().to_owned()), ..error }
    }
}
