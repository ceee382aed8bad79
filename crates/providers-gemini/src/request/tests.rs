//! Addresses, headers and rules.

use super::*;
use crate::generate::GenerateClient;
use crate::testing::{inbound, json, target};
use tollgate_providers_common::ParamRules;

fn path(model: &str, stream: bool) -> String {
    let body = Bytes::from_static(b"{}");
    post(&target(model), Method::generate(stream), body).unwrap().uri().to_string()
}

#[test]
fn addresses_name_model_and_method() {
    const BASE: &str = "https://generativelanguage.googleapis.com/v1";
    for (model, stream, want) in [
        ("gemini-3-flash", false, "/models/gemini-3-flash:generateContent"),
        ("gemini-3-flash", true, "/models/gemini-3-flash:streamGenerateContent?alt=sse"),
        ("models/gemini-3-flash", false, "/models/gemini-3-flash:generateContent"),
        ("tunedModels/a-1", false, "/tunedModels/a-1:generateContent"),
        ("odd name?x#y", false, "/models/odd%20name%3Fx%23y:generateContent"),
    ] {
        assert_eq!(path(model, stream), format!("{BASE}{want}"));
    }
    let mut vertex = target("gemini-3-flash");
    vertex.base = "https://e-aiplatform.googleapis.com/v1/projects/p/locations/e/publishers/google"
        .parse()
        .unwrap();
    let request = post(&vertex, Method::Generate, Bytes::new()).unwrap();
    assert!(
        request.uri().path().ends_with("/publishers/google/models/gemini-3-flash:generateContent")
    );
    assert_eq!(request.headers()[ACCEPT_ENCODING], "identity");
}

fn spliced(body: &str, params: ParamRules) -> String {
    let target = UpstreamTarget { params, ..target("gemini-3-flash") };
    let encoded = splice(&inbound(&GenerateClient, body), &target).unwrap();
    String::from_utf8(encoded.request.into_body().to_vec()).unwrap()
}

#[test]
fn a_body_without_rules_is_the_clients_own_bytes() {
    let body = r#"{ "contents":[ {"parts":[{"text":"é\u00e9"}]} ] , "x" : 1.50 }"#;
    assert_eq!(spliced(body, ParamRules::default()), body);
}

#[test]
fn rules_land_where_the_dialect_has_its_parameters() {
    let rules = ParamRules {
        defaults: vec![
            ("temperature".into(), json("0.2")),
            ("max_tokens".into(), json("99")),
            ("safetySettings".into(), json("[]")),
            ("unheard_of".into(), json("1")),
        ],
        remove: vec!["top_k".into()],
        rename: vec![],
        set: vec![("seed".into(), json("7"))],
    };
    for (body, want) in [
        (
            r#"{"contents":[]}"#,
            r#"{"contents":[],"safetySettings":[],"generationConfig":{"temperature":0.2,"maxOutputTokens":99,"seed":7}}"#,
        ),
        (
            r#"{"generationConfig":{"temperature":1,"topK":3},"contents":[],"safety_settings":[1]}"#,
            r#"{"generationConfig":{"temperature":1,"maxOutputTokens":99,"seed":7},"contents":[],"safety_settings":[1]}"#,
        ),
        (
            r#"{"generation_config":{"max_output_tokens":5,"seed":1},"contents":[]}"#,
            r#"{"generation_config":{"max_output_tokens":5,"seed":7,"temperature":0.2},"contents":[],"safetySettings":[]}"#,
        ),
    ] {
        assert_eq!(spliced(body, rules.clone()), want);
    }
}
