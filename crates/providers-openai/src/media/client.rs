//! The client side of these endpoints: what decides a request's way, and errors as OpenAI writes them.

use bytes::{Bytes, BytesMut};
use serde::de::{IgnoredAny, MapAccess};
use tollgate_core_types::chat::ChatRequest;
use tollgate_core_types::reply::ChatReply;
use tollgate_core_types::{ChatEvent, Dialect, Operation};
use tollgate_providers_common::scan::Fields;
use tollgate_providers_common::{
    BadRequest, ClientDialect, ErrorReport, Facts, Inbound, Node, RenderContext, StreamEncoder,
    scan,
};

use super::Kind;
use crate::chat::client::KEEP_ALIVE;
use crate::error;
use crate::shape::{self, Kept, Kinds, Table, plain};

/// The fields that are read; every other one is the vendor's business.
const TABLE: &Table = &[
    ("model", plain(Kinds::STRING)),
    ("stream", plain(Kinds::BOOL)),
    ("stream_format", plain(Kinds::STRING)),
    ("user", plain(Kinds::STRING)),
    ("load_balance_strategy", plain(Kinds::STRING)),
];

/// One endpoint as clients speak it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MediaDialect(pub(crate) Kind);

impl ClientDialect for MediaDialect {
    fn dialect(&self) -> Dialect {
        self.0.dialect()
    }

    fn operation(&self) -> Operation {
        self.0.operation()
    }

    fn facts(&self, body: &[u8]) -> Result<Facts, BadRequest> {
        let mut found = Found::default();
        let layout = match scan::object(body, &mut found) {
            Ok(layout) => layout,
            Err(bad) if bad.code == "invalid_request" => return Err(why(body, bad)),
            Err(bad) => return Err(bad),
        };
        let events = found.stream_format.as_deref() == Some("sse");
        Ok(Facts {
            model: found.model.filter(|model| !model.is_empty()),
            stream: found.stream.unwrap_or(false) || events,
            include_usage: true,
            max_output_tokens: None,
            has_tools: false,
            items: 1,
            plain: false,
            strategy: found.strategy,
            user: found.user,
            layout,
        })
    }

    fn parse(&self, _: &Inbound) -> Result<ChatRequest, BadRequest> {
        let message = format!("{} is no conversation", self.0.operation().as_str());
        Err(BadRequest::field("model", message))
    }

    /// Nothing: [`ClientDialect::parse`] refuses, so nothing is ever rendered.
    fn render(&self, _: &ChatReply, _: &RenderContext) -> Bytes {
        Bytes::from_static(b"{}")
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

/// Nothing is translated here, so no event has a frame.
struct Silent;

impl StreamEncoder for Silent {
    fn event(&mut self, _: &ChatEvent, _: &mut BytesMut) {}
}

#[derive(Default)]
struct Found {
    model: Kept,
    stream: Option<bool>,
    stream_format: Kept,
    strategy: Kept,
    user: Kept,
}

impl<'de> Fields<'de> for Found {
    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "model" => self.model = map.next_value()?,
            "stream" => self.stream = map.next_value()?,
            "stream_format" => self.stream_format = map.next_value()?,
            "load_balance_strategy" => self.strategy = map.next_value()?,
            "user" => self.user = map.next_value()?,
            _ => drop(map.next_value::<IgnoredAny>()?),
        }
        Ok(())
    }
}

/// The slow pass: which field is wrong.
fn why(body: &[u8], otherwise: BadRequest) -> BadRequest {
    match scan::parse_value(body) {
        Ok(tree) => shape::explain(TABLE, &Node::root(&tree)).err().unwrap_or(otherwise),
        Err(bad) => bad,
    }
}
