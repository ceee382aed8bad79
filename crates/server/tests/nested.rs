//! The router inside somebody else's application: any path, any authentication, other routes.
#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::get;
use axum::{Extension, Router};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tollgate::Tollgate;
use tollgate_server::{AppState, ServerLimits, router};
use tower::ServiceExt as _;

const CHAT: &str = r#"{"model":"m","messages":[{"role":"user","content":"hello"}]}"#;
const STREAM: &str =
    r#"{"model":"m","stream":true,"messages":[{"role":"user","content":"hello"}]}"#;

/// Somebody else's: a key of their own, and the state of their application.
async fn auth(request: Request, next: Next) -> Result<Response, StatusCode> {
    let told = request.headers().get("x-session").is_some_and(|value| value == "ours");
    if told { Ok(next.run(request).await) } else { Err(StatusCode::UNAUTHORIZED) }
}

/// The application: the gateway behind authentication under one path and without it under another.
fn app(yaml: &str) -> Router {
    let tollgate = Tollgate::from_text(yaml).unwrap();
    let gateway = router(Arc::new(AppState::new(tollgate, ServerLimits::default())));
    Router::new()
        .route("/", get(|| async { "mine" }))
        .route("/v1/models", get(|Extension(own): Extension<&'static str>| async move { own }))
        .nest("/llm", gateway.clone().layer(from_fn(auth)))
        .nest("/deep/er", gateway)
        .fallback(|| async { (StatusCode::NOT_FOUND, "my own not found") })
        .layer(Extension("my own models"))
}

async fn send(method: &str, path: &str, session: &str, body: &'static str) -> (u16, String) {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", "localhost")
        .header("x-session", session)
        .header("content-type", "application/json")
        .body(Body::from(body))
        .unwrap();
    let response = app("models: { m: { provider: mock } }").oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn every_api_answers_below_the_path_and_the_applications_own_routes_stay() {
    for (method, path, body, status, words) in [
        ("GET", "/", "", 200, "mine"),
        ("GET", "/v1/models", "", 200, "my own models"),
        ("GET", "/elsewhere", "", 404, "my own not found"),
        ("GET", "/llm/v1/models", "", 200, "\"id\":\"m\""),
        ("GET", "/llm/health", "", 200, ""),
        ("POST", "/llm/v1/chat/completions", CHAT, 200, "hello"),
        ("POST", "/llm/v1/chat/completions", STREAM, 200, "data: [DONE]"),
        ("POST", "/llm/llm/chat", CHAT, 200, "\"result\""),
        ("POST", "/deep/er/v1/chat/completions", CHAT, 200, "hello"),
        ("GET", "/llm/v1/nothing", "", 404, "\"code\":\"not_found\""),
        ("DELETE", "/llm/v1/models", "", 405, "method_not_allowed"),
        ("POST", "/llm/v1/chat/completions", "{", 400, "invalid_json"),
    ] {
        let (got, text) = send(method, path, "ours", body).await;
        assert_eq!(got, status, "{method} {path}: {text}");
        assert!(text.contains(words), "{method} {path}: {text}");
    }
}

#[tokio::test]
async fn the_applications_authentication_stands_before_everything_that_it_wraps() {
    for path in ["/llm/v1/models", "/llm/health", "/llm/docs", "/llm/v1/nothing"] {
        assert_eq!(send("GET", path, "", "").await.0, 401, "{path}");
    }
    assert_eq!(send("POST", "/llm/v1/chat/completions", "wrong", CHAT).await.0, 401);
    assert_eq!(send("GET", "/deep/er/v1/models", "", "").await.0, 200);
}

#[tokio::test]
async fn an_application_that_stops_lets_a_stream_of_the_gateway_finish() {
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let app = app("models: { m: { provider: mock, mock: { token_delay: 20ms } } }");
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let served = axum::serve(socket, app).with_graceful_shutdown(async {
            let _ = stopped.await;
        });
        served.await.unwrap();
    });
    let mut client = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST /llm/v1/chat/completions HTTP/1.1\r\nhost: a\r\nx-session: ours\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{STREAM}",
        STREAM.len()
    );
    client.write_all(head.as_bytes()).await.unwrap();
    let mut answer = vec![0; 16];
    client.read_exact(&mut answer).await.unwrap();
    stop.send(()).unwrap();
    let rest = client.read_to_end(&mut answer);
    tokio::time::timeout(Duration::from_secs(20), rest).await.unwrap().unwrap();
    let answer = String::from_utf8(answer).unwrap();
    assert!(answer.contains("data: [DONE]"), "{answer}");
    let ended = tokio::time::timeout(Duration::from_secs(20), tasks.join_next());
    ended.await.unwrap().unwrap().unwrap();
}
