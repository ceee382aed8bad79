//! The client side of embeddings.

use bytes::{Bytes, BytesMut};
use serde::de::{IgnoredAny, MapAccess};
use tollgate_core_types::chat::ChatRequest;
use tollgate_core_types::reply::ChatReply;
use tollgate_core_types::{ChatEvent, Dialect, Operation};
use tollgate_providers_common::scan::Fields;
use tollgate_providers_common::{
    BadRequest, ClientDialect, EmbedReply, EmbedRequest, ErrorReport, Facts, Inbound, Node,
    RenderContext, StreamEncoder, scan,
};

use super::translate;
use crate::chat::client::KEEP_ALIVE;
use crate::error;
use crate::inputs::{self, Inputs};
use crate::shape::{self, Accept, Kept, Kinds, Table, of as shape_of, plain};

/// The known fields, but for `input`.
const TABLE: &Table = &[
    ("model", plain(Kinds::STRING)),
    ("dimensions", plain(Kinds::COUNT)),
    ("encoding_format", plain(Kinds::STRING)),
    ("user", plain(Kinds::STRING)),
    ("load_balance_strategy", plain(Kinds::STRING)),
];

/// Embeddings as clients speak it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EmbeddingsDialect;

impl ClientDialect for EmbeddingsDialect {
    fn dialect(&self) -> Dialect {
        Dialect::OPENAI_EMBEDDINGS
    }

    fn operation(&self) -> Operation {
        Operation::Embeddings
    }

    fn facts(&self, body: &[u8]) -> Result<Facts, BadRequest> {
        facts(body)
    }

    fn parse(&self, _: &Inbound) -> Result<ChatRequest, BadRequest> {
        Err(BadRequest::field("model", "embeddings are no conversation"))
    }

    fn parse_embed(&self, inbound: &Inbound) -> Result<EmbedRequest, BadRequest> {
        translate::parse(inbound)
    }

    fn render_embed(&self, reply: &EmbedReply, inbound: &Inbound, model: &str) -> Bytes {
        translate::render(reply, inbound, model)
    }

    /// An answer without vectors: [`ClientDialect::parse`] refuses, so nothing is ever rendered.
    fn render(&self, _: &ChatReply, context: &RenderContext) -> Bytes {
        let model = serde_json::Value::from(context.model.as_str());
        Bytes::from(format!(r#"{{"object":"list","data":[],"model":{model}}}"#))
    }

    fn stream_encoder(&self, _: RenderContext) -> Box<dyn StreamEncoder> {
        Box::new(Silent)
    }

    fn render_error(&self, report: &ErrorReport) -> Bytes {
        error::error_body(report)
    }

    fn render_stream_error(&self, report: &ErrorReport) -> Bytes {
        error::stream_error(report)
    }

    fn keep_alive(&self) -> Bytes {
        Bytes::from_static(KEEP_ALIVE)
    }

    fn terminator(&self) -> Option<Bytes> {
        None
    }
}

/// Embeddings have no stream, so no event has a frame.
struct Silent;

impl StreamEncoder for Silent {
    fn event(&mut self, _: &ChatEvent, _: &mut BytesMut) {}
}

fn facts(body: &[u8]) -> Result<Facts, BadRequest> {
    let mut found = Found::default();
    let layout = match scan::object(body, &mut found) {
        Ok(layout) => layout,
        Err(bad) if bad.code == "invalid_request" => return Err(why(body, bad)),
        Err(bad) => return Err(bad),
    };
    let Some(items) = found.inputs else {
        return Err(BadRequest::field("input", "`input` is required"));
    };
    Ok(Facts {
        model: found.model.filter(|model| !model.is_empty()),
        stream: false,
        include_usage: false,
        max_output_tokens: None,
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
    inputs: Option<usize>,
    model: Kept,
    strategy: Kept,
    user: Kept,
}

impl<'de> Fields<'de> for Found {
    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "input" => self.inputs = map.next_value::<Inputs>()?.0,
            "model" => self.model = map.next_value()?,
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
    inputs::explain(&body.get("input"))
}
