//! What several tests of this crate share.

use bytes::Bytes;
use http::{HeaderMap, Uri};
use tollgate_core_types::{JsonText, Lost, loss::HowLost};
use tollgate_providers_common::target::Quirks;
use tollgate_providers_common::{
    ClientDialect, Facts, Inbound, ParamRules, RenderContext, UpstreamTarget,
};

/// A target with the quirks of its model and without rules.
pub(crate) fn target(model: &str) -> UpstreamTarget {
    UpstreamTarget {
        base: Uri::from_static("https://generativelanguage.googleapis.com/v1"),
        model: model.to_owned(),
        params: ParamRules::default(),
        stream_usage: true,
        max_output_tokens: 8192,
        headers: Vec::new(),
        quirks: Quirks { ..crate::quirks_for(model) },
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
