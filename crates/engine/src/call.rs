//! One request through the engine: model, route, attempts, answer.

use std::sync::Arc;
use std::time::{Duration, Instant};
use tollgate_balancer::{Call, Exhausted, Reason, Refusal, Strategy, execute};
use tollgate_core_types::{ErrorClass, Operation, UpstreamError};
use tollgate_providers_common::{ClientDialect, ErrorReport, Inbound};
use tollgate_telemetry::{ModelMetrics, Outcome};

use crate::answer::{Answer, AnswerHead, CallContext, Denied};
use crate::attempt::{self, Content, Recoverable, Relayed, Shared, Success};
use crate::cutoff::Cutoff;
use crate::deployment::Deployment;
use crate::generation::{AUTO, Generation, ModelEntry};
use crate::media::Fetches;
use crate::needs::{self, Need, Needs};
use crate::operations;
use crate::record::{End, RequestFacts, RequestRecord};
use crate::stream::{AnswerStream, FlowLimits, Start};
use crate::tollgate::Inner;
use crate::upload::Form;
use crate::{SIMPLE_CHAT, SIMPLE_STREAM, error, estimate, near};

/// Why no deployment is tried any more once a form's bytes are gone.
const SENT: &str = "the form was sent once and is too large to be held for another attempt";

/// A request that is refused before any attempt.
struct Refused {
    class: ErrorClass,
    report: ErrorReport,
    /// Where the last attempt was made.
    deployment: Option<String>,
}

/// What a caller inside the process may ask for beside the request; clients over HTTP cannot.
#[derive(Clone, Default)]
pub(crate) struct Wishes {
    /// Who reads the request and writes the answer, in place of the dialect of its name.
    pub(crate) client: Option<Arc<dyn ClientDialect>>,
    /// How a deployment is chosen.
    pub(crate) strategy: Option<Strategy>,
    /// Time for the whole call, in place of the model's.
    pub(crate) timeout: Option<Duration>,
    /// Models to fall back to, in place of the configured lists.
    pub(crate) fallbacks: Option<Vec<Arc<str>>>,
    /// The request's body, where it is sent as it comes.
    pub(crate) form: Option<Form>,
}

/// A call that got no answer, with all that is known of it.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) class: ErrorClass,
    pub(crate) report: ErrorReport,
    pub(crate) attempts: u32,
    /// Where the last attempt was made.
    pub(crate) deployment: Option<String>,
}

impl Failed {
    /// The process stops, and the request with it.
    pub(crate) fn stopping(request_id: &str) -> Self {
        let report = error::stopping(request_id);
        Self { class: ErrorClass::Stopping, report, attempts: 0, deployment: None }
    }
}

impl From<Failed> for Denied {
    fn from(Failed { report, attempts, class: _, deployment: _ }: Failed) -> Self {
        Self { report, attempts }
    }
}

impl Inner {
    /// See [`crate::Tollgate::call`].
    pub(crate) async fn call(
        &self,
        inbound: Inbound,
        context: CallContext,
        wishes: Wishes,
    ) -> Result<Answer, Box<Failed>> {
        let generation = self.generation.load_full();
        let entry = generation.entry(&inbound);
        let record = self.record(&inbound, context.clone(), entry.as_deref());
        let prepared = self.checked(&generation, entry, (&inbound, wishes), &context);
        match prepared {
            Ok(prepared) => self.attempts(&generation, prepared, inbound, context, record).await,
            Err(refused) => Err(failed(record, *refused, 0)),
        }
    }

    fn record(
        &self,
        inbound: &Inbound,
        context: CallContext,
        entry: Option<&ModelEntry>,
    ) -> Box<RequestRecord> {
        let metrics: ModelMetrics = entry
            .and_then(|entry| entry.metrics(inbound.operation, &self.lasting.telemetry).cloned())
            .unwrap_or_else(|| self.lasting.telemetry.unknown_model(inbound.operation));
        let alias = entry.map(|entry| Arc::clone(&entry.alias));
        let named = inbound.facts.model.as_deref();
        let requested = named.filter(|model| alias.as_deref() != Some(*model)).map(str::to_owned);
        let facts = RequestFacts {
            operation: inbound.operation,
            dialect: inbound.dialect,
            stream: inbound.facts.stream,
            alias,
            requested,
            user: inbound.facts.user.clone(),
        };
        RequestRecord::open(&self.lasting.telemetry, metrics, context, facts, &self.cutoff)
    }

    /// What can be wrong before a deployment is looked for.
    fn checked(
        &self,
        generation: &Generation,
        entry: Option<Arc<ModelEntry>>,
        (inbound, wishes): (&Inbound, Wishes),
        CallContext { request_id: id, hops, .. }: &CallContext,
    ) -> Result<Prepared, Box<Refused>> {
        let Wishes { client, strategy: wished, timeout, fallbacks, form } = wishes;
        let refuse = |status, code: &str, message, param: Option<&str>| {
            Box::new(Refused {
                class: if status == 404 { ErrorClass::ModelMissing } else { ErrorClass::Client },
                report: ErrorReport {
                    param: param.map(str::to_owned),
                    ..error::refusal(status, code, message, id)
                },
                deployment: None,
            })
        };
        if *hops > CallContext::MAX_HOPS {
            let message = "the request has passed through this kind of gateway before: does a \
                           vendor's base address lead back here?";
            return Err(refuse(508, "loop_detected", message.to_owned(), None));
        }
        let Some(entry) = entry else {
            return Err(match &inbound.facts.model {
                Some(model) => {
                    let message = near::unknown_model(generation, model);
                    refuse(404, "model_not_found", message, Some("model"))
                }
                None => {
                    let message = "`model` is required: no default model is configured";
                    refuse(400, "invalid_request", message.to_owned(), Some("model"))
                }
            });
        };
        let strategy = match inbound.facts.strategy.as_deref().map(str::parse::<Strategy>) {
            None => wished,
            Some(Ok(strategy)) => Some(strategy),
            Some(Err(unknown)) => {
                let param = Some("load_balance_strategy");
                return Err(refuse(400, "invalid_request", unknown.to_string(), param));
            }
        };
        let has_body = client.is_none();
        let client = client.or_else(|| self.dialects.get(inbound.dialect).cloned());
        let client = client.ok_or_else(|| {
            let message = format!("no client dialect is called {}", inbound.dialect);
            refuse(404, "not_found", message, None)
        })?;
        let fallbacks = fallbacks
            .map(|names| generation.groups(&names))
            .transpose()
            .map_err(|message| refuse(404, "model_not_found", message, Some("fallbacks")))?;
        let total = timeout.unwrap_or(entry.total);
        Ok(Prepared { total, entry, strategy, client, has_body, fallbacks, form })
    }

    async fn attempts(
        &self,
        generation: &Generation,
        prepared: Prepared,
        inbound: Inbound,
        context: CallContext,
        record: Box<RequestRecord>,
    ) -> Result<Answer, Box<Failed>> {
        let Prepared { entry, strategy, client, has_body, total, fallbacks, form } = prepared;
        let needs = Needs::new(&inbound, &client, has_body, &entry.members);
        let fallbacks = fallbacks.or_else(|| {
            // Nothing has failed yet, so only this tells that the other list is meant.
            (!entry.larger.is_empty() && needs.is_too_large()).then(|| entry.larger.clone())
        });
        let deadline = context.started + total;
        let fetches = Fetches::default();
        let recoverable = |group: &str| match fallbacks.as_deref() {
            // The group that the client named, nearly always; no look-up then.
            None if *group == *entry.alias => entry.recoverable,
            None => generation.recoverable(group),
            Some(own) => Recoverable::all_if(own.last().is_some_and(|last| **last != *group)),
        };
        let shared = Shared {
            inbound: &inbound,
            form: form.as_ref(),
            media: (&generation.media, &fetches),
            client: &client,
            request_id: &context.request_id,
            alias: &entry.alias,
            telemetry: &self.lasting.telemetry,
            progress: &record.progress,
            cutoff: &self.cutoff,
            memory: &self.memory,
            span: record.span(),
            hops: context.hops,
            deadline,
            fallbacks: &recoverable,
        };
        let eligible = |deployment: &Arc<Deployment>| match &form {
            Some(form) if !form.is_whole() => Err(SENT),
            Some(_) | None => eligible(deployment, &inbound, &needs),
        };
        let call = Call {
            strategy,
            eligible: &eligible,
            fallbacks: fallbacks.as_deref(),
            // Most of what comes before the first token is reading the prompt.
            size: inbound.body.len() as f64,
            units: if entry.bounds_tokens {
                estimate::reservation(&inbound, client.as_ref())
            } else {
                0
            },
            ..Call::new(&entry.alias, deadline, self.seeds.next())
        };
        let outcome =
            execute(&generation.router, call, |attempt| attempt::run(attempt, &shared)).await;
        match outcome {
            Ok(success) => {
                let until = (deadline, &self.cutoff);
                Ok(answer(success, client, record, inbound.operation, until))
            }
            Err(exhausted) => {
                let attempts = exhausted.attempts;
                let refused = refused(exhausted, &entry.alias, &context.request_id, &needs);
                Err(failed(record, refused, attempts))
            }
        }
    }
}

/// A request that is ready to be tried.
struct Prepared {
    entry: Arc<ModelEntry>,
    strategy: Option<Strategy>,
    client: Arc<dyn ClientDialect>,
    /// Whether the body is the request.
    has_body: bool,
    total: Duration,
    fallbacks: Option<Vec<Arc<str>>>,
    form: Option<Form>,
}

impl Generation {
    /// The model that a request means: the named one, else the pool for the simple faces, else the
    /// default.
    fn entry(&self, inbound: &Inbound) -> Option<Arc<ModelEntry>> {
        let simple = inbound.dialect == SIMPLE_CHAT || inbound.dialect == SIMPLE_STREAM;
        let name = match &inbound.facts.model {
            Some(model) => model.as_str(),
            None if simple && self.models.contains_key(AUTO) => AUTO,
            None => self.default_model.as_deref()?,
        };
        self.models.get(name).cloned()
    }

    /// The groups that a caller means by these names.
    fn groups(&self, names: &[Arc<str>]) -> Result<Vec<Arc<str>>, String> {
        let group = |name: &Arc<str>| match self.models.get(name) {
            Some(entry) => Ok(Arc::clone(&entry.alias)),
            None => Err(near::unknown_model(self, name)),
        };
        names.iter().map(group).collect()
    }

    fn recoverable(&self, group: &str) -> Recoverable {
        self.models.get(group).map(|entry| entry.recoverable).unwrap_or_default()
    }
}

/// Whether a deployment can serve a request at all.
pub(crate) fn eligible(
    deployment: &Deployment,
    inbound: &Inbound,
    needs: &Needs<'_>,
) -> Result<(), &'static str> {
    let countable = inbound.operation == Operation::CountTokens;
    if deployment.way(inbound.dialect).is_none() && !countable {
        return Err(operations::unserved(inbound.operation));
    }
    needs.refusal(deployment)
}

fn answer(
    success: Success,
    client: Arc<dyn ClientDialect>,
    mut request: Box<RequestRecord>,
    operation: Operation,
    (deadline, cutoff): (Instant, &Arc<Cutoff>),
) -> Answer {
    let Success { content, mut lease, record, deployment, group, number, lost, estimated } =
        success;
    let mut attempt = record;
    let head = AnswerHead {
        model: group,
        deployment: Arc::clone(&deployment.id),
        attempts: number,
        dropped: lost.iter().map(|lost| lost.field.to_string()).collect(),
        estimated,
        cost: None,
    };
    request.lost = lost;
    match content {
        Content::Whole { body, tally } => {
            // A count of tokens takes none: nothing was set aside for it either.
            let taken = estimate::taken(&tally.usage);
            if let Some(tokens) = taken.filter(|_| operation != Operation::CountTokens) {
                lease.used(tokens);
            }
            lease.complete();
            attempt.complete(200, &tally);
            let head = AnswerHead { cost: request.cost(), ..head };
            request.settle(&End {
                outcome: Outcome::Ok,
                status: 200,
                error: None,
                usage: tally.usage,
                response_model: tally.model.as_deref(),
            });
            Answer::Whole { head, body }
        }
        Content::Stream { upstream, pump, bytes } => {
            request.streams();
            let body = AnswerStream::new(Start {
                upstream,
                pump,
                client,
                lease,
                attempt,
                request,
                limits: FlowLimits { idle: deployment.deadlines.idle, until: deadline },
                cutoff: Arc::clone(cutoff),
                deployment,
            });
            match bytes {
                None => Answer::Stream { head, body },
                Some(Relayed { content_type, length }) => {
                    Answer::Bytes { head, content_type, length, body }
                }
            }
        }
    }
}

fn failed(mut record: Box<RequestRecord>, refused: Refused, attempts: u32) -> Box<Failed> {
    let Refused { class, report, deployment } = refused;
    let end = End::failed(report.status, class, &report.message);
    let left = class == ErrorClass::Cancelled;
    let outcome = if left { Outcome::Cancelled } else { end.outcome };
    record.settle(&End { outcome, ..end });
    Box::new(Failed { class, report, attempts, deployment })
}

/// What the client is told when no attempt succeeded.
fn refused(
    exhausted: Exhausted<UpstreamError>,
    alias: &str,
    id: &str,
    needs: &Needs<'_>,
) -> Refused {
    let last = exhausted.history.last().map(|last| last.info.member.to_string());
    if let Some(error) = &exhausted.error {
        let mut report = error::report(error, last.as_deref(), id);
        report.retry_after = report.retry_after.or(exhausted.retry_after);
        if exhausted.reason == Reason::DeadlineExceeded {
            report.status = 504;
        }
        if exhausted.attempts > 1 {
            report.message = format!("{} [after {} attempts]", report.message, exhausted.attempts);
        }
        return Refused { class: error.class, report, deployment: last };
    }
    let retry_after = exhausted.retry_after.map(|wait| wait.max(Duration::from_secs(1)));
    let (class, status, code, message) = match exhausted.reason {
        Reason::NoneEligible => return unserved(&exhausted.refused, alias, id, needs),
        Reason::NoneAvailable { all_throttled: true } => {
            let why = reasons(&exhausted.refused);
            let message = format!("every deployment of \"{alias}\" is at its limit: {why}");
            (ErrorClass::Throttle, 429, "rate_limit_exceeded", message)
        }
        Reason::DeadlineExceeded => {
            let message = "the request's time was up before a deployment could be tried";
            (ErrorClass::Deadline, 504, "timeout", message.to_owned())
        }
        Reason::UnknownGroup => {
            let message = format!("\"{alias}\" has no group");
            (ErrorClass::Internal, 500, "internal_error", message)
        }
        Reason::NoneAvailable { all_throttled: false }
        | Reason::Spent
        | Reason::NotRetryable
        | Reason::RetryBudget => {
            let why = reasons(&exhausted.refused);
            let message = format!("no deployment of \"{alias}\" is available: {why}");
            (ErrorClass::Overload, 503, "no_deployment_available", message)
        }
    };
    let report = ErrorReport { retry_after, ..error::refusal(status, code, message, id) };
    Refused { class, report, deployment: None }
}

/// A request that no deployment can serve, whoever is well.
fn unserved(refused: &[(Arc<str>, Refusal)], alias: &str, id: &str, needs: &Needs<'_>) -> Refused {
    let why = |refusal: &Refusal| match *refusal {
        Refusal::Ineligible(why) => why,
        Refusal::Disabled(_)
        | Refusal::Exhausted(_)
        | Refusal::Cooling(_)
        | Refusal::Missing(_)
        | Refusal::Open(_)
        | Refusal::Probing
        | Refusal::Busy
        | Refusal::OutOfUnits(_)
        | Refusal::RateLimited(_) => refusal.as_str(),
    };
    let refused: Vec<needs::Refused<'_>> =
        refused.iter().map(|(id, refusal)| needs.told(id, why(refusal))).collect();
    let (message, need) = needs::unserved(alias, &refused);
    let (class, code) = match need {
        Some(Need::Context) => (ErrorClass::ContextWindow, "context_length_exceeded"),
        Some(_) => (ErrorClass::Unsupported, "unsupported_capability"),
        None => (ErrorClass::Unsupported, "unsupported_operation"),
    };
    let param = need.and_then(Need::param).map(str::to_owned);
    let report = ErrorReport { param, ..error::refusal(400, code, message, id) };
    Refused { class, report, deployment: None }
}

/// Why each deployment was refused, by id: `gpt/openai/1 (breaker_open), ...`.
fn reasons(refused: &[(Arc<str>, Refusal)]) -> String {
    if refused.is_empty() {
        return "none is configured".to_owned();
    }
    let each = |(id, refusal): &(Arc<str>, Refusal)| format!("{id} ({refusal})");
    refused.iter().map(each).collect::<Vec<_>>().join(", ")
}
