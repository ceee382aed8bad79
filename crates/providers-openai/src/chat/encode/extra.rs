//! Fields that the domain has no word for: this dialect's own go on, all others are lost.

use serde_json::value::RawValue;
use tollgate_core_types::JsonText;
use tollgate_providers_common::{EncodeError, UpstreamTarget};

use super::Losses;
use super::body::{Body, Own, raw};

/// Fields of this dialect that the domain has no word for and whose effect an answer can carry: a
/// client that names one means it. Not here: log probabilities, sound, annotations.
const OWN: &[&str] = &[
    "frequency_penalty",
    "logit_bias",
    "metadata",
    "prediction",
    "presence_penalty",
    "prompt_cache_key",
    "prompt_cache_options",
    "prompt_cache_retention",
    "seed",
    "store",
    "verbosity",
];

/// Those of them that models without sampling parameters refuse.
const SAMPLING: &[&str] = &["frequency_penalty", "logit_bias", "presence_penalty"];

/// Takes out what the server does not have. What nobody asked for is not lost.
pub(super) fn strike(body: &mut Body<'_>, lacks: &'static [&'static str], losses: &mut Losses) {
    for field in lacks {
        let given = match *field {
            "temperature" => body.temperature.take().is_some(),
            "top_p" => body.top_p.take().is_some(),
            "frequency_penalty" => body.frequency_penalty.take().is_some(),
            "presence_penalty" => body.presence_penalty.take().is_some(),
            "seed" => body.seed.take().is_some(),
            "user" => body.user.take().is_some(),
            "service_tier" => body.service_tier.take().is_some(),
            "parallel_tool_calls" => body.parallel_tool_calls.take().is_some(),
            "messages.name" => names(body),
            "stop" => !std::mem::take(&mut body.stop).is_empty(),
            _ => false,
        };
        let before = body.own.0.len();
        body.own.0.retain(|(name, _)| name != field);
        if given || body.own.0.len() < before {
            losses.dropped(*field);
        }
    }
}

/// Takes the names of speakers out; whether there were any.
fn names(body: &mut Body<'_>) -> bool {
    let taken = body.messages.iter_mut().map(|message| message.name.take());
    // Each is taken, so that no short cut is.
    taken.filter(Option::is_some).count() > 0
}

/// The fields to write as they came. A deployment's own default that the client's dialect has no
/// word for is in the vendor's words; it is written where the rules are applied, and is not lost.
pub(super) fn own<'a>(
    extra: &'a [(String, JsonText)],
    target: &UpstreamTarget,
    losses: &mut Losses,
) -> Result<Own<'a>, EncodeError> {
    let mut own: Vec<(&str, &RawValue)> = Vec::new();
    for (name, json) in extra {
        let defaulted =
            target.params.defaults.iter().any(|(key, value)| key == name && value == json);
        let refused = target.quirks.no_sampling && SAMPLING.contains(&name.as_str());
        if OWN.contains(&name.as_str()) && !refused {
            own.push((name, raw(json, name)?));
        } else if !defaulted || refused {
            losses.dropped(name.clone());
        }
    }
    Ok(Own(own))
}
