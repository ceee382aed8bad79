//! Beta switches: clients send many that only Anthropic itself knows, and this vendor refuses a
//! request with one that it does not know.
//!
//! Those that are not known to be taken are left out, aloud; the operator adds others in a
//! deployment's own `anthropic-beta` header, and those are never left out.

use http::{HeaderMap, HeaderName, HeaderValue};
use tollgate_core_types::Lost;
use tollgate_providers_common::UpstreamTarget;

const HEADER: HeaderName = HeaderName::from_static("anthropic-beta");

/// The switches that are taken, as of 2026-11.
const TAKEN: [&str; 7] = [
    "computer-use-2025-01-24",
    "computer-use-2025-11-24",
    "context-1m-2025-08-07",
    "context-management-2025-06-27",
    "interleaved-thinking-2025-05-14",
    "tool-search-tool-2025-10-19",
    "web-search-2025-03-05",
];

/// Switches that have another name here.
const RENAMED: [(&str, &str); 1] =
    [("advanced-tool-use-2025-11-20", "tool-search-tool-2025-10-19")];

/// Leaves those switches that are taken, each once; `headers` holds the client's and the
/// deployment's together.
pub(super) fn keep_known(headers: &mut HeaderMap, target: &UpstreamTarget, lost: &mut Vec<Lost>) {
    let own = target.headers.iter().filter(|(name, _)| *name == HEADER);
    let own: Vec<&str> =
        own.flat_map(|(_, value)| switches(value.to_str().unwrap_or_default())).collect();
    let said: Vec<HeaderValue> = headers.get_all(HEADER).iter().cloned().collect();
    let mut list: Vec<&str> = Vec::new();
    for beta in said.iter().filter_map(|value| value.to_str().ok()).flat_map(switches) {
        let renamed = RENAMED.into_iter().find(|(from, _)| *from == beta).map(|(_, to)| to);
        let name = if own.contains(&beta) { beta } else { renamed.unwrap_or(beta) };
        if !own.contains(&name) && !TAKEN.contains(&name) {
            lost.push(Lost::dropped(format!("anthropic-beta.{name}")));
        } else if !list.contains(&name) {
            list.push(name);
        }
    }
    headers.remove(HEADER);
    // Made of parts of header values, so that it is one.
    if let (false, Ok(joined)) = (list.is_empty(), HeaderValue::from_str(&list.join(","))) {
        headers.insert(HEADER, joined);
    }
}

fn switches(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|beta| !beta.is_empty())
}
