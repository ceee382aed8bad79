//! What is known of a deployment's model: looked up in the catalogue by vendor and name.

use tollgate_catalogue::{Capabilities, Catalogue, Model, ReasoningStyle, Region};
use tollgate_config::{Auth, Deployment, ProviderKind};
use tollgate_core_types::Dialect;
use tollgate_providers_common::target::Quirks;

/// Looks a deployment's model up, with what configuration says over it. A model that is not known
/// has no prices, and takes everything as far as we know.
pub(super) fn known(catalogue: &Catalogue, config: &Deployment) -> Model {
    let model = catalogue.find(vendor(config), name(config));
    model.unwrap_or_default().with(&config.catalogue)
}

/// The model's name: what configuration says is behind a name that does not say it, or that.
pub(super) fn name(config: &Deployment) -> &str {
    base_model(config).unwrap_or(&config.upstream_model)
}

/// The model behind a name that does not say it.
pub(super) fn base_model(config: &Deployment) -> Option<&str> {
    let amazons = || config.aws.as_ref().and_then(|aws| aws.base_model.as_deref());
    let azures = || config.azure.as_ref().and_then(|azure| azure.base_model.as_deref());
    config.base_model.as_deref().or_else(amazons).or_else(azures)
}

/// The vendor by whom the catalogue knows a deployment's models. At a server of the user's own a
/// name says nothing, unless it comes with a vendor (`openai/gpt-4o`).
fn vendor(config: &Deployment) -> &str {
    match (&config.provider.kind, &config.auth) {
        (ProviderKind::Vendor(preset), _) => preset.name,
        (ProviderKind::Own(_), Auth::Google(_)) => "vertex",
        (ProviderKind::Own(_), _) if config.azure.is_some() => "azure",
        (ProviderKind::Own(_), _) if config.aws.is_some() => "bedrock",
        (ProviderKind::Own(_) | ProviderKind::Mock, _) => "",
    }
}

/// Where a deployment's requests are served, as far as prices differ by it: the vendor's address
/// tells.
pub(super) fn region(config: &Deployment, base: &http::Uri) -> Region {
    let host = base.host().unwrap_or_default();
    match vendor(config) {
        "openai" if host.starts_with("us.") => Region::Us,
        "openai" if host.starts_with("eu.") => Region::Eu,
        "vertex" if host != "aiplatform.googleapis.com" => Region::Regional,
        _ => Region::Anywhere,
    }
}

/// Adds to what a model's name says what the catalogue knows that it refuses. What a user says holds
/// both ways.
pub(super) fn teach(quirks: &mut Quirks, known: &Capabilities, said: &Capabilities, chat: Dialect) {
    let pairs = [
        (&mut quirks.no_sampling, known.sampling, said.sampling),
        (&mut quirks.no_forced_tools, known.forced_tools, said.forced_tools),
        (&mut quirks.no_native_schema, known.structured_output, said.structured_output),
    ];
    for (quirk, known, said) in pairs {
        *quirk |= known == Some(false);
        *quirk = said.map_or(*quirk, |able| !able);
    }
    let claude = [Dialect::ANTHROPIC_MESSAGES, Dialect::BEDROCK_CONVERSE].contains(&chat);
    let adaptive =
        matches!(known.reasoning, Some(ReasoningStyle::Adaptive | ReasoningStyle::Always));
    quirks.adaptive_thinking |= claude && adaptive;
}

/// Where the dialect wants a bound of an answer's length and nobody gives one: the dialect's own, but
/// never more than the model gives; where the dialect has none for the name, what the model gives up
/// to a bound that does not take a vendor's whole quota.
pub(super) fn default_output(named: &str, known: &Capabilities) -> u64 {
    const MOST: u64 = 16_384;
    let usual = tollgate_providers_anthropic::default_max_output(named);
    match known.max_output {
        None => usual,
        Some(most) if named.to_ascii_lowercase().contains("claude") => usual.min(most),
        Some(most) => most.min(MOST),
    }
}

#[cfg(test)]
mod tests;
