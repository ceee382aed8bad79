//! Where an attempt goes: everything of a deployment that a codec needs, and no secret.

use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, CONTENT_TYPE};
use http::uri::{PathAndQuery, Scheme};
use http::{HeaderValue, Uri};
use tollgate_core_types::JsonText;
use tollgate_core_types::custom::{
    Prefill, ReasoningEcho, ReasoningField, StreamOnly, ThinkingSwitch,
};

use crate::codec::EncodeError;

/// The place that a codec encodes for.
#[derive(Debug, Clone)]
pub struct UpstreamTarget {
    /// Base address without a trailing slash, for example `https://api.openai.com/v1`.
    pub base: Uri,
    /// The model's id at the vendor.
    pub model: String,
    /// Parameters to add, rename and remove.
    pub params: ParamRules,
    /// Whether to ask for usage in streams (`stream_options`); some old servers refuse it.
    pub stream_usage: bool,
    /// Bound of generated tokens where the dialect requires one and the client gave none.
    pub max_output_tokens: u64,
    /// Headers to add to every request, for example a vendor's beta switch. No credentials.
    pub headers: Vec<(http::HeaderName, HeaderValue)>,
    /// Traits of the upstream model and server that the codec must respect.
    pub quirks: Quirks,
}

impl UpstreamTarget {
    /// A model at a base address, without rules, headers or quirks; generated tokens are bounded at
    /// 4096 where the dialect wants a bound and the client gave none.
    #[must_use]
    pub fn new(base: Uri, model: impl Into<String>) -> Self {
        Self {
            base,
            model: model.into(),
            params: ParamRules::default(),
            stream_usage: true,
            max_output_tokens: 4096,
            headers: Vec::new(),
            quirks: Quirks::default(),
        }
    }

    /// A request with a JSON body to `path` (with its leading slash) below the base, with everything
    /// that each request to this target has, and no credential.
    ///
    /// # Errors
    /// As [`Self::uri`].
    pub fn post(&self, path: &str, body: Bytes) -> Result<http::Request<Bytes>, EncodeError> {
        let uri = self.uri(path, None).map_err(|error| EncodeError::Build(error.to_string()))?;
        let mut request = http::Request::new(body);
        *request.method_mut() = http::Method::POST;
        *request.uri_mut() = uri;
        let headers = request.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        for (name, value) in &self.headers {
            headers.insert(name.clone(), value.clone());
        }
        Ok(request)
    }

    /// The address of `path` (with its leading slash) below the base, with an optional query.
    ///
    /// # Errors
    /// When the parts do not make a URI; the base was checked, so only a hostile query can do that.
    pub fn uri(&self, path: &str, query: Option<&str>) -> Result<Uri, http::Error> {
        let prefix = self.base.path().trim_end_matches('/');
        let mut path_and_query = String::with_capacity(prefix.len() + path.len() + 8);
        path_and_query.push_str(prefix);
        path_and_query.push_str(path);
        if let Some(query) = query.filter(|query| !query.is_empty()) {
            path_and_query.push('?');
            path_and_query.push_str(query);
        }
        // Scheme and authority were read once; only the path is new.
        let mut parts = self.base.clone().into_parts();
        parts.scheme.get_or_insert(Scheme::HTTP);
        parts.path_and_query = Some(PathAndQuery::from_maybe_shared(path_and_query)?);
        Ok(Uri::from_parts(parts)?)
    }
}

/// How servers of one dialect differ. All `false` is the dialect's own vendor with an old model.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Quirks {
    /// Send `max_completion_tokens` instead of `max_tokens` (OpenAI reasoning families).
    pub max_completion_tokens: bool,
    /// Send system messages as `developer` (OpenAI reasoning families).
    pub developer_role: bool,
    /// Send developer messages as `system` (servers that do not know the role).
    pub no_developer_role: bool,
    /// The model refuses temperature, top_p and top_k.
    pub no_sampling: bool,
    /// The model takes an effort: adaptive thinking instead of a thinking budget in Anthropic's
    /// dialect, `reasoning_effort` in OpenAI's, where every other model refuses the field.
    pub adaptive_thinking: bool,
    /// The model refuses a forced tool choice.
    pub no_forced_tools: bool,
    /// The model has no native structured output; use a forced tool.
    pub no_native_schema: bool,
    /// Send `max_tokens` instead of `max_completion_tokens`, which the server does not know.
    pub no_max_completion_tokens: bool,
    /// Send text content as one string: the server takes no lists of texts.
    pub plain_content: bool,
    /// Say `any` where OpenAI says `required`.
    pub any_for_required: bool,
    /// Send JSON Schemas without `$schema`, `$id` and `strict`, which the server refuses.
    pub plain_schemas: bool,
    /// Send ids of tool calls as nine letters and digits, the only ones that the server takes.
    pub short_call_ids: bool,
    /// Join neighbouring turns of one role: the server wants user and assistant in alternation.
    pub alternate_turns: bool,
    /// The server takes no tools at all.
    pub no_tools: bool,
    /// The server refuses `stream_options`, or tells usage in streams unasked.
    pub no_stream_options: bool,
    /// The server counts reasoning beside the output instead of within it.
    pub reasoning_beside_output: bool,
    /// Reasoning may stand in `<think>` and `</think>` at the beginning of the text.
    pub inline_thinking: bool,
    /// Vectors come as lists of numbers alone: the server knows no base64.
    pub float_vectors: bool,
    /// Most texts that one request for embeddings may hold; 0 for no bound.
    pub embed_batch: u32,
    /// How the server is told whether to think.
    pub thinking_switch: ThinkingSwitch,
    /// Largest `thinking_budget` that goes with the switch; 0 where it takes none.
    pub thinking_budget: u32,
    /// What becomes of the reasoning of earlier turns.
    pub reasoning_echo: ReasoningEcho,
    /// The field that takes it.
    pub reasoning_field: ReasoningField,
    /// When the server only streams.
    pub stream_only: StreamOnly,
    /// How the beginning of an answer is marked.
    pub prefill: Prefill,
    /// Fields of OpenAI's that the server does not have: not sent when a request is translated.
    pub lacks: &'static [&'static str],
    /// Fields that the server calls otherwise: OpenAI's name and its own.
    pub renames: &'static [(&'static str, &'static str)],
    /// Fields that the server needs beside OpenAI's, with their JSON; the request's own win.
    pub adds: &'static [(&'static str, &'static str)],
}

/// Parameters that configuration adds, renames and removes at the body's top level.
///
/// Applied in this order: defaults (only where the client's body has no such key), remove, rename,
/// set (always).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ParamRules {
    /// Added where the client gave none; the request's own value wins.
    pub defaults: Vec<(String, JsonText)>,
    /// Left out.
    pub remove: Vec<String>,
    /// Sent under another name.
    pub rename: Vec<(String, String)>,
    /// Always sent, whatever the client gave.
    pub set: Vec<(String, JsonText)>,
}

impl ParamRules {
    /// Whether nothing is to be done.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Self { defaults, remove, rename, set } = self;
        defaults.is_empty() && remove.is_empty() && rename.is_empty() && set.is_empty()
    }
}
