//! When a chat request goes over Responses: where the model takes there alone what is asked.
//!
//! Asked once for a client of this dialect, before it is relayed, and once for any other, when it is
//! read. What the client said is never changed here.

use tollgate_core_types::chat::{ChatRequest, Reasoning, ReasoningMode};
use tollgate_providers_common::{Inbound, UpstreamTarget};

use crate::family::needs_responses;

const EFFORT: &str = "reasoning_effort";

/// Whether a client's request of this dialect must go over Responses.
pub(super) fn is_needed(inbound: &Inbound, target: &UpstreamTarget) -> bool {
    let said = || {
        let params = &target.params;
        let of = |list: &[(String, tollgate_core_types::JsonText)]| {
            list.iter().find(|(key, _)| key == EFFORT).map(|(_, json)| json.as_str().to_owned())
        };
        let given = inbound.facts.layout.value(&inbound.body, EFFORT).map(str::to_owned);
        let effort = of(&params.set).or(given).or_else(|| of(&params.defaults))?;
        let effort = effort.trim_matches('"').to_owned();
        (effort != "null" && !params.remove.iter().any(|key| key == EFFORT)).then_some(effort)
    };
    let tools = inbound.facts.has_tools;
    // Most models need no look into the body.
    (needs_responses(&target.model, tools, Some("high"))
        || needs_responses(&target.model, tools, None))
        && needs_responses(&target.model, tools, said().as_deref())
}

/// Whether a request of another dialect must go over Responses.
pub(super) fn is_needed_for(chat: &ChatRequest, model: &str) -> bool {
    let effort = chat.reasoning.as_ref().map(|Reasoning { mode, effort, display: _ }| {
        let off = *mode == Some(ReasoningMode::Disabled);
        if off { "none" } else { effort.as_deref().unwrap_or("some") }
    });
    needs_responses(model, !chat.tools.is_empty(), effort)
}
