//! Raw prompts, whole and streamed.

use super::*;

const CONTEXT: Context<'static> = Context { label: "a", number: 0 };

fn whole(body: &Value) -> Value {
    let Answer::Whole { status: 200, body, .. } = answer(body, CONTEXT).unwrap() else {
        panic!("not a whole answer to {body}");
    };
    body
}

#[test]
fn a_prompt_is_continued() {
    let answer = whole(&json!({"model": "m", "prompt": "Once", "stop": "was"}));
    assert_eq!(answer["object"], "text_completion");
    assert_eq!(answer["choices"][0]["text"], " This is `a`, a mock deployment of m. The prompt ");
    assert_eq!(answer["choices"][0]["finish_reason"], "stop");
    let bounded = whole(&json!({"model": "m", "prompt": "Once", "max_tokens": 2, "echo": true}));
    assert_eq!(bounded["choices"][0]["text"], "Once This is");
    assert_eq!(bounded["choices"][0]["finish_reason"], "length");
}

#[test]
fn every_shape_of_prompt_is_read() {
    for (prompt, count) in
        [(json!("a"), 1), (json!(["a", "b"]), 2), (json!([1, 2, 3]), 1), (json!([[1, 2], [3]]), 2)]
    {
        let body = json!({"model": "m", "prompt": prompt, "n": 2});
        let answer = whole(&body);
        assert_eq!(answer["choices"].as_array().unwrap().len(), count * 2, "{body}");
    }
    for wrong in [json!(null), json!([]), json!([[]]), json!([1, "a"]), json!({})] {
        let refused = answer(&json!({"model": "m", "prompt": wrong}), CONTEXT).unwrap_err();
        assert_eq!(refused.param, "prompt");
    }
    let many = json!({"model": "m", "prompt": vec!["x"; 33], "n": 2});
    assert_eq!(answer(&many, CONTEXT).unwrap_err().param, "prompt");
}

#[test]
fn a_stream_is_the_whole_answer_in_pieces() {
    for include_usage in [true, false] {
        let body = json!({"model": "m", "prompt": ["a", "b"]});
        let mut streamed = body.clone();
        streamed["stream"] = json!(true);
        streamed["stream_options"] = json!({"include_usage": include_usage});
        let Answer::Stream { frames, .. } = answer(&streamed, CONTEXT).unwrap() else {
            panic!("not a stream");
        };
        let answer = whole(&body);
        for choice in answer["choices"].as_array().unwrap() {
            let of_choice = frames.iter().filter_map(|frame| frame.json["choices"].get(0));
            let parts: Vec<_> = of_choice.filter(|part| part["index"] == choice["index"]).collect();
            let text: String = parts.iter().map(|part| part["text"].as_str().unwrap()).collect();
            assert_eq!(text, choice["text"].as_str().unwrap());
            assert_eq!(parts.last().unwrap()["finish_reason"], "stop");
        }
        let usage = frames.last().unwrap().json.get("usage");
        assert_eq!(usage, include_usage.then_some(&answer["usage"]));
    }
}
