//! Everything that is neither conversation nor tools.

use super::*;
use tollgate_core_types::chat::{Reasoning, ReasoningMode};

fn reasoning(mode: Option<ReasoningMode>, effort: Option<&str>) -> ChatRequest {
    let effort = effort.map(str::to_owned);
    ChatRequest {
        reasoning: Some(Reasoning { mode, effort, display: None }),
        max_output_tokens: Some(20_000),
        ..hello()
    }
}

fn adaptive() -> UpstreamTarget {
    let mut target = target("claude-opus-4-6");
    target.quirks = crate::models::quirks_for("claude-opus-4-6");
    target
}

#[test]
fn adaptive_models_take_an_effort() {
    use ReasoningMode as M;
    let shown = json!({"type": "adaptive", "display": "summarized"});
    let none = Value::Null;
    for (mode, effort, thinking, sent, lost) in [
        (None, Some("minimal"), &shown, json!({"effort": "low"}), vec![]),
        (None, Some("medium"), &shown, json!({"effort": "medium"}), vec![]),
        (None, Some("xhigh"), &shown, json!({"effort": "xhigh"}), vec![]),
        (None, Some("max"), &shown, json!({"effort": "max"}), vec![]),
        (None, Some("none"), &none, Value::Null, vec![]),
        (None, Some("extreme"), &none, Value::Null, vec!["-reasoning_effort"]),
        (None, None, &none, Value::Null, vec![]),
        (Some(M::Adaptive), None, &shown, Value::Null, vec![]),
        (Some(M::Disabled), Some("high"), &none, json!({"effort": "high"}), vec![]),
        (Some(M::Disabled), None, &none, Value::Null, vec![]),
        (
            Some(M::Budget(2048)),
            None,
            &shown,
            json!({"effort": "medium"}),
            vec!["~thinking.budget_tokens"],
        ),
        (Some(M::Budget(1024)), Some("high"), &shown, json!({"effort": "high"}), vec![]),
    ] {
        let (body, said) = body_for(&reasoning(mode, effort), &adaptive());
        assert_eq!(at(&body, "thinking"), *thinking, "{mode:?} {effort:?}");
        assert_eq!(at(&body, "output_config"), sent, "{mode:?} {effort:?}");
        assert_eq!(said, lost, "{mode:?} {effort:?}");
    }
    let mut asked = reasoning(Some(M::Adaptive), None);
    asked.reasoning.as_mut().unwrap().display = Some("omitted".to_owned());
    assert_eq!(body_for(&asked, &adaptive()).0["thinking"]["display"], "omitted");
    assert_eq!(body_of(&asked).1, ["-thinking.display", "~reasoning_effort"]);
}

#[test]
fn older_models_take_a_budget_below_the_bound() {
    use ReasoningMode as M;
    for (mode, effort, bound, budget, lost) in [
        (None, Some("minimal"), 20_000, Some(1024), vec![]),
        (None, Some("low"), 20_000, Some(1024), vec![]),
        (None, Some("medium"), 20_000, Some(2048), vec![]),
        (None, Some("high"), 20_000, Some(4096), vec![]),
        (None, Some("xhigh"), 20_000, Some(8192), vec![]),
        (None, Some("max"), 20_000, Some(16_384), vec![]),
        (None, Some("high"), 2000, Some(1999), vec!["~reasoning_effort"]),
        (None, Some("low"), 1025, Some(1024), vec![]),
        (None, Some("low"), 1024, None, vec!["-reasoning_effort"]),
        (None, Some("none"), 20_000, None, vec![]),
        (None, Some("odd"), 20_000, None, vec!["-reasoning_effort"]),
        (Some(M::Adaptive), None, 20_000, Some(4096), vec!["~reasoning_effort"]),
        (Some(M::Adaptive), Some("low"), 20_000, Some(1024), vec![]),
        (Some(M::Budget(5000)), None, 20_000, Some(5000), vec![]),
        (Some(M::Budget(50_000)), None, 20_000, Some(19_999), vec!["~thinking.budget_tokens"]),
        (Some(M::Budget(500)), None, 20_000, None, vec!["-thinking.budget_tokens"]),
        (Some(M::Disabled), None, 20_000, None, vec![]),
    ] {
        let mut asked = reasoning(mode, effort);
        asked.max_output_tokens = Some(bound);
        let (body, said) = body_of(&asked);
        let sent = budget.map_or(Value::Null, |n| json!({"type": "enabled", "budget_tokens": n}));
        assert_eq!(at(&body, "thinking"), sent, "{mode:?} {effort:?} {bound}");
        assert_eq!(at(&body, "output_config"), Value::Null);
        assert_eq!(said, lost, "{mode:?} {effort:?} {bound}");
    }
}

#[test]
fn the_oldest_models_do_not_think() {
    let asked = reasoning(Some(ReasoningMode::Budget(2048)), None);
    let (body, lost) = body_for(&asked, &target("claude-3-5-haiku-latest"));
    assert_eq!((at(&body, "thinking"), lost), (Value::Null, vec!["-reasoning_effort".to_owned()]));
}

/// A bound that nobody asked for leaves room for the answer.
#[test]
fn the_catalogues_bound_is_shared() {
    let mut asked = reasoning(None, Some("max"));
    asked.max_output_tokens = None;
    let (body, _) = body_of(&asked);
    assert_eq!(
        (at(&body, "max_tokens"), &body["thinking"]["budget_tokens"]),
        (json!(8192), &json!(4096))
    );
}

/// The vendor refuses a budget where a tool turn to be resumed was not reasoned about.
#[test]
fn a_budget_yields_to_calls_without_reasoning() {
    let mut asked = reasoning(None, Some("high"));
    asked.messages.push(message(Role::Assistant, vec![call("c", "f", "{}")]));
    asked.messages.push(message(Role::Tool, vec![result("c", "r")]));
    let (body, lost) = body_of(&asked);
    assert_eq!((at(&body, "thinking"), lost), (Value::Null, vec!["-reasoning_effort".to_owned()]));
    assert_eq!(body_for(&asked, &adaptive()).0["thinking"]["type"], "adaptive");
}

fn sampled(temperature: Option<f64>, top_p: Option<f64>, top_k: Option<u64>) -> ChatRequest {
    ChatRequest { temperature, top_p, top_k, ..hello() }
}

#[test]
fn sampling() {
    let sent = |body: &Value| [at(body, "temperature"), at(body, "top_p"), at(body, "top_k")];
    let none = [Value::Null, Value::Null, Value::Null];
    let all = sampled(Some(1.5), Some(0.9), Some(40));
    let (body, lost) = body_of(&all);
    assert_eq!(sent(&body), [json!(1.0), json!(0.9), json!(40)]);
    assert_eq!(lost, ["~temperature"]);

    let (body, lost) = body_for(&sampled(Some(0.5), Some(0.9), None), &target("claude-haiku-4-5"));
    assert_eq!(sent(&body), [json!(0.5), Value::Null, Value::Null]);
    assert_eq!(lost, ["-top_p"]);
    let (body, _) = body_for(&sampled(None, Some(0.9), None), &target("claude-haiku-4-5"));
    assert_eq!(at(&body, "top_p"), 0.9);

    let mut refuses = target("m");
    refuses.quirks.no_sampling = true;
    let dropped = vec!["-temperature".to_owned(), "-top_p".to_owned(), "-top_k".to_owned()];
    let (body, lost) = body_for(&all, &refuses);
    assert_eq!((sent(&body), &lost), (none.clone(), &dropped));

    let thinking = ChatRequest { reasoning: reasoning(None, Some("low")).reasoning, ..all };
    let (body, lost) = body_of(&ChatRequest { max_output_tokens: Some(5000), ..thinking });
    assert_eq!((sent(&body), &lost), (none, &dropped));
}

#[test]
fn what_the_dialect_has_no_word_for_is_named() {
    let extra = |key: &str, value: &str| (key.to_owned(), JsonText::from_valid(value));
    let asked = ChatRequest {
        frequency_penalty: Some(0.5),
        presence_penalty: Some(0.0),
        seed: Some(7),
        n: Some(1),
        stop: vec!["a".to_owned(), " \n".to_owned(), "b ".to_owned()],
        service_tier: Some("priority".to_owned()),
        stream: true,
        extra: vec![
            extra("logit_bias", r#"{"1":2}"#),
            extra("logprobs", "false"),
            extra("store", "null"),
            extra("modalities", r#"["text"]"#),
            extra("context_management", r#"{"edits":[]}"#),
            extra("thinking", r#"{"type":"enabled"}"#),
        ],
        ..hello()
    };
    let (body, lost) = body_of(&asked);
    assert_eq!(at(&body, "stop_sequences"), json!(["a", "b "]));
    assert_eq!(at(&body, "stream"), true);
    assert_eq!(at(&body, "context_management"), json!({"edits": []}));
    assert_eq!(at(&body, "thinking"), Value::Null);
    assert_eq!(
        lost,
        [
            "-frequency_penalty",
            "-seed",
            "-stop",
            "-service_tier",
            "-logit_bias",
            "-modalities",
            "-thinking"
        ]
    );
    let between = extra("thinking", r#"{"type":"between_tools"}"#);
    let (body, lost) = body_of(&ChatRequest { extra: vec![between], ..hello() });
    assert_eq!(at(&body, "thinking"), json!({"type": "between_tools"}));
    assert!(lost.is_empty());
}

#[test]
fn what_would_change_the_meaning_is_refused() {
    let error = refusal(&ChatRequest { n: Some(2), ..hello() });
    assert!(matches!(&error, EncodeError::Unsupported { field, .. } if field == "n"), "{error}");
    let audio = ("modalities".to_owned(), JsonText::from_valid(r#"["text","audio"]"#));
    let error = refusal(&ChatRequest { extra: vec![audio], ..hello() });
    assert!(matches!(&error, EncodeError::Unsupported { field, .. } if field == "modalities"));
}

#[test]
fn tiers() {
    for (tier, sent) in
        [("auto", "auto"), ("default", "standard_only"), ("standard_only", "standard_only")]
    {
        let asked = ChatRequest { service_tier: Some(tier.to_owned()), ..hello() };
        assert_eq!(at(&body_of(&asked).0, "service_tier"), sent);
    }
}

#[test]
fn a_user_is_an_id_and_no_person() {
    let long = "x".repeat(300);
    for (user, kept) in [
        ("user-123", true),
        ("a@b", true),
        ("0f8fad5b-d9cb-469f-a165-70867728950e", true),
        ("ann@example.org", false),
        ("+49 (171) 555-0101", false),
        ("1234567", false),
        ("123456", true),
        (long.as_str(), false),
    ] {
        let (body, lost) = body_of(&ChatRequest { user: Some(user.to_owned()), ..hello() });
        let sent = if kept { json!({"user_id": user}) } else { Value::Null };
        assert_eq!(at(&body, "metadata"), sent, "{user}");
        assert_eq!(lost, if kept { vec![] } else { vec!["-user"] }, "{user}");
    }
    let identifier = ("safety_identifier".to_owned(), JsonText::from_valid("\"hash\""));
    let asked = ChatRequest { extra: vec![identifier], ..hello() };
    let (body, lost) = body_of(&asked);
    assert_eq!(at(&body, "metadata"), json!({"user_id": "hash"}));
    assert!(lost.is_empty());
    let (body, lost) = body_of(&ChatRequest { user: Some("u".to_owned()), ..asked });
    assert_eq!(at(&body, "metadata"), json!({"user_id": "u"}));
    assert_eq!(lost, ["-safety_identifier"]);
}

/// A version that the operator asks for decides as the model does.
#[test]
fn a_configured_version_that_refuses_sampling_is_spared_it() {
    let chat = ChatRequest { temperature: Some(0.5), top_k: Some(4), ..hello() };
    let mut target = target("claude-opus-4-1");
    let header = |value| {
        (http::HeaderName::from_static("anthropic-version"), http::HeaderValue::from_static(value))
    };
    for (version, sent, lost) in [
        ("2023-06-01", json!(0.5), 0),
        ("2026-10-21", Value::Null, 2),
        ("2027-01-01", Value::Null, 2),
    ] {
        target.headers = vec![header(version)];
        let encoded = encode(&chat, &target).unwrap();
        let body: Value = serde_json::from_slice(encoded.request.body()).unwrap();
        assert_eq!(body.get("temperature").cloned().unwrap_or_default(), sent, "{version}");
        assert_eq!(encoded.lost.len(), lost, "{version}");
        assert_eq!(encoded.request.headers()["anthropic-version"], version);
    }
}
