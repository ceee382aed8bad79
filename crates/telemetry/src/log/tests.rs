//! Golden lines, hostile text, and what is and is not logged.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tollgate_core_types::{Dialect, ErrorClass, Lost, Operation, Usage};

use super::*;
use crate::event::{AttemptKind, AttemptTarget};
use crate::trace::{Span, Tracer};

const WITHIN: Duration = Duration::from_secs(10);

#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What `say` logs in `format`.
fn logged(format: LogFormat, say: impl FnOnce(&RequestLog)) -> String {
    let sink = Sink::default();
    let log = RequestLog::to_sink(Box::new(sink.clone()), format, LogOptions::CAPACITY).unwrap();
    say(&log);
    assert!(log.close(WITHIN));
    String::from_utf8(sink.0.lock().unwrap().clone()).unwrap()
}

fn at() -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(1_795_193_643_120)
}

fn bare() -> RequestEvent<'static> {
    RequestEvent::new(at(), "req-1", Operation::Chat, Dialect::OPENAI_CHAT)
}

const TARGET: AttemptTarget<'static> = AttemptTarget {
    operation: Operation::Chat,
    model: "gpt-4o",
    deployment: "openai-1",
    provider: "openai",
    upstream_model: "gpt-4o-2024-11-20",
};

static SPAN: std::sync::LazyLock<Span> = std::sync::LazyLock::new(|| {
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let start = crate::RequestStart::new("req-1", Operation::Chat, Dialect::OPENAI_CHAT);
    Tracer::default().request(&crate::RequestStart { traceparent: Some(parent), ..start })
});

fn full<'a>(lost: &'a [Lost]) -> RequestEvent<'a> {
    RequestEvent {
        model: Some("gpt-4o"),
        requested_model: Some("openai/gpt-4o"),
        deployment: Some("openai-1"),
        provider: Some("openai"),
        upstream_model: Some("gpt-4o-2024-11-20"),
        response_model: Some("gpt-4o-2024-11-20"),
        stream: true,
        status: 502,
        outcome: Outcome::Error,
        class: Some(ErrorClass::Server),
        attempts: 3,
        message: Some("upstream said: \"no\""),
        usage: Usage {
            input_tokens: Some(1234),
            output_tokens: Some(56),
            cache_read_tokens: Some(1000),
            cache_write_tokens: Some(0),
            reasoning_tokens: Some(7),
            ..Usage::default()
        },
        ttft: Some(Duration::from_micros(312_044)),
        duration: Duration::from_micros(1_812_044),
        overhead: Some(Duration::from_micros(144)),
        lost,
        user: Some("user-1"),
        frames_skipped: 2,
        cost: Some(1_250_000_000),
        span: &SPAN,
        ..bare()
    }
}

fn failed() -> AttemptEvent<'static> {
    AttemptEvent {
        number: 2,
        kind: AttemptKind::Failover,
        stream: true,
        status: Some(429),
        outcome: Outcome::Error,
        class: Some(ErrorClass::Throttle),
        code: Some("rate_limit_exceeded"),
        message: Some("slow down"),
        retry_after: Some(Duration::from_secs(2)),
        duration: Duration::from_millis(80),
        frames_skipped: 1,
        span: &SPAN,
        ..AttemptEvent::new(at(), "req-1", TARGET)
    }
}

#[test]
fn golden_request_lines() {
    let lost = [
        Lost::dropped("logit_bias"),
        Lost::approximated("temperature"),
        Lost::dropped("messages[2].name"),
    ];
    let lines = logged(LogFormat::Json, |log| {
        log.request(&bare());
        log.request(&full(&lost));
    });
    assert_eq!(
        lines,
        concat!(
            r#"{"ts":"2026-11-20T16:54:03.120Z","level":"info","event":"request","request_id":"req-1","#,
            r#""operation":"chat","dialect":"openai.chat","stream":false,"status":200,"outcome":"ok","#,
            r#""attempts":0,"cost_usd":null,"duration_ms":0.000}"#,
            "\n",
            r#"{"ts":"2026-11-20T16:54:03.120Z","level":"error","event":"request","request_id":"req-1","#,
            r#""trace_id":"0af7651916cd43dd8448eb211c80319c","operation":"chat","dialect":"openai.chat","#,
            r#""model":"gpt-4o","requested_model":"openai/gpt-4o","deployment":"openai-1","#,
            r#""provider":"openai","upstream_model":"gpt-4o-2024-11-20","#,
            r#""response_model":"gpt-4o-2024-11-20","stream":true,"status":502,"outcome":"error","#,
            r#""class":"server","attempts":3,"message":"upstream said: \"no\"","input_tokens":1234,"#,
            r#""output_tokens":56,"cache_read_tokens":1000,"cache_write_tokens":0,"#,
            r#""reasoning_tokens":7,"cost_usd":0.001250000000,"ttft_ms":312.044,"duration_ms":1812.044,"#,
            r#""overhead_ms":0.144,"frames_skipped":2,"#,
            r#""dropped":["logit_bias","messages[2].name"],"approximated":["temperature"],"#,
            r#""user":"user-1"}"#,
            "\n",
        )
    );
}

#[test]
fn golden_attempt_line_and_none_for_attempts_that_did_not_fail() {
    let lines = logged(LogFormat::Json, |log| {
        log.attempt(&AttemptEvent::new(at(), "req-1", TARGET));
        log.attempt(&AttemptEvent {
            outcome: Outcome::Cancelled,
            class: Some(ErrorClass::Cancelled),
            ..failed()
        });
        log.attempt(&failed());
    });
    assert_eq!(
        lines,
        concat!(
            r#"{"ts":"2026-11-20T16:54:03.120Z","level":"warn","event":"attempt","request_id":"req-1","#,
            r#""trace_id":"0af7651916cd43dd8448eb211c80319c","operation":"chat","model":"gpt-4o","deployment":"openai-1","provider":"openai","#,
            r#""upstream_model":"gpt-4o-2024-11-20","attempt":2,"kind":"failover","stream":true,"#,
            r#""status":429,"outcome":"error","class":"throttle","code":"rate_limit_exceeded","#,
            r#""message":"slow down","retry_after_ms":2000.000,"duration_ms":80.000,"#,
            r#""frames_skipped":1}"#,
            "\n",
        )
    );
}

#[test]
fn golden_pretty_lines() {
    let lines = logged(LogFormat::Pretty, |log| {
        log.request(&full(&[]));
        log.attempt(&failed());
    });
    assert_eq!(
        lines,
        concat!(
            r#"2026-11-20T16:54:03.120Z error request 502 error chat gpt-4o -> openai-1 class=server "#,
            r#"attempts=3 in=1234 out=56 ttft=312.044ms took=1812.044ms skipped=2 "#,
            r#"id=req-1 message="upstream said: \"no\"""#,
            "\n",
            r#"2026-11-20T16:54:03.120Z warn attempt 2 error chat gpt-4o -> openai-1 status=429 "#,
            r#"class=throttle took=80.000ms id=req-1 message="slow down""#,
            "\n",
        )
    );
}

#[test]
fn levels_follow_whose_error_it_was() {
    for (outcome, status, level) in [
        (Outcome::Ok, 200, "info"),
        (Outcome::Cancelled, 499, "info"),
        (Outcome::Truncated, 200, "warn"),
        (Outcome::Error, 404, "warn"),
        (Outcome::Error, 504, "error"),
    ] {
        assert_eq!(line::level(outcome, status), level, "{outcome:?} {status}");
    }
}

/// Every text of both events that a client, vendor or operator can influence.
fn hostile(text: &str) -> (RequestEvent<'_>, AttemptEvent<'_>) {
    let request = RequestEvent {
        model: Some(text),
        requested_model: Some(text),
        deployment: Some(text),
        provider: Some(text),
        upstream_model: Some(text),
        response_model: Some(text),
        outcome: Outcome::Error,
        message: Some(text),
        user: Some(text),
        ..RequestEvent::new(at(), text, Operation::Chat, Dialect::ANTHROPIC_MESSAGES)
    };
    let target = AttemptTarget {
        operation: Operation::Chat,
        model: text,
        deployment: text,
        provider: text,
        upstream_model: text,
    };
    let attempt = AttemptEvent {
        outcome: Outcome::Truncated,
        code: Some(text),
        message: Some(text),
        response_model: Some(text),
        response_id: Some(text),
        ..AttemptEvent::new(at(), text, target)
    };
    (request, attempt)
}

#[test]
fn hostile_text_cannot_break_a_line_move_a_cursor_or_add_a_field() {
    for format in [LogFormat::Json, LogFormat::Pretty] {
        for text in [
            "\u{1b}[2J\u{1b}]0;owned\u{7}",
            "a\r\nb\n{\"level\":\"info\"}",
            "\",\"status\":200,\"x\":\"",
            "\u{9b}31m\u{202e}\u{2028}\u{0}\u{7f}",
            "\\",
        ] {
            let (request, attempt) = hostile(text);
            let lost = [Lost::dropped(text.to_owned())];
            let lines = logged(format, |log| {
                log.request(&RequestEvent { lost: &lost, ..request });
                log.attempt(&attempt);
            });
            assert_eq!(lines.lines().count(), 2, "{text:?}");
            assert!(!lines.replace('\n', "").chars().any(char::is_control), "{text:?}");
            if format == LogFormat::Json {
                check_fields(&lines, text);
            }
        }
    }
}

/// Each line parses, each field stands once, and the text comes back as it was.
fn check_fields(lines: &str, text: &str) {
    for line in lines.lines() {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        let fields = value.as_object().unwrap();
        for field in ["model", "request_id", "message", "response_model"] {
            assert_eq!(fields[field], text, "{line}");
        }
        for field in fields.keys() {
            assert_eq!(line.matches(&format!("\"{field}\":")).count(), 1, "{field} in {line}");
        }
        assert!(!fields.contains_key("x"), "{line}");
    }
}

#[test]
fn long_text_is_cut_and_a_line_stays_small() {
    let long = "é\u{1b}".repeat(100_000);
    let (request, attempt) = hostile(&long);
    let lost: Vec<_> = (0..40).map(|_| Lost::dropped(long.clone())).collect();
    let lines = logged(LogFormat::Json, |log| {
        log.request(&RequestEvent { lost: &lost, ..request });
        log.attempt(&attempt);
    });
    for line in lines.lines() {
        assert!(line.len() < 16 * 1024, "{}", line.len());
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(value["message"].as_str().unwrap().len() <= 512);
        assert!(value["model"].as_str().unwrap().len() <= 128);
    }
}

#[test]
fn credentials_in_error_texts_are_taken_out() {
    let text = "Incorrect API key provided: sk-canary-0123456789";
    for format in [LogFormat::Json, LogFormat::Pretty] {
        let lines = logged(format, |log| {
            log.request(&RequestEvent { message: Some(text), ..bare() });
            log.attempt(&AttemptEvent { message: Some(text), ..failed() });
        });
        assert_eq!(lines.matches("[redacted]").count(), 2, "{lines}");
        assert!(!lines.contains("canary"), "{lines}");
    }
}

#[test]
fn a_file_is_appended_to_and_a_bad_path_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let options = LogOptions::json(LogTarget::File(dir.path().join("requests.log")));
    for _ in 0..2 {
        let log = RequestLog::open(&options).unwrap();
        log.request(&bare());
        assert!(log.flush(WITHIN));
    }
    let lines = std::fs::read_to_string(dir.path().join("requests.log")).unwrap();
    assert_eq!(lines.lines().count(), 2);

    let missing = LogOptions::json(LogTarget::File(dir.path().join("no/such/dir.log")));
    let error = RequestLog::open(&missing).unwrap_err();
    assert!(error.to_string().contains("no/such/dir.log"), "{error}");
}
