//! Two pass-through proxies: body collected, sent on unparsed, answer streamed back. The floor.

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::{Request, Uri, header};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use std::net::SocketAddr;
use std::sync::Arc;

/// Largest body taken, in bytes.
const MAX_BODY: usize = 64 << 20;

type HyperClient = Client<HttpConnector, Body>;

/// axum + hyper-util.
pub(crate) async fn serve_hyper(listen: SocketAddr, upstream: SocketAddr) -> anyhow::Result<()> {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let client: HyperClient =
        Client::builder(TokioExecutor::new()).pool_max_idle_per_host(512).build(connector);
    let app = Router::new().fallback(by_hyper).with_state(Arc::new((client, upstream)));
    listen_on(listen, app).await
}

async fn by_hyper(
    State(state): State<Arc<(HyperClient, SocketAddr)>>,
    request: Request<Body>,
) -> Response {
    let (client, upstream) = &*state;
    let (mut parts, body) = request.into_parts();
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let Ok(uri) = format!("http://{upstream}{path}").parse::<Uri>() else { return bad_gateway() };
    let Ok(body) = axum::body::to_bytes(body, MAX_BODY).await else { return bad_gateway() };
    parts.uri = uri;
    parts.headers.remove(header::HOST);
    match client.request(Request::from_parts(parts, Body::from(body))).await {
        Ok(response) => response.map(Body::new),
        Err(_) => bad_gateway(),
    }
}

/// axum + reqwest.
pub(crate) async fn serve_reqwest(listen: SocketAddr, upstream: SocketAddr) -> anyhow::Result<()> {
    let client = reqwest::Client::builder().tcp_nodelay(true).no_proxy().build()?;
    let app = Router::new().fallback(by_reqwest).with_state(Arc::new((client, upstream)));
    listen_on(listen, app).await
}

async fn by_reqwest(
    State(state): State<Arc<(reqwest::Client, SocketAddr)>>,
    request: Request<Body>,
) -> Response {
    let (client, upstream) = &*state;
    let (mut parts, body) = request.into_parts();
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let url = format!("http://{upstream}{path}");
    let Ok(body) = axum::body::to_bytes(body, MAX_BODY).await else { return bad_gateway() };
    parts.headers.remove(header::HOST);
    let sent = client.request(parts.method, url).headers(parts.headers).body(body).send().await;
    match sent {
        Ok(answer) => {
            let answer: http::Response<reqwest::Body> = answer.into();
            answer.map(Body::new)
        }
        Err(_) => bad_gateway(),
    }
}

async fn listen_on(listen: SocketAddr, app: Router) -> anyhow::Result<()> {
    use axum::serve::ListenerExt as _;
    let socket = tokio::net::TcpListener::bind(listen).await?.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    axum::serve(socket, app).await?;
    Ok(())
}

fn bad_gateway() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = http::StatusCode::BAD_GATEWAY;
    response
}
