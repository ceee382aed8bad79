//! The fast reader against serde_json: the same bodies accepted, the same values handed out, and
//! the places that `RawValue` gives.

mod samples;

use super::*;
use crate::scan::{MAX_DEPTH, depth};
use proptest::prelude::*;
use serde::de::{Deserialize, Deserializer, IgnoredAny, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::marker::PhantomData;

use samples::VALUES;

/// The entries of an object, every value read as a `T`.
#[derive(Debug)]
struct Pairs<T>(Vec<(String, T)>);

impl<'de, T: Deserialize<'de>> Fields<'de> for Pairs<T> {
    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        self.0.push((key.to_owned(), map.next_value()?));
        Ok(())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Pairs<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Top<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Top<T> {
            type Value = Pairs<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs<T>, A::Error> {
                let mut pairs = Pairs(Vec::new());
                while let Some(key) = map.next_key::<String>()? {
                    pairs.field(&key, &mut map)?;
                }
                Ok(pairs)
            }
        }
        from.deserialize_map(Top(PhantomData))
    }
}

/// What serde_json reads, as far as the scan's own bound lets it.
fn theirs<'de, T: Deserialize<'de>>(text: &'de str) -> Option<Pairs<T>> {
    serde_json::from_str(text).ok().filter(|_| !depth::exceeds(text.as_bytes(), MAX_DEPTH))
}

fn ours<'de, T: Deserialize<'de>>(text: &'de str) -> Option<Pairs<T>> {
    let mut pairs = Pairs(Vec::new());
    read(text, &mut pairs, |_| Some(())).ok().map(|()| pairs)
}

fn same<'de, T: Deserialize<'de> + Debug>(text: &'de str) {
    let (ours, theirs) = (ours::<T>(text), theirs::<T>(text));
    let name = std::any::type_name::<T>();
    assert_eq!(format!("{ours:?}"), format!("{theirs:?}"), "{name}: {text}");
}

/// Where serde_json finds keys and values; keys as they would be without escapes.
fn places(text: &str) -> Option<Vec<(String, usize, usize)>> {
    let place = |(key, raw): (String, &RawValue)| {
        let start = raw.get().as_ptr() as usize - text.as_ptr() as usize;
        (key, start, start + raw.get().len())
    };
    theirs::<&RawValue>(text).map(|pairs| pairs.0.into_iter().map(place).collect())
}

/// Skipping, places and reading, all at once.
fn check(text: &str) {
    let mut kept = Vec::new();
    let keep = |field| {
        kept.push(field);
        Some(())
    };
    let found = read(text, &mut Pairs::<IgnoredAny>(Vec::new()), keep).ok();
    let accepted = theirs::<IgnoredAny>(text);
    // A key is always read, wherever it stands at the top, so that half a pair is refused by both.
    assert_eq!(found.is_some(), accepted.is_some(), "{text}");
    let found = found.map(|()| {
        let entry = |Field { key, value, escapes }: &Field| {
            let (start, end) = (key.start, key.end);
            assert_eq!(*escapes, text[start..end].contains('\\'), "{text}");
            assert_eq!((&text[start - 1..start], &text[end..=end]), ("\"", "\""), "{text}");
            let key = serde_json::from_str(&text[start - 1..=end]).unwrap();
            (key, value.start, value.end)
        };
        kept.iter().map(entry).collect::<Vec<(String, usize, usize)>>()
    });
    assert_eq!(found, places(text), "{text}");
    same::<Value>(text);
}

#[derive(Debug, serde::Deserialize)]
#[expect(dead_code, reason = "read by Debug alone")]
struct Point {
    x: Option<i32>,
    #[serde(default)]
    y: f32,
}

#[derive(Debug, serde::Deserialize)]
#[expect(dead_code, reason = "read by Debug alone")]
struct Flat {
    a: Value,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(dead_code, reason = "read by Debug alone")]
enum Kind {
    Unit,
    New(u8),
    Tuple(u8, String),
    Named { a: bool },
}

#[derive(Debug, serde::Deserialize)]
#[serde(untagged)]
#[expect(dead_code, reason = "read by Debug alone")]
enum Either {
    Text(String),
    Number(f64),
    Point(Point),
    List(Vec<Self>),
}

#[derive(Debug, serde::Deserialize)]
#[expect(dead_code, reason = "read by Debug alone")]
struct Wrapped(Option<Vec<i64>>);

#[derive(Debug, serde::Deserialize)]
struct Nothing;

/// Reads one key and leaves the rest of the object, which no reader lets pass.
#[derive(Debug)]
struct Hasty;

impl<'de> Deserialize<'de> for Hasty {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct One;
        impl<'de> Visitor<'de> for One {
            type Value = Hasty;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list or an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Hasty, A::Error> {
                map.next_entry::<IgnoredAny, IgnoredAny>().map(|_| Hasty)
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<Hasty, A::Error> {
                seq.next_element::<IgnoredAny>().map(|_| Hasty)
            }
        }
        from.deserialize_any(One)
    }
}

/// Raw bytes, which may hold half a surrogate pair.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Raw(Vec<u8>);

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl<'de> Visitor<'de> for Bytes {
            type Value = Raw;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("bytes")
            }

            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Raw, E> {
                Ok(Raw(bytes.to_owned()))
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<Raw, A::Error> {
                let mut bytes = Vec::new();
                while let Some(byte) = seq.next_element()? {
                    bytes.push(byte);
                }
                Ok(Raw(bytes))
            }
        }
        from.deserialize_bytes(Bytes)
    }
}

/// Every kind of reader that serde knows.
fn every_type(text: &str) {
    check(text);
    same::<String>(text);
    same::<&str>(text);
    same::<char>(text);
    same::<bool>(text);
    same::<()>(text);
    same::<(u8,)>(text);
    same::<(u8, String)>(text);
    same::<i8>(text);
    same::<u64>(text);
    same::<i64>(text);
    same::<u128>(text);
    same::<i128>(text);
    same::<f32>(text);
    same::<f64>(text);
    same::<Option<u64>>(text);
    same::<Option<Option<String>>>(text);
    same::<Vec<Value>>(text);
    same::<Vec<Option<bool>>>(text);
    same::<Vec<IgnoredAny>>(text);
    same::<BTreeMap<String, IgnoredAny>>(text);
    same::<BTreeMap<&str, Value>>(text);
    same::<BTreeMap<char, Value>>(text);
    same::<BTreeMap<bool, Value>>(text);
    same::<BTreeMap<u8, Value>>(text);
    same::<BTreeMap<i64, Value>>(text);
    same::<BTreeMap<u128, Value>>(text);
    same::<BTreeMap<Option<String>, Value>>(text);
    same::<&RawValue>(text);
    same::<Box<RawValue>>(text);
    same::<Vec<&RawValue>>(text);
    same::<Point>(text);
    same::<Flat>(text);
    same::<Kind>(text);
    same::<Vec<Kind>>(text);
    same::<Either>(text);
    same::<Wrapped>(text);
    same::<Nothing>(text);
    same::<Hasty>(text);
    // As raw bytes, serde_json takes strings that are no JSON; this reader never does.
    if theirs::<IgnoredAny>(text).is_some() {
        same::<Raw>(text);
        same::<BTreeMap<Raw, Value>>(text);
    }
}

#[test]
fn every_reader_meets_what_serde_json_hands_out() {
    for value in VALUES {
        every_type(&format!("{{\"a\":{value}}}"));
        every_type(&format!(" {{ \"k\" : {value} , \"é\":{value}\n}} "));
    }
    for body in ["", " ", "null", "[]", "{", "{}", " { } ", "{}x", "{} {}", "\u{feff}{}", "\"a\""] {
        every_type(body);
    }
}

#[test]
fn strings_end_where_they_end_at_every_length() {
    for length in 0..100 {
        let plain: String = "abcdé~ ".chars().cycle().take(length).collect();
        for special in ["", "\\n", "\\u0041", "\\", "\0", "\u{1f}", "\n", "\"", "é", "\u{7f}"] {
            for behind in [0, 1, 7, 40] {
                let text = format!("{plain}{special}{}", "z".repeat(behind));
                check(&format!("{{\"a\":\"{text}\"}}"));
                check(&format!("{{\"{text}\":[\"{text}\"],\"b\":{{\"{text}\":0}}}}"));
            }
        }
        // Cut short: what is behind the end is nobody's.
        check(&format!("{{\"a\":\"{plain}"));
    }
}

#[test]
fn depth_is_counted_alike_read_or_skipped() {
    for levels in [1, 2, 63, 64, 65, 125, 126, 127, 128, 129, 300] {
        for (open, close) in [("[", "]"), ("{\"b\":", "}"), ("[{\"b\":[0,", "]},[]]")] {
            let text = format!("{{\"a\":{}0{}}}", open.repeat(levels), close.repeat(levels));
            check(&text);
            same::<&RawValue>(&text);
            same::<Vec<IgnoredAny>>(&text);
        }
        // Empty ones are levels too.
        check(&format!("{{\"a\":{}{}}}", "[".repeat(levels), "]".repeat(levels)));
        check(&format!("{{\"a\":{}{{}}{}}}", "[".repeat(levels), "]".repeat(levels)));
    }
}

/// Pieces of JSON in any order.
fn soup() -> impl Strategy<Value = String> {
    let tokens =
        ["{", "}", "[", "]", ",", ":", "\"", "\\", " ", "\n", "{}", "[]", "\"a\":", "\"b\" : "];
    let token = prop_oneof![
        prop::sample::select(tokens.to_vec()).prop_map(str::to_owned),
        prop::sample::select(VALUES.to_vec()).prop_map(str::to_owned),
        ".{0,40}",
    ];
    prop::collection::vec(token, 0..24).prop_map(|tokens| tokens.concat())
}

/// Objects with values of [`VALUES`], mostly valid.
fn objects() -> impl Strategy<Value = String> {
    let key = prop_oneof!["[a-c]{0,20}", "[ -~é\n\\\\]{0,40}"];
    let leaf = prop_oneof![
        4 => prop::sample::select(vec!["0", "-1.5e3", "null", "true", "\"x\"", "\"\\ud800\"", "[]"])
            .prop_map(str::to_owned),
        1 => prop::sample::select(VALUES.to_vec()).prop_map(str::to_owned),
        2 => "[ -~é]{0,120}".prop_map(|text| Value::from(text).to_string()),
    ];
    let value = leaf.prop_recursive(6, 40, 5, |inner| {
        let pair = ("[a-z\\\\\"]{0,9}", inner.clone());
        let pair = pair.prop_map(|(key, value)| format!("{}:{value}", Value::from(key)));
        prop_oneof![
            prop::collection::vec(inner, 0..5).prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::vec(pair, 0..5).prop_map(|pairs| format!("{{{}}}", pairs.join(" ,"))),
        ]
    });
    let pair = (key, value).prop_map(|(key, value)| format!("{} :{value}", Value::from(key)));
    prop::collection::vec(pair, 0..6).prop_map(|pairs| format!("{{{}}}", pairs.join(",\n")))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    #[test]
    fn soup_is_taken_by_both_or_by_none(soup in soup()) {
        check(&soup);
        check(&format!("{{\"a\":{soup}}}"));
    }

    #[test]
    fn objects_are_taken_by_both_or_by_none(
        text in objects(),
        cut in any::<prop::sample::Index>(),
        put in prop_oneof!["", "[\\[\\]{}\",:\\\\a1 \n\0]{0,3}"],
        gone in 0..3_usize,
    ) {
        check(&text);
        let mut mutated: Vec<char> = text.chars().collect();
        let at = cut.index(mutated.len());
        mutated.splice(at..(at + gone).min(text.chars().count()), put.chars());
        check(&mutated.iter().collect::<String>());
        check(&text.chars().take(at).collect::<String>());
    }
}

/// Reads a value as a number and does not mind if it is none.
struct Lenient(usize);

impl<'de> Fields<'de> for Lenient {
    fn field<A: MapAccess<'de>>(&mut self, _: &str, map: &mut A) -> Result<(), A::Error> {
        self.0 += usize::from(map.next_value::<u64>().is_ok());
        Ok(())
    }
}

#[test]
fn a_field_that_swallows_an_error_ends_in_one() {
    let error = crate::scan::object(br#"{"a":"x","b":1}"#, &mut Lenient(0)).unwrap_err();
    assert_eq!(error.code, "invalid_json");
}

/// Does not read its value, or reads it and then something else.
struct Careless(usize);

impl<'de> Fields<'de> for Careless {
    fn field<A: MapAccess<'de>>(&mut self, _: &str, map: &mut A) -> Result<(), A::Error> {
        for _ in 0..self.0 {
            map.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }
}

#[test]
fn a_field_reads_its_value_once() {
    let body = br#"{"a":"x"}"#;
    assert!(crate::scan::object(body, &mut Careless(0)).is_err());
    assert!(crate::scan::object(body, &mut Careless(1)).is_ok());
    assert!(crate::scan::object(body, &mut Careless(2)).is_err());
}
