//! The gateway inside an axum application: under a path, behind the application's authentication,
//! beside other routes. Shows what clients get; given an address, it serves there.
#![expect(clippy::print_stdout, reason = "an example shows what comes back")]

use axum::body::{Body, to_bytes};
use axum::http::{Request as Get, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::{Router, extract::Request, response::Response, routing::get};
use std::sync::Arc;
use tollgate::Tollgate;
use tollgate_server::{AppState, ServerLimits, router};
use tower::ServiceExt as _;

/// Whatever you have: sessions, JWT, mutual TLS.
async fn auth(request: Request, next: Next) -> Result<Response, StatusCode> {
    let known = request.headers().get("authorization").is_some_and(|it| it == "Bearer ours");
    if known { Ok(next.run(request).await) } else { Err(StatusCode::UNAUTHORIZED) }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let tollgate = Tollgate::from_text("models: { fast: { provider: mock } }")?;
    let gateway = router(Arc::new(AppState::new(tollgate, ServerLimits::default())));
    let app = Router::new()
        .route("/", get(|| async { "an application of my own" }))
        .nest("/llm", gateway.layer(from_fn(auth)));
    if let Some(address) = std::env::args().nth(1) {
        return Ok(axum::serve(tokio::net::TcpListener::bind(address).await?, app).await?);
    }
    for (path, key) in [("/", ""), ("/llm/v1/models", ""), ("/llm/v1/models", "Bearer ours")] {
        let request = Get::get(path).header("host", "me").header("authorization", key);
        let (head, body) = app.clone().oneshot(request.body(Body::empty())?).await?.into_parts();
        let body = to_bytes(body, 1 << 20).await?;
        println!("GET {path} {key:?}: {} {}", head.status, String::from_utf8_lossy(&body));
    }
    Ok(())
}
