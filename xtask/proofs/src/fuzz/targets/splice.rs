//! The one-pass scan and the edits on what it found, beside a JSON parser.

use bytes::Bytes;
use serde_json::{Map, Value};
use tollgate_core_types::chance::SplitMix64;
use tollgate_core_types::{Chance as _, JsonText};
use tollgate_providers_common::splice::{Edits, with_defaults};
use tollgate_providers_common::{ParamRules, scan};

use super::{kind, outline};

/// Keys that edits name; a corpus has some of them.
const KEYS: [&str; 6] = ["model", "stream", "a", "b", "max_tokens", "é\n\""];

/// A client's body.
pub(super) fn splice(input: &[u8]) -> u64 {
    let parsed = scan::parse_value(input);
    let layout = match scan::layout(input) {
        Ok(layout) => layout,
        Err(bad) => {
            assert!(bad.message.len() <= 1024, "a long message");
            let object = matches!(parsed, Ok(Value::Object(_)));
            // A key that stands there twice is the one thing that a parser does not mind.
            let twice = bad.message.contains("more than once");
            assert!(!object || twice, "refused, and a parser reads it: {}", bad.message);
            return kind((bad.code, outline(&bad.message)));
        }
    };
    let body = Bytes::copy_from_slice(input);
    for entry in layout.entries() {
        let range = entry.value.start as usize..entry.value.end as usize;
        assert!(input.get(range).is_some(), "an entry outside the body");
    }
    // What is skipped is not read to the end: half a surrogate pair passes the scan alone.
    let Ok(Value::Object(fields)) = parsed else { return kind("skipped") };
    assert_eq!(layout.entries().len(), fields.len(), "as many entries as fields");
    let mut chance = SplitMix64::new(kind(input));
    edited(&body, &layout, fields.clone(), &mut chance);
    ruled(&body, &layout, fields, &mut chance);
    kind((layout.entries().len().min(16), input.len().checked_ilog2()))
}

fn key(chance: &mut SplitMix64) -> &'static str {
    KEYS.get(chance.below(KEYS.len())).copied().unwrap_or("a")
}

fn read(bytes: &[u8]) -> Value {
    let value = scan::parse_value(bytes);
    assert!(value.is_ok(), "what was edited is no JSON: {value:?}");
    value.unwrap_or_default()
}

fn edited(
    body: &Bytes,
    layout: &scan::Layout,
    mut model: Map<String, Value>,
    chance: &mut SplitMix64,
) {
    let mut edits = Edits::new();
    for _ in 0..=chance.below(3) {
        let key = key(chance);
        if chance.below(3) == 0 {
            edits = edits.remove(key);
            model.remove(key);
        } else {
            edits = edits.set(key, r#"{"x": [1]}"#);
            model.insert(key.to_owned(), serde_json::json!({"x": [1]}));
        }
    }
    let made = edits.apply(body, layout);
    assert_eq!(read(&made), Value::Object(model), "edits do not do what the model does");
}

fn ruled(
    body: &Bytes,
    layout: &scan::Layout,
    mut model: Map<String, Value>,
    chance: &mut SplitMix64,
) {
    let (default, removed, set) = (key(chance), key(chance), key(chance));
    let one = JsonText::from_valid("1");
    let rules = ParamRules {
        defaults: vec![(default.to_owned(), one.clone())],
        remove: vec![removed.to_owned()],
        rename: Vec::new(),
        set: vec![(set.to_owned(), one)],
    };
    let defaulted = with_defaults(body, layout, &rules.defaults, &[]);
    model.entry(default).or_insert_with(|| 1.into());
    assert_eq!(read(&defaulted), Value::Object(model.clone()), "a default does something else");
    model.remove(removed);
    model.insert(set.to_owned(), 1.into());
    let made = Edits::new().rules(&rules, &[]).apply(body, layout);
    assert_eq!(read(&made), Value::Object(model), "rules do something else");
}
