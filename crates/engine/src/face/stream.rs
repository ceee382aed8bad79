//! An answer as it comes, event by event.

use futures_core::Stream;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tollgate_core_types::ChatEvent;
use tollgate_providers_common::DecodeError;
use tollgate_providers_common::fold::ReplyBuilder;

use super::domain::{DIALECT, Outbox};
use super::error::CallError;
use super::reply::Reply;
use crate::answer::AnswerHead;
use crate::stream::AnswerStream;

/// A streamed answer. Its reader pulls: nothing is read from the vendor beyond what it takes.
///
/// It ends after [`ChatEvent::End`], or after one error. Dropping it cancels the request.
pub struct ChatStream {
    head: AnswerHead,
    body: AnswerStream,
    outbox: Arc<Outbox>,
    waiting: VecDeque<ChatEvent>,
    seen: ReplyBuilder,
    /// Set once an error was given, which is given again to whoever wants the whole answer.
    failed: Option<CallError>,
    ended: bool,
}

impl std::fmt::Debug for ChatStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ChatStream").field("head", &self.head).finish_non_exhaustive()
    }
}

impl ChatStream {
    pub(super) fn new(head: AnswerHead, body: AnswerStream, outbox: Arc<Outbox>) -> Self {
        Self {
            head,
            body,
            outbox,
            waiting: VecDeque::new(),
            seen: ReplyBuilder::new(DIALECT),
            failed: None,
            ended: false,
        }
    }

    /// Who answers, after how many attempts, and what could not be carried there.
    #[must_use]
    pub fn head(&self) -> &AnswerHead {
        &self.head
    }

    /// The next event; `None` once the stream has ended.
    ///
    /// # Errors
    /// Once, as the last item, where the answer broke off.
    ///
    /// # Cancel safety
    /// May be dropped and called again; no event is lost.
    pub async fn next(&mut self) -> Option<Result<ChatEvent, CallError>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// The next piece of text, whatever else comes before it; `None` at the end.
    ///
    /// # Errors
    /// Where the answer broke off.
    ///
    /// # Cancel safety
    /// As [`ChatStream::next`].
    pub async fn next_text(&mut self) -> Result<Option<String>, CallError> {
        while let Some(event) = self.next().await {
            if let ChatEvent::Text(text) = event? {
                return Ok(Some(text));
            }
        }
        Ok(None)
    }

    /// The whole answer, once the rest of it has come; what was taken before is part of it.
    ///
    /// # Errors
    /// Where the answer broke off: half of one is never given as whole.
    pub async fn finish(mut self) -> Result<Reply, CallError> {
        while let Some(event) = self.next().await {
            event?;
        }
        let Self { head, seen, failed, .. } = self;
        if let Some(error) = failed {
            return Err(error);
        }
        let chat = seen.finish().map_err(|error| unfit(&error, &head))?;
        Ok(Reply { head, chat })
    }

    fn at_end(&mut self) -> Option<Result<ChatEvent, CallError>> {
        if std::mem::replace(&mut self.ended, true) {
            return None;
        }
        let report = self.outbox.error()?;
        let error = CallError::broken(report, &self.head.deployment, self.head.attempts);
        self.failed = Some(error.clone());
        Some(Err(error))
    }
}

fn unfit(error: &DecodeError, head: &AnswerHead) -> CallError {
    CallError::malformed(error.to_string(), &head.deployment)
}

impl Stream for ChatStream {
    type Item = Result<ChatEvent, CallError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            if let Some(event) = this.waiting.pop_front() {
                this.seen.event(event.clone());
                return Poll::Ready(Some(Ok(event)));
            }
            if this.ended {
                return Poll::Ready(None);
            }
            // The bytes only say that events came.
            let more = ready!(Pin::new(&mut this.body).poll_next(cx)).is_some();
            this.waiting = this.outbox.events();
            if !more && this.waiting.is_empty() {
                return Poll::Ready(this.at_end());
            }
        }
    }
}
