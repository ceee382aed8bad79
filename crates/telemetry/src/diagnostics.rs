//! The process's diagnostics: few lines on standard error, through `tracing`, with a level per
//! module that can be changed while the process runs.
//!
//! For programs; a library must never install a subscriber. The request log does not go this way.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use tracing_subscriber::Registry;
use tracing_subscriber::filter::EnvFilter;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::reload;
use tracing_subscriber::util::SubscriberInitExt;

use crate::error::TelemetryError;

/// Longest filter taken, in bytes.
const FILTER_MAX: usize = 1024;
/// The levels that a filter may name.
const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// Settings of [`init_diagnostics`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiagnosticsOptions {
    /// What is shown: a level, or a list such as `info,tollgate=debug`.
    pub filter: String,
    /// Whether lines are coloured.
    pub ansi: bool,
}

impl Default for DiagnosticsOptions {
    /// From `info`, without colours.
    fn default() -> Self {
        Self { filter: "info".to_owned(), ansi: false }
    }
}

/// Shows and changes what the diagnostics tell, while the process runs. Cheap to clone.
#[derive(Clone)]
pub struct LogLevel(Arc<Inner>);

struct Inner {
    handle: reload::Handle<EnvFilter, Registry>,
    current: Mutex<String>,
}

impl fmt::Debug for LogLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LogLevel").field(&self.current()).finish()
    }
}

impl LogLevel {
    /// The filter that is at work.
    #[must_use]
    pub fn current(&self) -> String {
        self.0.current.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts another filter to work, at once and for every thread.
    ///
    /// # Errors
    ///
    /// [`TelemetryError::Filter`] where it is none; the one before stays.
    pub fn set(&self, filter: &str) -> Result<(), TelemetryError> {
        let parsed = parse(filter)?;
        let mut current = self.0.current.lock().unwrap_or_else(PoisonError::into_inner);
        self.0.handle.reload(parsed).map_err(|error| TelemetryError::Filter {
            filter: filter.to_owned(),
            reason: error.to_string(),
        })?;
        filter.trim().clone_into(&mut current);
        Ok(())
    }
}

/// Installs the process's subscriber. Call it once.
///
/// # Errors
///
/// Where the filter cannot be read, or a subscriber is installed already.
pub fn init_diagnostics(options: &DiagnosticsOptions) -> Result<LogLevel, TelemetryError> {
    let (filter, handle) = reload::Layer::new(parse(&options.filter)?);
    let lines = tracing_subscriber::fmt::layer()
        .compact()
        .with_ansi(options.ansi)
        .with_writer(std::io::stderr)
        .with_filter(filter);
    tracing_subscriber::registry()
        .with(lines)
        .try_init()
        .map_err(|_already| TelemetryError::SubscriberInstalled)?;
    let current = Mutex::new(options.filter.trim().to_owned());
    Ok(LogLevel(Arc::new(Inner { handle, current })))
}

/// A level, or `module=level` pairs with at most one bare level among them: less than `EnvFilter`
/// takes, for it takes a misspelt level as the name of a module, and shows nothing.
fn parse(filter: &str) -> Result<EnvFilter, TelemetryError> {
    let refuse = |reason: String| {
        let filter = tollgate_core_types::error::clean(filter, 64);
        Err(TelemetryError::Filter { filter, reason })
    };
    if filter.len() > FILTER_MAX {
        return refuse(format!("it is longer than {FILTER_MAX} bytes"));
    }
    let module = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ':' | '-');
    let mut plain = Vec::new();
    for part in filter.split(',').map(str::trim) {
        let (name, level) = part.split_once('=').unwrap_or(("all", part));
        let level = level.trim();
        if !LEVELS.contains(&level) {
            let level = tollgate_core_types::error::clean(level, 32);
            return refuse(format!("{level:?} is no level; known are {}", LEVELS.join(", ")));
        }
        let name = name.trim();
        if name.is_empty() || !name.chars().all(module) {
            return refuse("a part has no module's name before the `=`".to_owned());
        }
        plain.push(if part.contains('=') { format!("{name}={level}") } else { level.to_owned() });
    }
    // Lines about spans are the export's, and nobody should pay for spans that none reads.
    plain.push(format!("{}=off", crate::semconv::SPAN_TARGET));
    EnvFilter::builder().parse(plain.join(",")).or_else(|error| refuse(error.to_string()))
}
