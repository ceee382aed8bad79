//! The gateway as a value: built from configuration, called with requests, shared by clones.

use arc_swap::ArcSwap;
use std::collections::hash_map::RandomState;
use std::future::poll_fn;
use std::hash::{BuildHasher as _, Hasher as _};
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use tollgate_config::Config;
use tollgate_core_types::Dialect;
#[cfg(doc)]
use tollgate_core_types::ErrorClass;
use tollgate_providers_common::{ClientDialect, ErrorReport, Inbound, Provider};
use tollgate_telemetry::Telemetry;

use crate::answer::{Answer, CallContext, Denied};
use crate::build::{self, BuildError, Lasting};
use crate::call::{Failed, Wishes};
use crate::cutoff::Cutoff;
use crate::dialects::Dialects;
use crate::explain::{self, GroupExplained, Question};
use crate::face::tending::Tending;
use crate::generation::{Generation, ModelInfo};
use crate::memory::Memory;
use crate::status::{self, ModelStatus};
use crate::upload::Form;
use crate::{error, near};

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
    pub(crate) cutoff: Arc<Cutoff>,
    pub(crate) memory: Memory,
    reloading: Mutex<()>,
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
        Self::with_providers(config, telemetry, Vec::new())
    }

    /// As [`Tollgate::new`], with vendors that the program brings: each serves the deployments that
    /// name it, in place of one that this crate knows by the same name. The configuration is loaded
    /// with their [`tollgate_core_types::VendorPreset`]s beside [`crate::vendors()`].
    ///
    /// # Errors
    /// As [`Tollgate::new`].
    pub fn with_providers(
        config: &Config,
        telemetry: Telemetry,
        providers: Vec<Arc<dyn Provider>>,
    ) -> Result<Self, BuildError> {
        let lasting = Lasting::new(telemetry, providers)?;
        let generation = build::generation(config, &lasting, None)?;
        let inner = Inner {
            generation: ArcSwap::from_pointee(generation),
            dialects: Dialects::all(),
            seeds: Seeds::new(),
            lasting,
            cutoff: Arc::default(),
            memory: Memory::default(),
            reloading: Mutex::new(()),
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
        // One after the other: each builds upon the one that runs.
        let _turn = inner.reloading.lock().unwrap_or_else(PoisonError::into_inner);
        let before = inner.generation.load_full();
        let next = build::generation(config, &inner.lasting, Some(&before))?;
        inner.generation.store(Arc::new(next));
        drop(before);
        // Requests under way may still hold what the old generation had; the next reload finds it.
        inner.lasting.credentials.forget_unused();
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
        self.call_with(inbound, context, Wishes::default())
            .await
            .map_err(|failed| Denied::from(*failed))
    }

    /// The same for a request whose body is a form that is sent as it comes; `inbound` has no body and
    /// the facts of [`Form::head`].
    ///
    /// Another attempt is made only while all of the form is held.
    ///
    /// # Errors
    /// As [`Tollgate::call`].
    ///
    /// # Cancel safety
    /// As [`Tollgate::call`].
    pub async fn call_form(
        &self,
        inbound: Inbound,
        form: Form,
        context: CallContext,
    ) -> Result<Answer, Denied> {
        let wishes = Wishes { form: Some(form), ..Wishes::default() };
        self.call_with(inbound, context, wishes).await.map_err(|failed| Denied::from(*failed))
    }

    /// As [`Tollgate::call`], with what only a caller inside the process may ask for.
    pub(crate) async fn call_with(
        &self,
        inbound: Inbound,
        context: CallContext,
        wishes: Wishes,
    ) -> Result<Answer, Box<Failed>> {
        if let Some(tending) = &self.1 {
            tending.ensure(&self.0);
        }
        // Kilobytes of state that every caller's future would hold and move; one allocation instead.
        let id = Arc::clone(&context.request_id);
        let mut call = Box::pin(self.0.call(inbound, context, wishes));
        // Looked at only while the call waits: most requests never do more than one look.
        let mut cut = pin!(self.0.cutoff.wait());
        let answered = poll_fn(|cx| match call.as_mut().poll(cx) {
            Poll::Ready(answer) => Poll::Ready(Some(answer)),
            Poll::Pending => cut.as_mut().poll(cx).map(|()| None),
        });
        answered.await.unwrap_or_else(|| Err(Box::new(Failed::stopping(&id))))
    }

    /// Ends every request under way, for a process that must stop: streams with one error event in
    /// their clients' dialects, others with a 503, all told as [`ErrorClass::Stopping`]. Requests
    /// that come later are refused in the same way. There is no way back.
    pub fn cut_off(&self) {
        self.0.cutoff.cut();
    }

    /// Waits until [`Tollgate::cut_off`] is called, for callers that hold requests back themselves.
    ///
    /// # Cancel safety
    /// May be dropped at any time.
    pub async fn is_cut_off(&self) {
        self.0.cutoff.wait().await;
    }

    /// What a request is told that is not served because the process stops.
    #[must_use]
    pub fn stopping(request_id: &str) -> ErrorReport {
        error::stopping(request_id)
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

    /// What would become of such a request now: which deployments would be tried, in which order and
    /// by what measure, and why the others would not. Nothing is sent and nothing changes.
    ///
    /// # Errors
    /// In words, where no model has that name or none is the default.
    pub fn explain(&self, question: &Question) -> Result<Vec<GroupExplained>, String> {
        let client = self.0.dialects.get(question.dialect);
        explain::explain(&self.0.generation.load(), client, question, self.0.seeds.next())
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

    /// What bodies hold together: answers that are read here, and requests that callers count.
    #[must_use]
    pub fn memory(&self) -> &Memory {
        &self.0.memory
    }

    /// All metrics in Prometheus' text format, deployments' states brought up to date.
    #[must_use]
    pub fn render_metrics(&self) -> String {
        self.0.lasting.telemetry.set_body_memory(self.0.memory.held());
        status::publish(&self.0.generation.load());
        self.0.lasting.telemetry.render_metrics()
    }
}
