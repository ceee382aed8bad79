//! Every answer of the mock is read by the codecs that its provider gives, and every fault is seen
//! by them as what it is.

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use futures_util::StreamExt;
    use http::{Request, Response};
    use serde_json::{Value, json};
    use std::sync::Arc;
    use std::time::{Duration, Instant};
    use tollgate_core_types::reply::{Finish, FinishReason};
    use tollgate_core_types::{ChatEvent, Dialect, ErrorClass, Usage};
    use tollgate_providers_common::{
        ByteStream, Codec, Deadlines, DecodeError, SseFramer, Transport,
    };
    use tollgate_providers_mock::{Fault, MockScript, MockTransport, provider};

    fn codec(dialect: Dialect) -> Arc<dyn Codec> {
        provider().codec(dialect).unwrap()
    }

    fn mock(fault: Fault) -> MockTransport {
        MockTransport::new("a", MockScript { faults: vec![fault], ..MockScript::default() })
    }

    async fn send(mock: &MockTransport, path: &str, body: &Value) -> Response<ByteStream> {
        #[expect(clippy::disallowed_methods, reason = "the test is the shell")]
        let until = Instant::now() + Duration::from_secs(3600);
        let request = Request::post(format!("http://mock.invalid/v1{path}"));
        let request = request.body(Bytes::from(body.to_string())).unwrap();
        let connect = Duration::from_secs(1);
        mock.send(request, Deadlines { connect, until }).await.unwrap()
    }

    async fn whole(mock: &MockTransport, path: &str, body: &Value) -> Vec<u8> {
        let mut stream = send(mock, path, body).await.into_body();
        let mut whole = Vec::new();
        while let Some(chunk) = stream.next().await {
            whole.extend_from_slice(&chunk.unwrap());
        }
        whole
    }

    /// The events of a stream, and how it ended. Frames that are no frames are passed over, as the
    /// decoder's contract allows, and counted.
    async fn events(
        mock: &MockTransport,
        dialect: Dialect,
        path: &str,
        body: &Value,
    ) -> (Vec<ChatEvent>, usize, Result<(), DecodeError>) {
        let mut framer = SseFramer::new(SseFramer::DEFAULT_MAX);
        let mut decoder = codec(dialect).stream();
        let (mut events, mut bad) = (Vec::new(), 0);
        let mut stream = send(mock, path, body).await.into_body();
        while let Some(chunk) = stream.next().await {
            framer.push(chunk.unwrap());
            while let Some(frame) = framer.next_frame().unwrap() {
                bad += usize::from(decoder.frame(&frame, &mut events).is_err());
            }
        }
        let end = decoder.end(&mut events);
        (events, bad, end)
    }

    fn chat(stream: bool) -> Value {
        json!({
            "model": "m", "stream": stream, "stream_options": {"include_usage": stream},
            "messages": [{"role": "user", "content": "Weather in Paris?"}]
        })
    }

    fn tools() -> Value {
        json!([{"type": "function", "function": {"name": "get_weather", "parameters": {
            "type": "object", "properties": {"city": {"type": "string"}}}}}])
    }

    #[tokio::test]
    async fn whole_chats_are_accounted_and_decoded() {
        let mut forced = chat(false);
        forced["tools"] = tools();
        let mut short = chat(false);
        short["max_tokens"] = json!(2);
        for (body, finish) in [
            (chat(false), FinishReason::Stop),
            (forced, FinishReason::ToolCalls),
            (short, FinishReason::Length),
        ] {
            let mock = mock(Fault::Healthy);
            let answer = whole(&mock, "/chat/completions", &body).await;
            let account = codec(Dialect::OPENAI_CHAT).account(&answer).unwrap();
            assert_eq!(account.model.as_deref(), Some("m"));
            assert_eq!(account.usage.input_tokens, Some(mock.bill().input_tokens));
            assert_eq!(account.usage.output_tokens, Some(mock.bill().output_tokens));
            assert_eq!(account.finish.unwrap().reason, finish);
            let reply = provider().chat().unwrap().decode(&answer).unwrap();
            assert_eq!(reply.finish.reason, finish);
            assert_eq!(reply.parts.len(), 1);
        }
    }

    #[tokio::test]
    async fn streamed_chats_are_read_to_their_end() {
        let mut calling = chat(true);
        calling["tools"] = tools();
        for (body, finish) in [(chat(true), FinishReason::Stop), (calling, FinishReason::ToolCalls)]
        {
            let mock = mock(Fault::Healthy);
            let (events, bad, end) =
                events(&mock, Dialect::OPENAI_CHAT, "/chat/completions", &body).await;
            assert_eq!((bad, end), (0, Ok(())));
            assert!(matches!(events.first(), Some(ChatEvent::Start { .. })), "{events:?}");
            assert_eq!(events.last(), Some(&ChatEvent::End));
            assert!(events.contains(&ChatEvent::Finish(Finish::new(finish))), "{events:?}");
            let mut usage = Usage::default();
            for event in &events {
                if let ChatEvent::Usage(later) = event {
                    usage.merge(later);
                }
            }
            assert_eq!(usage.input_tokens, Some(mock.bill().input_tokens));
            assert_eq!(usage.output_tokens, Some(mock.bill().output_tokens));
        }
    }

    #[tokio::test]
    async fn completions_and_embeddings_are_accounted() {
        let mock = mock(Fault::Healthy);
        let body = json!({"model": "m", "prompt": "Once"});
        let answer = whole(&mock, "/completions", &body).await;
        let account = codec(Dialect::OPENAI_COMPLETIONS).account(&answer).unwrap();
        assert_eq!(account.usage.output_tokens, Some(mock.bill().output_tokens));
        assert_eq!(account.finish.unwrap().reason, FinishReason::Stop);

        let streamed = json!({"model": "m", "prompt": "Once", "stream": true});
        let (events, bad, end) =
            events(&mock, Dialect::OPENAI_COMPLETIONS, "/completions", &streamed).await;
        assert_eq!((bad, end), (0, Ok(())));
        assert_eq!(events.last(), Some(&ChatEvent::End));

        for encoding in ["float", "base64"] {
            let body = json!({"model": "e", "input": ["a", "b"], "encoding_format": encoding});
            let answer = whole(&mock, "/embeddings", &body).await;
            let account = codec(Dialect::OPENAI_EMBEDDINGS).account(&answer).unwrap();
            assert_eq!(account.usage.input_tokens, Some(2));
            assert_eq!(account.finish, None);
        }
    }

    #[tokio::test]
    async fn faults_of_whole_answers_are_no_answers() {
        for fault in [
            Fault::Html,
            Fault::Empty,
            Fault::EndAfter { frames: 0 },
            Fault::MalformedAt { frame: 0 },
            Fault::ErrorAt { frame: 0 },
        ] {
            let answer = whole(&mock(fault.clone()), "/chat/completions", &chat(false)).await;
            let read = codec(Dialect::OPENAI_CHAT).account(&answer);
            assert!(read.is_err(), "{fault:?}: {read:?}");
        }
    }

    #[tokio::test]
    async fn statuses_are_classified() {
        for (status, class) in [
            (401, ErrorClass::Auth),
            (429, ErrorClass::Throttle),
            (500, ErrorClass::Server),
            (503, ErrorClass::Overload),
        ] {
            let wait = Some(Duration::from_secs(2));
            let fault = Fault::Status { status, retry_after: wait, body: None };
            let response = send(&mock(fault), "/chat/completions", &chat(false)).await;
            assert_eq!(response.status(), status);
            let headers = response.headers().clone();
            let mut body = response.into_body();
            let body = body.next().await.unwrap().unwrap();
            let error = codec(Dialect::OPENAI_CHAT).decode_error(status, &headers, &body);
            assert_eq!(error.class, class, "{status}");
        }
    }

    #[tokio::test]
    async fn streams_with_faults_are_never_complete() {
        let run = async |fault: Fault| {
            let mock = mock(fault);
            events(&mock, Dialect::OPENAI_CHAT, "/chat/completions", &chat(true)).await
        };
        let (events, _, end) = run(Fault::EndAfter { frames: 3 }).await;
        assert_eq!(end, Err(DecodeError::Truncated));
        assert!(!events.contains(&ChatEvent::End));

        let (events, ..) = run(Fault::ErrorAt { frame: 2 }).await;
        assert!(matches!(events.last(), Some(ChatEvent::Error(_))), "{events:?}");

        let (events, bad, _) = run(Fault::MalformedAt { frame: 2 }).await;
        assert_eq!(bad, 1);
        assert!(events.iter().any(|event| matches!(event, ChatEvent::Text(_))), "{events:?}");

        let (events, bad, _) = run(Fault::Html).await;
        assert!(!events.contains(&ChatEvent::End), "{events:?} {bad}");
    }
}
