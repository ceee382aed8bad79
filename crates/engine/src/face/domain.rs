//! The client dialect of programs in this process: requests and answers are values, not bytes.
//!
//! One value per call. The engine treats it as any other client's dialect, so that a typed call is
//! prepared, tried and accounted like one over HTTP; only its two ends differ. Bytes appear in two
//! places: the body names the fields that the caller set, so that configured defaults are added
//! where they were not, and the written stream tells the reader that events wait in the outbox.

use bytes::{BufMut as _, Bytes, BytesMut};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tollgate_core_types::chat::ChatRequest;
use tollgate_core_types::reply::ChatReply;
use tollgate_core_types::{ChatEvent, Dialect, JsonText, Operation};
use tollgate_providers_common::{
    BadRequest, ClientDialect, ErrorReport, Facts, Inbound, RenderContext, StreamEncoder,
};

/// Its name in logs; no vendor speaks it.
pub(super) const DIALECT: Dialect = Dialect::named("tollgate.library");

/// What a written event counts for against the engine's bound of what may wait before the commit.
const EVENT_SIZE: usize = size_of::<ChatEvent>();

/// The request of one call and the place for its answer.
pub(super) struct Domain {
    request: ChatRequest,
    /// Reads configured defaults, which are in its words.
    openai: Arc<dyn ClientDialect>,
    outbox: Arc<Outbox>,
}

/// The answer of one call as far as it has come.
#[derive(Default)]
pub(super) struct Outbox(Mutex<Contents>);

#[derive(Default)]
struct Contents {
    reply: Option<ChatReply>,
    events: VecDeque<ChatEvent>,
    error: Option<ErrorReport>,
}

impl Outbox {
    fn lock(&self) -> MutexGuard<'_, Contents> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the whole answer.
    pub(super) fn reply(&self) -> Option<ChatReply> {
        self.lock().reply.take()
    }

    /// Takes the events of a stream that came since the last look.
    pub(super) fn events(&self) -> VecDeque<ChatEvent> {
        std::mem::take(&mut self.lock().events)
    }

    /// Takes the error that ended a stream.
    pub(super) fn error(&self) -> Option<ErrorReport> {
        self.lock().error.take()
    }
}

impl Domain {
    pub(super) fn new(request: ChatRequest, openai: Arc<dyn ClientDialect>) -> Self {
        Self { request, openai, outbox: Arc::default() }
    }

    pub(super) fn outbox(&self) -> Arc<Outbox> {
        Arc::clone(&self.outbox)
    }

    /// What decides the request's way, and the body that names the fields which were set.
    ///
    /// # Errors
    /// Names the field that cannot be.
    pub(super) fn facts_and_body(
        &self,
        model: Option<String>,
    ) -> Result<(Facts, Bytes), BadRequest> {
        check(&self.request)?;
        let body = Bytes::from(self.named_fields());
        let facts = self.openai.facts(&body)?;
        let facts = Facts {
            model,
            stream: self.request.stream,
            include_usage: true,
            max_output_tokens: self.request.max_output_tokens,
            has_tools: !self.request.tools.is_empty(),
            plain: false,
            items: self.request.messages.len(),
            strategy: None,
            user: self.request.user.clone(),
            layout: facts.layout,
        };
        Ok((facts, body))
    }

    /// A request in OpenAI's words with every field that is set, as `null`: given, so that no
    /// default replaces it, and saying nothing.
    fn named_fields(&self) -> String {
        let ChatRequest {
            messages: _,
            tools,
            tool_choice,
            parallel_tool_calls,
            response_format,
            reasoning,
            max_output_tokens,
            temperature,
            top_p,
            top_k,
            frequency_penalty,
            presence_penalty,
            seed,
            n,
            stop,
            user,
            service_tier,
            stream: _,
            extra,
        } = &self.request;
        let given = [
            ("tools", !tools.is_empty()),
            ("tool_choice", tool_choice.is_some()),
            ("parallel_tool_calls", parallel_tool_calls.is_some()),
            ("response_format", response_format.is_some()),
            ("reasoning_effort", reasoning.is_some()),
            ("thinking", reasoning.is_some()),
            ("max_tokens", max_output_tokens.is_some()),
            ("temperature", temperature.is_some()),
            ("top_p", top_p.is_some()),
            ("top_k", top_k.is_some()),
            ("frequency_penalty", frequency_penalty.is_some()),
            ("presence_penalty", presence_penalty.is_some()),
            ("seed", seed.is_some()),
            ("n", n.is_some()),
            ("stop", !stop.is_empty()),
            ("user", user.is_some()),
            ("service_tier", service_tier.is_some()),
        ];
        let named = given.iter().filter(|(_, given)| *given).map(|(name, _)| *name);
        let mut fields = serde_json::Map::new();
        fields.insert("messages".to_owned(), serde_json::json!([{"role": "user", "content": "-"}]));
        for name in named.chain(extra.iter().map(|(name, _)| name.as_str())) {
            fields.entry(name).or_insert(serde_json::Value::Null);
        }
        serde_json::Value::Object(fields).to_string()
    }
}

/// What no vendor need be asked about.
fn check(request: &ChatRequest) -> Result<(), BadRequest> {
    if request.messages.is_empty() {
        return Err(BadRequest::field(
            "messages",
            "`messages` is empty: there is nothing to answer",
        ));
    }
    for (index, tool) in request.tools.iter().enumerate() {
        if let Some(schema) = &tool.parameters {
            valid(schema, &format!("tools[{index}].parameters"))?;
        }
    }
    if let Some(tollgate_core_types::chat::ResponseFormat::JsonSchema { schema, .. }) =
        &request.response_format
    {
        valid(schema, "response_format.schema")?;
    }
    request.extra.iter().try_for_each(|(name, json)| valid(json, name))
}

/// Vendors would refuse the whole request with an error that names no field.
fn valid(json: &JsonText, field: &str) -> Result<(), BadRequest> {
    match serde_json::from_str::<serde::de::IgnoredAny>(json.as_str()) {
        Ok(_) => Ok(()),
        Err(error) => Err(BadRequest::field(field, format!("`{field}` is not JSON: {error}"))),
    }
}

impl ClientDialect for Domain {
    fn dialect(&self) -> Dialect {
        DIALECT
    }

    fn operation(&self) -> Operation {
        Operation::Chat
    }

    fn facts(&self, body: &[u8]) -> Result<Facts, BadRequest> {
        self.openai.facts(body)
    }

    /// The caller's request over the configured defaults.
    fn parse(&self, inbound: &Inbound) -> Result<ChatRequest, BadRequest> {
        let defaults = self.openai.parse(inbound)?;
        Ok(over(&self.request, defaults))
    }

    fn render(&self, reply: &ChatReply, _context: &RenderContext) -> Bytes {
        self.outbox.lock().reply = Some(reply.clone());
        Bytes::new()
    }

    fn stream_encoder(&self, _context: RenderContext) -> Box<dyn StreamEncoder> {
        Box::new(Events(Arc::clone(&self.outbox)))
    }

    fn render_error(&self, _report: &ErrorReport) -> Bytes {
        Bytes::new()
    }

    fn render_stream_error(&self, report: &ErrorReport) -> Bytes {
        self.outbox.lock().error = Some(report.clone());
        Bytes::new()
    }

    fn keep_alive(&self) -> Bytes {
        Bytes::new()
    }

    fn terminator(&self) -> Option<Bytes> {
        None
    }
}

fn over(request: &ChatRequest, defaults: ChatRequest) -> ChatRequest {
    let ChatRequest {
        messages,
        tools,
        tool_choice,
        parallel_tool_calls,
        response_format,
        reasoning,
        max_output_tokens,
        temperature,
        top_p,
        top_k,
        frequency_penalty,
        presence_penalty,
        seed,
        n,
        stop,
        user,
        service_tier,
        stream,
        extra,
    } = request.clone();
    ChatRequest {
        messages,
        tools: if tools.is_empty() { defaults.tools } else { tools },
        tool_choice: tool_choice.or(defaults.tool_choice),
        parallel_tool_calls: parallel_tool_calls.or(defaults.parallel_tool_calls),
        response_format: response_format.or(defaults.response_format),
        reasoning: reasoning.or(defaults.reasoning),
        max_output_tokens: max_output_tokens.or(defaults.max_output_tokens),
        temperature: temperature.or(defaults.temperature),
        top_p: top_p.or(defaults.top_p),
        top_k: top_k.or(defaults.top_k),
        frequency_penalty: frequency_penalty.or(defaults.frequency_penalty),
        presence_penalty: presence_penalty.or(defaults.presence_penalty),
        seed: seed.or(defaults.seed),
        n: n.or(defaults.n),
        stop: if stop.is_empty() { defaults.stop } else { stop },
        user: user.or(defaults.user),
        service_tier: service_tier.or(defaults.service_tier),
        stream,
        extra: extra.into_iter().chain(defaults.extra).collect(),
    }
}

/// Puts events where their reader finds them, and writes as many bytes as they take, so that the
/// engine's bounds hold for them as for any other client's frames.
struct Events(Arc<Outbox>);

impl StreamEncoder for Events {
    fn event(&mut self, event: &ChatEvent, out: &mut BytesMut) {
        self.0.lock().events.push_back(event.clone());
        out.put_bytes(b'.', EVENT_SIZE);
    }
}
