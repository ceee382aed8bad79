//! Errors of paths and methods that no handler owns, in the envelope that the path's clients read.

use axum::response::Response;
use std::sync::Arc;
use tollgate_core_types::Dialect;
use tollgate_providers_common::{ClientDialect, ErrorReport};

use crate::respond;

/// Writes errors for requests that reached no handler.
pub(crate) struct PathErrors {
    openai: Option<Arc<dyn ClientDialect>>,
    anthropic: Option<Arc<dyn ClientDialect>>,
    gemini: Option<Arc<dyn ClientDialect>>,
}

impl PathErrors {
    /// Takes the envelopes from the engine's dialects.
    pub(crate) fn new(engine: &tollgate::Tollgate) -> Self {
        Self {
            openai: engine.client_dialect(Dialect::OPENAI_CHAT),
            anthropic: engine.client_dialect(Dialect::ANTHROPIC_MESSAGES),
            gemini: engine.client_dialect(Dialect::GEMINI_GENERATE),
        }
    }

    /// 404 for a path that does not exist.
    pub(crate) fn not_found(&self, path: &str, id: &str) -> Response {
        let shown = tollgate_core_types::error::clean(path, 128);
        let message = match path.strip_prefix("/v1/responses/") {
            None => format!("there is no {shown} here; GET / lists what there is"),
            Some("input_tokens" | "compact") => {
                format!("{shown} is OpenAI's own and not passed on; ask it there")
            }
            // Its id says neither which vendor keeps it nor behind which key.
            Some(_) => {
                format!("{shown}: no response is kept here; only the vendor that made one has it")
            }
        };
        self.write(path, plain(404, "not_found", message, id))
    }

    /// 405 for a path that exists with other methods.
    pub(crate) fn wrong_method(&self, method: &http::Method, path: &str, id: &str) -> Response {
        let shown = tollgate_core_types::error::clean(path, 128);
        let message = format!("{shown} does not take {method}");
        self.write(path, plain(405, "method_not_allowed", message, id))
    }

    /// Any report, in the envelope of `path`.
    pub(crate) fn write(&self, path: &str, report: ErrorReport) -> Response {
        let dialect = if path.starts_with("/v1/messages") {
            &self.anthropic
        } else if path.starts_with("/v1beta") {
            &self.gemini
        } else {
            &self.openai
        };
        match dialect {
            Some(dialect) => respond::error(&report, dialect.as_ref()),
            None => respond::with_error_head(&report, report.message.clone().into()),
        }
    }
}

/// A report with nothing but status, code and message.
pub(crate) fn plain(status: u16, code: &str, message: String, id: &str) -> ErrorReport {
    ErrorReport {
        status,
        code: code.to_owned(),
        param: None,
        message,
        retry_after: None,
        should_retry: None,
        request_id: id.to_owned(),
    }
}
