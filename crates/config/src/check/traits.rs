//! What a provider, a model and a deployment may all say of a deployment; the nearest word wins.

use http::{HeaderName, HeaderValue};
use tollgate_catalogue::Override;
use tollgate_core_types::ErrorClass;

use super::catalogue;
use super::params;
use super::quirks;
use super::timing::TimeoutsGiven;
use crate::read::{At, Section, did_you_mean};
use crate::report::Report;
use crate::secret::Secret;
use tollgate_core_types::Operation;

use crate::types::{Api, Auth, Completions, Header, Params, QuirkOverrides};

/// One layer's word.
#[derive(Debug, Clone, Default)]
pub(super) struct Traits {
    pub(super) timeouts: TimeoutsGiven,
    pub(super) params: Params,
    pub(super) headers: Vec<Header>,
    pub(super) max_output_tokens: Option<u64>,
    pub(super) stream_usage: Option<bool>,
    pub(super) completions: Option<Completions>,
    pub(super) api: Option<Api>,
    pub(super) supports_tools: Option<bool>,
    pub(super) operations: Option<Vec<Operation>>,
    pub(super) fetch_media: Option<bool>,
    pub(super) trace_context: Option<bool>,
    pub(super) quirks: QuirkOverrides,
    pub(super) chat_path: Option<String>,
    pub(super) error_codes: Vec<(String, ErrorClass)>,
    pub(super) catalogue: Override,
}

impl Traits {
    /// Reads the keys that every layer may have.
    pub(super) fn read(given: &mut Section<'_>, report: &mut Report) -> Self {
        let timeouts = TimeoutsGiven::read(given, report);
        let params = params::read(given, report);
        let headers =
            given.take(&["headers"], report).map_or(Vec::new(), |at| headers(&at, report));
        let tokens = given.take(&["max_output_tokens"], report);
        let usage = given.take(&["stream_usage"], report);
        let kinds = [("native", Completions::Native), ("chat", Completions::Chat)];
        let completions = given.take(&["completions"], report);
        let apis = [("chat", Api::Chat), ("responses", Api::Responses), ("auto", Api::Auto)];
        let api = given.take(&["api"], report);
        let tools = given.take(&["supports_tools"], report);
        let spoken = given.take(&["operations"], report);
        let fetch = given.take(&["fetch_media"], report);
        let trace = given.take(&["trace_context"], report);
        Self {
            timeouts,
            params,
            headers,
            max_output_tokens: tokens.and_then(|at| at.whole(1..=u64::from(u32::MAX), report)),
            stream_usage: usage.and_then(|at| at.boolean(report)),
            completions: completions.and_then(|at| at.one_of("kind", &kinds, report)),
            api: api.and_then(|at| at.one_of("api", &apis, report)),
            supports_tools: tools.and_then(|at| at.boolean(report)),
            operations: spoken.map(|at| operations(&at, report)),
            fetch_media: fetch.and_then(|at| at.boolean(report)),
            trace_context: trace.and_then(|at| at.boolean(report)),
            quirks: quirks::quirks(given, report),
            chat_path: quirks::chat_path(given, report),
            error_codes: quirks::error_codes(given, report),
            catalogue: catalogue::own(given, report),
        }
    }

    /// This layer over `lower`, deadlines aside: those are resolved one by one.
    pub(super) fn over(&self, lower: &Self) -> Self {
        let Self {
            timeouts,
            params,
            headers,
            max_output_tokens,
            stream_usage,
            completions,
            api,
            supports_tools,
            operations,
            fetch_media,
            trace_context,
            quirks,
            chat_path,
            error_codes,
            catalogue,
        } = self;
        let mut all: Vec<Header> = lower.headers.clone();
        all.retain(|below| !headers.iter().any(|header| header.name == below.name));
        all.extend(headers.iter().cloned());
        Self {
            timeouts: timeouts.clone(),
            params: params::over(params, &lower.params),
            headers: all,
            max_output_tokens: max_output_tokens.or(lower.max_output_tokens),
            stream_usage: stream_usage.or(lower.stream_usage),
            completions: completions.or(lower.completions),
            api: api.or(lower.api),
            supports_tools: supports_tools.or(lower.supports_tools),
            operations: operations.clone().or_else(|| lower.operations.clone()),
            fetch_media: fetch_media.or(lower.fetch_media),
            trace_context: trace_context.or(lower.trace_context),
            quirks: quirks.over(lower.quirks),
            chat_path: chat_path.clone().or_else(|| lower.chat_path.clone()),
            error_codes: params::lay(error_codes, &lower.error_codes),
            catalogue: catalogue.over(&lower.catalogue),
        }
    }
}

/// The operations beside chat and its kin that a server speaks.
fn operations(at: &At<'_>, report: &mut Report) -> Vec<Operation> {
    let known = Operation::MEDIA.map(|operation| (operation.as_str(), operation));
    let mut all = Vec::new();
    for (at, _) in at.texts(report) {
        if let Some(operation) = at.one_of("operation", &known, report)
            && !all.contains(&operation)
        {
            all.push(operation);
        }
    }
    all
}

/// Headers that describe the connection or the body, which are not the configuration's to say.
const REFUSED: [&str; 9] = [
    "host",
    "content-length",
    "content-type",
    "transfer-encoding",
    "connection",
    "upgrade",
    "te",
    "accept-encoding",
    "expect",
];

fn headers(at: &At<'_>, report: &mut Report) -> Vec<Header> {
    let mut headers: Vec<Header> = Vec::new();
    for (entry, value) in at.entries(report) {
        let Ok(name) = HeaderName::from_bytes(entry.key.as_bytes()) else {
            value.problem(report, "is not the name of a header");
            continue;
        };
        let name = name.as_str().to_owned();
        if REFUSED.contains(&name.as_str()) {
            value.problem(report, "is a header of the connection, which the gateway sets itself");
            continue;
        }
        if headers.iter().any(|known| known.name == name) {
            value.problem(report, "is given twice: the case of a header's name does not count");
            continue;
        }
        let Some(text) = value.text(report) else { continue };
        if HeaderValue::from_str(text).is_err() {
            value.problem(
                report,
                "is not the value of a header: it has a line end or control character",
            );
            continue;
        }
        headers.push(Header { name, value: Secret::new(text) });
    }
    headers
}

/// Reads `auth`: `bearer`, or the name of the header that takes the bare key.
pub(super) fn auth(given: &mut Section<'_>, report: &mut Report) -> Option<Auth> {
    let at = given.take(&["auth"], report)?;
    let text = at.text(report)?.trim();
    if text.eq_ignore_ascii_case("bearer") {
        return Some(Auth::Bearer);
    }
    // A slip in `bearer` is a legal header name; real ones that are near it do not exist.
    if let Some(hint) = did_you_mean(text, ["bearer"]) {
        at.problem_hint(report, "is neither `bearer` nor a header's name", hint);
        return None;
    }
    match HeaderName::from_bytes(text.as_bytes()) {
        Ok(name) if !REFUSED.contains(&name.as_str()) => {
            Some(Auth::Header(name.as_str().to_owned()))
        }
        Ok(_) | Err(_) => {
            let hint = "write `bearer`, or a name such as `x-api-key`";
            at.problem_hint(report, "is neither `bearer` nor a header's name", hint);
            None
        }
    }
}
