//! What a person who opens the gateway in a browser or with curl finds: an index, a page, and the
//! document that the page is made from.
//!
//! All of it comes from the binary and loads nothing from elsewhere.

use axum::extract::{FromRequestParts as _, NestedPath, Path, State};
use axum::response::Response;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};
use std::sync::{Arc, LazyLock};

use crate::openapi::{self, About, Served};
use crate::respond;
use crate::routes::routes;
use crate::state::AppState;

/// Nothing but the page's own two files, an icon that is empty, and calls back to this gateway.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src data:; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

const ABOUT: About = About {
    title: "Tollgate",
    description: "One API in front of many LLM vendors: point an official SDK at it, and it \
                  chooses a deployment, survives what vendors do wrong, and shows its work. \
                  Operators have metrics and probes on a listener of their own, with a document \
                  of its own.\n\n\
                  No key is needed. Whichever an SDK sends is taken, stays here, and never goes to \
                  a vendor.",
    tags: &[
        ("OpenAI", "For OpenAI's SDKs, with `base_url` set to this address and `/v1`."),
        ("Anthropic", "For Anthropic's SDKs, with `base_url` set to this address."),
        ("Gemini", "For Google's SDKs, with `base_url` set to this address."),
        ("Media", "Images, audio, moderation and rerank, relayed to the vendors that have them."),
        ("Models", "What clients may send as `model`."),
        ("Gateway", "The gateway itself."),
        ("Simple", "Text in, text out, and how busy the pool is."),
    ],
    keys: true,
};

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| openapi::document(&ABOUT, routes()));
static SERVED: LazyLock<Served> = LazyLock::new(|| Served::json(&DOCUMENT));
static PAGE: LazyLock<Served> =
    LazyLock::new(|| Served::new("text/html; charset=utf-8", include_str!("docs/page.html")));
static SCRIPT: LazyLock<Served> =
    LazyLock::new(|| Served::new("text/javascript; charset=utf-8", include_str!("docs/page.js")));
static STYLE: LazyLock<Served> =
    LazyLock::new(|| Served::new("text/css; charset=utf-8", include_str!("docs/page.css")));

/// What there is.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Index {
    /// `tollgate`.
    name: &'static str,
    version: &'static str,
    /// A page for people.
    docs: &'static str,
    /// A document for programs.
    openapi: &'static str,
    /// What clients may send as `model`.
    models: Vec<String>,
    /// Every path with its method.
    endpoints: Vec<String>,
}

/// `GET /`
pub(crate) async fn index(State(state): State<Arc<AppState>>) -> Response {
    let endpoints = routes().filter(|route| !is_for_people(route.path));
    let body = Index {
        name: "tollgate",
        version: env!("CARGO_PKG_VERSION"),
        docs: "/docs",
        openapi: "/openapi.json",
        models: state.engine.models().iter().map(|model| model.id.to_string()).collect(),
        endpoints: endpoints
            .map(|route| format!("{} {}", route.method.as_str(), route.path_in_documents()))
            .collect(),
    };
    respond::json(StatusCode::OK, &body)
}

/// Whether a path is named elsewhere in the index, or is the index.
fn is_for_people(path: &str) -> bool {
    path == "/" || path == "/openapi.json" || path.starts_with("/docs")
}

/// `GET /openapi.json`
pub(crate) async fn openapi(mut parts: Parts) -> Response {
    match NestedPath::from_request_parts(&mut parts, &()).await {
        // Below a path of another application, every path of ours begins there.
        Ok(below) => {
            let mut document = DOCUMENT.clone();
            document["servers"] = json!([{ "url": below.as_str() }]);
            Served::json(&document).answer(&parts.headers)
        }
        Err(_) => SERVED.answer(&parts.headers),
    }
}

/// `GET /docs`
pub(crate) async fn page(headers: HeaderMap) -> Response {
    let mut response = PAGE.answer(&headers);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

/// `GET /docs/{file}`
pub(crate) async fn file(
    State(state): State<Arc<AppState>>,
    Path(name): Path<String>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    match name.as_str() {
        "page.js" => SCRIPT.answer(&headers),
        "page.css" => STYLE.answer(&headers),
        _ => state.errors.not_found(uri.path(), &state.ids.of(&headers)),
    }
}
