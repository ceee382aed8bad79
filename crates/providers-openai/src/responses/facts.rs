//! The facts of a request, read in one pass that also checks its shape.
//!
//! As for chat, only what no vendor of this dialect could accept is refused here. What the vendor
//! alone can know (hosted tools, stored conversations) is refused where a request must be translated.

mod explain;

use serde::de::{IgnoredAny, MapAccess};
use tollgate_providers_common::scan::Fields;
use tollgate_providers_common::{BadRequest, Facts, scan};

use crate::shape::{Accept, Kept, Kinds, Table, list_of, of as shape_of, plain};

/// The known fields.
const TABLE: &Table = &[
    ("model", plain(Kinds::STRING)),
    ("input", INPUT),
    ("instructions", plain(Kinds::STRING)),
    ("stream", plain(Kinds::BOOL)),
    ("stream_options", plain(Kinds::OBJECT)),
    ("max_output_tokens", plain(Kinds::COUNT)),
    ("max_tool_calls", plain(Kinds::COUNT)),
    ("temperature", plain(Kinds::NUMBER)),
    ("top_p", plain(Kinds::NUMBER)),
    ("top_logprobs", plain(Kinds::COUNT)),
    ("tools", TOOLS),
    ("tool_choice", plain(Kinds::STRING.or(Kinds::OBJECT))),
    ("parallel_tool_calls", plain(Kinds::BOOL)),
    ("reasoning", plain(Kinds::OBJECT)),
    ("text", plain(Kinds::OBJECT)),
    ("include", list_of(Kinds::STRING)),
    ("store", plain(Kinds::BOOL)),
    ("background", plain(Kinds::BOOL)),
    ("previous_response_id", plain(Kinds::STRING)),
    ("conversation", plain(Kinds::STRING.or(Kinds::OBJECT))),
    ("prompt", plain(Kinds::OBJECT)),
    ("truncation", plain(Kinds::STRING)),
    ("metadata", plain(Kinds::OBJECT)),
    ("service_tier", plain(Kinds::STRING)),
    ("user", plain(Kinds::STRING)),
    ("safety_identifier", plain(Kinds::STRING)),
    ("prompt_cache_key", plain(Kinds::STRING)),
    ("load_balance_strategy", plain(Kinds::STRING)),
];

/// A text, or a list of items.
const INPUT: crate::shape::Shape =
    crate::shape::Shape { kinds: Kinds::STRING.or(Kinds::LIST), items: Some(Kinds::OBJECT) };
const TOOLS: crate::shape::Shape = list_of(Kinds::OBJECT);

/// Fields in whose place OpenAI takes a conversation that it has already.
const INSTEAD: [&str; 3] = ["previous_response_id", "conversation", "prompt"];

/// Reads the facts.
pub(super) fn read(body: &[u8]) -> Result<Facts, BadRequest> {
    let mut found = Found::default();
    let layout = match scan::object(body, &mut found) {
        Ok(layout) => layout,
        Err(bad) if bad.code == "invalid_request" => return Err(explain::why(body, bad)),
        Err(bad) => return Err(bad),
    };
    let instead = || INSTEAD.iter().any(|key| layout.value(body, key).is_some_and(|v| v != "null"));
    let items = found.items.unwrap_or_default();
    if items == 0 && !instead() {
        let missing = BadRequest::field("input", "`input` is required");
        return Err(explain::why(body, missing));
    }
    Ok(Facts {
        model: found.model.filter(|model| !model.is_empty()),
        stream: found.stream.unwrap_or_default(),
        // Every stream of this dialect ends with its usage.
        include_usage: true,
        max_output_tokens: found.max_output_tokens,
        has_tools: found.tools.unwrap_or_default() > 0,
        items,
        plain: false,
        strategy: found.strategy,
        user: found.safety_identifier.or(found.user),
        layout,
    })
}

#[derive(Default)]
struct Found {
    items: Option<usize>,
    model: Kept,
    stream: Option<bool>,
    max_output_tokens: Option<u64>,
    tools: Option<usize>,
    strategy: Kept,
    user: Kept,
    safety_identifier: Kept,
}

impl<'de> Fields<'de> for Found {
    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "input" => self.items = map.next_value_seed(Accept(INPUT))?,
            "model" => self.model = map.next_value()?,
            "stream" => self.stream = map.next_value()?,
            "max_output_tokens" => self.max_output_tokens = map.next_value()?,
            "tools" => self.tools = map.next_value_seed(Accept(TOOLS))?,
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
