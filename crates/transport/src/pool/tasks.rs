//! The one place of this crate that starts tasks.
//!
//! A connection is driven beside its requests: hyper needs that to see an idle one being closed.
//! No task is started for a request, and none keeps a pool alive: a connection ends when its sender
//! is dropped, the sweeper of an origin when it holds nothing idle.

use hyper::rt::Executor;
use hyper_util::rt::TokioExecutor;

/// Runs `task` on the current runtime, which drops it when it shuts down.
pub(super) fn start(task: impl Future<Output = ()> + Send + 'static) {
    TokioExecutor::new().execute(task);
}
