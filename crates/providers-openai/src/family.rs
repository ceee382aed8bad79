//! OpenAI's own model families, told by name: which models refuse what the older ones took.
//!
//! The rules hold for OpenAI's own address alone: a name at another server says nothing about that
//! server. They must never be applied to what a client said on the verbatim path.

use tollgate_providers_common::target::Quirks;

/// The traits of a model at OpenAI's own address, by its name; a fine-tuned model (`ft:...`) has
/// those of its base.
///
/// The reasoning families are `o1`, `o3`, `o4` ... and `gpt-5` onwards, but not `gpt-5-chat`: they
/// take `max_completion_tokens` and developer messages, and refuse sampling parameters.
#[must_use]
pub fn quirks_for(model: &str) -> Quirks {
    let reasons = reasons(model.strip_prefix("ft:").unwrap_or(model));
    Quirks {
        max_completion_tokens: reasons,
        developer_role: reasons,
        no_sampling: reasons,
        ..Quirks::default()
    }
}

fn reasons(model: &str) -> bool {
    if let Some(rest) = model.strip_prefix('o') {
        return rest.starts_with(|c: char| c.is_ascii_digit());
    }
    let Some(rest) = model.strip_prefix("gpt-") else { return false };
    let digits = rest.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
    // Azure writes `gpt-35-turbo` for 3.5.
    let Ok(generation) = digits.parse::<u32>() else { return false };
    generation >= 5 && digits != "35" && !model.starts_with("gpt-5-chat")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasoning_families_are_told_by_name() {
        for model in [
            "o1",
            "o3-mini",
            "o4-mini-2025-04-16",
            "gpt-5",
            "gpt-5-mini",
            "gpt-5.1",
            "gpt-5.4-pro",
            "gpt-6-sol",
            "gpt-6.1-terra",
            "gpt-10",
            "ft:o4-mini:org::id",
            "ft:gpt-5:org::id",
        ] {
            let quirks = quirks_for(model);
            assert!(quirks.max_completion_tokens, "{model}");
            assert!(quirks.developer_role && quirks.no_sampling, "{model}");
            assert!(!quirks.no_developer_role && !quirks.no_forced_tools, "{model}");
        }
    }

    #[test]
    fn other_models_have_no_quirks() {
        for model in [
            "gpt-4o",
            "gpt-4.1-mini",
            "gpt-3.5-turbo",
            "gpt-35-turbo",
            "gpt-5-chat-latest",
            "gpt-oss-120b",
            "chatgpt-4o-latest",
            "omni-moderation-latest",
            "olmo-2",
            "",
            "gpt-",
            "text-embedding-3-small",
            "ft:gpt-4o:org::id",
            "qwen3-max",
            "gpt-99999999999999999999",
        ] {
            assert_eq!(quirks_for(model), Quirks::default(), "{model}");
        }
    }
}
