//! Edits against a model on a parsed map; bytes that no edit names must not change.

use super::*;
use crate::scan::layout;
use crate::scan::tests::object_text;
use proptest::prelude::*;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

fn json(text: &str) -> JsonText {
    JsonText::from_valid(text)
}

fn apply(body: &str, edits: Edits<'_>) -> String {
    let body = Bytes::copy_from_slice(body.as_bytes());
    let out = edits.apply(&body, &layout(&body).unwrap());
    String::from_utf8(out.to_vec()).unwrap()
}

#[test]
fn sets_and_removes() {
    type Build = fn(Edits<'static>) -> Edits<'static>;
    let table: &[(&str, Build, &str)] = &[
        (r#"{"a":1}"#, |e| e.set("a", "2"), r#"{"a":2}"#),
        (r#"{ "a" : 1 , "b" : 2 }"#, |e| e.set("a", "\"x\""), r#"{ "a" : "x" , "b" : 2 }"#),
        (r#"{"a":1}"#, |e| e.set("b", "2"), r#"{"a":1,"b":2}"#),
        ("{\n  \"a\": 1\n}\n", |e| e.set("b", "2"), "{\n  \"a\": 1,\"b\":2\n}\n"),
        ("{}", |e| e.set("b", "2"), r#"{"b":2}"#),
        (" { } ", |e| e.set("b", "2").set("c", "3"), r#" {"b":2,"c":3 } "#),
        (r#"{"a":1}"#, |e| e.remove("a"), "{}"),
        (r#"{ "a":1 }"#, |e| e.remove("a"), "{ }"),
        (r#"{"a":1, "b":2}"#, |e| e.remove("a"), r#"{ "b":2}"#),
        (r#"{"a":1 , "b":2}"#, |e| e.remove("b"), r#"{"a":1}"#),
        (r#"{"a":1,"b":2,"c":3}"#, |e| e.remove("b"), r#"{"a":1,"c":3}"#),
        (r#"{"a":1,"b":2,"c":3}"#, |e| e.remove("a").remove("b"), r#"{"c":3}"#),
        (r#"{"a":1,"b":2,"c":3}"#, |e| e.remove("c").remove("b"), r#"{"a":1}"#),
        (r#"{"a":1,"b":2,"c":3}"#, |e| e.remove("a").remove("c"), r#"{"b":2}"#),
        (r#"{"a":1,"b":2}"#, |e| e.remove("a").remove("b"), "{}"),
        (r#"{"a":1,"b":2}"#, |e| e.remove("a").remove("b").set("c", "3"), r#"{"c":3}"#),
        (r#"{"a":1,"b":2}"#, |e| e.remove("b").set("c", "3"), r#"{"a":1,"c":3}"#),
        (r#"{"a":1}"#, |e| e.remove("a").set("a", "2"), r#"{"a":2}"#),
        (r#"{"a":1}"#, |e| e.set("a", "2").remove("a"), "{}"),
        (r#"{"a":1}"#, |e| e.set("b", "2").remove("b"), r#"{"a":1}"#),
        (r#"{"a":1}"#, |e| e.set("a", "2").set("a", "1"), r#"{"a":1}"#),
        (r#"{"\u0061":1}"#, |e| e.set("a", "2"), r#"{"\u0061":2}"#),
        (r#"{"\u0061":1,"b":2}"#, |e| e.remove("a"), r#"{"b":2}"#),
        (r#"{}"#, |e| e.set("a\"b", "2"), r#"{"a\"b":2}"#),
        (r#"{"a":1.0e2,"b":1e400}"#, |e| e.set("c", "3"), r#"{"a":1.0e2,"b":1e400,"c":3}"#),
    ];
    for (body, build, want) in table {
        assert_eq!(apply(body, build(Edits::new())), *want, "{body}");
    }
}

#[test]
fn rules_apply_in_their_order() {
    let rules = ParamRules {
        defaults: vec![
            ("temperature".to_owned(), json("0.7")),
            ("max_tokens".to_owned(), json("9")),
            ("seed".to_owned(), json("1")),
        ],
        remove: vec!["logit_bias".to_owned(), "seed".to_owned()],
        rename: vec![("max_tokens".to_owned(), "max_completion_tokens".to_owned())],
        set: vec![("citation".to_owned(), json("false")), ("model".to_owned(), json("\"s\""))],
    };
    let got = apply(
        r#"{"model":"m","temperature":0,"logit_bias":{}}"#,
        Edits::new().rules(&rules, &[]).set("model", "\"codec\""),
    );
    let want = r#"{"model":"codec","temperature":0,"max_completion_tokens":9,"citation":false}"#;
    assert_eq!(got, want);
}

#[test]
fn a_default_gives_way_to_a_synonym_and_to_null() {
    let rules = ParamRules {
        defaults: vec![("max_tokens".to_owned(), json("9")), ("stop".to_owned(), json("[]"))],
        ..ParamRules::default()
    };
    let synonyms: &[&[&str]] = &[&["max_tokens", "max_completion_tokens"]];
    let body = r#"{"max_completion_tokens":1,"stop":null}"#;
    assert_eq!(apply(body, Edits::new().rules(&rules, synonyms)), body);
    assert_eq!(
        apply(body, Edits::new().rules(&rules, &[])),
        r#"{"max_completion_tokens":1,"stop":null,"max_tokens":9}"#
    );
}

#[test]
fn a_rename_onto_a_taken_key() {
    let rename = |defaults: &[(&str, &str)], renames: &[(&str, &str)]| ParamRules {
        defaults: defaults.iter().map(|(k, v)| ((*k).to_owned(), json(v))).collect(),
        rename: renames.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect(),
        ..ParamRules::default()
    };
    let table: &[(&str, ParamRules, &str)] = &[
        (r#"{"a":1,"b":2}"#, rename(&[], &[("a", "b")]), r#"{"b":2}"#),
        (r#"{"a":1}"#, rename(&[("b", "2")], &[("a", "b")]), r#"{"b":1}"#),
        (r#"{"b":1}"#, rename(&[("a", "2")], &[("a", "b")]), r#"{"b":1}"#),
        (r#"{}"#, rename(&[("a", "1"), ("b", "2")], &[("a", "b")]), r#"{"b":2}"#),
        (r#"{"a":1}"#, rename(&[], &[("a", "a")]), r#"{"a":1}"#),
        (r#"{ "a" :1}"#, rename(&[], &[("a", "b"), ("b", "c")]), r#"{ "c" :1}"#),
        (r#"{"a":1,"b":2}"#, rename(&[], &[("a", "c"), ("b", "a")]), r#"{"c":1,"a":2}"#),
        (r#"{"a":1,"b":2}"#, rename(&[], &[("b", "c"), ("c", "a")]), r#"{"a":1}"#),
    ];
    for (body, rules, want) in table {
        assert_eq!(apply(body, Edits::new().rules(rules, &[])), *want, "{body} {rules:?}");
    }
}

#[test]
fn a_renamed_key_can_be_set_and_removed_and_its_old_name_used_anew() {
    let rules = ParamRules {
        rename: vec![("a".to_owned(), "b".to_owned())],
        set: vec![("b".to_owned(), json("2"))],
        ..ParamRules::default()
    };
    assert_eq!(apply(r#"{"a":1}"#, Edits::new().rules(&rules, &[])), r#"{"b":2}"#);
    assert_eq!(apply(r#"{"a":1}"#, Edits::new().rules(&rules, &[]).remove("b")), "{}");
    let both = Edits::new().rules(&rules, &[]).set("a", "3");
    assert_eq!(apply(r#"{"a":1}"#, both), r#"{"b":2,"a":3}"#);
}

#[test]
fn a_body_that_nothing_changes_is_not_copied() {
    let body = Bytes::from_static(br#"{"model":"m","a":null}"#);
    let layout = layout(&body).unwrap();
    let rules = ParamRules {
        defaults: vec![("a".to_owned(), json("1"))],
        remove: vec!["x".to_owned()],
        rename: vec![("y".to_owned(), "z".to_owned())],
        set: vec![],
    };
    let same = |out: Bytes| assert_eq!(out.as_ptr(), body.as_ptr());
    same(Edits::new().apply(&body, &layout));
    same(Edits::new().rules(&rules, &[]).remove("q").apply(&body, &layout));
    same(Edits::new().set("model", "\"m\"").apply(&body, &layout));
    same(with_defaults(&body, &layout, &rules.defaults, &[]));
    // Also after a stale layout was noticed.
    same(Edits::new().set("model", "\"m\"").apply(&body, &Layout::default()));
}

#[test]
fn defaults_alone() {
    let body = Bytes::from_static(br#"{"a":1}"#);
    let defaults =
        [("a".to_owned(), json("2")), ("b".to_owned(), json("3")), ("b".to_owned(), json("4"))];
    let out = with_defaults(&body, &layout(&body).unwrap(), &defaults, &[]);
    assert_eq!(out, r#"{"a":1,"b":3}"#);
    assert_eq!(with_defaults(&body, &layout(&body).unwrap(), &defaults, &[&["a", "b"]]), body);
}

#[test]
fn a_layout_of_another_body_is_read_anew() {
    let body = Bytes::from_static(br#"{"long key":1,"a":2}"#);
    let other = layout(br#"{"a":1}"#).unwrap();
    let out = Edits::new().set("a", "3").apply(&body, &other);
    assert_eq!(out, r#"{"long key":1,"a":3}"#);
    for nonsense in ["", "[1]", "{", "null"] {
        let body = Bytes::from_static(nonsense.as_bytes());
        assert_eq!(Edits::new().set("a", "3").apply(&body, &other), body);
    }
}

#[test]
fn quotes() {
    for plain in ["", "gpt-4o", "é~\u{7f} /'"] {
        assert_eq!(quote(plain), serde_json::to_string(plain).unwrap());
    }
    assert_eq!(quote("a\"b\\\n\u{1}é"), "\"a\\\"b\\\\\\n\\u0001é\"");
}

/// Where a value comes from, for the rule that the client's own wins.
type Model = BTreeMap<String, (Value, bool)>;

fn model_rules(model: &mut Model, rules: &ParamRules, synonyms: &[&[&str]]) {
    let value = |json: &JsonText| serde_json::from_str::<Value>(json.as_str()).unwrap();
    for (key, json) in &rules.defaults {
        let group = synonyms.iter().find(|group| group.contains(&key.as_str()));
        let given = |key: &str| model.contains_key(key);
        if !given(key) && !group.is_some_and(|group| group.iter().any(|key| given(key))) {
            model.insert(key.clone(), (value(json), true));
        }
    }
    for key in &rules.remove {
        model.remove(key);
    }
    for (from, to) in &rules.rename {
        if from == to {
            continue;
        }
        if let Some(moved) = model.remove(from)
            && model.get(to).is_none_or(|taken| taken.1 && !moved.1)
        {
            model.insert(to.clone(), moved);
        }
    }
    for (key, json) in &rules.set {
        model.insert(key.clone(), (value(json), false));
    }
}

fn key() -> impl Strategy<Value = String> {
    "[a-e\"\\\\é\n]{0,1}"
}

fn values() -> impl Strategy<Value = Vec<(String, JsonText)>> {
    let value = prop::sample::select(vec!["1", "null", "\"x\"", "{\"a\":[ ]}"]);
    prop::collection::vec((key(), value.prop_map(json)), 0..3)
}

fn rules() -> impl Strategy<Value = ParamRules> {
    let remove = prop::collection::vec(key(), 0..3);
    let rename = prop::collection::vec((key(), key()), 0..3);
    (values(), remove, rename, values()).prop_map(|(defaults, remove, rename, set)| ParamRules {
        defaults,
        remove,
        rename,
        set,
    })
}

proptest! {
    #[test]
    fn edits_do_what_the_model_does(
        (text, entries) in object_text(),
        rules in rules(),
        steps in prop::collection::vec((key(), prop::option::of(Just("[7, 7]"))), 0..4),
        fresh in any::<bool>(),
    ) {
        let synonyms: &[&[&str]] = &[&["a", "b"], &["c", "d", "e"]];
        let mut model: Model =
            entries.into_iter().map(|(key, value)| (key, (value, false))).collect();
        model_rules(&mut model, &rules, synonyms);
        let mut edits = Edits::new().rules(&rules, synonyms);
        for (key, json) in &steps {
            edits = match json {
                Some(json) => {
                    model.insert(key.clone(), (serde_json::json!([7, 7]), false));
                    edits.set(key, *json)
                }
                None => {
                    model.remove(key);
                    edits.remove(key)
                }
            };
        }
        let body = Bytes::from(text);
        let layout = if fresh { layout(&body).unwrap() } else { Layout::default() };
        let out = edits.apply(&body, &layout);
        // The reader refuses anything but one object without duplicate keys.
        prop_assert!(crate::scan::layout(&out).is_ok(), "{:?}", out);
        let out: Map<String, Value> = serde_json::from_slice(&out).unwrap();
        let want: Map<String, Value> =
            model.into_iter().map(|(key, (value, _))| (key, value)).collect();
        prop_assert_eq!(out, want);
    }
}
