//! Whole calls: both body paths, models, parameters, fallbacks.

use serde_json::{Value, json};
use tollgate_core_types::Dialect;

use crate::client::{call, chat, denied, engine, soon, whole};
use crate::upstream::{Act, Upstream, json as answer};

const REPLY: &str = r#"{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"up-1","choices":[{"index":0,"message":{"role":"assistant","content":"hi","refusal":null},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":1,"total_tokens":4},"vendor_extra":{"z":1,"a":[1.50]}}"#;

fn one(base: &str) -> String {
    format!(
        "models: {{ m: {{ deployments: [ {{ id: d1, provider: openai, model: up-1, \
         api_base: \"{base}\", api_keys: [k1] }} ] }} }}"
    )
}

#[tokio::test]
async fn a_body_of_the_same_dialect_is_relayed_but_for_the_model() {
    let upstream = Upstream::start(vec![Act::Say(answer(200, REPLY))]).await;
    let engine = engine(&one(&upstream.base()));
    let body = r#"{ "messages":[{"role":"user","content":"\u00e9 \ud83d\ude00"}],  "model" : "m", "x_unknown": 1.50, "temperature":0 }"#;
    let (head, got) = whole(soon(chat(&engine, body)).await);
    assert_eq!(got, REPLY, "the answer's bytes are the vendor's");
    assert_eq!((&*head.model, &*head.deployment, head.attempts), ("m", "d1", 1));
    let seen = upstream.seen();
    assert_eq!(seen[0].body, body.replace("\"m\"", "\"up-1\""));
    assert!(seen[0].head.contains("authorization: bearer k1"), "{}", seen[0].head);
    assert!(seen[0].head.contains("via: 1.1 tollgate\r\n"), "{}", seen[0].head);
    assert!(seen[0].head.starts_with("post /v1/chat/completions http/1.1"), "{}", seen[0].head);
}

#[tokio::test]
async fn a_body_of_another_dialect_is_translated_both_ways() {
    let upstream = Upstream::start(vec![Act::Say(answer(200, REPLY))]).await;
    let engine = engine(&one(&upstream.base()));
    let body = r#"{"model":"m","max_tokens":9,"system":"be kind","messages":[{"role":"user","content":"hello"}]}"#;
    let (_, got) = whole(soon(call(&engine, Dialect::ANTHROPIC_MESSAGES, body)).await);
    let got: Value = serde_json::from_str(&got).unwrap();
    assert_eq!(got["type"], "message");
    assert_eq!(got["content"][0]["text"], "hi");
    assert_eq!(got["stop_reason"], "end_turn");
    assert_eq!(got["usage"]["input_tokens"], 3);
    let sent: Value = serde_json::from_str(&upstream.seen()[0].body).unwrap();
    assert_eq!(sent["model"], "up-1");
    assert_eq!(sent["messages"][0], json!({"role": "system", "content": "be kind"}));
    assert_eq!(sent["messages"][1], json!({"role": "user", "content": "hello"}));
}

#[tokio::test]
async fn an_unknown_model_names_what_is_near_and_a_missing_one_takes_the_default() {
    let upstream = Upstream::start(vec![Act::Say(answer(200, REPLY))]).await;
    let engine = engine(&format!("defaults: {{ model: m }}\n{}", one(&upstream.base())));
    let body = r#"{"model":"mm","messages":[{"role":"user","content":"x"}]}"#;
    let report = denied(soon(chat(&engine, body)).await).report;
    assert_eq!((report.status, report.code.as_str()), (404, "model_not_found"));
    assert!(report.message.contains("\"mm\"") && report.message.contains("m"), "{report:?}");
    let body = r#"{"messages":[{"role":"user","content":"x"}]}"#;
    whole(soon(chat(&engine, body)).await);
    let sent: Value = serde_json::from_str(&upstream.seen()[0].body).unwrap();
    assert_eq!(sent["model"], "up-1");
}

#[tokio::test]
async fn default_params_give_way_to_the_requests_own_and_rules_apply_on_both_paths() {
    let upstream = Upstream::start(vec![
        Act::Say(answer(200, REPLY)),
        Act::Say(answer(200, REPLY)),
        Act::Say(answer(200, REPLY)),
    ])
    .await;
    let engine = engine(&format!(
        "models: {{ m: {{ default_params: {{ temperature: 0.7, max_tokens: 100 }}, params: {{ \
         rename: {{ max_tokens: max_completion_tokens }}, remove: [seed], set: {{ citation: false \
         }} }}, deployments: [ {{ provider: openai, model: up-1, api_base: \"{}\", api_keys: [k1] \
         }} ] }} }}",
        upstream.base()
    ));
    let messages = r#""messages":[{"role":"user","content":"x"}]"#;
    whole(soon(chat(&engine, &format!(r#"{{"model":"m","temperature":0,{messages}}}"#))).await);
    whole(soon(chat(&engine, &format!(r#"{{"model":"m","seed":1,{messages}}}"#))).await);
    let anthropic = format!(r#"{{"model":"m","max_tokens":9,{messages}}}"#);
    whole(soon(call(&engine, Dialect::ANTHROPIC_MESSAGES, &anthropic)).await);
    let sent: Vec<Value> =
        upstream.seen().iter().map(|seen| serde_json::from_str(&seen.body).unwrap()).collect();
    assert_eq!(sent[0]["temperature"], 0);
    assert_eq!(sent[0]["max_completion_tokens"], 100);
    assert_eq!(sent[1]["temperature"], 0.7);
    assert_eq!(sent[1].get("seed"), None);
    assert_eq!(sent[2]["max_completion_tokens"], 9);
    assert_eq!(sent[2]["temperature"], 0.7);
    for body in &sent {
        assert_eq!(body["citation"], false);
        assert_eq!(body.get("max_tokens"), None);
    }
}

#[tokio::test]
async fn a_server_without_completions_is_asked_through_chat_and_remembered() {
    let missing = answer(404, r#"{"detail":"Not Found"}"#);
    let upstream = Upstream::start(vec![
        Act::Say(missing),
        Act::Say(answer(200, REPLY)),
        Act::Say(answer(200, REPLY)),
    ])
    .await;
    let engine = engine(&one(&upstream.base()));
    for _ in 0..2 {
        let body = r#"{"model":"m","prompt":"say hi"}"#;
        let (_, got) = whole(soon(call(&engine, Dialect::OPENAI_COMPLETIONS, body)).await);
        let got: Value = serde_json::from_str(&got).unwrap();
        assert_eq!(got["object"], "text_completion");
        assert_eq!(got["choices"][0]["text"], "hi");
    }
    let paths: Vec<String> = upstream
        .seen()
        .iter()
        .filter_map(|seen| seen.head.split_whitespace().nth(1).map(str::to_owned))
        .collect();
    assert_eq!(paths, ["/v1/completions", "/v1/chat/completions", "/v1/chat/completions"]);
}

#[tokio::test]
async fn tokens_are_estimated_where_a_vendor_cannot_count() {
    let upstream = Upstream::start(vec![]).await;
    let engine = engine(&one(&upstream.base()));
    let body = r#"{"model":"m","messages":[{"role":"user","content":"12345678"}]}"#;
    let (head, got) = whole(soon(call(&engine, Dialect::ANTHROPIC_COUNT_TOKENS, body)).await);
    assert!(head.estimated);
    let got: Value = serde_json::from_str(&got).unwrap();
    assert_eq!(got, json!({ "input_tokens": 6 }));
    assert!(upstream.seen().is_empty(), "nothing was asked of the vendor");
}

#[tokio::test]
async fn strict_params_refuses_what_would_be_dropped_and_names_it() {
    let upstream = Upstream::start(vec![]).await;
    let base = format!("http://{}", upstream.address);
    let engine = engine(&format!(
        "models: {{ m: {{ strict_params: true, deployments: [ {{ provider: anthropic, model: \
         claude-x, api_base: \"{base}\", api_keys: [k1] }} ] }} }}"
    ));
    let body = r#"{"model":"m","seed":1,"messages":[{"role":"user","content":"x"}]}"#;
    let report = denied(soon(chat(&engine, body)).await).report;
    assert_eq!((report.status, report.param.as_deref()), (400, Some("seed")));
    assert!(upstream.seen().is_empty());
}
