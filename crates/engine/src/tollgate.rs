//! The gateway as a value: built from configuration, called with requests, shared by clones.

use arc_swap::ArcSwap;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hasher as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tollgate_config::Config;
use tollgate_core_types::Dialect;
use tollgate_providers_common::{ClientDialect, Inbound};
use tollgate_telemetry::Telemetry;
use tollgate_transport::Control;

use crate::answer::{Answer, CallContext, Denied};
use crate::build::{self, BuildError, Lasting};
use crate::call::{Failed, Wishes};
use crate::dialects::Dialects;
use crate::face::tending::Tending;
use crate::generation::{Generation, ModelInfo};
use crate::near;
use crate::status::{self, ModelStatus};

/// A running gateway without HTTP. Cheap to clone; clones share everything.
///
/// [`Tollgate::chat`], [`Tollgate::stream`] and [`Tollgate::embed`] are for programs in Rust;
/// [`Tollgate::call`] is what the HTTP surface uses.
#[derive(Clone)]
pub struct Tollgate(pub(crate) Arc<Inner>, Option<Arc<Tending>>);

pub(crate) struct Inner {
    pub(crate) generation: ArcSwap<Generation>,
    pub(crate) lasting: Lasting,
    pub(crate) dialects: Dialects,
    pub(crate) seeds: Seeds,
    pub(crate) control: Control,
}

/// Seeds for the balancer's choices, one per request.
pub(crate) struct Seeds(AtomicU64);

impl Seeds {
    fn new() -> Self {
        Self(AtomicU64::new(RandomState::new().build_hasher().finish()))
    }

    /// The next seed; the generator behind it mixes neighbours apart.
    pub(crate) fn next(&self) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed)
    }
}

impl Tollgate {
    /// Builds a gateway.
    ///
    /// # Errors
    /// When an address, a key or the HTTP client cannot be used; see [`BuildError`].
    pub fn new(config: &Config, telemetry: Telemetry) -> Result<Self, BuildError> {
        let lasting = Lasting::new(telemetry)?;
        let generation = build::generation(config, &lasting, None)?;
        let inner = Inner {
            generation: ArcSwap::from_pointee(generation),
            dialects: Dialects::all(),
            seeds: Seeds::new(),
            control: lasting.transport.control(),
            lasting,
        };
        Ok(Self(Arc::new(inner), None))
    }

    /// The same, and it runs [`Tollgate::tend`] by itself as soon as it is called, until its last
    /// clone is dropped.
    #[must_use]
    pub fn tended(self) -> Self {
        let Self(inner, _) = self;
        Self(inner, Some(Arc::default()))
    }

    /// Takes over another configuration. Requests under way keep the old one; deployments that are
    /// the same keep their health.
    ///
    /// # Errors
    /// As [`Tollgate::new`]; the old configuration then stays.
    pub fn reload(&self, config: &Config) -> Result<(), BuildError> {
        let inner = &*self.0;
        let before = inner.generation.load_full();
        let next = build::generation(config, &inner.lasting, Some(&before))?;
        inner.generation.store(Arc::new(next));
        Ok(())
    }

    /// Serves one request.
    ///
    /// # Errors
    /// [`Denied`] with the error for the client, which [`Tollgate::client_dialect`] writes.
    ///
    /// # Cancel safety
    /// Dropping the future abandons the request at the vendor and settles it as cancelled; so does
    /// dropping an [`Answer::Stream`].
    pub async fn call(&self, inbound: Inbound, context: CallContext) -> Result<Answer, Denied> {
        self.call_with(inbound, context, Wishes::default()).await.map_err(Denied::from)
    }

    /// As [`Tollgate::call`], with what only a caller inside the process may ask for.
    pub(crate) async fn call_with(
        &self,
        inbound: Inbound,
        context: CallContext,
        wishes: Wishes,
    ) -> Result<Answer, Failed> {
        if let Some(tending) = &self.1 {
            tending.ensure(&self.0);
        }
        // Kilobytes of state that every caller's future would hold and move; one allocation instead.
        Box::pin(self.0.call(inbound, context, wishes)).await
    }

    /// Looks after credentials that vendors refused, for ever; run it beside the calls, unless the
    /// gateway is [`Tollgate::tended`].
    ///
    /// # Cancel safety
    /// May be dropped at any time; a probe under way is then left to real requests.
    pub async fn tend(&self) {
        self.0.tend().await;
    }

    /// The client side of a dialect, for reading requests and writing errors.
    #[must_use]
    pub fn client_dialect(&self, dialect: Dialect) -> Option<Arc<dyn ClientDialect>> {
        self.0.dialects.get(dialect).cloned()
    }

    /// Every model, in the order of the configuration.
    #[must_use]
    pub fn models(&self) -> Vec<ModelInfo> {
        self.0.generation.load().infos.clone()
    }

    /// What to tell a client whose model is unknown.
    #[must_use]
    pub fn unknown_model(&self, name: &str) -> String {
        near::unknown_model(&self.0.generation.load(), name)
    }

    /// The state of every model and deployment.
    #[must_use]
    pub fn status(&self) -> Vec<ModelStatus> {
        status::of(&self.0.generation.load())
    }

    /// Metrics and request log.
    #[must_use]
    pub fn telemetry(&self) -> &Telemetry {
        &self.0.lasting.telemetry
    }

    /// All metrics in Prometheus' text format, deployments' states brought up to date.
    #[must_use]
    pub fn render_metrics(&self) -> String {
        status::publish(&self.0.generation.load());
        self.0.lasting.telemetry.render_metrics()
    }
}
