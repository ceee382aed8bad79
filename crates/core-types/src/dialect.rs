//! Names of wire formats, operations and vendors.
//!
//! They are open sets of static names rather than enums, so that a new vendor crate adds one
//! without touching this crate.

use std::fmt;

/// One wire format, for example `openai.chat`. Two equal names mean byte-compatible bodies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Dialect(&'static str);

impl Dialect {
    /// OpenAI Chat Completions.
    pub const OPENAI_CHAT: Self = Self("openai.chat");
    /// OpenAI legacy text completions.
    pub const OPENAI_COMPLETIONS: Self = Self("openai.completions");
    /// OpenAI Responses.
    pub const OPENAI_RESPONSES: Self = Self("openai.responses");
    /// OpenAI embeddings.
    pub const OPENAI_EMBEDDINGS: Self = Self("openai.embeddings");
    /// Anthropic Messages.
    pub const ANTHROPIC_MESSAGES: Self = Self("anthropic.messages");
    /// Anthropic token counting.
    pub const ANTHROPIC_COUNT_TOKENS: Self = Self("anthropic.count_tokens");
    /// Gemini's generateContent, whole or streamed.
    pub const GEMINI_GENERATE: Self = Self("gemini.generate_content");
    /// Gemini's token counting.
    pub const GEMINI_COUNT_TOKENS: Self = Self("gemini.count_tokens");
    /// Gemini's embedding of one content.
    pub const GEMINI_EMBED: Self = Self("gemini.embed_content");
    /// Gemini's embedding of several contents.
    pub const GEMINI_BATCH_EMBED: Self = Self("gemini.batch_embed_contents");

    /// Amazon Bedrock's Converse.
    pub const BEDROCK_CONVERSE: Self = Self("bedrock.converse");

    /// OpenAI's generation of images.
    pub const OPENAI_IMAGES: Self = Self("openai.images");
    /// OpenAI's editing of images, a form with files.
    pub const OPENAI_IMAGE_EDITS: Self = Self("openai.image_edits");
    /// OpenAI's variations of an image, a form with a file.
    pub const OPENAI_IMAGE_VARIATIONS: Self = Self("openai.image_variations");
    /// OpenAI's speech to text, a form with a file.
    pub const OPENAI_TRANSCRIPTIONS: Self = Self("openai.transcriptions");
    /// OpenAI's speech to English text, a form with a file.
    pub const OPENAI_TRANSLATIONS: Self = Self("openai.translations");
    /// OpenAI's text to speech.
    pub const OPENAI_SPEECH: Self = Self("openai.speech");
    /// OpenAI's moderation.
    pub const OPENAI_MODERATIONS: Self = Self("openai.moderations");
    /// Documents ranked by a query, in the words that Cohere, Jina and their kin share.
    pub const RERANK: Self = Self("rerank");

    /// A dialect of another crate.
    #[must_use]
    pub const fn named(name: &'static str) -> Self {
        Self(name)
    }

    /// The name, for logs, metrics and spans.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// What is asked of a model, whatever the dialect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    /// A conversation turn.
    Chat,
    /// A raw prompt to be continued.
    TextCompletion,
    /// Vectors for texts.
    Embeddings,
    /// The size of a request in tokens; generates nothing.
    CountTokens,
    /// Images made, edited or varied.
    Images,
    /// Speech to text, in its language or in English.
    Transcription,
    /// Text to speech.
    Speech,
    /// Whether texts or images offend.
    Moderation,
    /// Documents ranked by a query.
    Rerank,
}

impl Operation {
    /// Every operation, in the order of [`Operation::index`].
    pub const ALL: [Self; 9] = [
        Self::Chat,
        Self::TextCompletion,
        Self::Embeddings,
        Self::CountTokens,
        Self::Images,
        Self::Transcription,
        Self::Speech,
        Self::Moderation,
        Self::Rerank,
    ];
    /// The operations that are relayed to deployments which speak them and translated for none.
    pub const MEDIA: [Self; 5] =
        [Self::Images, Self::Transcription, Self::Speech, Self::Moderation, Self::Rerank];

    /// Position in [`Operation::ALL`], for tables.
    #[must_use]
    pub const fn index(self) -> usize {
        match self {
            Self::Chat => 0,
            Self::TextCompletion => 1,
            Self::Embeddings => 2,
            Self::CountTokens => 3,
            Self::Images => 4,
            Self::Transcription => 5,
            Self::Speech => 6,
            Self::Moderation => 7,
            Self::Rerank => 8,
        }
    }

    /// Whether it is one of [`Operation::MEDIA`].
    #[must_use]
    pub const fn is_media(self) -> bool {
        match self {
            Self::Chat | Self::TextCompletion | Self::Embeddings | Self::CountTokens => false,
            Self::Images | Self::Transcription | Self::Speech | Self::Moderation | Self::Rerank => {
                true
            }
        }
    }

    /// Whether vendors bill its tokens: they count for nothing, and what is not text has fees of its
    /// own.
    #[must_use]
    pub const fn bills_tokens(self) -> bool {
        matches!(self, Self::Chat | Self::TextCompletion | Self::Embeddings)
    }

    /// OpenTelemetry's `gen_ai.operation.name`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::TextCompletion => "text_completion",
            Self::Embeddings => "embeddings",
            Self::CountTokens => "count_tokens",
            Self::Images => "images",
            Self::Transcription => "transcription",
            Self::Speech => "speech",
            Self::Moderation => "moderation",
            Self::Rerank => "rerank",
        }
    }
}

/// A vendor, by OpenTelemetry's `gen_ai.provider.name` where it has one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ProviderName(std::sync::Arc<str>);

impl ProviderName {
    /// Names a vendor.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self(name.into())
    }

    /// The name, for logs, metrics and spans.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ProviderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
