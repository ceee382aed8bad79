//! One request through the engine: model, route, attempts, answer.

use std::sync::Arc;
use std::time::{Duration, Instant};
use tollgate_balancer::{Call, Exhausted, Reason, Refusal, Strategy, execute};
use tollgate_core_types::{ErrorClass, Operation, UpstreamError};
use tollgate_providers_common::{ClientDialect, ErrorReport, Inbound};
use tollgate_telemetry::{ModelMetrics, Outcome};

use crate::answer::{Answer, AnswerHead, CallContext, Denied};
use crate::attempt::{self, Content, Recoverable, Shared, Success};
use crate::cutoff::Cutoff;
use crate::deployment::Deployment;
use crate::generation::{AUTO, Generation, ModelEntry};
use crate::record::{End, RequestFacts, RequestRecord};
use crate::stream::{AnswerStream, FlowLimits, Start};
use crate::tollgate::Inner;
use crate::{SIMPLE_CHAT, SIMPLE_STREAM, error, near};

/// A request that is refused before any attempt.
struct Refused {
    class: ErrorClass,
    report: ErrorReport,
}

impl Inner {
    /// See [`crate::Tollgate::call`].
    pub(crate) async fn call(
        &self,
        inbound: Inbound,
        context: CallContext,
    ) -> Result<Answer, Denied> {
        let generation = self.generation.load_full();
        let entry = generation.entry(&inbound);
        let record = self.record(&inbound, context.clone(), entry.as_deref());
        let prepared = self.checked(&generation, entry, &inbound, &context);
        match prepared {
            Ok(prepared) => self.attempts(&generation, prepared, inbound, context, record).await,
            Err(refused) => Err(denied(record, *refused, 0)),
        }
    }

    fn record(
        &self,
        inbound: &Inbound,
        context: CallContext,
        entry: Option<&ModelEntry>,
    ) -> Box<RequestRecord> {
        let metrics: ModelMetrics = entry
            .and_then(|entry| entry.metrics(inbound.operation).cloned())
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
        inbound: &Inbound,
        CallContext { request_id: id, hops, .. }: &CallContext,
    ) -> Result<Prepared, Box<Refused>> {
        let refuse = |status, code: &str, message, param: Option<&str>| {
            Box::new(Refused {
                class: if status == 404 { ErrorClass::ModelMissing } else { ErrorClass::Client },
                report: ErrorReport {
                    param: param.map(str::to_owned),
                    ..error::refusal(status, code, message, id)
                },
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
            None => None,
            Some(Ok(strategy)) => Some(strategy),
            Some(Err(unknown)) => {
                let param = Some("load_balance_strategy");
                return Err(refuse(400, "invalid_request", unknown.to_string(), param));
            }
        };
        let client = self.dialects.get(inbound.dialect).cloned().ok_or_else(|| {
            let message = format!("no client dialect is called {}", inbound.dialect);
            refuse(404, "not_found", message, None)
        })?;
        Ok(Prepared { entry, strategy, client })
    }

    async fn attempts(
        &self,
        generation: &Generation,
        prepared: Prepared,
        inbound: Inbound,
        context: CallContext,
        record: Box<RequestRecord>,
    ) -> Result<Answer, Denied> {
        let Prepared { entry, strategy, client } = prepared;
        let deadline = context.started + entry.total;
        let recoverable = |group: &str| {
            // The group that the client named, nearly always; no look-up then.
            if *group == *entry.alias { entry.recoverable } else { generation.recoverable(group) }
        };
        let shared = Shared {
            inbound: &inbound,
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
        let eligible = |deployment: &Arc<Deployment>| eligible(deployment, &inbound);
        let call = Call {
            strategy,
            eligible: &eligible,
            ..Call::new(&entry.alias, deadline, self.seeds.next())
        };
        let outcome =
            execute(&generation.router, call, |attempt| attempt::run(attempt, &shared)).await;
        match outcome {
            Ok(success) => Ok(answer(success, client, record, (deadline, &self.cutoff))),
            Err(exhausted) => {
                let attempts = exhausted.attempts;
                let refused = refused(exhausted, &entry.alias, &context.request_id);
                Err(denied(record, refused, attempts))
            }
        }
    }
}

/// A request that is ready to be tried.
struct Prepared {
    entry: Arc<ModelEntry>,
    strategy: Option<Strategy>,
    client: Arc<dyn ClientDialect>,
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

    fn recoverable(&self, group: &str) -> Recoverable {
        self.models.get(group).map(|entry| entry.recoverable).unwrap_or_default()
    }
}

/// Whether a deployment can serve a request at all.
fn eligible(deployment: &Deployment, inbound: &Inbound) -> Result<(), &'static str> {
    if inbound.facts.has_tools && !deployment.supports_tools {
        return Err("it takes no tools");
    }
    let countable = inbound.operation == Operation::CountTokens;
    if deployment.way(inbound.dialect).is_some() || countable {
        Ok(())
    } else {
        Err("its vendor does not serve this operation")
    }
}

fn answer(
    success: Success,
    client: Arc<dyn ClientDialect>,
    mut request: Box<RequestRecord>,
    (deadline, cutoff): (Instant, &Arc<Cutoff>),
) -> Answer {
    let Success { content, lease, record, deployment, group, number, lost, estimated } = success;
    let mut attempt = record;
    let head = AnswerHead {
        model: group,
        deployment: Arc::clone(&deployment.id),
        attempts: number,
        dropped: lost.iter().map(|lost| lost.field.to_string()).collect(),
        estimated,
    };
    request.lost = lost;
    match content {
        Content::Whole { body, tally } => {
            lease.complete();
            attempt.complete(200, &tally);
            request.settle(&End {
                outcome: Outcome::Ok,
                status: 200,
                error: None,
                usage: tally.usage,
                response_model: tally.model.as_deref(),
            });
            Answer::Whole { head, body }
        }
        Content::Stream { upstream, pump } => {
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
            Answer::Stream { head, body }
        }
    }
}

fn denied(mut record: Box<RequestRecord>, refused: Refused, attempts: u32) -> Denied {
    let Refused { class, report } = refused;
    record.settle(&End::failed(report.status, class, &report.message));
    Denied { report, attempts }
}

/// What the client is told when no attempt succeeded.
fn refused(exhausted: Exhausted<UpstreamError>, alias: &str, id: &str) -> Refused {
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
        return Refused { class: error.class, report };
    }
    let retry_after = exhausted.retry_after.map(|wait| wait.max(Duration::from_secs(1)));
    let (class, status, code, message) = match exhausted.reason {
        Reason::NoneEligible => {
            let why = reasons(&exhausted.refused);
            let message = format!("no deployment of \"{alias}\" can serve this request: {why}");
            (ErrorClass::Unsupported, 400, "unsupported_operation", message)
        }
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
    Refused { class, report }
}

/// Why each deployment was refused, by id: `gpt/openai/1 (breaker_open), ...`.
fn reasons(refused: &[(Arc<str>, Refusal)]) -> String {
    if refused.is_empty() {
        return "none is configured".to_owned();
    }
    let each = |(id, refusal): &(Arc<str>, Refusal)| format!("{id} ({refusal})");
    refused.iter().map(each).collect::<Vec<_>>().join(", ")
}
