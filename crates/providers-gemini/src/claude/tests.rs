//! Requests of Claude's clients and of others as they leave for Vertex AI, and failures of both kinds.

use super::*;
use http::HeaderValue;
use serde_json::{Value, json};
use tollgate_core_types::chat::{Message, Part, Role};
use tollgate_core_types::{ErrorClass, Lost};
use tollgate_providers_common::testkit::error_matrix;
use tollgate_providers_common::{Facts, scan};

const PLACE: &str =
    "https://europe-west1-aiplatform.googleapis.com/v1/projects/p/locations/europe-west1";
const OLD: &str = "claude-sonnet-4-5@20250929";
const NEW: &str = "claude-opus-5-5";

fn vendor() -> ClaudeOnVertex {
    ClaudeOnVertex::new(ProviderName::new("vertex"))
}

fn target(model: &str) -> UpstreamTarget {
    let given: Uri = format!("{PLACE}{GOOGLE}").parse().unwrap();
    let base = ClaudeOnVertex::base(&given).unwrap();
    let quirks = tollgate_providers_anthropic::quirks_for(model);
    UpstreamTarget { quirks, ..UpstreamTarget::new(base, model) }
}

fn inbound(dialect: Dialect, body: &str, headers: &[(&'static str, &'static str)]) -> Inbound {
    let layout = scan::layout(body.as_bytes()).unwrap();
    let stream = layout.value(body.as_bytes(), "stream") == Some("true");
    let pair = |(name, value): &(&'static str, &'static str)| {
        (HeaderName::from_static(name), HeaderValue::from_static(value))
    };
    Inbound {
        dialect,
        operation: Operation::Chat,
        facts: Facts { model: Some("m".to_owned()), stream, layout, ..Facts::default() },
        body: Bytes::copy_from_slice(body.as_bytes()),
        headers: headers.iter().map(pair).collect(),
        query: Some("beta=true".to_owned()),
    }
}

fn sent(encoded: &Encoded) -> Value {
    serde_json::from_slice(encoded.request.body()).unwrap()
}

#[test]
fn only_the_base_of_googles_own_models_is_moved() {
    for (given, want) in [
        (format!("{PLACE}{GOOGLE}"), format!("{PLACE}{ANTHROPIC}")),
        ("https://proxy.example/vertex".to_owned(), "https://proxy.example/vertex".to_owned()),
    ] {
        assert_eq!(ClaudeOnVertex::base(&given.parse().unwrap()).unwrap().to_string(), want);
    }
}

/// Columns: model, stream, the client's version; the method and the version that is sent.
#[test]
fn the_model_goes_into_the_address_and_the_version_into_the_body() {
    for (model, stream, asked, method, version) in [
        (OLD, false, "2023-06-01", "rawPredict", VERSION),
        (OLD, true, "2026-10-21", "streamRawPredict", VERSION),
        (NEW, true, "2026-10-21", "streamRawPredict", NEWER),
        (NEW, false, "2023-06-01", "rawPredict", VERSION),
    ] {
        let body = format!(
            r#"{{"model":"m","max_tokens":5,"stream":{stream},"messages":[ {{"role":"user","content":"é"}} ],"context_management":{{"edits":[]}}}}"#
        );
        let codec = vendor().codec(Dialect::ANTHROPIC_MESSAGES).unwrap();
        let asked = inbound(Dialect::ANTHROPIC_MESSAGES, &body, &[("anthropic-version", asked)]);
        let encoded = codec.splice(&asked, &target(model)).unwrap();
        let uri = encoded.request.uri().to_string();
        assert_eq!(uri, format!("{PLACE}{ANTHROPIC}/models/{model}:{method}"));
        assert!(!encoded.request.headers().contains_key("anthropic-version"));
        let want = body.replace(r#""model":"m","#, "").replace(
            "\"edits\":[]}}",
            &format!("\"edits\":[]}},\"anthropic_version\":\"{version}\"}}"),
        );
        assert_eq!(std::str::from_utf8(encoded.request.body()).unwrap(), want);
        assert!(encoded.lost.is_empty());
    }
}

#[test]
fn tokens_are_counted_at_a_place_of_their_own_with_the_model_in_the_body() {
    let codec = vendor().codec(Dialect::ANTHROPIC_COUNT_TOKENS).unwrap();
    let body = r#"{"model":"m","messages":[{"role":"user","content":"a"}]}"#;
    let asked = inbound(Dialect::ANTHROPIC_COUNT_TOKENS, body, &[]);
    let encoded = codec.splice(&asked, &target(OLD)).unwrap();
    let uri = encoded.request.uri().to_string();
    assert_eq!(uri, format!("{PLACE}{ANTHROPIC}/models/count-tokens:rawPredict"));
    let body = sent(&encoded);
    assert_eq!((&body["model"], &body["anthropic_version"]), (&json!(OLD), &json!(VERSION)));
}

#[test]
fn other_clients_are_translated_and_put_there_as_well() {
    let chat = ChatRequest {
        messages: vec![Message { role: Role::User, parts: vec![Part::text("hi")], name: None }],
        stream: true,
        ..ChatRequest::default()
    };
    let encoded = vendor().chat().unwrap().encode(&chat, &target(OLD)).unwrap();
    assert!(encoded.request.uri().path().ends_with(":streamRawPredict"));
    let body = sent(&encoded);
    assert_eq!((&body["stream"], &body["anthropic_version"]), (&json!(true), &json!(VERSION)));
    assert!(body.get("model").is_none());
}

#[test]
fn switches_that_are_not_known_here_are_left_out_aloud() {
    let codec = vendor().codec(Dialect::ANTHROPIC_MESSAGES).unwrap();
    let body = r#"{"model":"m","max_tokens":5,"messages":[]}"#;
    let betas =
        "claude-code-20250219, interleaved-thinking-2025-05-14,advanced-tool-use-2025-11-20,mine-1";
    let asked = inbound(Dialect::ANTHROPIC_MESSAGES, body, &[("anthropic-beta", betas)]);
    let mut target = target(OLD);
    target.headers =
        vec![(HeaderName::from_static("anthropic-beta"), HeaderValue::from_static("mine-1"))];
    let encoded = codec.splice(&asked, &target).unwrap();
    let kept = &encoded.request.headers()["anthropic-beta"];
    assert_eq!(kept, "interleaved-thinking-2025-05-14,tool-search-tool-2025-10-19,mine-1");
    assert_eq!(encoded.lost, [Lost::dropped("anthropic-beta.claude-code-20250219")]);
    let none = inbound(Dialect::ANTHROPIC_MESSAGES, body, &[("anthropic-beta", "x-1")]);
    let encoded = codec.splice(&none, &self::target(OLD)).unwrap();
    assert!(!encoded.request.headers().contains_key("anthropic-beta"));
}

#[test]
fn failures_come_in_two_envelopes() {
    use ErrorClass as C;
    let codec = vendor().codec(Dialect::ANTHROPIC_MESSAGES).unwrap();
    error_matrix(codec.as_ref());
    for (status, body, class) in [
        (
            429,
            r#"{"error":{"code":429,"message":"Quota exceeded for aiplatform.googleapis.com.","status":"RESOURCE_EXHAUSTED"}}"#,
            C::Throttle,
        ),
        (
            404,
            r#"{"error":{"code":404,"message":"Publisher Model `projects/p/locations/l/publishers/anthropic/models/x` was not found","status":"NOT_FOUND"}}"#,
            C::ModelMissing,
        ),
        (
            403,
            r#"[{"error":{"code":403,"message":"Permission denied","status":"PERMISSION_DENIED"}}]"#,
            C::Auth,
        ),
        (401, r#"{"error":{"code":401,"message":"m","status":"UNAUTHENTICATED"}}"#, C::Auth),
        (
            400,
            r#"{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 2 tokens > 1 maximum"}}"#,
            C::ContextWindow,
        ),
        (
            529,
            r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
            C::Overload,
        ),
        (503, "", C::Overload),
    ] {
        let error = codec.decode_error(status, &HeaderMap::new(), body.as_bytes());
        assert_eq!(error.class, class, "{body}");
    }
}
