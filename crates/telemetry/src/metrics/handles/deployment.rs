//! Metrics of one deployment: how it behaves, in our words and in the GenAI convention's.

use std::sync::Arc;
use std::time::Duration;

use metrics::{Counter, Gauge, Histogram, Label};
use tollgate_core_types::{ErrorClass, Operation, Usage};

use super::{InFlight, OUTCOMES, label, per_token};
use crate::event::{AttemptEvent, DeploymentState, LimitKind, Outcome};
use crate::metrics::names;
use crate::metrics::registry::{NameSet, Registry};
use crate::metrics::table::Table;

/// A place for success, then one per class.
const RESULTS: usize = ErrorClass::ALL.len() + 1;
const OPERATIONS: usize = 4;

/// The metrics of one deployment. Cheap to clone; make it once, when the deployment is built.
#[derive(Debug, Clone)]
pub struct DeploymentMetrics(Arc<Deployment>);

#[derive(Debug)]
struct Deployment {
    registry: Arc<Registry>,
    id: String,
    provider: String,
    upstream_model: String,
    attempts: Table<Counter>,
    duration: Table<Histogram>,
    tokens: Table<Histogram>,
    ttft: Table<Histogram>,
    per_token: Table<Histogram>,
    state: Gauge,
    cooldown: Gauge,
    available: Gauge,
    limits: Table<[Gauge; 2]>,
    in_flight: Gauge,
    frames_skipped: Counter,
    cost: Counter,
}

impl DeploymentMetrics {
    /// Handles for the deployment `id`, all three names from the configuration.
    pub(crate) fn new(
        registry: &Arc<Registry>,
        id: &str,
        provider: &str,
        upstream_model: &str,
    ) -> Self {
        let id = registry.bounded(NameSet::Deployments, id);
        // Beyond the cap the deployment's own names must not make series either.
        let known = id != names::OTHER;
        let or_other = |name: &str| if known { name } else { names::OTHER }.to_owned();
        let (provider, upstream_model) = (or_other(provider), or_other(upstream_model));
        registry.enter(&id);
        let by_id = || vec![label("deployment", &id)];
        Self(Arc::new(Deployment {
            attempts: Table::new(OUTCOMES * RESULTS),
            duration: Table::new(OPERATIONS * RESULTS),
            tokens: Table::new(OPERATIONS * 2),
            ttft: Table::new(OPERATIONS),
            per_token: Table::new(OPERATIONS),
            cooldown: registry.gauge(names::DEPLOYMENT_COOLDOWN, by_id()),
            available: registry.gauge(names::DEPLOYMENT_AVAILABLE, by_id()),
            limits: Table::new(LimitKind::COUNT),
            state: registry.gauge(names::DEPLOYMENT_STATE, by_id()),
            in_flight: registry.gauge(names::DEPLOYMENT_IN_FLIGHT, by_id()),
            cost: registry.counter(
                names::DEPLOYMENT_COST,
                vec![label("deployment", &id), label("provider", &provider)],
            ),
            frames_skipped: registry.counter(names::STREAM_FRAMES_SKIPPED, by_id()),
            registry: Arc::clone(registry),
            id,
            provider,
            upstream_model,
        }))
    }

    /// Shows the breaker's state.
    pub fn set_state(&self, state: DeploymentState) {
        self.0.state.set(state.value());
    }

    /// Shows the rest of the pause that its vendor asked for, and whether it would admit a request.
    pub fn set_admission(&self, cooldown: Duration, available: bool) {
        self.0.cooldown.set(cooldown.as_secs_f64());
        self.0.available.set(f64::from(u8::from(available)));
    }

    /// Shows a configured limit and what is left of it.
    pub fn set_limit(&self, kind: LimitKind, limit: f64, remaining: f64) {
        if let Some([whole, rest]) = self.0.limit(kind) {
            whole.set(limit);
            rest.set(remaining.max(0.0));
        }
    }

    /// Counts an attempt as being made until the guard drops.
    pub fn in_flight(&self) -> InFlight {
        InFlight::new(&self.0.in_flight)
    }

    /// Counts the end of an attempt.
    pub(crate) fn record(&self, event: &AttemptEvent<'_>) {
        let deployment = &*self.0;
        let Usage { input_tokens, output_tokens, .. } = event.usage;
        if let Some(attempts) = deployment.attempts(event.outcome, event.class) {
            attempts.increment(1);
        }
        if let Some(duration) = deployment.duration(event.operation, event.class) {
            duration.record(event.duration);
        }
        if let Some((ttft, histogram)) = event.ttft.zip(deployment.ttft(event.operation)) {
            histogram.record(ttft);
        }
        let per_token = per_token(event.ttft, event.duration, output_tokens);
        if let Some((time, histogram)) = per_token.zip(deployment.per_token(event.operation)) {
            histogram.record(time);
        }
        for (kind, tokens) in [input_tokens, output_tokens].into_iter().enumerate() {
            if let Some((tokens, usage)) = tokens.zip(deployment.tokens(event.operation, kind)) {
                usage.record(tokens as f64);
            }
        }
        if let Some(cost) = event.cost {
            deployment.cost.increment(cost);
        }
        if event.frames_skipped > 0 {
            deployment.frames_skipped.increment(event.frames_skipped);
        }
    }
}

impl Deployment {
    fn attempts(&self, outcome: Outcome, class: Option<ErrorClass>) -> Option<&Counter> {
        self.attempts.get(outcome.index() * RESULTS + result_index(class), || {
            let labels = vec![
                label("deployment", &self.id),
                label("provider", &self.provider),
                Label::new("outcome", outcome.as_str()),
                Label::new("class", class.map_or("none", ErrorClass::as_str)),
            ];
            self.registry.counter(names::ATTEMPTS, labels)
        })
    }

    fn duration(&self, operation: Operation, class: Option<ErrorClass>) -> Option<&Histogram> {
        self.duration.get(Operation::index(operation) * RESULTS + result_index(class), || {
            let mut labels = self.convention_labels(operation);
            if let Some(class) = class {
                labels.push(Label::new("error_type", class.as_str()));
            }
            self.registry.histogram(names::GEN_AI_DURATION, labels)
        })
    }

    fn tokens(&self, operation: Operation, kind: usize) -> Option<&Histogram> {
        self.tokens.get(Operation::index(operation) * 2 + kind, || {
            let mut labels = self.convention_labels(operation);
            let kind = if kind == 0 { "input" } else { "output" };
            labels.push(Label::new("gen_ai_token_type", kind));
            self.registry.histogram(names::GEN_AI_TOKENS, labels)
        })
    }

    fn ttft(&self, operation: Operation) -> Option<&Histogram> {
        self.ttft.get(Operation::index(operation), || {
            self.registry.histogram(names::GEN_AI_TTFT, self.convention_labels(operation))
        })
    }

    fn per_token(&self, operation: Operation) -> Option<&Histogram> {
        self.per_token.get(Operation::index(operation), || {
            self.registry.histogram(names::GEN_AI_TPOT, self.convention_labels(operation))
        })
    }

    fn limit(&self, kind: LimitKind) -> Option<&[Gauge; 2]> {
        self.limits.get(kind.index(), || {
            [names::DEPLOYMENT_LIMIT, names::DEPLOYMENT_LIMIT_REMAINING].map(|name| {
                let labels =
                    vec![label("deployment", &self.id), Label::new("limit", kind.as_str())];
                self.registry.gauge(name, labels)
            })
        })
    }

    fn convention_labels(&self, operation: Operation) -> Vec<Label> {
        vec![
            Label::new("gen_ai_operation_name", operation.as_str()),
            label("gen_ai_provider_name", &self.provider),
            label("gen_ai_request_model", &self.upstream_model),
        ]
    }
}

impl Drop for Deployment {
    /// A deployment that is no longer configured must not look broken for ever. Where one of the
    /// same id lives on, its state is shown again before the next scrape.
    fn drop(&mut self) {
        self.state.set(DeploymentState::Closed.value());
        self.cooldown.set(0.0);
        self.registry.leave(&self.id);
    }
}

/// 0 for success, then the class's place in [`ErrorClass::ALL`].
fn result_index(class: Option<ErrorClass>) -> usize {
    class.map_or(0, |class| {
        1 + ErrorClass::ALL.iter().position(|known| *known == class).unwrap_or_default()
    })
}
