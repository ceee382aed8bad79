//! The same gateway for scripts and command-line tools: calls that wait, streams that iterate.
//!
//! It has a small runtime of its own, one thread, which keeps connections well between calls. It
//! must never be used inside an async runtime: there it would stop a thread that others need, so
//! every call refuses instead.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use tollgate::blocking::Tollgate;
//!
//! let tollgate = Tollgate::from_text("models: { fast: { provider: mock } }")?;
//! println!("{}", tollgate.chat("hello")?);
//! for event in tollgate.stream("hello")? {
//!     if let tollgate::ChatEvent::Text(text) = event? {
//!         print!("{text}");
//!     }
//! }
//! # Ok(())
//! # }
//! ```

use bytes::Bytes;
use std::path::Path;
use std::sync::Arc;
use tokio::runtime::{Builder, Handle, Runtime};
use tollgate_core_types::{ChatEvent, Dialect};

use super::ask::Chat;
use super::embed::{Embed, Embeddings};
use super::error::CallError;
use super::reply::Reply;
use super::start::StartError;
use super::stream::ChatStream;
use crate::answer::AnswerHead;

/// A gateway whose calls wait. Cheap to clone; clones share everything, also between threads.
#[derive(Clone)]
pub struct Tollgate {
    inner: crate::Tollgate,
    own: Arc<Own>,
}

/// The runtime; shut down without waiting, for it may be dropped anywhere.
struct Own(Option<Runtime>);

impl Own {
    fn start() -> std::io::Result<Arc<Self>> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("tollgate")
            .enable_all()
            .build()?;
        Ok(Arc::new(Self(Some(runtime))))
    }

    fn wait<T>(&self, work: impl Future<Output = T>) -> Result<T, CallError> {
        if Handle::try_current().is_ok() {
            return Err(CallError::client(
                "the blocking face was called inside an async runtime: use tollgate::Tollgate there",
                None,
            ));
        }
        match &self.0 {
            Some(runtime) => Ok(runtime.block_on(work)),
            None => Err(CallError::internal("the runtime is gone")),
        }
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl Tollgate {
    /// As [`crate::Tollgate::from_config`].
    ///
    /// # Errors
    /// As there, and where no runtime can be started.
    pub fn from_config(path: impl AsRef<Path>) -> Result<Self, StartError> {
        Self::new(crate::Tollgate::from_config(path)?)
    }

    /// As [`crate::Tollgate::from_env`].
    ///
    /// # Errors
    /// As there, and where no runtime can be started.
    pub fn from_env() -> Result<Self, StartError> {
        Self::new(crate::Tollgate::from_env()?)
    }

    /// As [`crate::Tollgate::from_text`].
    ///
    /// # Errors
    /// As there, and where no runtime can be started.
    pub fn from_text(yaml: &str) -> Result<Self, StartError> {
        Self::new(crate::Tollgate::from_text(yaml)?)
    }

    /// Waits on behalf of a gateway that was built in any other way, for example by
    /// [`crate::Tollgate::builder`]. It should not be called from elsewhere: its connections live on
    /// the runtime that made them.
    ///
    /// # Errors
    /// [`StartError::Runtime`] where no runtime can be started.
    pub fn new(tollgate: crate::Tollgate) -> Result<Self, StartError> {
        Ok(Self { inner: tollgate, own: Own::start()? })
    }

    /// The gateway itself, for its state and metrics.
    #[must_use]
    pub fn gateway(&self) -> &crate::Tollgate {
        &self.inner
    }

    /// As [`crate::Tollgate::chat`].
    ///
    /// # Errors
    /// As there; of class `client` where it is called inside an async runtime.
    pub fn chat(&self, chat: impl Into<Chat>) -> Result<Reply, CallError> {
        self.own.wait(self.inner.chat(chat))?
    }

    /// As [`crate::Tollgate::stream`], to be iterated.
    ///
    /// # Errors
    /// As [`Tollgate::chat`].
    pub fn stream(&self, chat: impl Into<Chat>) -> Result<Events, CallError> {
        let stream = self.own.wait(self.inner.stream(chat))??;
        Ok(Events { stream, own: Arc::clone(&self.own) })
    }

    /// As [`crate::Tollgate::embed`].
    ///
    /// # Errors
    /// As [`Tollgate::chat`].
    pub fn embed(&self, embed: impl Into<Embed>) -> Result<Embeddings, CallError> {
        self.own.wait(self.inner.embed(embed))?
    }

    /// As [`crate::Tollgate::raw`], for bodies that ask for a whole answer.
    ///
    /// # Errors
    /// As [`Tollgate::chat`]; of class `client` where the body asks for a stream.
    pub fn raw(
        &self,
        dialect: Dialect,
        body: impl Into<Bytes>,
    ) -> Result<(AnswerHead, Bytes), CallError> {
        match self.own.wait(self.inner.raw(dialect, body))?? {
            crate::Answer::Whole { head, body } => Ok((head, body)),
            crate::Answer::Stream { .. } | crate::Answer::Bytes { .. } => {
                let message = "the body asks for a stream, which `raw` cannot wait for";
                Err(CallError::client(message, Some("stream")))
            }
        }
    }
}

/// A streamed answer; waits in `next`. Dropping it cancels the request.
pub struct Events {
    stream: ChatStream,
    own: Arc<Own>,
}

impl Events {
    /// Who answers, after how many attempts, and what could not be carried there.
    #[must_use]
    pub fn head(&self) -> &AnswerHead {
        self.stream.head()
    }

    /// The whole answer, once the rest of it has come; what was taken before is part of it.
    ///
    /// # Errors
    /// Where the answer broke off.
    pub fn finish(self) -> Result<Reply, CallError> {
        let Self { stream, own } = self;
        own.wait(stream.finish())?
    }
}

impl Iterator for Events {
    type Item = Result<ChatEvent, CallError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.own.wait(self.stream.next()) {
            Ok(next) => next,
            Err(error) => Some(Err(error)),
        }
    }
}
