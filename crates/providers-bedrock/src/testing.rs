//! What several tests of this crate share.

use bytes::Bytes;
use http::{HeaderMap, Uri};
use serde_json::Value;
use tollgate_core_types::{Dialect, JsonText, Lost, Operation, loss::HowLost};
use tollgate_providers_common::{Facts, Inbound, ParamRules, UpstreamTarget, eventstream, scan};

use crate::models::quirks_for;

/// Claude of a generation that thinks within a budget.
pub(crate) const CLAUDE: &str = "eu.anthropic.claude-sonnet-4-5-20250929-v1:0";
/// Claude of a generation that thinks adaptively.
pub(crate) const ADAPTIVE: &str = "us.anthropic.claude-opus-4-6-v1";
/// Amazon's own.
pub(crate) const NOVA: &str = "amazon.nova-2-lite-v1:0";

/// A target with the quirks of its model and without rules.
pub(crate) fn target(model: &str) -> UpstreamTarget {
    UpstreamTarget {
        base: Uri::from_static("https://bedrock-runtime.eu-central-1.amazonaws.com"),
        model: model.to_owned(),
        params: ParamRules::default(),
        stream_usage: true,
        max_output_tokens: 8192,
        headers: Vec::new(),
        quirks: quirks_for(model),
    }
}

/// A client's request, with as many facts as the codecs look at.
pub(crate) fn inbound(dialect: Dialect, operation: Operation, body: &str) -> Inbound {
    let layout = scan::layout(body.as_bytes()).unwrap();
    let stream = layout.value(body.as_bytes(), "stream") == Some("true");
    Inbound {
        dialect,
        operation,
        facts: Facts { stream, layout, ..Facts::default() },
        body: Bytes::copy_from_slice(body.as_bytes()),
        headers: HeaderMap::new(),
        query: None,
    }
}

/// JSON that the test knows to be valid.
pub(crate) fn json(text: &str) -> JsonText {
    JsonText::from_valid(text)
}

/// A body as a value.
pub(crate) fn value(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap()
}

/// What was lost, as `-field` for dropped and `~field` for approximated.
pub(crate) fn lost(lost: &[Lost]) -> Vec<String> {
    let mark = |how| match how {
        HowLost::Dropped => '-',
        HowLost::Approximated => '~',
    };
    lost.iter().map(|Lost { field, how }| format!("{}{field}", mark(*how))).collect()
}

/// A stream of these events.
pub(crate) fn stream(events: &[(&str, &str)]) -> Vec<u8> {
    let event = |(kind, body): &(&str, &str)| {
        let headers = [
            (":event-type", *kind),
            (":content-type", "application/json"),
            (":message-type", "event"),
        ];
        eventstream::message(&headers, body.as_bytes()).to_vec()
    };
    events.iter().flat_map(event).collect()
}

/// A failure within a stream.
pub(crate) fn exception(kind: &str, message: &str) -> Vec<u8> {
    let headers = [(":exception-type", kind), (":message-type", "exception")];
    let body = serde_json::json!({ "message": message }).to_string();
    eventstream::message(&headers, body.as_bytes()).to_vec()
}
