//! One deployment, ready to be called: the payload that the balancer balances.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tollgate_catalogue::{Circumstances, Model, Region};
use tollgate_config::{Auth, Secret};
use tollgate_core_types::custom::StreamOnly;
use tollgate_core_types::{Dialect, Operation, UpstreamError, Usage};
use tollgate_providers_common::{
    Authorizer, ChatCodec, Codec, EmbedCodec, Provider, Transport, UpstreamTarget,
};
use tollgate_telemetry::DeploymentMetrics;

use crate::redact;

/// Dialects that ask for the size of a conversation.
const COUNTS: [Dialect; 2] = [Dialect::ANTHROPIC_COUNT_TOKENS, Dialect::GEMINI_COUNT_TOKENS];

/// Dialects that ask for vectors.
const EMBEDDINGS: [Dialect; 3] =
    [Dialect::OPENAI_EMBEDDINGS, Dialect::GEMINI_EMBED, Dialect::GEMINI_BATCH_EMBED];

/// Everything an attempt needs of its deployment.
pub(crate) struct Deployment {
    /// Unique id, in logs, metrics and headers.
    pub(crate) id: Arc<str>,
    /// The vendor as configuration names it.
    pub(crate) vendor: Arc<str>,
    /// OpenTelemetry's name of the vendor.
    pub(crate) otel_name: Arc<str>,
    /// Id of its credential; `None` where it needs none.
    pub(crate) key_id: Option<Arc<str>>,
    /// Its key, to be taken out of what its vendor says; sent by the authorizer alone.
    pub(crate) secrets: Vec<Secret>,
    /// How the key is shown to its vendor.
    pub(crate) auth: Auth,
    /// Its codecs.
    pub(crate) provider: Arc<dyn Provider>,
    /// Where its requests go and how they differ.
    pub(crate) target: UpstreamTarget,
    /// Its credential.
    pub(crate) authorizer: Arc<dyn Authorizer>,
    /// Whether it is reached over the network; the mock is not.
    pub(crate) networked: bool,
    /// What carries its requests.
    pub(crate) transport: Arc<dyn Transport>,
    /// How long its attempts may take.
    pub(crate) deadlines: AttemptDeadlines,
    /// Whether a field that it cannot express rejects the request.
    pub(crate) strict: bool,
    /// What is known of its model.
    pub(crate) model: Model,
    /// Where it is served, as far as prices differ by it.
    pub(crate) region: Region,
    /// Whether configuration has a say in the bound of generated tokens, so that the client's is not
    /// what the vendor sees.
    pub(crate) rules_output: bool,
    /// Whether requests with tools may go here.
    pub(crate) supports_tools: bool,
    /// Whether pictures are fetched for it that it does not fetch itself.
    pub(crate) fetch_media: bool,
    /// What it speaks of [`Operation::MEDIA`].
    pub(crate) operations: Vec<Operation>,
    /// Whether it may continue our traces.
    pub(crate) trace_context: bool,
    /// Its counters.
    pub(crate) metrics: DeploymentMetrics,
    /// How text completions are served.
    pub(crate) completions: CompletionsRoute,
    /// Whether it was found to answer as a stream alone.
    pub(crate) streaming: StreamingRoute,
    /// What configuration says it bears, for the status page.
    pub(crate) limits: ShownLimits,
}

/// How long the steps of one attempt may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AttemptDeadlines {
    /// DNS, TCP and TLS together.
    pub(crate) connect: Duration,
    /// To the first content of a stream.
    pub(crate) first_token: Duration,
    /// For the whole of an answer that is not streamed.
    pub(crate) whole: Duration,
    /// Between two pieces of content.
    pub(crate) idle: Duration,
}

/// Limits as configured.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ShownLimits {
    /// Requests at once.
    pub(crate) concurrency: Option<u32>,
    /// Requests per second.
    pub(crate) qps: Option<f64>,
    /// Requests per minute.
    pub(crate) rpm: Option<u64>,
    /// Tokens per minute.
    pub(crate) tpm: Option<u64>,
}

/// Which way a request goes to a deployment.
pub(crate) enum Way {
    /// The body is edited and relayed.
    Verbatim(Arc<dyn Codec>),
    /// The body is read into the domain and written anew.
    Translated(Arc<dyn ChatCodec>),
    /// The texts are read and written anew, the vectors of the answer too.
    Embedded(Arc<dyn EmbedCodec>),
}

impl Way {
    /// Whether the client speaks another dialect than the vendor.
    pub(crate) fn is_foreign(&self) -> bool {
        match self {
            Self::Verbatim(_) => false,
            Self::Translated(_) | Self::Embedded(_) => true,
        }
    }
}

impl Deployment {
    /// Whether it is the same place behind the same credential as `before`: what is known of the
    /// health of one is then true of the other. Deadlines and parameters may differ.
    pub(crate) fn is_still(&self, before: &Self) -> bool {
        self.id == before.id
            && self.vendor == before.vendor
            && self.key_id == before.key_id
            && self.secrets == before.secrets
            && self.auth == before.auth
            && self.target.base == before.target.base
            && self.target.model == before.target.model
            && self.target.headers == before.target.headers
    }

    /// What an answer cost, in pico-dollars; `None` where a price or a count is not known, and for
    /// what generates nothing.
    pub(crate) fn cost(&self, operation: Operation, usage: &Usage, now: u64) -> Option<u64> {
        let circumstances = Circumstances::at(self.region, now);
        operation.bills_tokens().then(|| self.model.prices.cost(usage, circumstances)).flatten()
    }

    /// An error as it may be told: without our key, and with the vendor's code only where the
    /// client speaks the vendor's dialect and knows its codes.
    pub(crate) fn told(&self, error: UpstreamError, foreign: bool) -> UpstreamError {
        let error = redact::without(&self.secrets, error);
        if foreign { UpstreamError { code: None, ..error } } else { error }
    }

    /// Where its requests go, as far as was learned of it.
    pub(crate) fn target(&self) -> Cow<'_, UpstreamTarget> {
        if !self.streaming.is_alone() || self.target.quirks.stream_only == StreamOnly::Always {
            return Cow::Borrowed(&self.target);
        }
        let mut target = self.target.clone();
        target.quirks.stream_only = StreamOnly::Always;
        Cow::Owned(target)
    }

    /// The way for a client of `dialect`; `None` where this deployment cannot serve it.
    pub(crate) fn way(&self, dialect: Dialect) -> Option<Way> {
        if let Some(codec) = tollgate_providers_openai::media_codec(dialect) {
            let serves = self.operations.contains(&codec.operation());
            return self.provider.codec(dialect).filter(|_| serves).map(Way::Verbatim);
        }
        let native = dialect != Dialect::OPENAI_COMPLETIONS || self.completions.is_native();
        if native && let Some(codec) = self.provider.codec(dialect) {
            return Some(Way::Verbatim(codec));
        }
        if COUNTS.contains(&dialect) {
            return None;
        }
        if EMBEDDINGS.contains(&dialect) {
            return self.provider.embeddings().map(Way::Embedded);
        }
        self.provider.chat().map(Way::Translated)
    }
}

/// How a deployment serves text completions.
///
/// Many compatible servers have no `/completions`, and few say so. Where configuration is silent,
/// the first 404 or 405 teaches it, and requests go through the chat endpoint from then on.
#[derive(Debug)]
pub(crate) struct CompletionsRoute {
    native: AtomicBool,
    fixed: bool,
}

impl CompletionsRoute {
    /// Said by configuration or known of the vendor.
    pub(crate) fn fixed(native: bool) -> Self {
        Self { native: AtomicBool::new(native), fixed: true }
    }

    /// Native until the server says that it has no such endpoint.
    pub(crate) fn learned() -> Self {
        Self { native: AtomicBool::new(true), fixed: false }
    }

    /// Whether the native endpoint is used.
    pub(crate) fn is_native(&self) -> bool {
        self.native.load(Ordering::Relaxed)
    }

    /// Takes in a status of the native endpoint; true where the request should go through chat now.
    pub(crate) fn learn(&self, status: u16) -> bool {
        let missing = matches!(status, 404 | 405 | 501);
        if missing && !self.fixed {
            self.native.store(false, Ordering::Relaxed);
        }
        missing && !self.fixed
    }
}

/// Whether a deployment answers as a stream alone, where nobody knew.
///
/// Some models that think refuse a whole answer, and no name tells which. The first refusal teaches
/// it: requests for whole answers ask for a stream from then on, which is made whole here.
#[derive(Debug, Default)]
pub(crate) struct StreamingRoute {
    alone: AtomicBool,
}

impl StreamingRoute {
    /// Whether it was learned.
    pub(crate) fn is_alone(&self) -> bool {
        self.alone.load(Ordering::Relaxed)
    }

    /// Takes in that a whole answer was refused; true where that is news.
    pub(crate) fn learn(&self) -> bool {
        !self.alone.swap(true, Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_whole_answer_is_learned_once() {
        let route = StreamingRoute::default();
        assert!(!route.is_alone());
        assert!(route.learn());
        assert!(!route.learn());
        assert!(route.is_alone());
    }

    #[test]
    fn a_missing_completions_endpoint_is_learned_once_and_only_where_nothing_was_said() {
        let learned = CompletionsRoute::learned();
        assert!(learned.is_native());
        assert!(!learned.learn(500));
        assert!(learned.is_native());
        assert!(learned.learn(404));
        assert!(!learned.is_native());
        let fixed = CompletionsRoute::fixed(true);
        assert!(!fixed.learn(404));
        assert!(fixed.is_native());
    }
}
