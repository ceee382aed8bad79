//! The table from vendors' signals to classes, row by row, through the codecs that the engine uses.

use super::*;
use http::HeaderMap;
use proptest::prelude::*;
use tollgate_core_types::ErrorClass::{
    Auth, Billing, Client, ContentPolicy, ContextWindow, ModelMissing, Overload, Server as Failed,
    Throttle,
};
use tollgate_core_types::{ErrorClass, UpstreamError};
use tollgate_providers_common::{ChatCodec, DecodeError};

/// The chat codec of a vendor as its deployments have it.
fn codec(vendor: &str) -> Arc<dyn ChatCodec> {
    let presets = vendors();
    let preset = presets.iter().find(|preset| preset.name == vendor);
    let chat = preset.map_or(Dialect::OPENAI_CHAT, |preset| preset.chat);
    if chat == Dialect::BEDROCK_CONVERSE {
        return bedrock(vendor, "amazon.nova-lite-v1:0", &Aws::default()).chat().unwrap();
    }
    let server = Server { quirks: quirks(vendor, "any", chat), ..Server::default() };
    provider(vendor, chat, server, Api::Chat).unwrap().chat().unwrap()
}

fn read(vendor: &str, status: u16, body: &str) -> UpstreamError {
    codec(vendor).decode_error(status, &HeaderMap::new(), body.as_bytes())
}

/// OpenAI's envelope.
fn error(message: &str, kind: &str, code: &str) -> String {
    let text = |text: &str| {
        if text.is_empty() { "null".to_owned() } else { serde_json::Value::from(text).to_string() }
    };
    format!(
        r#"{{"error":{{"message":{},"type":{},"param":null,"code":{}}}}}"#,
        text(message),
        text(kind),
        text(code)
    )
}

/// Anthropic's envelope.
fn anthropic(kind: &str, message: &str) -> String {
    let message = serde_json::Value::from(message);
    format!(r#"{{"type":"error","error":{{"type":"{kind}","message":{message}}}}}"#)
}

/// Google's envelope.
fn google(code: u16, status: &str, message: &str) -> String {
    let message = serde_json::Value::from(message);
    format!(r#"{{"error":{{"code":{code},"message":{message},"status":"{status}"}}}}"#)
}

#[test]
fn what_may_succeed_elsewhere_is_tried_elsewhere() {
    for (vendor, status, body, class) in [
        ("openai", 408, error("timeout", "", ""), Failed),
        ("openai", 409, error("try again", "", ""), Overload),
        ("openai", 429, error("Rate limit reached", "requests", "rate_limit_exceeded"), Throttle),
        ("openai", 500, error("oops", "server_error", ""), Failed),
        ("openai", 502, "<html>bad gateway</html>".to_owned(), Failed),
        ("openai", 503, error("overloaded", "server_error", ""), Overload),
        ("openai", 504, String::new(), Failed),
        ("anthropic", 529, anthropic("overloaded_error", "Overloaded"), Overload),
        ("anthropic", 429, anthropic("rate_limit_error", "slow down"), Throttle),
        ("anthropic", 500, anthropic("api_error", "oops"), Failed),
        ("gemini", 429, google(429, "RESOURCE_EXHAUSTED", "Quota exceeded per minute"), Throttle),
        ("gemini", 503, google(503, "UNAVAILABLE", "The model is overloaded."), Overload),
        ("gemini", 500, google(500, "INTERNAL", "oops"), Failed),
        ("qwen", 429, r#"{"code":"Throttling.RateQuota","message":"m"}"#.to_owned(), Throttle),
        ("deepseek", 429, error("Rate limit", "", ""), Throttle),
        ("siliconflow", 429, r#"{"message":"Request was rejected due to rate limiting.","data":null}"#.to_owned(), Throttle),
        ("groq", 498, error("capacity exceeded", "", ""), Overload),
        ("mistral", 429, r#"{"object":"error","message":"Service tier capacity exceeded for this model.","type":"service_tier_capacity_exceeded","code":"3505"}"#.to_owned(), Throttle),
        ("featherless", 429, error("concurrency units", "", ""), Throttle),
    ] {
        assert_eq!(read(vendor, status, &body).class, class, "{vendor} {status} {body}");
    }
}

#[test]
fn a_spent_account_isolates_its_key() {
    for (vendor, status, body) in [
        ("openai", 429, error("You exceeded your current quota", "insufficient_quota", "insufficient_quota")),
        ("anthropic", 402, anthropic("billing_error", "pay")),
        (
            "anthropic",
            400,
            anthropic("invalid_request_error", "You have reached your specified API usage limits."),
        ),
        ("anthropic", 429, r#"{"type":"error","error":{"type":"rate_limit_error","message":"limit","details":{"error_code":"enforced_spend_limit_reached"}}}"#.to_owned()),
        ("deepseek", 402, error("Insufficient Balance", "unknown_error", "invalid_request_error")),
        ("openrouter", 402, r#"{"error":{"code":402,"message":"Insufficient credits"}}"#.to_owned()),
        ("qwen", 400, r#"{"code":"Arrearage","message":"overdue"}"#.to_owned()),
        ("siliconflow", 403, r#"{"message":"Sorry, your account balance is insufficient"}"#.to_owned()),
        ("zhipu", 429, r#"{"error":{"code":"1113","message":"m"}}"#.to_owned()),
    ] {
        assert_eq!(read(vendor, status, &body).class, Billing, "{vendor} {status} {body}");
    }
}

#[test]
fn a_wrong_key_and_a_missing_model_are_told_apart() {
    for (vendor, status, body, class) in [
        ("openai", 401, error("Incorrect API key", "", "invalid_api_key"), Auth),
        ("openai", 403, error("no", "", ""), Auth),
        (
            "gemini",
            400,
            r#"{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID"}]}}"#.to_owned(),
            Auth,
        ),
        ("qwen", 401, r#"{"code":"InvalidApiKey","message":"m"}"#.to_owned(), Auth),
        ("siliconflow", 401, r#""Invalid token""#.to_owned(), Auth),
        ("openai", 404, error("The model `x` does not exist", "", "model_not_found"), ModelMissing),
        (
            "azure-like",
            404,
            error("The API deployment for this resource does not exist", "", "DeploymentNotFound"),
            ModelMissing,
        ),
        ("qwen", 404, r#"{"code":"Model.NotExist","message":"m"}"#.to_owned(), ModelMissing),
        (
            "siliconflow",
            400,
            r#"{"code":20012,"message":"Model does not exist","data":null}"#.to_owned(),
            ModelMissing,
        ),
        (
            "ollama",
            404,
            r#"{"error":"model 'x' not found, try pulling it first"}"#.to_owned(),
            ModelMissing,
        ),
        ("anthropic", 404, anthropic("not_found_error", "model: claude-x"), ModelMissing),
    ] {
        assert_eq!(read(vendor, status, &body).class, class, "{vendor} {status} {body}");
    }
}

/// What servers say of a prompt that does not fit: every phrase of the bank, as one of them says it.
const TOO_LONG: &[(&str, u16, &str)] = &[
    ("openai", 400, "This model's maximum context length is 8192 tokens."),
    ("openai", 400, "context_length_exceeded"),
    ("openai", 400, "Your input exceeds the context window of this model."),
    ("openai", 400, "Input tokens exceed the configured limit of 272000 tokens."),
    ("anthropic", 400, "prompt is too long: 210000 tokens > 200000 maximum"),
    (
        "anthropic",
        400,
        "input length and `max_tokens` exceed context limit: 200000 + 8192 > 200000",
    ),
    (
        "vllm",
        400,
        "This model's maximum context length is 2048 tokens. However, you requested 4096 tokens",
    ),
    ("cohere", 400, "too many tokens: total number of tokens in the prompt cannot exceed 4081"),
    ("cohere", 400, "too many input tokens"),
    (
        "gemini",
        400,
        "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
    ),
    (
        "llamacpp",
        400,
        "the request exceeds the available context size. try increasing the context size",
    ),
    ("qwen", 400, "Range of input length should be [1, 30720]"),
    (
        "cerebras",
        400,
        "Please reduce the length of the messages or completion. Current length is 9000 while limit is 8192",
    ),
    (
        "sglang",
        400,
        "The input (5000 tokens) is longer than the model's context length (4096 tokens).",
    ),
    (
        "tgi",
        422,
        "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000",
    ),
    (
        "lmstudio",
        400,
        "The number of tokens to keep from the initial prompt is greater than the context length",
    ),
    ("bedrock", 400, "Input is too long for requested model."),
    ("deepseek", 400, "This model's maximum context length is 131072 tokens."),
];

#[test]
fn a_prompt_that_does_not_fit_is_known_by_every_phrase() {
    for (vendor, status, message) in TOO_LONG {
        let body = match *vendor {
            "anthropic" => anthropic("invalid_request_error", message),
            "gemini" => google(400, "INVALID_ARGUMENT", message),
            "bedrock" => format!(
                r#"{{"message":{},"__type":"ValidationException"}}"#,
                serde_json::Value::from(*message)
            ),
            _ => error(message, "invalid_request_error", ""),
        };
        assert_eq!(read(vendor, *status, &body).class, ContextWindow, "{vendor} {message}");
    }
    for (code, message) in [
        (
            "string_above_max_length",
            "Invalid 'user': string too long. Expected maximum length 64; too many tokens",
        ),
        ("", "Invalid 'user': string exceeds the maximum number of tokens"),
        ("", "temperature is out of range"),
    ] {
        let body = error(message, "invalid_request_error", code);
        assert_eq!(read("openai", 400, &body).class, Client, "{message}");
    }
}

#[test]
fn filtered_content_is_told_from_a_wrong_request() {
    for (vendor, status, body) in [
        ("openai", 400, error("no", "", "content_policy_violation")),
        ("openai", 400, error("The response was filtered", "", "content_filter")),
        (
            "openai",
            400,
            error("Your request was rejected as a result of our safety system.", "", ""),
        ),
        (
            "openai",
            400,
            error(
                "Invalid prompt: your prompt was flagged as violating our usage policy.",
                "",
                "invalid_prompt",
            ),
        ),
        (
            "anthropic",
            400,
            anthropic("invalid_request_error", "Output blocked by content filtering policy"),
        ),
        ("qwen", 400, r#"{"code":"DataInspectionFailed","message":"m"}"#.to_owned()),
        (
            "deepseek",
            400,
            error("Content Exists Risk", "invalid_request_error", "invalid_request_error"),
        ),
        ("zhipu", 400, r#"{"error":{"code":"1301","message":"m"}}"#.to_owned()),
    ] {
        assert_eq!(read(vendor, status, &body).class, ContentPolicy, "{vendor} {status} {body}");
    }
    for status in [400, 404, 405, 413, 415, 422] {
        let body = error("wrong", "invalid_request_error", "");
        assert_eq!(read("openai", status, &body).class, Client, "{status}");
    }
}

#[test]
fn amazons_failures_are_told_by_their_type() {
    for (status, kind, message, class) in [
        (429, "ThrottlingException", "slow", Throttle),
        (429, "ModelNotReadyException", "warming", Overload),
        (408, "ModelTimeoutException", "late", ErrorClass::FirstTokenTimeout),
        (424, "ModelStreamErrorException", "oops", Failed),
        (424, "ModelErrorException", "oops", Failed),
        (503, "ServiceUnavailableException", "busy", Overload),
        (403, "AccessDeniedException", "not authorized to perform", Auth),
        (400, "ValidationException", "The provided model identifier is invalid.", ModelMissing),
        (400, "ValidationException", "Input is too long for requested model.", ContextWindow),
        (400, "ValidationException", "temperature is wrong", Client),
    ] {
        let mut headers = HeaderMap::new();
        headers.insert("x-amzn-errortype", kind.parse().unwrap());
        let body = format!(r#"{{"message":"{message}"}}"#);
        let error = codec("bedrock").decode_error(status, &headers, body.as_bytes());
        assert_eq!(error.class, class, "{status} {kind} {message}");
    }
}

#[test]
fn filters_and_overlong_prompts_are_told_by_whole_answers_too() {
    use tollgate_core_types::reply::FinishReason as R;
    let anthropic = |stop: &str| {
        format!(
            r#"{{"id":"m","type":"message","role":"assistant","model":"c","content":[],"stop_reason":"{stop}","usage":{{"input_tokens":1,"output_tokens":1}}}}"#
        )
    };
    let amazon = |stop: &str| {
        format!(
            r#"{{"output":{{"message":{{"role":"assistant","content":[{{"text":"n"}}]}}}},"stopReason":"{stop}","usage":{{"inputTokens":1,"outputTokens":1,"totalTokens":2}}}}"#
        )
    };
    let openai = |finish: &str| {
        format!(
            r#"{{"choices":[{{"index":0,"message":{{"content":"n"}},"finish_reason":"{finish}"}}]}}"#
        )
    };
    for (vendor, body, reason) in [
        ("anthropic", anthropic("refusal"), R::ContentFilter),
        ("anthropic", anthropic("model_context_window_exceeded"), R::ContextWindow),
        ("bedrock", amazon("guardrail_intervened"), R::ContentFilter),
        ("bedrock", amazon("content_filtered"), R::ContentFilter),
        ("bedrock", amazon("model_context_window_exceeded"), R::ContextWindow),
        (
            "gemini",
            r#"{"candidates":[{"content":{"parts":[]},"finishReason":"SAFETY"}]}"#.to_owned(),
            R::ContentFilter,
        ),
        ("openai", openai("content_filter"), R::ContentFilter),
        ("zhipu", openai("sensitive"), R::ContentFilter),
    ] {
        let reply = codec(vendor).decode(body.as_bytes()).unwrap();
        assert_eq!(reply.finish.reason, reason, "{vendor} {body}");
        let account = codec(vendor).account(body.as_bytes()).unwrap();
        assert_eq!(account.finish.map(|finish| finish.reason), Some(reason), "{vendor} {body}");
    }
    let blocked = codec("gemini").decode(br#"{"promptFeedback":{"blockReason":"SAFETY"}}"#);
    let Err(DecodeError::Upstream(error)) = blocked else { panic!("a blocked prompt") };
    assert_eq!(error.class, ContentPolicy);
    for (vendor, finish, class) in
        [("deepseek", "insufficient_system_resource", Overload), ("zai", "network_error", Failed)]
    {
        let Err(DecodeError::Upstream(error)) = codec(vendor).decode(openai(finish).as_bytes())
        else {
            panic!("{vendor} {finish}")
        };
        assert_eq!(error.class, class, "{vendor} {finish}");
    }
}

#[test]
fn the_pause_that_a_vendor_asks_for_is_read_wherever_it_stands() {
    let seconds =
        |vendor: &str, status: u16, headers: &[(&'static str, &'static str)], body: &str| {
            let headers = headers.iter().map(|(name, value)| {
                (http::HeaderName::from_static(name), http::HeaderValue::from_static(value))
            });
            let headers: HeaderMap = headers.collect();
            let error = codec(vendor).decode_error(status, &headers, body.as_bytes());
            error.retry_after.map(|pause| pause.as_secs())
        };
    let busy = error("slow", "requests", "rate_limit_exceeded");
    let spent = [("x-ratelimit-remaining-requests", "0"), ("x-ratelimit-reset-requests", "6m0s")];
    let retry_info = r#"{"error":{"code":429,"message":"m","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"34s"}]}}"#;
    for (vendor, headers, body, pause) in [
        ("openai", vec![("retry-after", "20")], busy.as_str(), Some(20)),
        ("openai", vec![("retry-after-ms", "3000"), ("retry-after", "20")], busy.as_str(), Some(3)),
        ("groq", spent.to_vec(), busy.as_str(), Some(360)),
        ("qwen", vec![("retry-after", "9")], r#"{"code":"Throttling","message":"m"}"#, Some(9)),
        ("gemini", Vec::new(), retry_info, Some(34)),
        ("openai", Vec::new(), busy.as_str(), None),
    ] {
        assert_eq!(seconds(vendor, 429, &headers, body), pause, "{vendor} {headers:?}");
    }
}

/// Vendors of every way of reading errors.
const VENDORS: &[&str] = &[
    "openai",
    "anthropic",
    "gemini",
    "bedrock",
    "qwen",
    "deepseek",
    "siliconflow",
    "zhipu",
    "minimax",
    "openrouter",
    "ollama",
    "my-own",
];

proptest! {
    /// Any status and any bytes make an error of a class that the table knows, and never one that
    /// only the gateway itself can find out.
    #[test]
    fn any_bytes_classify(
        which in 0..VENDORS.len(),
        status in 0_u16..1000,
        bytes in proptest::collection::vec(any::<u8>(), 0..64),
    ) {
        let codec = codec(VENDORS[which]);
        let error = codec.decode_error(status, &HeaderMap::new(), &bytes);
        prop_assert!(ErrorClass::ALL.contains(&error.class));
        prop_assert!(!matches!(
            error.class,
            ErrorClass::Connect | ErrorClass::Deadline | ErrorClass::Cancelled | ErrorClass::Stopping
        ));
        prop_assert!(!error.message.is_empty());
        // Neither way of reading an answer takes the same bytes for more than they are.
        let _ = codec.account(&bytes);
        let _ = codec.decode(&bytes);
    }

    /// As above, of JSON with the words that tables look for.
    #[test]
    fn any_envelope_classifies(
        which in 0..VENDORS.len(),
        status in 0_u16..1000,
        key in "error|message|code|detail|errors|base_resp|type|status_code",
        value in r#""[a-z ._]{0,12}"|[0-9]{1,5}|null|\[\]|\{"message":"[a-z ]{0,9}","code":"[A-Za-z.]{0,12}"\}"#,
    ) {
        let body = format!(r#"{{"{key}":{value}}}"#);
        let error = read(VENDORS[which], status, &body);
        prop_assert!(!error.message.is_empty());
        prop_assert!(ErrorClass::ALL.contains(&error.class));
    }
}

#[test]
fn both_apis_are_spoken_at_openai_itself_and_elsewhere_where_it_is_said() {
    use tollgate_config::Api as Said;
    for (said, vendor, base, spoken) in [
        (None, "openai", "https://api.openai.com/v1", Api::Both),
        (None, "openai", "https://eu.api.openai.com/v1", Api::Both),
        (None, "openai", "https://proxy.example.com/v1", Api::Chat),
        (None, "openai", "https://evil-api.openai.com.example/v1", Api::Chat),
        (None, "mine", "https://api.openai.com/v1", Api::Chat),
        (Some(Said::Auto), "mine", "http://localhost:1/v1", Api::Both),
        (Some(Said::Responses), "openai", "https://api.openai.com/v1", Api::Responses),
        (Some(Said::Chat), "openai", "https://api.openai.com/v1", Api::Chat),
    ] {
        let base = Uri::from_static(base);
        assert_eq!(api(said, vendor, &base), spoken, "{vendor} {base}");
    }
}
