//! Vendors that speak OpenAI's dialect, as data: where they are, how their environment variables
//! are called, and how their servers differ.
//!
//! There is no code per vendor here, on purpose: what a table cannot say is either a quirk of the
//! dialect's codec or a reason for a crate of its own. Your own server needs no line here; declare it
//! in configuration. The crate must never know a key, a socket or another dialect.
//!
//! ```
//! let presets = tollgate_providers_compatible::presets();
//! let deepseek = presets.iter().find(|vendor| vendor.name == "deepseek").unwrap();
//! assert_eq!(deepseek.env, ["DEEPSEEK"]);
//! ```

mod table;

use tollgate_providers_common::target::Quirks;

pub use table::presets;

/// How servers of `vendor` differ from OpenAI's; a vendor that is not in the table differs in
/// nothing that is known.
#[must_use]
pub fn quirks(vendor: &str) -> Quirks {
    if !presets().iter().any(|preset| preset.name == vendor) {
        return Quirks::default();
    }
    // `developer` is a role of OpenAI's newer models; vendors of the table refuse or ignore it.
    let usual = Quirks { no_developer_role: true, ..Quirks::default() };
    match vendor {
        // Takes `response_format` of text and json_object alone; thinks unless told not to.
        "deepseek" => Quirks { no_native_schema: true, adaptive_thinking: true, ..usual },
        // Refuses `tool_choice: required`.
        "moonshot" => Quirks { no_forced_tools: true, ..usual },
        "cerebras" => Quirks { max_completion_tokens: true, ..usual },
        _ => usual,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn names_and_environment_prefixes_are_unique() {
        let mut names = HashSet::new();
        let mut prefixes = HashSet::new();
        for preset in presets() {
            assert!(names.insert(preset.name), "{} stands there twice", preset.name);
            assert!(!preset.env.is_empty(), "{}", preset.name);
            for prefix in preset.env {
                assert!(prefixes.insert(*prefix), "{prefix} belongs to two vendors");
                assert!(prefix.bytes().all(|b| b.is_ascii_uppercase() || b == b'_'), "{prefix}");
            }
        }
    }

    #[test]
    fn bases_are_absolute_without_a_trailing_slash() {
        for preset in presets() {
            let base: http::Uri = preset.base.parse().unwrap();
            assert!(base.host().is_some(), "{}", preset.name);
            assert!(base.query().is_none() && !preset.base.ends_with('/'), "{}", preset.name);
            // A key never leaves in the clear.
            if preset.needs_key {
                assert_eq!(base.scheme_str(), Some("https"), "{}", preset.name);
            }
        }
    }

    #[test]
    fn the_vendors_that_users_come_from_are_there() {
        let table = [
            ("deepseek", "DEEPSEEK", "api.deepseek.com"),
            ("qwen", "DASHSCOPE", "dashscope.aliyuncs.com"),
            ("qwen", "QWEN", "dashscope.aliyuncs.com"),
            ("siliconflow", "SILICONFLOW", "api.siliconflow.cn"),
            ("zhipu", "ZHIPU", "open.bigmodel.cn"),
            ("ollama", "OLLAMA", "localhost"),
        ];
        for (name, prefix, host) in table {
            let preset = presets().iter().find(|preset| preset.name == name).unwrap();
            assert!(preset.env.contains(&prefix), "{name}");
            let base: http::Uri = preset.base.parse().unwrap();
            assert_eq!(base.host(), Some(host), "{name}");
        }
    }

    #[test]
    fn quirks_are_of_vendors_in_the_table_alone() {
        for preset in presets() {
            assert!(quirks(preset.name).no_developer_role, "{}", preset.name);
        }
        assert!(quirks("deepseek").no_native_schema);
        assert!(quirks("deepseek").adaptive_thinking);
        assert!(quirks("moonshot").no_forced_tools);
        assert!(quirks("cerebras").max_completion_tokens);
        assert_eq!(quirks("my-own-server"), Quirks::default());
    }
}

/// The README's examples, compiled and run with the others.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
