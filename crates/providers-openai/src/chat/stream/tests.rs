//! Rules of the decoder that no recorded stream shows.

use super::*;
use bytes::Bytes;
use tollgate_core_types::reply::FinishReason;
use tollgate_providers_common::FrameKind;

fn feed(decoder: &mut Decoder, data: &str) -> (Vec<ChatEvent>, Result<(), DecodeError>) {
    let data = Bytes::copy_from_slice(data.as_bytes());
    let frame =
        Frame { raw: data.clone(), kind: FrameKind::Event, event: Bytes::new(), data: Some(data) };
    let mut out = Vec::new();
    let result = decoder.frame(&frame, &mut out);
    (out, result)
}

/// As [`feed`], for frames that are only there to be read.
fn read(decoder: &mut Decoder, data: &str) {
    assert_eq!(feed(decoder, data).1, Ok(()));
}

fn end(decoder: &mut Decoder) -> (Vec<ChatEvent>, Result<(), DecodeError>) {
    let mut out = Vec::new();
    let result = decoder.end(&mut out);
    (out, result)
}

#[test]
fn an_end_is_said_once_and_nothing_follows() {
    let mut decoder = Decoder::default();
    read(&mut decoder, r#"{"choices":[{"delta":{"content":"a"},"finish_reason":"stop"}]}"#);
    let (events, _) = feed(&mut decoder, "[DONE]");
    assert_eq!(events, [ChatEvent::Finish(Finish::new(FinishReason::Stop)), ChatEvent::End]);
    assert!(feed(&mut decoder, "[DONE]").0.is_empty());
    let late = feed(&mut decoder, r#"{"choices":[{"delta":{"content":"b"}}]}"#);
    assert_eq!(late, (Vec::new(), Ok(())));
    assert_eq!(end(&mut decoder), (Vec::new(), Ok(())));
}

#[test]
fn an_error_ends_the_stream() {
    let mut decoder = Decoder::default();
    let (events, result) = feed(&mut decoder, r#"{"error":{"message":"m","code":429}}"#);
    assert!(matches!(events.as_slice(), [ChatEvent::Error(_)]) && result.is_ok());
    assert!(feed(&mut decoder, "[DONE]").0.is_empty());
    assert_eq!(end(&mut decoder), (Vec::new(), Ok(())));
}

#[test]
fn an_unfinished_second_choice_is_truncated_at_the_end_of_the_transport() {
    let mut decoder = Decoder::default();
    read(
        &mut decoder,
        r#"{"choices":[{"index":0,"delta":{"content":"a"}},{"index":1,"delta":{"content":"b"}}]}"#,
    );
    let (events, _) =
        feed(&mut decoder, r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#);
    // Held until the other choice ends.
    assert_eq!(events, [ChatEvent::Other { kind: "finish" }]);
    assert_eq!(end(&mut decoder).1, Err(DecodeError::Truncated));
    read(&mut decoder, r#"{"choices":[{"index":1,"delta":{},"finish_reason":"stop"}]}"#);
    assert_eq!(end(&mut decoder), (vec![ChatEvent::End], Ok(())));
}

#[test]
fn arguments_before_a_name_are_refused_and_the_decoder_goes_on() {
    let mut decoder = Decoder::default();
    let bare =
        r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{"}}]}}]}"#;
    assert!(matches!(feed(&mut decoder, bare).1, Err(DecodeError::Malformed(_))));
    let named =
        r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"c","function":{"name":"f"}}]}}]}"#;
    let (events, result) = feed(&mut decoder, named);
    assert!(result.is_ok());
    let start = ChatEvent::ToolCallStart { index: 0, id: "c".to_owned(), name: "f".to_owned() };
    assert_eq!(events, [start]);
}

#[test]
fn an_id_may_come_before_the_name() {
    let mut decoder = Decoder::default();
    let first = r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"c"}]}}]}"#;
    let (events, _) = feed(&mut decoder, first);
    assert!(matches!(events.as_slice(), [ChatEvent::Start { .. }]), "{events:?}");
    let second = r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"name":"f","arguments":"{}"}}]}}]}"#;
    let (events, _) = feed(&mut decoder, second);
    assert_eq!(events.len(), 2);
    assert!(matches!(&events[0], ChatEvent::ToolCallStart { id, .. } if id == "c"));
}

#[test]
fn an_empty_call_is_no_call() {
    let mut decoder = Decoder::default();
    read(&mut decoder, r#"{"choices":[{"delta":{"content":"a","tool_calls":[{"index":0}]}}]}"#);
    let (events, _) = feed(&mut decoder, r#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#);
    assert_eq!(events, [ChatEvent::Finish(Finish::new(FinishReason::Stop))]);
}

#[test]
fn custom_tool_calls_stream_their_input() {
    let mut decoder = Decoder::default();
    let chunk = r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"c","type":"custom","custom":{"name":"sh","input":"ls"}}]}}]}"#;
    let (events, _) = feed(&mut decoder, chunk);
    assert_eq!(
        events.get(2),
        Some(&ChatEvent::ToolCallArguments { index: 0, fragment: "ls".to_owned() })
    );
}

#[test]
fn a_call_that_is_said_twice_in_every_piece_stays_one_call() {
    let mut decoder = Decoder::default();
    let mut told = Vec::new();
    for piece in ["{", r#"\"c\":"#, "1}"] {
        let function = format!(r#"{{"name":"w","arguments":"{piece}"}}"#);
        let data = format!(
            r#"{{"choices":[{{"index":0,"delta":{{"function_call":{function},"tool_calls":[{{"index":0,"id":"call_A","type":"function","function":{function}}}]}}}}]}}"#
        );
        let (events, read) = feed(&mut decoder, &data);
        assert_eq!(read, Ok(()));
        told.extend(events.into_iter().filter(|event| !matches!(event, ChatEvent::Start { .. })));
    }
    let arguments =
        |fragment: &str| ChatEvent::ToolCallArguments { index: 0, fragment: fragment.to_owned() };
    let start =
        ChatEvent::ToolCallStart { index: 0, id: "call_A".to_owned(), name: "w".to_owned() };
    assert_eq!(told, [start, arguments("{"), arguments("\"c\":"), arguments("1}")]);
}

#[test]
fn the_older_field_makes_one_call_however_often_it_names_it() {
    let mut decoder = Decoder::default();
    let mut told = Vec::new();
    for piece in ["{", "}"] {
        let data = format!(
            r#"{{"choices":[{{"index":0,"delta":{{"function_call":{{"name":"w","arguments":"{piece}"}}}}}}]}}"#
        );
        told.extend(feed(&mut decoder, &data).0);
    }
    let starts = told.iter().filter(|event| matches!(event, ChatEvent::ToolCallStart { .. }));
    assert_eq!(starts.count(), 1, "{told:?}");
}

#[test]
fn only_a_chunk_of_usage_alone_gives_usage_alone() {
    let usage = r#""usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}"#;
    let mut decoder = Decoder::default();
    read(&mut decoder, r#"{"choices":[{"index":0,"delta":{}},{"index":1,"delta":{}}]}"#);
    for index in [0, 1] {
        let last = format!(
            r#"{{"choices":[{{"index":{index},"delta":{{}},"finish_reason":"stop"}}],{usage}}}"#
        );
        assert!(feed(&mut decoder, &last).0.len() > 1, "choice {index}");
    }
    let (events, _) = feed(&mut decoder, &format!(r#"{{"choices":[],{usage}}}"#));
    assert!(matches!(events.as_slice(), [ChatEvent::Usage(_)]), "{events:?}");
}

#[test]
fn the_quick_reading_of_a_chunk_says_what_the_full_one_says() {
    let mut quickly_read = 0;
    for fixture in crate::tests::support::fixtures("streams", ".sse") {
        let stream = std::fs::read_to_string(&fixture).unwrap();
        for data in stream.lines().filter_map(|line| line.strip_prefix("data:")) {
            let data = data.trim().as_bytes();
            let mut quick = Vec::new();
            let mut decoder = Decoder { phase: Phase::Started, seen: 1, ..Decoder::default() };
            if !decoder.piece(data, &mut quick) {
                continue;
            }
            let (mut full, mut events) =
                (Decoder { phase: Phase::Started, seen: 1, ..Decoder::default() }, Vec::new());
            let chunk: Answer<'_> = serde_json::from_slice(data).unwrap();
            full.chunk(&chunk, data, &mut events).unwrap();
            assert_eq!(quick, events, "{}: {}", fixture.display(), String::from_utf8_lossy(data));
            quickly_read += 1;
        }
    }
    assert!(quickly_read >= 10, "{quickly_read}");
}
