//! `deployments`: what is written of one place that can serve a model.
//!
//! [`expand`] makes one deployment per key of it.

use super::aws::{self, AwsGiven};
use super::azure::{self, AzureGiven};
use super::defaults::flag;
use super::keys::{self, KeyGiven};
use super::models::Env;
use super::providers::{Found, ProviderRead};
use super::traits::auth;
use super::{Said, base, missing, mock, section, useless};
use crate::read::{At, Holds, Section, decide, unknown};
use crate::report::Report;
use crate::types::{Auth, BaseUrl, Limits, MockOptions, ProviderKind};

pub(super) mod expand;

/// A deployment as it was written, with what is needed to build it.
#[derive(Debug)]
pub(super) struct Given {
    id: Option<String>,
    provider: Box<ProviderRead>,
    upstream: Option<String>,
    base_model: Option<String>,
    base: Option<BaseUrl>,
    keys: Option<Vec<KeyGiven>>,
    auth: Option<Auth>,
    priority: u32,
    limits: Limits,
    mock: Option<MockOptions>,
    aws: Option<AwsGiven>,
    azure: Option<AzureGiven>,
    api_version: Option<String>,
    said: Said,
}

/// The keys that [`read`] takes.
pub(super) const KEYS: [&str; 21] = [
    "id",
    "provider",
    "model",
    "model_name",
    "upstream_model",
    "base_model",
    "api_base",
    "base_url",
    "api_url",
    "api_keys",
    "api_key",
    "keys",
    "auth",
    "priority",
    "limits",
    "max_qps",
    "max_concurrency",
    "mock",
    "api_version",
    "aws",
    "azure",
];

/// Reads the keys that only a deployment has (or a model that is its own only deployment).
/// `None` where too little was right to build one; that was reported.
pub(super) fn read(given: &mut Section<'_>, env: &Env<'_>, report: &mut Report) -> Option<Given> {
    let said = Said { span: given.at.span(), path: given.at.path.clone() };
    let id = given.take(&["id"], report).and_then(|at| keys::id(&at, report));
    let provider = provider(given, env, report);
    let upstream = given.take(&["model", "model_name", "upstream_model"], report);
    let named = upstream.is_some();
    let upstream = upstream.and_then(|at| at.text(report).map(|text| text.trim().to_owned()));
    let base_model = given.take(&["base_model"], report);
    let base_model = base_model.and_then(|at| at.text(report).map(|text| text.trim().to_owned()));
    let address = given.take(&["api_base", "base_url", "api_url"], report);
    let base = address.as_ref().and_then(|at| base::vendor(at, env.own, report));
    let keys = keys::take(given, report);
    let auth = auth(given, report);
    let priority = given.take(&["priority"], report).and_then(|at| at.whole(0..=1000, report));
    let limits = limits(given, report);
    let mock = mocked(given, provider.as_deref(), report);
    let aws = amazon(given, provider.as_deref(), report);
    let azure = azured(given, provider.as_deref(), report);
    let api_version = api_version(given, provider.as_deref(), report);
    let provider = provider?;
    if let (ProviderKind::Mock, Some(at)) = (&provider.kind, &address) {
        at.problem(report, "the mock has no address");
        return None;
    }
    // A value that was wrong is not as if nothing was said: no default takes its place.
    if named && upstream.is_none() || address.is_some() && base.is_none() {
        return None;
    }
    let priority = priority.and_then(|n| u32::try_from(n).ok()).unwrap_or(0);
    Some(Given {
        id,
        provider,
        upstream,
        base_model,
        base,
        keys,
        auth,
        priority,
        limits,
        mock,
        aws,
        azure,
        api_version,
        said,
    })
}

fn provider(
    given: &mut Section<'_>,
    env: &Env<'_>,
    report: &mut Report,
) -> Option<Box<ProviderRead>> {
    let Some(at) = given.take(&["provider"], report) else {
        missing(given, "provider", "name a vendor, for example `provider: openai`", report);
        return None;
    };
    let text = at.raw_text(report)?;
    match env.providers.find(text.text.trim()) {
        Found::Provider(provider) => Some(provider),
        Found::Broken => None,
        Found::Unknown => {
            let hint = env.providers.near(&text.text).unwrap_or_else(|| {
                "declare it under `providers`, with its `dialect` and `api_base`".to_owned()
            });
            at.problem_hint(report, unknown("provider", text), hint);
            None
        }
    }
}

fn limits(given: &mut Section<'_>, report: &mut Report) -> Limits {
    let mut limits = Limits::default();
    let most = u64::from(u32::MAX);
    let narrow = |n: u64| u32::try_from(n).ok();
    let (mut qps, mut concurrency) = (None, None);
    if let Some(mut all) = section(given, &["limits"], report) {
        limits.rpm = all.take(&["rpm"], report).and_then(|at| at.whole(1..=most, report));
        limits.tpm = all.take(&["tpm"], report).and_then(|at| at.whole(1..=MOST_TOKENS, report));
        qps = all.take(&["qps", "max_qps"], report);
        concurrency = all.take(&["concurrency", "max_concurrency"], report);
        limits.adaptive_concurrency = flag(&mut all, "adaptive_concurrency", false, report);
        all.finish(report);
    }
    // A pool of free keys says these beside the keys.
    let qps = either(qps, given.take(&["max_qps"], report), report);
    let concurrency = either(concurrency, given.take(&["max_concurrency"], report), report);
    limits.qps = qps.and_then(|at| at.positive(report));
    limits.concurrency = concurrency.and_then(|at| at.whole(1..=most, report)).and_then(narrow);
    let rpm = given.at.child("limits").and_then(|all| all.child("rpm"));
    if let Some(rpm) = rpm {
        useless::limits(&limits, &rpm, report);
    }
    limits
}

/// The greatest bound of tokens per minute.
const MOST_TOKENS: u64 = 1_000_000_000_000;

/// What `limits` says, or what is said beside it.
fn either<'a>(
    inside: Option<At<'a>>,
    beside: Option<At<'a>>,
    report: &mut Report,
) -> Option<At<'a>> {
    let (Some(inside), Some(beside)) = (&inside, &beside) else { return inside.or(beside) };
    match decide(inside, beside, report) {
        Holds::First => Some(inside.clone()),
        Holds::Second => Some(beside.clone()),
        Holds::Twice => {
            beside.problem_hint(report, "`limits` says the same", "keep one of them");
            None
        }
    }
}

fn amazon(
    given: &mut Section<'_>,
    provider: Option<&ProviderRead>,
    report: &mut Report,
) -> Option<AwsGiven> {
    let at = given.at.child("aws");
    let read = aws::read(given, report);
    if let (Some(at), Some(provider)) = (at, provider)
        && !aws::is_bedrock(&provider.kind)
    {
        at.problem_hint(report, aws::NOT_BEDROCK.0, aws::NOT_BEDROCK.1);
    }
    read
}

fn azured(
    given: &mut Section<'_>,
    provider: Option<&ProviderRead>,
    report: &mut Report,
) -> Option<AzureGiven> {
    let at = given.at.child("azure");
    let read = azure::read(given, report);
    if let (Some(at), Some(provider)) = (at, provider)
        && !azure::is_azure(&provider.kind)
    {
        at.problem_hint(report, azure::NOT_AZURE.0, azure::NOT_AZURE.1);
    }
    read
}

/// A version is Azure's; people leave it behind when they change the provider.
fn api_version(
    given: &mut Section<'_>,
    provider: Option<&ProviderRead>,
    report: &mut Report,
) -> Option<String> {
    let at = given.take(&["api_version"], report)?;
    if provider.is_some_and(|provider| azure::is_azure(&provider.kind)) {
        return azure::api_version(&at, report);
    }
    let message = "this provider has no API versions; the key is ignored";
    report.warn(at.span(), &at.path, message, "remove it");
    None
}

fn mocked(
    given: &mut Section<'_>,
    provider: Option<&ProviderRead>,
    report: &mut Report,
) -> Option<MockOptions> {
    let at = given.has("mock").then(|| given.at.clone());
    let options = mock::read(given, report);
    match (provider.map(|provider| &provider.kind), at) {
        (Some(ProviderKind::Mock), _) => Some(options.unwrap_or_default()),
        (Some(ProviderKind::Vendor(_) | ProviderKind::Own(_)), Some(at)) => {
            at.problem_hint(report, "`mock` is for the mock provider", "write `provider: mock`");
            None
        }
        (Some(ProviderKind::Vendor(_) | ProviderKind::Own(_)), None) | (None, _) => options,
    }
}
