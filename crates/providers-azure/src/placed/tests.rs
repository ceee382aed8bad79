//! Requests as they leave for each surface, and streams as the vendor sends them.

use super::*;
use crate::{Azure, Settings};
use http::Uri;
use serde_json::{Value, json};
use tollgate_core_types::chat::{Message, Part, Reasoning, Role};
use tollgate_core_types::reply::{Finish, FinishReason};
use tollgate_core_types::{ChatEvent, ProviderName};
use tollgate_providers_common::testkit::{events_of, every_cut, replies_alike, truncations};
use tollgate_providers_common::{Facts, Provider, scan};

const HOST: &str = "https://r.openai.azure.com";
const DATE: &str = "2024-10-21";

fn azure(deployment: &str, version: Option<&str>, base_model: Option<&str>) -> Azure {
    let settings = Settings {
        api_version: version.map(str::to_owned),
        base_model: base_model.map(str::to_owned),
        ..Settings::default()
    };
    Azure::try_new(ProviderName::new("azure"), deployment, &Uri::from_static(HOST), &settings)
        .unwrap()
}

fn target(azure: &Azure, deployment: &str) -> UpstreamTarget {
    UpstreamTarget {
        quirks: azure.quirks(),
        ..UpstreamTarget::new(azure.base().clone(), deployment)
    }
}

fn inbound(dialect: Dialect, body: &Value) -> Inbound {
    let body = Bytes::from(body.to_string());
    let layout = scan::layout(&body).unwrap();
    Inbound {
        dialect,
        operation: Operation::Chat,
        facts: Facts { model: Some("m".to_owned()), layout, ..Facts::default() },
        body,
        headers: HeaderMap::new(),
        query: None,
    }
}

/// Columns: dialect, deployment, version, base model; where the request goes.
#[test]
fn every_dialect_goes_to_its_place() {
    let (chat, text, embed) =
        (Dialect::OPENAI_CHAT, Dialect::OPENAI_COMPLETIONS, Dialect::OPENAI_EMBEDDINGS);
    let (messages, count) = (Dialect::ANTHROPIC_MESSAGES, Dialect::ANTHROPIC_COUNT_TOKENS);
    const CLASSIC: &str = "https://r.openai.azure.com/openai/deployments/d";
    const V1: &str = "https://r.openai.azure.com/openai/v1";
    const CLAUDE: &str = "https://r.services.ai.azure.com/anthropic/v1/messages";
    for (dialect, version, base_model, want) in [
        (chat, Some(DATE), None, format!("{CLASSIC}/chat/completions?api-version={DATE}")),
        (text, Some(DATE), None, format!("{CLASSIC}/completions?api-version={DATE}")),
        (embed, Some(DATE), None, format!("{CLASSIC}/embeddings?api-version={DATE}")),
        (chat, None, None, format!("{V1}/chat/completions")),
        (chat, Some("preview"), None, format!("{V1}/chat/completions?api-version=preview")),
        (embed, None, None, format!("{V1}/embeddings")),
        (messages, None, Some("claude-opus-4-6"), CLAUDE.to_owned()),
        (count, Some(DATE), Some("claude-opus-4-6"), format!("{CLAUDE}/count_tokens")),
    ] {
        let azure = azure("d", version, base_model);
        let body = json!({"model": "m", "messages": [{"role": "user", "content": "hi"}]});
        let codec = azure.codec(dialect).unwrap();
        let encoded = codec.splice(&inbound(dialect, &body), &target(&azure, "d")).unwrap();
        assert_eq!(encoded.request.uri(), want.as_str());
        let sent: Value = serde_json::from_slice(encoded.request.body()).unwrap();
        assert_eq!(sent["model"], "d", "{want}");
        assert!(encoded.lost.is_empty());
    }
}

#[test]
fn a_servers_bound_of_texts_holds_for_its_own_clients_and_for_others() {
    let mut settings = Settings::default();
    settings.server.quirks.embed_batch = 2;
    let azure = Azure::try_new(ProviderName::new("azure"), "d", &Uri::from_static(HOST), &settings);
    let azure = azure.unwrap();
    assert_eq!(azure.embeddings().unwrap().most_texts(), Some(2));
    let mut asked = inbound(Dialect::OPENAI_EMBEDDINGS, &json!({"input": ["a", "b", "c"]}));
    asked.facts.items = 3;
    assert_eq!(azure.codec(Dialect::OPENAI_EMBEDDINGS).unwrap().pieces(&asked).len(), 2);
}

#[test]
fn a_body_of_the_same_dialect_keeps_its_bytes_but_for_the_model() {
    let azure = azure("d", Some(DATE), Some("o3"));
    let text = r#"{ "x":[1.50 ], "model" : "m","messages":[{"role":"user","content":"\u00e9"}] }"#;
    let mut inbound = inbound(Dialect::OPENAI_CHAT, &json!({}));
    inbound.facts.layout = scan::layout(text.as_bytes()).unwrap();
    inbound.body = Bytes::from_static(text.as_bytes());
    let codec = azure.codec(Dialect::OPENAI_CHAT).unwrap();
    let encoded = codec.splice(&inbound, &target(&azure, "d")).unwrap();
    assert_eq!(encoded.request.body(), &text.replace("\"m\"", "\"d\""));
}

#[test]
fn claude_behind_a_nickname_is_still_spared_reasoning_that_it_did_not_sign() {
    let azure = azure("d", None, Some("claude-opus-4-6"));
    let body = json!({"model": "m", "max_tokens": 5, "messages": [
        {"role": "user", "content": "q"},
        {"role": "assistant", "content": [
            {"type": "thinking", "thinking": "t", "signature": ""}, {"type": "text", "text": "a"}]},
    ]});
    let codec = azure.codec(Dialect::ANTHROPIC_MESSAGES).unwrap();
    let inbound = inbound(Dialect::ANTHROPIC_MESSAGES, &body);
    let encoded = codec.splice(&inbound, &target(&azure, "d")).unwrap();
    let sent: Value = serde_json::from_slice(encoded.request.body()).unwrap();
    assert_eq!(sent["messages"][1]["content"], json!([{"type": "text", "text": "a"}]));
    assert_eq!(sent["model"], "d");
    assert_eq!(encoded.lost.len(), 1);
}

/// The family decides on the words, the deployment's name is what is sent.
#[test]
fn the_model_behind_a_deployment_decides_how_it_is_asked() {
    let chat = ChatRequest {
        messages: vec![
            Message { role: Role::System, parts: vec![Part::text("s")], name: None },
            Message { role: Role::User, parts: vec![Part::text("hi")], name: None },
        ],
        max_output_tokens: Some(9),
        reasoning: Some(Reasoning { effort: Some("xhigh".to_owned()), ..Reasoning::default() }),
        ..ChatRequest::default()
    };
    let sent = |base_model| {
        let azure = azure("d", Some(DATE), base_model);
        let encoded = azure.chat().unwrap().encode(&chat, &target(&azure, "d")).unwrap();
        assert!(encoded.request.uri().query().is_some_and(|query| query.ends_with(DATE)));
        serde_json::from_slice::<Value>(encoded.request.body()).unwrap()
    };
    let plain = sent(None);
    assert_eq!(plain["model"], "d");
    assert_eq!(
        (&plain["max_tokens"], &plain["messages"][0]["role"]),
        (&json!(9), &json!("system"))
    );
    let reasoner = sent(Some("o3"));
    assert_eq!(reasoner["model"], "d");
    assert_eq!(reasoner["max_completion_tokens"], 9);
    assert_eq!(reasoner["messages"][0]["role"], "developer");
    assert_eq!(reasoner["reasoning_effort"], "high", "the highest that o3 knows");
}

/// The first chunk has no choice; the filter's marks stand on chunks without any text.
const FILTERED: &str = concat!(
    "data: {\"choices\":[],\"created\":0,\"id\":\"\",\"model\":\"\",\"object\":\"\",\"prompt_filter_results\":[{\"prompt_index\":0,\"content_filter_results\":{\"hate\":{\"filtered\":false,\"severity\":\"safe\"}}}]}\n\n",
    "data: {\"choices\":[{\"content_filter_results\":{},\"delta\":{\"content\":\"\",\"refusal\":null,\"role\":\"assistant\"},\"finish_reason\":null,\"index\":0,\"logprobs\":null}],\"created\":1,\"id\":\"chatcmpl-1\",\"model\":\"gpt-4o-2024-11-20\",\"object\":\"chat.completion.chunk\",\"system_fingerprint\":\"fp\",\"usage\":null}\n\n",
    "data: {\"choices\":[{\"content_filter_results\":{\"hate\":{\"filtered\":false,\"severity\":\"safe\"}},\"delta\":{\"content\":\"Hi\"},\"finish_reason\":null,\"index\":0,\"logprobs\":null}],\"created\":1,\"id\":\"chatcmpl-1\",\"model\":\"gpt-4o-2024-11-20\",\"object\":\"chat.completion.chunk\",\"usage\":null}\n\n",
    "data: {\"choices\":[{\"content_filter_offsets\":{\"check_offset\":44,\"start_offset\":44,\"end_offset\":198},\"content_filter_results\":{\"error\":{\"code\":\"content_filter_error\",\"message\":\"The contents are not filtered\"}},\"finish_reason\":null,\"index\":0}],\"created\":0,\"id\":\"\",\"model\":\"\",\"object\":\"\"}\n\n",
    "data: {\"choices\":[{\"content_filter_results\":{},\"delta\":{},\"finish_reason\":\"content_filter\",\"index\":0,\"logprobs\":null}],\"created\":1,\"id\":\"chatcmpl-1\",\"model\":\"gpt-4o-2024-11-20\",\"object\":\"chat.completion.chunk\",\"usage\":null}\n\n",
    "data: {\"choices\":[],\"created\":1,\"id\":\"chatcmpl-1\",\"model\":\"gpt-4o-2024-11-20\",\"object\":\"chat.completion.chunk\",\"usage\":{\"completion_tokens\":1,\"prompt_tokens\":4,\"total_tokens\":5}}\n\n",
    "data: [DONE]\n\n",
);

#[test]
fn a_filtered_stream_is_read_however_it_is_cut() {
    let codec = azure("d", Some(DATE), None).chat().unwrap();
    every_cut(FILTERED.as_bytes(), || codec.stream());
    truncations(FILTERED.as_bytes(), || codec.stream());
    let events = events_of(FILTERED.as_bytes(), codec.stream());
    let filtered = Finish::new(FinishReason::ContentFilter);
    assert!(events.contains(&ChatEvent::Finish(filtered)), "{events:?}");
}

#[test]
fn a_whole_answer_with_the_filters_results_is_accounted_alike() {
    let whole = json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "gpt-4o-2024-11-20",
        "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": {
            "jailbreak": {"filtered": false, "detected": false}}}],
        "choices": [{"index": 0, "finish_reason": "stop", "logprobs": null,
            "content_filter_results": {"hate": {"filtered": false, "severity": "safe"}},
            "message": {"role": "assistant", "content": "Hi", "refusal": null}}],
        "usage": {"prompt_tokens": 4, "completion_tokens": 1, "total_tokens": 5},
    });
    let azure = azure("d", Some(DATE), None);
    replies_alike(whole.to_string().as_bytes(), azure.chat().unwrap().as_ref());
    let account = azure.codec(Dialect::OPENAI_CHAT).unwrap().account(whole.to_string().as_bytes());
    assert_eq!(account.unwrap().model.as_deref(), Some("gpt-4o-2024-11-20"));
}
