//! Beginnings: what is known of a request and of an attempt when its span opens.

use tollgate_core_types::{Dialect, Operation};

use super::{AttemptKind, AttemptTarget};

/// A request begins.
#[derive(Debug, Clone, Copy)]
pub struct RequestStart<'a> {
    /// Our id of the request. May be the client's: treated as outside text.
    pub request_id: &'a str,
    /// What is asked.
    pub operation: Operation,
    /// The client's dialect.
    pub dialect: Dialect,
    /// Route template of the request; `None` where it did not come by HTTP.
    pub route: Option<&'static str>,
    /// The client's `traceparent`. Outside text.
    pub traceparent: Option<&'a str>,
    /// The client's `tracestate`. Outside text.
    pub tracestate: Option<&'a str>,
}

impl<'a> RequestStart<'a> {
    /// A request that came by no route and continues no trace. Callers fill the rest with struct
    /// update syntax.
    #[must_use]
    pub const fn new(request_id: &'a str, operation: Operation, dialect: Dialect) -> Self {
        Self { request_id, operation, dialect, route: None, traceparent: None, tracestate: None }
    }
}

/// An attempt begins.
#[derive(Debug, Clone, Copy)]
pub struct AttemptStart<'a> {
    /// Who is attempted for what.
    pub target: AttemptTarget<'a>,
    /// Which attempt of the request, from 1.
    pub number: u32,
    /// Why it is made.
    pub kind: AttemptKind,
    /// Whether a stream is asked for.
    pub stream: bool,
}

impl<'a> AttemptStart<'a> {
    /// A first attempt, for a whole answer. Callers fill the rest with struct update syntax.
    #[must_use]
    pub const fn new(target: AttemptTarget<'a>) -> Self {
        Self { target, number: 1, kind: AttemptKind::First, stream: false }
    }
}
