//! Embeddings between dialects: texts in, vectors out.
//!
//! Vectors of different models have nothing to do with one another, so nothing is ever converted
//! but the words around them: a client of one dialect reaches a vendor of another.

use tollgate_core_types::{JsonText, Usage};

use crate::codec::{Codec, DecodeError, EncodeError, Encoded};
use crate::target::UpstreamTarget;

/// What a client asks, in no vendor's words.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EmbedRequest {
    /// The texts, at least one.
    pub texts: Vec<String>,
    /// How long the vectors should be.
    pub dimensions: Option<u64>,
    /// The client's own id of its end user.
    pub user: Option<String>,
    /// Fields that only the client's dialect knows.
    pub extra: Vec<(String, JsonText)>,
}

/// What a vendor answers.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EmbedReply {
    /// The model that answered, where the vendor says so.
    pub model: Option<String>,
    /// A vector for each text, in their order.
    pub vectors: Vec<Vec<f64>>,
    /// What it took.
    pub usage: Usage,
}

/// A dialect that any request for embeddings can be translated to.
pub trait EmbedCodec: Codec {
    /// Most texts that one request may hold: more are asked for in several, whose answers are
    /// joined in their order. `None` where no bound is known.
    fn most_texts(&self) -> Option<usize> {
        None
    }

    /// Makes the vendor's request and says what it could not carry.
    ///
    /// # Errors
    /// [`EncodeError::Unsupported`] where leaving a field out would change the meaning.
    fn encode_embed(
        &self,
        asked: &EmbedRequest,
        target: &UpstreamTarget,
    ) -> Result<Encoded, EncodeError>;

    /// Reads a whole answer.
    ///
    /// # Errors
    /// As [`Codec::account`].
    fn decode_embed(&self, body: &[u8]) -> Result<EmbedReply, DecodeError>;
}
