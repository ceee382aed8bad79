//! The facts of a chat request, read in one pass that also checks its shape.
//!
//! The fast pass keeps a handful of scalars and only learns whether the rest is acceptable; where
//! it is not, [`explain`] reads the body again and names the field. Only what no vendor of this dialect
//! could accept is refused: a type that is wrong, a role that does not exist, a tool message that
//! answers nothing.

mod explain;
mod messages;

use serde::Deserialize;
use serde::de::{IgnoredAny, MapAccess};
use tollgate_providers_common::scan::Fields;
use tollgate_providers_common::{BadRequest, Facts, scan};

use crate::shape::{
    Accept, Kept, Kinds, Object, Table, list_of, of as shape_of, one_or_list_of, plain,
};
use messages::Messages;

/// The known fields, but for `messages`.
pub(super) const TABLE: &Table = &[
    ("model", plain(Kinds::STRING)),
    ("stream", plain(Kinds::BOOL)),
    ("stream_options", plain(Kinds::OBJECT)),
    ("max_tokens", plain(Kinds::COUNT)),
    ("max_completion_tokens", plain(Kinds::COUNT)),
    ("temperature", plain(Kinds::NUMBER)),
    ("top_p", plain(Kinds::NUMBER)),
    ("frequency_penalty", plain(Kinds::NUMBER)),
    ("presence_penalty", plain(Kinds::NUMBER)),
    ("n", plain(Kinds::COUNT)),
    ("seed", plain(Kinds::INTEGER)),
    // vLLM reads -1 as "off".
    ("top_k", plain(Kinds::INTEGER)),
    ("stop", one_or_list_of(Kinds::STRING)),
    ("tools", list_of(Kinds::OBJECT)),
    ("tool_choice", plain(Kinds::STRING.or(Kinds::OBJECT))),
    ("parallel_tool_calls", plain(Kinds::BOOL)),
    ("functions", list_of(Kinds::OBJECT)),
    ("function_call", plain(Kinds::STRING.or(Kinds::OBJECT))),
    ("response_format", plain(Kinds::OBJECT)),
    ("reasoning_effort", plain(Kinds::STRING)),
    ("verbosity", plain(Kinds::STRING)),
    ("logit_bias", plain(Kinds::OBJECT)),
    ("logprobs", plain(Kinds::BOOL)),
    ("top_logprobs", plain(Kinds::COUNT)),
    ("metadata", plain(Kinds::OBJECT)),
    ("modalities", list_of(Kinds::STRING)),
    ("audio", plain(Kinds::OBJECT)),
    ("prediction", plain(Kinds::OBJECT)),
    ("store", plain(Kinds::BOOL)),
    ("service_tier", plain(Kinds::STRING)),
    ("user", plain(Kinds::STRING)),
    ("safety_identifier", plain(Kinds::STRING)),
    ("prompt_cache_key", plain(Kinds::STRING)),
    ("web_search_options", plain(Kinds::OBJECT)),
    ("load_balance_strategy", plain(Kinds::STRING)),
];

/// Reads the facts.
pub(super) fn read(body: &[u8]) -> Result<Facts, BadRequest> {
    let mut found = Found::default();
    let layout = match scan::object(body, &mut found) {
        Ok(layout) => layout,
        Err(bad) if bad.code == "invalid_request" => return Err(explain::why(body, bad)),
        Err(bad) => return Err(bad),
    };
    let Messages { count: items, plain } = found.messages.unwrap_or_default();
    if items == 0 {
        let missing = BadRequest::field("messages", "`messages` is required");
        return Err(explain::why(body, missing));
    }
    Ok(Facts {
        model: found.model.filter(|model| !model.is_empty()),
        stream: found.stream.unwrap_or_default(),
        include_usage: found.include_usage,
        max_output_tokens: found.max_completion_tokens.or(found.max_tokens),
        has_tools: found.tools > 0,
        items,
        plain,
        strategy: found.strategy,
        user: found.safety_identifier.or(found.user),
        layout,
    })
}

#[derive(Default)]
struct Found {
    messages: Option<Messages>,
    model: Kept,
    stream: Option<bool>,
    include_usage: bool,
    max_tokens: Option<u64>,
    max_completion_tokens: Option<u64>,
    tools: usize,
    strategy: Kept,
    user: Kept,
    safety_identifier: Kept,
}

/// The part of `stream_options` that is ours to know.
#[derive(Deserialize)]
pub(crate) struct StreamOptions {
    #[serde(default)]
    pub(crate) include_usage: Option<bool>,
}

impl<'de> Fields<'de> for Found {
    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "messages" => self.messages = map.next_value()?,
            "model" => self.model = map.next_value()?,
            "stream" => self.stream = map.next_value()?,
            "stream_options" => {
                let Object(options) = map.next_value::<Object<StreamOptions>>()?;
                let asked = options.and_then(|options| options.include_usage);
                self.include_usage = asked.unwrap_or_default();
            }
            "max_tokens" => self.max_tokens = map.next_value()?,
            "max_completion_tokens" => self.max_completion_tokens = map.next_value()?,
            "tools" | "functions" => {
                let list = map.next_value_seed(Accept(list_of(Kinds::OBJECT)))?;
                self.tools += list.unwrap_or_default();
            }
            "load_balance_strategy" => self.strategy = map.next_value()?,
            "user" => self.user = map.next_value()?,
            "safety_identifier" => self.safety_identifier = map.next_value()?,
            other => match shape_of(TABLE, other) {
                Some(shape) => drop(map.next_value_seed(Accept(shape))?),
                None => drop(map.next_value::<IgnoredAny>()?),
            },
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
