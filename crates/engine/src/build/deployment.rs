//! One deployment: address, codec, credential and transport put together.

use http::{HeaderName, HeaderValue};
use std::sync::Arc;
use tollgate_catalogue::Catalogue;
use tollgate_config::{Auth, Aws, Model, Params, ProviderKind};
use tollgate_core_types::Dialect;
use tollgate_providers_common::target::Quirks;
use tollgate_providers_common::{Authorizer, ParamRules, Provider, Transport, UpstreamTarget};
use tollgate_providers_mock::{Flaky, MockScript, MockTransport};
use tollgate_telemetry::Telemetry;
use tollgate_transport::{Control, HyperTransport, JwtError};

use super::{BuildError, address, customs, model as catalogued};
use crate::authorize::{KeyAuthorizer, Scheme};
use crate::aws::{self, AwsKeyring, SigV4Authorizer};
use crate::bearer::{BearerAuthorizer, Identity, Source, TokenKeyring};
use crate::deployment::{
    AttemptDeadlines, CompletionsRoute, Deployment, ShownLimits, StreamingRoute,
};
use crate::google::Google;
use crate::operations;
use crate::redact;
use crate::vendors;

/// What all deployments of a generation share.
pub(super) struct Builder<'a> {
    pub(super) telemetry: &'a Telemetry,
    pub(super) transport: Arc<HyperTransport>,
    pub(super) control: &'a Arc<Control>,
    pub(super) aws: &'a AwsKeyring,
    pub(super) tokens: &'a TokenKeyring,
    /// What holds for deployments that say nothing of it.
    pub(super) fetch_media: bool,
    pub(super) own: &'a [Arc<dyn Provider>],
    pub(super) catalogue: &'a Catalogue,
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
        let named = catalogued::name(config);
        // Another resource of Azure is Azure by another name.
        let known = match &config.provider.kind {
            ProviderKind::Vendor(preset) => preset.name,
            ProviderKind::Own(_) | ProviderKind::Mock => name,
        };
        let chat = spoken(config);
        let mut quirks = vendors::quirks(known, named, chat);
        let known = catalogued::known(self.catalogue, config);
        let said = &config.catalogue.capabilities;
        catalogued::teach(&mut quirks, &known.capabilities, said, chat);
        customs::override_quirks(&mut quirks, config.quirks);
        let vendor = self.vendor(config, chat, quirks)?;
        let target = UpstreamTarget {
            base: vendor.base,
            model: upstream.to_owned(),
            params: rules(&config.params),
            stream_usage: config.stream_usage.unwrap_or(!quirks.no_stream_options),
            max_output_tokens: config
                .max_output_tokens
                .unwrap_or_else(|| catalogued::default_output(named, &known.capabilities)),
            headers: headers(config)?,
            quirks,
        };
        let region = catalogued::region(config, &target.base);
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
            region,
            rules_output: rules_output(&config.params),
            supports_tools: config
                .supports_tools
                .or(config.catalogue.capabilities.tools)
                .unwrap_or(known.capabilities.tools != Some(false) && !quirks.no_tools),
            fetch_media: config.fetch_media.unwrap_or(self.fetch_media),
            operations: operations::of(config, chat),
            model: known,
            trace_context: config.trace_context.unwrap_or(false),
            metrics: self.telemetry.deployment(&config.id, config.provider.otel_name(), upstream),
            completions: completions(config),
            streaming: StreamingRoute::default(),
            limits: ShownLimits {
                concurrency: config.limits.concurrency,
                qps: config.limits.qps,
                rpm: config.limits.rpm,
                tpm: config.limits.tpm,
            },
        })
    }

    fn authorizer(
        &self,
        config: &tollgate_config::Deployment,
        chat: Dialect,
    ) -> Result<Arc<dyn Authorizer>, BuildError> {
        let tokens = match &config.auth {
            Auth::Google(auth) => {
                let source = || Ok(Box::new(Google::try_new(auth)?) as Box<dyn Source>);
                self.tokens.tokens(Identity::Google(auth.clone()), self.control, source)
            }
            Auth::Entra(entra) => {
                let source = || Ok(Box::new(entra.clone()) as Box<dyn Source>);
                self.tokens.tokens(Identity::Entra(entra.clone()), self.control, source)
            }
            Auth::Dialect | Auth::Bearer | Auth::Header(_) => {
                return Ok(Arc::new(authorizer(config, chat)?));
            }
        };
        let tokens = tokens.map_err(|error: JwtError| BuildError::deployment(&config.id, error))?;
        Ok(Arc::new(BearerAuthorizer(tokens)))
    }

    fn vendor(
        &self,
        config: &tollgate_config::Deployment,
        chat: Dialect,
        quirks: Quirks,
    ) -> Result<Vendor, BuildError> {
        let id = config.id.as_str();
        let own_base = match &config.provider.kind {
            ProviderKind::Mock => return mock(config),
            ProviderKind::Vendor(preset) => Some(preset.base),
            ProviderKind::Own(_) => None,
        };
        if let Some(aws) = &config.aws {
            return self.bedrock(config, aws, chat);
        }
        if let Some(azure) = &config.azure {
            return self.azure(config, azure, chat, quirks);
        }
        let name = config.provider.name.as_str();
        let vertex = is_claude_on_vertex(config);
        let given = config.base.as_ref().map(tollgate_config::BaseUrl::as_str).or(own_base);
        let given = given.ok_or_else(|| BuildError::deployment(id, "it has no api_base"))?;
        let default_path = own_base.map_or_else(|| "/v1".to_owned(), address::path_of);
        let mut base =
            address::normalise(given, chat, &default_path).map_err(BuildError::address(id))?;
        if vertex {
            let moved = tollgate_providers_gemini::ClaudeOnVertex::base(&base);
            base = moved.map_err(|error| BuildError::deployment(id, error))?;
        }
        let own = self.own.iter().find(|own| own.name().as_str() == name);
        let provider = match (own, vertex) {
            (Some(own), _) => Arc::clone(own),
            (None, true) => vendors::claude_on_vertex(name),
            (None, false) => {
                let api = vendors::api(config.api, name, &base);
                vendors::provider(name, chat, customs::server(config, quirks), api)
                    .ok_or_else(|| BuildError::deployment(id, format!("no codec speaks {chat}")))?
            }
        };
        let transport = self.transport.clone();
        let authorizer = self.authorizer(config, chat)?;
        Ok(Vendor { provider, base, transport, authorizer })
    }

    /// Azure: where requests go depends on the model, and keys have headers of their own.
    fn azure(
        &self,
        config: &tollgate_config::Deployment,
        azure: &tollgate_config::Azure,
        chat: Dialect,
        quirks: Quirks,
    ) -> Result<Vendor, BuildError> {
        let id = config.id.as_str();
        let bad = |error: &dyn std::fmt::Display| BuildError::deployment(id, error.to_string());
        let given = config.base.as_ref().map_or("", tollgate_config::BaseUrl::as_str);
        let given: http::Uri = given.parse().map_err(|error: http::uri::InvalidUri| bad(&error))?;
        let name = config.provider.name.as_str();
        let server = customs::server(config, quirks);
        let model = config.upstream_model.as_str();
        let provider = vendors::azure(name, model, &given, (azure, config.api), server);
        let provider = provider.map_err(|error| bad(&error))?;
        let base = provider.base().clone();
        let authorizer: Arc<dyn Authorizer> = if config.auth == Auth::Dialect {
            // Foundry takes either of two for Claude; its own SDK sends both.
            let names: &[HeaderName] = if chat == Dialect::ANTHROPIC_MESSAGES {
                &[HeaderName::from_static("x-api-key"), HeaderName::from_static("api-key")]
            } else {
                &[HeaderName::from_static("api-key")]
            };
            let key = config.credential.as_ref().map(|credential| credential.secret.expose());
            Arc::new(KeyAuthorizer::in_headers(names, key).map_err(|error| bad(&error))?)
        } else {
            self.authorizer(config, chat)?
        };
        let transport = self.transport.clone();
        Ok(Vendor { provider: Arc::new(provider), base, transport, authorizer })
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
    // Places that have Claude beside models of their own speak its dialect for it.
    let claude = config.azure.is_some()
        && vendors::is_claude(catalogued::base_model(config).unwrap_or(&config.upstream_model));
    if claude || is_claude_on_vertex(config) {
        return Dialect::ANTHROPIC_MESSAGES;
    }
    match &config.provider.kind {
        ProviderKind::Mock => Dialect::OPENAI_CHAT,
        ProviderKind::Vendor(preset) => preset.chat,
        ProviderKind::Own(dialect) => *dialect,
    }
}

fn is_claude_on_vertex(config: &tollgate_config::Deployment) -> bool {
    matches!(config.auth, Auth::Google(_)) && vendors::is_claude(&config.upstream_model)
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
        // Raw prompts have models of their own there.
        (None, ProviderKind::Vendor(_)) if config.azure.is_some() => {
            let model = catalogued::base_model(config).unwrap_or(&config.upstream_model);
            CompletionsRoute::fixed(tollgate_providers_azure::completes_text(model))
        }
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
        // Tokens have an authorizer of their own.
        Auth::Dialect | Auth::Google(_) | Auth::Entra(_) => Scheme::Bearer,
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

/// Whether a rule changes the bound of generated tokens that a client gives.
fn rules_output(params: &Params) -> bool {
    let Params { defaults: _, rename, remove, set } = params;
    let names = rename.iter().map(|(from, _)| from).chain(remove);
    let mut names = names.chain(set.iter().map(|(name, _)| name));
    names.any(|name| name.contains("max_") || name.contains("maxOutput"))
}
