//! `providers`: the user's own vendors, and what they change about the known ones.

use std::collections::HashSet;
use tollgate_core_types::{Dialect, VendorPreset};

use super::aws::{self, AwsGiven};
use super::azure::{self, AzureGiven};
use super::google::{self, GoogleRead};
use super::keys::{self, KeyGiven};
use super::traits::{Traits, auth};
use super::{Context, Own, Said, base, missing};
use crate::read::{At, Section, clip, did_you_mean};
use crate::report::Report;
use crate::types::{Auth, BaseUrl, Model, ProviderKind};

/// A vendor as deployments find it.
#[derive(Debug, Clone)]
pub(super) struct ProviderRead {
    pub(super) name: String,
    pub(super) kind: ProviderKind,
    /// The address given here; a preset's own is in its kind.
    pub(super) base: Option<BaseUrl>,
    pub(super) keys: Option<Vec<KeyGiven>>,
    pub(super) auth: Option<Auth>,
    pub(super) aws: Option<AwsGiven>,
    pub(super) azure: Option<AzureGiven>,
    pub(super) traits: Traits,
    /// Where it is declared; `None` for a vendor that is known without.
    said: Option<Said>,
}

/// Every vendor that a deployment may name.
#[derive(Debug)]
pub(super) struct Providers<'a> {
    declared: Vec<ProviderRead>,
    /// Names whose declaration has a problem: nothing more is said where they are used.
    broken: Vec<String>,
    vendors: &'a [VendorPreset],
    own: Own,
}

/// What a name turned out to be.
#[derive(Debug)]
pub(super) enum Found {
    Provider(Box<ProviderRead>),
    Broken,
    Unknown,
}

/// The name of the scripted vendor.
const MOCK: &str = "mock";

/// Reads the section.
pub(super) fn read<'a>(
    root: &mut Section<'_>,
    context: Context<'a>,
    own: Own,
    report: &mut Report,
) -> Providers<'a> {
    let mut providers =
        Providers { declared: Vec::new(), broken: Vec::new(), vendors: context.vendors, own };
    let Some(at) = root.take(&["providers"], report) else { return providers };
    for (entry, at) in at.entries(report) {
        match declaration(&entry.key, &at, &providers, report) {
            Some(provider) => providers.declared.push(provider),
            None => providers.broken.push(entry.key.clone()),
        }
    }
    providers
}

impl Providers<'_> {
    /// The vendor of this name: declared, preset (also by its environment prefix), or the mock.
    pub(super) fn find(&self, name: &str) -> Found {
        if let Some(declared) = self.declared.iter().find(|provider| provider.name == name) {
            return Found::Provider(Box::new(declared.clone()));
        }
        if self.broken.iter().any(|broken| broken == name) {
            return Found::Broken;
        }
        let kind = match self.vendor(name) {
            Some(preset) => ProviderKind::Vendor(preset),
            None if name == MOCK => ProviderKind::Mock,
            None => return Found::Unknown,
        };
        let name = match &kind {
            ProviderKind::Vendor(preset) => preset.name.to_owned(),
            ProviderKind::Own(_) | ProviderKind::Mock => name.to_owned(),
        };
        let traits = Traits::default();
        let (base, keys, auth, aws, azure, said) = (None, None, None, None, None, None);
        let provider = ProviderRead { name, kind, base, keys, auth, aws, azure, traits, said };
        Found::Provider(Box::new(provider))
    }

    /// Warns of the user's own vendors that no deployment names.
    pub(super) fn warn_of_unused(&self, models: &[Model], report: &mut Report) {
        // Where a model could not be made, its provider is not unused.
        if !report.is_clean() {
            return;
        }
        let deployments = models.iter().flat_map(|model| &model.deployments);
        let used: HashSet<&str> = deployments.map(|it| it.provider.name.as_str()).collect();
        for provider in &self.declared {
            let own = matches!(provider.kind, ProviderKind::Own(_));
            if let (true, Some(said)) = (own && !used.contains(&*provider.name), &provider.said) {
                let message = "no deployment names this provider";
                report.warn(
                    said.span,
                    &said.path,
                    message,
                    "name it with `provider`, or remove it",
                );
            }
        }
    }

    /// "did you mean ...?" among all names.
    pub(super) fn near(&self, name: &str) -> Option<String> {
        let declared = self.declared.iter().map(|provider| provider.name.as_str());
        let vendors = self.vendors.iter().map(|preset| preset.name);
        did_you_mean(name, declared.chain(vendors).chain([MOCK]))
    }

    fn vendor(&self, name: &str) -> Option<VendorPreset> {
        let by_name = self.vendors.iter().find(|preset| preset.name == name);
        let by_prefix = || {
            self.vendors
                .iter()
                .find(|preset| preset.env.iter().any(|prefix| prefix.to_ascii_lowercase() == name))
        };
        by_name.or_else(by_prefix).copied()
    }
}

fn declaration(
    name: &str,
    at: &At<'_>,
    providers: &Providers<'_>,
    report: &mut Report,
) -> Option<ProviderRead> {
    let legal = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let named = !name.is_empty() && name.len() <= 64 && name.chars().all(legal) && name != MOCK;
    if !named {
        let hint = "up to 64 letters, digits and - _ . other than `mock`";
        at.problem_hint(report, format!("`{}` cannot be a provider's name", clip(name)), hint);
    }
    let mut given = at.section(report)?;
    let dialects = [
        ("openai", Some(Dialect::OPENAI_CHAT)),
        ("anthropic", Some(Dialect::ANTHROPIC_MESSAGES)),
        ("gemini", Some(Dialect::GEMINI_GENERATE)),
        ("openai.chat", Some(Dialect::OPENAI_CHAT)),
        ("anthropic.messages", Some(Dialect::ANTHROPIC_MESSAGES)),
        ("gemini.generate_content", Some(Dialect::GEMINI_GENERATE)),
        ("bedrock", Some(Dialect::BEDROCK_CONVERSE)),
        ("bedrock.converse", Some(Dialect::BEDROCK_CONVERSE)),
        // Its dialect is the model's: OpenAI's, or Claude's.
        (azure::NAME, None),
    ];
    let dialect = given.take(&["dialect"], report);
    let has_dialect = dialect.is_some();
    let dialect = dialect.and_then(|at| at.one_of("dialect", &dialects, report));
    let azure_at = given.at.child("azure");
    let is_azure = dialect == Some(None) || (azure_at.is_some() && !has_dialect);
    let preset = providers.vendor(if is_azure { azure::NAME } else { name });
    let dialect = dialect.flatten();
    let google_at = given.has("google");
    let google = Some(Dialect::GEMINI_GENERATE).filter(|_| google_at && !has_dialect);
    let dialect = dialect.or(google);
    let kind = dialect.map(ProviderKind::Own).or(preset.map(ProviderKind::Vendor));
    if kind.is_none() && !has_dialect {
        missing(&given, "dialect", "`openai`, `anthropic`, `gemini`, `bedrock` or `azure`", report);
    }
    let base = given.take(&["api_base", "base_url", "api_url"], report);
    let base = base.and_then(|at| base::vendor(&at, providers.own, report));
    let keys = keys::take(&mut given, report);
    let auth = auth(&mut given, report);
    if google_at && dialect != Some(Dialect::GEMINI_GENERATE) {
        given.at.problem_hint(
            report,
            "`google` is for Gemini's dialect",
            "write `dialect: gemini`",
        );
    }
    let google = google::read(&mut given, base.as_ref(), report);
    if google_at && google.is_none() {
        given.finish(report);
        return None;
    }
    let (base, auth) = match google {
        Some(GoogleRead { base, auth }) => (Some(base), Some(Auth::Google(auth))),
        None => (base, auth),
    };
    let section = given.at.child("aws");
    let aws = aws::read(&mut given, report);
    if let (Some(at), Some(kind)) = (section, &kind)
        && !aws::is_bedrock(kind)
    {
        at.problem_hint(report, aws::NOT_BEDROCK.0, aws::NOT_BEDROCK.1);
    }
    let azure = azure::read(&mut given, report);
    if let (Some(at), Some(kind)) = (azure_at, &kind)
        && !azure::is_azure(kind)
    {
        at.problem_hint(report, azure::NOT_AZURE.0, azure::NOT_AZURE.1);
    }
    let traits = Traits::read(&mut given, report);
    given.finish(report);
    let kind = kind.filter(|_| named)?;
    let said = Some(Said { span: at.span(), path: at.path.clone() });
    Some(ProviderRead { name: name.to_owned(), kind, base, keys, auth, aws, azure, traits, said })
}
