//! One deployment: address, codec, credential and transport put together.

use http::{HeaderName, HeaderValue};
use std::sync::Arc;
use tollgate_config::{Auth, Aws, Model, Params, ProviderKind};
use tollgate_core_types::Dialect;
use tollgate_providers_common::target::Quirks;
use tollgate_providers_common::{Authorizer, ParamRules, Provider, Transport, UpstreamTarget};
use tollgate_providers_mock::{Flaky, MockScript, MockTransport};
use tollgate_telemetry::Telemetry;
use tollgate_transport::{Control, HyperTransport};

use super::{BuildError, address, customs};
use crate::authorize::{KeyAuthorizer, Scheme};
use crate::aws::{self, AwsKeyring, SigV4Authorizer};
use crate::deployment::{
    AttemptDeadlines, CompletionsRoute, Deployment, ShownLimits, StreamingRoute,
};
use crate::google::GoogleAuthorizer;
use crate::redact;
use crate::vendors;

/// What all deployments of a generation share.
pub(super) struct Builder<'a> {
    pub(super) telemetry: &'a Telemetry,
    pub(super) transport: Arc<HyperTransport>,
    pub(super) control: &'a Arc<Control>,
    pub(super) aws: &'a AwsKeyring,
}

/// A vendor as far as its deployments differ by it.
struct Vendor {
    provider: Arc<dyn Provider>,
    base: http::Uri,
    transport: Arc<dyn Transport>,
    authorizer: Arc<dyn Authorizer>,
}

impl Builder<'_> {
    /// Builds a deployment of `model`.
    pub(super) fn deployment(
        &self,
        model: &Model,
        config: &tollgate_config::Deployment,
    ) -> Result<Deployment, BuildError> {
        let name = config.provider.name.as_str();
        let upstream = config.upstream_model.as_str();
        let base_model = config.aws.as_ref().and_then(|aws| aws.base_model.as_deref());
        let named = base_model.unwrap_or(upstream);
        let mut quirks = vendors::quirks(name, named, spoken(config));
        customs::override_quirks(&mut quirks, config.quirks);
        let vendor = self.vendor(config, quirks)?;
        let target = UpstreamTarget {
            base: vendor.base,
            model: upstream.to_owned(),
            params: rules(&config.params),
            stream_usage: config.stream_usage.unwrap_or(!quirks.no_stream_options),
            max_output_tokens: config
                .max_output_tokens
                .unwrap_or_else(|| tollgate_providers_anthropic::default_max_output(named)),
            headers: headers(config)?,
            quirks,
        };
        Ok(Deployment {
            id: config.id.as_str().into(),
            vendor: name.into(),
            otel_name: config.provider.otel_name().into(),
            key_id: config.credential.as_ref().map(|credential| credential.id.as_str().into()),
            secrets: redact::secrets(config),
            auth: config.auth.clone(),
            provider: vendor.provider,
            target,
            authorizer: vendor.authorizer,
            networked: !matches!(config.provider.kind, ProviderKind::Mock),
            transport: vendor.transport,
            deadlines: AttemptDeadlines {
                connect: config.timeouts.connect,
                first_token: config.timeouts.first_token,
                whole: config.timeouts.whole,
                idle: config.timeouts.idle,
            },
            strict: model.strict_params,
            supports_tools: config.supports_tools.unwrap_or(!quirks.no_tools),
            trace_context: config.trace_context.unwrap_or(false),
            metrics: self.telemetry.deployment(&config.id, config.provider.otel_name(), upstream),
            completions: completions(config),
            streaming: StreamingRoute::default(),
            limits: ShownLimits {
                concurrency: config.limits.concurrency,
                qps: config.limits.qps,
                rpm: config.limits.rpm,
            },
        })
    }

    fn authorizer(
        &self,
        config: &tollgate_config::Deployment,
        chat: Dialect,
    ) -> Result<Arc<dyn Authorizer>, BuildError> {
        let Auth::Google(auth) = &config.auth else {
            return Ok(Arc::new(authorizer(config, chat)?));
        };
        let google = GoogleAuthorizer::try_new(auth, Arc::clone(self.control));
        Ok(Arc::new(google.map_err(|error| BuildError::deployment(&config.id, error))?))
    }

    fn vendor(
        &self,
        config: &tollgate_config::Deployment,
        quirks: Quirks,
    ) -> Result<Vendor, BuildError> {
        let id = config.id.as_str();
        let own_base = match &config.provider.kind {
            ProviderKind::Mock => return mock(config),
            ProviderKind::Vendor(preset) => Some(preset.base),
            ProviderKind::Own(_) => None,
        };
        let chat = spoken(config);
        if let Some(aws) = &config.aws {
            return self.bedrock(config, aws, chat);
        }
        let provider =
            vendors::provider(&config.provider.name, chat, customs::server(config, quirks))
                .ok_or_else(|| BuildError::deployment(id, format!("no codec speaks {chat}")))?;
        let given = config.base.as_ref().map(tollgate_config::BaseUrl::as_str).or(own_base);
        let given = given.ok_or_else(|| BuildError::deployment(id, "it has no api_base"))?;
        let default_path = own_base.map_or_else(|| "/v1".to_owned(), address::path_of);
        let base =
            address::normalise(given, chat, &default_path).map_err(BuildError::address(id))?;
        let transport = self.transport.clone();
        let authorizer = self.authorizer(config, chat)?;
        Ok(Vendor { provider, base, transport, authorizer })
    }

    /// Amazon Bedrock: its address and its signatures have a region.
    fn bedrock(
        &self,
        config: &tollgate_config::Deployment,
        aws: &Aws,
        chat: Dialect,
    ) -> Result<Vendor, BuildError> {
        let id = config.id.as_str();
        let model = config.upstream_model.as_str();
        let region = aws::region(aws, model).ok_or_else(|| {
            BuildError::deployment(id, "it has no region; set `aws.region` or AWS_REGION")
        })?;
        let given = config.base.as_ref().map_or("", tollgate_config::BaseUrl::as_str);
        let given = in_region(given, &region);
        let base = address::normalise(&given, chat, "").map_err(BuildError::address(id))?;
        // A bearer key is shown as it is; without one, requests are signed.
        let authorizer: Arc<dyn Authorizer> = if config.credential.is_some() {
            Arc::new(authorizer(config, chat)?)
        } else {
            Arc::new(SigV4Authorizer::new(aws, region, self.aws, self.control))
        };
        let provider = vendors::bedrock(&config.provider.name, model, aws);
        Ok(Vendor { provider, base, transport: self.transport.clone(), authorizer })
    }
}

/// The dialect of its chat.
fn spoken(config: &tollgate_config::Deployment) -> Dialect {
    match &config.provider.kind {
        ProviderKind::Mock => Dialect::OPENAI_CHAT,
        ProviderKind::Vendor(preset) => preset.chat,
        ProviderKind::Own(dialect) => *dialect,
    }
}

/// The vendor inside the process; its address is never looked up.
fn mock(config: &tollgate_config::Deployment) -> Result<Vendor, BuildError> {
    let options = config.mock.unwrap_or_default();
    let script = MockScript {
        latency: options.latency,
        token_delay: options.token_delay,
        flaky: options.fail_every.map(|every| Flaky {
            every: u64::from(every),
            status: options.fail_status,
            retry_after: None,
        }),
        ..MockScript::default()
    };
    Ok(Vendor {
        provider: tollgate_providers_mock::provider(),
        base: http::Uri::from_static("http://mock.invalid/v1"),
        transport: Arc::new(MockTransport::new(&config.id, script)),
        authorizer: Arc::new(authorizer(config, Dialect::OPENAI_CHAT)?),
    })
}

/// The vendor's address with its region; in China it ends otherwise.
fn in_region(base: &str, region: &str) -> String {
    let Some((before, after)) = base.split_once("{region}") else { return base.to_owned() };
    let china = if region.starts_with("cn-") { ".cn" } else { "" };
    format!("{before}{region}{after}{china}")
}

/// Vendors of the table have no text completions unless configuration says so; of other servers it
/// is learned.
fn completions(config: &tollgate_config::Deployment) -> CompletionsRoute {
    match (config.completions, &config.provider.kind) {
        (Some(tollgate_config::Completions::Native), _) | (None, ProviderKind::Mock) => {
            CompletionsRoute::fixed(true)
        }
        (Some(tollgate_config::Completions::Chat), _) => CompletionsRoute::fixed(false),
        (None, ProviderKind::Vendor(preset)) if preset.name != "openai" => {
            CompletionsRoute::fixed(false)
        }
        (None, ProviderKind::Vendor(_) | ProviderKind::Own(_)) => CompletionsRoute::learned(),
    }
}

fn authorizer(
    config: &tollgate_config::Deployment,
    chat: Dialect,
) -> Result<KeyAuthorizer, BuildError> {
    let id = config.id.as_str();
    let x_api_key = || Scheme::Header(HeaderName::from_static("x-api-key"));
    let scheme = match &config.auth {
        Auth::Bearer => Scheme::Bearer,
        Auth::Header(name) => Scheme::Header(
            HeaderName::try_from(name.as_str())
                .map_err(|_| BuildError::deployment(id, format!("\"{name}\" is no header name")))?,
        ),
        Auth::Dialect if vendors::is_bearer(&config.provider.name) => Scheme::Bearer,
        Auth::Dialect if chat == Dialect::ANTHROPIC_MESSAGES => x_api_key(),
        Auth::Dialect if chat == Dialect::GEMINI_GENERATE => {
            Scheme::Header(HeaderName::from_static("x-goog-api-key"))
        }
        // Google's tokens have an authorizer of their own.
        Auth::Dialect | Auth::Google(_) => Scheme::Bearer,
    };
    let key = config.credential.as_ref().map(|credential| credential.secret.expose());
    KeyAuthorizer::try_new(&scheme, key).map_err(|error| BuildError::deployment(id, error))
}

fn headers(
    config: &tollgate_config::Deployment,
) -> Result<Vec<(HeaderName, HeaderValue)>, BuildError> {
    let header = |header: &tollgate_config::Header| {
        let bad = || {
            let reason = format!("header \"{}\" cannot be sent", header.name);
            BuildError::deployment(&config.id, reason)
        };
        let name = HeaderName::try_from(header.name.as_str()).map_err(|_| bad())?;
        let mut value = HeaderValue::try_from(header.value.expose()).map_err(|_| bad())?;
        value.set_sensitive(true);
        Ok((name, value))
    };
    config.headers.iter().map(header).collect()
}

fn rules(params: &Params) -> ParamRules {
    let Params { defaults, rename, remove, set } = params.clone();
    ParamRules { defaults, remove, rename, set }
}
