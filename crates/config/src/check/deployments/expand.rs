//! One deployment per address and key.

use std::collections::HashSet;
use tollgate_core_types::Dialect;

use super::{AzureGiven, Given};
use crate::check::credentials::Credentials;
use crate::check::keys::{self, KeyGiven};
use crate::check::models::Env;
use crate::check::timing::capped;
use crate::check::traits::Traits;
use crate::check::{aws, azure};
use crate::check::{base, params};
use crate::env_start::{Door, VendorEnv};
use crate::read::At;
use crate::report::{DeploymentSaid, Report};
use crate::tree::{Node, Span, Written};
use crate::types::{Auth, BaseUrl, Deployment, Model, Params, Provider, ProviderKind, Timeouts};

/// Makes deployments, and keeps what must be unique among all of them.
#[derive(Debug, Default)]
pub(in crate::check) struct Builder {
    credentials: Credentials,
    ids: HashSet<String>,
}

/// What a deployment takes from its model and from its own entry.
#[derive(Debug)]
pub(in crate::check) struct Layers<'a> {
    pub(in crate::check) alias: &'a str,
    /// Position in the model's list, from 1.
    pub(in crate::check) position: usize,
    pub(in crate::check) inject_params: bool,
    pub(in crate::check) weight: f64,
    pub(in crate::check) model: &'a Traits,
    /// `None` where the model is its own only deployment.
    pub(in crate::check) own: Option<&'a Traits>,
}

/// An address with one key, or with none.
struct Slot {
    base: Option<BaseUrl>,
    /// The vendor's variable that gave the address.
    said: Option<Span>,
    key: Option<KeyGiven>,
}

impl Builder {
    /// The deployments of one entry; none where a problem was reported.
    pub(in crate::check) fn build(
        &mut self,
        given: &Given,
        layers: &Layers<'_>,
        env: &Env<'_>,
        report: &mut Report,
    ) -> Vec<Deployment> {
        let mut slots = slots(given, env, report);
        bearer(&mut slots, given, env, report);
        let template = template(given, layers, env, report);
        refuse_contradiction(&slots, given, report);
        let several = slots.len() > 1;
        let mut deployments = Vec::with_capacity(slots.len());
        for (n, slot) in slots.into_iter().enumerate() {
            let id =
                if several { format!("{}/k{}", template.id, n + 1) } else { template.id.clone() };
            let credential = slot
                .key
                .as_ref()
                .map(|key| self.credentials.note(&given.provider.name, key, report));
            report.deployment(DeploymentSaid {
                entry: layers.own.map(|_| layers.position - 1),
                base: slot.said,
                key: slot.key.as_ref().map(|key| key.from),
            });
            deployments.push(Deployment {
                id: self.unique(id, given, report),
                base: slot.base,
                auth: shown(&template, given, env, credential.is_some()),
                credential,
                weight: template.weight * slot.key.map_or(1.0, |key| key.weight),
                ..template.clone()
            });
        }
        warn_of_plain_http(given, &deployments, report);
        deployments
    }

    /// Names every credential, once all are known.
    pub(in crate::check) fn finish(self, models: &mut [Model]) {
        self.credentials.name(models);
    }

    fn unique(&mut self, id: String, given: &Given, report: &mut Report) -> String {
        if self.ids.insert(id.clone()) {
            return id;
        }
        let message = format!("the deployment id `{id}` is used twice");
        let hint = "give each deployment its own `id`";
        report.problem_hint(given.said.span, &given.said.path, message, hint);
        id
    }
}

/// Everything that the deployments of an entry share.
fn template(given: &Given, layers: &Layers<'_>, env: &Env<'_>, report: &mut Report) -> Deployment {
    let provider = &given.provider;
    let timeouts = timeouts(given, layers, env, report);
    let below = layers.model.over(&provider.traits);
    let traits = layers.own.map_or(below.clone(), |own| own.over(&below));
    warn_of_customs(&traits, given, report);
    let derived = || format!("{}/{}/{}", layers.alias, provider.name, layers.position);
    Deployment {
        id: given.id.clone().unwrap_or_else(derived),
        provider: Provider { name: provider.name.clone(), kind: provider.kind.clone() },
        upstream_model: given.upstream.clone().unwrap_or_else(|| layers.alias.to_owned()),
        base: None,
        credential: None,
        auth: given.auth.clone().or(provider.auth.clone()).unwrap_or(Auth::Dialect),
        weight: layers.weight,
        priority: given.priority,
        limits: given.limits,
        timeouts,
        params: injected(traits.params, layers.inject_params),
        headers: traits.headers,
        max_output_tokens: traits.max_output_tokens,
        stream_usage: traits.stream_usage,
        completions: traits.completions,
        api: traits.api,
        quirks: traits.quirks,
        chat_path: traits.chat_path,
        error_codes: traits.error_codes,
        supports_tools: traits.supports_tools,
        operations: traits.operations,
        fetch_media: traits.fetch_media,
        trace_context: traits.trace_context,
        base_model: given.base_model.clone(),
        catalogue: traits.catalogue,
        mock: given.mock,
        azure: azure::is_azure(&provider.kind).then(|| {
            azure::resolve(layers_of(given), given.api_version.as_deref(), env.context.env)
        }),
        aws: aws::is_bedrock(&provider.kind)
            .then(|| aws::resolve(given.aws.as_ref(), provider.aws.as_ref(), env.context.env)),
    }
}

/// A deployment's own word on Azure over its provider's.
fn layers_of(given: &Given) -> [Option<&AzureGiven>; 2] {
    [given.azure.as_ref(), given.provider.azure.as_ref()]
}

/// How it is shown who asks: at Azure without a key, tokens are.
fn shown(template: &Deployment, given: &Given, env: &Env<'_>, has_key: bool) -> Auth {
    let silent = template.auth == Auth::Dialect && !has_key;
    if silent && azure::is_azure(&given.provider.kind) {
        return Auth::Entra(azure::entra(layers_of(given), env.context.env));
    }
    template.auth.clone()
}

/// An address of the v1 path and a dated version, both of the configuration, are one too many.
fn refuse_contradiction(slots: &[Slot], given: &Given, report: &mut Report) {
    let beside = given.api_version.as_deref();
    let version = azure::said_version(layers_of(given), beside);
    let Some(version) = version.filter(|_| azure::is_azure(&given.provider.kind)) else { return };
    let bases = slots.iter().filter_map(|slot| slot.base.as_ref());
    if bases.into_iter().any(|base| azure::contradicts(base, version)) {
        let message = "the address is of the v1 path, which has no dated versions";
        let hint = "end the address before `/openai`, or leave `api_version` out";
        report.problem_hint(given.said.span, &given.said.path, message, hint);
    }
}

/// Customs of a dialect that the vendor does not speak change nothing.
fn warn_of_customs(traits: &Traits, given: &Given, report: &mut Report) {
    let chat = match &given.provider.kind {
        ProviderKind::Vendor(preset) => preset.chat,
        ProviderKind::Own(dialect) => *dialect,
        ProviderKind::Mock => return,
    };
    if chat == Dialect::OPENAI_CHAT {
        return;
    }
    let said = [
        ("chat_path", traits.chat_path.is_some()),
        ("error_codes", !traits.error_codes.is_empty()),
    ];
    for (key, _) in said.into_iter().filter(|(_, said)| *said) {
        let message =
            format!("`{key}` is for servers of OpenAI's dialect, and this one speaks {chat}");
        report.warn(given.said.span, &given.said.path, message, "leave it out");
    }
}

fn timeouts(given: &Given, layers: &Layers<'_>, env: &Env<'_>, report: &mut Report) -> Timeouts {
    let provider = &given.provider.traits.timeouts;
    let below = layers.model.timeouts.over(provider.over(env.defaults.timeouts));
    let Some(own) = layers.own else { return capped(below) };
    let timeouts = own.timeouts.over(below);
    own.timeouts.warn_beyond(timeouts.total, report);
    capped(timeouts)
}

/// With injection off nothing is added; renaming and removing stay, for vendors that need them.
fn injected(params: Params, on: bool) -> Params {
    if on { params } else { params::without_additions(params) }
}

/// The bearer key of the environment, for slots of Bedrock to which nothing nearer gives a key.
fn bearer(slots: &mut [Slot], given: &Given, env: &Env<'_>, report: &mut Report) {
    let provider = &given.provider;
    let named = aws::names_keys(given.aws.as_ref(), provider.aws.as_ref());
    // A key of the environment is never sent to an address that a file gives, but Amazon's own.
    let elsewhere =
        given.base.as_ref().or(provider.base.as_ref()).is_some_and(|base| !aws::is_own(base));
    if named || elsewhere || !aws::is_bedrock(&provider.kind) {
        return;
    }
    let Some(text) = env.context.env.get(aws::BEARER).filter(|text| !text.trim().is_empty()) else {
        return;
    };
    let node = Node::text(text.trim(), Written::InEnvironment, given.said.span);
    let at = At { node: &node, path: given.said.path.clone() };
    let key = keys::key(&at, report).into_iter().next();
    for slot in slots.iter_mut().filter(|slot| slot.key.is_none()) {
        slot.key.clone_from(&key);
    }
}

fn slots(given: &Given, env: &Env<'_>, report: &mut Report) -> Vec<Slot> {
    let provider = &given.provider;
    let resource =
        |azure: &'_ Option<AzureGiven>| azure.as_ref().and_then(|it| it.resource.clone());
    let own = given.base.clone().or_else(|| resource(&given.azure));
    let below = provider.base.clone().or_else(|| resource(&provider.azure));
    let chosen = own.or(below);
    let keys = given.keys.as_ref().or(provider.keys.as_ref());
    let base = match (&provider.kind, &chosen) {
        (ProviderKind::Mock, _) => None,
        (_, Some(base)) => Some(base.clone()),
        (ProviderKind::Vendor(preset), None) => {
            if keys.is_none() {
                return from_environment(given, env, report);
            }
            known_base(preset.base, given, env, report)
        }
        (ProviderKind::Own(_), None) if aws::is_bedrock(&provider.kind) => {
            bedrock_base(env).and_then(|base| known_base(base, given, env, report))
        }
        (ProviderKind::Own(_), None) => {
            let message = format!("`api_base` is missing for provider `{}`", provider.name);
            let hint = "give it here, or with the provider";
            report.problem_hint(given.said.span, &given.said.path, message, hint);
            return Vec::new();
        }
    };
    match keys {
        None => vec![Slot { base, said: None, key: None }],
        Some(keys) => keys
            .iter()
            .map(|key| Slot { base: base.clone(), said: None, key: Some(key.clone()) })
            .collect(),
    }
}

/// A known vendor without key or address: its own environment variables say both.
fn from_environment(given: &Given, env: &Env<'_>, report: &mut Report) -> Vec<Slot> {
    let ProviderKind::Vendor(preset) = &given.provider.kind else { return Vec::new() };
    let vendor = VendorEnv::read(preset, env.context.env, report);
    let doors = match vendor.doors(preset) {
        Ok(doors) => doors,
        Err((message, hint)) => {
            let hint = format!("{hint}, or give `api_keys`");
            report.problem_hint(given.said.span, &given.said.path, message, hint);
            return Vec::new();
        }
    };
    vendor.warn_of_no_key(preset, report);
    doors.iter().flat_map(|door| open(door, preset.base, given, env, report)).collect()
}

fn open(door: &Door, preset: &str, given: &Given, env: &Env<'_>, report: &mut Report) -> Vec<Slot> {
    let at = |node| At { node, path: given.said.path.clone() };
    let base = match &door.base {
        None => known_base(preset, given, env, report),
        Some(node) => base::vendor(&at(node), env.own, report),
    };
    let Some(base) = base else { return Vec::new() };
    let said = door.base.as_ref().map(|node| node.span);
    if door.keys.is_empty() {
        return vec![Slot { base: Some(base), said, key: None }];
    }
    let keys = door.keys.iter().flat_map(|node| keys::key(&at(node), report));
    keys.map(|key| Slot { base: Some(base.clone()), said, key: Some(key) }).collect()
}

/// The address of Amazon Bedrock, which its region completes.
fn bedrock_base<'a>(env: &Env<'a>) -> Option<&'a str> {
    let presets = env.context.vendors.iter();
    presets
        .map(|preset| (preset, ProviderKind::Vendor(*preset)))
        .find_map(|(preset, kind)| aws::is_bedrock(&kind).then_some(preset.base))
}

/// A vendor's own address; for Bedrock the environment may name another, as it does for AWS's tools.
fn known_base(base: &str, given: &Given, env: &Env<'_>, report: &mut Report) -> Option<BaseUrl> {
    if azure::is_azure(&given.provider.kind) {
        return azure_base(given, env, report);
    }
    let named = aws::is_bedrock(&given.provider.kind).then(|| env.context.env.get(aws::ENDPOINT));
    match named.flatten().filter(|text| !text.trim().is_empty()) {
        None => own_base(base, given, env, report),
        Some(text) => {
            let node = Node::text(text.trim(), Written::InEnvironment, given.said.span);
            let path = given.said.path.clone();
            base::vendor(&At { node: &node, path }, env.own, report)
        }
    }
}

/// Azure's address, which has a resource and therefore none that is known.
fn azure_base(given: &Given, env: &Env<'_>, report: &mut Report) -> Option<BaseUrl> {
    let Some(text) = azure::endpoint(env.context.env) else {
        let message = format!("`api_base` is missing for provider `{}`", given.provider.name);
        let hint = "write `azure: { resource: its-name }`, or set AZURE_OPENAI_ENDPOINT";
        report.problem_hint(given.said.span, &given.said.path, message, hint);
        return None;
    };
    let node = Node::text(text, Written::InEnvironment, given.said.span);
    base::vendor(&At { node: &node, path: given.said.path.clone() }, env.own, report)
}

/// A preset's address, which is right as it is written in this program, but may be our own.
fn own_base(base: &str, given: &Given, env: &Env<'_>, report: &mut Report) -> Option<BaseUrl> {
    let base = BaseUrl(base.trim_end_matches('/').to_owned());
    match base::refuse_own(&base, env.own) {
        None => Some(base),
        Some((message, hint)) => {
            report.problem_hint(given.said.span, &given.said.path, message, hint);
            None
        }
    }
}

fn warn_of_plain_http(given: &Given, deployments: &[Deployment], report: &mut Report) {
    let exposed = |deployment: &&Deployment| {
        let tokens = matches!(deployment.auth, Auth::Entra(_));
        (deployment.credential.is_some() || tokens)
            && deployment.base.as_ref().is_some_and(base::is_exposed)
    };
    if deployments.iter().find(exposed).is_some() {
        let message = "the key goes out over plain http";
        report.warn(given.said.span, &given.said.path, message, "use https");
    }
}
