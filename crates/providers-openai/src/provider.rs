//! The vendor: its name and the codecs of the dialects that it speaks.
//!
//! One value serves every deployment of a vendor, at any base address. It holds no address, no
//! credential and no state.

use std::sync::Arc;
use tollgate_core_types::{Dialect, ProviderName};
use tollgate_providers_common::{ChatCodec, ClientDialect, Codec, EmbedCodec, Provider};

use crate::chat::{ChatDialect, OpenAiChat};
use crate::completions::{CompletionsDialect, OpenAiCompletions};
use crate::embeddings::{EmbeddingsDialect, OpenAiEmbeddings};
use crate::media::{self, MediaDialect};
use crate::responses::{OpenAiResponses, ResponsesDialect};
use crate::server::Server;

/// Whether a vendor still serves the legacy `/completions` endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Completions {
    /// It does: clients of it are relayed verbatim.
    #[default]
    Native,
    /// It does not: clients of it are translated to chat.
    ViaChat,
}

/// Which of OpenAI's two dialects of conversation a vendor speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Api {
    /// Chat Completions alone.
    #[default]
    Chat,
    /// Responses alone: clients of chat are translated.
    Responses,
    /// Both: clients of either are relayed, but for what a model of OpenAI's takes at Responses
    /// alone, which goes there whatever the client speaks.
    Both,
}

/// A vendor that speaks OpenAI's dialects: OpenAI itself, or any compatible server.
#[derive(Debug, Clone)]
pub struct OpenAi {
    name: ProviderName,
    server: Arc<Server>,
    api: Api,
}

impl OpenAi {
    /// A vendor with all endpoints but Responses.
    #[must_use]
    pub fn new(name: ProviderName) -> Self {
        Self::with(name, Completions::Native)
    }

    /// A vendor that serves legacy completions in the way given.
    #[must_use]
    pub fn with(name: ProviderName, completions: Completions) -> Self {
        Self::at(name, Server { completions, ..Server::default() })
    }

    /// A vendor whose server has customs of its own.
    #[must_use]
    pub fn at(name: ProviderName, server: Server) -> Self {
        Self { name, server: Arc::new(server), api: Api::Chat }
    }

    /// The same vendor, speaking these dialects of conversation.
    #[must_use]
    pub fn speaking(self, api: Api) -> Self {
        Self { api, ..self }
    }

    fn chat_codec(&self) -> OpenAiChat {
        OpenAiChat::at(&self.server).bridging(self.api == Api::Both)
    }
}

impl Provider for OpenAi {
    fn name(&self) -> &ProviderName {
        &self.name
    }

    fn codec(&self, dialect: Dialect) -> Option<Arc<dyn Codec>> {
        if dialect == Dialect::OPENAI_CHAT && self.api != Api::Responses {
            return Some(Arc::new(self.chat_codec()));
        }
        if dialect == Dialect::OPENAI_RESPONSES && self.api != Api::Chat {
            return Some(Arc::new(OpenAiResponses::at(&self.server)));
        }
        if dialect == Dialect::OPENAI_EMBEDDINGS {
            return Some(Arc::new(OpenAiEmbeddings::at(&self.server)));
        }
        let native = self.server.completions == Completions::Native;
        if dialect == Dialect::OPENAI_COMPLETIONS && native {
            return Some(Arc::new(OpenAiCompletions::at(&self.server)));
        }
        media::media_codec(dialect)
    }

    fn chat(&self) -> Option<Arc<dyn ChatCodec>> {
        match self.api {
            Api::Chat | Api::Both => Some(Arc::new(self.chat_codec())),
            Api::Responses => Some(Arc::new(OpenAiResponses::at(&self.server))),
        }
    }

    fn reader(&self, dialect: Dialect) -> Option<Arc<dyn ChatCodec>> {
        if dialect == Dialect::OPENAI_RESPONSES && self.api != Api::Chat {
            return Some(Arc::new(OpenAiResponses::at(&self.server)));
        }
        self.chat().filter(|codec| codec.dialect() == dialect)
    }

    fn embeddings(&self) -> Option<Arc<dyn EmbedCodec>> {
        Some(Arc::new(OpenAiEmbeddings::at(&self.server)))
    }
}

/// The dialects that clients of OpenAI's API speak: chat, completions, Responses, embeddings, and the
/// endpoints of images, audio, moderation and rerank.
#[must_use]
pub fn client_dialects() -> Vec<Arc<dyn ClientDialect>> {
    let mut all: Vec<Arc<dyn ClientDialect>> = vec![
        Arc::new(ChatDialect),
        Arc::new(CompletionsDialect),
        Arc::new(ResponsesDialect),
        Arc::new(EmbeddingsDialect),
    ];
    all.extend(media::Kind::ALL.map(|kind| Arc::new(MediaDialect(kind)) as Arc<dyn ClientDialect>));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codecs_are_found_by_dialect() {
        let vendor = OpenAi::new(ProviderName::new("openai"));
        assert_eq!(vendor.name().as_str(), "openai");
        for dialect in
            [Dialect::OPENAI_CHAT, Dialect::OPENAI_COMPLETIONS, Dialect::OPENAI_EMBEDDINGS]
        {
            let codec = vendor.codec(dialect).unwrap();
            assert_eq!(codec.dialect(), dialect);
        }
        assert!(vendor.codec(Dialect::ANTHROPIC_MESSAGES).is_none());
        assert_eq!(vendor.chat().unwrap().dialect(), Dialect::OPENAI_CHAT);
    }

    #[test]
    fn without_the_legacy_endpoint_its_clients_are_translated() {
        let vendor = OpenAi::with(ProviderName::new("azure"), Completions::ViaChat);
        assert!(vendor.codec(Dialect::OPENAI_COMPLETIONS).is_none());
        assert!(vendor.codec(Dialect::OPENAI_CHAT).is_some());
        assert!(vendor.chat().is_some());
    }

    #[test]
    fn clients_speak_four_dialects_and_those_of_media() {
        let dialects: Vec<_> = client_dialects().iter().map(|each| each.dialect()).collect();
        assert_eq!(
            dialects[..4],
            [
                Dialect::OPENAI_CHAT,
                Dialect::OPENAI_COMPLETIONS,
                Dialect::OPENAI_RESPONSES,
                Dialect::OPENAI_EMBEDDINGS
            ]
        );
        assert_eq!(dialects.len(), 4 + media::Kind::ALL.len());
    }

    #[test]
    fn a_vendor_speaks_the_dialects_of_conversation_that_it_is_said_to() {
        let (chat, responses) = (Dialect::OPENAI_CHAT, Dialect::OPENAI_RESPONSES);
        for (api, relays, translates) in [
            (Api::Chat, vec![chat], chat),
            (Api::Responses, vec![responses], responses),
            (Api::Both, vec![chat, responses], chat),
        ] {
            let vendor = OpenAi::new(ProviderName::new("x")).speaking(api);
            for dialect in [chat, responses] {
                let spoken = relays.contains(&dialect);
                assert_eq!(vendor.codec(dialect).is_some(), spoken, "{api:?} {dialect}");
                assert_eq!(vendor.reader(dialect).is_some(), spoken, "{api:?} {dialect}");
            }
            assert_eq!(vendor.chat().unwrap().dialect(), translates, "{api:?}");
        }
    }
}
