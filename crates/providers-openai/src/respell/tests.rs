//! What a client's own body becomes at a server with customs of its own, and what stays.

use crate::tests::support::{codec, inbound, target};
use tollgate_core_types::custom::{ReasoningEcho, ReasoningField, ThinkingSwitch};
use tollgate_core_types::{Dialect, JsonText};
use tollgate_providers_common::target::Quirks;
use tollgate_providers_common::{ParamRules, UpstreamTarget};

fn sent(body: &str, quirks: Quirks) -> String {
    sent_to(body, &UpstreamTarget { quirks, ..target("m") })
}

fn sent_to(body: &str, target: &UpstreamTarget) -> String {
    let inbound = inbound(Dialect::OPENAI_CHAT, body.as_bytes());
    let encoded = codec(Dialect::OPENAI_CHAT).splice(&inbound, target).unwrap();
    String::from_utf8(encoded.request.body().to_vec()).unwrap()
}

/// A body of these messages and fields.
fn of(messages: &str, rest: &str) -> String {
    format!(r#"{{"model":"m","messages":[{messages}]{rest}}}"#)
}

const USER: &str = r#"{"role":"user","content":"q"}"#;

#[test]
fn a_server_without_customs_gets_every_byte() {
    let body = of(
        r#"{"role":"developer","content":[{"type":"text","text":"a"}]}"#,
        r#","tool_choice":"required","reasoning_effort":"low","max_completion_tokens":3"#,
    );
    assert_eq!(sent(&body, Quirks::default()), body);
}

#[test]
fn roles_texts_and_names_are_respelled_and_everything_else_stays() {
    let plain = Quirks { plain_content: true, ..Quirks::default() };
    let older = Quirks { no_developer_role: true, ..Quirks::default() };
    let bound = Quirks { no_max_completion_tokens: true, ..Quirks::default() };
    let any = Quirks { any_for_required: true, ..Quirks::default() };
    let renamed = Quirks { renames: &[("seed", "random_seed")], ..Quirks::default() };
    let adds = Quirks { adds: &[("reasoning_split", "true")], ..Quirks::default() };
    for (name, quirks, given, on_the_wire) in [
        (
            "no_developer_role",
            older,
            of(r#"{"role":"developer","content":"d","x":1.50}"#, ""),
            of(r#"{"role":"system","content":"d","x":1.50}"#, ""),
        ),
        (
            "plain_content",
            plain,
            of(
                r#"{"role":"user","content":[{"type":"text","text":"a\"b"},{"type":"text","text":"c"}]},{"role":"assistant","content":[{"type":"text","text":"x"},{"type":"text","text":"y"}]}"#,
                "",
            ),
            of(r#"{"role":"user","content":"a\"b\n\nc"},{"role":"assistant","content":"xy"}"#, ""),
        ),
        (
            "plain_content with a picture is the server's to judge",
            plain,
            of(r#"{"role":"user","content":[{"type":"image_url","image_url":{"url":"u"}}]}"#, ""),
            of(r#"{"role":"user","content":[{"type":"image_url","image_url":{"url":"u"}}]}"#, ""),
        ),
        (
            "no_max_completion_tokens",
            bound,
            of(USER, r#","max_completion_tokens":3"#),
            of(USER, r#","max_tokens":3"#),
        ),
        (
            "any_for_required",
            any,
            of(USER, r#","tool_choice":"required","tools":[]"#),
            of(USER, r#","tool_choice":"any","tools":[]"#),
        ),
        (
            "no_stream_options",
            Quirks { no_stream_options: true, ..Quirks::default() },
            of(USER, r#","stream":true,"stream_options":{"include_usage":true}"#),
            of(USER, r#","stream":true"#),
        ),
        ("renames", renamed, of(USER, r#","seed":7"#), of(USER, r#","random_seed":7"#)),
        ("adds", adds, of(USER, ""), of(USER, r#","reasoning_split":true"#)),
        (
            "adds gives way",
            adds,
            of(USER, r#","reasoning_split":false"#),
            of(USER, r#","reasoning_split":false"#),
        ),
    ] {
        assert_eq!(sent(&given, quirks), on_the_wire, "{name}");
    }
}

#[test]
fn schemas_lose_what_the_server_refuses_in_them() {
    let quirks = Quirks { plain_schemas: true, ..Quirks::default() };
    let tool = |schema: &str, strict: &str| {
        of(
            USER,
            &format!(
                r#","tools":[{{"type":"function","function":{{"name":"f","parameters":{schema}{strict}}}}}]"#
            ),
        )
    };
    let given = tool(r#"{"$schema":"s","type":"object","properties":{}}"#, r#","strict":true"#);
    assert_eq!(sent(&given, quirks), tool(r#"{"type":"object","properties":{}}"#, ""));
    let plain = tool(r#"{ "type":"object" }"#, "");
    assert_eq!(sent(&plain, quirks), plain);
}

#[test]
fn short_ids_stay_alike_in_a_call_and_its_result() {
    let quirks = Quirks { short_call_ids: true, ..Quirks::default() };
    let given = of(
        r#"{"role":"assistant","content":null,"tool_calls":[{"id":"call_1234567890","type":"function","function":{"name":"f","arguments":"{}"}},{"id":"abcDEF123","type":"function","function":{"name":"g","arguments":"{}"}}]},{"role":"tool","tool_call_id":"call_1234567890","content":"r"}"#,
        "",
    );
    let body: serde_json::Value = serde_json::from_str(&sent(&given, quirks)).unwrap();
    let id = body["messages"][0]["tool_calls"][0]["id"].as_str().unwrap();
    assert!(id.len() == 9 && id.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{id}");
    assert_eq!(body["messages"][1]["tool_call_id"], id);
    assert_eq!(body["messages"][0]["tool_calls"][1]["id"], "abcDEF123");
}

#[test]
fn an_effort_becomes_the_servers_switch_unless_the_client_uses_that_itself() {
    let enable = Quirks {
        thinking_switch: ThinkingSwitch::Enable,
        thinking_budget: 32_768,
        ..Quirks::default()
    };
    let typed = Quirks { thinking_switch: ThinkingSwitch::Type, ..Quirks::default() };
    let both = Quirks { adaptive_thinking: true, ..typed };
    let template = Quirks { thinking_switch: ThinkingSwitch::Template, ..Quirks::default() };
    for (quirks, given, left) in [
        (
            enable,
            r#","reasoning_effort":"low""#,
            r#","enable_thinking":true,"thinking_budget":2048"#,
        ),
        (enable, r#","reasoning_effort":"high""#, r#","enable_thinking":true"#),
        (enable, r#","reasoning_effort":"none""#, r#","enable_thinking":false"#),
        (
            enable,
            r#","reasoning_effort":"low","enable_thinking":true"#,
            r#","reasoning_effort":"low","enable_thinking":true"#,
        ),
        (typed, r#","reasoning_effort":"high""#, r#","thinking":{"type":"enabled"}"#),
        (both, r#","reasoning_effort":"high""#, r#","reasoning_effort":"high""#),
        (both, r#","reasoning_effort":"none""#, r#","thinking":{"type":"disabled"}"#),
        (
            template,
            r#","reasoning_effort":"none""#,
            r#","chat_template_kwargs":{"enable_thinking":false}"#,
        ),
        (typed, "", ""),
    ] {
        assert_eq!(sent(&of(USER, given), quirks), of(USER, left), "{given}");
    }
}

#[test]
fn earlier_reasoning_is_given_back_as_the_server_wants_it() {
    let echo = |reasoning_echo| Quirks { reasoning_echo, ..Quirks::default() };
    let named = Quirks { reasoning_field: ReasoningField::Reasoning, ..Quirks::default() };
    let turn = |rest: &str| of(&format!(r#"{{"role":"assistant","content":"a"{rest}}}"#), "");
    const CALLS: &str = r#","tool_calls":[{"id":"c"}]"#;
    let calls = |rest: &str| turn(&format!("{CALLS}{rest}"));
    for (quirks, given, left) in [
        (
            echo(ReasoningEcho::AsGiven),
            turn(r#","reasoning_content":"r""#),
            turn(r#","reasoning_content":"r""#),
        ),
        (echo(ReasoningEcho::Never), turn(r#","reasoning_content":"r""#), turn("")),
        (
            echo(ReasoningEcho::Always),
            turn(r#","reasoning_content":"r""#),
            turn(r#","reasoning_content":"r""#),
        ),
        (echo(ReasoningEcho::Always), turn(""), turn(r#","reasoning_content":" ""#)),
        (
            echo(ReasoningEcho::Always),
            turn(r#","reasoning":"r""#),
            turn(r#","reasoning_content":"r""#),
        ),
        (echo(ReasoningEcho::ToolCalls), turn(""), turn("")),
        (echo(ReasoningEcho::ToolCalls), calls(""), calls(r#","reasoning_content":" ""#)),
        (named, turn(r#","reasoning_content":"r""#), turn(r#","reasoning":"r""#)),
    ] {
        assert_eq!(sent(&given, quirks), left, "{:?} of {given}", quirks.reasoning_echo);
    }
    // A model that is not to think needs none, whoever says so.
    let off = of(
        r#"{"role":"assistant","content":"a","reasoning_content":"r"}"#,
        r#","thinking":{"type":"disabled"}"#,
    );
    let bare = of(r#"{"role":"assistant","content":"a"}"#, r#","thinking":{"type":"disabled"}"#);
    assert_eq!(sent(&off, echo(ReasoningEcho::Always)), bare);
    let set = vec![("enable_thinking".to_owned(), JsonText::from_valid("false"))];
    let target = UpstreamTarget {
        quirks: echo(ReasoningEcho::Always),
        params: ParamRules { set, ..ParamRules::default() },
        ..target("m")
    };
    let left = of(r#"{"role":"assistant","content":"a"}"#, r#","enable_thinking":false"#);
    assert_eq!(sent_to(&turn(""), &target), left);
}
