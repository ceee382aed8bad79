//! The facts of a client's body, and whether it has the dialect's shape.
//!
//! One fast pass accepts; a body that it does not accept is read again, slowly, to say which field
//! is wrong. It checks what every version and beta of the dialect agrees on and nothing more:
//! unknown fields, blocks and tools are the vendor's business.

mod explain;
mod shape;

use serde::de::{Deserialize, IgnoredAny, MapAccess};
use tollgate_providers_common::scan::{self, Fields};
use tollgate_providers_common::{BadRequest, Facts};

use crate::wire::Str;
use shape::{Content, Count, Metadata, Object, Objects, Strings, Turns};

/// Which of the two dialects a body is of; they differ in what they require.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Of {
    /// `anthropic.messages`: `max_tokens` is required.
    Messages,
    /// `anthropic.count_tokens`: it is not.
    CountTokens,
}

/// Reads the facts of a body.
pub(crate) fn facts(body: &[u8], of: Of) -> Result<Facts, BadRequest> {
    let mut found = Found::default();
    let layout = scan::object(body, &mut found).map_err(|error| explained(body, of, error))?;
    let Found { mut facts, turns } = found;
    let Some(turns) = turns else { return Err(explain::required("messages")) };
    if of == Of::Messages && facts.max_output_tokens.is_none() {
        return Err(explain::required("max_tokens"));
    }
    facts.items = turns;
    facts.include_usage = true;
    facts.layout = layout;
    Ok(facts)
}

/// `error` with the field named where it is about a field. Errors of JSON itself stay as they are.
pub(crate) fn explained(body: &[u8], of: Of, error: BadRequest) -> BadRequest {
    if error.code != "invalid_request" {
        return error;
    }
    let explained = scan::parse_value(body).and_then(|value| explain::check(&value, of));
    explained.err().unwrap_or(error)
}

#[derive(Debug, Default)]
struct Found {
    facts: Facts,
    turns: Option<usize>,
}

impl<'de> Fields<'de> for Found {
    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        let facts = &mut self.facts;
        match key {
            "model" => facts.model = map.next_value()?,
            "messages" => self.turns = Some(map.next_value::<Turns>()?.0),
            "max_tokens" => {
                facts.max_output_tokens = map.next_value::<Option<Count>>()?.map(|count| count.0);
            }
            "stream" => facts.stream = map.next_value::<Option<bool>>()?.unwrap_or(false),
            "tools" => {
                facts.has_tools = map.next_value::<Option<Objects>>()?.is_some_and(|n| n.0 > 0);
            }
            "metadata" => facts.user = map.next_value::<Option<Metadata>>()?.and_then(|m| m.0),
            "load_balance_strategy" => facts.strategy = map.next_value()?,
            "system" => check::<Content, A>(map)?,
            "tool_choice" | "thinking" | "output_config" => check::<Object, A>(map)?,
            "temperature" | "top_p" => check::<f64, A>(map)?,
            "top_k" => check::<Count, A>(map)?,
            "stop_sequences" => check::<Strings, A>(map)?,
            "service_tier" => check::<Str<'_>, A>(map)?,
            _ => check::<IgnoredAny, A>(map)?,
        }
        Ok(())
    }
}

/// Checks a value of which nothing is kept; `null` is as good as absent.
fn check<'de, T: Deserialize<'de>, A: MapAccess<'de>>(map: &mut A) -> Result<(), A::Error> {
    map.next_value::<Option<T>>().map(|_| ())
}

#[cfg(test)]
mod tests;
