//! The slow second reading of a body that was not accepted: which field is wrong, and how.
//!
//! It must agree with `shape`: what that accepts, this finds nothing wrong with.

use serde_json::Value;
use tollgate_core_types::error::clean;
use tollgate_providers_common::{BadRequest, Node};

use super::Of;
use super::shape::ROLES;
use crate::wire::lenient;

/// Longest piece of a client's own text in a message, in bytes.
const QUOTED_MAX: usize = 64;

/// A field that is missing.
pub(super) fn required(field: &str) -> BadRequest {
    BadRequest::field(field, format!("`{field}` is required"))
}

/// Names the first field that is wrong.
pub(super) fn check(body: &Value, of: Of) -> Result<(), BadRequest> {
    let body = Node::root(body);
    for field in ["model", "service_tier", "load_balance_strategy"] {
        body.get(field).opt_str()?;
    }
    count(&body.get("max_tokens"))?;
    if of == Of::Messages && body.get("max_tokens").is_absent() {
        return Err(required("max_tokens"));
    }
    messages(&body.get("messages"))?;
    content(&body.get("system"))?;
    body.get("stream").opt_bool()?;
    for tool in body.get("tools").items()? {
        tool.object()?;
    }
    for field in ["temperature", "top_p"] {
        body.get(field).opt_f64()?;
    }
    count(&body.get("top_k"))?;
    for text in body.get("stop_sequences").items()? {
        text.str()?;
    }
    for field in ["tool_choice", "thinking", "output_config", "metadata"] {
        body.get(field).opt_object()?;
    }
    body.get("metadata").get("user_id").opt_str()?;
    Ok(())
}

fn messages(messages: &Node<'_, '_>) -> Result<(), BadRequest> {
    if messages.array()?.is_empty() {
        return Err(messages.invalid("must hold at least one message"));
    }
    for message in messages.items()? {
        message.object()?;
        let role = message.get("role");
        let said = role.str()?;
        if !ROLES.contains(&said) {
            let said = clean(said, QUOTED_MAX);
            let allowed = "must be one of `user`, `assistant`, `system`";
            return Err(role.invalid(&format!("{allowed}, got `{said}`")));
        }
        let said = message.get("content");
        if said.is_absent() {
            return Err(said.invalid("is required"));
        }
        content(&said)?;
    }
    Ok(())
}

/// A text or a list of blocks, if there.
fn content(content: &Node<'_, '_>) -> Result<(), BadRequest> {
    match content.value() {
        None | Some(Value::String(_)) => Ok(()),
        Some(Value::Array(_)) => {
            for block in content.items()? {
                block.object()?;
                block.get("type").str()?;
            }
            Ok(())
        }
        Some(_) => Err(content.invalid("must be a string or an array of blocks")),
    }
}

/// A whole number that is not negative, if there; `1024.0` is one, as for the vendor.
fn count(node: &Node<'_, '_>) -> Result<(), BadRequest> {
    let whole = |value: &Value| value.as_f64().and_then(lenient::whole).is_some();
    if node.value().is_some_and(whole) { Ok(()) } else { node.opt_u64().map(drop) }
}
