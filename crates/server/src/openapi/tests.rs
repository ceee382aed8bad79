//! What every document must be, whatever its table.

use super::*;
use crate::routes::routes;
use std::collections::BTreeSet;

const ABOUT: About = About { title: "t", description: "d", tags: &[], keys: true };

fn whole() -> Value {
    document(&ABOUT, routes())
}

/// Calls `look` with every value below `value`.
fn walk(value: &Value, look: &mut impl FnMut(&Value)) {
    look(value);
    match value {
        Value::Array(items) => items.iter().for_each(|item| walk(item, look)),
        Value::Object(members) => members.values().for_each(|member| walk(member, look)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn every_reference_leads_somewhere_and_every_schema_is_spoken_of() {
    let document = whole();
    let mut spoken_of = BTreeSet::new();
    walk(&document, &mut |value| {
        if let Some(reference) = value.get("$ref").and_then(Value::as_str) {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
            spoken_of.insert(reference.to_owned());
        }
    });
    for name in document["components"]["schemas"].as_object().unwrap().keys() {
        let reference = format!("#/components/schemas/{name}");
        assert!(spoken_of.contains(&reference), "nothing speaks of {name}");
        assert!(!name.ends_with('2'), "{name}: two types have one name");
    }
}

#[test]
fn every_operation_says_what_it_is_and_what_it_answers() {
    let document = whole();
    let mut ids = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let place = format!("{method} {path}");
            let id = operation["operationId"].as_str().unwrap();
            assert!(ids.insert(id.to_owned()), "{place}: {id} is another's");
            assert!(operation["summary"].as_str().is_some_and(|it| !it.is_empty()), "{place}");
            let answers = operation["responses"].as_object().unwrap();
            assert!(answers.contains_key("200"), "{place}");
            for (status, answer) in answers {
                let shared = answer["$ref"].as_str().and_then(|at| document.pointer(&at[1..]));
                let answer = shared.unwrap_or(answer);
                let about = answer["description"].as_str();
                assert!(about.is_some_and(|it| it != "An error."), "{place}: {status}");
            }
        }
    }
}

#[test]
fn the_same_table_gives_the_same_bytes() {
    assert_eq!(whole().to_string(), whole().to_string());
}
