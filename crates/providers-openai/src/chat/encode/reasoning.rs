//! How much the model is to think: an effort, the one way this dialect has of saying it, and only
//! to models that are known to take one, since every other refuses the field. Servers that have a
//! switch beside it or instead of it are told with that.

use tollgate_core_types::chat::{Reasoning, ReasoningMode};
use tollgate_core_types::custom::ThinkingSwitch;
use tollgate_providers_common::UpstreamTarget;

use serde_json::value::RawValue;

use super::Losses;
use super::body::Control;
use crate::control::{self, effort_of};
use crate::family::{self, EFFORTS, Traits};

/// What a client of another dialect calls the two ways of asking.
const MODE: &str = "thinking";
const EFFORT: &str = "output_config.effort";

/// How much the model is to think, in the server's words.
#[derive(Default)]
pub(super) struct Said<'a> {
    pub(super) effort: Option<&'a str>,
    pub(super) control: Control,
}

/// Whether the model is not to think at all.
pub(crate) fn is_off(reasoning: &Reasoning) -> bool {
    let Reasoning { mode, effort, display: _ } = reasoning;
    *mode == Some(ReasoningMode::Disabled) || effort.as_deref() == Some("none")
}

/// Decides on effort and switch; `tools` is whether functions are offered.
pub(super) fn said<'a>(
    reasoning: &'a Reasoning,
    target: &UpstreamTarget,
    tools: bool,
    losses: &mut Losses,
) -> Said<'a> {
    let Reasoning { mode, effort: named, display: _ } = reasoning;
    let quirks = &target.quirks;
    if quirks.thinking_switch == ThinkingSwitch::None {
        let effort = effort(reasoning, target, tools, losses);
        return Said { effort, control: Control::default() };
    }
    if is_off(reasoning) {
        return Said { effort: None, control: written(control::switch(false, None, quirks)) };
    }
    if mode.is_none() && named.is_none() {
        return Said::default();
    }
    let budget = match mode {
        Some(ReasoningMode::Budget(tokens)) => Some(*tokens),
        Some(ReasoningMode::Adaptive | ReasoningMode::Disabled) | None => {
            named.as_deref().and_then(control::budget_of)
        }
    };
    let control = written(control::switch(true, budget, quirks));
    if quirks.adaptive_thinking {
        let traits = family::traits(&target.model);
        let named = wanted(*mode, named.as_deref(), losses);
        let effort = named.map(|wanted| nearest(wanted, traits, losses));
        return Said { effort, control };
    }
    bounded(reasoning, quirks.thinking_budget, losses);
    Said { effort: None, control }
}

/// What a switch without an effort loses: the bound where it takes none or a smaller one, and the
/// name of the effort, which a bound only comes near to.
fn bounded(reasoning: &Reasoning, most: u32, losses: &mut Losses) {
    if let Some(ReasoningMode::Budget(tokens)) = reasoning.mode {
        if tokens > u64::from(most) {
            losses.approximated("thinking.budget_tokens");
        }
    } else if reasoning.effort.is_some() {
        losses.approximated(EFFORT);
    }
}

fn written(fields: control::Fields) -> Control {
    let raw = |json: String| RawValue::from_string(json).ok();
    Control(fields.into_iter().filter_map(|(key, json)| Some((key, raw(json)?))).collect())
}

/// Decides on the effort; `tools` is whether functions are offered.
pub(crate) fn effort<'a>(
    reasoning: &'a Reasoning,
    target: &UpstreamTarget,
    tools: bool,
    losses: &mut Losses,
) -> Option<&'a str> {
    let Reasoning { mode, effort, display } = reasoning;
    let off = is_off(reasoning);
    if !target.quirks.adaptive_thinking {
        // A model that is not asked to reason does what "off" asks for.
        if mode.is_some() && !off {
            losses.dropped(MODE);
        } else if effort.is_some() && !off {
            losses.dropped(EFFORT);
        }
        return None;
    }
    let traits = family::traits(&target.model);
    if off {
        return disabled(effort.as_deref(), traits, losses);
    }
    if tools && traits.tools_exclude_effort {
        losses.dropped(if mode.is_some() { MODE } else { EFFORT });
        return None;
    }
    // No summary of reasoning comes with this dialect's answers.
    if display.as_deref() == Some("summarized") {
        losses.dropped("thinking.display");
    }
    wanted(*mode, effort.as_deref(), losses).map(|wanted| nearest(wanted, traits, losses))
}

/// No reasoning: said to models that have a word for it, or where the client used that word.
fn disabled(effort: Option<&str>, traits: Traits, losses: &mut Losses) -> Option<&'static str> {
    let said = effort == Some("none");
    let known = traits.efforts != EFFORTS;
    if traits.efforts.contains(&"none") || (said && !known) {
        return Some("none");
    }
    losses.dropped(if said { EFFORT } else { MODE });
    None
}

/// The effort by name; `None` leaves it to the model.
fn wanted<'a>(
    mode: Option<ReasoningMode>,
    effort: Option<&'a str>,
    losses: &mut Losses,
) -> Option<&'a str> {
    match mode {
        Some(ReasoningMode::Budget(tokens)) => {
            losses.approximated("thinking.budget_tokens");
            Some(effort.unwrap_or_else(|| effort_of(tokens)))
        }
        Some(ReasoningMode::Adaptive | ReasoningMode::Disabled) | None => effort,
    }
}

/// The effort itself where the model accepts it, else the next one below that it does, else its
/// least. A word that nobody knows is the vendor's to judge.
fn nearest<'a>(wanted: &'a str, traits: Traits, losses: &mut Losses) -> &'a str {
    let rank = EFFORTS.iter().position(|known| *known == wanted);
    let Some(rank) = rank.filter(|_| !traits.efforts.contains(&wanted)) else { return wanted };
    losses.approximated(EFFORT);
    let accepted = |effort: &&str| traits.efforts.contains(effort);
    let below = EFFORTS.iter().take(rank).rev().copied().find(accepted);
    below.or_else(|| EFFORTS.iter().copied().find(accepted)).unwrap_or(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::support::target;

    /// What is sent to `model`, and what is lost.
    fn asked(model: &str, reasoning: &Reasoning, tools: bool) -> (Option<String>, String) {
        let target = UpstreamTarget { quirks: crate::quirks_for(model), ..target(model) };
        let mut losses = Losses::default();
        let sent = effort(reasoning, &target, tools, &mut losses).map(str::to_owned);
        let lost = losses.into_list();
        let lost: Vec<String> = lost.iter().map(|l| format!("{} {:?}", l.field, l.how)).collect();
        (sent, lost.join(","))
    }

    fn mode(mode: ReasoningMode) -> Reasoning {
        Reasoning { mode: Some(mode), ..Reasoning::default() }
    }

    fn named(effort: &str) -> Reasoning {
        Reasoning { effort: Some(effort.to_owned()), ..Reasoning::default() }
    }

    #[test]
    fn thinking_becomes_the_effort_that_the_model_takes() {
        const BUDGET: &str = "thinking.budget_tokens Approximated";
        const NEAR: &str = "output_config.effort Approximated";
        let adaptive =
            |effort: &str| Reasoning { mode: Some(ReasoningMode::Adaptive), ..named(effort) };
        for (model, reasoning, sent, lost) in [
            ("o4-mini", mode(ReasoningMode::Budget(1024)), Some("low"), BUDGET),
            ("o4-mini", mode(ReasoningMode::Budget(8192)), Some("medium"), BUDGET),
            ("o4-mini", mode(ReasoningMode::Budget(8193)), Some("high"), BUDGET),
            ("o4-mini", mode(ReasoningMode::Adaptive), None, ""),
            ("o4-mini", adaptive("max"), Some("high"), NEAR),
            ("o4-mini", named("minimal"), Some("low"), NEAR),
            ("gpt-5.1", named("minimal"), Some("low"), NEAR),
            ("gpt-5.2", adaptive("xhigh"), Some("xhigh"), ""),
            ("gpt-6", named("max"), Some("max"), ""),
            ("gpt-6", named("brand_new"), Some("brand_new"), ""),
            ("gpt-5.2", mode(ReasoningMode::Disabled), Some("none"), ""),
            ("gpt-5", mode(ReasoningMode::Disabled), None, "thinking Dropped"),
            ("gpt-5", named("none"), None, "output_config.effort Dropped"),
        ] {
            let said = asked(model, &reasoning, false);
            assert_eq!(said, (sent.map(str::to_owned), lost.to_owned()), "{model} {reasoning:?}");
        }
    }

    #[test]
    fn models_that_take_no_effort_are_not_sent_one() {
        let shown = Some("summarized".to_owned());
        for (reasoning, lost) in [
            (mode(ReasoningMode::Budget(2048)), "thinking Dropped"),
            (Reasoning { display: shown, ..mode(ReasoningMode::Adaptive) }, "thinking Dropped"),
            (named("high"), "output_config.effort Dropped"),
            (mode(ReasoningMode::Disabled), ""),
            (named("none"), ""),
        ] {
            assert_eq!(asked("gpt-4o", &reasoning, false), (None, lost.to_owned()));
        }
    }

    #[test]
    fn tools_and_effort_exclude_each_other_from_5_4_on() {
        let low = || Some("low".to_owned());
        assert_eq!(asked("gpt-5.2", &named("low"), true), (low(), String::new()));
        assert_eq!(asked("gpt-5.4", &named("low"), false), (low(), String::new()));
        let lost = "output_config.effort Dropped".to_owned();
        assert_eq!(asked("gpt-5.4", &named("low"), true), (None, lost));
        let budget = mode(ReasoningMode::Budget(2048));
        assert_eq!(asked("gpt-5.4", &budget, true), (None, "thinking Dropped".to_owned()));
        let off = mode(ReasoningMode::Disabled);
        assert_eq!(asked("gpt-5.4", &off, true), (Some("none".to_owned()), String::new()));
    }

    #[test]
    fn a_summary_has_no_place_in_the_answer() {
        let wanted = |display: &str| Reasoning {
            display: Some(display.to_owned()),
            ..mode(ReasoningMode::Adaptive)
        };
        assert_eq!(asked("o3", &wanted("summarized"), false).1, "thinking.display Dropped");
        assert_eq!(asked("o3", &wanted("omitted"), false).1, "");
    }

    #[test]
    fn a_server_that_is_said_to_reason_takes_every_effort() {
        let mut target = target("my-own");
        target.quirks.adaptive_thinking = true;
        let mut losses = Losses::default();
        for word in ["none", "minimal", "max"] {
            let given = named(word);
            assert_eq!(effort(&given, &target, true, &mut losses), Some(word));
        }
        assert_eq!(losses.into_list(), []);
    }
}
