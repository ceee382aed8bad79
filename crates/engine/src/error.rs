//! From what happened to what the client is told: one exhaustive table of statuses and codes.

use tollgate_core_types::error::{RetryAdvice, clean};
use tollgate_core_types::{ErrorClass, UpstreamError};
use tollgate_providers_common::ErrorReport;

/// The client's view of an upstream failure. `deployment` names where it happened.
pub(crate) fn report(error: &UpstreamError, deployment: Option<&str>, id: &str) -> ErrorReport {
    let upstream = error.status;
    let status = match error.class {
        ErrorClass::Client => upstream.filter(|status| (400..500).contains(status)).unwrap_or(400),
        ErrorClass::Unsupported | ErrorClass::ContextWindow | ErrorClass::ContentPolicy => 400,
        ErrorClass::Auth => upstream.filter(|status| matches!(status, 401 | 403)).unwrap_or(502),
        ErrorClass::Billing => upstream.filter(|status| matches!(status, 402 | 429)).unwrap_or(402),
        ErrorClass::ModelMissing => 404,
        ErrorClass::Throttle => 429,
        ErrorClass::Stopping => 503,
        ErrorClass::Overload => {
            upstream.filter(|status| matches!(status, 503 | 529)).unwrap_or(503)
        }
        ErrorClass::Server => upstream.filter(|status| (500..600).contains(status)).unwrap_or(502),
        ErrorClass::Connect
        | ErrorClass::Transport
        | ErrorClass::Malformed
        | ErrorClass::BrokenStream => 502,
        ErrorClass::FirstTokenTimeout | ErrorClass::Deadline => 504,
        ErrorClass::Cancelled => 499,
        ErrorClass::Internal => 500,
    };
    ErrorReport {
        status,
        code: error.code.clone().unwrap_or_else(|| default_code(error.class).to_owned()),
        param: error.param.clone(),
        message: message(error, deployment),
        retry_after: error.retry_after,
        should_retry: should_retry(error.class),
        request_id: id.to_owned(),
    }
}

/// Our own retries are spent when an upstream failure reaches the client, so an SDK's would only
/// multiply them; a pause is the exception, for there the client is told when to come back.
fn should_retry(class: ErrorClass) -> Option<bool> {
    match class.disposition().retry {
        RetryAdvice::Anywhere | RetryAdvice::OtherDeployment => Some(false),
        RetryAdvice::Never => None,
    }
}

fn default_code(class: ErrorClass) -> &'static str {
    match class {
        ErrorClass::Client => "invalid_request",
        ErrorClass::Unsupported => "unsupported_parameter",
        ErrorClass::ContextWindow => "context_length_exceeded",
        ErrorClass::ContentPolicy => "content_policy_violation",
        ErrorClass::Auth => "upstream_authentication_failed",
        ErrorClass::Billing => "insufficient_quota",
        ErrorClass::ModelMissing => "model_not_found",
        ErrorClass::Throttle => "rate_limit_exceeded",
        ErrorClass::Overload => "upstream_overloaded",
        ErrorClass::Server => "upstream_error",
        ErrorClass::Connect => "upstream_unreachable",
        ErrorClass::Transport => "upstream_connection_broken",
        ErrorClass::Malformed => "upstream_malformed",
        ErrorClass::BrokenStream => "upstream_stream_broken",
        ErrorClass::FirstTokenTimeout => "upstream_timeout",
        ErrorClass::Deadline => "timeout",
        ErrorClass::Cancelled => "client_closed_request",
        ErrorClass::Stopping => "gateway_stopping",
        ErrorClass::Internal => "internal_error",
    }
}

/// A client's own mistake is told in the vendor's words; for anything else it helps to know where.
fn message(error: &UpstreamError, deployment: Option<&str>) -> String {
    let told = match error.class {
        ErrorClass::Client
        | ErrorClass::Unsupported
        | ErrorClass::ContextWindow
        | ErrorClass::ContentPolicy
        | ErrorClass::Stopping
        | ErrorClass::Internal => None,
        ErrorClass::Auth
        | ErrorClass::Billing
        | ErrorClass::ModelMissing
        | ErrorClass::Throttle
        | ErrorClass::Overload
        | ErrorClass::Server
        | ErrorClass::Connect
        | ErrorClass::Transport
        | ErrorClass::FirstTokenTimeout
        | ErrorClass::Malformed
        | ErrorClass::BrokenStream
        | ErrorClass::Deadline
        | ErrorClass::Cancelled => deployment,
    };
    match told {
        Some(deployment) => clean(
            &format!("{}: {} (deployment {deployment})", summary(error.class), error.message),
            2 * UpstreamError::MESSAGE_MAX,
        ),
        None => error.message.clone(),
    }
}

fn summary(class: ErrorClass) -> &'static str {
    match class {
        ErrorClass::Client => "the request was refused",
        ErrorClass::Unsupported => "the request cannot be expressed",
        ErrorClass::ContextWindow => "the prompt is too long",
        ErrorClass::ContentPolicy => "the prompt was filtered",
        ErrorClass::Auth => "the gateway's credential was refused by the vendor",
        ErrorClass::Billing => "the gateway's credential is out of credit or quota",
        ErrorClass::ModelMissing => "the vendor does not have the model",
        ErrorClass::Throttle => "the vendor's rate limit was met",
        ErrorClass::Overload => "the vendor is overloaded",
        ErrorClass::Server => "the vendor failed",
        ErrorClass::Connect => "the vendor cannot be reached",
        ErrorClass::Transport => "the connection to the vendor broke",
        ErrorClass::FirstTokenTimeout => "the vendor did not answer in time",
        ErrorClass::Malformed => "the vendor's answer is unusable",
        ErrorClass::BrokenStream => "the stream broke",
        ErrorClass::Deadline => "the request's time is up",
        ErrorClass::Cancelled => "the client left",
        ErrorClass::Stopping => "the gateway stops",
        ErrorClass::Internal => "the gateway failed",
    }
}

/// What is said of requests that a stopping process does not finish.
pub(crate) const STOPPING: &str = "the gateway is stopping and could not finish this request; another \
                                   attempt will reach another instance, or this one restarted";

/// The refusal of a request because the process stops. Coming back is right, but not at once.
pub(crate) fn stopping(id: &str) -> ErrorReport {
    ErrorReport {
        retry_after: Some(std::time::Duration::from_secs(1)),
        ..report(&UpstreamError::new(ErrorClass::Stopping, STOPPING), None, id)
    }
}

/// A refusal of our own, before any attempt.
pub(crate) fn refusal(status: u16, code: &str, message: String, id: &str) -> ErrorReport {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_has_a_status_of_the_surface() {
        for class in ErrorClass::ALL {
            let report = report(&UpstreamError::new(class, "x"), Some("d1"), "r1");
            assert!(
                [400, 402, 404, 429, 499, 500, 502, 503, 504].contains(&report.status),
                "{class:?} gives {}",
                report.status
            );
            assert!(!report.code.is_empty() && !report.message.is_empty());
        }
    }

    #[test]
    fn a_refused_credential_is_named_as_the_gateways_and_keeps_its_status() {
        let error = UpstreamError::new(ErrorClass::Auth, "Incorrect API key").with_status(401);
        let report = report(&error, Some("gpt/openai/1"), "r1");
        assert_eq!(report.status, 401);
        assert!(report.message.contains("gateway's credential"), "{}", report.message);
        assert!(report.message.contains("gpt/openai/1"), "{}", report.message);
        assert_eq!(report.should_retry, Some(false));
    }

    #[test]
    fn a_clients_mistake_keeps_the_vendors_words_and_status() {
        let error = UpstreamError::new(ErrorClass::Client, "bad `n`")
            .with_status(422)
            .with_param(Some("n"));
        let report = report(&error, Some("d1"), "r1");
        assert_eq!((report.status, report.message.as_str()), (422, "bad `n`"));
        assert_eq!(report.param.as_deref(), Some("n"));
        assert_eq!(report.should_retry, None);
    }
}
