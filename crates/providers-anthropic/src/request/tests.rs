//! The vendor's request around a body: addresses, headers, and what the verbatim path edits.

use super::*;
use crate::count_tokens::CountTokens;
use crate::messages::Messages;
use crate::testing::{inbound, json, target};
use http::Uri;
use tollgate_providers_common::{ClientDialect, Codec};

const BODY: &str = r#"{ "model":"alias", "max_tokens": 5,
  "messages":[{"role":"user","content":"häi"}], "context_management":{"edits":[ ]} }"#;

fn asked(body: &str) -> Inbound {
    inbound(&Messages, body)
}

fn spliced(inbound: &Inbound, target: &UpstreamTarget) -> http::Request<Bytes> {
    let Encoded { request, lost } = Messages.splice(inbound, target).unwrap();
    assert!(lost.is_empty());
    request
}

fn text(request: &http::Request<Bytes>) -> &str {
    std::str::from_utf8(request.body()).unwrap()
}

fn header<'r>(request: &'r http::Request<Bytes>, name: &str) -> Vec<&'r str> {
    request.headers().get_all(name).iter().map(|value| value.to_str().unwrap()).collect()
}

#[test]
fn only_the_model_changes() {
    let request = spliced(&asked(BODY), &target("claude-opus-4-6"));
    assert_eq!(text(&request), BODY.replace("\"alias\"", "\"claude-opus-4-6\""));
    assert_eq!(request.method(), http::Method::POST);
    assert_eq!(request.uri(), "https://api.anthropic.com/v1/messages");
    assert_eq!(header(&request, "content-type"), ["application/json"]);
    assert_eq!(header(&request, "accept-encoding"), ["identity"]);
    assert_eq!(header(&request, "anthropic-version"), ["2023-06-01"]);
    assert_eq!(request.headers().len(), 3);
}

#[test]
fn a_body_that_needs_no_edit_is_not_copied() {
    let asked = asked(BODY);
    let request = spliced(&asked, &target("alias"));
    assert_eq!(request.body().as_ptr(), asked.body.as_ptr());
}

#[test]
fn claude_is_spared_reasoning_that_it_did_not_sign_and_other_servers_are_not() {
    let body = r#"{"model":"m","max_tokens":5,"messages":[{"role":"user","content":"q"},{"role":"assistant","content":[{"type":"thinking","thinking":"t","signature":""},{"type":"text","text":"a"}]}]}"#;
    let asked = asked(body);
    let Encoded { request, lost } = Messages.splice(&asked, &target("claude-opus-5")).unwrap();
    assert_eq!(
        text(&request),
        r#"{"model":"claude-opus-5","max_tokens":5,"messages":[{"role":"user","content":"q"},{"role":"assistant","content":[{"type":"text","text":"a"}]}]}"#
    );
    assert_eq!(lost, [Lost::dropped("messages[1].content[0]")]);
    assert_eq!(text(&spliced(&asked, &target("m"))), body);
}

#[test]
fn a_budget_waits_where_another_vendors_calls_are_answered() {
    let body = r#"{"model":"m","max_tokens":9000,"thinking":{"type":"enabled","budget_tokens":2048},"context_management":{"edits":[{"type":"clear_thinking_20251015"}]},"messages":[{"role":"user","content":"q"},{"role":"assistant","content":[{"type":"thinking","thinking":"t","signature":"SIGN"},{"type":"tool_use","id":"c","name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"c"}]}]}"#;
    let send = |body: &str| Messages.splice(&asked(body), &target("claude-sonnet-4-5")).unwrap();
    let unsigned = body.replace("SIGN", "");
    let Encoded { request, lost } = send(&unsigned);
    assert_eq!(
        text(&request),
        r#"{"model":"claude-sonnet-4-5","max_tokens":9000,"messages":[{"role":"user","content":"q"},{"role":"assistant","content":[{"type":"tool_use","id":"c","name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"c"}]}]}"#
    );
    let fields: Vec<&str> = lost.iter().map(|lost| lost.field.as_ref()).collect();
    assert_eq!(fields, ["messages[1].content[0]", "thinking", "context_management"]);
    for kept in
        [body.to_owned(), unsigned.replace(r#""enabled","budget_tokens":2048"#, r#""adaptive""#)]
    {
        let Encoded { request, .. } = send(&kept);
        assert!(
            text(&request).contains("\"thinking\":{") && text(&request).contains("clear_thinking")
        );
    }
}

#[test]
fn the_accounting_line_of_claude_code_is_for_claude_alone() {
    let body = r#"{"model":"m","max_tokens":5,"system":[{"type":"text","text":"x-anthropic-billing-header: cch=1;"},{"type":"text","text":"p"}],"messages":[{"role":"user","content":"q"}]}"#;
    let asked = asked(body);
    let request = spliced(&asked, &target("claude-opus-5"));
    assert_eq!(text(&request), body.replace("\"m\"", "\"claude-opus-5\""));
    assert_eq!(
        text(&spliced(&asked, &target("m"))),
        r#"{"model":"m","max_tokens":5,"system":[{"type":"text","text":"p"}],"messages":[{"role":"user","content":"q"}]}"#
    );
    let alone = body.replace(r#",{"type":"text","text":"p"}"#, "");
    let request = spliced(&self::asked(&alone), &target("m"));
    assert_eq!(
        text(&request),
        r#"{"model":"m","max_tokens":5,"messages":[{"role":"user","content":"q"}]}"#
    );
}

#[test]
fn the_strategy_is_ours_and_a_missing_model_is_added() {
    let body = r#"{"load_balance_strategy":"random","messages":[{"role":"user","content":"a"}],"max_tokens":1}"#;
    let request = spliced(&asked(body), &target("m"));
    assert_eq!(
        text(&request),
        r#"{"messages":[{"role":"user","content":"a"}],"max_tokens":1,"model":"m"}"#
    );
}

#[test]
fn addresses_below_any_base() {
    for (base, expected) in [
        ("https://api.anthropic.com", "https://api.anthropic.com/v1/messages"),
        ("https://api.anthropic.com/v1", "https://api.anthropic.com/v1/messages"),
        ("http://127.0.0.1:9/proxy/", "http://127.0.0.1:9/proxy/v1/messages"),
        ("http://h/a/v1/", "http://h/a/v1/messages"),
        ("http://h/mantle/anthropic", "http://h/mantle/anthropic/v1/messages"),
        ("http://h/av1", "http://h/av1/v1/messages"),
    ] {
        let mut target = target("m");
        target.base = Uri::try_from(base).unwrap();
        assert_eq!(spliced(&asked(BODY), &target).uri(), expected, "{base}");
    }
}

#[test]
fn the_clients_query_version_and_betas_go_along() {
    let mut asked = asked(BODY);
    asked.query = Some("beta=true".to_owned());
    for (name, value) in [
        ("anthropic-version", "2026-10-21"),
        ("anthropic-beta", "a-1,b-2"),
        ("anthropic-beta", "c-3"),
        ("anthropic-workspace-id", "w"),
        ("x-stainless-lang", "python"),
        ("user-agent", "curl"),
    ] {
        asked.headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    let mut target = target("m");
    let pair = |name, value| (HeaderName::from_static(name), HeaderValue::from_static(value));
    target.headers = vec![pair("anthropic-beta", "d-4, a-1"), pair("x-own", "1")];
    let request = spliced(&asked, &target);
    assert_eq!(request.uri(), "https://api.anthropic.com/v1/messages?beta=true");
    assert_eq!(header(&request, "anthropic-version"), ["2026-10-21"]);
    assert_eq!(header(&request, "anthropic-beta"), ["a-1,b-2,c-3,d-4"]);
    assert_eq!(header(&request, "anthropic-workspace-id"), ["w"]);
    assert_eq!(header(&request, "x-own"), ["1"]);
    assert!(header(&request, "x-stainless-lang").is_empty());
    assert!(header(&request, "user-agent").is_empty());
}

#[test]
fn the_deployments_version_wins() {
    let mut asked = asked(BODY);
    asked.headers.insert(VERSION, HeaderValue::from_static("2026-10-21"));
    let mut target = target("m");
    target.headers = vec![(VERSION, HeaderValue::from_static("2023-06-01"))];
    assert_eq!(header(&spliced(&asked, &target), "anthropic-version"), ["2023-06-01"]);
}

fn rules() -> ParamRules {
    let pair = |key: &str, value: &str| (key.to_owned(), json(value));
    ParamRules {
        defaults: vec![pair("temperature", "0.5"), pair("top_p", "0.9"), pair("speed", "\"fast\"")],
        remove: vec!["context_management".to_owned()],
        rename: vec![],
        set: vec![pair("service_tier", "\"auto\"")],
    }
}

#[test]
fn rules_apply_and_sampling_defaults_stay_away_from_what_refuses_them() {
    let mut plain = target("m");
    plain.params = rules();
    let body = |inbound: &Inbound, target: &UpstreamTarget| {
        serde_json::from_slice::<serde_json::Value>(spliced(inbound, target).body()).unwrap()
    };
    let sent = body(&asked(BODY), &plain);
    assert_eq!(sent["temperature"], 0.5);
    assert_eq!(sent["speed"], "fast");
    assert_eq!(sent["service_tier"], "auto");
    assert!(sent.get("context_management").is_none());

    let mut newer = asked(BODY);
    newer.headers.insert(VERSION, HeaderValue::from_static("2026-10-21"));
    let sent = body(&newer, &plain);
    assert!(sent.get("temperature").is_none() && sent.get("top_p").is_none());
    assert_eq!(sent["speed"], "fast");

    let mut refuses = plain.clone();
    refuses.quirks.no_sampling = true;
    assert!(body(&asked(BODY), &refuses).get("temperature").is_none());

    // What the client itself said is the vendor's to judge.
    let own = BODY.replace("\"max_tokens\"", "\"temperature\":1,\"max_tokens\"");
    assert_eq!(body(&asked(&own), &refuses)["temperature"], 1);
}

#[test]
fn a_count_has_its_own_path_and_rules() {
    let body = r#"{"model":"alias","messages":[{"role":"user","content":"a"}]}"#;
    let mut target = target("m");
    target.params = rules();
    let asked = inbound(&CountTokens, body);
    assert!(ClientDialect::facts(&CountTokens, body.as_bytes()).is_ok());
    let request = CountTokens.splice(&asked, &target).unwrap().request;
    assert_eq!(request.uri(), "https://api.anthropic.com/v1/messages/count_tokens");
    assert_eq!(
        text(&request),
        r#"{"model":"m","messages":[{"role":"user","content":"a"}],"speed":"fast"}"#
    );
}
