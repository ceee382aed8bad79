//! Texts in, vectors out.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::time::Duration;
use tollgate_balancer::Strategy;
use tollgate_core_types::Usage;

use super::ask::CallOptions;
use super::error::CallError;
use crate::answer::AnswerHead;

/// Texts to make vectors of. One text, or a list of them, is a request to the default model.
#[derive(Debug, Clone, Default)]
pub struct Embed {
    texts: Vec<String>,
    dimensions: Option<u64>,
    extra: Vec<(String, String)>,
    pub(crate) options: CallOptions,
}

impl Embed {
    /// These texts.
    #[must_use]
    pub fn new<I>(texts: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        Self { texts: texts.into_iter().map(Into::into).collect(), ..Self::default() }
    }

    /// Asks this model group.
    #[must_use]
    pub fn model(mut self, alias: impl Into<String>) -> Self {
        self.options.model = Some(alias.into());
        self
    }

    /// Wants vectors of this length, where the model can shorten them.
    #[must_use]
    pub fn dimensions(mut self, dimensions: u64) -> Self {
        self.dimensions = Some(dimensions);
        self
    }

    /// Adds a field that only a vendor knows, its value as JSON text.
    #[must_use]
    pub fn extra(mut self, field: impl Into<String>, json: impl Into<String>) -> Self {
        self.extra.push((field.into(), json.into()));
        self
    }

    /// How a deployment is chosen for this call.
    #[must_use]
    pub fn strategy(mut self, strategy: Strategy) -> Self {
        self.options.strategy = Some(strategy);
        self
    }

    /// Time for the whole call, all attempts together, in place of the configured total.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.options.timeout = Some(timeout);
        self
    }

    /// The id under which this call stands in logs; without it one is made.
    #[must_use]
    pub fn request_id(mut self, id: impl Into<Arc<str>>) -> Self {
        self.options.request_id = Some(id.into());
        self
    }

    /// The request in OpenAI's words, the one dialect that embeddings have.
    pub(super) fn body(&self) -> Result<Bytes, CallError> {
        let mut fields = Map::new();
        fields.insert("input".to_owned(), json!(self.texts));
        if let Some(dimensions) = self.dimensions {
            fields.insert("dimensions".to_owned(), json!(dimensions));
        }
        for (field, text) in &self.extra {
            let value = serde_json::from_str(text).map_err(|error| {
                CallError::client(format!("`{field}` is not JSON: {error}"), Some(field))
            })?;
            fields.insert(field.clone(), value);
        }
        Ok(Bytes::from(Value::Object(fields).to_string()))
    }
}

impl From<&str> for Embed {
    fn from(text: &str) -> Self {
        Self::new([text])
    }
}

impl From<String> for Embed {
    fn from(text: String) -> Self {
        Self::new([text])
    }
}

impl<S: Into<String>> From<Vec<S>> for Embed {
    fn from(texts: Vec<S>) -> Self {
        Self::new(texts)
    }
}

/// Vectors in the order of their texts.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Embeddings {
    /// Who answered, and after how many attempts.
    pub head: AnswerHead,
    /// One vector per text.
    pub vectors: Vec<Vec<f32>>,
    /// The model that answered, in the vendor's words; empty where it did not say.
    pub model: String,
    /// What it took.
    pub usage: Usage,
}

#[derive(Deserialize)]
struct Wire {
    data: Vec<WireVector>,
    #[serde(default)]
    model: Option<String>,
    #[serde(default)]
    usage: Option<WireUsage>,
}

#[derive(Deserialize)]
struct WireVector {
    #[serde(default)]
    index: usize,
    embedding: Vec<f32>,
}

#[derive(Deserialize)]
struct WireUsage {
    #[serde(default)]
    prompt_tokens: Option<u64>,
}

impl Embeddings {
    pub(super) fn read(head: AnswerHead, body: &[u8]) -> Result<Self, CallError> {
        let mut wire: Wire = serde_json::from_slice(body).map_err(|error| {
            CallError::malformed(format!("no embeddings: {error}"), &head.deployment)
        })?;
        // Stable: servers that number nothing keep their order.
        wire.data.sort_by_key(|vector| vector.index);
        let input_tokens = wire.usage.and_then(|usage| usage.prompt_tokens);
        Ok(Self {
            head,
            vectors: wire.data.into_iter().map(|vector| vector.embedding).collect(),
            model: wire.model.unwrap_or_default(),
            usage: Usage { input_tokens, ..Usage::default() },
        })
    }
}
