//! Without a collector no request makes a span, however chatty the diagnostics are.

use std::time::{Duration, UNIX_EPOCH};

use tollgate_core_types::{Dialect, Operation};
use tollgate_telemetry::{
    RequestEvent, RequestSpan, TelemetryError, TraceOptions, init_tracing, record_request,
    request_span, trace_headers,
};

#[test]
fn diagnostics_alone_make_no_spans() {
    let bad = TraceOptions { filter: "info,a=b=c".to_owned(), ..TraceOptions::default() };
    let error = init_tracing(&bad).unwrap_err();
    assert!(matches!(error, TelemetryError::Filter { .. }), "{error}");

    let options = TraceOptions {
        endpoint: Some(String::new()),
        filter: "trace".to_owned(),
        ..TraceOptions::default()
    };
    let guard = init_tracing(&options).unwrap();
    assert!(!guard.exports());
    let span = request_span(&RequestSpan {
        request_id: "req-1",
        method: None,
        route: None,
        operation: Operation::Embeddings,
        dialect: Dialect::OPENAI_EMBEDDINGS,
        traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
        tracestate: None,
    });
    assert!(span.is_disabled());
    assert_eq!(trace_headers(&span), None);
    let event =
        RequestEvent::new(UNIX_EPOCH, "req-1", Operation::Embeddings, Dialect::OPENAI_EMBEDDINGS);
    record_request(&span, &event);
    guard.shutdown(Duration::from_secs(1)).unwrap();
}
