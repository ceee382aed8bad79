//! What vendors do wrong before the first content, and what the client sees of it: nothing.

use serde_json::Value;

use crate::client::{chat, denied, engine, soon, stream, text, whole};
use crate::upstream::{Act, Upstream, ended, events, json};

const REPLY: &str = r#"{"id":"c","object":"chat.completion","created":1,"model":"up","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}]}"#;
const ASK: &str = r#"{"model":"m","messages":[{"role":"user","content":"x"}]}"#;
const ASK_STREAM: &str =
    r#"{"model":"m","stream":true,"messages":[{"role":"user","content":"x"}]}"#;

fn pair(first: &Upstream, second: &Upstream, more: &str) -> String {
    format!(
        "models: {{ m: {{ strategy: first_available, {more} deployments: [ {{ id: a, provider: \
         openai, model: up, api_base: \"{}\", api_keys: [k1] }}, {{ id: b, provider: openai, \
         model: up, api_base: \"{}\", api_keys: [k2] }} ] }} }}",
        first.base(),
        second.base()
    )
}

fn good_stream() -> String {
    ended(&[
        "data: {\"id\":\"c\",\"model\":\"up\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n",
        "data: {\"id\":\"c\",\"model\":\"up\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"hi\"}}]}\n\n",
        "data: {\"id\":\"c\",\"model\":\"up\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n",
        "data: [DONE]\n\n",
    ])
}

#[tokio::test]
async fn a_failure_before_the_first_content_moves_on_unseen() {
    let role = "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\"}}]}\n\n";
    let error = "data: {\"error\":{\"message\":\"overloaded\",\"type\":\"server_error\"}}\n\n";
    for act in [
        Act::Close,
        Act::Say(json(500, r#"{"error":{"message":"oops"}}"#)),
        Act::Say(json(503, "")),
        Act::Say(json(401, r#"{"error":{"message":"bad key"}}"#)),
        Act::Say(json(429, r#"{"error":{"message":"slow down"}}"#)),
        Act::Say(json(404, r#"{"error":{"code":"model_not_found","message":"no such model"}}"#)),
        Act::Say(
            "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 6\r\n\r\n<html>"
                .to_owned(),
        ),
        Act::Say(json(200, "")),
        Act::Say(ended(&[role, error])),
        Act::Say(ended(&[role])),
        Act::SayAndClose(events(&[role])),
    ] {
        let first = Upstream::start(vec![act.clone()]).await;
        let second = Upstream::start(vec![Act::Say(good_stream())]).await;
        let engine = engine(&pair(&first, &second, ""));
        let (head, body) = stream(soon(chat(&engine, ASK_STREAM)).await);
        assert_eq!((&*head.deployment, head.attempts), ("b", 2), "{act:?}");
        let got = soon(text(body)).await;
        assert!(got.contains("\"hi\"") && got.ends_with("data: [DONE]\n\n"), "{act:?}: {got}");
        assert!(!got.contains("error"), "{act:?}: {got}");
    }
}

#[tokio::test]
async fn a_whole_answer_that_is_none_moves_on_unseen() {
    let truncated = &REPLY[..REPLY.len() - 9];
    for act in [
        Act::Say(json(200, truncated)),
        Act::Say(json(200, "[]")),
        Act::Say(json(200, r#"{"error":{"message":"inside a 200","code":500}}"#)),
        Act::SayAndClose(json(200, REPLY).replace("content-length: ", "content-length: 9")),
    ] {
        let first = Upstream::start(vec![act.clone()]).await;
        let second = Upstream::start(vec![Act::Say(json(200, REPLY))]).await;
        let engine = engine(&pair(&first, &second, ""));
        let (head, got) = whole(soon(chat(&engine, ASK)).await);
        assert_eq!((&*head.deployment, got.as_str()), ("b", REPLY), "{act:?}");
    }
}

#[tokio::test]
async fn a_clients_own_mistake_is_not_tried_again() {
    let bad =
        r#"{"error":{"message":"bad n","type":"invalid_request_error","param":"n","code":null}}"#;
    let first = Upstream::start(vec![Act::Say(json(400, bad))]).await;
    let second = Upstream::start(vec![Act::Say(json(200, REPLY))]).await;
    let engine = engine(&pair(&first, &second, ""));
    let denied = denied(soon(chat(&engine, ASK)).await);
    assert_eq!((denied.report.status, denied.attempts), (400, 1));
    assert_eq!(denied.report.param.as_deref(), Some("n"));
    assert_eq!(denied.report.message, "bad n");
    assert!(second.seen().is_empty());
    let status = &engine.status()[0].deployments[0];
    assert_eq!((status.requests, status.failures), (1, 0), "no fault of the deployment");
    assert_eq!(status.last_error, None, "what a client asked is nobody else's to see");
}

#[tokio::test]
async fn a_slow_first_token_moves_on_and_headers_do_not_satisfy_it() {
    let first = Upstream::start(vec![Act::SayAndStall(events(&[": ping\n\n"]))]).await;
    let second = Upstream::start(vec![Act::Say(good_stream())]).await;
    let engine = engine(&pair(&first, &second, "timeouts: { first_token: 200ms },"));
    let (head, body) = stream(soon(chat(&engine, ASK_STREAM)).await);
    assert_eq!(&*head.deployment, "b");
    assert!(soon(text(body)).await.ends_with("data: [DONE]\n\n"));
    soon(first.wait_until_left()).await;
}

#[tokio::test]
async fn fallbacks_are_chosen_by_the_kind_of_error() {
    let long = r#"{"error":{"message":"too long","code":"context_length_exceeded"}}"#;
    let policy = r#"{"error":{"message":"filtered","code":"content_policy_violation"}}"#;
    let down = r#"{"error":{"message":"down"}}"#;
    for (status, body, group) in [(400, long, "wide"), (400, policy, "lax"), (500, down, "spare")] {
        let failing = Upstream::start(vec![Act::Say(json(status, body)); 3]).await;
        let good = Upstream::start(vec![Act::Say(json(200, REPLY))]).await;
        let other = |name: &str| {
            format!(
                "{name}: {{ deployments: [ {{ provider: openai, model: {name}, api_base: \"{}\", \
                 api_keys: [k] }} ] }}",
                good.base()
            )
        };
        let engine = engine(&format!(
            "models: {{ m: {{ retries: {{ max_attempts: 3, base: 1ms }}, fallbacks: {{ any: \
             [spare], context_window: [wide], content_policy: [lax] }}, deployments: [ {{ \
             provider: openai, model: up, api_base: \"{}\", api_keys: [k] }} ] }}, {}, {}, {} }}",
            failing.base(),
            other("wide"),
            other("lax"),
            other("spare"),
        ));
        let (head, _) = whole(soon(chat(&engine, ASK)).await);
        assert_eq!(&*head.model, group);
        let sent: Value = serde_json::from_str(&good.seen()[0].body).unwrap();
        assert_eq!(sent["model"], group);
    }
}

#[tokio::test]
async fn when_all_is_spent_the_client_is_told_where_and_not_to_retry() {
    let down = || Act::Say(json(502, r#"{"error":{"message":"bad gateway up there"}}"#));
    let first = Upstream::start(vec![down()]).await;
    let second = Upstream::start(vec![down()]).await;
    let engine = engine(&pair(&first, &second, "retries: { max_attempts: 2 },"));
    let report = denied(soon(chat(&engine, ASK)).await).report;
    assert_eq!((report.status, report.should_retry), (502, Some(false)));
    assert!(report.message.contains("bad gateway up there"), "{}", report.message);
    assert!(report.message.contains("deployment b"), "{}", report.message);
}
