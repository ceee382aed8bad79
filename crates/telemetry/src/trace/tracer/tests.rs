//! Spans as a collector receives them: by both protocols, read back by a reader of our own here and
//! by a collector that nobody here wrote in the end-to-end suite.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::{self, JoinHandle};
use std::time::UNIX_EPOCH;

use tollgate_core_types::{Dialect, ErrorClass, Lost, Operation, Usage};

use super::*;
use crate::event::{AttemptKind, AttemptTarget, Move, Outcome};
use crate::semconv as s;

mod both;

const WITHIN: Duration = Duration::from_secs(30);
const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const TARGET: AttemptTarget<'static> = AttemptTarget {
    operation: Operation::Chat,
    model: "gpt",
    deployment: "d1",
    provider: "openai",
    upstream_model: "gpt-4o",
};

/// A value of a message: a number, or bytes that may be a message again.
#[derive(Debug, Clone, PartialEq)]
enum Field {
    Number(u64),
    Bytes(Vec<u8>),
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let (mut value, mut shift) = (0, 0);
    loop {
        let byte = bytes[0];
        *bytes = &bytes[1..];
        value |= u64::from(byte & 0x7F) << shift;
        shift += 7;
        if byte < 0x80 {
            return value;
        }
    }
}

/// The fields of a message in their order.
fn fields(mut bytes: &[u8]) -> Vec<(u64, Field)> {
    let mut all = Vec::new();
    while !bytes.is_empty() {
        let key = varint(&mut bytes);
        let length = match key & 7 {
            0 => {
                all.push((key >> 3, Field::Number(varint(&mut bytes))));
                continue;
            }
            1 => 8,
            5 => 4,
            2 => usize::try_from(varint(&mut bytes)).unwrap(),
            wire => panic!("wire type {wire}"),
        };
        let (value, rest) = bytes.split_at(length);
        bytes = rest;
        let mut eight = [0; 8];
        let field = if key & 7 == 2 {
            Field::Bytes(value.to_vec())
        } else {
            eight[..length].copy_from_slice(value);
            Field::Number(u64::from_le_bytes(eight))
        };
        all.push((key >> 3, field));
    }
    all
}

fn every(bytes: &[u8], number: u64) -> Vec<Vec<u8>> {
    let of = |(field, value)| match value {
        Field::Bytes(bytes) if field == number => Some(bytes),
        Field::Bytes(_) | Field::Number(_) => None,
    };
    fields(bytes).into_iter().filter_map(of).collect()
}

fn one(bytes: &[u8], number: u64) -> Vec<u8> {
    every(bytes, number).into_iter().next().unwrap_or_default()
}

fn text(bytes: &[u8], number: u64) -> String {
    String::from_utf8(one(bytes, number)).unwrap()
}

fn number(bytes: &[u8], number: u64) -> Option<u64> {
    fields(bytes).into_iter().find_map(|(field, value)| match value {
        Field::Number(value) if field == number => Some(value),
        Field::Number(_) | Field::Bytes(_) => None,
    })
}

/// Attributes as text: `"text"`, numbers and truth values bare.
fn attributes(message: &[u8], field: u64) -> BTreeMap<String, String> {
    let value = |value: &[u8]| match fields(value).pop() {
        Some((1, Field::Bytes(text))) => format!("{:?}", String::from_utf8(text).unwrap()),
        Some((2, Field::Number(truth))) => (truth == 1).to_string(),
        Some((3, Field::Number(count))) => count.to_string(),
        Some((4, Field::Number(bits))) => f64::from_bits(bits).to_string(),
        Some((5, Field::Bytes(array))) => format!("[{:?}]", text(&one(&array, 1), 1)),
        other => panic!("{other:?}"),
    };
    every(message, field).iter().map(|pair| (text(pair, 1), value(&one(pair, 2)))).collect()
}

/// A span, read back.
#[derive(Debug)]
struct Told {
    raw: Vec<u8>,
    name: String,
    attributes: BTreeMap<String, String>,
}

impl Told {
    #[track_caller]
    fn has(&self, expected: &[(&str, &str)]) {
        for (name, value) in expected {
            let found = self.attributes.get(*name).map(String::as_str);
            assert_eq!(found, Some(*value), "{name} of {:?}", self.attributes);
        }
    }

    /// The code and description of its status.
    fn status(&self) -> (u64, String) {
        let status = one(&self.raw, 15);
        (number(&status, 3).unwrap_or(0), text(&status, 2))
    }
}

/// The resource and the spans of a message.
fn spans(message: &[u8]) -> (BTreeMap<String, String>, Vec<Told>) {
    let of_resource = one(message, 1);
    let resource = attributes(&one(&of_resource, 1), 1);
    let spans = every(&one(&of_resource, 2), 2);
    let read = |raw: Vec<u8>| Told { name: text(&raw, 5), attributes: attributes(&raw, 9), raw };
    (resource, spans.into_iter().map(read).collect())
}

fn read_request(stream: &mut TcpStream) -> (String, Vec<u8>) {
    stream.set_read_timeout(Some(WITHIN)).unwrap();
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let read = stream.read(&mut buffer).unwrap();
        request.extend_from_slice(&buffer[..read]);
        let Some(head) = request.windows(4).position(|window| window == b"\r\n\r\n") else {
            continue;
        };
        let text = String::from_utf8_lossy(&request[..head]).to_lowercase();
        let length = text.split("content-length: ").nth(1).unwrap().split("\r\n").next().unwrap();
        if request.len() >= head + 4 + length.parse::<usize>().unwrap() {
            return (text, request.split_off(head + 4));
        }
    }
}

/// A request's head in lower case, and its body.
type Message = (String, Vec<u8>);

/// A collector over HTTP that answers its requests with these statuses and keeps what it took.
fn collector(statuses: &'static [u16]) -> (String, JoinHandle<Vec<Message>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let serve = move || {
        let answer = |status: &u16| {
            let mut stream = listener.accept().unwrap().0;
            let request = read_request(&mut stream);
            let head = "content-length: 0\r\nconnection: close\r\n\r\n";
            stream.write_all(format!("HTTP/1.1 {status} x\r\n{head}").as_bytes()).unwrap();
            request
        };
        statuses.iter().map(answer).collect()
    };
    (url, thread::spawn(serve))
}

fn tracer(url: &str, env: &[(&str, &str)]) -> Tracer {
    let options = TraceOptions {
        endpoint: Some(url.to_owned()),
        protocol: Some(crate::trace::OtlpProtocol::HttpProtobuf),
        ..TraceOptions::default()
    };
    let env =
        |name: &str| env.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
    Tracer::with(&Settings::resolve(&options, env).unwrap().unwrap()).unwrap()
}

const FIRST: AttemptStart<'static> = AttemptStart::new(TARGET);

fn start<'a>(traceparent: Option<&'a str>, tracestate: Option<&'a str>) -> RequestStart<'a> {
    let start = RequestStart::new("req-1", Operation::Chat, Dialect::OPENAI_CHAT);
    RequestStart { traceparent, tracestate, ..start }
}

fn attempt(span: &Span) -> AttemptEvent<'_> {
    AttemptEvent { span, ..AttemptEvent::new(UNIX_EPOCH + WITHIN, "req-1", TARGET) }
}

fn request(span: &Span) -> RequestEvent<'_> {
    let at = UNIX_EPOCH + WITHIN;
    RequestEvent { span, ..RequestEvent::new(at, "req-1", Operation::Chat, Dialect::OPENAI_CHAT) }
}

/// What a collector receives of `work`.
fn received(work: impl FnOnce(&Tracer)) -> Vec<Told> {
    let (url, taken) = collector(&[200]);
    let tracer = tracer(&url, &[]);
    work(&tracer);
    assert!(tracer.close(WITHIN));
    spans(&taken.join().unwrap()[0].1).1
}

#[test]
fn an_answered_request_is_a_server_span_with_a_client_span_beneath() {
    let spans = received(|tracer| {
        let outer = tracer.request(&start(Some(PARENT), Some("vendor=value")));
        let inner = tracer.attempt(&outer, &FIRST);
        let headers = inner.headers().unwrap();
        assert!(headers.traceparent.starts_with("00-0af7651916cd43dd8448eb211c80319c-"));
        assert!(headers.traceparent.ends_with("-01") && !headers.traceparent.contains("b7ad"));
        assert_eq!(headers.tracestate.as_deref(), Some("vendor=value"));
        let usage = Usage {
            input_tokens: Some(10),
            output_tokens: Some(5),
            cache_read_tokens: Some(4),
            ..Usage::default()
        };
        tracer.end_attempt(&AttemptEvent {
            response_model: Some("gpt-4o-2024-11-20"),
            response_id: Some("chatcmpl-1"),
            status: Some(200),
            finish: Some(tollgate_core_types::reply::FinishReason::Length),
            usage,
            number: 2,
            kind: AttemptKind::Failover,
            stream: true,
            ttft: Some(Duration::from_millis(250)),
            duration: Duration::from_secs(1),
            server_address: Some("api.openai.com"),
            server_port: Some(443),
            ..attempt(&inner)
        });
        let lost = [Lost::dropped("logit_bias"), Lost::dropped("seed")];
        let moves = [Move {
            at: UNIX_EPOCH + Duration::from_secs(29),
            kind: AttemptKind::Failover,
            number: 2,
            model: "gpt",
            deployment: "d1",
            after: Some(ErrorClass::Overload),
        }];
        tracer.end_request(&RequestEvent {
            route: Some("/v1/chat/completions"),
            model: Some("gpt"),
            attempts: 2,
            usage,
            lost: &lost,
            duration: Duration::from_secs(2),
            moves: &moves,
            ..request(&outer)
        });
    });
    let [inner, outer] = &spans[..] else { panic!("{spans:?}") };

    assert_eq!(outer.name, "POST /v1/chat/completions");
    assert_eq!(number(&outer.raw, 6), Some(SERVER));
    assert_eq!(hex(&one(&outer.raw, 1)), "0af7651916cd43dd8448eb211c80319c");
    assert_eq!(hex(&one(&outer.raw, 4)), "b7ad6b7169203331");
    assert_eq!(text(&outer.raw, 3), "vendor=value");
    assert_eq!(number(&outer.raw, 16), Some(0x301), "sampled, the parent is remote");
    let second = 1_000_000_000;
    assert_eq!(
        (number(&outer.raw, 7), number(&outer.raw, 8)),
        (Some(28 * second), Some(30 * second))
    );
    outer.has(&[
        (s::HTTP_REQUEST_METHOD, "\"POST\""),
        (s::HTTP_ROUTE, "\"/v1/chat/completions\""),
        (s::HTTP_RESPONSE_STATUS_CODE, "200"),
        (s::TOLLGATE_REQUEST_ID, "\"req-1\""),
        (s::TOLLGATE_ATTEMPTS, "2"),
        (s::TOLLGATE_LOST, "\"logit_bias,seed\""),
        (s::TOLLGATE_OUTCOME, "\"ok\""),
    ]);
    let event = one(&outer.raw, 11);
    assert_eq!((text(&event, 2).as_str(), number(&event, 1)), ("failover", Some(29 * second)));
    let told = attributes(&event, 3);
    assert_eq!(told[s::ERROR_TYPE], "\"overload\"");
    assert_eq!(
        (&*told[s::TOLLGATE_DEPLOYMENT], &*told[s::TOLLGATE_ATTEMPT_NUMBER]),
        ("\"d1\"", "2")
    );

    assert_eq!(inner.name, "chat gpt-4o");
    assert_eq!(number(&inner.raw, 6), Some(CLIENT));
    assert_eq!(one(&inner.raw, 1), one(&outer.raw, 1));
    assert_eq!(one(&inner.raw, 4), one(&outer.raw, 2));
    assert_eq!(number(&inner.raw, 16), Some(0x101), "sampled, the parent is ours");
    assert_eq!(inner.status(), (0, String::new()));
    inner.has(&[
        (s::GEN_AI_OPERATION_NAME, "\"chat\""),
        (s::GEN_AI_PROVIDER_NAME, "\"openai\""),
        (s::GEN_AI_REQUEST_MODEL, "\"gpt-4o\""),
        (s::GEN_AI_REQUEST_STREAM, "true"),
        (s::GEN_AI_RESPONSE_MODEL, "\"gpt-4o-2024-11-20\""),
        (s::GEN_AI_RESPONSE_ID, "\"chatcmpl-1\""),
        (s::GEN_AI_RESPONSE_FINISH_REASONS, "[\"length\"]"),
        (s::GEN_AI_USAGE_INPUT_TOKENS, "10"),
        (s::GEN_AI_USAGE_OUTPUT_TOKENS, "5"),
        (s::GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS, "4"),
        (s::GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK, "0.25"),
        (s::SERVER_ADDRESS, "\"api.openai.com\""),
        (s::SERVER_PORT, "443"),
        (s::TOLLGATE_ATTEMPT_KIND, "\"failover\""),
    ]);
}

const SERVER: u64 = 2;
const CLIENT: u64 = 3;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn failures_are_errors_and_clients_that_leave_or_are_wrong_are_not() {
    let ends = [
        (Outcome::Error, 503, ErrorClass::Overload, (2, 2)),
        (Outcome::Truncated, 200, ErrorClass::BrokenStream, (2, 2)),
        (Outcome::Error, 400, ErrorClass::Client, (2, 0)),
        (Outcome::Cancelled, 499, ErrorClass::Cancelled, (0, 0)),
    ];
    let spans = received(|tracer| {
        for (outcome, status, class, _) in ends {
            let outer = tracer.request(&start(None, None));
            let inner = tracer.attempt(&outer, &FIRST);
            let message = Some("refused: sk-abcdefgh12345678\u{1b}[2J");
            let (outcome, class) = (outcome, Some(class));
            tracer.end_attempt(&AttemptEvent { outcome, class, message, ..attempt(&inner) });
            tracer.end_request(&RequestEvent {
                outcome,
                class,
                message,
                status,
                ..request(&outer)
            });
        }
    });
    for ((outcome, _, class, (attempt, request)), pair) in ends.iter().zip(spans.chunks(2)) {
        let [inner, outer] = pair else { panic!("{pair:?}") };
        assert_eq!((inner.status().0, outer.status().0), (*attempt, *request), "{outcome:?}");
        for span in pair {
            span.has(&[
                (s::TOLLGATE_OUTCOME, &format!("{:?}", outcome.as_str())),
                (s::ERROR_TYPE, &format!("{:?}", class.as_str())),
            ]);
        }
    }
    assert_eq!(spans[0].status().1, "refused: [redacted]\\u{1b}[2J");
}

#[test]
fn outside_text_is_cleaned_and_cut() {
    let long = "é".repeat(500);
    let spans = received(|tracer| {
        let span = tracer.request(&start(None, None));
        tracer.end_request(&RequestEvent {
            request_id: "a\u{1b}[31m\u{202e}\0",
            model: Some(&long),
            ..request(&span)
        });
    });
    assert!(spans[0].attributes[s::TOLLGATE_MODEL].len() <= 130);
    assert!(!spans[0].attributes[s::TOLLGATE_REQUEST_ID].contains(['\u{1b}', '\0']));
}

#[test]
fn only_what_is_sampled_is_exported_and_all_of_it_has_ids() {
    let (url, taken) = collector(&[200]);
    let env = [("OTEL_TRACES_SAMPLER", "parentbased_always_off"), ("OTEL_SERVICE_NAME", "edge")];
    let tracer = tracer(&url, &env);
    let unsampled = tracer.request(&start(Some(&PARENT.replace("-01", "-00")), None));
    let undecided = tracer.request(&start(None, None));
    let sampled = tracer.request(&start(Some(PARENT), None));
    for span in [&unsampled, &undecided, &sampled] {
        tracer.end_attempt(&attempt(&tracer.attempt(span, &FIRST)));
        tracer.end_request(&request(span));
        assert!(span.trace_id().is_some());
    }
    assert!(undecided.headers().unwrap().traceparent.ends_with("-00"));
    assert!(tracer.close(WITHIN));
    let messages = taken.join().unwrap();
    let (resource, spans) = spans(&messages[0].1);
    assert_eq!(spans.len(), 2);
    assert_eq!(resource["service.name"], "\"edge\"");
    assert!(messages[0].0.starts_with("post /v1/traces "), "{}", messages[0].0);
    assert!(messages[0].0.contains("content-type: application/x-protobuf"));
    let counts = tracer.counts().unwrap();
    assert_eq!(counts, SpanCounts { exported: 2, failed: 0, dropped: 0 });
}

#[test]
fn without_an_export_a_clients_trace_passes_through() {
    let tracer = Tracer::default();
    assert_eq!(tracer.request(&start(None, None)).headers(), None);
    let span = tracer.request(&start(Some(PARENT), None));
    let headers = tracer.attempt(&span, &FIRST).headers().unwrap();
    assert_eq!(headers.traceparent, PARENT);
    assert_eq!(span.trace_id().unwrap().to_string(), "0af7651916cd43dd8448eb211c80319c");
    tracer.end_request(&request(&span));
    assert_eq!(tracer.counts(), None);
}

#[test]
fn a_full_queue_drops_and_counts_and_a_refusal_is_counted() {
    let (url, taken) = collector(&[400]);
    let env = [("OTEL_BSP_MAX_QUEUE_SIZE", "10"), ("OTEL_BSP_SCHEDULE_DELAY", "60000")];
    let tracer = tracer(&url, &[&env[..], &[("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "10")]].concat());
    // The first ten are taken at once; what comes while they are under way finds room for ten more.
    for _ in 0..10 {
        tracer.end_request(&request(&tracer.request(&start(None, None))));
    }
    assert!(tracer.flush(WITHIN));
    assert_eq!(tracer.counts(), Some(SpanCounts { exported: 0, failed: 10, dropped: 0 }));
    assert_eq!(spans(&taken.join().unwrap()[0].1).1.len(), 10);
    assert!(tracer.close(WITHIN));
    tracer.end_request(&request(&tracer.request(&start(None, None))));
    assert_eq!(tracer.counts(), Some(SpanCounts { exported: 0, failed: 10, dropped: 1 }));
}

#[test]
fn a_collector_that_comes_back_gets_the_batch() {
    let (url, taken) = collector(&[503, 200]);
    let tracer = tracer(&url, &[]);
    tracer.end_request(&request(&tracer.request(&start(None, None))));
    assert!(tracer.flush(WITHIN));
    assert_eq!(tracer.counts(), Some(SpanCounts { exported: 1, failed: 0, dropped: 0 }));
    let messages = taken.join().unwrap();
    assert_eq!(messages[0].1, messages[1].1);
}

#[test]
fn ids_differ() {
    let ids = IdMaker::default();
    let traces: std::collections::HashSet<_> = (0..10_000).map(|_| ids.trace()).collect();
    let spans: std::collections::HashSet<_> = (0..10_000).map(|_| ids.span()).collect();
    assert_eq!((traces.len(), spans.len()), (10_000, 10_000));
}
