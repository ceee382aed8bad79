//! The vendor's own answers: errors in a 200 and in streams, and the shapes that its tools come in.

use super::*;
use bytes::Bytes;
use http::HeaderMap;
use serde_json::{Value, json};
use std::sync::Arc;
use tollgate_core_types::ChatEvent;
use tollgate_core_types::chat::{ChatRequest, Message, Part, Reasoning, ReasoningMode, Role};
use tollgate_providers_common::testkit;
use tollgate_providers_common::{ChatCodec, DecodeError, Provider, SseFramer, UpstreamTarget};

fn codec() -> Arc<dyn ChatCodec> {
    let server = Server { quirks: quirks_for("qwen-plus"), ..Server::default() };
    provider(ProviderName::new("qwen"), server).chat().unwrap()
}

fn events(stream: &str) -> Vec<ChatEvent> {
    let codec = codec();
    let mut decoder = codec.stream();
    let mut framer = SseFramer::new(1 << 20);
    framer.push(Bytes::copy_from_slice(stream.as_bytes()));
    let mut out = Vec::new();
    while let Some(frame) = framer.next_frame().unwrap() {
        decoder.frame(&frame, &mut out).unwrap();
    }
    out
}

/// What DashScope reports, with the status that it may come with.
const ERRORS: &[(u16, &str, ErrorClass)] = &[
    (
        401,
        r#"{"code":"InvalidApiKey","message":"Invalid API-key provided.","request_id":"r"}"#,
        ErrorClass::Auth,
    ),
    (
        403,
        r#"{"code":"AccessDenied.Unpurchased","message":"Access to model denied.","request_id":"r"}"#,
        ErrorClass::Auth,
    ),
    (
        404,
        r#"{"code":"Model.NotExist","message":"Model not exist.","request_id":"r"}"#,
        ErrorClass::ModelMissing,
    ),
    (
        400,
        r#"{"code":"InvalidParameter","message":"temperature is out of range","request_id":"r"}"#,
        ErrorClass::Client,
    ),
    (
        400,
        r#"{"error":{"message":"Range of input length should be [1, 30720]","type":"invalid_request_error","param":null,"code":"invalid_parameter_error"},"request_id":"r"}"#,
        ErrorClass::ContextWindow,
    ),
    (
        400,
        r#"{"code":"InvalidParameter","message":"Range of input length should be [1, 6000]","request_id":"r"}"#,
        ErrorClass::ContextWindow,
    ),
    (
        400,
        r#"{"code":"InternalError.Algo.InvalidParameter","message":"Range of input length should be [1, 6000]","request_id":"r"}"#,
        ErrorClass::ContextWindow,
    ),
    (
        400,
        r#"{"code":"DataInspectionFailed","message":"Input data may contain inappropriate content.","request_id":"r"}"#,
        ErrorClass::ContentPolicy,
    ),
    (
        400,
        r#"{"error":{"code":"data_inspection_failed","message":"Output data may contain inappropriate content.","type":"data_inspection_failed"}}"#,
        ErrorClass::ContentPolicy,
    ),
    (
        429,
        r#"{"code":"Throttling","message":"Requests throttling triggered.","request_id":"r"}"#,
        ErrorClass::Throttle,
    ),
    (
        429,
        r#"{"code":"Throttling.RateQuota","message":"Requests rate limit exceeded.","request_id":"r"}"#,
        ErrorClass::Throttle,
    ),
    (
        429,
        r#"{"code":"Throttling.AllocationQuota","message":"Allocated quota exceeded.","request_id":"r"}"#,
        ErrorClass::Throttle,
    ),
    (
        429,
        r#"{"error":{"code":"insufficient_quota","message":"You exceeded your current quota.","type":"insufficient_quota"}}"#,
        ErrorClass::Billing,
    ),
    (
        400,
        r#"{"code":"Arrearage","message":"Access denied, please make sure your account is in good standing.","request_id":"r"}"#,
        ErrorClass::Billing,
    ),
    (
        403,
        r#"{"code":"Arrearage","message":"Overdue payment.","request_id":"r"}"#,
        ErrorClass::Billing,
    ),
    (
        413,
        r#"{"code":"RequestTooLarge","message":"Request too large","request_id":"r"}"#,
        ErrorClass::Client,
    ),
    (
        500,
        r#"{"code":"InternalError","message":"An internal error has occured.","request_id":"r"}"#,
        ErrorClass::Server,
    ),
    (
        503,
        r#"{"code":"ServiceUnavailable","message":"Service unavailable.","request_id":"r"}"#,
        ErrorClass::Overload,
    ),
    (
        504,
        r#"{"code":"GatewayTimeout","message":"Timed out.","request_id":"r"}"#,
        ErrorClass::Server,
    ),
];

#[test]
fn each_code_means_the_same_with_its_status_in_a_200_and_in_a_stream() {
    let codec = codec();
    for (status, body, class) in ERRORS {
        let error = codec.decode_error(*status, &HeaderMap::new(), body.as_bytes());
        assert_eq!(error.class, *class, "{status} {body}");
        for read in
            [codec.account(body.as_bytes()).map(drop), codec.decode(body.as_bytes()).map(drop)]
        {
            let Err(DecodeError::Upstream(error)) = read else { panic!("{body}") };
            assert_eq!(error.class, *class, "200 {body}");
        }
        for frame in [
            format!("data: {body}\n\n"),
            format!("id:1\nevent:error\n:HTTP_STATUS/{status}\ndata:{body}\n\n"),
        ] {
            let told = events(&frame);
            let [ChatEvent::Error(error)] = told.as_slice() else { panic!("{told:?} of {frame}") };
            assert_eq!(error.class, *class, "{frame}");
        }
    }
}

#[test]
fn every_answer_makes_a_bounded_error() {
    testkit::error_matrix(codec().as_ref());
}

const STREAM: &[u8] = b"data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"qwen-plus\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":null,\"reasoning_content\":\"hm\"},\"finish_reason\":null}],\"usage\":null}\n\ndata: {\"id\":\"chatcmpl-1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"\",\"tool_calls\":[{\"index\":0,\"id\":\"call_1\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":null}}]},\"finish_reason\":null}]}\n\ndata: {\"id\":\"chatcmpl-1\",\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"\",\"type\":\"function\",\"function\":{\"arguments\":\"{}\"}}]},\"finish_reason\":null}]}\n\ndata: {\"id\":\"chatcmpl-1\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"tool_calls\"}]}\n\ndata: {\"id\":\"chatcmpl-1\",\"choices\":[],\"usage\":{\"prompt_tokens\":30,\"completion_tokens\":9,\"total_tokens\":39,\"prompt_tokens_details\":{\"cached_tokens\":8,\"cache_creation_input_tokens\":4},\"completion_tokens_details\":{\"reasoning_tokens\":5}}}\n\ndata: [DONE]\n\n";

#[test]
fn streams_say_the_same_however_they_are_cut_and_never_end_well_when_cut_short() {
    testkit::every_cut(STREAM, || codec().stream());
    testkit::truncations(STREAM, || codec().stream());
}

#[test]
fn tool_calls_with_null_arguments_and_repeated_empty_ids_are_one_call() {
    let told = events(std::str::from_utf8(STREAM).unwrap());
    let starts: Vec<&str> = told
        .iter()
        .filter_map(|event| {
            let ChatEvent::ToolCallStart { id, .. } = event else { return None };
            Some(id.as_str())
        })
        .collect();
    assert_eq!(starts, ["call_1"]);
    let usage = told.iter().find_map(|event| {
        let ChatEvent::Usage(usage) = event else { return None };
        Some(*usage)
    });
    let usage = usage.unwrap();
    assert_eq!(
        (usage.cache_read_tokens, usage.cache_write_tokens, usage.reasoning_tokens),
        (Some(8), Some(4), Some(5))
    );
}

/// The body for `model`, asked in no vendor's words.
fn wire(model: &str, reasoning: Option<Reasoning>) -> Value {
    let part = Part::Text { text: "q".to_owned(), cache: None };
    let message = Message { role: Role::User, parts: vec![part], name: None };
    let chat = ChatRequest { messages: vec![message], reasoning, ..ChatRequest::default() };
    let base = http::Uri::from_static("https://dashscope.aliyuncs.com/compatible-mode/v1");
    let target = UpstreamTarget { quirks: quirks_for(model), ..UpstreamTarget::new(base, model) };
    let encoded = codec().encode(&chat, &target).unwrap();
    assert_eq!(encoded.request.uri().path(), "/compatible-mode/v1/chat/completions");
    serde_json::from_slice(encoded.request.body()).unwrap()
}

#[test]
fn thinking_is_switched_with_a_budget_and_streamed() {
    let mode = |mode| Some(Reasoning { mode: Some(mode), ..Reasoning::default() });
    let on = wire("qwen3-32b", mode(ReasoningMode::Budget(2048)));
    assert_eq!((&on["enable_thinking"], &on["thinking_budget"]), (&json!(true), &json!(2048)));
    assert_eq!(
        (&on["stream"], &on["stream_options"]["include_usage"]),
        (&json!(true), &json!(true))
    );
    let off = wire("qwen3-32b", mode(ReasoningMode::Disabled));
    assert_eq!(off["enable_thinking"], false);
    assert!(off.get("stream").is_none(), "{off}");
    assert!(wire("qwen-plus", None).get("stream").is_none());
    assert_eq!(wire("qwq-plus", None)["stream"], true);
}
