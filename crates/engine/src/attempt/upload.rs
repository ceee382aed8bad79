//! An attempt that sends a form as it comes.
//!
//! The vendor's time runs only while it is the vendor that is waited for: a client that uploads
//! slowly is not the vendor's failure.

use bytes::Bytes;
use http::header;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::{Duration, Instant};
use tollgate_core_types::{ErrorClass, UpstreamError};
use tollgate_providers_common::{ByteStream, Deadlines, TransportError, Upload};
use tollgate_telemetry::Span;

use super::{Exchange, Shared, prepare, read, via};
use crate::clock;
use crate::deployment::{Deployment, Way};
use crate::upload::Form;

/// Sends the form to a deployment that speaks its dialect.
pub(super) async fn exchange(
    form: &Form,
    deployment: &Deployment,
    shared: &Shared<'_>,
    span: &Span,
) -> Result<Exchange, UpstreamError> {
    let inbound = shared.inbound;
    let Some(way @ Way::Verbatim(_)) = deployment.way(inbound.dialect) else {
        let message = format!("this deployment does not serve {}", inbound.dialect);
        return Err(UpstreamError::new(ErrorClass::Unsupported, message));
    };
    let (mut encoded, _) = prepare::plain(inbound, shared.client.as_ref(), deployment, &way)?;
    if deployment.trace_context {
        prepare::continue_trace(&mut encoded.request, span);
    }
    let mut request = encoded.request;
    request.headers_mut().insert(header::CONTENT_TYPE, form.content_type().clone());
    if !deployment.authorizer.authorize_now(&mut request) {
        deployment.authorizer.authorize(&mut request).await?;
    }
    request.headers_mut().insert(header::VIA, via(shared.hops));
    let Some((upload, turn)) = form.send(&deployment.target.model) else {
        let message = "the form was sent before and is not held any more";
        return Err(UpstreamError::new(ErrorClass::Internal, message));
    };
    let started = clock::now();
    shared.progress.sending(started);
    let outcome = send(form, (request, upload), deployment, shared).await;
    let outcome = match outcome {
        Ok(response) => {
            let until = (clock::now() + wait(deployment, shared)).min(shared.deadline);
            read::content(response, shared, (deployment, &way), until).await
        }
        Err(error) => Err(error),
    };
    shared.progress.waited(clock::now().saturating_duration_since(started));
    match (outcome, form.fault()) {
        (Ok(content), _) => {
            turn.keep();
            form.release();
            Ok(Exchange { content, lost: encoded.lost, estimated: false })
        }
        // The vendor saw half a form; whatever it said of it, the client is the reason.
        (Err(_), Some(fault)) => Err(fault.as_failure()),
        (Err(error), None) => Err(error),
    }
}

/// How long the vendor may take for its part.
fn wait(deployment: &Deployment, shared: &Shared<'_>) -> Duration {
    if shared.inbound.facts.stream {
        deployment.deadlines.first_token
    } else {
        deployment.deadlines.whole
    }
}

async fn send(
    form: &Form,
    (request, upload): (http::Request<Bytes>, Upload),
    deployment: &Deployment,
    shared: &Shared<'_>,
) -> Result<http::Response<ByteStream>, UpstreamError> {
    let wait = wait(deployment, shared);
    let deadlines = Deadlines { connect: deployment.deadlines.connect, until: shared.deadline };
    let request = request.map(|_| upload);
    let mut sent = pin!(deployment.transport.send_upload(request, deadlines));
    let mut timer = pin!(tokio::time::sleep_until((clock::now() + wait).into()));
    let sent = poll_fn(|cx| {
        if let Poll::Ready(sent) = sent.as_mut().poll(cx) {
            return Poll::Ready(Some(sent));
        }
        while timer.as_mut().poll(cx).is_ready() {
            match due(form.vendor_since(), wait) {
                Some(until) => timer.as_mut().reset(until.into()),
                None => return Poll::Ready(None),
            }
        }
        Poll::Pending
    })
    .await;
    sent.map(|sent: Result<_, TransportError>| sent.map_err(UpstreamError::from)).unwrap_or_else(
        || {
            let message = "the form was not answered in time";
            Err(UpstreamError::new(ErrorClass::FirstTokenTimeout, message))
        },
    )
}

/// When the vendor's time is up; `None` where it is.
fn due(since: Option<Instant>, wait: Duration) -> Option<Instant> {
    let now = clock::now();
    let until = since.unwrap_or(now) + wait;
    (until > now).then_some(until)
}
