//! Traits of a server and its own error codes, as configuration says them.

use tollgate_core_types::ErrorClass;
use tollgate_core_types::custom::{
    Prefill, ReasoningEcho, ReasoningField, StreamOnly, ThinkingSwitch,
};

use super::section;
use crate::read::Section;
use crate::report::Report;
use crate::types::QuirkOverrides;

/// Traits of which a server has one at most.
const EXCLUSIVE: [(&str, &str); 2] = [
    ("developer_role", "no_developer_role"),
    ("max_completion_tokens", "no_max_completion_tokens"),
];

/// Reads `quirks`.
pub(super) fn quirks(given: &mut Section<'_>, report: &mut Report) -> QuirkOverrides {
    let mut quirks = QuirkOverrides::default();
    let Some(mut all) = section(given, &["quirks"], report) else { return quirks };
    for (name, field) in quirks.flags() {
        *field = all.take(&[name], report).and_then(|at| at.boolean(report));
    }
    for (name, field) in quirks.counts() {
        let number =
            all.take(&[name], report).and_then(|at| at.whole(0..=u64::from(u32::MAX), report));
        *field = number.and_then(|number| u32::try_from(number).ok());
    }
    quirks.thinking_switch = kind(&mut all, "thinking_switch", ThinkingSwitch::WORDS, report);
    quirks.reasoning_echo = kind(&mut all, "reasoning_echo", ReasoningEcho::WORDS, report);
    quirks.reasoning_field = kind(&mut all, "reasoning_field", ReasoningField::WORDS, report);
    quirks.stream_only = kind(&mut all, "stream_only", StreamOnly::WORDS, report);
    quirks.prefill = kind(&mut all, "prefill", Prefill::WORDS, report);
    let said = quirks.said();
    let on = |name: &str| said.iter().any(|(key, value)| *key == name && value == "true");
    for (one, other) in EXCLUSIVE {
        if on(one) && on(other) {
            all.at.problem(report, format!("`{one}` and `{other}` exclude each other"));
        }
    }
    all.finish(report);
    quirks
}

fn kind<T: Copy>(
    all: &mut Section<'_>,
    name: &'static str,
    words: &[(&'static str, T)],
    report: &mut Report,
) -> Option<T> {
    all.take(&[name], report).and_then(|at| at.one_of("kind", words, report))
}

/// The classes that a server's code may stand for, by their words: what a vendor can report, and
/// nothing that the gateway finds out itself.
const CLASSES: [ErrorClass; 9] = [
    ErrorClass::Client,
    ErrorClass::ContextWindow,
    ErrorClass::ContentPolicy,
    ErrorClass::Auth,
    ErrorClass::Billing,
    ErrorClass::ModelMissing,
    ErrorClass::Throttle,
    ErrorClass::Overload,
    ErrorClass::Server,
];

/// Their words, for the reference.
pub(crate) const CLASS_WORDS: [&str; 9] = [
    "client",
    "context_window",
    "content_policy",
    "auth",
    "billing",
    "model_missing",
    "throttle",
    "overload",
    "server",
];

/// Reads `error_codes`: codes with the class of each.
pub(super) fn error_codes(
    given: &mut Section<'_>,
    report: &mut Report,
) -> Vec<(String, ErrorClass)> {
    let Some(all) = given.take(&["error_codes"], report) else { return Vec::new() };
    let words = CLASSES.map(|class| (class.as_str(), class));
    let mut codes = Vec::new();
    for (entry, value) in all.entries(report) {
        let class = value.one_of("class", &words, report);
        codes.extend(class.map(|class| (entry.key.clone(), class)));
    }
    codes
}

/// Reads `chat_path`.
pub(super) fn chat_path(given: &mut Section<'_>, report: &mut Report) -> Option<String> {
    let at = given.take(&["chat_path"], report)?;
    let path = at.text(report)?.trim();
    let plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'?' | b'#');
    if path.starts_with('/') && !path.ends_with('/') && path.bytes().all(plain) {
        return Some(path.to_owned());
    }
    let hint = "write what follows the base address, for example `/chat/completions`";
    at.problem_hint(report, "is no path", hint);
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_classes_words_are_those_of_the_types() {
        assert_eq!(CLASS_WORDS, CLASSES.map(ErrorClass::as_str));
    }
}
