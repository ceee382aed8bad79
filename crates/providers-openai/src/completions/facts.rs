//! The facts of a text completion, read in one pass that also checks its shape.

use serde::de::{IgnoredAny, MapAccess};
use tollgate_providers_common::scan::Fields;
use tollgate_providers_common::{BadRequest, Facts, Node, scan};

use crate::chat::facts::StreamOptions;
use crate::inputs::{self, Inputs};
use crate::shape::{
    self, Accept, Kept, Kinds, Object, Table, of as shape_of, one_or_list_of, plain,
};

/// The known fields, but for `prompt`.
const TABLE: &Table = &[
    ("model", plain(Kinds::STRING)),
    ("stream", plain(Kinds::BOOL)),
    ("stream_options", plain(Kinds::OBJECT)),
    ("max_tokens", plain(Kinds::COUNT)),
    ("temperature", plain(Kinds::NUMBER)),
    ("top_p", plain(Kinds::NUMBER)),
    ("frequency_penalty", plain(Kinds::NUMBER)),
    ("presence_penalty", plain(Kinds::NUMBER)),
    ("n", plain(Kinds::COUNT)),
    ("best_of", plain(Kinds::COUNT)),
    ("seed", plain(Kinds::INTEGER)),
    ("top_k", plain(Kinds::INTEGER)),
    ("logprobs", plain(Kinds::COUNT)),
    ("logit_bias", plain(Kinds::OBJECT)),
    ("echo", plain(Kinds::BOOL)),
    ("suffix", plain(Kinds::STRING)),
    ("stop", one_or_list_of(Kinds::STRING)),
    ("user", plain(Kinds::STRING)),
    ("load_balance_strategy", plain(Kinds::STRING)),
];

/// Reads the facts.
pub(super) fn read(body: &[u8]) -> Result<Facts, BadRequest> {
    let mut found = Found::default();
    let layout = match scan::object(body, &mut found) {
        Ok(layout) => layout,
        Err(bad) if bad.code == "invalid_request" => return Err(why(body, bad)),
        Err(bad) => return Err(bad),
    };
    let Some(items) = found.prompts else {
        return Err(BadRequest::field("prompt", "`prompt` is required"));
    };
    Ok(Facts {
        model: found.model.filter(|model| !model.is_empty()),
        stream: found.stream.unwrap_or_default(),
        include_usage: found.include_usage,
        max_output_tokens: found.max_tokens,
        has_tools: false,
        items,
        plain: true,
        strategy: found.strategy,
        user: found.user,
        layout,
    })
}

#[derive(Default)]
struct Found {
    prompts: Option<usize>,
    model: Kept,
    stream: Option<bool>,
    include_usage: bool,
    max_tokens: Option<u64>,
    strategy: Kept,
    user: Kept,
}

impl<'de> Fields<'de> for Found {
    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "prompt" => self.prompts = map.next_value::<Inputs>()?.0,
            "model" => self.model = map.next_value()?,
            "stream" => self.stream = map.next_value()?,
            "stream_options" => {
                let Object(options) = map.next_value::<Object<StreamOptions>>()?;
                let asked = options.and_then(|options| options.include_usage);
                self.include_usage = asked.unwrap_or_default();
            }
            "max_tokens" => self.max_tokens = map.next_value()?,
            "load_balance_strategy" => self.strategy = map.next_value()?,
            "user" => self.user = map.next_value()?,
            other => match shape_of(TABLE, other) {
                Some(shape) => drop(map.next_value_seed(Accept(shape))?),
                None => drop(map.next_value::<IgnoredAny>()?),
            },
        }
        Ok(())
    }
}

/// The slow pass: which field is wrong.
fn why(body: &[u8], otherwise: BadRequest) -> BadRequest {
    match scan::parse_value(body) {
        Ok(tree) => explain(&Node::root(&tree)).err().unwrap_or(otherwise),
        Err(bad) => bad,
    }
}

fn explain(body: &Node<'_, '_>) -> Result<(), BadRequest> {
    shape::explain(TABLE, body)?;
    body.get("stream_options").get("include_usage").opt_bool()?;
    inputs::explain(&body.get("prompt"))
}
