//! What can go wrong when telemetry is set up. Once it runs, nothing here fails a request.

use std::path::PathBuf;

/// Why telemetry could not be set up or shut down.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The request log's file cannot be opened for appending.
    #[error("cannot open the request log {path}: {source}", path = path.display())]
    LogFile {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The request log's writer thread cannot be started.
    #[error("cannot start the request log's writer: {0}")]
    LogThread(std::io::Error),
    /// The metric exporter refuses its configuration.
    #[error("cannot set up metrics: {0}")]
    Metrics(String),
    /// The diagnostics filter cannot be parsed.
    #[error("invalid log filter {filter:?}: {reason}")]
    Filter {
        /// The filter as given.
        filter: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The OTLP protocol is none that we speak.
    #[error("unknown OTLP protocol {0:?}: use `grpc` or `http/protobuf`")]
    Protocol(String),
    /// The thread that exports spans cannot be started.
    #[error("cannot start the export of spans: {0}")]
    TraceThread(std::io::Error),
    /// The span exporter cannot be built.
    #[error("cannot set up OTLP export to {endpoint}: {reason}")]
    Otlp {
        /// The collector's address.
        endpoint: String,
        /// What is wrong.
        reason: String,
    },
    /// A tracing subscriber is installed already; [`crate::init_diagnostics`] is for programs that
    /// have none.
    #[error("a tracing subscriber is already installed")]
    SubscriberInstalled,
}
