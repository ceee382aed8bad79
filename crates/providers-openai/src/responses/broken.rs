//! The one event that ends a stream which cannot be gone on with.
//!
//! It has the fields of OpenAI's `error` event, and the same once more under `error`: the official
//! SDKs raise for that key alone, and would take the bare event for one of many.

use bytes::Bytes;
use serde::Serialize;
use tollgate_providers_common::ErrorReport;

use crate::error::ErrorOut;

#[derive(Serialize)]
struct Event<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    code: &'a str,
    message: &'a str,
    param: Option<&'a str>,
    sequence_number: u64,
    error: ErrorOut<'a>,
}

/// The event with the running number `number`.
pub(super) fn event(report: &ErrorReport, number: u64) -> Bytes {
    let error = ErrorOut::of(report);
    let event = Event {
        kind: "error",
        code: &report.code,
        message: &report.message,
        param: report.param.as_deref(),
        sequence_number: number,
        error,
    };
    let mut frame = b"event: error\ndata: ".to_vec();
    // Strings and numbers always serialize.
    frame.extend_from_slice(&serde_json::to_vec(&event).unwrap_or_default());
    frame.extend_from_slice(b"\n\n");
    Bytes::from(frame)
}
