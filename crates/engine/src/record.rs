//! What is told of a request and of its attempts, exactly once each, however they end.
//!
//! Both records are guards: dropped without a word they say "cancelled", so that a client that
//! leaves is counted like any other end.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant, SystemTime};
use tollgate_core_types::reply::FinishReason;
use tollgate_core_types::{Dialect, ErrorClass, Lost, Operation, UpstreamError, Usage};
use tollgate_telemetry::{
    AttemptEvent, AttemptKind, AttemptStart, AttemptTarget, InFlight, ModelMetrics, Move, Outcome,
    Phases, RequestEvent, RequestStart, Span, Telemetry,
};

use crate::answer::CallContext;
use crate::cutoff::Cutoff;
use crate::deployment::Deployment;
use crate::stream::Tally;
use crate::{clock, error};

/// What attempts leave for the record of their request while it is open.
#[derive(Default)]
pub(crate) struct Progress {
    attempts: AtomicU32,
    upstream_ns: AtomicU64,
    /// When the first request went to a vendor.
    sent: OnceLock<Instant>,
    skipped: AtomicU64,
    bill: Mutex<Bill>,
    steps: Mutex<Steps>,
}

/// What a request's attempts cost together.
#[derive(Debug, Default, Clone, Copy)]
struct Bill {
    pico: u64,
    /// Whether an attempt has a cost.
    billed: bool,
    /// Whether an attempt has one that is not known.
    unknown: bool,
}

/// Where a request went.
#[derive(Default, Clone)]
struct Steps {
    last: Option<Arc<Deployment>>,
    /// What the last attempt failed with.
    failed: Option<ErrorClass>,
    /// Attempts beyond the first.
    moves: Vec<Step>,
}

/// One attempt that is not a request's first.
#[derive(Clone)]
struct Step {
    at: SystemTime,
    kind: AttemptKind,
    number: u32,
    group: Arc<str>,
    deployment: Arc<Deployment>,
    after: Option<ErrorClass>,
}

impl Progress {
    /// An attempt begins.
    fn attempt(&self, deployment: &Arc<Deployment>, facts: &AttemptFacts) {
        self.attempts.fetch_add(1, Ordering::Relaxed);
        let mut steps = self.steps();
        steps.last = Some(Arc::clone(deployment));
        if facts.kind != AttemptKind::First {
            let after = steps.failed;
            steps.moves.push(Step {
                at: clock::wall(),
                kind: facts.kind,
                number: facts.number,
                group: Arc::clone(&facts.group),
                deployment: Arc::clone(deployment),
                after,
            });
        }
    }

    /// An attempt failed and the request may go on.
    fn failed(&self, class: ErrorClass) {
        self.steps().failed = Some(class);
    }

    /// An attempt ended that cost this; `None` is not known.
    fn billed(&self, cost: Option<u64>) {
        let mut bill = self.bill.lock().unwrap_or_else(PoisonError::into_inner);
        bill.billed = true;
        match cost.and_then(|cost| bill.pico.checked_add(cost)) {
            Some(sum) => bill.pico = sum,
            None => bill.unknown = true,
        }
    }

    /// What the attempts cost together; `None` where that of one is not known, or none has any.
    fn cost(&self) -> Option<u64> {
        let bill = *self.bill.lock().unwrap_or_else(PoisonError::into_inner);
        (bill.billed && !bill.unknown).then_some(bill.pico)
    }

    /// A request goes to a vendor.
    pub(crate) fn sending(&self, now: Instant) {
        self.sent.get_or_init(|| now);
    }

    /// Frames of a vendor's stream were left out.
    fn skipped(&self, frames: u64) {
        if frames > 0 {
            self.skipped.fetch_add(frames, Ordering::Relaxed);
        }
    }

    /// Time was spent waiting for a vendor.
    pub(crate) fn waited(&self, time: Duration) {
        let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.upstream_ns.fetch_add(nanos, Ordering::Relaxed);
    }

    fn steps(&self) -> MutexGuard<'_, Steps> {
        self.steps.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Step {
    fn told(&self) -> Move<'_> {
        Move {
            at: self.at,
            kind: self.kind,
            number: self.number,
            model: &self.group,
            deployment: &self.deployment.id,
            after: self.after,
        }
    }
}

/// What is known of a request when its record opens.
pub(crate) struct RequestFacts {
    pub(crate) operation: Operation,
    pub(crate) dialect: Dialect,
    pub(crate) stream: bool,
    /// The model group; `None` where the client's model is unknown.
    pub(crate) alias: Option<Arc<str>>,
    /// The model in the client's words where they are not the alias.
    pub(crate) requested: Option<String>,
    pub(crate) user: Option<String>,
}

/// The open record of one request.
pub(crate) struct RequestRecord {
    telemetry: Telemetry,
    metrics: ModelMetrics,
    context: CallContext,
    facts: RequestFacts,
    span: Span,
    /// Filled by attempts.
    pub(crate) progress: Arc<Progress>,
    /// What the chosen deployment could not express.
    pub(crate) lost: Vec<Lost>,
    /// When it was read and could be routed.
    opened: Instant,
    /// When the first content went to the client.
    first_content: Option<Instant>,
    cutoff: Arc<Cutoff>,
    settled: bool,
    _in_flight: InFlight,
}

/// How a request ended.
pub(crate) struct End<'a> {
    pub(crate) outcome: Outcome,
    pub(crate) status: u16,
    pub(crate) error: Option<(ErrorClass, &'a str)>,
    pub(crate) usage: Usage,
    pub(crate) response_model: Option<&'a str>,
}

impl End<'_> {
    /// A failure before any answer.
    pub(crate) fn failed(status: u16, class: ErrorClass, message: &str) -> End<'_> {
        End {
            outcome: Outcome::Error,
            status,
            error: Some((class, message)),
            usage: Usage::default(),
            response_model: None,
        }
    }
}

impl RequestRecord {
    /// Opens a record; the request counts as in flight until it drops. Boxed, because it goes
    /// through many hands.
    pub(crate) fn open(
        telemetry: &Telemetry,
        metrics: ModelMetrics,
        context: CallContext,
        facts: RequestFacts,
        cutoff: &Arc<Cutoff>,
    ) -> Box<Self> {
        let span = telemetry.request_span(&RequestStart {
            route: context.route,
            traceparent: context.traceparent.as_deref(),
            tracestate: context.tracestate.as_deref(),
            ..RequestStart::new(&context.request_id, facts.operation, facts.dialect)
        });
        let in_flight = metrics.in_flight();
        Box::new(Self {
            telemetry: telemetry.clone(),
            metrics,
            context,
            facts,
            span,
            progress: Arc::default(),
            lost: Vec::new(),
            opened: clock::now(),
            first_content: None,
            cutoff: Arc::clone(cutoff),
            settled: false,
            _in_flight: in_flight,
        })
    }

    /// The answer is a stream, asked for or not.
    pub(crate) fn streams(&mut self) {
        self.facts.stream = true;
    }

    /// The request's span, parent of its attempts'.
    pub(crate) fn span(&self) -> &Span {
        &self.span
    }

    /// Our id of the request.
    pub(crate) fn request_id(&self) -> &Arc<str> {
        &self.context.request_id
    }

    /// The first content goes to the client.
    pub(crate) fn first_content(&mut self, now: Instant) {
        self.first_content = Some(now);
    }

    /// What its attempts cost so far.
    pub(crate) fn cost(&self) -> Option<u64> {
        self.progress.cost()
    }

    /// What of the request was our own work, until `until`, and what it was spent on.
    fn overhead(&self, until: Instant) -> (Duration, Option<Phases>) {
        let progress = &self.progress;
        let upstream = Duration::from_nanos(progress.upstream_ns.load(Ordering::Relaxed));
        let whole = until.saturating_duration_since(self.context.started).saturating_sub(upstream);
        let phases = progress.sent.get().map(|sent| {
            let receive = self.opened.saturating_duration_since(self.context.started);
            let route = sent.saturating_duration_since(self.opened);
            let once = progress.attempts.load(Ordering::Relaxed) == 1;
            let respond = once.then(|| whole.saturating_sub(receive + route));
            Phases { receive, route, respond }
        });
        (whole, phases)
    }

    /// Writes the record.
    pub(crate) fn settle(&mut self, end: &End<'_>) {
        if std::mem::replace(&mut self.settled, true) {
            return;
        }
        let Steps { last, moves, .. } = std::mem::take(&mut *self.progress.steps());
        let now = clock::now();
        let since = |then: Instant| then.saturating_duration_since(self.context.started);
        // A stream waits for its vendor and its client by turns; up to its first content, and in
        // whole answers, they can be told apart.
        let told = if self.facts.stream { self.first_content } else { Some(now) };
        let (overhead, phases) = told.map(|until| self.overhead(until)).unzip();
        let moves: Vec<Move<'_>> = moves.iter().map(Step::told).collect();
        let attempts = self.progress.attempts.load(Ordering::Relaxed);
        let event = RequestEvent {
            model: self.facts.alias.as_deref(),
            requested_model: self.facts.requested.as_deref(),
            deployment: last.as_ref().map(|last| &*last.id),
            provider: last.as_ref().map(|last| &*last.otel_name),
            upstream_model: last.as_ref().map(|last| last.target.model.as_str()),
            response_model: end.response_model,
            stream: self.facts.stream,
            status: end.status,
            outcome: end.outcome,
            class: end.error.map(|(class, _)| class),
            attempts,
            message: end.error.map(|(_, message)| message),
            usage: end.usage,
            cost: self.progress.cost(),
            ttft: self.first_content.filter(|_| self.facts.stream).map(since),
            duration: since(now),
            overhead,
            phases: phases.flatten(),
            lost: &self.lost,
            user: self.facts.user.as_deref(),
            frames_skipped: self.progress.skipped.load(Ordering::Relaxed),
            route: self.context.route,
            moves: &moves,
            span: &self.span,
            ..RequestEvent::new(
                clock::wall(),
                &self.context.request_id,
                self.facts.operation,
                self.facts.dialect,
            )
        };
        self.telemetry.request(&self.metrics, &event);
    }
}

impl Drop for RequestRecord {
    fn drop(&mut self) {
        if self.settled {
            return;
        }
        let end = if self.cutoff.is_cut() {
            let stopped = End::failed(503, ErrorClass::Stopping, error::STOPPING);
            match self.first_content {
                Some(_) => End { outcome: Outcome::Truncated, status: 200, ..stopped },
                None => stopped,
            }
        } else {
            let left = End::failed(499, ErrorClass::Cancelled, "the client left");
            End { outcome: Outcome::Cancelled, ..left }
        };
        self.settle(&end);
    }
}

/// What is known of an attempt when its record opens.
pub(crate) struct AttemptFacts {
    pub(crate) operation: Operation,
    pub(crate) request_id: Arc<str>,
    pub(crate) group: Arc<str>,
    pub(crate) number: u32,
    pub(crate) kind: AttemptKind,
    pub(crate) stream: bool,
    pub(crate) cutoff: Arc<Cutoff>,
}

/// The open record of one attempt.
pub(crate) struct AttemptRecord {
    telemetry: Telemetry,
    deployment: Arc<Deployment>,
    progress: Arc<Progress>,
    facts: AttemptFacts,
    span: Span,
    started: Instant,
    ttft: Option<Duration>,
    settled: bool,
    _in_flight: InFlight,
}

impl AttemptRecord {
    /// Opens a record; the attempt counts as in flight until it drops.
    pub(crate) fn open(
        telemetry: &Telemetry,
        deployment: &Arc<Deployment>,
        facts: AttemptFacts,
        (parent, progress): (&Span, &Arc<Progress>),
    ) -> Box<Self> {
        progress.attempt(deployment, &facts);
        let start = AttemptStart {
            target: target(&facts, deployment),
            number: facts.number,
            kind: facts.kind,
            stream: facts.stream,
        };
        let span = telemetry.attempt_span(parent, &start);
        Box::new(Self {
            telemetry: telemetry.clone(),
            deployment: Arc::clone(deployment),
            progress: Arc::clone(progress),
            facts,
            span,
            started: clock::now(),
            ttft: None,
            settled: false,
            _in_flight: deployment.metrics.in_flight(),
        })
    }

    /// The attempt's span, for upstreams that may continue it.
    pub(crate) fn span(&self) -> &Span {
        &self.span
    }

    /// The first content came.
    pub(crate) fn first_content(&mut self, now: Instant) {
        self.ttft = Some(now.saturating_duration_since(self.started));
    }

    /// It is complete.
    pub(crate) fn complete(&mut self, status: u16, tally: &Tally) {
        self.settle(Outcome::Ok, Some(status), None, tally);
    }

    /// It failed: before content with [`Outcome::Error`], after it with [`Outcome::Truncated`].
    pub(crate) fn fail(&mut self, outcome: Outcome, error: &UpstreamError, tally: &Tally) {
        self.settle(outcome, error.status, Some(error), tally);
    }

    fn settle(
        &mut self,
        outcome: Outcome,
        status: Option<u16>,
        error: Option<&UpstreamError>,
        tally: &Tally,
    ) {
        if std::mem::replace(&mut self.settled, true) {
            return;
        }
        self.progress.skipped(tally.skipped);
        if let Some(error) = error {
            self.progress.failed(error.class);
        }
        let wall = clock::wall();
        let cost = self.bill(outcome, tally, wall);
        let base = &self.deployment.target.base;
        let finish: Option<FinishReason> = tally.finish.as_ref().map(|finish| finish.reason);
        let event = AttemptEvent {
            response_model: tally.model.as_deref(),
            number: self.facts.number,
            kind: self.facts.kind,
            stream: self.facts.stream,
            status,
            outcome,
            class: error.map(|error| error.class),
            code: error.and_then(|error| error.code.as_deref()),
            message: error.map(|error| error.message.as_str()),
            retry_after: error.and_then(|error| error.retry_after),
            finish,
            usage: tally.usage,
            cost,
            ttft: self.ttft.filter(|_| self.facts.stream),
            duration: clock::now().saturating_duration_since(self.started),
            frames_skipped: tally.skipped,
            server_address: base.host(),
            server_port: base.port_u16(),
            span: &self.span,
            ..AttemptEvent::new(wall, &self.facts.request_id, target(&self.facts, &self.deployment))
        };
        self.telemetry.attempt(&self.deployment.metrics, &event);
    }

    /// What the attempt cost, which is noted for its request.
    ///
    /// A count that comes before the end is a beginning, not a bill: of an answer that broke off, and
    /// of one whose client left, the cost is not known. A failure without a count is not billed.
    fn bill(&self, outcome: Outcome, tally: &Tally, wall: SystemTime) -> Option<u64> {
        let operation = self.facts.operation;
        // What is no stream tells what it took when it is over, and not before.
        let told = operation == Operation::Embeddings && !tally.usage.is_empty();
        let ended = outcome == Outcome::Ok || tally.finish.is_some() || told;
        let cost =
            ended.then(|| self.deployment.cost(operation, &tally.usage, clock::unix_seconds(wall)));
        let generates = operation.bills_tokens();
        let counts = outcome != Outcome::Error || !tally.usage.is_empty();
        if generates && counts {
            self.progress.billed(cost.flatten());
        }
        cost.flatten()
    }
}

impl Drop for AttemptRecord {
    fn drop(&mut self) {
        if self.settled {
            return;
        }
        let (outcome, error) = if self.facts.cutoff.is_cut() {
            let begun = self.ttft.is_some();
            let outcome = if begun { Outcome::Truncated } else { Outcome::Error };
            (outcome, UpstreamError::new(ErrorClass::Stopping, error::STOPPING))
        } else {
            let left = UpstreamError::new(ErrorClass::Cancelled, "the client left");
            (Outcome::Cancelled, left)
        };
        self.settle(outcome, None, Some(&error), &Tally::default());
    }
}

fn target<'a>(facts: &'a AttemptFacts, deployment: &'a Deployment) -> AttemptTarget<'a> {
    AttemptTarget {
        operation: facts.operation,
        model: &facts.group,
        deployment: &deployment.id,
        provider: &deployment.otel_name,
        upstream_model: &deployment.target.model,
    }
}
