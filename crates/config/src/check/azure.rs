//! `azure`: resource, API version and identity of a deployment at Azure; the environment says what
//! the section leaves out, by the names that Azure's own tools read.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::{base, missing, section};
use crate::read::{At, Section};
use crate::report::Report;
use crate::secret::Secret;
use crate::types::{Azure, BaseUrl, Entra, EntraApp, EntraSource, ProviderKind};

/// The vendor's name among the presets.
pub(crate) const NAME: &str = "azure";

/// One layer's word.
#[derive(Debug, Clone, Default)]
pub(super) struct AzureGiven {
    /// The address of the resource that is named.
    pub(super) resource: Option<BaseUrl>,
    api_version: Option<String>,
    base_model: Option<String>,
    scope: Option<String>,
    identity: Identity,
}

/// Who asks, as far as the section says it.
#[derive(Debug, Clone, Default)]
struct Identity {
    tenant: Option<String>,
    client_id: Option<String>,
    secret: Option<Secret>,
    token_file: Option<PathBuf>,
    authority: Option<String>,
    metadata_host: Option<String>,
}

/// Message and hint where another vendor has the section.
pub(super) const NOT_AZURE: (&str, &str) =
    ("`azure` is for Azure", "write `provider: azure`, or `dialect: azure`");

/// What tokens are for.
const SCOPE: &str = "https://cognitiveservices.azure.com/.default";
/// Where directories are.
const AUTHORITY: &str = "https://login.microsoftonline.com";
/// Where a machine's metadata service answers.
const METADATA: &str = "169.254.169.254";
/// The variables that name an API version, the nearest first.
const VERSIONS: [&str; 3] = ["AZURE_OPENAI_API_VERSION", "AZURE_API_VERSION", "OPENAI_API_VERSION"];
/// The variables that name a resource's address, the nearest first.
const ENDPOINTS: [&str; 4] =
    ["AZURE_OPENAI_ENDPOINT", "AZURE_OPENAI_API_BASE", "AZURE_OPENAI_BASE_URL", "AZURE_API_BASE"];

/// Whether a vendor is Azure, whatever it is called.
pub(super) fn is_azure(kind: &ProviderKind) -> bool {
    match kind {
        ProviderKind::Vendor(preset) => preset.name == NAME,
        ProviderKind::Own(_) | ProviderKind::Mock => false,
    }
}

/// Reads the section under `azure`, and `api_version` beside it.
pub(super) fn read(given: &mut Section<'_>, report: &mut Report) -> Option<AzureGiven> {
    let has_base = ["api_base", "base_url", "api_url"].iter().any(|key| given.has(key));
    let mut azure = section(given, &["azure"], report)?;
    let resource = azure.take(&["resource"], report).and_then(|at| resource(&at, has_base, report));
    let version = azure.take(&["api_version"], report);
    let read = AzureGiven {
        resource,
        api_version: version.and_then(|at| api_version(&at, report)),
        base_model: text(&mut azure, "base_model", report),
        scope: text(&mut azure, "scope", report),
        identity: Identity {
            tenant: word(&mut azure, "tenant_id", report),
            client_id: word(&mut azure, "client_id", report),
            secret: text(&mut azure, "client_secret", report).map(Secret::new),
            token_file: text(&mut azure, "token_file", report).map(PathBuf::from),
            authority: azure.take(&["authority"], report).and_then(|at| authority(&at, report)),
            metadata_host: word(&mut azure, "metadata_host", report),
        },
    };
    if read.identity.secret.is_some() && read.identity.token_file.is_some() {
        let hint = "keep one of `client_secret` and `token_file`";
        azure.at.problem_hint(report, "names its identity in two ways", hint);
    }
    let app = read.identity.secret.is_some() || read.identity.token_file.is_some();
    for (key, has) in [
        ("tenant_id", read.identity.tenant.is_some()),
        ("client_id", read.identity.client_id.is_some()),
    ] {
        if app && !has && !azure.has(key) {
            missing(&azure, key, "an application is known by both", report);
        }
    }
    azure.finish(report);
    Some(read)
}

fn text(given: &mut Section<'_>, name: &'static str, report: &mut Report) -> Option<String> {
    let at = given.take(&[name], report)?;
    let text = at.text(report)?.trim();
    if text.is_empty() {
        at.problem(report, "is empty");
        return None;
    }
    Some(text.to_owned())
}

/// A name that stands in an address.
fn word(given: &mut Section<'_>, name: &'static str, report: &mut Report) -> Option<String> {
    let at = given.take(&[name], report)?;
    let text = at.text(report)?.trim();
    if is_word(text) {
        return Some(text.to_owned());
    }
    at.problem_hint(report, "is not a name of Azure's", "letters, digits and - _ . :");
    None
}

fn is_word(text: &str) -> bool {
    let legal = |c: char| c.is_ascii_alphanumeric() || "-_.:".contains(c);
    (1..=128).contains(&text.len()) && text.chars().all(legal)
}

fn resource(at: &At<'_>, has_base: bool, report: &mut Report) -> Option<BaseUrl> {
    let text = at.text(report)?.trim();
    let legal = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if !(1..=64).contains(&text.len()) || !text.chars().all(legal) {
        let hint = "its name alone: `my-resource`; give any other address as `api_base`";
        at.problem_hint(report, "is not the name of a resource", hint);
        return None;
    }
    if has_base {
        at.problem_hint(report, "`api_base` says the address already", "keep one of them");
        return None;
    }
    Some(BaseUrl(format!("https://{text}.openai.azure.com")))
}

/// Reads a version: a date, perhaps with `-preview`, or a name of the v1 path's.
pub(super) fn api_version(at: &At<'_>, report: &mut Report) -> Option<String> {
    let text = at.text(report)?.trim();
    if is_version(text) {
        return Some(text.to_owned());
    }
    let hint = "write it like 2024-10-21 or 2025-04-01-preview; `v1`, `preview` or `latest` for the \
                v1 path";
    at.problem_hint(report, "is not an API version", hint);
    None
}

fn is_version(text: &str) -> bool {
    let date = text.strip_suffix("-preview").unwrap_or(text);
    let parts: Vec<&str> = date.split('-').collect();
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    matches!(text, "v1" | "preview" | "latest")
        || (lengths == [4, 2, 2] && parts.iter().all(|part| digits(part)))
}

/// Reads the address of the directories.
fn authority(at: &At<'_>, report: &mut Report) -> Option<String> {
    let read = base::read(at, report)?;
    if is_safe(read.as_str()) {
        return Some(read.as_str().to_owned());
    }
    at.problem(report, "is neither https nor on this network");
    None
}

fn is_safe(address: &str) -> bool {
    address.starts_with("https://") || base::is_near(address)
}

/// The resource's address that the environment names.
pub(super) fn endpoint(env: &BTreeMap<String, String>) -> Option<&str> {
    let named = ENDPOINTS.iter().filter_map(|name| env.get(*name));
    named.map(|text| text.trim()).find(|text| !text.is_empty())
}

/// What a deployment's layers and the environment say of its paths and its model. `beside` is the
/// deployment's own `api_version`, the nearest word of all.
pub(super) fn resolve(
    layers: [Option<&AzureGiven>; 2],
    beside: Option<&str>,
    env: &BTreeMap<String, String>,
) -> Azure {
    let version = said_version(layers, beside);
    Azure {
        api_version: version.map(str::to_owned).or_else(|| first(env, &VERSIONS)),
        base_model: layers.into_iter().flatten().find_map(|given| given.base_model.clone()),
    }
}

/// The version that configuration itself says.
pub(super) fn said_version<'a>(
    layers: [Option<&'a AzureGiven>; 2],
    beside: Option<&'a str>,
) -> Option<&'a str> {
    beside.or_else(|| layers.into_iter().flatten().find_map(|given| given.api_version.as_deref()))
}

/// Whether an address is of the v1 path, which knows no dated versions, and `version` is one.
pub(super) fn contradicts(base: &BaseUrl, version: &str) -> bool {
    let path = base.as_str();
    let v1 = path.ends_with("/openai/v1") || path.contains("/openai/v1/");
    v1 && version.starts_with(|c: char| c.is_ascii_digit())
}

fn first(env: &BTreeMap<String, String>, names: &[&str]) -> Option<String> {
    let values = names.iter().filter_map(|name| env.get(*name));
    values.map(|text| text.trim()).find(|text| !text.is_empty()).map(str::to_owned)
}

/// Where tokens come from: what configuration names, else what Azure's tools would find.
pub(super) fn entra(layers: [Option<&AzureGiven>; 2], env: &BTreeMap<String, String>) -> Entra {
    let layers = || layers.into_iter().flatten();
    // Of an application, one layer says all; what belongs together is not mixed.
    let named = layers().map(|given| &given.identity).find(|identity| {
        identity.secret.is_some() || identity.token_file.is_some() || identity.client_id.is_some()
    });
    let get = |name: &str| first(env, &[name]);
    let authority = layers()
        .find_map(|given| given.identity.authority.clone())
        .or_else(|| get("AZURE_AUTHORITY_HOST").map(|text| text.trim_end_matches('/').to_owned()))
        .filter(|address| is_safe(address))
        .unwrap_or_else(|| AUTHORITY.to_owned());
    let tenant = named.and_then(|identity| identity.tenant.clone());
    let tenant = tenant
        .or_else(|| layers().find_map(|given| given.identity.tenant.clone()))
        .or_else(|| get("AZURE_TENANT_ID"));
    let client_id = named.and_then(|identity| identity.client_id.clone());
    let client_id = client_id.or_else(|| get("AZURE_CLIENT_ID"));
    let app = tenant.zip(client_id.clone()).filter(|(tenant, _)| is_word(tenant));
    let app = app.map(|(tenant, client_id)| EntraApp { authority, tenant, client_id });
    let own_secret = named.and_then(|identity| identity.secret.clone());
    let own_file = named.and_then(|identity| identity.token_file.clone());
    let says_how = own_secret.is_some() || own_file.is_some();
    let secret =
        own_secret.or_else(|| get("AZURE_CLIENT_SECRET").filter(|_| !says_how).map(Secret::new));
    let file = || own_file.or_else(|| get("AZURE_FEDERATED_TOKEN_FILE").map(PathBuf::from));
    let machine = || {
        let host = layers().find_map(|given| given.identity.metadata_host.clone());
        EntraSource::Machine {
            host: host.unwrap_or_else(|| METADATA.to_owned()),
            client_id: client_id.clone(),
        }
    };
    let service = || {
        let endpoint = get("IDENTITY_ENDPOINT").filter(|address| is_safe(address))?;
        let header = Secret::new(get("IDENTITY_HEADER")?);
        Some(EntraSource::Service { endpoint, header, client_id: client_id.clone() })
    };
    let source = match (app, secret) {
        (Some(app), Some(secret)) => EntraSource::Secret { app, secret },
        (Some(app), None) => match file() {
            Some(token_file) => EntraSource::Workload { app, token_file },
            None => service().unwrap_or_else(machine),
        },
        (None, _) => service().unwrap_or_else(machine),
    };
    let scope = layers().find_map(|given| given.scope.clone());
    Entra { scope: scope.unwrap_or_else(|| SCOPE.to_owned()), source }
}

#[cfg(test)]
mod tests;
