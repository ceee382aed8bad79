//! The facts of a client's body, and whether it has the dialect's shape.
//!
//! One pass accepts; a body that it does not accept is read again, slowly, to say which field is
//! wrong. Model and streaming stand in the path, and the server adds them. Unknown fields, parts and
//! tools are the vendor's business.

use serde::Deserialize;
use serde::de::{IgnoredAny, MapAccess};
use tollgate_providers_common::scan::{self, Fields};
use tollgate_providers_common::{BadRequest, Facts, Node};

/// Reads the facts of a body.
pub(crate) fn facts(body: &[u8]) -> Result<Facts, BadRequest> {
    let mut found = Found::default();
    let layout = scan::object(body, &mut found).map_err(|error| explained(body, error))?;
    let Found { facts, turns } = found;
    if turns == 0 {
        return Err(BadRequest::field("contents", "`contents` must hold at least one content"));
    }
    Ok(Facts { items: turns, include_usage: true, layout, ..facts })
}

/// `error` with the field named where it is about a field. Errors of JSON itself stay as they are.
pub(crate) fn explained(body: &[u8], error: BadRequest) -> BadRequest {
    if error.code != "invalid_request" {
        return error;
    }
    let explained = scan::parse_value(body).and_then(|value| check(&Node::root(&value)));
    explained.err().unwrap_or(error)
}

#[derive(Debug, Default)]
struct Found {
    facts: Facts,
    turns: usize,
}

/// The part of a turn that is checked.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Turn {
    #[serde(rename = "role")]
    _role: Option<String>,
    #[serde(rename = "parts")]
    _parts: Option<Vec<IgnoredAny>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Config {
    #[serde(alias = "max_output_tokens")]
    max_output_tokens: Option<u64>,
}

impl<'de> Fields<'de> for Found {
    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "contents" => {
                self.turns = map.next_value::<Option<Vec<Turn>>>()?.unwrap_or_default().len();
            }
            "tools" => {
                let tools = map.next_value::<Option<Vec<IgnoredAny>>>()?;
                self.facts.has_tools = tools.is_some_and(|tools| !tools.is_empty());
            }
            "generationConfig" | "generation_config" => {
                let config = map.next_value::<Option<Config>>()?.unwrap_or_default();
                self.facts.max_output_tokens = config.max_output_tokens;
            }
            "systemInstruction" | "system_instruction" => {
                map.next_value::<Option<Turn>>()?;
            }
            "load_balance_strategy" => self.facts.strategy = map.next_value()?,
            _ => {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

/// Names the first field that is wrong.
pub(crate) fn check(body: &Node<'_, '_>) -> Result<(), BadRequest> {
    let contents = body.get("contents");
    if contents.array()?.is_empty() {
        return Err(contents.invalid("must hold at least one content"));
    }
    for content in contents.items()? {
        turn(&content)?;
    }
    for key in ["systemInstruction", "system_instruction"] {
        let system = body.get(key);
        if !system.is_absent() {
            turn(&system)?;
        }
    }
    body.get("tools").opt_array()?;
    for key in ["generationConfig", "generation_config"] {
        let config = body.get(key);
        config.opt_object()?;
        config.get("maxOutputTokens").opt_u64()?;
        config.get("max_output_tokens").opt_u64()?;
    }
    body.get("load_balance_strategy").opt_str()?;
    Ok(())
}

fn turn(content: &Node<'_, '_>) -> Result<(), BadRequest> {
    content.object()?;
    content.get("role").opt_str()?;
    content.get("parts").opt_array()?;
    Ok(())
}
