//! Load balancing, breakers, cooldowns, limits and retries over any payload.
//!
//! Groups of interchangeable members, chosen among by a strategy; one async loop, [`execute`], that
//! makes attempts until one succeeds; everything else a pure state machine with time and chance as
//! arguments. It knows nothing of HTTP, JSON or vendors: an error tells it by
//! [`AttemptError::disposition`] what follows, and nothing else.
//!
//! In reading order: [`Router`] holds [`Group`]s of [`Member`]s, [`execute`] walks through them for a
//! [`Call`] and hands the closure an [`Attempt`], which becomes a [`Failure`] or a [`Committed`]; what
//! is left is an answer or [`Exhausted`].
//!
//! # Invariants
//! - Nothing is retried after [`Attempt::commit`]: the types do not allow it.
//! - A walk ends: attempts are bounded, each group is visited at most once, each member tried at most
//!   once per group unless it has no equal.
//! - Nothing starts at or after the deadline and no wait reaches it.
//! - A guard that is dropped at any moment gives back its place, a probe and its part of the budget.
//! - A refusal takes from no limit.
//! - No lock is held across an await, and no state machine reads a clock.
//!
//! # Example
//! Any service, here two mirrors of which the first is down:
//!
//! ```
//! use std::time::{Duration, Instant};
//!
//! use tollgate_balancer::{
//!     Call, CredentialBook, GroupSpec, Limits, MemberSpec, Router, Strategy, execute,
//! };
//! use tollgate_core_types::{ErrorClass, UpstreamError};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mirror = |host: &'static str| MemberSpec {
//!     id: host.into(),
//!     payload: host,
//!     weight: 1.0,
//!     priority: 0,
//!     credential: "none".into(),
//!     limits: Limits { concurrency: Some(8), ..Limits::default() },
//!     breaker: None,
//!     price: None,
//! };
//! let mut mirrors = GroupSpec::new("mirrors", vec![mirror("a.example"), mirror("b.example")]);
//! mirrors.strategy = Strategy::FirstAvailable;
//! let router = Router::new(vec![mirrors], &CredentialBook::new())?;
//!
//! let call = Call::new("mirrors", Instant::now() + Duration::from_secs(10), 42);
//! let answer = execute(&router, call, |attempt| async move {
//!     match *attempt.payload() {
//!         "a.example" => {
//!             Err(attempt.fail(UpstreamError::new(ErrorClass::Connect, "connection refused")))
//!         }
//!         host => {
//!             let committed = attempt.commit(); // the first content is here
//!             let answer = format!("hello from {host}");
//!             committed.complete(); // and so is the last
//!             Ok(answer)
//!         }
//!     }
//! })
//! .await?;
//! assert_eq!(answer, "hello from b.example");
//! # Ok(())
//! # }
//! ```

mod attempt;
mod backoff;
mod breaker;
mod budget;
mod clock;
mod cooldown;
mod credential;
mod ewma;
mod execute;
mod exhausted;
mod explain;
mod failure;
mod gate;
mod group;
mod hedge;
mod limits;
mod lock;
mod member;
mod near;
mod norm;
mod pace;
mod places;
mod queue;
mod refusal;
mod router;
mod status;
mod strategy;
#[cfg(test)]
mod testing;
mod walk;
mod window;

pub use attempt::{Attempt, AttemptInfo, AttemptKind, Committed, Failure};
pub use backoff::RetryPolicy;
pub use breaker::{BreakerPolicy, BreakerState};
pub use budget::{BudgetPolicy, BudgetState};
pub use credential::{
    Credential, CredentialBook, CredentialFault, CredentialProbe, CredentialState,
};
pub use execute::{Call, execute};
pub use exhausted::{AttemptSummary, Exhausted, Reason};
pub use explain::{Explained, Explanation, Verdict};
pub use failure::AttemptError;
pub use group::{Eligible, Fallbacks, Group, GroupSpec, PanicMode, Plan};
pub use hedge::{Hedge, HedgePolicy};
pub use limits::{LimitUse, Limits, Rate};
pub use member::{Member, MemberSpec};
pub use queue::QueuePolicy;
pub use refusal::Refusal;
pub use router::{Router, RouterError};
pub use status::{LastError, MemberStatus, Totals};
pub use strategy::{Strategy, UnknownStrategy};

/// The README's examples, compiled and run with the others.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
