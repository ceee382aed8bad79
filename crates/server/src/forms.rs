//! Calls whose body is a form with files: read as far as their way needs it, and handed on as it comes.
//!
//! Unlike every other body it is never whole here. What is refused before the engine has it is read
//! and thrown away for a short while, so that its sender gets to read the answer.

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use futures_util::{FutureExt as _, StreamExt as _};
use http::request::Parts;
use http::{HeaderValue, Request, header};
use http_body::Body as _;
use std::future::poll_fn;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Instant;
use tollgate::{Answer, Denied, Form, FormFault, FormHead, FormLimits};
use tollgate_core_types::Dialect;
use tollgate_providers_common::{ClientDialect, ErrorReport, Facts, Inbound, StreamBroken};
use tollgate_telemetry::HttpRejection;

use crate::respond::{self, StreamKind};
use crate::state::AppState;
use crate::{api, clock};

/// Answers one such call; never panics through to the connection.
pub(crate) async fn handle(state: &AppState, dialect: Dialect, request: Request<Body>) -> Response {
    let started = clock::now();
    let id = state.ids.of(request.headers());
    let Some(client) = state.engine.client_dialect(dialect) else {
        return state.errors.not_found(request.uri().path(), &id);
    };
    let limits = state.limits.now();
    let Some(place) = state.limits.place(limits.max_requests) else {
        state.engine.telemetry().http_rejection(HttpRejection::Overloaded);
        return respond::error(&api::overloaded(&id), client.as_ref());
    };
    let answered = answer(state, client.as_ref(), (&id, started, limits.form()), request);
    match AssertUnwindSafe(answered).catch_unwind().await {
        Ok(Ok(answer)) => respond::answer(answer, &id, StreamKind::Events, place),
        Ok(Err(denied)) => respond::denied(&denied, client.as_ref()),
        Err(_) => {
            tracing::error!(request_id = %id, "a request handler panicked");
            respond::error(&api::internal(&id), client.as_ref())
        }
    }
}

async fn answer(
    state: &AppState,
    client: &dyn ClientDialect,
    (id, started, limits): (&Arc<str>, Instant, FormLimits),
    request: Request<Body>,
) -> Result<Answer, Denied> {
    let (parts, body) = request.into_parts();
    let refuse = |fault: &FormFault| {
        state.engine.telemetry().http_rejection(reason(fault));
        Denied { report: report(fault, id), attempts: 0 }
    };
    let form = form(state, &parts, body, limits);
    let head = head(state, &form).await.ok_or_else(|| api::stopping(state, id))?;
    let FormHead { model, stream, user } = match head {
        Ok(head) => head,
        Err(fault) => {
            form.discard().await;
            return Err(refuse(&fault));
        }
    };
    let inbound = Inbound {
        dialect: client.dialect(),
        operation: client.operation(),
        facts: Facts { model, stream, user, include_usage: true, items: 1, ..Facts::default() },
        body: Bytes::new(),
        headers: api::forwarded(client.dialect(), &parts.headers),
        query: parts.uri.query().map(str::to_owned),
    };
    let context = api::context(id, started, client.dialect(), &parts.headers);
    let answer = state.engine.call_form(inbound, form.clone(), context).await;
    if answer.is_err() {
        form.discard().await;
    }
    answer
}

fn form(state: &AppState, parts: &Parts, body: Body, limits: FormLimits) -> Form {
    let said = parts.headers.get(header::CONTENT_TYPE).cloned();
    let content_type = said.unwrap_or(HeaderValue::from_static(""));
    let length = body.size_hint().exact();
    let body = body.into_data_stream().map(|chunk| chunk.map_err(|_| StreamBroken));
    Form::new(Box::pin(body), (content_type, length), limits, state.engine.memory())
}

/// What the form says; `None` where the process stops before it has come.
async fn head(state: &AppState, form: &Form) -> Option<Result<FormHead, FormFault>> {
    let mut head = pin!(form.head());
    let mut stop = pin!(state.engine.is_cut_off());
    poll_fn(|cx| match head.as_mut().poll(cx) {
        Poll::Ready(head) => Poll::Ready(Some(head)),
        Poll::Pending => stop.as_mut().poll(cx).map(|()| None),
    })
    .await
}

fn reason(fault: &FormFault) -> HttpRejection {
    match fault {
        FormFault::TooLarge { .. } => HttpRejection::BodyTooLarge,
        FormFault::TooSlow { .. } => HttpRejection::BodyTimeout,
        FormFault::Broken => HttpRejection::BodyIncomplete,
        FormFault::NoRoom(_) => HttpRejection::BodyMemory,
        FormFault::ModelLate { .. } | FormFault::Form(_) => HttpRejection::InvalidBody,
    }
}

fn report(fault: &FormFault, id: &str) -> ErrorReport {
    ErrorReport {
        status: fault.status(),
        code: fault.code().to_owned(),
        param: fault.param().map(str::to_owned),
        message: fault.to_string(),
        retry_after: (fault.status() == 503).then_some(api::COME_BACK),
        should_retry: None,
        request_id: id.to_owned(),
    }
}
