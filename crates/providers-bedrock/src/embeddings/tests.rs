//! Vectors: what is asked of each family, and what is told.

use super::*;
use proptest::prelude::*;
use serde_json::{Value, json};
use tollgate_providers_common::{ParamRules, testkit};

use crate::testing::{self, target, value};

const TITAN: &str = "amazon.titan-embed-text-v2:0";
const COHERE: &str = "cohere.embed-multilingual-v3";

fn codec(model: &str) -> Embeddings {
    Embeddings::new(Family::of(model), model.into(), Arc::default())
}

fn inbound(body: &str) -> Inbound {
    let mut inbound = testing::inbound(Dialect::OPENAI_EMBEDDINGS, Asks::Embeddings, body);
    inbound.facts.items = value(body.as_bytes())["input"].as_array().map_or(1, Vec::len);
    inbound
}

fn asked(model: &str, body: &str) -> Result<(Value, Vec<String>), String> {
    match codec(model).splice(&inbound(body), &target(model)) {
        Ok(encoded) => Ok((value(encoded.request.body()), testing::lost(&encoded.lost))),
        Err(error) => Err(error.to_string()),
    }
}

#[test]
fn each_family_is_asked_in_its_own_words() {
    let table: [(&str, &str, Value, &[&str]); 8] = [
        (TITAN, r#"{"model":"m","input":"a"}"#, json!({"inputText":"a"}), &[]),
        (
            TITAN,
            r#"{"input":["a"],"dimensions":256,"normalize":false,"user":"u"}"#,
            json!({"inputText":"a","dimensions":256,"normalize":false}),
            &["-user"],
        ),
        (
            "amazon.titan-embed-text-v1",
            r#"{"input":"a","dimensions":256}"#,
            json!({"inputText":"a"}),
            &["-dimensions"],
        ),
        (
            "amazon.titan-embed-image-v1",
            r#"{"input":"a","dimensions":256}"#,
            json!({"inputText":"a","embeddingConfig":{"outputEmbeddingLength":256}}),
            &[],
        ),
        (
            COHERE,
            r#"{"input":["a","b"],"encoding_format":"float"}"#,
            json!({"texts":["a","b"],"input_type":"search_document"}),
            &[],
        ),
        (
            COHERE,
            r#"{"input":"a","input_type":"search_query","truncate":"END","dimensions":4}"#,
            json!({"texts":["a"],"input_type":"search_query","truncate":"END"}),
            &["-dimensions"],
        ),
        (
            "cohere.embed-v4:0",
            r#"{"input":"a","dimensions":512}"#,
            json!({"texts":["a"],"input_type":"search_document","output_dimension":512,
                "embedding_types":["float"]}),
            &[],
        ),
        (
            COHERE,
            r#"{"input":"a","user":null}"#,
            json!({"texts":["a"],"input_type":"search_document"}),
            &[],
        ),
    ];
    for (model, body, sent, lost) in table {
        assert_eq!(asked(model, body), Ok((sent, lost.iter().map(|&it| it.to_owned()).collect())));
    }
}

#[test]
fn what_a_family_cannot_take_is_refused_with_its_reason() {
    let many = json!({ "input": vec!["a"; 97] }).to_string();
    for (model, body, why) in [
        (
            TITAN,
            r#"{"input":["a","b"]}"#,
            "`input`: this model takes one text per request; 256 are sent for one",
        ),
        (TITAN, r#"{"input":[1,2]}"#, "`input`: this vendor takes texts alone, no tokens"),
        (COHERE, r#"{"input":[[1]]}"#, "`input`: this vendor takes texts alone, no tokens"),
        (COHERE, many.as_str(), "`input`: this model takes 96 texts per request"),
        (COHERE, "{}", "`input`: `input` is required"),
    ] {
        assert_eq!(asked(model, body), Err(why.to_owned()));
    }
}

#[test]
fn a_configured_word_of_the_model_is_a_default() {
    let mut target = target(COHERE);
    let default = ("truncate".to_owned(), testing::json("\"START\""));
    target.params = ParamRules {
        defaults: vec![default, ("temperature".to_owned(), testing::json("1"))],
        ..ParamRules::default()
    };
    let sent = |body: &str| {
        let encoded = codec(COHERE).splice(&inbound(body), &target).unwrap();
        value(encoded.request.body())["truncate"].clone()
    };
    assert_eq!(sent(r#"{"input":"a"}"#), "START");
    assert_eq!(sent(r#"{"input":"a","truncate":"END"}"#), "END");
}

#[test]
fn vectors_are_told_as_openai_tells_them() {
    let tell = |model: &str, answer: &'static str, ask: &str| {
        let body = Bytes::from_static(answer.as_bytes());
        value(&codec(model).relayed(body, &inbound(ask)).unwrap())
    };
    let titan = r#"{"embedding":[0.25,-1.5],"inputTextTokenCount":3}"#;
    let told = tell(TITAN, titan, r#"{"input":"a"}"#);
    assert_eq!(
        told,
        json!({
            "object": "list",
            "data": [{ "object": "embedding", "index": 0, "embedding": [0.25, -1.5] }],
            "model": TITAN,
            "usage": { "prompt_tokens": 3, "total_tokens": 3 },
        })
    );
    let packed = tell(TITAN, titan, r#"{"input":"a","encoding_format":"base64"}"#);
    assert_eq!(packed["data"][0]["embedding"], "AACAPgAAwL8=");
    for answer in [r#"{"embeddings":[[1],[2.5]]}"#, r#"{"embeddings":{"float":[[1],[2.5]]}}"#] {
        let told = tell(COHERE, answer, r#"{"input":["a","b"]}"#);
        assert_eq!(told["data"][1], json!({"object":"embedding","index":1,"embedding":[2.5]}));
    }
    assert_eq!(codec(TITAN).account(titan.as_bytes()).unwrap().usage.input_tokens, Some(3));
    assert!(codec(COHERE).account(br#"{"embeddings":[[1]]}"#).unwrap().usage.is_empty());
}

#[test]
fn several_texts_for_titan_are_asked_one_by_one_and_told_as_one() {
    let several = inbound(r#"{"model":"m", "input":["a","b\"c"], "dimensions":256}"#);
    let cut = codec(TITAN).pieces(&several);
    let pieces: Vec<Inbound> = cut.iter().map(|piece| piece.of(&several)).collect();
    let sent =
        |piece: &Inbound| value(codec(TITAN).splice(piece, &target(TITAN)).unwrap().request.body());
    let sent: Vec<Value> = pieces.iter().map(sent).collect();
    let texts = ["a", "b\"c"].map(|text| json!({"inputText":text,"dimensions":256}));
    assert_eq!(sent, texts);
    let answers: Vec<Bytes> = ["[1.5]", "[2.5]"]
        .iter()
        .zip(&pieces)
        .map(|(vector, piece)| {
            let body = format!(r#"{{"embedding":{vector},"inputTextTokenCount":3}}"#);
            codec(TITAN).relayed(body.into(), piece).unwrap()
        })
        .collect();
    let told = value(&codec(TITAN).joined(&cut, &answers).unwrap());
    assert_eq!(told["data"][1], json!({"object":"embedding","index":1,"embedding":[2.5]}));
    assert_eq!(told["usage"], json!({"prompt_tokens":6,"total_tokens":6}));
    assert!(codec(TITAN).joined(&cut, &answers[..1]).is_err());
    let two = Bytes::from_static(br#"{"data":[{},{}]}"#);
    let none = Bytes::from_static(b"{}");
    assert!(codec(TITAN).joined(&cut, &[two, none]).is_err());
    assert!(codec(COHERE).pieces(&several).is_empty());
    let one = inbound(r#"{"input":["a"]}"#);
    assert!(codec(TITAN).pieces(&one).is_empty());
}

#[test]
fn what_has_no_vectors_is_no_answer() {
    for body in ["", "{}", "[]", "<html>", "{\"embedding\":\"x\"}", "{\"embeddings\":[1]}"] {
        assert!(codec(TITAN).account(body.as_bytes()).is_err(), "{body}");
    }
    testkit::error_matrix(&codec(TITAN));
}

proptest! {
    #[test]
    fn any_answer_is_read_without_harm(body in prop::collection::vec(any::<u8>(), 0..100)) {
        let relayed = codec(TITAN).relayed(Bytes::from(body.clone()), &inbound("{}"));
        prop_assert_eq!(relayed.is_ok(), codec(TITAN).account(&body).is_ok());
    }
}
