//! A vendor that the program brings: the example's, over a real socket.

#[path = "../../examples/vendor/acme.rs"]
mod acme;

use acme::{ACME, Acme};
use serde_json::{Value, json};
use std::sync::Arc;
use tollgate::{Builder, Chat, DeploymentSpec, ErrorClass, ModelSpec, Tollgate};
use tollgate_core_types::ProviderName;

use crate::client::soon;
use crate::upstream::{Act, Upstream, json as answer};

const SAID: &str =
    r#"{"id":"t1","engine":"acme-1","say":"hi","why":"full","spent":{"in":3,"out":1}}"#;

fn acme(name: &str) -> Builder {
    Tollgate::builder().provider(ACME, Arc::new(Acme(ProviderName::new(name))))
}

fn served(upstream: &Upstream) -> Tollgate {
    let deployment = DeploymentSpec::new("acme", "acme-1").base(upstream.base()).key("a-key");
    acme("acme").model("m", ModelSpec::new().deployment(deployment)).build().unwrap()
}

#[tokio::test]
async fn a_vendor_of_the_programs_own_is_asked_in_its_dialect_and_losses_are_named() {
    let upstream = Upstream::start(vec![Act::Say(answer(200, SAID))]).await;
    let chat = Chat::new().system("be kind").user("x").temperature(0.5).seed(7);
    let reply = soon(served(&upstream).chat(chat)).await.unwrap();
    assert_eq!((reply.text().as_str(), reply.chat.usage.total()), ("hi", Some(4)));
    assert_eq!(reply.head.dropped, ["seed"]);
    let seen = &upstream.seen()[0];
    assert!(seen.head.contains("authorization: bearer a-key"), "{}", seen.head);
    let body: Value = serde_json::from_str(&seen.body).unwrap();
    let turns = json!([{"who": "rules", "say": "be kind"}, {"who": "human", "say": "x"}]);
    let asked = json!({"engine": "acme-1", "turns": turns, "stream": false, "heat": 0.5});
    assert_eq!(body, asked);
}

#[tokio::test]
async fn its_errors_are_classified_by_its_own_codec() {
    let long = r#"{"problem":{"kind":"too_long","say":"that is too much"}}"#;
    let upstream = Upstream::start(vec![Act::Say(answer(400, long))]).await;
    let error = soon(served(&upstream).chat("x")).await.expect_err("too long");
    assert_eq!(error.class(), ErrorClass::ContextWindow, "{error}");
}

#[test]
fn codecs_with_another_name_than_their_vendor_are_refused() {
    let model = ModelSpec::new().deployment(DeploymentSpec::new("acme", "a").key("k"));
    let error = acme("other").model("m", model).build().err().unwrap().to_string();
    assert!(error.contains("providers.acme") && error.contains("another name"), "{error}");
}
