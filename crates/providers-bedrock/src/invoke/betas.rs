//! Beta switches: what clients send in a header stands in the body here.
//!
//! The vendor refuses a request with a switch that it does not know, and clients send many that only
//! Anthropic itself knows. So those that are not known to be taken are left out, aloud; the operator
//! adds others in a deployment's own `anthropic-beta` header, and those are never left out.

use http::HeaderMap;
use serde_json::Value;
use tollgate_core_types::Lost;
use tollgate_providers_common::UpstreamTarget;

use super::BETA_HEADER;

/// The switches that are taken, as of 2026-11.
const TAKEN: [&str; 19] = [
    "compact-2026-01-12",
    "computer-use-2024-10-22",
    "computer-use-2025-01-24",
    "computer-use-2025-11-24",
    "context-1m-2025-08-07",
    "context-management-2025-06-27",
    "dangerous-tool-use-2026-09-03",
    "dev-full-thinking-2025-05-14",
    "effort-2025-11-24",
    "fine-grained-tool-streaming-2025-05-14",
    "interleaved-thinking-2025-05-14",
    "mid-conversation-output-config-2026-07-01",
    "mid-conversation-tool-changes-2026-07-01",
    "output-128k-2025-02-19",
    "thinking-binding-controls-2026-08-01",
    "thinking-display-updates-2026-08-18",
    "token-efficient-tools-2025-02-19",
    "tool-examples-2025-10-29",
    "tool-search-tool-2025-10-19",
];

/// Switches that have another name here.
const RENAMED: [(&str, &str); 1] =
    [("advanced-tool-use-2025-11-20", "tool-search-tool-2025-10-19")];

/// The switches as a JSON list; `headers` holds the client's and the deployment's together.
pub(super) fn list(
    headers: &HeaderMap,
    target: &UpstreamTarget,
    lost: &mut Vec<Lost>,
) -> Option<String> {
    let own: Vec<&str> = target
        .headers
        .iter()
        .filter(|(name, _)| *name == BETA_HEADER)
        .flat_map(|(_, value)| switches(value.to_str().unwrap_or_default()))
        .collect();
    let mut list: Vec<&str> = Vec::new();
    let said = headers.get_all(BETA_HEADER).iter().filter_map(|value| value.to_str().ok());
    for beta in said.flat_map(switches) {
        let renamed = RENAMED.into_iter().find(|(from, _)| *from == beta).map(|(_, to)| to);
        let name = if own.contains(&beta) { beta } else { renamed.unwrap_or(beta) };
        if !own.contains(&name) && !TAKEN.contains(&name) {
            lost.push(Lost::dropped(format!("anthropic-beta.{name}")));
        } else if !list.contains(&name) {
            list.push(name);
        }
    }
    (!list.is_empty()).then(|| Value::from(list).to_string())
}

fn switches(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|beta| !beta.is_empty())
}
