//! From checked configuration to a running generation: deployments, groups, routes.

mod customs;
mod deployment;
mod model;
mod succession;

use std::collections::HashMap;
use std::num::{NonZeroU32, NonZeroU64};
use std::sync::Arc;
use std::time::Duration;
use tollgate_balancer::{
    BreakerPolicy, BudgetPolicy, CredentialBook, Fallbacks, GroupSpec, Limits, MemberSpec,
    PanicMode, QueuePolicy, Rate, RetryPolicy, Router, RouterError, Strategy,
};
use tollgate_config::{Config, Model};
use tollgate_providers_common::Provider;
use tollgate_telemetry::Telemetry;
use tollgate_transport::{Control, HyperTransport, TransportConfig, TransportInitError};

use crate::attempt::Recoverable;
use crate::aws::AwsKeyring;
use crate::bearer::TokenKeyring;
use crate::clock;
use crate::deployment::Deployment;
use crate::generation::{AUTO, Generation, ModelEntry, ModelInfo};
use crate::media::Media;
use crate::operations;
use address::BadAddress;

pub(crate) mod address;

/// A configuration that cannot be run, although every single part of it is well-formed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A base address cannot be used.
    #[error("deployment {deployment}: {reason}")]
    Deployment {
        /// The deployment's id.
        deployment: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Groups do not fit together.
    #[error(transparent)]
    Router(#[from] RouterError),
    /// The HTTP client cannot be set up.
    #[error(transparent)]
    Transport(#[from] TransportInitError),
    /// Telemetry cannot be set up.
    #[error(transparent)]
    Telemetry(#[from] tollgate_telemetry::TelemetryError),
}

impl BuildError {
    fn deployment(id: &str, reason: impl ToString) -> Self {
        Self::Deployment { deployment: id.to_owned(), reason: reason.to_string() }
    }

    fn address(id: &str) -> impl FnOnce(BadAddress) -> Self + '_ {
        move |bad| Self::deployment(id, bad)
    }
}

/// What outlives generations: counters, credentials' health, connections.
pub(crate) struct Lasting {
    pub(crate) telemetry: Telemetry,
    pub(crate) credentials: CredentialBook,
    pub(crate) transport: Arc<HyperTransport>,
    /// For fetching credentials.
    pub(crate) control: Arc<Control>,
    pub(crate) aws: AwsKeyring,
    pub(crate) tokens: TokenKeyring,
    /// Vendors that the program brought.
    pub(crate) own: Vec<Arc<dyn Provider>>,
}

impl Lasting {
    /// Nothing counted, nothing known, nothing connected.
    pub(crate) fn new(
        telemetry: Telemetry,
        own: Vec<Arc<dyn Provider>>,
    ) -> Result<Self, BuildError> {
        let transport = Arc::new(HyperTransport::new(TransportConfig::default())?);
        let control = Arc::new(transport.control());
        let (credentials, aws) = (CredentialBook::new(), AwsKeyring::default());
        let tokens = TokenKeyring::default();
        Ok(Self { telemetry, credentials, transport, control, aws, tokens, own })
    }
}

/// Builds a generation. Health of known deployments is taken over from `before`.
pub(crate) fn generation(
    config: &Config,
    lasting: &Lasting,
    before: Option<&Generation>,
) -> Result<Generation, BuildError> {
    let Lasting { telemetry, credentials, transport, control, aws, tokens, own } = lasting;
    let fetch_media = config.defaults.fetch_media;
    let builder = deployment::Builder {
        telemetry,
        transport: Arc::clone(transport),
        control,
        aws,
        tokens,
        own,
        fetch_media,
        catalogue: &config.catalogue,
    };
    let mut groups = Vec::new();
    let mut models = HashMap::new();
    let mut infos = Vec::new();
    let mut pool = Vec::new();
    let known = before.map(|before| before.infos.as_slice()).unwrap_or_default();
    let learned: HashMap<&str, u64> = known.iter().map(|info| (&*info.id, info.created)).collect();
    let now = clock::unix_seconds(clock::wall());
    for model in &config.models {
        let members = members(model, &builder)?;
        pool.extend(pooled(model, &members));
        let alias: Arc<str> = model.alias.as_str().into();
        let entry = Arc::new(entry(model, Arc::clone(&alias), telemetry, &members));
        for name in std::iter::once(&model.alias).chain(&model.aliases) {
            models.insert(Arc::from(name.as_str()), Arc::clone(&entry));
            let created = learned.get(name.as_str()).copied().unwrap_or(now);
            infos.push(info(name, created, &members));
        }
        groups.push(group(alias, model, members));
    }
    if !models.contains_key(AUTO) && !pool.is_empty() {
        let alias: Arc<str> = AUTO.into();
        let entry = auto_entry(config, &alias, telemetry, &pool);
        models.insert(Arc::clone(&alias), Arc::new(entry));
        groups.push(GroupSpec { strategy: Strategy::Usage, ..GroupSpec::new(alias, pool) });
    }
    let router = match before {
        Some(before) => succession::succeed(&before.router, groups, credentials)?,
        None => Router::new(groups, credentials)?,
    };
    telemetry.set_config_models(config.models.len());
    let weights =
        config.models.iter().map(|model| (model.alias.as_str().into(), model.weight)).collect();
    Ok(Generation {
        router,
        models,
        infos,
        default_model: config.defaults.model.as_deref().map(Arc::from),
        media: Media::new(transport.fetcher(), &config.media),
        weights,
    })
}

fn members(
    model: &Model,
    builder: &deployment::Builder<'_>,
) -> Result<Vec<MemberSpec<Arc<Deployment>>>, BuildError> {
    let member = |config: &tollgate_config::Deployment| {
        let payload = Arc::new(builder.deployment(model, config)?);
        Ok(MemberSpec {
            id: Arc::clone(&payload.id),
            weight: config.weight,
            priority: config.priority,
            // A deployment without a key fails alone.
            credential: payload.key_id.clone().unwrap_or_else(|| Arc::clone(&payload.id)),
            limits: limits(&config.limits),
            breaker: Some(breaker(model.breaker)),
            price: None,
            payload,
        })
    };
    model.deployments.iter().map(member).collect()
}

fn limits(config: &tollgate_config::Limits) -> Limits {
    let rpm = config.rpm.map(|rpm| {
        NonZeroU32::new(u32::try_from(rpm).unwrap_or(u32::MAX)).unwrap_or(NonZeroU32::MIN)
    });
    let qps = config.qps.and_then(Rate::per_second);
    Limits {
        rpm,
        qps,
        concurrency: config.concurrency,
        units_per_minute: config.tpm.and_then(NonZeroU64::new),
        adaptive: config.adaptive_concurrency,
    }
}

fn group(
    alias: Arc<str>,
    model: &Model,
    members: Vec<MemberSpec<Arc<Deployment>>>,
) -> GroupSpec<Arc<Deployment>> {
    let list = |names: &[String]| names.iter().map(|name| Arc::from(name.as_str())).collect();
    GroupSpec {
        strategy: strategy(model.strategy),
        retry: RetryPolicy {
            max_attempts: model.retries.max_attempts,
            base: model.retries.base,
            cap: model.retries.cap,
            ..RetryPolicy::default()
        },
        panic: match model.breaker.panic {
            tollgate_config::Panic::Probe => PanicMode::Probe,
            tollgate_config::Panic::All => PanicMode::All,
            tollgate_config::Panic::None => PanicMode::None,
        },
        queue: (model.queue.max > 0).then(|| QueuePolicy {
            max: model.queue.max as usize,
            timeout: model.queue.timeout,
            ..QueuePolicy::default()
        }),
        budget: Some(BudgetPolicy { ratio: model.retries.budget, ..BudgetPolicy::default() }),
        fallbacks: Fallbacks {
            any: list(&model.fallbacks.any),
            context_window: list(&model.fallbacks.context_window),
            content_policy: list(&model.fallbacks.content_policy),
        },
        ..GroupSpec::new(alias, members)
    }
}

fn breaker(config: tollgate_config::Breaker) -> BreakerPolicy {
    BreakerPolicy {
        consecutive: config.failures,
        base: config.open,
        cap: config.max_open,
        ..BreakerPolicy::default()
    }
}

fn strategy(config: tollgate_config::Strategy) -> Strategy {
    config.as_str().parse().unwrap_or_default()
}

fn payloads(members: &[MemberSpec<Arc<Deployment>>]) -> Vec<Arc<Deployment>> {
    members.iter().map(|member| Arc::clone(&member.payload)).collect()
}

fn bounds_tokens(members: &[MemberSpec<Arc<Deployment>>]) -> bool {
    members.iter().any(|member| member.payload.limits.tpm.is_some())
}

fn entry(
    model: &Model,
    alias: Arc<str>,
    telemetry: &Telemetry,
    members: &[MemberSpec<Arc<Deployment>>],
) -> ModelEntry {
    let larger = model.fallbacks.context_window.iter();
    ModelEntry {
        metrics: ModelEntry::counters(&alias, telemetry),
        alias,
        members: payloads(members),
        bounds_tokens: bounds_tokens(members),
        larger: larger.map(|name| Arc::from(name.as_str())).collect(),
        total: model.timeouts.total,
        recoverable: Recoverable {
            content_policy: !model.fallbacks.content_policy.is_empty(),
            context_window: !model.fallbacks.context_window.is_empty(),
        },
    }
}

fn auto_entry(
    config: &Config,
    alias: &Arc<str>,
    telemetry: &Telemetry,
    pool: &[MemberSpec<Arc<Deployment>>],
) -> ModelEntry {
    let longest = config.models.iter().map(|model| model.timeouts.total).max();
    ModelEntry {
        alias: Arc::clone(alias),
        metrics: ModelEntry::counters(alias, telemetry),
        members: payloads(pool),
        bounds_tokens: bounds_tokens(pool),
        larger: Vec::new(),
        total: longest.unwrap_or(Duration::from_secs(600)),
        recoverable: Recoverable::default(),
    }
}

/// The members of a chat model as members of the pool over all models.
fn pooled<'a>(
    model: &'a Model,
    members: &'a [MemberSpec<Arc<Deployment>>],
) -> impl Iterator<Item = MemberSpec<Arc<Deployment>>> + 'a {
    // There is a member for each deployment, in their order.
    members
        .iter()
        .zip(&model.deployments)
        .filter(|(_, config)| {
            let model = model::base_model(config).unwrap_or(&config.upstream_model);
            !is_embedding(model) && !operations::is_media(model)
        })
        .map(|(member, _)| MemberSpec { weight: member.weight * model.weight, ..member.clone() })
}

/// Whether a model only makes vectors, by its name: vendors do not say it in any other way.
fn is_embedding(model: &str) -> bool {
    let name = model.to_ascii_lowercase();
    ["embed", "bge-", "e5-", "gte-", "rerank"].iter().any(|word| name.contains(word))
}

fn info(name: &str, created: u64, members: &[MemberSpec<Arc<Deployment>>]) -> ModelInfo {
    let mut owners: Vec<&str> = members.iter().map(|member| &*member.payload.vendor).collect();
    owners.dedup();
    ModelInfo { id: name.into(), created, owned_by: owners.join(",") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fraction_of_a_request_per_second_stays_one() {
        let text = "models: { m: { provider: mock, limits: { qps: 0.5, rpm: 60 } } }";
        let config = tollgate_config::parse(text, &[]).unwrap();
        let limits = limits(&config.models[0].deployments[0].limits);
        assert_eq!((limits.qps, limits.rpm), (Rate::per_second(0.5), NonZeroU32::new(60)));
    }
}
