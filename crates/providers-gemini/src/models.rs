//! What differs by model, read from its name: how it thinks, and what it refuses.
//!
//! A name that says nothing (a tuned model, an alias of another server) is taken for a model without
//! any of it; `quirks` in the configuration say otherwise.

use tollgate_providers_common::target::Quirks;

/// A generation in tenths: 25 for 2.5, 30 for 3.
type Generation = u32;

/// From this generation on a model thinks by levels and signs its calls.
const LEVELS_SINCE: Generation = 30;
/// From this generation on a model thinks within a budget.
const BUDGETS_SINCE: Generation = 25;

/// How a model is told how much to think.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Thinks {
    /// It is not.
    Never,
    /// By a budget of tokens from `least` (0 is off) to `most`.
    Budget { least: u64, most: u64 },
    /// By a level; `minimal` is known to the smaller models alone.
    Level { minimal: bool },
}

/// The quirks that a model's name suggests.
#[must_use]
pub fn quirks_for(model: &str) -> Quirks {
    let generation = generation(model).unwrap_or(0);
    Quirks {
        adaptive_thinking: generation >= LEVELS_SINCE,
        // The first of the flash models that refuses them.
        no_sampling: generation >= 38 && model.contains("flash"),
        ..Quirks::default()
    }
}

/// How `model` thinks; `levels` is the configuration's or [`quirks_for`]'s word on levels.
pub(crate) fn thinks(model: &str, levels: bool) -> Thinks {
    let pro = model.contains("pro");
    if levels {
        return Thinks::Level { minimal: !pro };
    }
    match generation(model) {
        Some(generation) if generation >= BUDGETS_SINCE => match (pro, model.contains("lite")) {
            (true, _) => Thinks::Budget { least: 128, most: 32_768 },
            (false, true) => Thinks::Budget { least: 512, most: 24_576 },
            (false, false) => Thinks::Budget { least: 0, most: 24_576 },
        },
        _ => Thinks::Never,
    }
}

/// Whether the first call of a turn must carry its signature.
pub(crate) fn signs_calls(model: &str) -> bool {
    generation(model).is_some_and(|generation| generation >= LEVELS_SINCE)
}

/// Whether tools and a JSON form of the answer exclude each other.
pub(crate) fn form_excludes_tools(model: &str) -> bool {
    generation(model).is_some_and(|generation| generation < LEVELS_SINCE)
}

/// Whether the model fetches public addresses itself.
pub(crate) fn fetches(model: &str) -> bool {
    generation(model).is_some_and(|generation| generation >= LEVELS_SINCE)
}

/// The generation of `gemini-3.1-pro-preview` is 31; of `gemini-pro-latest` nothing is known.
fn generation(model: &str) -> Option<Generation> {
    let name = model.rsplit('/').next().unwrap_or(model);
    let version = name.strip_prefix("gemini-")?.split('-').next()?;
    let (major, minor) = version.split_once('.').unwrap_or((version, "0"));
    let (major, minor): (u32, u32) = (major.parse().ok()?, minor.parse().ok()?);
    major.checked_mul(10)?.checked_add(minor.min(9))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_how_a_model_thinks() {
        for (model, want) in [
            ("gemini-1.5-pro", Thinks::Never),
            ("gemini-2.0-flash", Thinks::Never),
            ("gemini-2.5-pro", Thinks::Budget { least: 128, most: 32_768 }),
            ("gemini-2.5-flash-lite", Thinks::Budget { least: 512, most: 24_576 }),
            ("gemini-2.5-flash-preview-09-2025", Thinks::Budget { least: 0, most: 24_576 }),
            ("gemini-3-pro-preview", Thinks::Level { minimal: false }),
            ("models/gemini-3.1-flash", Thinks::Level { minimal: true }),
            ("gemma-3-27b-it", Thinks::Never),
            ("gemini-pro-latest", Thinks::Never),
            ("gemini-99999999999-x", Thinks::Never),
        ] {
            assert_eq!(thinks(model, quirks_for(model).adaptive_thinking), want, "{model}");
        }
        assert!(quirks_for("gemini-3.8-flash").no_sampling);
        assert!(!quirks_for("gemini-3-flash").no_sampling);
        assert!(signs_calls("gemini-3-flash") && !signs_calls("gemini-2.5-flash"));
    }
}
