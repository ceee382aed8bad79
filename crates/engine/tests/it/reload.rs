//! Another configuration under requests, and the end of them all.

use futures_util::StreamExt as _;
use tollgate_core_types::Dialect;

use crate::client::{call, chat, engine, soon, stream, text};
use crate::upstream::{Act, Upstream, ended, events, json};

const ASK: &str = r#"{"model":"m","stream":true,"messages":[{"role":"user","content":"x"}]}"#;
const ASK_WHOLE: &str = r#"{"model":"m","messages":[{"role":"user","content":"x"}]}"#;
const ASK_ANTHROPIC: &str =
    r#"{"model":"m","max_tokens":9,"stream":true,"messages":[{"role":"user","content":"x"}]}"#;
const TEXT: &str = "data: {\"id\":\"c\",\"model\":\"up\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"hi\"}}]}\n\n";
const FINISH: &str = "data: {\"id\":\"c\",\"model\":\"up\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
const DONE: &str = "data: [DONE]\n\n";

fn one(base: &str, key: &str) -> String {
    format!(
        "models: {{ m: {{ retries: {{ max_attempts: 1 }}, deployments: [ {{ id: d1, \
         provider: openai, model: up, api_base: \"{base}\", api_keys: [{key}] }} ] }} }}"
    )
}

fn config(text: &str) -> tollgate_config::Config {
    tollgate_config::parse(text, &tollgate::vendors()).unwrap()
}

fn states(engine: &tollgate::Tollgate) -> Vec<String> {
    let page = engine.render_metrics();
    let lines = page.lines().filter(|line| line.starts_with("tollgate_deployment_state{"));
    lines.map(str::to_owned).collect()
}

#[tokio::test]
async fn a_request_under_way_keeps_its_generation_and_later_ones_get_the_new() {
    let old = Upstream::start(vec![Act::SayAndStall(events(&[TEXT]))]).await;
    let new = Upstream::start(vec![Act::Say(ended(&[TEXT, FINISH, DONE]))]).await;
    let engine = engine(&one(&old.base(), "k1"));
    let created = engine.models()[0].created;
    let (_, mut body) = stream(soon(chat(&engine, ASK)).await);
    assert_eq!(soon(body.next()).await.as_deref(), Some(TEXT.as_bytes()));
    engine.reload(&config(&one(&new.base(), "k1"))).unwrap();
    let (_, later) = stream(soon(chat(&engine, ASK)).await);
    assert_eq!(soon(text(later)).await, [TEXT, FINISH, DONE].concat());
    assert_eq!((old.seen().len(), new.seen().len()), (1, 1));
    assert_eq!(engine.models()[0].created, created, "it is the model that it was");
    drop(body);
    soon(old.wait_until_left()).await;
}

#[tokio::test]
async fn a_refused_key_stays_out_over_a_reload_until_it_is_another_one() {
    let refused = json(401, r#"{"error":{"message":"bad key"}}"#);
    let fine = Act::Say(ended(&[TEXT, FINISH, DONE]));
    let upstream = Upstream::start(vec![Act::Say(refused), fine]).await;
    let engine = engine(&one(&upstream.base(), "k1"));
    let available = |engine: &tollgate::Tollgate| engine.status()[0].deployments[0].available;
    assert!(soon(chat(&engine, ASK)).await.is_err());
    assert!(!available(&engine));
    engine.reload(&config(&one(&upstream.base(), "k1"))).unwrap();
    assert!(!available(&engine), "nothing has changed");
    engine.reload(&config(&one(&upstream.base(), "k2"))).unwrap();
    assert!(available(&engine), "the new key is not to blame for the old one");
    assert!(soon(chat(&engine, ASK)).await.is_ok());
    assert!(upstream.seen()[1].head.contains("bearer k2"));
}

#[tokio::test]
async fn what_is_known_of_a_deployment_is_kept_unless_it_is_another_place() {
    let failing = Upstream::start(Vec::new()).await;
    let engine = engine(&one(&failing.base(), "k1"));
    for _ in 0..5 {
        assert!(soon(chat(&engine, ASK)).await.is_err());
    }
    let known = |engine: &tollgate::Tollgate| {
        let status = &engine.status()[0].deployments[0];
        (status.state, status.failures)
    };
    assert_eq!(known(&engine), ("open", 5));
    let more = one(&failing.base(), "k1").replace("model: up", "model: up, timeout: 9s, weight: 3");
    engine.reload(&config(&more)).unwrap();
    assert_eq!(known(&engine), ("open", 5), "its share and times are not its health");
    engine.reload(&config(&one("http://127.0.0.1:9/v1", "k1"))).unwrap();
    assert_eq!(known(&engine), ("closed", 0), "another address is another place");
}

#[tokio::test]
async fn metrics_tell_no_state_of_what_is_gone() {
    let engine = engine("models: { a: { provider: mock }, b: { provider: mock } }");
    assert_eq!(states(&engine).len(), 2);
    engine.reload(&config("models: { b: { provider: mock }, c: { provider: mock } }")).unwrap();
    let shown = states(&engine);
    assert_eq!(shown.len(), 2, "{shown:?}");
    assert!(shown.iter().all(|line| !line.contains("\"a/")), "{shown:?}");
    engine.reload(&config("models: { a: { provider: mock } }")).unwrap();
    assert_eq!(states(&engine).len(), 1, "it is back");
}

#[tokio::test]
async fn a_stop_ends_streams_with_one_error_event_and_blames_nobody() {
    let stalls = || Act::SayAndStall(events(&[TEXT]));
    let upstream = Upstream::start(vec![stalls(), stalls(), Act::SayAndStall(String::new())]).await;
    let engine = engine(&one(&upstream.base(), "k1"));
    let (_, mut openai) = stream(soon(chat(&engine, ASK)).await);
    let asked = call(&engine, Dialect::ANTHROPIC_MESSAGES, ASK_ANTHROPIC);
    let (_, mut anthropic) = stream(soon(asked).await);
    assert!(soon(openai.next()).await.is_some() && soon(anthropic.next()).await.is_some());
    let whole = chat(&engine, ASK_WHOLE);
    let cut = async {
        while upstream.seen().len() < 3 {
            tokio::task::yield_now().await;
        }
        engine.cut_off();
    };
    let (whole, ()) = soon(async { tokio::join!(whole, cut) }).await;
    let report = whole.err().expect("it has no answer").report;
    assert_eq!((report.status, &*report.code), (503, "gateway_stopping"));
    assert!(report.retry_after.is_some());
    let got = soon(text(openai)).await;
    assert!(got.starts_with("data: {\"error\":") && got.contains("gateway_stopping"), "{got}");
    assert_eq!(got.matches("data: ").count(), 1, "{got}");
    let got = soon(text(anthropic)).await;
    assert_eq!(got.matches("event: error\n").count(), 1, "{got}");
    assert!(!got.contains("message_stop"), "{got}");
    assert!(soon(chat(&engine, ASK_WHOLE)).await.is_err(), "nothing begins any more");
    let page = engine.render_metrics();
    let ends = "tollgate_requests_total{model=\"m\",operation=\"chat\",status=";
    for end in ["\"200\",outcome=\"truncated\"} 2", "\"503\",outcome=\"error\"} 2"] {
        let line = format!("{ends}{end}");
        assert!(page.lines().any(|found| found == line), "{line} is not in {page}");
    }
    let status = &engine.status()[0].deployments[0];
    assert_eq!((status.failures, status.in_flight, status.state), (0, 0, "closed"));
}
