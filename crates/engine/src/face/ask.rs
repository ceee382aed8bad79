//! What a program asks of a model, put together step by step.

use std::sync::Arc;
use std::time::Duration;
use tollgate_balancer::Strategy;
use tollgate_core_types::JsonText;
use tollgate_core_types::chat::{
    ChatRequest, Message, Part, Reasoning, ResponseFormat, Role, Tool, ToolChoice,
};

use super::reply::Reply;

/// A conversation and how it is to be answered. A text alone is one message of the user.
///
/// Everything that is not set is the vendor's or the configuration's choice.
#[derive(Debug, Clone, Default)]
pub struct Chat {
    /// The request in the domain's words, for what the methods here do not reach.
    pub request: ChatRequest,
    pub(crate) options: CallOptions,
}

/// What one call wants that is not the model's business.
#[derive(Debug, Clone, Default)]
pub(crate) struct CallOptions {
    pub(crate) model: Option<String>,
    pub(crate) strategy: Option<Strategy>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) fallbacks: Option<Vec<Arc<str>>>,
    pub(crate) request_id: Option<Arc<str>>,
    pub(crate) traceparent: Option<String>,
}

impl Chat {
    /// An empty conversation.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks this model group; without it the configured default answers.
    #[must_use]
    pub fn model(mut self, alias: impl Into<String>) -> Self {
        self.options.model = Some(alias.into());
        self
    }

    /// Adds instructions of the operator.
    #[must_use]
    pub fn system(self, text: impl Into<String>) -> Self {
        self.said(Role::System, text)
    }

    /// Adds what the user says.
    #[must_use]
    pub fn user(self, text: impl Into<String>) -> Self {
        self.said(Role::User, text)
    }

    /// Adds what the model said in an earlier turn.
    #[must_use]
    pub fn assistant(self, text: impl Into<String>) -> Self {
        self.said(Role::Assistant, text)
    }

    /// Adds a message with any parts: pictures, documents, tool calls.
    #[must_use]
    pub fn message(mut self, message: Message) -> Self {
        self.request.messages.push(message);
        self
    }

    /// Adds a whole answer as the model's turn, its tool calls and reasoning included.
    #[must_use]
    pub fn answered(self, reply: &Reply) -> Self {
        self.message(reply.message())
    }

    /// Adds the result of the tool call with this id.
    #[must_use]
    pub fn tool_result(self, call_id: impl Into<String>, text: impl Into<String>) -> Self {
        let part = Part::ToolResult {
            call_id: call_id.into(),
            parts: vec![Part::text(text)],
            is_error: false,
            cache: None,
        };
        self.message(Message { role: Role::Tool, parts: vec![part], name: None })
    }

    /// Offers a tool. `parameters` is the JSON Schema of its arguments, as text.
    #[must_use]
    pub fn tool(
        mut self,
        name: impl Into<String>,
        description: impl Into<String>,
        parameters: impl Into<String>,
    ) -> Self {
        self.request.tools.push(Tool {
            name: name.into(),
            description: Some(description.into()),
            parameters: Some(JsonText::from_valid(parameters.into())),
            strict: None,
            cache: None,
            foreign: None,
        });
        self
    }

    /// Says which tool must, may or must not be called.
    #[must_use]
    pub fn tool_choice(mut self, choice: ToolChoice) -> Self {
        self.request.tool_choice = Some(choice);
        self
    }

    /// Wants any JSON object as the answer.
    #[must_use]
    pub fn json(mut self) -> Self {
        self.request.response_format = Some(ResponseFormat::JsonObject);
        self
    }

    /// Wants an answer that follows this JSON Schema, given as text.
    #[must_use]
    pub fn json_schema(mut self, name: impl Into<String>, schema: impl Into<String>) -> Self {
        self.request.response_format = Some(ResponseFormat::JsonSchema {
            name: name.into(),
            description: None,
            schema: JsonText::from_valid(schema.into()),
            strict: Some(true),
        });
        self
    }

    /// How much the model should think: `none`, `minimal`, `low`, `medium`, `high` ...
    #[must_use]
    pub fn reasoning_effort(mut self, effort: impl Into<String>) -> Self {
        let reasoning = self.request.reasoning.get_or_insert_with(Reasoning::default);
        reasoning.effort = Some(effort.into());
        self
    }

    /// Sampling temperature.
    #[must_use]
    pub fn temperature(mut self, temperature: f64) -> Self {
        self.request.temperature = Some(temperature);
        self
    }

    /// Nucleus sampling, 0 to 1.
    #[must_use]
    pub fn top_p(mut self, top_p: f64) -> Self {
        self.request.top_p = Some(top_p);
        self
    }

    /// Upper bound of generated tokens, reasoning included.
    #[must_use]
    pub fn max_tokens(mut self, tokens: u64) -> Self {
        self.request.max_output_tokens = Some(tokens);
        self
    }

    /// Ends the answer where this text would come.
    #[must_use]
    pub fn stop(mut self, text: impl Into<String>) -> Self {
        self.request.stop.push(text.into());
        self
    }

    /// Seed for repeatable sampling.
    #[must_use]
    pub fn seed(mut self, seed: i64) -> Self {
        self.request.seed = Some(seed);
        self
    }

    /// The program's own id of its end user, told to vendors and to the request log.
    #[must_use]
    pub fn end_user(mut self, id: impl Into<String>) -> Self {
        self.request.user = Some(id.into());
        self
    }

    /// Adds a field that only a vendor knows, its value as JSON text. Where the deployment's dialect
    /// does not have it, it is named among what was dropped.
    #[must_use]
    pub fn extra(mut self, field: impl Into<String>, json: impl Into<String>) -> Self {
        self.request.extra.push((field.into(), JsonText::from_valid(json.into())));
        self
    }

    /// How a deployment is chosen for this call.
    #[must_use]
    pub fn strategy(mut self, strategy: Strategy) -> Self {
        self.options.strategy = Some(strategy);
        self
    }

    /// Models to fall back to for this call, in this order, in place of the configured ones. An
    /// empty list is no fallback at all.
    #[must_use]
    pub fn fallbacks<I>(mut self, models: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<Arc<str>>,
    {
        self.options.fallbacks = Some(models.into_iter().map(Into::into).collect());
        self
    }

    /// Time for the whole call, all attempts together, in place of the configured total.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.options.timeout = Some(timeout);
        self
    }

    /// The id under which this call stands in logs; without it one is made.
    #[must_use]
    pub fn request_id(mut self, id: impl Into<Arc<str>>) -> Self {
        self.options.request_id = Some(id.into());
        self
    }

    /// The W3C `traceparent` that the call's spans continue.
    #[must_use]
    pub fn traceparent(mut self, traceparent: impl Into<String>) -> Self {
        self.options.traceparent = Some(traceparent.into());
        self
    }

    fn said(self, role: Role, text: impl Into<String>) -> Self {
        self.message(Message { role, parts: vec![Part::text(text)], name: None })
    }
}

impl From<&str> for Chat {
    fn from(text: &str) -> Self {
        Self::new().user(text)
    }
}

impl From<String> for Chat {
    fn from(text: String) -> Self {
        Self::new().user(text)
    }
}

impl From<ChatRequest> for Chat {
    fn from(request: ChatRequest) -> Self {
        Self { request, options: CallOptions::default() }
    }
}
