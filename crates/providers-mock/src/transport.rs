//! The mock as a transport: it takes requests, keeps its own bill, and plays answers and faults in
//! time.
//!
//! Time is tokio's, so paused tests run it without waiting. It opens no socket and reads no clock.

mod body;
mod play;

use bytes::Bytes;
use futures_core::future::BoxFuture;
use http::{Request, Response, Uri};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::time::Instant;
use tollgate_providers_common::{ByteStream, Deadlines, Transport, TransportError};

use crate::answer::answer;
use crate::script::{Fault, MockScript};
use crate::wire::Context;
use body::Playback;

/// A mock deployment.
///
/// Requests are numbered as they come, from 0; the number decides what a request meets.
#[derive(Debug)]
pub struct MockTransport {
    label: Arc<str>,
    script: MockScript,
    bill: Arc<Counters>,
}

/// What a mock deployment did, by its own count; ledgers are compared with it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Bill {
    /// Requests that came, those with faults included.
    pub requests: u64,
    /// Requests that got a 200.
    pub answers: u64,
    /// Answers whose body was dropped before its end.
    pub abandoned: u64,
    /// Input tokens of the answers.
    pub input_tokens: u64,
    /// Output tokens of the answers, as far as they were sent.
    pub output_tokens: u64,
}

/// The bill as it is being written.
#[derive(Debug, Default)]
struct Counters {
    requests: AtomicU64,
    answers: AtomicU64,
    abandoned: AtomicU64,
    input_tokens: AtomicU64,
    output_tokens: AtomicU64,
}

impl MockTransport {
    /// A deployment that calls itself `label` and behaves as `script` says.
    #[must_use]
    pub fn new(label: &str, script: MockScript) -> Self {
        Self { label: label.into(), script, bill: Arc::default() }
    }

    /// What was done so far.
    #[must_use]
    pub fn bill(&self) -> Bill {
        let Counters { requests, answers, abandoned, input_tokens, output_tokens } = &*self.bill;
        Bill {
            requests: requests.load(Ordering::Relaxed),
            answers: answers.load(Ordering::Relaxed),
            abandoned: abandoned.load(Ordering::Relaxed),
            input_tokens: input_tokens.load(Ordering::Relaxed),
            output_tokens: output_tokens.load(Ordering::Relaxed),
        }
    }

    async fn play(
        &self,
        request: Request<Bytes>,
        origin: &str,
    ) -> Result<Response<ByteStream>, TransportError> {
        let number = self.bill.requests.fetch_add(1, Ordering::Relaxed);
        let fault = self.script.fault(number);
        let broken = |reason: &str| TransportError::Broken {
            origin: origin.to_owned(),
            reason: reason.to_owned(),
        };
        if fault == Fault::Refuse {
            let reason = "connection refused by the script".to_owned();
            return Err(TransportError::Connect { origin: origin.to_owned(), reason });
        }
        tokio::time::sleep(self.script.latency).await;
        if fault == Fault::StallBeforeHead {
            std::future::pending::<()>().await;
        }
        if fault == Fault::ResetBeforeHead {
            return Err(broken("connection reset by the script before the head"));
        }
        let context = Context { label: &self.label, number };
        let played = match play::instead(&fault) {
            Some(played) => played,
            None => play::faulted(answer(&request, context), &fault, self.script.token_delay),
        };
        if played.status == 200 {
            self.bill.answers.fetch_add(1, Ordering::Relaxed);
            self.bill.input_tokens.fetch_add(played.input_tokens, Ordering::Relaxed);
        }
        let failed = broken("connection cut by the script");
        let body = Playback::new(played.steps, failed, Arc::clone(&self.bill));
        let response = play::head(played.status, played.content_type, &context, &fault)
            .body(Box::pin(body) as ByteStream);
        response.map_err(|error| broken(&error.to_string()))
    }
}

impl Transport for MockTransport {
    fn send(
        &self,
        request: Request<Bytes>,
        deadlines: Deadlines,
    ) -> BoxFuture<'_, Result<Response<ByteStream>, TransportError>> {
        // There is nothing to connect to, so that deadline cannot be missed.
        let Deadlines { connect: _, until } = deadlines;
        Box::pin(async move {
            let origin = origin(request.uri());
            tokio::select! {
                biased;
                () = tokio::time::sleep_until(Instant::from_std(until)) => {
                    Err(TransportError::Timeout { origin })
                }
                played = self.play(request, &origin) => played,
            }
        })
    }
}

/// Scheme, host and port, as a real transport names them.
fn origin(uri: &Uri) -> String {
    let scheme = uri.scheme_str().unwrap_or("mock");
    let port = uri.port_u16().unwrap_or(if scheme == "https" { 443 } else { 80 });
    format!("{scheme}://{}:{port}", uri.host().unwrap_or_default())
}

#[cfg(test)]
mod tests;
