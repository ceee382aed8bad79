//! The slow pass: which field of a refused request is wrong, and what was expected of it.

use serde_json::Value;
use tollgate_providers_common::{BadRequest, Node, scan};

use super::TABLE;
use crate::shape;

/// The first fault of `body`; `otherwise` where this pass finds none.
pub(super) fn why(body: &[u8], otherwise: BadRequest) -> BadRequest {
    match scan::parse_value(body) {
        Ok(tree) => check(&Node::root(&tree)).err().unwrap_or(otherwise),
        Err(bad) => bad,
    }
}

fn check(body: &Node<'_, '_>) -> Result<(), BadRequest> {
    shape::explain(TABLE, body)?;
    let input = body.get("input");
    if input.value().and_then(Value::as_array).is_some_and(Vec::is_empty) {
        return Err(input.invalid("must hold at least one item"));
    }
    Ok(())
}
