//! Layouts against a parser that keeps positions in another way, and every refusal's words.

use super::*;
use proptest::prelude::*;
use serde_json::Value;
use std::collections::BTreeMap;

/// Keys and values as the layout gives them.
fn pairs(body: &str) -> Vec<(String, String)> {
    let layout = layout(body.as_bytes()).unwrap_or_else(|error| panic!("{body}: {error}"));
    layout
        .entries()
        .iter()
        .map(|entry| {
            let value = entry
                .value_bytes(body.as_bytes())
                .and_then(|bytes| std::str::from_utf8(bytes).ok())
                .unwrap();
            (entry.name(body).into_owned(), value.to_owned())
        })
        .collect()
}

fn refused(body: &[u8]) -> (&'static str, String) {
    let error = layout(body).unwrap_err();
    (error.code, error.message)
}

#[test]
fn layouts() {
    let table: &[(&str, &[(&str, &str)])] = &[
        ("{}", &[]),
        (" \n{ \t}\r\n", &[]),
        (r#"{"a":1}"#, &[("a", "1")]),
        (r#"{"a":1,"b":2}"#, &[("a", "1"), ("b", "2")]),
        (" { \"a\" : [1, 2] ,\n\"b\"\t:\r{\"c\":{}} } ", &[("a", "[1, 2]"), ("b", "{\"c\":{}}")]),
        (r#"{"":"","a":"}\",\"b\":{"}"#, &[("", "\"\""), ("a", r#""}\",\"b\":{""#)]),
        (r#"{"a\nb":1,"c":"x\\","d":[]}"#, &[("a\nb", "1"), ("c", r#""x\\""#), ("d", "[]")]),
        (
            r#"{ "\u0061" : {"x":[1,"]"]} , "é" :null }"#,
            &[("a", r#"{"x":[1,"]"]}"#), ("é", "null")],
        ),
        (
            r#"{"a":-1.5e+3,"b":true , "c":false}"#,
            &[("a", "-1.5e+3"), ("b", "true"), ("c", "false")],
        ),
        (r#"{"\\":1,"\\\\":2}"#, &[("\\", "1"), ("\\\\", "2")]),
        (r#"{"a:":1,"b,":2,"{":3}"#, &[("a:", "1"), ("b,", "2"), ("{", "3")]),
    ];
    for (body, want) in table {
        let want: Vec<_> = want.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        assert_eq!(pairs(body), want, "{body}");
    }
}

#[test]
fn both_ways_to_find_entries_agree() {
    // An escaped key sends the reader the slow way; the other entries must not move.
    let plain = pairs(r#"{ "a" : [1, {"x":"}"}] ,"b":"\\" , "n": {} }"#);
    let slow = pairs(r#"{ "\u0061" : [1, {"x":"}"}] ,"b":"\\" , "n": {} }"#);
    assert_eq!(plain, slow);
}

#[test]
fn values_are_found_by_key() {
    let body = br#"{"\u006dodel":"x","stream" : true}"#;
    let layout = layout(body).unwrap();
    assert_eq!(layout.value(body, "model"), Some("\"x\""));
    assert_eq!(layout.value(body, "stream"), Some("true"));
    assert_eq!(layout.value(body, "\\u006dodel"), None);
}

#[test]
fn refusals() {
    let table: &[(&[u8], &str, &str)] = &[
        (b"", "invalid_json", "body is empty; a JSON object is required"),
        (b" \n", "invalid_json", "body is empty; a JSON object is required"),
        (b"null", "invalid_json", "body must be a JSON object, got null"),
        (b" [1]", "invalid_json", "body must be a JSON object, got an array"),
        (b"\"{}\"", "invalid_json", "body must be a JSON object, got a string"),
        (b"-1.5", "invalid_json", "body must be a JSON object, got a number"),
        (b"true", "invalid_json", "body must be a JSON object, got a boolean"),
        (
            b"{\"a\":1",
            "invalid_json",
            "body is not valid JSON: EOF while parsing an object at line 1 column 6",
        ),
        (
            b"{\n\"a\":1}x",
            "invalid_json",
            "body is not valid JSON: trailing characters at line 2 column 7",
        ),
        (b"{}{}", "invalid_json", "body is not valid JSON: trailing characters at line 1 column 3"),
        (
            b"{\"a\":1,}",
            "invalid_json",
            "body is not valid JSON: trailing comma at line 1 column 8",
        ),
        (
            b"{'a':1}",
            "invalid_json",
            "body is not valid JSON: key must be a string at line 1 column 2",
        ),
        (
            b"{\"a\":NaN}",
            "invalid_json",
            "body is not valid JSON: expected value at line 1 column 6",
        ),
        (
            b"{\"a\":\"\0\"}",
            "invalid_json",
            "body is not valid JSON: control character (\\u0000-\\u001F) found while parsing a string at line 1 column 6",
        ),
        (b"\0", "invalid_json", "body is not valid JSON: expected value at line 1 column 1"),
        (
            b"[1,",
            "invalid_json",
            "body is not valid JSON: EOF while parsing a value at line 1 column 3",
        ),
        (b"model=gpt", "invalid_json", "body is not valid JSON: expected value at line 1 column 1"),
        (
            b"\xEF\xBB\xBF{}",
            "invalid_json",
            "body is not valid JSON: it starts with a byte order mark at line 1 column 1",
        ),
        (
            b"{\"a\":\n\"b\xff\"}",
            "invalid_utf8",
            "body is not valid UTF-8: byte 0xff at line 2 column 3",
        ),
        (b"{\"a\":1,\"b\":2,\"a\":3}", "invalid_json", "body has the key `a` more than once"),
        (b"{\"a\":1,\"\\u0061\":3}", "invalid_json", "body has the key `a` more than once"),
        (
            b"{\"\\u001b\":1,\"\\u001b\":3}",
            "invalid_json",
            "body has the key `\\u{1b}` more than once",
        ),
    ];
    for (body, code, message) in table {
        assert_eq!(refused(body), (*code, (*message).to_owned()), "{}", body.escape_ascii());
    }
}

#[test]
fn a_duplicate_is_named_as_the_parameter() {
    assert_eq!(layout(br#"{"a":1,"a":2}"#).unwrap_err().param.as_deref(), Some("a"));
}

#[test]
fn duplicates_are_found_among_few_and_many_keys() {
    for count in [2, 31, 32, 33, 34, 5000] {
        let mut keys: Vec<String> = (0..count).map(|n| format!("\"k{n}\":{n}")).collect();
        assert_eq!(pairs(&format!("{{{}}}", keys.join(","))).len(), count);
        keys.push("\"k\\u0031\":0".to_owned());
        let error = refused(format!("{{{}}}", keys.join(",")).as_bytes());
        assert_eq!(error.1, "body has the key `k1` more than once");
    }
}

fn nested(depth: usize, open: &str, close: &str) -> Vec<u8> {
    let inner = depth - 1;
    format!("{{\"a\":{}1{}}}", open.repeat(inner), close.repeat(inner)).into_bytes()
}

#[test]
fn nesting_is_bounded_where_serde_json_bounds_it() {
    for (open, close) in [("[", "]"), ("{\"b\":", "}")] {
        let deepest = nested(MAX_DEPTH, open, close);
        assert!(layout(&deepest).is_ok());
        assert!(parse_value(&deepest).is_ok());
        let deeper = nested(MAX_DEPTH + 1, open, close);
        assert_eq!(refused(&deeper).0, "too_deep");
        assert_eq!(parse_value(&deeper).unwrap_err().code, "too_deep");
        assert!(serde_json::from_slice::<Value>(&deeper).is_err(), "the limit is serde_json's");
        assert_eq!(refused(&nested(100_000, open, close)).0, "too_deep");
    }
    assert_eq!(refused(&b"[".repeat(100_000)).0, "too_deep");
}

#[test]
fn brackets_side_by_side_or_in_strings_are_no_depth() {
    let wide = format!("{{\"a\":[{}[]],\"b\":\"{}\\\"[\"}}", "{},".repeat(500), "[{".repeat(500));
    assert_eq!(pairs(&wide).len(), 2);
}

#[test]
fn a_field_with_an_error_of_its_own_says_where() {
    struct Number;
    impl<'de> Fields<'de> for Number {
        fn field<A: MapAccess<'de>>(&mut self, _: &str, map: &mut A) -> Result<(), A::Error> {
            map.next_value::<u64>().map(|_| ())
        }
    }
    let error = object(b"{\"a\":1,\n\"b\":\"x\"}", &mut Number).unwrap_err();
    assert_eq!(error.code, "invalid_request");
    assert!(error.message.contains("at line 2 column 7"), "{}", error.message);
    // Broken JSON is not the field's fault.
    assert_eq!(object(b"{\"a\":1,\n\"b\":}", &mut Number).unwrap_err().code, "invalid_json");
    assert_eq!(object(b"[]", &mut Number).unwrap_err().code, "invalid_json");
}

#[test]
fn fields_meet_every_key_decoded_and_in_order() {
    struct Names(Vec<String>);
    impl<'de> Fields<'de> for Names {
        fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
            self.0.push(key.to_owned());
            map.next_value::<IgnoredAny>().map(|_| ())
        }
    }
    let mut names = Names(Vec::new());
    object(br#"{"b":1,"\u00e9":[],"a":{"x":1}}"#, &mut names).unwrap();
    assert_eq!(names.0, ["b", "é", "a"]);
}

fn json(depth: u32) -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[ -~é\n]{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(depth, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-c\"\\\\é]{0,3}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// A JSON object as text with white space where it may stand, and keys escaped or not.
pub(crate) fn object_text() -> impl Strategy<Value = (String, BTreeMap<String, Value>)> {
    let entries = prop::collection::btree_map("[a-e\"\\\\é\n]{0,3}", json(3), 0..8);
    let space = prop::sample::select(vec!["", "", " ", "\n  ", "\t\r\n"]);
    (entries, prop::collection::vec(space, 8), any::<bool>()).prop_map(
        |(entries, space, escape)| {
            let mut space = space.into_iter().cycle();
            let mut next = || space.next().unwrap();
            let mut text = format!("{}{{{}", next(), next());
            for (at, (key, value)) in entries.iter().enumerate() {
                let mut key = serde_json::to_string(key).unwrap();
                if escape && at == 0 {
                    key = key.replace('a', "\\u0061");
                }
                let comma = if at == 0 { "" } else { "," };
                text += &format!("{comma}{}{key}{}:{}{value}{}", next(), next(), next(), next());
            }
            text += &format!("}}{}", next());
            (text, entries)
        },
    )
}

proptest! {
    #[test]
    fn a_layout_finds_what_a_parser_finds((text, entries) in object_text()) {
        let found: BTreeMap<String, Value> = pairs(&text)
            .into_iter()
            .map(|(key, value)| {
                assert_eq!(value.trim(), value);
                (key, serde_json::from_str(&value).unwrap())
            })
            .collect();
        prop_assert_eq!(found, entries);
    }

    #[test]
    fn any_bytes_are_read_or_refused(body in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = layout(&body);
    }

    #[test]
    fn almost_json_is_read_or_refused(
        (text, _) in object_text(),
        cut in any::<prop::sample::Index>(),
        put in "[\\[\\]{}\",:\\\\a1 ]{0,3}",
    ) {
        let mut text: Vec<char> = text.chars().collect();
        let at = cut.index(text.len());
        text.splice(at..(at + 1).min(text.len()), put.chars());
        let text: String = text.into_iter().collect();
        let valid = serde_json::from_str::<serde_json::Map<String, Value>>(&text).is_ok();
        match layout(text.as_bytes()) {
            Ok(_) => prop_assert!(valid, "{}", text),
            Err(error) => prop_assert!(!valid || error.message.contains("more than once"), "{}: {}", text, error),
        }
    }
}
