//! The slow pass: which field of a refused request is wrong, and what was expected of it.

use serde_json::Value;
use tollgate_providers_common::{BadRequest, Node, scan};

use super::TABLE;
use super::messages::ROLES;
use crate::shape::{self, Kinds, describe};

/// The first fault of `body`; `otherwise` where this pass finds none.
pub(super) fn why(body: &[u8], otherwise: BadRequest) -> BadRequest {
    match scan::parse_value(body) {
        Ok(tree) => check(&Node::root(&tree)).err().unwrap_or(otherwise),
        Err(bad) => bad,
    }
}

fn check(body: &Node<'_, '_>) -> Result<(), BadRequest> {
    shape::explain(TABLE, body)?;
    let options = body.get("stream_options");
    options.get("include_usage").opt_bool()?;
    let messages = body.get("messages");
    if messages.array()?.is_empty() {
        return Err(messages.invalid("must hold at least one message"));
    }
    for message in messages.items()? {
        check_message(&message)?;
    }
    Ok(())
}

fn check_message(message: &Node<'_, '_>) -> Result<(), BadRequest> {
    shape::check_item(message, Kinds::OBJECT)?;
    let role = message.get("role");
    let word = role.str()?;
    if !ROLES.contains(&word) {
        let got = describe(&Value::from(word));
        return Err(role.invalid(&format!("must be one of {}, got {got}", ROLES.join(", "))));
    }
    let content = message.get("content");
    shape::check(&content, Kinds::STRING.or(Kinds::LIST))?;
    if content.value().is_some_and(Value::is_array) {
        for part in content.items()? {
            shape::check_item(&part, Kinds::OBJECT)?;
        }
    }
    let calls = message.get("tool_calls");
    for call in calls.items()? {
        shape::check_item(&call, Kinds::OBJECT)?;
    }
    message.get("name").opt_str()?;
    let answers = message.get("tool_call_id");
    if word == "tool" { answers.str().map(drop) } else { answers.opt_str().map(drop) }
}
