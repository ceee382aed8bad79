//! Metrics of one model group and operation: what its callers experience.

use std::sync::Arc;

use metrics::{Counter, Gauge, Histogram, Label};
use tollgate_core_types::loss::HowLost;
use tollgate_core_types::{ErrorClass, Operation, Usage};

use super::{InFlight, OUTCOMES, label, per_token};
use crate::event::{Outcome, Phases, RequestEvent};
use crate::metrics::names;
use crate::metrics::registry::{NameSet, Registry};
use crate::metrics::table::Table;

/// Statuses with a label value of their own; any other is `other`.
const STATUSES: [u16; 21] = [
    200, 400, 401, 402, 403, 404, 405, 408, 409, 413, 415, 422, 424, 429, 499, 500, 501, 502, 503,
    504, 529,
];

/// The `phase` label, in the order of [`Phases`].
const PHASES: [&str; 3] = ["receive", "route", "respond"];

/// The metrics of one model group and operation. Cheap to clone; make it once, when the group is
/// built, never per request.
#[derive(Debug, Clone)]
pub struct ModelMetrics(Arc<Model>);

#[derive(Debug)]
struct Model {
    registry: Arc<Registry>,
    alias: String,
    operation: Operation,
    requests: Table<Counter>,
    duration: Table<Histogram>,
    ttft: Table<Histogram>,
    per_token: Table<Histogram>,
    errors: Table<Counter>,
    overhead: Histogram,
    phases: Table<Histogram>,
    in_flight: Gauge,
    tokens: [Counter; 5],
    cost: Table<Counter>,
    unpriced: Table<Counter>,
    dropped: Counter,
    approximated: Counter,
}

impl ModelMetrics {
    /// Handles for `alias`, which must be a configured name or [`names::OTHER`].
    pub(crate) fn new(registry: &Arc<Registry>, alias: &str, operation: Operation) -> Self {
        let alias = match alias {
            names::OTHER => alias.to_owned(),
            name => registry.bounded(NameSet::Models, name),
        };
        let by_model = || vec![label("model", &alias), Label::new("operation", operation.as_str())];
        let tokens = |kind| {
            registry.counter(names::TOKENS, vec![label("model", &alias), Label::new("kind", kind)])
        };
        let lost = |how| {
            let labels = vec![label("model", &alias), Label::new("how", how)];
            registry.counter(names::PARAMS_DROPPED, labels)
        };
        Self(Arc::new(Model {
            requests: Table::new((STATUSES.len() + 1) * OUTCOMES),
            duration: Table::new(OUTCOMES),
            ttft: Table::new(1),
            per_token: Table::new(1),
            errors: Table::new(ErrorClass::ALL.len()),
            phases: Table::new(PHASES.len()),
            overhead: registry.histogram(names::OVERHEAD, by_model()),
            in_flight: registry.gauge(names::REQUESTS_IN_FLIGHT, by_model()),
            tokens: ["input", "output", "cache_read", "cache_write", "reasoning"].map(tokens),
            cost: Table::new(1),
            unpriced: Table::new(1),
            dropped: lost("dropped"),
            approximated: lost("approximated"),
            registry: Arc::clone(registry),
            alias,
            operation,
        }))
    }

    /// Counts a request as being served until the guard drops.
    pub fn in_flight(&self) -> InFlight {
        InFlight::new(&self.0.in_flight)
    }

    /// Counts the end of a request.
    pub(crate) fn record(&self, event: &RequestEvent<'_>) {
        let model = &*self.0;
        if let Some(requests) = model.requests(event.status, event.outcome) {
            requests.increment(1);
        }
        if let Some(duration) = model.duration(event.outcome) {
            duration.record(event.duration);
        }
        if let Some((ttft, histogram)) = event.ttft.zip(model.ttft()) {
            histogram.record(ttft);
        }
        let per_token = per_token(event.ttft, event.duration, event.usage.output_tokens);
        if let Some((time, histogram)) = per_token.zip(model.per_token()) {
            histogram.record(time);
        }
        if let Some(errors) = event.class.and_then(|class| model.errors(class)) {
            errors.increment(1);
        }
        if let Some(overhead) = event.overhead {
            model.overhead.record(overhead);
        }
        if let Some(Phases { receive, route, respond }) = event.phases {
            for (index, time) in [Some(receive), Some(route), respond].into_iter().enumerate() {
                if let Some((time, histogram)) = time.zip(model.phase(index)) {
                    histogram.record(time);
                }
            }
        }
        model.count_tokens(&event.usage);
        model.count_cost(event);
        for lost in event.lost {
            match lost.how {
                HowLost::Dropped => model.dropped.increment(1),
                HowLost::Approximated => model.approximated.increment(1),
            }
        }
    }
}

impl Model {
    fn requests(&self, status: u16, outcome: Outcome) -> Option<&Counter> {
        let row = STATUSES.iter().position(|known| *known == status).unwrap_or(STATUSES.len());
        self.requests.get(row * OUTCOMES + outcome.index(), || {
            let status = STATUSES.get(row).map_or(names::OTHER.to_owned(), u16::to_string);
            let mut labels = self.labels();
            labels.push(Label::new("status", status));
            labels.push(Label::new("outcome", outcome.as_str()));
            self.registry.counter(names::REQUESTS, labels)
        })
    }

    fn duration(&self, outcome: Outcome) -> Option<&Histogram> {
        self.duration.get(outcome.index(), || {
            let mut labels = self.labels();
            labels.push(Label::new("outcome", outcome.as_str()));
            self.registry.histogram(names::REQUEST_DURATION, labels)
        })
    }

    fn ttft(&self) -> Option<&Histogram> {
        self.ttft.get(0, || self.registry.histogram(names::TIME_TO_FIRST_TOKEN, self.labels()))
    }

    fn per_token(&self) -> Option<&Histogram> {
        let make = || self.registry.histogram(names::TIME_PER_OUTPUT_TOKEN, self.labels());
        self.per_token.get(0, make)
    }

    fn errors(&self, class: ErrorClass) -> Option<&Counter> {
        let index = ErrorClass::ALL.iter().position(|known| *known == class)?;
        self.errors.get(index, || {
            let mut labels = self.labels();
            labels.push(Label::new("class", class.as_str()));
            self.registry.counter(names::ERRORS, labels)
        })
    }

    fn phase(&self, index: usize) -> Option<&Histogram> {
        self.phases.get(index, || {
            let mut labels = self.labels();
            labels.push(Label::new("phase", PHASES.get(index).copied().unwrap_or_default()));
            self.registry.histogram(names::OVERHEAD_PHASE, labels)
        })
    }

    fn labels(&self) -> Vec<Label> {
        vec![label("model", &self.alias), Label::new("operation", self.operation.as_str())]
    }

    /// What is not known is counted as such, and never as nothing.
    fn count_cost(&self, event: &RequestEvent<'_>) {
        let generates = event.operation.bills_tokens();
        let make = |name| move || self.registry.counter(name, self.labels());
        match event.cost {
            Some(cost) => {
                if let Some(counter) = self.cost.get(0, make(names::COST)) {
                    counter.increment(cost);
                }
            }
            None if generates && event.outcome == Outcome::Ok => {
                if let Some(counter) = self.unpriced.get(0, make(names::UNPRICED)) {
                    counter.increment(1);
                }
            }
            None => {}
        }
    }

    fn count_tokens(&self, usage: &Usage) {
        let Usage {
            input_tokens,
            output_tokens,
            cache_read_tokens,
            cache_write_tokens,
            reasoning_tokens,
            detail: _,
        } = *usage;
        let counts =
            [input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens];
        for (counter, tokens) in self.tokens.iter().zip(counts) {
            if let Some(tokens) = tokens.filter(|tokens| *tokens > 0) {
                counter.increment(tokens);
            }
        }
    }
}
