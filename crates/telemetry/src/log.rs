//! The request log: one line per request and one per failed attempt.
//!
//! It exists beside `tracing` because a line per request must cost about a microsecond and may
//! never wait: lines are written by hand into memory (`line`, `pretty`) and a thread of its own
//! carries them out (`writer`). It must never hold content or secrets, and never block a request:
//! a line that finds no room is dropped and counted.

mod json;
mod line;
mod pretty;
mod redact;
mod time;
mod writer;

use std::cell::RefCell;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use crate::error::TelemetryError;
use crate::event::{AttemptEvent, Outcome, RequestEvent};

pub(crate) use redact::redact;
use writer::Writer;

/// Where request log lines go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogTarget {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
    /// A file, created where absent, always appended to (so `copytruncate` rotation works).
    File(PathBuf),
}

/// How request log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object per line.
    Json,
    /// One short line for human eyes.
    Pretty,
}

/// Settings of the request log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogOptions {
    /// Where lines go.
    pub target: LogTarget,
    /// How lines look.
    pub format: LogFormat,
    /// Bytes of lines that may wait for a slow target; beyond, lines are dropped and counted.
    pub capacity: usize,
}

impl LogOptions {
    /// Default of [`LogOptions::capacity`]: 4 MiB, some 6000 lines.
    pub const CAPACITY: usize = 4 * 1024 * 1024;

    /// JSON lines to `target` with the default capacity.
    #[must_use]
    pub fn json(target: LogTarget) -> Self {
        Self { target, format: LogFormat::Json, capacity: Self::CAPACITY }
    }
}

/// The request log. Dropping it flushes what waits, for at most half a second.
#[derive(Debug)]
pub struct RequestLog {
    writer: Writer,
    format: LogFormat,
}

thread_local! {
    /// The line under construction: serialising outside the writer's lock, without an allocation.
    static LINE: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

impl RequestLog {
    /// Opens the target and starts the writer's thread.
    ///
    /// # Errors
    ///
    /// [`TelemetryError::LogFile`] where the file cannot be opened, [`TelemetryError::LogThread`]
    /// where the thread cannot be started.
    pub fn open(options: &LogOptions) -> Result<Self, TelemetryError> {
        let sink: Box<dyn Write + Send> = match &options.target {
            LogTarget::Stdout => Box::new(std::io::stdout()),
            LogTarget::Stderr => Box::new(std::io::stderr()),
            LogTarget::File(path) => Box::new(
                OpenOptions::new()
                    .create(true)
                    .append(true)
                    .open(path)
                    .map_err(|source| TelemetryError::LogFile { path: path.clone(), source })?,
            ),
        };
        Self::to_sink(sink, options.format, options.capacity)
    }

    /// Writes to any sink; writes to it block the log's own thread alone.
    ///
    /// # Errors
    ///
    /// [`TelemetryError::LogThread`] where the thread cannot be started.
    pub fn to_sink(
        sink: Box<dyn Write + Send>,
        format: LogFormat,
        capacity: usize,
    ) -> Result<Self, TelemetryError> {
        let writer = Writer::start(sink, capacity).map_err(TelemetryError::LogThread)?;
        Ok(Self { writer, format })
    }

    /// Logs the end of a request. Never blocks on the target.
    pub fn request(&self, event: &RequestEvent<'_>) {
        self.line(|out| match self.format {
            LogFormat::Json => line::request(out, event),
            LogFormat::Pretty => pretty::request(out, event),
        });
    }

    /// Logs a failed attempt; attempts that succeeded or that the client left write nothing.
    pub fn attempt(&self, event: &AttemptEvent<'_>) {
        match event.outcome {
            Outcome::Ok | Outcome::Cancelled => return,
            Outcome::Error | Outcome::Truncated => {}
        }
        self.line(|out| match self.format {
            LogFormat::Json => line::attempt(out, event),
            LogFormat::Pretty => pretty::attempt(out, event),
        });
    }

    /// Lines dropped so far, for want of room or because the target refused them.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.writer.dropped()
    }

    /// Waits until every line logged before is written or refused by the target; `false` where `within` was not enough.
    ///
    /// Blocks: call it from `spawn_blocking` or outside a runtime.
    #[must_use]
    pub fn flush(&self, within: Duration) -> bool {
        self.writer.flush(within)
    }

    /// Takes no more lines and waits until all are written; `false` where `within` was not enough
    /// (the writer's thread is then left behind). Later lines are dropped and counted.
    ///
    /// Blocks: call it from `spawn_blocking` or outside a runtime.
    #[must_use]
    pub fn close(&self, within: Duration) -> bool {
        self.writer.close(within)
    }

    /// Builds one line in this thread's buffer and hands it to the writer.
    fn line(&self, write: impl FnOnce(&mut Vec<u8>)) {
        LINE.with_borrow_mut(|line| {
            line.clear();
            write(line);
            line.push(b'\n');
            self.writer.push(line);
        });
    }
}

#[cfg(test)]
mod tests;
