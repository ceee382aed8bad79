//! What differs by model rather than by vendor, read from the model's name.
//!
//! A catalogue in configuration may overrule all of it; these are the defaults. Facts as of
//! 2026-11: adaptive thinking from 4.6 on, no sampling parameters from 4.7 on, no forced tool
//! choice for the 5.5 models and the Fable and Mythos families, native structured output from 4.5
//! on (assumed: older models are served with a forced tool, which all of them accept).
//! Names that are not Claude's get no quirks: a server of this dialect with a model of its own is
//! taken at the dialect's word.

use tollgate_providers_common::target::Quirks;

/// The families whose traits are known; a new one is given only what its version alone implies.
const FAMILIES: [&str; 6] = ["opus", "sonnet", "haiku", "fable", "mythos", "instant"];

/// Major and minor version.
type Version = (u16, u16);

/// A Claude model's name, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Named {
    family: Option<&'static str>,
    version: Version,
}

/// The traits of a model, by its name in any vendor's spelling (`claude-opus-4-6`,
/// `anthropic/claude-opus-4.6`, `us.anthropic.claude-opus-4-6-v1:0`, `claude-opus-4-6@20260101`).
///
/// Names that are not known give no quirks, except that a Claude version of 4.6 or later implies
/// adaptive thinking.
#[must_use]
pub fn quirks_for(model: &str) -> Quirks {
    let Some(Named { family, version }) = parse(model) else { return Quirks::default() };
    let known = family.is_some();
    let always_free = matches!(family, Some("fable" | "mythos"));
    Quirks {
        no_sampling: known && version >= (4, 7),
        adaptive_thinking: version >= (4, 6),
        no_forced_tools: known && (version >= (5, 5) || always_free),
        no_native_schema: known && version < (4, 5),
        ..Quirks::default()
    }
}

/// The bound of generated tokens to send where neither client nor configuration gives one.
///
/// Conservative, for it is also what a reservation takes: 4,096 up to the 3.x models (their own
/// limit) and for unknown names, 8,192 for 4.0 to 4.5, 16,384 from 4.6 on, where adaptive thinking
/// counts within it.
#[must_use]
pub fn default_max_output(model: &str) -> u64 {
    match parse(model) {
        Some(Named { version, .. }) if version >= (4, 6) => 16_384,
        Some(Named { version, .. }) if version >= (4, 0) => 8_192,
        Some(_) | None => 4_096,
    }
}

/// Whether the model refuses `temperature` and `top_p` together (4.1 and later).
#[must_use]
pub fn one_sampler(model: &str) -> bool {
    parse(model).is_some_and(|named| named.version >= (4, 1))
}

/// Whether the model cannot think at all (before 3.7).
#[must_use]
pub fn never_thinks(model: &str) -> bool {
    parse(model).is_some_and(|named| named.version < (3, 7))
}

/// Whether the model refuses to go on with an answer that the request begins (the models that
/// refuse a forced tool choice).
#[must_use]
pub fn no_prefill(model: &str) -> bool {
    quirks_for(model).no_forced_tools
}

/// Whether this is a Claude model: its vendor refuses reasoning that it did not sign, where other
/// servers of the dialect sign nothing.
#[must_use]
pub fn is_claude(model: &str) -> bool {
    model.to_ascii_lowercase().contains("claude")
}

/// Takes a name apart; `None` where it is not Claude's or has no version.
fn parse(model: &str) -> Option<Named> {
    let lower = model.to_ascii_lowercase();
    let (_, name) = lower.split_once("claude")?;
    let mut words = name.split(['-', '_', '.', '@', ':', '/', ' ']).filter(|word| !word.is_empty());
    let mut family = None;
    let mut major = None;
    for word in &mut words {
        if let Some(number) = version_number(word) {
            major = Some(number);
            break;
        }
        family = family.or_else(|| FAMILIES.into_iter().find(|known| *known == word));
    }
    let mut rest = words.peekable();
    let minor = rest.next_if(|word| version_number(word).is_some());
    let family = family.or_else(|| rest.find_map(|word| FAMILIES.into_iter().find(|f| *f == word)));
    Some(Named { family, version: (major?, minor.and_then(version_number).unwrap_or(0)) })
}

/// A word as part of a version: one or two digits; dates have eight.
fn version_number(word: &str) -> Option<u16> {
    let digits = word.len() <= 2 && word.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| word.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_every_spelling_give_family_and_version() {
        for (model, family, version) in [
            ("claude-3-opus-20240229", Some("opus"), (3, 0)),
            ("claude-3-7-sonnet-20250219", Some("sonnet"), (3, 7)),
            ("claude-2.1", None, (2, 1)),
            ("claude-instant-1.2", Some("instant"), (1, 2)),
            ("claude-opus-4-20250514", Some("opus"), (4, 0)),
            ("claude-4-opus-20250514", Some("opus"), (4, 0)),
            ("claude-opus-4-1@20250805", Some("opus"), (4, 1)),
            ("us.anthropic.claude-opus-4-6-v1:0", Some("opus"), (4, 6)),
            ("anthropic/claude-sonnet-4.5", Some("sonnet"), (4, 5)),
            ("Claude-Fable-5-2", Some("fable"), (5, 2)),
            ("claude-zeta-6", None, (6, 0)),
        ] {
            assert_eq!(parse(model), Some(Named { family, version }), "{model}");
        }
        for model in ["gpt-4o", "claude-mythos-preview", "claude", ""] {
            assert_eq!(parse(model), None, "{model}");
        }
    }

    /// Columns: no sampling, adaptive thinking, no forced tools, no native schema.
    #[test]
    fn quirks_follow_the_name() {
        for (model, traits) in [
            ("claude-3-5-haiku-latest", [false, false, false, true]),
            ("claude-opus-4-1", [false, false, false, true]),
            ("claude-sonnet-4-5-20250929", [false, false, false, false]),
            ("claude-opus-4-6", [false, true, false, false]),
            ("claude-opus-4-7", [true, true, false, false]),
            ("claude-opus-5", [true, true, false, false]),
            ("claude-sonnet-5-5", [true, true, true, false]),
            ("claude-fable-5", [true, true, true, false]),
            ("claude-zeta-6", [false, true, false, false]),
            ("claude-zeta-3", [false, false, false, false]),
            ("my-own-model", [false, false, false, false]),
        ] {
            let Quirks {
                max_completion_tokens,
                developer_role,
                no_developer_role,
                no_sampling,
                adaptive_thinking,
                no_forced_tools,
                no_native_schema,
                ..
            } = quirks_for(model);
            let seen = [no_sampling, adaptive_thinking, no_forced_tools, no_native_schema];
            assert_eq!(seen, traits, "{model}");
            assert!(!max_completion_tokens && !developer_role && !no_developer_role);
        }
    }

    #[test]
    fn other_traits_follow_the_name() {
        assert_eq!(default_max_output("claude-3-opus-20240229"), 4_096);
        assert_eq!(default_max_output("claude-haiku-4-5"), 8_192);
        assert_eq!(default_max_output("claude-opus-5-5"), 16_384);
        assert_eq!(default_max_output("whatever"), 4_096);
        assert!(one_sampler("claude-opus-4-1") && !one_sampler("claude-opus-4-0"));
        assert!(never_thinks("claude-3-5-haiku-latest") && !never_thinks("claude-3-7-sonnet"));
        assert!(no_prefill("claude-opus-5-5") && !no_prefill("claude-opus-4-6"));
        assert!(is_claude("anthropic/Claude-opus-5") && !is_claude("deepseek-v4"));
        assert!(!one_sampler("m") && !never_thinks("m") && !no_prefill("m"));
    }
}
