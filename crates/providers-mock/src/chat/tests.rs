//! What the mock says to which conversation, and in which shape.

use super::*;
use crate::wire::{Frame, Spent};
use serde_json::json;

const CONTEXT: Context<'static> = Context { label: "demo-a", number: 7 };

fn whole(body: &Value) -> Value {
    let Answer::Whole { status: 200, body, spent } = answer(body, CONTEXT).unwrap() else {
        panic!("not a whole answer to {body}");
    };
    assert_eq!(body["usage"]["prompt_tokens"], spent.input);
    assert_eq!(body["usage"]["completion_tokens"], spent.output);
    body
}

fn frames(body: &Value) -> (Vec<Frame>, u64) {
    let Answer::Stream { frames, input_tokens } = answer(body, CONTEXT).unwrap() else {
        panic!("not a stream for {body}");
    };
    (frames, input_tokens)
}

fn refused(body: &Value) -> &'static str {
    answer(body, CONTEXT).unwrap_err().param
}

fn ask(user: &str) -> Value {
    json!({"model": "m1", "messages": [{"role": "user", "content": user}]})
}

/// `body` with `more` members.
fn with(mut body: Value, more: Value) -> Value {
    let Value::Object(more) = more else { panic!("an object") };
    body.as_object_mut().unwrap().extend(more);
    body
}

fn weather_tools() -> Value {
    json!({"tools": [
        {"type": "function", "function": {"name": "get_time", "parameters": {
            "type": "object", "properties": {"zone": {"type": "string"}}}}},
        {"type": "function", "function": {"name": "get_weather", "parameters": {
            "type": "object",
            "properties": {
                "location": {"type": "string"},
                "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
                "days": {"type": "integer"}
            },
            "required": ["location", "unit"]}}}
    ]})
}

/// Name and arguments of the first call.
fn call(body: &Value) -> (String, Value) {
    let answer = whole(body);
    assert_eq!(answer["choices"][0]["finish_reason"], "tool_calls");
    let message = &answer["choices"][0]["message"];
    assert_eq!(message["content"], Value::Null);
    let function = &message["tool_calls"][0]["function"];
    let arguments = serde_json::from_str(function["arguments"].as_str().unwrap()).unwrap();
    (function["name"].as_str().unwrap().to_owned(), arguments)
}

#[test]
fn a_text_names_the_deployment_and_repeats_the_user() {
    let answer = whole(&ask("Hello there"));
    assert_eq!(answer["id"], "chatcmpl-mock-demo-a-7");
    assert_eq!(answer["object"], "chat.completion");
    assert_eq!(answer["model"], "m1");
    let choice = &answer["choices"][0];
    assert_eq!(choice["finish_reason"], "stop");
    assert_eq!(
        choice["message"]["content"],
        "This is `demo-a`, a mock deployment of m1: no model was asked. You said: Hello there"
    );
    assert_eq!(whole(&ask("Hello there")), answer, "the same again");
}

#[test]
fn stop_and_bound_end_the_text() {
    let stopped = whole(&with(ask("Hello there"), json!({"stop": [" there"]})));
    let content = stopped["choices"][0]["message"]["content"].as_str().unwrap();
    assert!(content.ends_with("You said: Hello"), "{content}");
    let bounded = whole(&with(ask("Hello"), json!({"max_tokens": 3})));
    assert_eq!(bounded["choices"][0]["message"]["content"], "This is `");
    assert_eq!(bounded["choices"][0]["finish_reason"], "length");
    assert_eq!(bounded["usage"]["completion_tokens"], 3);
}

#[test]
fn several_choices_are_made_and_paid() {
    let one = whole(&ask("x"));
    let three = whole(&with(ask("x"), json!({"n": 3})));
    assert_eq!(three["choices"].as_array().unwrap().len(), 3);
    assert_eq!(three["choices"][2]["index"], 2);
    let tokens = |answer: &Value| answer["usage"]["completion_tokens"].as_u64().unwrap();
    assert_eq!(tokens(&three), 3 * tokens(&one));
}

#[test]
fn a_tool_that_the_user_mentions_is_called() {
    let body = with(ask("What is the weather in Paris today?"), weather_tools());
    let (name, arguments) = call(&body);
    assert_eq!(name, "get_weather");
    assert_eq!(arguments, json!({"location": "Paris", "unit": "celsius"}));
    let silent = whole(&with(ask("Tell me a joke"), weather_tools()));
    assert_eq!(silent["choices"][0]["finish_reason"], "stop");
}

#[test]
fn several_mentioned_tools_are_called_in_parallel_unless_that_is_off() {
    let body = with(ask("Give me time and weather in Rome"), weather_tools());
    let calls = |body: &Value| {
        whole(body)["choices"][0]["message"]["tool_calls"].as_array().unwrap().clone()
    };
    let both = calls(&body);
    assert_eq!(both.len(), 2);
    assert_ne!(both[0]["id"], both[1]["id"]);
    assert_eq!(calls(&with(body, json!({"parallel_tool_calls": false}))).len(), 1);
}

#[test]
fn the_choice_of_tools_is_obeyed() {
    let body = with(ask("Tell me a joke"), weather_tools());
    let choose = |choice: Value| with(body.clone(), json!({"tool_choice": choice}));
    assert_eq!(call(&choose(json!("required"))).0, "get_time", "the first when none is mentioned");
    let named = json!({"type": "function", "function": {"name": "get_weather"}});
    let (name, arguments) = call(&choose(named));
    assert_eq!(name, "get_weather");
    assert_eq!(arguments, json!({"location": "example", "unit": "celsius"}));
    let allowed = json!({"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [
        {"type": "function", "function": {"name": "get_weather"}}
    ]}});
    assert_eq!(call(&choose(allowed)).0, "get_weather");
    let none = with(ask("weather"), weather_tools());
    let none = whole(&with(none, json!({"tool_choice": "none"})));
    assert_eq!(none["choices"][0]["finish_reason"], "stop");
    let unknown = json!({"type": "function", "function": {"name": "other"}});
    assert_eq!(refused(&choose(unknown)), "tool_choice");
    assert_eq!(refused(&choose(json!("maybe"))), "tool_choice");
    assert_eq!(refused(&with(ask("x"), json!({"tool_choice": "required"}))), "tool_choice");
}

#[test]
fn tool_results_are_quoted_in_a_final_text_even_where_a_call_is_forced() {
    let body = json!({"model": "m1", "tool_choice": "required", "messages": [
        {"role": "user", "content": "weather in Paris?"},
        {"role": "assistant", "content": null, "tool_calls": [
            {"id": "c1", "type": "function", "function": {"name": "get_weather", "arguments": "{}"}}
        ]},
        {"role": "tool", "tool_call_id": "c1", "content": "18 degrees"}
    ]});
    let answer = whole(&with(body, weather_tools()));
    assert_eq!(answer["choices"][0]["finish_reason"], "stop");
    let content = answer["choices"][0]["message"]["content"].as_str().unwrap();
    assert!(content.contains("18 degrees"), "{content}");
}

#[test]
fn structured_output_is_json_that_meets_its_schema() {
    let content = |format: Value| -> Value {
        let answer = whole(&with(ask("About Ada"), json!({"response_format": format})));
        let text = answer["choices"][0]["message"]["content"].as_str().unwrap().to_owned();
        serde_json::from_str(&text).unwrap()
    };
    let schema = json!({
        "type": "object",
        "properties": {"name": {"type": "string"}, "age": {"type": "integer", "minimum": 18}},
        "required": ["name", "age"]
    });
    let format = json!({"type": "json_schema", "json_schema": {"name": "p", "schema": schema}});
    assert_eq!(content(format), json!({"name": "Ada", "age": 18}));
    let object = content(json!({"type": "json_object"}));
    assert_eq!(object, json!({"deployment": "demo-a", "you_said": "About Ada"}));
    let text = whole(&with(ask("x"), json!({"response_format": {"type": "text"}})));
    assert!(text["choices"][0]["message"]["content"].as_str().unwrap().starts_with("This is"));
    for wrong in [json!({"type": "xml"}), json!({"type": "json_schema"})] {
        let body = with(ask("x"), json!({"response_format": wrong}));
        assert_eq!(refused(&body), "response_format");
    }
}

#[test]
fn a_stream_is_the_whole_answer_in_pieces() {
    for body in [
        ask("Hello there"),
        with(ask("Hello"), json!({"max_tokens": 4, "n": 2})),
        with(ask("weather in Paris and the time"), weather_tools()),
    ] {
        let (frames, input) = frames(&with(body.clone(), json!({"stream": true})));
        let answer = whole(&body);
        assert_eq!(answer["usage"]["prompt_tokens"], input);
        let output: u64 = frames.iter().map(|frame| frame.tokens).sum();
        assert_eq!(answer["usage"]["completion_tokens"], output);
        for choice in answer["choices"].as_array().unwrap() {
            let deltas: Vec<&Value> = frames
                .iter()
                .flat_map(|frame| frame.json["choices"].as_array().unwrap())
                .filter(|delta| delta["index"] == choice["index"])
                .collect();
            assert_eq!(deltas[0]["delta"]["role"], "assistant");
            assert_eq!(deltas.last().unwrap()["finish_reason"], choice["finish_reason"]);
            assert_eq!(joined(&deltas), said(&choice["message"]));
        }
        assert!(frames.iter().all(|frame| frame.json["id"] == answer["id"]));
        assert!(frames.iter().all(|frame| frame.json.get("usage").is_none()));
    }
}

/// Content, and (id, name, arguments) of the calls, of a stream's deltas.
fn joined(deltas: &[&Value]) -> (String, Vec<[String; 3]>) {
    let (mut text, mut calls) = (String::new(), Vec::<[String; 3]>::new());
    for delta in deltas {
        text.push_str(delta["delta"]["content"].as_str().unwrap_or_default());
        for call in delta["delta"]["tool_calls"].as_array().into_iter().flatten() {
            let index = usize::try_from(call["index"].as_u64().unwrap()).unwrap();
            calls.resize(calls.len().max(index + 1), Default::default());
            for (part, pointer) in
                ["/id", "/function/name", "/function/arguments"].iter().enumerate()
            {
                let piece = call.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
                calls[index][part].push_str(piece);
            }
        }
    }
    (text, calls)
}

fn said(message: &Value) -> (String, Vec<[String; 3]>) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let calls = message["tool_calls"].as_array().into_iter().flatten().map(|call| {
        [&call["id"], &call["function"]["name"], &call["function"]["arguments"]].map(text)
    });
    (text(&message["content"]), calls.collect())
}

#[test]
fn usage_comes_in_a_last_frame_where_it_is_asked_for() {
    let body =
        with(ask("Hello"), json!({"stream": true, "stream_options": {"include_usage": true}}));
    let (frames, input) = frames(&body);
    let (last, others) = frames.split_last().unwrap();
    assert!(others.iter().all(|frame| frame.json["usage"].is_null()));
    assert!(others.iter().all(|frame| frame.json.get("usage").is_some()));
    assert_eq!(last.json["choices"], json!([]));
    let output = frames.iter().map(|frame| frame.tokens).sum();
    assert_eq!(last.json["usage"], Spent { input, output }.usage());
    assert!(input > 0 && output > 0);
}

#[test]
fn attachments_and_silence_are_said() {
    let parts = json!([{"type": "image_url", "image_url": {"url": "data:,"}}]);
    let body = json!({"model": "m", "messages": [{"role": "user", "content": parts}]});
    let answer = whole(&body);
    let content = answer["choices"][0]["message"]["content"].as_str().unwrap();
    assert!(content.contains("You said nothing. (with 1 parts"), "{content}");
}

#[test]
fn wrong_requests_are_refused_by_the_field() {
    assert_eq!(refused(&json!({"messages": [{"role": "user", "content": "x"}]})), "model");
    assert_eq!(refused(&json!({"model": "m"})), "messages");
    assert_eq!(refused(&json!({"model": "m", "messages": []})), "messages");
    assert_eq!(refused(&json!({"model": "m", "messages": ["x"]})), "messages");
    assert_eq!(refused(&with(ask("x"), json!({"n": 9}))), "n");
    assert_eq!(refused(&with(ask("x"), json!({"max_completion_tokens": 0}))), {
        "max_completion_tokens"
    });
}
