//! Error answers: the first two bytes choose codec and status, the rest is the body.

use http::HeaderMap;
use std::sync::{Arc, LazyLock};
use tollgate_core_types::UpstreamError;
use tollgate_providers_common::Codec;

use super::kind;
use crate::translation::vendors;

/// Every codec of every vendor for every dialect that clients speak.
static CODECS: LazyLock<Vec<Arc<dyn Codec>>> = LazyLock::new(|| {
    let mut all: Vec<Arc<dyn Codec>> = Vec::new();
    let vendors = vendors::chat().unwrap_or_default().into_iter();
    for vendor in vendors.chain(vendors::embeddings().unwrap_or_default()) {
        let clients = vendors::clients();
        let spoken = clients.iter().filter_map(|it| vendor.provider.codec(it.dialect()));
        all.extend(spoken);
        all.extend(vendor.provider.chat().map(|chat| -> Arc<dyn Codec> { chat }));
    }
    all
});

/// An error's answer.
pub(super) fn error(input: &[u8]) -> u64 {
    let [which, status, body @ ..] = input else { return 0 };
    let Some(codec) = CODECS.get(usize::from(*which) % CODECS.len().max(1)) else { return 0 };
    let status = 400 + u16::from(*status) % 200;
    let error = codec.decode_error(status, &HeaderMap::new(), body);
    let UpstreamError { class, status: kept, code, param, message, retry_after } = &error;
    assert_eq!(*kept, Some(status), "another status");
    assert!(!message.is_empty(), "no message from {} ({status})", codec.dialect());
    assert!(message.len() <= UpstreamError::MESSAGE_MAX, "a long message: {}", message.len());
    for text in [Some(message), code.as_ref(), param.as_ref()].into_iter().flatten() {
        let hostile = |c: char| c.is_control() && c != '\n' && c != '\t';
        assert!(!text.contains(hostile), "control characters in {text:?}");
    }
    for text in [code, param].into_iter().flatten() {
        assert!(text.len() <= UpstreamError::CODE_MAX, "a long code or parameter: {text:?}");
    }
    let dialect = codec.dialect().as_str();
    let shape = (code.is_some(), param.is_some(), retry_after.is_some());
    kind((dialect, format!("{class:?}"), shape, status / 100))
}
