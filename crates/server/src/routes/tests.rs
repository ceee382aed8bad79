//! Whether the table is what is served, and the document what is told of it.

use super::*;
use crate::ServerLimits;
use crate::openapi::Served;
use crate::table::Method;
use http::StatusCode;
use http_body_util::BodyExt as _;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;
use tollgate_telemetry::{DiagnosticsOptions, Telemetry, TelemetryOptions};
use tower::ServiceExt as _;

fn app() -> Router {
    router(state())
}

fn state() -> Arc<AppState> {
    let vendors = tollgate::vendors();
    let text = "models: { demo: { deployments: [{ provider: mock, id: demo }] } }";
    let config = tollgate_config::parse(text, &vendors).unwrap();
    let telemetry = Telemetry::new(&TelemetryOptions::default()).unwrap();
    let engine = tollgate::Tollgate::new(&config, telemetry).unwrap();
    Arc::new(AppState::new(engine, ServerLimits::default()))
}

async fn ask(app: &Router, method: &str, path: &str, body: &str) -> (StatusCode, Value) {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", "t")
        .header("content-type", "application/json")
        .body(Body::from(body.to_owned()))
        .unwrap();
    let answer = app.clone().oneshot(request).await.unwrap();
    let status = answer.status();
    let bytes = answer.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

async fn document(app: &Router, path: &str) -> Value {
    ask(app, "GET", path, "").await.1
}

/// An operation's path with its parameters' examples in it.
fn example_of(path: &str, operation: &Value) -> String {
    let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
    parameters.iter().filter(|parameter| parameter["in"] == "path").fold(
        path.to_owned(),
        |path, parameter| {
            let place = format!("{{{}}}", parameter["name"].as_str().unwrap());
            path.replace(&place, parameter["example"].as_str().unwrap())
        },
    )
}

#[tokio::test]
async fn every_route_is_told_and_every_told_route_is_served() {
    let app = app();
    let document = document(&app, "/openapi.json").await;
    let told: BTreeSet<(String, String)> = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap();
            methods.keys().map(|method| (path.clone(), method.clone())).collect::<Vec<_>>()
        })
        .collect();
    let served: BTreeSet<(String, String)> = routes()
        .map(|route| (route.path_in_documents(), route.method.in_documents().to_owned()))
        .collect();
    assert_eq!(told, served);
    assert_eq!(served.len(), routes().count(), "a route stands twice in the table");

    for route in routes() {
        let operation = &document["paths"][route.path_in_documents()][route.method.in_documents()];
        let path = example_of(&route.path_in_documents(), operation);
        let body = operation["requestBody"]["content"]["application/json"]["example"].to_string();
        let (status, answer) = ask(&app, route.method.as_str(), &path, &body).await;
        // The demo has nothing to relay these to, and says so.
        if operation["tags"][0] == "Media" {
            assert_eq!(status, StatusCode::BAD_REQUEST, "{path}: {answer}");
            let json = operation["requestBody"]["content"]["application/json"].is_object();
            assert!(!json || answer["error"]["code"] == "unsupported_operation", "{answer}");
        } else {
            assert_eq!(status, StatusCode::OK, "{path}: the document's own example: {answer}");
        }
        let other = match route.method {
            Method::Get => "POST",
            Method::Post | Method::Put => "GET",
        };
        let taken = (route.path_in_documents(), other.to_lowercase());
        if !served.contains(&taken) {
            let (status, _) = ask(&app, other, &path, "{}").await;
            assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED, "{other} {path}");
        }
    }
}

/// What a listener's document tells, as methods and paths, in the order of paths.
fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    paths
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap().iter();
            methods.map(|(method, told)| (method.to_uppercase(), path.clone(), told.clone()))
        })
        .collect()
}

fn running() -> crate::ConfigStatus {
    crate::ConfigStatus::new(crate::RunningConfig {
        generation: 1,
        hash: "abc".to_owned(),
        loaded_at: std::time::UNIX_EPOCH,
        load_time: std::time::Duration::ZERO,
        source: "demo".to_owned(),
        files: Vec::new(),
        needs_restart: Vec::new(),
    })
}

#[tokio::test]
async fn the_operators_document_tells_what_their_listener_serves() {
    let level = tollgate_telemetry::init_diagnostics(&DiagnosticsOptions::default()).unwrap();
    // Each option by itself, none, and all: how many paths and operations it adds.
    let none = crate::OpsOptions::default;
    let metrics = crate::OpsOptions { metrics: true, ..none() };
    let config = crate::OpsOptions { config: Some(running()), ..none() };
    let log_level = crate::OpsOptions { log_level: Some(level), ..none() };
    let all =
        crate::OpsOptions { metrics: true, config: config.config.clone(), ..log_level.clone() };
    let paths = ["/metrics", "/admin/config", "/admin/log-level"];
    for (options, added, count) in [
        (none(), &paths[..0], 4),
        (metrics, &paths[..1], 5),
        (config, &paths[1..2], 5),
        (log_level, &paths[2..], 6),
        (all, &paths[..], 8),
    ] {
        let readiness = crate::Readiness::default();
        readiness.set(true);
        let app = crate::ops_router(state(), readiness, options);
        let document = document(&app, "/openapi.json").await;
        let told = operations(&document);
        assert_eq!(told.len(), count, "{told:?}");
        for (method, path, operation) in &told {
            let example = &operation["requestBody"]["content"]["application/json"]["example"];
            let (status, answer) = ask(&app, method, path, &example.to_string()).await;
            assert_eq!(status, StatusCode::OK, "{method} {path}: {answer}");
            let tag = &operation["tags"][0];
            let tags = document["tags"].as_array().unwrap();
            assert!(tags.iter().any(|known| known["name"] == *tag), "{path}: {tag} is untold");
            let status = ask(&app, "DELETE", path, "").await.0;
            assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
        }
        for path in paths {
            let status = ask(&app, "GET", path, "").await.0;
            let is_told = told.iter().any(|(_, told, _)| told == path);
            assert_eq!(is_told, added.contains(&path), "{path}");
            assert_eq!(status == StatusCode::OK, is_told, "{path}");
        }
    }
}

#[test]
fn no_route_is_made_beside_the_tables() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut open = vec![folder];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if !path.ends_with("tests.rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let calls = [".route(", ".route_service(", ".nest(", ".nest_service("];
                let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
                let made = code.filter(|line| calls.iter().any(|call| line.contains(call))).count();
                if made > 0 {
                    found.push((path.file_name().unwrap().to_owned(), made));
                }
            }
        }
    }
    assert_eq!(found, [("table.rs".into(), 1)]);
}

#[tokio::test]
async fn the_index_lists_what_is_served() {
    let index = document(&app(), "/").await;
    let listed: Vec<&str> =
        index["endpoints"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
    for path in ["POST /v1/chat/completions", "GET /v1/models/{id}", "GET /llm/keys/{model}"] {
        assert!(listed.contains(&path), "{path} is not in {listed:?}");
    }
    assert!(!listed.iter().any(|path| path.contains("/docs")), "{listed:?}");
}

#[tokio::test]
async fn below_another_application_the_documents_paths_begin_there() {
    let app = app();
    assert_eq!(document(&app, "/openapi.json").await["servers"], Value::Null);
    let nested = Router::new().nest("/ai", app);
    let servers = &document(&nested, "/ai/openapi.json").await["servers"];
    assert_eq!(servers[0]["url"], "/ai");
    // What the page asks for beside itself.
    assert_eq!(ask(&nested, "GET", "/ai/docs/page.js", "").await.0, StatusCode::OK);
}

#[test]
fn a_text_is_sent_once_to_whoever_keeps_it() {
    let served = Served::new("text/plain", "hello");
    let first = served.answer(&http::HeaderMap::new());
    let tag = first.headers()["etag"].to_str().unwrap().to_owned();
    let compressed = format!("W/{tag}");
    for (known, status) in [
        (tag.as_str(), 304),
        (&*format!("\"a\", {tag}"), 304),
        (&compressed, 304),
        ("*", 304),
        ("\"a\"", 200),
        ("", 200),
    ] {
        let mut headers = http::HeaderMap::new();
        headers.insert("if-none-match", known.parse().unwrap());
        assert_eq!(served.answer(&headers).status(), status, "{known}");
    }
    let other = Served::new("text/plain", "hello!").answer(&http::HeaderMap::new());
    assert_ne!(other.headers()["etag"], tag);
}
