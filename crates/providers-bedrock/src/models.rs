//! What differs by model, read from its id: the family behind inference profiles and ARNs.
//!
//! Ids come as `anthropic.claude-…-v1:0`, with a region's prefix (`eu.`, `global.`), or as an ARN that
//! ends in either. The ARN of an application's inference profile names no model; configuration says
//! it then, and everything here is asked about that name.

use tollgate_providers_anthropic::models as claude;
use tollgate_providers_common::target::Quirks;

/// Prefixes of inference profiles: where the vendor may send a request.
const PREFIXES: [&str; 10] = ["us", "us-gov", "eu", "apac", "jp", "au", "ca", "global", "sa", "me"];

/// A family of models, as far as requests to it differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    /// Anthropic's.
    Claude,
    /// Amazon's.
    Nova,
    /// OpenAI's open models.
    GptOss,
    /// Mistral's.
    Mistral,
    /// Amazon's embeddings.
    TitanEmbed,
    /// Cohere's embeddings.
    CohereEmbed,
    /// Anything else, taken at Converse's word.
    Other,
}

impl Family {
    /// The family of a model by its id.
    pub(crate) fn of(model: &str) -> Self {
        let name = model.to_ascii_lowercase();
        let has = |word: &str| name.contains(word);
        if has("claude") {
            Self::Claude
        } else if has("amazon.nova") && !has("embed") {
            Self::Nova
        } else if has("gpt-oss") {
            Self::GptOss
        } else if has("mistral.") {
            Self::Mistral
        } else if has("titan-embed") {
            Self::TitanEmbed
        } else if has("cohere.embed") {
            Self::CohereEmbed
        } else {
            Self::Other
        }
    }

    /// Whether its prompts can have cache points.
    pub(crate) fn caches(self) -> bool {
        match self {
            Self::Claude | Self::Nova => true,
            Self::GptOss | Self::Mistral | Self::TitanEmbed | Self::CohereEmbed | Self::Other => {
                false
            }
        }
    }
}

/// The traits of a model. Of other families than Claude it is not known which have structured output
/// of their own; a forced tool serves all that have tools.
#[must_use]
pub fn quirks_for(model: &str) -> Quirks {
    match Family::of(model) {
        Family::Claude => claude::quirks_for(model),
        Family::Nova
        | Family::GptOss
        | Family::Mistral
        | Family::TitanEmbed
        | Family::CohereEmbed
        | Family::Other => Quirks { no_native_schema: true, ..Quirks::default() },
    }
}

/// The region that an ARN names; `None` for a plain id.
#[must_use]
pub fn region_of(model: &str) -> Option<&str> {
    let mut parts = model.strip_prefix("arn:")?.split(':');
    let region = parts.nth(2)?;
    (!region.is_empty()).then_some(region)
}

/// The id without ARN and without an inference profile's prefix, for operations that take no
/// profile; `None` where the ARN names no model.
#[must_use]
pub fn base_id(model: &str) -> Option<&str> {
    let id = match model.strip_prefix("arn:") {
        None => model,
        Some(arn) => {
            let (kind, id) = arn.split_once('/')?;
            let named = kind.ends_with(":foundation-model") || kind.ends_with(":inference-profile");
            named.then_some(id)?
        }
    };
    let (prefix, rest) = id.split_once('.').unwrap_or(("", id));
    Some(if PREFIXES.contains(&prefix) && rest.contains('.') { rest } else { id })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_are_known_behind_profiles_and_arns() {
        for (model, family) in [
            ("anthropic.claude-3-haiku-20240307-v1:0", Family::Claude),
            ("us.anthropic.claude-opus-4-6-v1:0", Family::Claude),
            ("arn:aws:bedrock:eu-west-1::foundation-model/anthropic.claude-v2:1", Family::Claude),
            ("eu.amazon.nova-lite-v1:0", Family::Nova),
            ("amazon.nova-2-multimodal-embeddings-v1:0", Family::Other),
            ("openai.gpt-oss-120b-1:0", Family::GptOss),
            ("mistral.mistral-large-2407-v1:0", Family::Mistral),
            ("amazon.titan-embed-text-v2:0", Family::TitanEmbed),
            ("cohere.embed-multilingual-v3", Family::CohereEmbed),
            ("meta.llama3-1-70b-instruct-v1:0", Family::Other),
            ("", Family::Other),
        ] {
            assert_eq!(Family::of(model), family, "{model}");
        }
    }

    #[test]
    fn regions_and_base_ids() {
        const PROFILE: &str =
            "arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.anthropic.claude-x-v1:0";
        const APPLICATION: &str =
            "arn:aws:bedrock:us-east-2:123456789012:application-inference-profile/a1b2";
        for (model, region, base) in [
            ("anthropic.claude-x-v1:0", None, Some("anthropic.claude-x-v1:0")),
            ("global.anthropic.claude-x-v1:0", None, Some("anthropic.claude-x-v1:0")),
            ("us.custom", None, Some("us.custom")),
            (PROFILE, Some("eu-west-1"), Some("anthropic.claude-x-v1:0")),
            (APPLICATION, Some("us-east-2"), None),
            ("arn:aws:bedrock", None, None),
            ("arn:", None, None),
        ] {
            assert_eq!(region_of(model), region, "{model}");
            assert_eq!(base_id(model), base, "{model}");
        }
    }
}
