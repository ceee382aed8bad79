//! The typed face over real sockets: what vendors get, what programs get, what goes wrong.

use serde_json::{Value, json};
use std::time::Duration;
use tollgate::reply::{FinishReason, ReplyPart};
use tollgate::{
    Answer, Blame, CallError, Chat, ChatEvent, DeploymentSpec, Dialect, Embed, ErrorClass,
    ModelSpec, StartError, Strategy, Tollgate, VendorSpec, blocking,
};

use crate::client::soon;
use crate::upstream::{Act, Upstream, ended, events, json as answer};

const REPLY: &str = r#"{"id":"c1","object":"chat.completion","created":1,"model":"up-1","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":1,"total_tokens":4}}"#;
const CALLS: &str = r#"{"id":"m1","type":"message","role":"assistant","model":"up-2","content":[{"type":"thinking","thinking":"hm","signature":"sig"},{"type":"tool_use","id":"t1","name":"add","input":{"a":1}}],"stop_reason":"tool_use","usage":{"input_tokens":5,"output_tokens":7}}"#;
const SAID: &str = r#"{"id":"m2","type":"message","role":"assistant","model":"up-2","content":[{"type":"text","text":"3"}],"stop_reason":"end_turn","usage":{"input_tokens":5,"output_tokens":7}}"#;
const TEXT: &str = "data: {\"id\":\"c\",\"model\":\"up\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"hi\"}}]}\n\n";
const FINISH: &str = "data: {\"id\":\"c\",\"model\":\"up\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
const USAGE: &str = "data: {\"id\":\"c\",\"model\":\"up\",\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":2,\"total_tokens\":7}}\n\n";
const DONE: &str = "data: [DONE]\n\n";

fn openai(upstream: &Upstream) -> DeploymentSpec {
    DeploymentSpec::new("openai", "up-1").base(upstream.base()).key("sk-canary")
}

fn one(model: ModelSpec) -> Tollgate {
    Tollgate::builder().model("m", model).build().unwrap()
}

fn sent(upstream: &Upstream, at: usize) -> Value {
    serde_json::from_str(&upstream.seen()[at].body).unwrap()
}

async fn failure(tollgate: &Tollgate, chat: impl Into<Chat>) -> CallError {
    soon(tollgate.chat(chat)).await.expect_err("an answer where an error was due")
}

#[tokio::test]
async fn a_text_is_a_whole_request_and_the_reply_says_who_answered() {
    let upstream = Upstream::start(vec![Act::Say(answer(200, REPLY))]).await;
    let tollgate = one(ModelSpec::new().deployment(openai(&upstream).set("id", "\"d1\"")));
    let reply = soon(tollgate.chat("hello")).await.unwrap();
    assert_eq!((reply.text().as_str(), reply.to_string().as_str()), ("hi", "hi"));
    assert_eq!((&*reply.head.model, &*reply.head.deployment, reply.head.attempts), ("m", "d1", 1));
    assert_eq!((reply.finish(), reply.chat.usage.total()), (FinishReason::Stop, Some(4)));
    assert_eq!(
        sent(&upstream, 0),
        json!({"model": "up-1", "messages": [{"role": "user", "content": "hello"}]})
    );
    assert!(upstream.seen()[0].head.contains("authorization: bearer sk-canary"));
}

#[tokio::test]
async fn settings_go_out_and_configured_defaults_fill_only_what_was_not_set() {
    let upstream = Upstream::start(vec![Act::Say(answer(200, REPLY))]).await;
    let defaults = r#"{"temperature": 0.7, "max_tokens": 100, "seed": 5, "logit_bias": {"1": 2}}"#;
    let model = ModelSpec::new().deployment(openai(&upstream)).set("default_params", defaults);
    let chat = Chat::new()
        .system("be kind")
        .user("x")
        .temperature(0.0)
        .stop("END")
        .end_user("u1")
        .extra("metadata", r#"{"a":"b"}"#)
        .tool("add", "adds", r#"{"type":"object","properties":{}}"#);
    soon(one(model).chat(chat)).await.unwrap();
    let sent = sent(&upstream, 0);
    assert_eq!((&sent["temperature"], &sent["max_tokens"]), (&json!(0.0), &json!(100)));
    assert_eq!((&sent["seed"], &sent["logit_bias"]), (&json!(5), &json!({"1": 2})));
    assert_eq!((&sent["user"], &sent["metadata"]), (&json!("u1"), &json!({"a": "b"})));
    assert_eq!(sent["messages"][0], json!({"role": "system", "content": "be kind"}));
    assert_eq!(sent["messages"].as_array().map(Vec::len), Some(2));
    assert_eq!(sent["tools"][0]["function"]["name"], "add");
}

#[tokio::test]
async fn a_conversation_with_tools_and_signed_reasoning_goes_round_another_dialect() {
    let says = |body| Act::Say(answer(200, body));
    let upstream = Upstream::start(vec![says(CALLS), says(SAID)]).await;
    let base = format!("http://{}", upstream.address);
    let deployment = DeploymentSpec::new("anthropic", "up-2").base(base).key("k");
    let tollgate = one(ModelSpec::new().deployment(deployment));
    let mut ask = Chat::new().user("1+2?").tool("add", "adds", r#"{"type":"object"}"#);
    ask.request.top_k = Some(3);
    let reply = soon(tollgate.chat(ask.clone())).await.unwrap();
    assert_eq!((reply.reasoning().as_str(), reply.finish()), ("hm", FinishReason::ToolCalls));
    let call = reply.tool_calls().next().unwrap();
    assert_eq!((call.name.as_str(), call.arguments.as_str()), ("add", r#"{"a":1}"#));
    let next = ask.answered(&reply).tool_result(&call.id, "3");
    assert_eq!(soon(tollgate.chat(next)).await.unwrap().text(), "3");
    let (first, second) = (sent(&upstream, 0), sent(&upstream, 1));
    assert_eq!(first["top_k"], 3, "what only this vendor has is not lost on the way to it");
    assert!(reply.head.dropped.is_empty(), "{:?}", reply.head.dropped);
    assert_eq!(second["messages"][1]["content"][0]["signature"], "sig");
    assert_eq!(second["messages"][2]["content"][0]["tool_use_id"], "t1");
}

#[tokio::test]
async fn what_a_vendor_cannot_express_is_named() {
    let upstream = Upstream::start(vec![Act::Say(answer(200, REPLY))]).await;
    let mut chat = Chat::from("x").extra("mcp_servers", "[1]");
    chat.request.top_k = Some(3);
    let tollgate = one(ModelSpec::new().deployment(openai(&upstream)));
    let mut dropped = soon(tollgate.chat(chat)).await.unwrap().head.dropped;
    dropped.sort();
    assert_eq!(dropped, ["mcp_servers", "top_k"]);
}

#[tokio::test]
async fn a_stream_gives_events_and_then_the_whole() {
    let all = ended(&[TEXT, TEXT, FINISH, USAGE, DONE]);
    let upstream = Upstream::start(vec![Act::Say(all.clone()), Act::Say(all)]).await;
    let tollgate = one(ModelSpec::new().deployment(openai(&upstream)));
    let mut stream = soon(tollgate.stream("x")).await.unwrap();
    let mut kinds = Vec::new();
    while let Some(event) = soon(stream.next()).await {
        kinds.push(event.unwrap());
    }
    assert!(matches!(kinds.first(), Some(ChatEvent::Start { .. })), "{kinds:?}");
    assert_eq!(kinds.last(), Some(&ChatEvent::End));
    assert!(soon(stream.next()).await.is_none());
    let mut stream = soon(tollgate.stream("x")).await.unwrap();
    assert_eq!(soon(stream.next_text()).await.unwrap().as_deref(), Some("hi"));
    let reply = soon(stream.finish()).await.unwrap();
    assert_eq!(reply.chat.parts, [ReplyPart::Text("hihi".to_owned())]);
    assert_eq!(reply.chat.usage.total(), Some(7));
    assert_eq!(sent(&upstream, 0)["stream"], true);
}

#[tokio::test]
async fn a_stream_that_breaks_ends_with_one_error_and_is_never_whole() {
    let broken = events(&[TEXT]);
    let acts = vec![Act::SayAndClose(broken.clone()), Act::SayAndClose(broken)];
    let upstream = Upstream::start(acts).await;
    let deployment = openai(&upstream).set("id", "\"d1\"");
    let tollgate = one(ModelSpec::new().deployment(deployment));
    let mut stream = soon(tollgate.stream("x")).await.unwrap();
    let error = loop {
        match soon(stream.next()).await {
            Some(Ok(event)) => assert_ne!(event, ChatEvent::End),
            Some(Err(error)) => break error,
            None => panic!("an end where an error was due"),
        }
    };
    assert_eq!((error.class(), error.deployment()), (ErrorClass::BrokenStream, Some("d1")));
    assert_eq!((error.fault(), error.is_retryable()), (Blame::Deployment, true));
    assert!(soon(stream.next()).await.is_none());
    assert_eq!(soon(stream.finish()).await.unwrap_err(), error);
    let stream = soon(tollgate.stream("x")).await.unwrap();
    assert_eq!(soon(stream.finish()).await.unwrap_err().class(), ErrorClass::BrokenStream);
}

#[tokio::test]
async fn a_dropped_stream_cancels_its_vendor() {
    let upstream = Upstream::start(vec![Act::SayAndStall(events(&[TEXT]))]).await;
    let tollgate = one(ModelSpec::new().deployment(openai(&upstream)));
    let mut stream = soon(tollgate.stream("x")).await.unwrap();
    assert!(soon(stream.next_text()).await.unwrap().is_some());
    drop(stream);
    soon(upstream.wait_until_left()).await;
}

#[tokio::test]
async fn a_calls_own_fallbacks_serve_it_and_an_unknown_one_is_named() {
    let bad = Upstream::start(vec![]).await;
    let good = Upstream::start(vec![Act::Say(answer(200, REPLY))]).await;
    let tollgate = Tollgate::builder()
        .model("z", ModelSpec::new().deployment(openai(&bad)).fallback("dead"))
        .model("dead", ModelSpec::new().deployment(openai(&bad)))
        .model("spare", ModelSpec::new().deployment(openai(&good)))
        .build()
        .unwrap();
    let reply = soon(tollgate.chat(Chat::from("x").fallbacks(["spare"]))).await.unwrap();
    assert_eq!(&*reply.head.model, "spare");
    let error = failure(&tollgate, Chat::from("x").fallbacks(["sparre"])).await;
    assert_eq!((error.status(), error.param()), (404, Some("fallbacks")));
    assert!(error.to_string().contains("spare"), "{error}");
    let none: [&str; 0] = [];
    let error = failure(&tollgate, Chat::from("x").fallbacks(none)).await;
    assert!(error.deployment().is_some_and(|id| id.starts_with("z/")), "{error:?}");
}

#[tokio::test]
async fn a_calls_own_strategy_chooses() {
    let says = || vec![Act::Say(answer(200, REPLY)); 4];
    let (first, second) = (Upstream::start(says()).await, Upstream::start(says()).await);
    let model = ModelSpec::new()
        .strategy(Strategy::RoundRobin)
        .deployment(openai(&first))
        .deployment(openai(&second));
    let tollgate = one(model);
    for _ in 0..4 {
        let chat = Chat::from("x").strategy(Strategy::FirstAvailable);
        soon(tollgate.chat(chat)).await.unwrap();
    }
    assert_eq!((first.seen().len(), second.seen().len()), (4, 0));
}

#[tokio::test]
async fn a_calls_own_time_bounds_it() {
    let upstream = Upstream::start(vec![Act::SayAndStall(events(&[]))]).await;
    let tollgate = one(ModelSpec::new().deployment(openai(&upstream)));
    let error = failure(&tollgate, Chat::from("x").timeout(Duration::from_millis(50))).await;
    assert_eq!((error.class(), error.status()), (ErrorClass::Deadline, 504));
    assert!(error.is_retryable());
}

#[tokio::test]
async fn errors_say_class_place_and_fault_and_never_the_key() {
    let refusal = r#"{"error":{"message":"bad key sk-canary","code":"invalid_api_key"}}"#;
    let upstream = Upstream::start(vec![Act::Say(answer(401, refusal))]).await;
    let tollgate = one(ModelSpec::new().deployment(openai(&upstream).set("id", "\"d1\"")));
    let error = failure(&tollgate, Chat::from("x").request_id("r1")).await;
    assert_eq!((error.class(), error.fault()), (ErrorClass::Auth, Blame::Credential));
    assert_eq!((error.deployment(), error.attempts()), (Some("d1"), 1));
    assert_eq!((error.request_id(), error.is_retryable()), ("r1", false));
    assert!(!format!("{error} {error:?}").contains("sk-canary"), "{error:?}");
    assert_eq!(format!("{error:?}"), format!("{error} [request r1]"), "what `main` would show");
}

#[tokio::test]
async fn a_programs_own_mistakes_are_its_own_and_nothing_is_sent() {
    let upstream = Upstream::start(vec![]).await;
    let tollgate = one(ModelSpec::new().deployment(openai(&upstream)));
    for (chat, param) in [
        (Chat::new(), "messages"),
        (Chat::from("x").model("mm"), "model"),
        (Chat::from("x").extra("seed", "{"), "seed"),
        (Chat::from("x").tool("t", "d", "nope"), "tools[0].parameters"),
        (Chat::from("x").json_schema("s", "nope"), "response_format.schema"),
    ] {
        let error = failure(&tollgate, chat).await;
        assert_eq!((error.fault(), error.param()), (Blame::Client, Some(param)), "{error}");
        assert!(!error.is_retryable());
    }
    assert!(upstream.seen().is_empty());
}

#[tokio::test]
async fn embeddings_come_in_the_order_of_their_texts() {
    let body = r#"{"object":"list","model":"e","data":[{"object":"embedding","index":1,"embedding":[0.5]},{"object":"embedding","index":0,"embedding":[1,2]}],"usage":{"prompt_tokens":2,"total_tokens":2}}"#;
    let upstream = Upstream::start(vec![Act::Say(answer(200, body))]).await;
    let tollgate = one(ModelSpec::new().deployment(openai(&upstream)));
    let embed = Embed::new(["a", "b"]).model("m").dimensions(2);
    let made = soon(tollgate.embed(embed)).await.unwrap();
    assert_eq!(made.vectors, [vec![1.0, 2.0], vec![0.5]]);
    assert_eq!(made.usage.input_tokens, Some(2));
    let wanted = json!({"model": "up-1", "input": ["a", "b"], "dimensions": 2});
    assert_eq!(sent(&upstream, 0), wanted);
}

#[tokio::test]
async fn a_raw_body_goes_as_it_is_and_a_wrong_one_is_the_programs_mistake() {
    let upstream = Upstream::start(vec![Act::Say(answer(200, REPLY))]).await;
    let tollgate = one(ModelSpec::new().deployment(openai(&upstream)));
    let body = r#"{"model":"m","messages":[{"role":"user","content":"x"}],"x_new":1}"#;
    match soon(tollgate.raw(Dialect::OPENAI_CHAT, body)).await.unwrap() {
        Answer::Whole { body, .. } => assert_eq!(body, REPLY),
        Answer::Stream { .. } | Answer::Bytes { .. } => panic!("nobody asked for a stream"),
    }
    assert_eq!(sent(&upstream, 0)["x_new"], 1);
    let Err(error) = soon(tollgate.raw(Dialect::OPENAI_CHAT, "{")).await else { panic!("sent") };
    assert_eq!((error.class(), error.code()), (ErrorClass::Client, "invalid_json"));
}

#[tokio::test]
async fn a_vendor_of_ones_own_is_called_where_it_is() {
    let upstream = Upstream::start(vec![Act::Say(answer(200, REPLY))]).await;
    let tollgate = Tollgate::builder()
        .vendor("mine", VendorSpec::new(Dialect::OPENAI_CHAT, upstream.base()))
        .model("m", ModelSpec::new().deployment(DeploymentSpec::new("mine", "up-1")))
        .set_default("timeouts", r#"{"idle": "5s"}"#)
        .build()
        .unwrap();
    assert_eq!(soon(tollgate.chat("x")).await.unwrap().text(), "hi");
}

#[test]
fn a_builder_tells_every_problem_at_once_and_no_key() {
    let spec = |vendor| {
        ModelSpec::new().deployment(DeploymentSpec::new(vendor, "x").key("sk-canary\n${nope}"))
    };
    let built = Tollgate::builder()
        .model("a", spec("opnai").fallback("zzz"))
        .model("b", spec("openai").timeout(Duration::ZERO).set("strategi", "1"))
        .build();
    let Err(StartError::Config(problems)) = built else { panic!("built") };
    let text = problems.to_string();
    for part in ["models.a.deployments[0]", "opnai", "`openai`", "zzz", "strategi", "models.b"] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    assert!(!text.contains("canary"), "{text}");
    let twice = Tollgate::builder().model("a", spec("openai")).model("a", spec("openai"));
    let Err(error) = twice.set_default("retries", "{").build() else { panic!("built") };
    let text = error.to_string();
    assert!(text.contains("models.a: is there twice"), "{text}");
    assert!(text.contains("defaults.retries: is not JSON"), "{text}");
}

#[test]
fn an_environment_without_vendors_is_no_demo() {
    let nothing = Tollgate::from_options(&tollgate::LoadOptions::default());
    let Err(error @ StartError::Nothing) = nothing else { panic!("a demo was built") };
    assert_eq!(format!("{error:?}"), error.to_string(), "what `main` would show");
    let mut options = tollgate::LoadOptions::default();
    options.env.insert("OPENAI_API_KEY".to_owned(), "k".to_owned());
    assert!(!Tollgate::from_options(&options).unwrap().models().is_empty());
}

#[test]
fn the_blocking_face_waits_iterates_and_embeds() {
    let tollgate = blocking::Tollgate::from_text("models: { m: { provider: mock } }").unwrap();
    assert!(tollgate.chat("hello").unwrap().text().contains("hello"));
    let mut text = String::new();
    for event in tollgate.stream("hello").unwrap() {
        if let ChatEvent::Text(piece) = event.unwrap() {
            text.push_str(&piece);
        }
    }
    assert!(text.contains("hello"), "{text}");
    let mut events = tollgate.stream("hello").unwrap();
    assert!(events.next().is_some());
    assert_eq!(events.finish().unwrap().text(), text);
    assert_eq!(tollgate.embed("a").unwrap().vectors.len(), 1);
    let body = r#"{"stream":true,"messages":[{"role":"user","content":"x"}]}"#;
    let error = tollgate.raw(Dialect::OPENAI_CHAT, body).unwrap_err();
    assert_eq!(error.param(), Some("stream"));
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let tollgate = tollgate.clone();
            std::thread::spawn(move || tollgate.chat("x").map(|reply| reply.text()))
        })
        .collect();
    assert!(threads.into_iter().all(|thread| thread.join().unwrap().is_ok()));
}

#[test]
fn the_blocking_face_refuses_inside_a_runtime_and_may_be_dropped_there() {
    let tollgate = blocking::Tollgate::from_text("models: { m: { provider: mock } }").unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async move {
        let error = tollgate.chat("hello").unwrap_err();
        assert_eq!(error.fault(), Blame::Client);
        assert!(error.to_string().contains("inside an async runtime"), "{error}");
        drop(tollgate);
    });
}
