//! What several tests of this crate share.

use bytes::Bytes;
use http::{HeaderMap, Uri};
use proptest::prelude::*;
use serde_json::{Map, Value};
use tollgate_core_types::{JsonText, Lost, loss::HowLost};
use tollgate_providers_common::target::Quirks;
use tollgate_providers_common::{
    ClientDialect, Facts, Frame, FrameKind, Inbound, ParamRules, RenderContext, UpstreamTarget,
};

/// A target without quirks or rules.
pub(crate) fn target(model: &str) -> UpstreamTarget {
    UpstreamTarget {
        base: Uri::from_static("https://api.anthropic.com"),
        model: model.to_owned(),
        params: ParamRules::default(),
        stream_usage: true,
        max_output_tokens: 8192,
        headers: Vec::new(),
        quirks: Quirks::default(),
    }
}

/// A client's request of `dialect`, read as the server does.
pub(crate) fn inbound(dialect: &dyn ClientDialect, body: &str) -> Inbound {
    Inbound {
        dialect: dialect.dialect(),
        operation: dialect.operation(),
        facts: dialect.facts(body.as_bytes()).unwrap_or_else(|_| Facts::default()),
        body: Bytes::copy_from_slice(body.as_bytes()),
        headers: HeaderMap::new(),
        query: None,
    }
}

/// What a renderer needs.
pub(crate) fn context() -> RenderContext {
    RenderContext {
        request_id: "req_7".to_owned(),
        model: "asked-model".to_owned(),
        created: 1_700_000_000,
        include_usage: true,
    }
}

/// JSON that the test knows to be valid.
pub(crate) fn json(text: &str) -> JsonText {
    JsonText::from_valid(text)
}

/// What was lost, as `-field` for dropped and `~field` for approximated.
pub(crate) fn lost(lost: &[Lost]) -> Vec<String> {
    let mark = |how| match how {
        HowLost::Dropped => '-',
        HowLost::Approximated => '~',
    };
    lost.iter().map(|Lost { field, how }| format!("{}{field}", mark(*how))).collect()
}

/// A frame with this data and no `event:` line.
pub(crate) fn frame(data: &str) -> Frame {
    Frame {
        raw: Bytes::new(),
        kind: FrameKind::Event,
        event: Bytes::new(),
        data: Some(Bytes::copy_from_slice(data.as_bytes())),
    }
}

/// Any JSON value of small size, with the dialect's own words among its keys and texts.
pub(crate) fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (0_u32..5000).prop_map(Value::from),
        (0_u32..9).prop_map(|n| Value::from(f64::from(n))),
        word().prop_map(Value::from),
        ".{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            entries(inner).prop_map(Value::Object),
        ]
    })
}

/// Any JSON object of small size.
pub(crate) fn json_object() -> impl Strategy<Value = Value> {
    entries(json_value()).prop_map(Value::Object)
}

fn entries(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Map<String, Value>> {
    prop::collection::vec((word(), value), 0..6).prop_map(|entries| entries.into_iter().collect())
}

fn word() -> impl Strategy<Value = String> {
    prop::sample::select(&WORDS[..]).prop_map(str::to_owned)
}

const WORDS: [&str; 40] = [
    "type",
    "text",
    "messages",
    "role",
    "user",
    "assistant",
    "system",
    "content",
    "max_tokens",
    "model",
    "stream",
    "tools",
    "name",
    "input",
    "input_schema",
    "id",
    "tool_use",
    "tool_result",
    "tool_use_id",
    "thinking",
    "signature",
    "image",
    "source",
    "base64",
    "url",
    "data",
    "metadata",
    "user_id",
    "stop_sequences",
    "temperature",
    "top_k",
    "output_config",
    "effort",
    "properties",
    "object",
    "items",
    "usage",
    "delta",
    "index",
    "error",
];
