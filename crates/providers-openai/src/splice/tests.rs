//! The verbatim path's edits: what changes, and that nothing else does.

use super::*;
use crate::tests::support::{chat_codec, client, codec, inbound, target};
use http::HeaderName;
use tollgate_core_types::Dialect;

fn json(text: &str) -> JsonText {
    JsonText::from_valid(text)
}

fn relayed(dialect: Dialect, body: &str, target: &UpstreamTarget) -> String {
    let encoded = codec(dialect).splice(&inbound(dialect, body.as_bytes()), target).unwrap();
    assert!(encoded.lost.is_empty());
    String::from_utf8(encoded.request.body().to_vec()).unwrap()
}

fn chat(body: &str, target: &UpstreamTarget) -> String {
    relayed(Dialect::OPENAI_CHAT, body, target)
}

const PLAIN: &str =
    r#"{ "model" : "m", "messages":[{"role":"user","content":"\u0041 1.0"}] , "x":1.50}"#;

#[test]
fn an_unchanged_body_is_not_copied() {
    let inbound = inbound(Dialect::OPENAI_CHAT, PLAIN.as_bytes());
    let encoded = codec(Dialect::OPENAI_CHAT).splice(&inbound, &target("m")).unwrap();
    assert_eq!(encoded.request.body().as_ptr(), inbound.body.as_ptr());
}

#[test]
fn the_model_is_replaced_and_our_own_field_removed() {
    assert_eq!(chat(PLAIN, &target("up/m\"1")), PLAIN.replace(r#""m""#, r#""up/m\"1""#));
    let ours = r#"{"messages":[{"role":"user","content":"q"}],"load_balance_strategy":"random"}"#;
    assert_eq!(
        chat(ours, &target("m")),
        r#"{"messages":[{"role":"user","content":"q"}],"model":"m"}"#
    );
}

#[test]
fn usage_is_asked_for_only_where_it_is_needed() {
    let with = |rest: &str| {
        format!(r#"{{"model":"m","messages":[{{"role":"user","content":"q"}}]{rest}}}"#)
    };
    let asked = with(r#","stream":true,"stream_options":{"include_usage":true}"#);
    assert_eq!(chat(&asked, &target("m")), asked);
    assert_eq!(chat(&with(r#","stream":true"#), &target("m")), asked);
    let other = with(r#","stream":true,"stream_options":{ "include_obfuscation": false }"#);
    let text = chat(&other, &target("m"));
    assert!(text.contains(r#""include_obfuscation": false"#), "{text}");
    assert!(text.contains(r#""include_usage":true"#), "{text}");
    for refused in ["false", "null"] {
        let body =
            with(&format!(r#","stream":true,"stream_options":{{"include_usage":{refused}}}"#));
        assert_eq!(chat(&body, &target("m")), asked, "{refused}");
    }
    let null = with(r#","stream":true,"stream_options":null"#);
    assert_eq!(chat(&null, &target("m")), asked);
    let whole = with("");
    assert_eq!(chat(&whole, &target("m")), whole);
    let old = UpstreamTarget { stream_usage: false, ..target("m") };
    let streamed = with(r#","stream":true"#);
    assert_eq!(chat(&streamed, &old), streamed);
}

#[test]
fn defaults_give_way_to_the_client_under_either_name() {
    let defaults =
        vec![("temperature".to_owned(), json("0.7")), ("max_tokens".to_owned(), json("1000"))];
    let params = ParamRules { defaults, ..ParamRules::default() };
    let target = UpstreamTarget { params, ..target("m") };
    let mine = r#"{"model":"m","messages":[{"role":"user","content":"q"}],"temperature":0,"max_completion_tokens":5}"#;
    assert_eq!(chat(mine, &target), mine);
    let text = chat(r#"{"model":"m","messages":[{"role":"user","content":"q"}]}"#, &target);
    assert!(
        text.contains(r#""temperature":0.7"#) && text.contains(r#""max_tokens":1000"#),
        "{text}"
    );
}

#[test]
fn the_newer_name_of_the_token_bound_is_used_where_the_model_needs_it() {
    let mut needs = target("o3");
    needs.quirks.max_completion_tokens = true;
    let body = |rest: &str| {
        format!(r#"{{"model":"o3","messages":[{{"role":"user","content":"q"}}]{rest}}}"#)
    };
    assert_eq!(chat(&body(r#","max_tokens":9"#), &needs), body(r#","max_completion_tokens":9"#));
    let both = body(r#","max_tokens":9,"max_completion_tokens":7"#);
    assert_eq!(chat(&both, &needs), both);
    assert_eq!(chat(&body(""), &needs), body(""));

    let configured = UpstreamTarget {
        params: ParamRules {
            defaults: vec![("max_tokens".to_owned(), json("50"))],
            ..ParamRules::default()
        },
        ..needs.clone()
    };
    assert_eq!(chat(&body(""), &configured), body(r#","max_completion_tokens":50"#));
    assert_eq!(
        chat(&body(r#","max_tokens":9"#), &configured),
        body(r#","max_completion_tokens":9"#)
    );
    let forced = UpstreamTarget {
        params: ParamRules {
            set: vec![("max_tokens".to_owned(), json("5"))],
            ..ParamRules::default()
        },
        ..needs
    };
    assert_eq!(chat(&body(r#","max_tokens":9"#), &forced), body(r#","max_completion_tokens":5"#));
}

#[test]
fn text_completions_keep_the_only_name_that_they_know() {
    let mut needs = target("m");
    needs.quirks.max_completion_tokens = true;
    let body = r#"{"model":"m","prompt":"p","max_tokens":9}"#;
    assert_eq!(relayed(Dialect::OPENAI_COMPLETIONS, body, &needs), body);
}

#[test]
fn every_operation_has_its_path_and_headers() {
    let mut target = target("m");
    let beta = HeaderName::from_static("x-beta");
    target.headers = vec![
        (beta.clone(), HeaderValue::from_static("ours")),
        (ACCEPT_ENCODING, HeaderValue::from_static("br")),
    ];
    for (dialect, body, path) in [
        (Dialect::OPENAI_CHAT, PLAIN, "/v1/chat/completions"),
        (Dialect::OPENAI_COMPLETIONS, r#"{"model":"m","prompt":"p"}"#, "/v1/completions"),
        (Dialect::OPENAI_EMBEDDINGS, r#"{"model":"m","input":"p"}"#, "/v1/embeddings"),
    ] {
        let mut inbound = inbound(dialect, body.as_bytes());
        inbound.headers.insert(beta.clone(), HeaderValue::from_static("theirs"));
        inbound.headers.insert("x-kept", HeaderValue::from_static("1"));
        let request = codec(dialect).splice(&inbound, &target).unwrap().request;
        assert_eq!(request.method(), Method::POST);
        assert_eq!(request.uri().to_string(), format!("https://api.example.com{path}"));
        let header = |name: &str| request.headers().get(name).map(HeaderValue::as_bytes);
        assert_eq!(header("content-type"), Some(b"application/json".as_slice()));
        assert_eq!(header("accept-encoding"), Some(b"identity".as_slice()));
        assert_eq!(header("x-beta"), Some(b"ours".as_slice()));
        assert_eq!(header("x-kept"), Some(b"1".as_slice()));
        assert_eq!(header("authorization"), None);
    }
}

#[test]
fn embeddings_are_never_asked_for_stream_usage() {
    let body = r#"{"model":"m","input":["a"],"stream":true}"#;
    assert_eq!(relayed(Dialect::OPENAI_EMBEDDINGS, body, &target("m")), body);
}

#[test]
fn translated_requests_follow_the_rules_too() {
    let mut target = target("m");
    target.quirks.max_completion_tokens = true;
    target.params = ParamRules {
        defaults: vec![("max_tokens".to_owned(), json("9")), ("top_p".to_owned(), json("0.5"))],
        remove: vec!["user".to_owned()],
        rename: vec![("seed".to_owned(), "random_seed".to_owned())],
        set: vec![("citation".to_owned(), json("false"))],
    };
    let body = r#"{"messages":[{"role":"user","content":"q"}],"user":"u","seed":3,"max_tokens":5}"#;
    let inbound = inbound(Dialect::OPENAI_CHAT, body.as_bytes());
    let chat = client(Dialect::OPENAI_CHAT).parse(&inbound).unwrap();
    let encoded = chat_codec().encode(&chat, &target).unwrap();
    let text = String::from_utf8(encoded.request.body().to_vec()).unwrap();
    assert_eq!(
        text,
        r#"{"model":"m","messages":[{"role":"user","content":"q"}],"max_completion_tokens":5,"random_seed":3,"citation":false}"#,
        "defaults were put into the client's request"
    );
    assert_eq!(encoded.request.uri().path(), "/v1/chat/completions");
}

#[test]
fn a_default_without_a_word_in_the_clients_dialect_is_said_in_the_vendors() {
    let mut target = target("m");
    let thinking = ("enable_thinking".to_owned(), json("false"));
    target.params.defaults = vec![("temperature".to_owned(), json("0.7")), thinking.clone()];
    let chat = tollgate_core_types::chat::ChatRequest {
        extra: vec![thinking, ("top_a".to_owned(), json("1"))],
        ..Default::default()
    };
    let encoded = chat_codec().encode(&chat, &target).unwrap();
    let text = String::from_utf8(encoded.request.body().to_vec()).unwrap();
    assert_eq!(text, r#"{"model":"m","messages":[],"enable_thinking":false}"#);
    assert_eq!(encoded.lost, [tollgate_core_types::Lost::dropped("top_a")]);
}

#[test]
fn sampling_defaults_stay_away_from_models_that_refuse_them() {
    let mut target = target("o3");
    target.quirks = crate::quirks_for("o3");
    target.params.defaults =
        vec![("temperature".to_owned(), json("0.7")), ("store".to_owned(), json("false"))];
    let body = r#"{"model":"o3","messages":[{"role":"user","content":"q"}]}"#;
    let text = chat(body, &target);
    assert!(!text.contains("temperature") && text.contains(r#""store":false"#), "{text}");
    let own = r#"{"model":"o3","messages":[{"role":"user","content":"q"}],"temperature":0.7,"store":true}"#;
    assert_eq!(chat(own, &target), own, "what the client says is the vendor's to judge");
}
