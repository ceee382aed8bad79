//! The tables: one per map of a configuration, in the order of the reference.
//!
//! A key's doc comment is what the reference and an editor say of it; names after `|` are what users
//! of other systems write for it. Whoever adds a key to the reader adds it here.

use super::{Default, Key, Shape, Table};
use crate::check::CLASS_WORDS;
use crate::duration::{say_duration, say_size};
use crate::types;

/// One line per key: names, shape, and perhaps a default, `= value` or `~ "words"`.
macro_rules! table {
    (
        $(#[doc = $about:literal])+
        $vis:vis $table:ident {
            $( $(#[doc = $doc:literal])+ $($name:ident)|+ : $shape:expr $(, = $default:expr)? $(, ~ $words:literal)? ; )*
        }
    ) => {
        $(#[doc = $about])+
        $vis fn $table() -> Table {
            Table {
                about: concat!($($about),+).trim().to_owned(),
                keys: vec![$(Key {
                    names: &[$(stringify!($name)),+],
                    about: concat!($($doc),+).trim().to_owned(),
                    shape: $shape,
                    default: default(&[$($default.to_string())?], &[$($words)?]),
                }),*],
            }
        }
    };
}

mod catalogue;
mod places;
mod quirks;

use catalogue::{capabilities, larger, prices, rates};
use places::{aws, azure, google};
use quirks::quirks;

fn default(value: &[String], words: &[&'static str]) -> Default {
    match (value.first(), words.first()) {
        (Some(value), _) => Default::Value(value.clone()),
        (None, Some(words)) => Default::Words(words),
        (None, None) => Default::None,
    }
}

/// A table and a name for it.
type NamedTable = (&'static str, fn() -> Table);

/// The tables of the reference, by the names of their marks.
pub(super) const TOLD: &[NamedTable] = &[
    ("server", server),
    ("telemetry", telemetry),
    ("media", media),
    ("defaults", defaults),
    ("models", model),
    ("deployments", deployment_own),
    ("shared", traits),
    ("capabilities", capabilities),
    ("prices", prices),
    ("keys", key),
    ("mock", mock),
    ("aws", aws),
    ("azure", azure),
    ("providers", provider),
];

/// The tables that stand in several places, by their names in the schema.
pub(super) const SHARED: &[NamedTable] = &[
    ("model", model_all),
    ("deployment", deployment_all),
    ("provider", provider_all),
    ("timeouts", timeouts),
    ("retries", retries),
    ("breaker", breaker),
    ("queue", queue),
    ("limits", limits),
    ("params", params),
    ("quirks", quirks),
    ("capabilities", capabilities),
    ("prices", prices),
    ("rates", rates),
    ("larger", larger),
    ("mock", mock),
    ("aws", aws),
    ("azure", azure),
    ("key", key),
];

/// Largest number of what is counted in 32 bits.
pub(super) const MANY: u64 = u32::MAX as u64;

table! {
    /// A configuration of Tollgate.
    pub(super) root {
        /// The listeners and what they bear.
        server: Shape::See(server);
        /// Logs, metrics, traces.
        telemetry: Shape::See(telemetry);
        /// How pictures and documents are fetched that requests point to.
        media: Shape::See(media);
        /// What holds for every model that says nothing else.
        defaults: Shape::See(defaults);
        /// Vendors of your own, and changes to known ones.
        providers: Shape::Either(vec![Shape::Each(provider_all), Shape::ForeignList]);
        /// Model groups by the name that clients send.
        models | model_list: Shape::Either(vec![Shape::Each(model_all), Shape::ForeignList]);
        /// A file with what models take and cost, over what is known of them.
        catalogue: Shape::Text, ~ "none";
        /// A broker's section, understood as `defaults`.
        proxy: Shape::Foreign;
    }
}

table! {
    /// The listeners and what they bear.
    pub(super) server {
        /// where clients connect; `0.0.0.0:8000` for every network. `host` and `port` do as well
        listen: Shape::Address, = types::Server::default().listen;
        /// the address part of `listen` alone
        host: Shape::Text, ~ "of `listen`";
        /// the port part of `listen` alone
        port: Shape::Whole(0, 65_535), ~ "of `listen`";
        /// where metrics and health answer; `off` for none
        ops_listen: Shape::AddressOrOff, = types::Server::default().ops_listen.map_or("off".to_owned(), |at| at.to_string());
        /// largest request body
        body_limit: Shape::Size, = say_size(types::Server::default().body_limit as u64);
        /// the same for single routes
        body_limits: Shape::Table(body_limits);
        /// what the bodies of all requests may hold together; a request that finds no room gets a 503
        /// with `retry-after`
        body_memory: Shape::Size, = say_size(types::Server::default().body_memory as u64);
        /// how much of a form with files is held: up to there `model` must have come, and up to there
        /// it can be sent again elsewhere. What comes after is passed on and not held; at least 64KiB
        upload_hold: Shape::Size, = say_size(types::Server::default().upload_hold as u64);
        /// for a client to send a request's head, from its first byte; for the first one from the
        /// connection's beginning
        header_timeout: Shape::Duration, = say_duration(types::Server::default().header_timeout);
        /// for a client to send a request's body; of a form with files, for its next bytes
        body_timeout: Shape::Duration, = say_duration(types::Server::default().body_timeout);
        /// how long an idle connection is kept
        keep_alive: Shape::Duration, = say_duration(types::Server::default().keep_alive);
        /// how old a connection gets before the answer to its next request closes it, so that clients
        /// spread over instances anew
        max_connection_age: Shape::Duration, = say_duration(types::Server::default().max_connection_age);
        /// connections at once; further ones wait
        max_connections: Shape::Whole(1, MANY), = types::Server::default().max_connections;
        /// requests at once; further ones get a 503 with `retry-after`
        max_requests: Shape::Whole(1, MANY), = types::Server::default().max_requests;
        /// how long requests are still taken after SIGTERM, while `/health/ready` already says no: as
        /// long as load balancers need to notice, `5s` in Kubernetes. An interrupt (Ctrl-C) does not
        /// wait
        pre_stop: Shape::Duration, = say_duration(types::Server::default().pre_stop);
        /// how long running requests may go on after that. Then streams end with an error event and
        /// other requests with a 503. `terminationGracePeriodSeconds` must be more than `pre_stop` and
        /// `drain` together, by 10 s
        drain: Shape::Duration, = say_duration(types::Server::default().drain);
        /// a broker's name for `telemetry.level`
        log_level: Shape::Text, ~ "of `telemetry`";
    }
}

table! {
    /// Largest bodies of single routes.
    body_limits {
        /// chat completions, Responses, messages, text completions and `/llm`
        chat: Shape::Size, ~ "`body_limit`";
        /// embeddings
        embeddings: Shape::Size, ~ "`body_limit`";
        /// counting tokens
        count_tokens: Shape::Size, ~ "`body_limit`";
        /// forms with files, which are passed on as they come and cost no memory beyond `upload_hold`
        uploads: Shape::Size, ~ "`512MiB`";
    }
}

table! {
    /// Logs, metrics, traces.
    pub(super) telemetry {
        /// `text`, `json`, or `auto`: text on a terminal, else JSON
        log: Shape::Choice(&["auto", "text", "json"]), = "auto";
        /// `off`, `error`, `warn`, `info`, `debug`, `trace`, or a list such as `info,tollgate=debug`
        level: Shape::Text, = types::Telemetry::default().level;
        /// whether `/metrics` answers on the ops listener; the probes do in any case
        prometheus: Shape::Bool, = types::Telemetry::default().prometheus;
        /// where spans are sent; nothing is sent without it
        otlp: Shape::Table(otlp);
    }
}

table! {
    /// An OpenTelemetry collector.
    otlp {
        /// the collector's address, for example `http://localhost:4317`; nothing is sent without it
        endpoint: Shape::Url, ~ "none";
        /// `grpc` (4317) or `http` (4318)
        protocol: Shape::Choice(&["grpc", "http", "http/protobuf"]), ~ "by the port";
    }
}

table! {
    /// What holds for every model that says nothing else.
    pub(super) defaults {
        /// serves requests that name none; `false`: such requests are refused
        model: Shape::TextOrFalse, ~ "the first";
        /// how a deployment is chosen among those of the lowest `priority` that can serve
        strategy | load_balance_strategy: STRATEGY, = types::Defaults::default().strategy.as_str();
        /// the whole request, all attempts together; the same as `timeouts.total`
        timeout: Shape::Duration, = say_duration(types::Timeouts::default().total);
        /// deadlines, one by one
        timeouts: Shape::Table(timeouts);
        /// how often and how soon a request is tried again; a plain number is that of retries after
        /// the first attempt
        retries | max_retries: Shape::Either(vec![Shape::Whole(0, 9), Shape::Table(retries)]);
        /// when a deployment that fails is taken out, and for how long
        breaker: Shape::Table(breaker);
        /// how requests wait where every deployment that could serve is full or pauses
        queue: Shape::Table(queue);
        /// whether `default_params` and `params.set` are added to requests
        inject_params: Shape::Bool, = types::Defaults::default().inject_params;
        /// a log line per request
        log_requests: Shape::Bool, = types::Defaults::default().log_requests;
        /// refuse a field that the vendor cannot express, instead of dropping it with a notice
        strict_params: Shape::Bool, = types::Defaults::default().strict_params;
        /// fetch pictures and documents that requests point to, for vendors that fetch none themselves;
        /// otherwise such a request is refused. See `media`
        fetch_media: Shape::Bool, = types::Defaults::default().fetch_media;
    }
}

table! {
    /// Bounds on what `fetch_media` fetches. Private, link-local and metadata addresses are never
    /// connected to, whatever a name resolves to or a redirect says.
    pub(super) media {
        /// one picture or document, redirects included
        timeout: Shape::Duration, = say_duration(types::Media::default().timeout);
        /// largest picture or document
        limit: Shape::Size, = say_size(types::Media::default().limit as u64);
        /// pictures and documents in one request
        count: Shape::Whole(1, 100), = types::Media::default().count;
        /// ports beside 80 and 443
        ports: Shape::Texts, ~ "none";
        /// networks that may be fetched from although they are private: `10.1.0.0/16`
        networks: Shape::Texts, ~ "none";
    }
}

/// The names of [`types::Strategy`].
const STRATEGY: Shape = Shape::Choice(&[
    "round_robin",
    "random",
    "first_available",
    "least_busy",
    "adaptive",
    "usage",
    "latency",
    "cost",
]);

table! {
    /// Deadlines.
    timeouts {
        /// DNS, TCP and TLS, per attempt
        connect: Shape::Duration, = say_duration(types::Timeouts::default().connect);
        /// until the first content of a streamed answer, per attempt
        first_token: Shape::Duration, = say_duration(types::Timeouts::default().first_token);
        /// until all of an answer that is not streamed, per attempt
        whole: Shape::Duration, ~ "`first_token` where that is configured, else the total";
        /// between two pieces of a streamed answer
        idle: Shape::Duration, = say_duration(types::Timeouts::default().idle);
        /// the whole request, all attempts together
        total: Shape::Duration, = say_duration(types::Timeouts::default().total);
    }
}

table! {
    /// How often and how soon a request is tried again.
    retries {
        /// attempts of one request in total, over retries, failover and fallbacks
        max_attempts: Shape::Whole(1, 10), = types::Retries::default().max_attempts;
        /// first pause of the full-jitter backoff, of which each pause is a random part
        base | base_delay: Shape::Duration, = say_duration(types::Retries::default().base);
        /// longest pause
        cap | max_delay: Shape::Duration, = say_duration(types::Retries::default().cap);
        /// retries per request on average; more are refused
        budget: Shape::Ratio, = types::Retries::default().budget;
    }
}

table! {
    /// When a deployment that fails is taken out. It returns when a request that tries it succeeds.
    breaker {
        /// failures in a row that open it; three to connect do as well, and so does a bad ratio
        failures: Shape::Whole(1, 1000), = types::Breaker::default().failures;
        /// how long it stays open at first, more or less a fifth; each further time twice as long
        open: Shape::Duration, = say_duration(types::Breaker::default().open);
        /// the longest that it stays open, up to `5m`
        max_open: Shape::Duration, = say_duration(types::Breaker::default().max_open);
        /// what is done when the breakers of all deployments are open: let a request through now and
        /// then (`probe`), ignore them (`all`), or refuse (`none`)
        panic: Shape::Choice(&["probe", "all", "none"]), = types::Breaker::default().panic.as_str();
    }
}

table! {
    /// How requests wait where every deployment that could serve is full or pauses.
    queue {
        /// requests of a model that may wait at a time; 0 refuses them at once
        max: Shape::Whole(0, 100_000), = types::Queue::default().max;
        /// the longest wait of one request
        timeout: Shape::Duration, = say_duration(types::Queue::default().timeout);
    }
}

table! {
    /// A model group.
    pub(super) model {
        /// further names for the group
        aliases: Shape::Texts, ~ "none";
        /// `false` switches the model off
        enabled: Shape::Bool, = true;
        /// share of the model where requests choose among all models
        weight: Shape::Positive, = "1";
        /// places that can serve it; or their keys here, for a single one
        deployments: Shape::List(deployment_all);
        /// other groups, tried in order when this one cannot serve; a plain list means `any`
        fallbacks: Shape::Either(vec![Shape::Texts, Shape::Table(fallbacks)]);
        /// see `defaults`
        strategy | load_balance_strategy: STRATEGY, ~ "of `defaults`";
        /// see `defaults`
        retries | max_retries: Shape::Either(vec![Shape::Whole(0, 9), Shape::See(retries)]), ~ "of `defaults`";
        /// see `defaults`
        breaker: Shape::See(breaker), ~ "of `defaults`";
        /// see `defaults`
        queue: Shape::See(queue), ~ "of `defaults`";
        /// see `defaults`
        inject_params: Shape::Bool, ~ "of `defaults`";
        /// see `defaults`
        strict_params: Shape::Bool, ~ "of `defaults`";
        /// LiteLLM's, understood as `provider`, `model`, `limits` and parameters
        litellm_params: Shape::Foreign;
    }
}

table! {
    /// Where requests go that a group cannot serve.
    fallbacks {
        /// for any other reason
        any: Shape::Texts, ~ "none";
        /// when the request is too large for this group
        context_window: Shape::Texts, ~ "none";
        /// when the vendor refuses the content
        content_policy: Shape::Texts, ~ "none";
    }
}

table! {
    /// One place that can serve a model.
    pub(super) deployment {
        /// a known vendor, `mock`, or one of `providers`
        provider: Shape::Text, ~ "required";
        /// its name at the vendor
        model | model_name | upstream_model: Shape::Text, ~ "the alias";
        /// the model behind a name that does not say it, such as `gpt-4o` or `openai/gpt-4o`; decides
        /// what is known of it. `azure` and `aws` have a word of their own, which decides the dialect too
        base_model: Shape::Text, ~ "`model`";
        /// its address, with or without `/v1`
        api_base | base_url | api_url: Shape::Url, ~ "the vendor's";
        /// one deployment per key: a key, several with commas, or `{key, weight, id}`
        api_keys | api_key | keys: Shape::Keys, ~ "see above";
        /// `bearer`, or the name of a header for the bare key
        auth: Shape::Text, ~ "the dialect's";
        /// its name in headers, metrics and status; `/k<m>` is added where there are several keys
        id: Shape::Text, ~ "`<model>/<provider>/<n>`";
        /// lower is tried first; equal ones share the load
        priority: Shape::Whole(0, 1000), = 0;
        /// what it bears, for each key
        limits: Shape::Table(limits);
        /// a pool's name for `limits.qps`
        max_qps: Shape::Positive, ~ "none";
        /// a pool's name for `limits.concurrency`
        max_concurrency: Shape::Whole(1, MANY), ~ "none";
        /// how the mock behaves; for `provider: mock`
        mock: Shape::See(mock);
        /// region, keys and guardrail of Amazon Bedrock
        aws: Shape::See(aws);
        /// resource, API version, model and identity at Azure
        azure: Shape::See(azure);
        /// as `azure.api_version`; elsewhere ignored with a warning
        api_version: Shape::Either(vec![Shape::Text, Shape::Number]), ~ "none";
    }
}

table! {
    /// What a deployment has of its own where a model lists several.
    pub(super) listed {
        /// its share of the load, times the key's weight
        weight: Shape::Positive, = "1";
        /// `false` switches the deployment off
        enabled: Shape::Bool, = true;
        /// LiteLLM's, understood as `provider`, `model`, `limits` and parameters
        litellm_params: Shape::Foreign;
    }
}

table! {
    /// What a deployment bears, for each key.
    limits {
        /// requests per minute, for each key
        rpm: Shape::Whole(1, MANY), ~ "none";
        /// tokens per minute, for each key: a request reserves what it will probably take and settles
        /// what it took; more than was reserved delays the next ones
        tpm: Shape::Whole(1, 1_000_000_000_000), ~ "none";
        /// requests per second, for each key; may be a fraction: `0.5` is one every two seconds.
        /// Those of one second, at least one, may come at once
        qps | max_qps: Shape::Positive, ~ "none";
        /// requests at once, for each key
        concurrency | max_concurrency: Shape::Whole(1, MANY), ~ "none";
        /// the bound of requests at once finds itself: it grows with success and shrinks where the
        /// vendor throttles or fails; `concurrency`, else 1000, is its ceiling
        adaptive_concurrency: Shape::Bool, ~ "`false`";
    }
}

table! {
    /// What a provider, a model and a deployment may all say; the nearest word wins.
    pub(super) traits {
        /// see `defaults`
        timeout: Shape::Duration, ~ "of `defaults`";
        /// see `defaults`
        timeouts: Shape::See(timeouts), ~ "of `defaults`";
        /// parameters added where the client gave none
        default_params: Shape::Values, ~ "none";
        /// a parameter of `default_params` that may stand beside it
        temperature: Shape::Number, ~ "none";
        /// a parameter of `default_params` that may stand beside it
        max_tokens: Shape::Number, ~ "none";
        /// a parameter of `default_params` that may stand beside it
        max_completion_tokens: Shape::Number, ~ "none";
        /// a parameter of `default_params` that may stand beside it
        top_p: Shape::Number, ~ "none";
        /// rules on parameters
        params: Shape::Table(params);
        /// headers added to every request
        headers: Shape::Named, ~ "none";
        /// bound of generated tokens where the dialect needs one and the client gave none
        max_output_tokens: Shape::Whole(1, MANY), ~ "the dialect's";
        /// whether to ask for usage in streams
        stream_usage: Shape::Bool, ~ "the vendor's custom";
        /// `native`, or `chat`: serve `/v1/completions` through chat
        completions: Shape::Choice(&["native", "chat"]), ~ "the vendor's custom";
        /// which of OpenAI's APIs the server speaks: `chat`, `responses`, or `auto`: both, where
        /// what a model takes at Responses alone (tools beside reasoning) goes there
        api: Shape::Choice(&["chat", "responses", "auto"]), ~ "`auto` at OpenAI's own address, else `chat`";
        /// `false` keeps requests with tools away
        supports_tools: Shape::Bool, ~ "the vendor's custom";
        /// what it speaks beside chat and its kin: a list of `images`, `transcription`, `speech`,
        /// `moderation` and `rerank`. A server of your own is taken to speak all of them
        operations: Shape::Texts, ~ "what its vendor speaks";
        /// whether pictures and documents that requests point to are fetched for it, where it fetches
        /// none itself
        fetch_media: Shape::Bool, ~ "of `defaults`";
        /// whether the W3C headers `traceparent` and `tracestate` are sent to it: for servers of your
        /// own, which may know what belongs together
        trace_context: Shape::Bool, ~ "`false`";
        /// traits of the server that Tollgate does not know
        quirks: Shape::Table(quirks);
        /// where chat stands below the base address, at a server of OpenAI's dialect
        chat_path: Shape::Text, ~ "`/chat/completions`";
        /// what codes of the server's own mean, at one of OpenAI's dialect: `client`, `context_window`,
        /// `content_policy`, `auth`, `billing`, `model_missing`, `throttle`, `overload` or `server`
        error_codes: Shape::NamedChoice(&CLASS_WORDS), ~ "the vendor's";
        /// what the model takes, where the catalogue does not know it or is wrong
        capabilities: Shape::See(capabilities);
        /// what the model's tokens cost; any rate here stands in place of all that are known
        prices: Shape::See(prices);
    }
}

table! {
    /// Rules on parameters at the top level of a request.
    params {
        /// parameters sent under another name
        rename: Shape::Named, ~ "none";
        /// parameters left out
        remove: Shape::Texts, ~ "none";
        /// parameters always sent
        set | extra: Shape::Values, ~ "none";
    }
}

table! {
    /// How the mock behaves.
    pub(super) mock {
        /// time before the first byte
        latency: Shape::Duration, = say_duration(types::MockOptions::default().latency);
        /// time between two pieces of a streamed answer
        token_delay: Shape::Duration, = say_duration(types::MockOptions::default().token_delay);
        /// every how many requests one fails
        fail_every: Shape::Whole(1, 1_000_000), ~ "never";
        /// status of a failure
        fail_status: Shape::Whole(400, 599), = types::MockOptions::default().fail_status;
    }
}

table! {
    /// A vendor of your own, or changes to a known one.
    pub(super) provider {
        /// `openai`, `anthropic`, `gemini`, `bedrock` or `azure`; required unless the vendor is a known one
        dialect: Shape::Choice(DIALECTS), ~ "the vendor's";
        /// for every deployment that says nothing else
        api_base | base_url | api_url: Shape::Url, ~ "the vendor's";
        /// for every deployment that says nothing else
        api_keys | api_key | keys: Shape::Keys, ~ "none";
        /// for every deployment that says nothing else
        auth: Shape::Text, ~ "the dialect's";
        /// a place at Vertex AI, which needs no other address
        google: Shape::Table(google);
        /// for every deployment that says nothing else, key by key
        aws: Shape::See(aws);
        /// for every deployment that says nothing else, key by key; makes the vendor Azure
        azure: Shape::See(azure);
    }
}

/// The names of dialects.
const DIALECTS: &[&str] = &[
    "openai",
    "anthropic",
    "gemini",
    "openai.chat",
    "anthropic.messages",
    "gemini.generate_content",
    "bedrock",
    "bedrock.converse",
    "azure",
];

table! {
    /// A key with a weight and a name.
    pub(super) key {
        /// the key itself, as a reference such as `${VAR}` or `file:/path`
        key | api_key: Shape::Secret, ~ "required";
        /// its share of the deployment's load
        weight: Shape::Positive, = "1";
        /// its name in logs, metrics and status
        id: Shape::Text, ~ "`<provider>-<n>`";
    }
}

/// Everything that may stand at a model: it may be its own only deployment.
fn model_all() -> Table {
    model().and(traits()).and(deployment())
}

/// Everything that may stand at an entry of `deployments`.
fn deployment_all() -> Table {
    deployment().and(listed()).and(traits())
}

/// What the reference tells of a deployment, its shared keys aside.
fn deployment_own() -> Table {
    deployment().and(listed())
}

/// Everything that may stand at a provider.
fn provider_all() -> Table {
    provider().and(traits())
}
