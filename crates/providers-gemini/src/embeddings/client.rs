//! Clients that ask for vectors in Gemini's words: of one content, or of several.
//!
//! One value for both, for only the names of fields differ. A conversation is never read from these.

use bytes::Bytes;
use tollgate_core_types::chat::ChatRequest;
use tollgate_core_types::reply::ChatReply;
use tollgate_core_types::{Dialect, Operation};
use tollgate_providers_common::{
    BadRequest, ClientDialect, EmbedReply, EmbedRequest, ErrorReport, Facts, Inbound,
    RenderContext, StreamEncoder,
};

use super::{facts, no_conversation, translate};
use crate::envelope;
use crate::generate::GenerateClient;

/// Clients of `gemini.embed_content` or `gemini.batch_embed_contents`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EmbedClient {
    several: bool,
}

impl EmbedClient {
    /// One content, one vector.
    pub(crate) const ONE: Self = Self { several: false };
    /// Several at once.
    pub(crate) const SEVERAL: Self = Self { several: true };
}

impl ClientDialect for EmbedClient {
    fn dialect(&self) -> Dialect {
        if self.several { Dialect::GEMINI_BATCH_EMBED } else { Dialect::GEMINI_EMBED }
    }

    fn operation(&self) -> Operation {
        Operation::Embeddings
    }

    fn facts(&self, body: &[u8]) -> Result<Facts, BadRequest> {
        facts(body, if self.several { "requests" } else { "content" })
    }

    fn parse(&self, _: &Inbound) -> Result<ChatRequest, BadRequest> {
        Err(no_conversation())
    }

    fn parse_embed(&self, inbound: &Inbound) -> Result<EmbedRequest, BadRequest> {
        translate::parse(inbound, self.several)
    }

    fn render_embed(&self, reply: &EmbedReply, _: &Inbound, _: &str) -> Bytes {
        translate::render(reply, self.several)
    }

    /// An answer without a vector: [`ClientDialect::parse`] refuses, so nothing is ever rendered.
    fn render(&self, _: &ChatReply, _: &RenderContext) -> Bytes {
        Bytes::from_static(match self.several {
            true => b"{\"embeddings\":[]}",
            false => b"{\"embedding\":{\"values\":[]}}",
        })
    }

    fn stream_encoder(&self, context: RenderContext) -> Box<dyn StreamEncoder> {
        GenerateClient.stream_encoder(context)
    }

    fn render_error(&self, report: &ErrorReport) -> Bytes {
        envelope::render(report)
    }

    fn render_stream_error(&self, report: &ErrorReport) -> Bytes {
        envelope::render_event(report)
    }

    fn keep_alive(&self) -> Bytes {
        GenerateClient.keep_alive()
    }

    fn terminator(&self) -> Option<Bytes> {
        None
    }
}
