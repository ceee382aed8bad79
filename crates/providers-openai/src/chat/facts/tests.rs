//! What the facts say, what is refused with which words, and what must not be refused.

use super::*;

fn facts(body: &str) -> Facts {
    read(body.as_bytes()).unwrap_or_else(|bad| panic!("{body}: {bad}"))
}

fn refusal(body: &str) -> BadRequest {
    read(body.as_bytes()).expect_err(body)
}

/// A body with one good message and these further fields.
fn with(rest: &str) -> String {
    format!(r#"{{"messages":[{{"role":"user","content":"q"}}],{rest}}}"#)
}

/// A body with this one message.
fn message(json: &str) -> String {
    format!(r#"{{"model":"m","messages":[{json}]}}"#)
}

#[test]
fn facts_are_read() {
    let body = r#"{"model":"gpt-4o","stream":true,"stream_options":{"include_usage":true},
        "max_tokens":5,"max_completion_tokens":7,"tools":[{"type":"function"}],"user":"u",
        "load_balance_strategy":"random","messages":[{"role":"system","content":"s"},
        {"role":"user","content":[{"type":"text","text":"t"}]}]}"#;
    let Facts {
        model,
        stream,
        include_usage,
        max_output_tokens,
        has_tools,
        items,
        plain,
        strategy,
        user,
        layout,
    } = facts(body);
    assert_eq!(model.as_deref(), Some("gpt-4o"));
    assert!(stream && include_usage && has_tools && !plain);
    assert_eq!((max_output_tokens, items), (Some(7), 2));
    assert_eq!((strategy.as_deref(), user.as_deref()), (Some("random"), Some("u")));
    assert_eq!(layout.value(body.as_bytes(), "user"), Some("\"u\""));

    let plain = facts(r#"{"messages":[{"role":"user","content":"q"}]}"#);
    assert_eq!(plain.model, None);
    assert!(!plain.stream && !plain.include_usage && !plain.has_tools);
    assert_eq!(
        facts(&with(r#""model":"","tools":[],"safety_identifier":"s","user":"u""#)).model,
        None
    );
    assert_eq!(facts(&with(r#""safety_identifier":"s","user":"u""#)).user.as_deref(), Some("s"));
}

#[test]
fn messages_are_plain_where_nothing_but_texts_is_in_them() {
    let rest = r#""messages":[{"role":"system","name":"n","content":"s"},{"role":"assistant","content":null}"#;
    for (message, plain) in [
        (r#"{"role":"user","content":"\"reasoning_content\" \"image_url\""}"#, true),
        (r#"{"role":"tool","tool_call_id":"c","content":"r"}"#, true),
        (r#"{"role":"user","content":[{"type":"text","text":"t"}]}"#, false),
        (r#"{"role":"assistant","content":"a","tool_calls":[]}"#, false),
        (r#"{"role":"assistant","content":"a","reasoning_content":"r"}"#, false),
        (r#"{"role":"assistant","content":"a","re\u0061soning":"r"}"#, false),
    ] {
        assert_eq!(facts(&format!("{{{rest},{message}]}}")).plain, plain, "{message}");
    }
}

#[test]
fn wrong_fields_are_named() {
    let table = [
        (r#""temperature":"hot""#, "temperature", r#"`temperature` must be a number, got "hot""#),
        (
            r#""max_tokens":"abc""#,
            "max_tokens",
            r#"`max_tokens` must be a non-negative integer, got "abc""#,
        ),
        (
            r#""max_tokens":1.5"#,
            "max_tokens",
            "`max_tokens` must be a non-negative integer, got 1.5",
        ),
        (r#""stream":"yes""#, "stream", r#"`stream` must be a boolean, got "yes""#),
        (r#""n":-1"#, "n", "`n` must be a non-negative integer, got -1"),
        (r#""model":7"#, "model", "`model` must be a string, got 7"),
        (r#""top_p":[1]"#, "top_p", "`top_p` must be a number, got an array"),
        (r#""stop":[1]"#, "stop[0]", "`stop[0]` must be a string, got 1"),
        (r#""stop":7"#, "stop", "`stop` must be a string or an array, got 7"),
        (r#""tools":{}"#, "tools", "`tools` must be an array, got an object"),
        (r#""tools":["x"]"#, "tools[0]", r#"`tools[0]` must be an object, got "x""#),
        (r#""tool_choice":1"#, "tool_choice", "`tool_choice` must be a string or an object, got 1"),
        (
            r#""stream_options":true"#,
            "stream_options",
            "`stream_options` must be an object, got true",
        ),
        (
            r#""stream_options":[true]"#,
            "stream_options",
            "`stream_options` must be an object, got an array",
        ),
        (
            r#""stream_options":{"include_usage":1}"#,
            "stream_options.include_usage",
            "`stream_options.include_usage` must be a boolean, got a number",
        ),
        (
            r#""load_balance_strategy":3"#,
            "load_balance_strategy",
            "`load_balance_strategy` must be a string, got 3",
        ),
        (r#""user":{}"#, "user", "`user` must be a string, got an object"),
        (
            r#""response_format":"json""#,
            "response_format",
            r#"`response_format` must be an object, got "json""#,
        ),
        (r#""seed":1.5"#, "seed", "`seed` must be an integer, got 1.5"),
        (
            r#""max_completion_tokens":99999999999999999999999"#,
            "max_completion_tokens",
            "`max_completion_tokens` must be a non-negative integer, got 1e+23",
        ),
    ];
    for (rest, param, text) in table {
        let bad = refusal(&with(rest));
        assert_eq!(bad.param.as_deref(), Some(param), "{rest}");
        assert_eq!(bad.message, text, "{rest}");
        assert_eq!(bad.code, "invalid_request");
    }
}

#[test]
fn wrong_messages_are_named() {
    let table = [
        (
            message(r#"{"role":"robot","content":"x"}"#),
            "messages[0].role",
            r#"`messages[0].role` must be one of system, developer, user, assistant, tool, function, got "robot""#,
        ),
        (message(r#"{"content":"x"}"#), "messages[0].role", "`messages[0].role` is required"),
        (
            message(r#"{"role":1}"#),
            "messages[0].role",
            "`messages[0].role` must be a string, got a number",
        ),
        (
            message(r#"{"role":"user","content":1}"#),
            "messages[0].content",
            "`messages[0].content` must be a string or an array, got 1",
        ),
        (
            message(r#"{"role":"user","content":{}}"#),
            "messages[0].content",
            "`messages[0].content` must be a string or an array, got an object",
        ),
        (
            message(r#"{"role":"user","content":["x"]}"#),
            "messages[0].content[0]",
            r#"`messages[0].content[0]` must be an object, got "x""#,
        ),
        (
            message(r#"{"role":"tool","content":"x"}"#),
            "messages[0].tool_call_id",
            "`messages[0].tool_call_id` is required",
        ),
        (
            message(r#"{"role":"tool","tool_call_id":5}"#),
            "messages[0].tool_call_id",
            "`messages[0].tool_call_id` must be a string, got a number",
        ),
        (
            message(r#"{"role":"user","content":"x","name":1}"#),
            "messages[0].name",
            "`messages[0].name` must be a string, got a number",
        ),
        (
            message(r#"{"role":"assistant","tool_calls":{}}"#),
            "messages[0].tool_calls",
            "`messages[0].tool_calls` must be an array, got an object",
        ),
        (
            message(r#"{"role":"assistant","tool_calls":[1]}"#),
            "messages[0].tool_calls[0]",
            "`messages[0].tool_calls[0]` must be an object, got 1",
        ),
        (message("5"), "messages[0]", "`messages[0]` must be an object, got 5"),
        (message("null"), "messages[0]", "`messages[0]` must be an object, got null"),
        (r#"{"messages":[]}"#.to_owned(), "messages", "`messages` must hold at least one message"),
        (r#"{"messages":null}"#.to_owned(), "messages", "`messages` is required"),
        (
            r#"{"messages":"hi"}"#.to_owned(),
            "messages",
            "`messages` must be an array, got a string",
        ),
        (r#"{"model":"m"}"#.to_owned(), "messages", "`messages` is required"),
        ("{}".to_owned(), "messages", "`messages` is required"),
    ];
    for (body, param, text) in table {
        let bad = refusal(&body);
        assert_eq!((bad.param.as_deref(), bad.message.as_str()), (Some(param), text), "{body}");
    }
}

#[test]
fn a_body_that_is_no_object_says_so() {
    for (body, code) in [
        ("", "invalid_json"),
        ("[]", "invalid_json"),
        (r#"{"messages":"#, "invalid_json"),
        (r#"{"model":"a","model":"b","messages":[{"role":"user","content":"q"}]}"#, "invalid_json"),
    ] {
        assert_eq!(refusal(body).code, code, "{body}");
    }
    let deep = format!("{{\"messages\":{}1{}}}", "[".repeat(10_000), "]".repeat(10_000));
    assert_eq!(refusal(&deep).code, "too_deep");
    assert_eq!(read(b"{\"a\":\"\xff\"}").unwrap_err().code, "invalid_utf8");
}

#[test]
fn what_openai_accepts_is_accepted() {
    for rest in [
        r#""model":null,"stream":null,"temperature":null,"max_tokens":null,"tools":null,"stop":null"#,
        r#""unknown":{"deep":[[{}]]},"temperature":2,"n":1,"seed":-9"#,
        r#""stop":[],"tool_choice":"auto","function_call":{"name":"f"},"functions":[{}]"#,
        r#""stream_options":null,"logit_bias":{"1":-100},"modalities":["text","audio"]"#,
        r#""temperature":1e0,"top_k":-1"#,
    ] {
        facts(&with(rest));
    }
    for json in [
        r#"{"role":"user","content":[{"type":"video_url","video_url":{}}],"unknown":1}"#,
        r#"{"role":"assistant","content":null,"tool_calls":null,"name":null,"refusal":null}"#,
        r#"{"role":"assistant","function_call":{"name":"f","arguments":"{}"}}"#,
        r#"{"role":"tool","tool_call_id":"c","content":[]}"#,
        r#"{"role":"function","name":"f","content":"x"}"#,
        r#"{"role":"developer","content":""}"#,
        r#"{"content":"late role","role":"user"}"#,
        r#"{"\u0072ole":"user","content":"escaped key"}"#,
    ] {
        facts(&message(json));
    }
}

#[test]
fn both_passes_agree_on_every_known_field() {
    let values = ["true", "1", "-1", "0.5", r#""s""#, "[]", r#"["s"]"#, "[1]", "[{}]", "{}"];
    for (key, _) in TABLE {
        for value in values {
            let body = with(&format!(r#""{key}":{value}"#));
            let fast = scan::object(body.as_bytes(), &mut Found::default()).is_ok();
            let nothing = BadRequest::body("none", "");
            let slow = explain::why(body.as_bytes(), nothing.clone()) == nothing;
            assert_eq!(fast, slow, "{key}: {value}");
        }
    }
}
