//! Whether a server is to think, in its own words: the switches beside and instead of an effort.
//!
//! Both ways of a request use it: a client's own body, where OpenAI's word is respelled, and one
//! that is written anew.

use tollgate_core_types::custom::ThinkingSwitch;
use tollgate_providers_common::target::Quirks;

/// Fields of a body with their JSON.
pub(crate) type Fields = Vec<(&'static str, String)>;

/// Largest budget of reasoning that counts as `low`, and as `medium`.
const LOW_BUDGET: u64 = 2048;
const MEDIUM_BUDGET: u64 = 8192;

/// The keys with which a client says it itself.
pub(crate) const KEYS: &[&str] = &["thinking", "enable_thinking", "chat_template_kwargs"];

/// What tells a server to think, or not to; `budget` bounds it where the server takes a bound.
pub(crate) fn switch(on: bool, budget: Option<u64>, quirks: &Quirks) -> Fields {
    match quirks.thinking_switch {
        ThinkingSwitch::None => Fields::new(),
        ThinkingSwitch::Type => {
            let kind = if on { "enabled" } else { "disabled" };
            vec![("thinking", format!(r#"{{"type":"{kind}"}}"#))]
        }
        ThinkingSwitch::Enable => {
            let mut fields = vec![("enable_thinking", on.to_string())];
            let budget = budget.filter(|_| on && quirks.thinking_budget > 0);
            fields.extend(budget.map(|budget| {
                let most = u64::from(quirks.thinking_budget);
                ("thinking_budget", budget.min(most).to_string())
            }));
            fields
        }
        ThinkingSwitch::Template => {
            vec![("chat_template_kwargs", format!(r#"{{"enable_thinking":{on}}}"#))]
        }
    }
}

/// The budget that an effort stands for; the higher ones are not bounded.
pub(crate) fn budget_of(effort: &str) -> Option<u64> {
    match effort {
        "minimal" => Some(1024),
        "low" => Some(LOW_BUDGET),
        "medium" => Some(MEDIUM_BUDGET),
        _ => None,
    }
}

/// The effort that a budget stands for.
pub(crate) fn effort_of(budget: u64) -> &'static str {
    if budget <= LOW_BUDGET {
        "low"
    } else if budget <= MEDIUM_BUDGET {
        "medium"
    } else {
        "high"
    }
}

/// Whether a body's own words ask to think: `Some` where they say so or the opposite.
pub(crate) fn asked<'b>(value: impl Fn(&str) -> Option<&'b str>) -> Option<bool> {
    let compact = |json: &str| json.split_ascii_whitespace().collect::<String>();
    match value("enable_thinking") {
        Some("true") => return Some(true),
        Some("false") => return Some(false),
        Some(_) | None => {}
    }
    if let Some(thinking) = value("thinking").map(compact) {
        if thinking.contains(r#""type":"disabled""#) {
            return Some(false);
        }
        if thinking.contains(r#""type":"enabled""#) {
            return Some(true);
        }
    }
    if let Some(template) = value("chat_template_kwargs").map(compact) {
        if template.contains(r#""enable_thinking":true"#) {
            return Some(true);
        }
        if template.contains(r#""enable_thinking":false"#) {
            return Some(false);
        }
    }
    match value("reasoning_effort") {
        Some("\"none\"") => Some(false),
        Some(_) | None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(switched: ThinkingSwitch, budget: u32, on: bool, asked: Option<u64>) -> String {
        let quirks =
            Quirks { thinking_switch: switched, thinking_budget: budget, ..Quirks::default() };
        let fields = switch(on, asked, &quirks);
        let fields: Vec<String> =
            fields.iter().map(|(key, json)| format!("{key}={json}")).collect();
        fields.join(" ")
    }

    #[test]
    fn each_switch_has_its_own_words() {
        use ThinkingSwitch as S;
        for (switched, budget, on, asked, words) in [
            (S::None, 0, true, Some(9), ""),
            (S::Type, 0, true, Some(9), r#"thinking={"type":"enabled"}"#),
            (S::Type, 0, false, None, r#"thinking={"type":"disabled"}"#),
            (S::Enable, 0, true, Some(9), "enable_thinking=true"),
            (S::Enable, 32_768, true, Some(9), "enable_thinking=true thinking_budget=9"),
            (S::Enable, 32_768, true, Some(99_999), "enable_thinking=true thinking_budget=32768"),
            (S::Enable, 32_768, true, None, "enable_thinking=true"),
            (S::Enable, 32_768, false, Some(9), "enable_thinking=false"),
            (S::Template, 0, true, None, r#"chat_template_kwargs={"enable_thinking":true}"#),
        ] {
            assert_eq!(said(switched, budget, on, asked), words, "{switched:?} {on}");
        }
    }

    #[test]
    fn a_bodys_own_words_are_understood() {
        for (key, json, expected) in [
            ("enable_thinking", "true", Some(true)),
            ("enable_thinking", "false", Some(false)),
            ("thinking", r#"{ "type" : "disabled" }"#, Some(false)),
            ("thinking", r#"{"type":"enabled"}"#, Some(true)),
            ("chat_template_kwargs", r#"{"enable_thinking": true}"#, Some(true)),
            ("chat_template_kwargs", r#"{"x":1}"#, None),
            ("reasoning_effort", "\"none\"", Some(false)),
            ("reasoning_effort", "\"low\"", None),
        ] {
            assert_eq!(asked(|name| (name == key).then_some(json)), expected, "{key} {json}");
        }
    }

    #[test]
    fn efforts_and_budgets_stand_for_one_another() {
        for effort in ["low", "medium"] {
            assert_eq!(budget_of(effort).map(effort_of), Some(effort));
        }
        assert_eq!((budget_of("max"), effort_of(8193)), (None, "high"));
    }
}
