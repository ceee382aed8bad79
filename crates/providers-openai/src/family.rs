//! OpenAI's own model families, told by name: which models refuse what the older ones took.
//!
//! The rules hold for OpenAI's own address alone: a name at another server says nothing about that
//! server. They must never be applied to what a client said on the verbatim path.

use tollgate_providers_common::target::Quirks;

/// The traits of a model at OpenAI's own address, by its name; a fine-tuned model (`ft:...`) has
/// those of its base.
///
/// The reasoning families are `o1`, `o3`, `o4` ... and `gpt-5` onwards, but not `gpt-5-chat`: they
/// take an effort, `max_completion_tokens` and developer messages, and refuse sampling parameters.
#[must_use]
pub fn quirks_for(model: &str) -> Quirks {
    let reasons = Family::of(model).is_some();
    Quirks {
        max_completion_tokens: reasons,
        developer_role: reasons,
        no_sampling: reasons || searches(model),
        adaptive_thinking: reasons,
        ..Quirks::default()
    }
}

/// Whether a model searches before it answers; those refuse sampling parameters.
fn searches(model: &str) -> bool {
    model.starts_with("gpt-") && model.contains("-search")
}

/// Whether a model that refuses sampling parameters takes them after all: those of 5.1 to 5.x do
/// where they are told not to reason.
pub(crate) fn samples_unreasoned(model: &str) -> bool {
    matches!(Family::of(model), Some(Family::Gpt(5, 1..)))
}

/// A family of models that reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    /// `o1`, `o3`, `o4` ...
    O(u32),
    /// `gpt-5` and later, by generation and minor version.
    Gpt(u32, u32),
}

/// What a model that reasons takes, beyond what [`Quirks`] can say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Traits {
    /// The efforts that it accepts, least first.
    pub(crate) efforts: &'static [&'static str],
    /// Whether it refuses an effort beside function tools (on this endpoint).
    pub(crate) tools_exclude_effort: bool,
    /// Whether it refuses stop texts.
    pub(crate) no_stop: bool,
    /// Whether it refuses the word on parallel calls, of which it makes none.
    pub(crate) no_parallel_word: bool,
}

/// Whether a name is one of OpenAI's models that converse: for places that serve others as well.
#[must_use]
pub fn is_openais(model: &str) -> bool {
    let model = model.strip_prefix("ft:").unwrap_or(model);
    // Open weights of the same name run anywhere.
    let gpt = model.starts_with("gpt-") && !model.starts_with("gpt-oss");
    gpt || Family::of(model).is_some() || is_for_responses_alone(model)
}

/// Whether OpenAI serves a model at Responses alone, whatever is asked of it.
pub(crate) fn is_for_responses_alone(model: &str) -> bool {
    let base = model.strip_prefix("ft:").unwrap_or(model);
    let pro = Family::of(base).is_some() && base.split('-').any(|word| word == "pro");
    let codex = base.split('-').any(|word| word == "codex" || word.starts_with("codex"));
    pro || codex || base.contains("deep-research") || base.starts_with("computer-use-preview")
}

/// Whether a model takes a request at Responses alone: one with function tools beside reasoning, as
/// far as `effort` asks for any. From generation 6 on a model reasons unasked.
pub(crate) fn needs_responses(model: &str, tools: bool, effort: Option<&str>) -> bool {
    if is_for_responses_alone(model) {
        return true;
    }
    let traits = traits(model);
    if !tools || !traits.tools_exclude_effort {
        return false;
    }
    match effort {
        Some("none") => !traits.efforts.contains(&"none"),
        Some(_) => true,
        None => matches!(Family::of(model), Some(Family::Gpt(6.., _))),
    }
}

/// Every effort above none that a server of this dialect may know, least first.
pub(crate) const EFFORTS: &[&str] = &["minimal", "low", "medium", "high", "xhigh", "max"];

/// What the model takes; one of no known family takes every effort, but not to be without one.
pub(crate) fn traits(model: &str) -> Traits {
    let any = Traits {
        efforts: EFFORTS,
        tools_exclude_effort: false,
        no_stop: false,
        no_parallel_word: false,
    };
    let Some(family) = Family::of(model) else { return any };
    match family {
        Family::O(generation) => Traits {
            efforts: &["low", "medium", "high"],
            no_stop: generation >= 3,
            no_parallel_word: true,
            ..any
        },
        Family::Gpt(generation, minor) => Traits {
            efforts: gpt_efforts(model, generation, minor),
            tools_exclude_effort: (generation, minor) >= (5, 4),
            ..any
        },
    }
}

fn gpt_efforts(model: &str, generation: u32, minor: u32) -> &'static [&'static str] {
    match (generation, minor) {
        (5, 0) => &["minimal", "low", "medium", "high"],
        (5, 1) => &["none", "low", "medium", "high"],
        (5, _) => &["none", "low", "medium", "high", "xhigh"],
        _ if ["gpt-6-sol", "gpt-6-luna", "gpt-6.1-terra"].iter().any(|m| model.starts_with(m)) => {
            &["none", "low", "medium", "high", "xhigh", "max"]
        }
        _ => &["low", "medium", "high", "xhigh", "max"],
    }
}

impl Family {
    fn of(model: &str) -> Option<Self> {
        let model = model.strip_prefix("ft:").unwrap_or(model);
        if let Some(rest) = model.strip_prefix('o') {
            return number(rest).map(|(generation, _)| Self::O(generation));
        }
        let (generation, rest) = number(model.strip_prefix("gpt-")?)?;
        // Azure writes `gpt-35-turbo` for 3.5.
        let chat = model.starts_with("gpt-5-chat");
        if generation < 5 || generation == 35 || chat {
            return None;
        }
        let minor = rest.strip_prefix('.').and_then(number).map_or(0, |(minor, _)| minor);
        Some(Self::Gpt(generation, minor))
    }
}

/// The number that a text begins with, and what follows it.
fn number(text: &str) -> Option<(u32, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at_checked(end)?;
    Some((digits.parse().ok()?, rest))
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
            assert!(quirks.max_completion_tokens && quirks.adaptive_thinking, "{model}");
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
            assert_eq!(traits(model).efforts, EFFORTS, "{model}");
        }
    }

    #[test]
    fn tools_beside_reasoning_go_to_responses_from_5_4_on() {
        for (model, tools, effort, needed) in [
            ("gpt-5.4", true, Some("low"), true),
            ("gpt-5.4", true, Some("none"), false),
            ("gpt-5.4", true, None, false),
            ("gpt-5.4", false, Some("high"), false),
            ("gpt-5.2", true, Some("high"), false),
            ("o4-mini", true, Some("high"), false),
            ("gpt-6-sol", true, Some("none"), false),
            ("gpt-6-sol", true, None, true),
            ("gpt-6", true, Some("none"), true),
            ("gpt-6", false, None, false),
            ("gpt-4o", true, Some("high"), false),
            ("o3-pro-2025-06-10", false, None, true),
            ("gpt-5-pro", false, None, true),
            ("gpt-5.1-codex-max", false, None, true),
            ("codex-mini-latest", false, None, true),
            ("o4-mini-deep-research", false, None, true),
            ("gemini-3-pro", false, None, false),
            ("", true, Some("high"), false),
        ] {
            assert_eq!(needs_responses(model, tools, effort), needed, "{model} {tools} {effort:?}");
        }
    }

    #[test]
    fn sampling_is_refused_by_family_and_taken_without_reasoning() {
        let search = quirks_for("gpt-4o-mini-search-preview");
        assert!(search.no_sampling && !search.developer_role && !search.max_completion_tokens);
        for (model, samples) in [
            ("gpt-5", false),
            ("gpt-5.1", true),
            ("gpt-5.4", true),
            ("gpt-6-sol", false),
            ("o3", false),
        ] {
            assert_eq!(samples_unreasoned(model), samples, "{model}");
        }
    }

    #[test]
    fn openais_models_are_told_by_name() {
        for model in ["gpt-4o", "gpt-35-turbo", "gpt-5.4", "o3", "codex-mini-latest", "ft:gpt-4o:o"]
        {
            assert!(is_openais(model), "{model}");
        }
        for model in
            ["gpt-oss-120b", "claude-opus-5-5", "deepseek-v3", "olmo-2", "", "my-deployment"]
        {
            assert!(!is_openais(model), "{model}");
        }
    }

    #[test]
    fn generations_differ_in_efforts_tools_and_stop_texts() {
        for (model, least, greatest, tools_exclude_effort, no_stop) in [
            ("o1", "low", "high", false, false),
            ("o3-mini", "low", "high", false, true),
            ("o4-mini", "low", "high", false, true),
            ("gpt-5-mini", "minimal", "high", false, false),
            ("gpt-5.1", "none", "high", false, false),
            ("gpt-5.2", "none", "xhigh", false, false),
            ("gpt-5.4-pro", "none", "xhigh", true, false),
            ("gpt-6-sol-2026-10-01", "none", "max", true, false),
            ("gpt-6", "low", "max", true, false),
        ] {
            let traits = traits(model);
            assert_eq!(traits.efforts.first(), Some(&least), "{model}");
            assert_eq!(traits.efforts.last(), Some(&greatest), "{model}");
            assert_eq!(traits.tools_exclude_effort, tools_exclude_effort, "{model}");
            assert_eq!(traits.no_stop, no_stop, "{model}");
            assert_eq!(traits.no_parallel_word, model.starts_with('o'), "{model}");
        }
    }
}
