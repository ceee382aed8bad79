//! One attempt: prepare, authorize, send, and read up to the commit point.
//!
//! What comes back is either a success that holds everything the rest needs, or a failure that the
//! balancer has already judged. Nothing has gone to the client yet in either case.

mod collect;
mod pieces;
mod prepare;
mod read;
mod relayed;
mod upload;

use bytes::Bytes;
use http::{HeaderValue, header};
use std::sync::Arc;
use std::time::Instant;
use tollgate_balancer::{Attempt, Committed, Failure};
use tollgate_core_types::reply::{ChatReply, Finish, FinishReason};
use tollgate_core_types::{Dialect, ErrorClass, Lost, Operation, UpstreamError};
use tollgate_providers_common::inline::MediaPlace;
use tollgate_providers_common::{ByteStream, ClientDialect, Deadlines, Inbound, RenderContext};
use tollgate_telemetry::{AttemptKind, Outcome, Span, Telemetry};

use crate::clock;
use crate::cutoff::Cutoff;
use crate::deployment::{Deployment, Way};
use crate::estimate;
use crate::media::{self, Fetches, Media};
use crate::memory::Memory;
use crate::record::{AttemptFacts, AttemptRecord, Progress};
use crate::stream::{Pump, Tally};
use crate::upload::Form;

/// What all attempts of one request share.
pub(crate) struct Shared<'a> {
    pub(crate) inbound: &'a Inbound,
    /// The request's body, where it is sent as it comes.
    pub(crate) form: Option<&'a Form>,
    pub(crate) client: &'a Arc<dyn ClientDialect>,
    pub(crate) request_id: &'a Arc<str>,
    /// Who fetches what the request points to, and what was fetched.
    pub(crate) media: (&'a Media, &'a Fetches),
    /// The model group that the client named.
    pub(crate) alias: &'a str,
    pub(crate) telemetry: &'a Telemetry,
    pub(crate) progress: &'a Arc<Progress>,
    pub(crate) cutoff: &'a Arc<Cutoff>,
    pub(crate) memory: &'a Memory,
    pub(crate) span: &'a Span,
    /// Gateways of our kind that the request has passed.
    pub(crate) hops: usize,
    /// The whole request must be over by then.
    pub(crate) deadline: Instant,
    /// Whether a group has fallbacks for filtered, or for overlong, prompts.
    pub(crate) fallbacks: &'a (dyn Fn(&str) -> Recoverable + Send + Sync),
}

impl Shared<'_> {
    /// What renderers need; made where an answer is written anew, for relayed bytes need none.
    fn render(&self) -> RenderContext {
        let facts = &self.inbound.facts;
        RenderContext {
            request_id: self.request_id.to_string(),
            model: facts.model.clone().unwrap_or_else(|| self.alias.to_owned()),
            created: clock::unix_seconds(clock::wall()),
            include_usage: facts.include_usage,
        }
    }
}

/// Which finishes are failures because another group may do better.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Recoverable {
    pub(crate) content_policy: bool,
    pub(crate) context_window: bool,
}

impl Recoverable {
    /// Every such finish, or none.
    pub(crate) fn all_if(another: bool) -> Self {
        Self { content_policy: another, context_window: another }
    }
}

/// An attempt that reached its commit point.
pub(crate) struct Success {
    pub(crate) content: Content,
    pub(crate) lease: Committed<Arc<Deployment>>,
    pub(crate) record: Box<AttemptRecord>,
    pub(crate) deployment: Arc<Deployment>,
    pub(crate) group: Arc<str>,
    pub(crate) number: u32,
    pub(crate) lost: Vec<Lost>,
    pub(crate) estimated: bool,
}

/// What an attempt brought.
pub(crate) enum Content {
    /// All of the answer, in the client's dialect.
    Whole { body: Bytes, tally: Box<Tally> },
    /// A stream whose first content waits in the pump.
    Stream {
        upstream: Option<ByteStream>,
        pump: Box<Pump>,
        /// What the bytes are where they are no events.
        bytes: Option<Relayed>,
    },
}

/// What a vendor says of bytes that are relayed as they are.
pub(crate) struct Relayed {
    pub(crate) content_type: HeaderValue,
    pub(crate) length: Option<u64>,
}

/// Makes one attempt.
///
/// # Cancel safety
/// Dropping the future abandons the request at the vendor; the attempt's guards settle it.
pub(crate) async fn run(
    attempt: Attempt<Arc<Deployment>>,
    shared: &Shared<'_>,
) -> Result<Success, Failure<UpstreamError>> {
    let deployment = Arc::clone(attempt.member().payload());
    let group = Arc::clone(attempt.group());
    let number = attempt.number();
    let facts = AttemptFacts {
        operation: shared.inbound.operation,
        request_id: Arc::clone(shared.request_id),
        group: Arc::clone(&group),
        number,
        kind: kind(&attempt),
        stream: shared.inbound.facts.stream,
        cutoff: Arc::clone(shared.cutoff),
    };
    let above = (shared.span, shared.progress);
    let mut record = AttemptRecord::open(shared.telemetry, &deployment, facts, above);
    let outcome = exchange(&deployment, shared, record.span()).await;
    match outcome.and_then(|read| judge(read, (shared.fallbacks)(&group))) {
        Ok(Exchange { content, lost, estimated }) => Ok(Success {
            content,
            lease: attempt.commit(),
            record,
            deployment,
            group,
            number,
            lost,
            estimated,
        }),
        Err(judged) => {
            let Judged { error, tally } = *judged;
            let error = deployment.told(at_deadline(error, shared.deadline), false);
            let left = error.class == ErrorClass::Cancelled;
            let outcome = if left { Outcome::Cancelled } else { Outcome::Error };
            record.fail(outcome, &error, &tally);
            let way = deployment.way(shared.inbound.dialect);
            let foreign = way.is_some_and(|way| way.is_foreign());
            Err(attempt.fail(deployment.told(error, foreign)))
        }
    }
}

fn kind(attempt: &Attempt<Arc<Deployment>>) -> AttemptKind {
    match attempt.kind() {
        tollgate_balancer::AttemptKind::First => AttemptKind::First,
        tollgate_balancer::AttemptKind::Retry => AttemptKind::Retry,
        tollgate_balancer::AttemptKind::Failover => AttemptKind::Failover,
        tollgate_balancer::AttemptKind::Fallback => AttemptKind::Fallback,
    }
}

/// A failed exchange, with what it took.
pub(crate) struct Judged {
    error: UpstreamError,
    tally: Tally,
}

impl From<UpstreamError> for Box<Judged> {
    fn from(error: UpstreamError) -> Self {
        Self::new(Judged { error, tally: Tally::default() })
    }
}

/// What an exchange with a vendor brought.
pub(crate) struct Exchange {
    content: Content,
    lost: Vec<Lost>,
    estimated: bool,
}

async fn exchange(
    deployment: &Arc<Deployment>,
    shared: &Shared<'_>,
    span: &Span,
) -> Result<Exchange, Box<Judged>> {
    let inbound = shared.inbound;
    if let Some(form) = shared.form {
        // Rare and large: it must not be part of every call's state.
        return Ok(Box::pin(upload::exchange(form, deployment, shared, span)).await?);
    }
    let Some(mut way) = deployment.way(inbound.dialect) else {
        return Ok(local_count(shared)?);
    };
    if let Way::Verbatim(codec) = &way
        && let Some(other) = codec.instead(inbound, &deployment.target)
    {
        way = Way::Translated(other);
    }
    if let Way::Verbatim(codec) = &way {
        let pieces = codec.pieces(inbound);
        if !pieces.is_empty() {
            let sending = pieces::Sending { deployment, shared, span, way: &way };
            return Box::pin(pieces::exchange(codec, &pieces, sending)).await;
        }
    }
    if let Way::Embedded(codec) = &way
        && let Some(most) = codec.most_texts().filter(|most| inbound.facts.items > *most)
    {
        let sending = pieces::Sending { deployment, shared, span, way: &way };
        return Box::pin(pieces::embedded(codec.as_ref(), most, sending)).await;
    }
    loop {
        // What others learn while this one is under way says nothing of what it asked for.
        let streamed = deployment.streaming.is_alone();
        let client = shared.client.as_ref();
        let (mut encoded, other) = match prepare::prepare(inbound, client, deployment, &way)? {
            Ok(made) => made,
            // Rare and large: it must not be part of every call's state.
            Err(places) => Box::pin(fetched(&places, deployment, shared, &way)).await?,
        };
        way = other.unwrap_or(way);
        if deployment.trace_context {
            prepare::continue_trace(&mut encoded.request, span);
        }
        let lost = encoded.lost;
        match send(encoded.request, deployment, shared, &way).await {
            Ok(content) => return Ok(Exchange { content, lost, estimated: false }),
            Err(error) if !streamed && must_stream(deployment, shared, &way, &error) => {}
            Err(error) if is_uncounted(deployment, inbound.dialect, &error) => {
                return Ok(local_count(shared)?);
            }
            Err(error) => match other_way(deployment, inbound.dialect, &way, &error) {
                Some(other) => way = other,
                None => return Err(error.into()),
            },
        }
    }
}

/// The vendor's request with what the client's points to in it.
async fn fetched(
    places: &[MediaPlace],
    deployment: &Deployment,
    shared: &Shared<'_>,
    way: &Way,
) -> Result<prepare::Made, UpstreamError> {
    if !deployment.fetch_media {
        return Err(media::forbidden(places));
    }
    let started = clock::now();
    let (media, fetches) = shared.media;
    let fetched = fetches.get(media, places, (shared.memory, shared.deadline)).await;
    shared.progress.waited(media::waited(started));
    prepare::with_media(shared.inbound, shared.client.as_ref(), (deployment, way), fetched?)
}

/// Whether a whole answer was refused because there are only streams, which was not known: from then
/// on, and now again, one is asked for.
fn must_stream(
    deployment: &Deployment,
    shared: &Shared<'_>,
    way: &Way,
    error: &UpstreamError,
) -> bool {
    let whole = !shared.inbound.facts.stream && error.class == ErrorClass::Client;
    let refused = whole && read::codec(way).wants_stream(error);
    if refused {
        deployment.streaming.learn();
    }
    refused
}

/// A server without the native endpoint for text completions is spoken to through its chat
/// endpoint, now and from then on.
fn other_way(
    deployment: &Deployment,
    dialect: Dialect,
    way: &Way,
    error: &UpstreamError,
) -> Option<Way> {
    let native = matches!(way, Way::Verbatim(_)) && dialect == Dialect::OPENAI_COMPLETIONS;
    let status = error.status.filter(|_| native)?;
    if deployment.completions.learn(status) { deployment.way(dialect) } else { None }
}

async fn send(
    mut request: http::Request<Bytes>,
    deployment: &Deployment,
    shared: &Shared<'_>,
    way: &Way,
) -> Result<Content, UpstreamError> {
    let (started, deadlines) = begin(&mut request, deployment, shared).await?;
    let until = deadlines.until;
    let outcome = match deployment.transport.send(request, deadlines).await {
        Ok(response) => read::content(response, shared, (deployment, way), until).await,
        Err(error) => Err(error.into()),
    };
    shared.progress.waited(clock::now().saturating_duration_since(started));
    outcome
}

/// Makes a request ready to be sent; when it begins, and by when it must be answered.
async fn begin(
    request: &mut http::Request<Bytes>,
    deployment: &Deployment,
    shared: &Shared<'_>,
) -> Result<(Instant, Deadlines), UpstreamError> {
    if !deployment.authorizer.authorize_now(request) {
        deployment.authorizer.authorize(request).await?;
    }
    request.headers_mut().insert(header::VIA, via(shared.hops));
    let started = clock::now();
    shared.progress.sending(started);
    let wait = if shared.inbound.facts.stream {
        deployment.deadlines.first_token
    } else {
        deployment.deadlines.whole
    };
    let until = (started + wait).min(shared.deadline);
    Ok((started, Deadlines { connect: deployment.deadlines.connect, until }))
}

/// The mark by which a request that comes back to us is known; one for each gateway passed.
fn via(hops: usize) -> HeaderValue {
    HeaderValue::from_static(match hops {
        0 => "1.1 tollgate",
        1 => "1.1 tollgate, 1.1 tollgate",
        _ => "1.1 tollgate, 1.1 tollgate, 1.1 tollgate",
    })
}

/// An answer that ended for a reason which another group may not meet is a failure, if there is
/// such a group and nothing of the answer has been said. What it took is billed all the same.
fn judge(read: Exchange, recoverable: Recoverable) -> Result<Exchange, Box<Judged>> {
    let tally = match &read.content {
        Content::Whole { tally, .. } => tally,
        Content::Stream { pump, .. } if !pump.tally.has_content => &pump.tally,
        Content::Stream { .. } => return Ok(read),
    };
    let class = match tally.finish.as_ref().map(|finish| finish.reason) {
        Some(FinishReason::ContentFilter) if recoverable.content_policy => {
            ErrorClass::ContentPolicy
        }
        Some(FinishReason::ContextWindow) if recoverable.context_window => {
            ErrorClass::ContextWindow
        }
        Some(
            FinishReason::Stop
            | FinishReason::Length
            | FinishReason::ToolCalls
            | FinishReason::ContentFilter
            | FinishReason::ContextWindow
            | FinishReason::Pause,
        )
        | None => return Ok(read),
    };
    let error = UpstreamError::new(class, "the answer was cut short by the vendor");
    Err(Box::new(Judged { error: error.with_status(200), tally: Tally::clone(tally) }))
}

/// Whether a vendor of another dialect, which counts tokens for some of its models, does not for
/// this one.
fn is_uncounted(deployment: &Deployment, dialect: Dialect, error: &UpstreamError) -> bool {
    let counts = dialect == Dialect::ANTHROPIC_COUNT_TOKENS;
    let own = || deployment.provider.chat().map(|chat| chat.dialect());
    counts && error.class == ErrorClass::ModelMissing && own() != Some(Dialect::ANTHROPIC_MESSAGES)
}

/// Counts tokens here, for vendors that cannot.
fn local_count(shared: &Shared<'_>) -> Result<Exchange, UpstreamError> {
    let inbound = shared.inbound;
    if inbound.operation != Operation::CountTokens {
        let message = format!("this deployment does not serve {}", inbound.dialect);
        return Err(UpstreamError::new(ErrorClass::Unsupported, message));
    }
    let chat = shared.client.parse(inbound).map_err(|bad| {
        UpstreamError::new(ErrorClass::Client, &bad.message).with_param(bad.param.as_deref())
    })?;
    let tokens = estimate::input_tokens(&chat);
    let mut tally = Tally::default();
    tally.usage.input_tokens = Some(tokens);
    let reply = ChatReply {
        id: String::new(),
        model: String::new(),
        created: None,
        parts: Vec::new(),
        finish: Finish::new(FinishReason::Stop),
        usage: tally.usage,
        service_tier: None,
    };
    let body = shared.client.render_to(&reply, &shared.render(), inbound);
    let content = Content::Whole { body, tally: Box::new(tally) };
    Ok(Exchange { content, lost: Vec::new(), estimated: true })
}

/// A wait that ended with the request's own time is the request's end, not the vendor's failure.
fn at_deadline(error: UpstreamError, deadline: Instant) -> UpstreamError {
    if error.class == ErrorClass::FirstTokenTimeout && clock::now() >= deadline {
        UpstreamError { class: ErrorClass::Deadline, ..error }
    } else {
        error
    }
}
