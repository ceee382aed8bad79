//! What is refused by its head alone, before any route: requests that two readers could read
//! differently, and bodies that are too large to be sent at all.
//!
//! A proxy before us and we must agree where a request ends and whom it is for (RFC 9112, 3.2 and
//! 6.1). Where a head has both lengths, hyper drops `content-length` before anybody can see it, reads
//! the body as chunks and closes the connection after the answer, as section 6.3 asks. It must never
//! touch a body.

use axum::body::Body;
use axum::response::Response;
use futures_util::future::{Either, Ready, ready};
use http::{HeaderMap, HeaderValue, Request, Version, header};
use std::sync::Arc;
use std::task::{Context, Poll};
use tollgate_telemetry::HttpRejection;
use tower::{Layer, Service};

use crate::body::BodyError;
use crate::errors;
use crate::state::AppState;

/// Puts a [`Guard`] before every route.
#[derive(Clone)]
pub(crate) struct GuardLayer(pub(crate) Arc<AppState>);

impl<S> Layer<S> for GuardLayer {
    type Service = Guard<S>;

    fn layer(&self, inner: S) -> Guard<S> {
        Guard { inner, state: Arc::clone(&self.0) }
    }
}

/// Answers what is refused by its head; hands everything else on.
#[derive(Clone)]
pub(crate) struct Guard<S> {
    inner: S,
    state: Arc<AppState>,
}

impl<S> Service<Request<Body>> for Guard<S>
where
    S: Service<Request<Body>, Response = Response>,
{
    type Response = Response;
    type Error = S::Error;
    type Future = Either<Ready<Result<Response, S::Error>>, S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        match refuse(&request, self.state.limits.now().largest(is_form(request.headers()))) {
            None => Either::Right(self.inner.call(request)),
            Some(refusal) => Either::Left(ready(Ok(answer(&self.state, &request, &refusal)))),
        }
    }
}

/// Why a request is refused by its head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refusal {
    /// It could be read in two ways.
    Ambiguous(&'static str),
    /// Its sender asks before it sends more than the bound, in bytes.
    TooLarge(usize),
}

fn refuse(request: &Request<Body>, most: usize) -> Option<Refusal> {
    let headers = request.headers();
    let ambiguous = hosts(headers, request.version()).or_else(|| coding(headers));
    ambiguous.map(Refusal::Ambiguous).or_else(|| {
        let declared = declared(headers).filter(|_| asks(headers))?;
        (declared > most as u64).then_some(Refusal::TooLarge(most))
    })
}

fn hosts(headers: &HeaderMap, version: Version) -> Option<&'static str> {
    let mut hosts = headers.get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (_, Some(_)) => Some("the request has more than one host header"),
        // HTTP/2 says it in `:authority`, HTTP/1.0 need not say it.
        (None, None) if version == Version::HTTP_11 => Some("the request has no host header"),
        (_, None) => None,
    }
}

fn coding(headers: &HeaderMap) -> Option<&'static str> {
    let mut codings = headers.get_all(header::TRANSFER_ENCODING).iter();
    let chunked = match (codings.next(), codings.next()) {
        (None, _) => return None,
        (Some(coding), None) => coding.as_bytes().eq_ignore_ascii_case(b"chunked"),
        (Some(_), Some(_)) => false,
    };
    if chunked && headers.contains_key(header::CONTENT_LENGTH) {
        return Some("the request has both content-length and transfer-encoding");
    }
    (!chunked).then_some("the request's transfer-encoding is not exactly chunked")
}

/// Whether the body is a form with files, which has a bound of its own.
pub(crate) fn is_form(headers: &HeaderMap) -> bool {
    let said = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let multipart =
        |said: &str| said.get(..10).is_some_and(|it| it.eq_ignore_ascii_case("multipart/"));
    said.is_some_and(|said| multipart(said.trim_start()))
}

fn declared(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Whether the sender waits for our word before it sends the body.
fn asks(headers: &HeaderMap) -> bool {
    let expected = headers.get(header::EXPECT);
    expected.is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue"))
}

fn answer(state: &AppState, request: &Request<Body>, refusal: &Refusal) -> Response {
    let id = state.ids.of(request.headers());
    let report = match refusal {
        Refusal::Ambiguous(message) => {
            state.engine.telemetry().http_rejection(HttpRejection::InvalidHead);
            errors::plain(400, "invalid_request", (*message).to_owned(), &id)
        }
        Refusal::TooLarge(max) => {
            state.engine.telemetry().http_rejection(HttpRejection::BodyTooLarge);
            let message = BodyError::TooLarge { max: *max }.to_string();
            errors::plain(413, "request_too_large", message, &id)
        }
    };
    let mut response = state.errors.write(request.uri().path(), report);
    // What follows on this connection may not be what it seems.
    if request.version() < Version::HTTP_2 {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

#[cfg(test)]
mod tests;
