//! What a client sent, read once: the body untouched, and the few facts that decide its way.

use bytes::Bytes;
use http::HeaderMap;
use tollgate_core_types::{Dialect, Operation};

use crate::scan::Layout;

/// One client request. The body is never changed in place; edits make a new one.
#[derive(Debug, Clone)]
pub struct Inbound {
    /// The client's dialect.
    pub dialect: Dialect,
    /// What is asked.
    pub operation: Operation,
    /// What the gateway needs to know of the body.
    pub facts: Facts,
    /// The body: valid UTF-8, one JSON object, nested at most [`crate::scan::MAX_DEPTH`] deep.
    pub body: Bytes,
    /// The client's headers that a vendor of the same dialect may see, hop-by-hop and credentials
    /// already removed (for example `anthropic-version`, `anthropic-beta`).
    pub headers: HeaderMap,
    /// The client's query string, without `?`.
    pub query: Option<String>,
}

/// What decides a request's way through the gateway, read from the body's top level in one pass.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// The model that the client names; `None` takes the configured default.
    pub model: Option<String>,
    /// Whether the client wants a stream.
    pub stream: bool,
    /// Whether the client asked for usage in its stream (always true where the dialect has it).
    pub include_usage: bool,
    /// The client's bound of generated tokens.
    pub max_output_tokens: Option<u64>,
    /// Whether tools are offered.
    pub has_tools: bool,
    /// Number of messages, prompts or inputs.
    pub items: usize,
    /// Whether the messages surely hold nothing but roles, names and texts: no parts, no calls, no
    /// reasoning. Nobody then has to look for these in a long body.
    pub plain: bool,
    /// The client's choice of strategy (`load_balance_strategy`), ours and not for vendors.
    pub strategy: Option<String>,
    /// The client's id of its end user.
    pub user: Option<String>,
    /// Where the body's top-level keys stand.
    pub layout: Layout,
}
