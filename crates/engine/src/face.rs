//! The face for programs in Rust: typed requests in, typed answers and errors out.
//!
//! It exists so that an application needs neither JSON nor a vendor's dialect. It goes the same way
//! as every other client, so that choice, retries, accounting and telemetry cannot differ. It must
//! never decide what the engine decides.
//!
//! In reading order: [`ask`] and [`embed`] are requests, [`reply`] and [`stream`] answers, [`error`]
//! failures, [`builder`] and [`start`] how a gateway comes to be, `domain` the typed client dialect,
//! `tending` the work beside the calls, [`blocking`] the same without async.

pub(crate) mod ask;
pub mod blocking;
pub(crate) mod builder;
mod domain;
pub(crate) mod embed;
pub(crate) mod error;
pub(crate) mod reply;
pub(crate) mod start;
pub(crate) mod stream;
pub(crate) mod tending;

use bytes::Bytes;
use http::HeaderMap;
use std::sync::Arc;
use tollgate_core_types::{Dialect, Operation};
use tollgate_providers_common::{ClientDialect, Facts, Inbound};

use crate::answer::{Answer, CallContext};
use crate::call::Wishes;
use crate::clock;
use crate::tollgate::Tollgate;
use ask::{CallOptions, Chat};
use domain::{Domain, Outbox};
use embed::{Embed, Embeddings};
use error::CallError;
use reply::Reply;
use stream::ChatStream;

impl Tollgate {
    /// Asks and waits for the whole answer.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use tollgate::{Chat, Tollgate};
    ///
    /// let tollgate = Tollgate::from_text("models: { fast: { provider: mock } }")?;
    /// let reply = tollgate.chat("hello").await?; // the default model
    /// assert!(reply.text().contains("hello"));
    ///
    /// let chat = Chat::new().system("Be brief.").user("hello").model("fast").temperature(0.2);
    /// let reply = tollgate.chat(chat).await?;
    /// println!("{} said: {reply}", reply.head.deployment);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`CallError`], once every retry and fallback is spent.
    ///
    /// # Cancel safety
    /// Dropping the future abandons the request at the vendor and settles it as cancelled.
    pub async fn chat(&self, chat: impl Into<Chat>) -> Result<Reply, CallError> {
        let (answer, outbox) = self.ask(chat.into(), false).await?;
        let (Answer::Whole { head, .. } | Answer::Stream { head, .. } | Answer::Bytes { head, .. }) =
            answer;
        match outbox.reply() {
            Some(chat) => Ok(Reply { head, chat }),
            None => Err(CallError::internal("the answer came in a form that was not asked for")),
        }
    }

    /// Asks and gives the answer as it comes. Until its first content every failure is retried
    /// unseen; after it, a failure is the stream's last item.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let tollgate = tollgate::Tollgate::from_text("models: { fast: { provider: mock } }")?;
    /// let mut stream = tollgate.stream("hello").await?;
    /// while let Some(text) = stream.next_text().await? {
    ///     print!("{text}");
    /// }
    /// let reply = stream.finish().await?; // all of it, with usage and the reason of its end
    /// assert!(reply.chat.usage.output_tokens.is_some());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`CallError`], where no deployment came as far as a first content.
    ///
    /// # Cancel safety
    /// Dropping the future, or the stream, abandons the request at the vendor and settles it as
    /// cancelled.
    pub async fn stream(&self, chat: impl Into<Chat>) -> Result<ChatStream, CallError> {
        let (answer, outbox) = self.ask(chat.into(), true).await?;
        match answer {
            Answer::Stream { head, body } => Ok(ChatStream::new(head, body, outbox)),
            Answer::Whole { .. } | Answer::Bytes { .. } => {
                Err(CallError::internal("a whole answer came where a stream was asked for"))
            }
        }
    }

    /// Makes vectors of texts.
    ///
    /// # Errors
    /// [`CallError`], once every retry and fallback is spent.
    ///
    /// # Cancel safety
    /// As [`Tollgate::chat`].
    pub async fn embed(&self, embed: impl Into<Embed>) -> Result<Embeddings, CallError> {
        let embed = embed.into();
        let body = embed.body()?;
        let answer = self.dialect_call(Dialect::OPENAI_EMBEDDINGS, body, embed.options).await?;
        match answer {
            Answer::Whole { head, body } => Embeddings::read(head, &body),
            Answer::Stream { .. } | Answer::Bytes { .. } => {
                Err(CallError::internal("embeddings came as a stream"))
            }
        }
    }

    /// Sends a body in a client's dialect as it is, and gives the answer's bytes in the same dialect:
    /// the way out for whatever the typed requests do not have.
    ///
    /// Whether the answer is whole or a stream is what the body asks for.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let tollgate = tollgate::Tollgate::from_text("models: { m: { provider: mock } }")?;
    /// use tollgate::{Answer, Dialect};
    ///
    /// let body = r#"{"messages": [{"role": "user", "content": "hello"}], "logprobs": true}"#;
    /// if let Answer::Whole { body, .. } = tollgate.raw(Dialect::OPENAI_CHAT, body).await? {
    ///     assert!(body.starts_with(b"{"));
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`CallError`]; of class `client` where the body is not one of the dialect.
    ///
    /// # Cancel safety
    /// As [`Tollgate::stream`].
    pub async fn raw(&self, dialect: Dialect, body: impl Into<Bytes>) -> Result<Answer, CallError> {
        self.dialect_call(dialect, body.into(), CallOptions::default()).await
    }

    async fn dialect_call(
        &self,
        dialect: Dialect,
        body: Bytes,
        options: CallOptions,
    ) -> Result<Answer, CallError> {
        let client = self.client_dialect(dialect).ok_or_else(|| {
            CallError::client(format!("no client dialect is called {dialect}"), None)
        })?;
        let facts = client.facts(&body)?;
        let inbound = inbound(client.dialect(), client.operation(), facts, body);
        self.send(inbound, options, None).await
    }

    async fn ask(&self, chat: Chat, stream: bool) -> Result<(Answer, Arc<Outbox>), CallError> {
        let Chat { mut request, options } = chat;
        request.stream = stream;
        let openai = self.client_dialect(Dialect::OPENAI_CHAT).ok_or_else(|| {
            CallError::internal("this build has no dialect to read configured defaults with")
        })?;
        let domain = Domain::new(request, openai);
        let outbox = domain.outbox();
        let (facts, body) = domain.facts_and_body(options.model.clone())?;
        let inbound = inbound(domain::DIALECT, Operation::Chat, facts, body);
        let answer = self.send(inbound, options, Some(Arc::new(domain))).await?;
        Ok((answer, outbox))
    }

    async fn send(
        &self,
        mut inbound: Inbound,
        options: CallOptions,
        client: Option<Arc<dyn ClientDialect>>,
    ) -> Result<Answer, CallError> {
        let CallOptions { model, strategy, timeout, fallbacks, request_id, traceparent } = options;
        inbound.facts.model = model.or(inbound.facts.model);
        let request_id = request_id.unwrap_or_else(|| self.fresh_id());
        let context = CallContext {
            request_id,
            started: clock::now(),
            traceparent,
            tracestate: None,
            route: None,
            hops: 0,
        };
        let wishes = Wishes { client, strategy, timeout, fallbacks, form: None };
        self.call_with(inbound, context, wishes).await.map_err(|failed| CallError::from(*failed))
    }
}

fn inbound(dialect: Dialect, operation: Operation, facts: Facts, body: Bytes) -> Inbound {
    Inbound { dialect, operation, facts, body, headers: HeaderMap::new(), query: None }
}
