//! Vectors, their encodings and the requests for them.

use super::*;

const CONTEXT: Context<'static> = Context { label: "a", number: 0 };

fn whole(body: &Value) -> Value {
    let Answer::Whole { status: 200, body, .. } = answer(body, CONTEXT).unwrap() else {
        panic!("not a whole answer to {body}");
    };
    body
}

fn vectors(body: &Value) -> Vec<Vec<f64>> {
    let answer = whole(body);
    let list = answer["data"].as_array().unwrap();
    for (index, entry) in list.iter().enumerate() {
        assert_eq!(entry["index"], index);
    }
    let numbers = |entry: &Value| {
        let numbers = entry["embedding"].as_array().unwrap();
        numbers.iter().map(|x| x.as_f64().unwrap()).collect()
    };
    list.iter().map(numbers).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[test]
fn vectors_have_length_one_and_depend_on_the_text_alone() {
    let texts =
        json!({"model": "e", "input": ["red apple", "green apple", "red apple", "tax law"]});
    let v = vectors(&texts);
    assert!(v.iter().all(|v| v.len() == 256 && (dot(v, v) - 1.0).abs() < 1e-5));
    assert_eq!(v[0], v[2]);
    assert!(dot(&v[0], &v[1]) > dot(&v[0], &v[3]) + 0.2, "shared words are near");
    assert_eq!(vectors(&json!({"model": "e", "input": "red apple"}))[0], v[0]);
}

#[test]
fn dimensions_and_token_ids_are_heeded() {
    let v = vectors(&json!({"model": "e", "input": [[1, 2], [3]], "dimensions": 8}));
    assert_eq!(v.iter().map(Vec::len).collect::<Vec<_>>(), [8, 8]);
    assert_eq!(vectors(&json!({"model": "e", "input": [1, 2], "dimensions": 8}))[0], v[0]);
}

#[test]
fn base64_holds_the_same_numbers() {
    let body = json!({"model": "e", "input": "x", "dimensions": 3, "encoding_format": "base64"});
    let answer = whole(&body);
    let bytes = STANDARD.decode(answer["data"][0]["embedding"].as_str().unwrap()).unwrap();
    let numbers: Vec<f64> = bytes
        .chunks(4)
        .map(|four| f64::from(f32::from_le_bytes(four.try_into().unwrap())))
        .collect();
    assert_eq!(numbers, vectors(&json!({"model": "e", "input": "x", "dimensions": 3}))[0]);
}

#[test]
fn usage_counts_all_inputs() {
    let answer = whole(&json!({"model": "e", "input": ["one two", "three"]}));
    assert_eq!(answer["usage"], json!({"prompt_tokens": 3, "total_tokens": 3}));
    assert_eq!(answer["model"], "e");
}

#[test]
fn wrong_requests_are_refused_by_the_field() {
    for (body, param) in [
        (json!({"input": "x"}), "model"),
        (json!({"model": "e"}), "input"),
        (json!({"model": "e", "input": ""}), "input"),
        (json!({"model": "e", "input": ["x", ""]}), "input"),
        (json!({"model": "e", "input": vec!["x"; 2049]}), "input"),
        (json!({"model": "e", "input": "x", "dimensions": 0}), "dimensions"),
        (json!({"model": "e", "input": "x", "dimensions": 4097}), "dimensions"),
        (json!({"model": "e", "input": "x", "encoding_format": "hex"}), "encoding_format"),
    ] {
        assert_eq!(answer(&body, CONTEXT).unwrap_err().param, param, "{param}");
    }
}
