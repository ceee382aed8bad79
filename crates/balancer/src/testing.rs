//! What the tests of this crate share.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tollgate_core_types::{ErrorClass, UpstreamError};

use crate::{CredentialBook, GroupSpec, Limits, MemberSpec, Router};

/// Some instant; tests add to it.
pub(crate) fn epoch() -> Instant {
    crate::clock::now()
}

/// Whole seconds.
pub(crate) fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Whole milliseconds.
pub(crate) fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// A member of weight 1 and the first priority, with a credential and a payload of its own name.
pub(crate) fn member(id: &'static str) -> MemberSpec<&'static str> {
    MemberSpec {
        id: Arc::from(id),
        payload: id,
        weight: 1.0,
        priority: 0,
        credential: Arc::from(id),
        limits: Limits::default(),
        breaker: None,
        price: None,
    }
}

/// A group of such members, with no bound on retries.
pub(crate) fn group(name: &str, ids: &[&'static str]) -> GroupSpec<&'static str> {
    let mut spec = GroupSpec::new(name, ids.iter().map(|id| member(id)).collect());
    spec.budget = None;
    spec
}

/// A router with credentials of its own.
pub(crate) fn router(groups: Vec<GroupSpec<&'static str>>) -> Router<&'static str> {
    Router::new(groups, &CredentialBook::new()).unwrap()
}

/// An error of this class.
pub(crate) fn error(class: ErrorClass) -> UpstreamError {
    UpstreamError::new(class, "it failed")
}

/// A throttle with the pause that the vendor asks for.
pub(crate) fn throttle(pause: Duration) -> UpstreamError {
    error(ErrorClass::Throttle).with_retry_after(Some(pause))
}

/// Whether a member admits a request without units.
pub(crate) fn asked(now: Instant, overruled: bool) -> crate::member::Asked {
    crate::member::Asked { now, units: 0, overruled }
}
