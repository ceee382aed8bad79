//! Bounds, sampling, stop texts and tier, as far as the model takes them.

use serde_json::json;
use tollgate_providers_anthropic::models::one_sampler;
use tollgate_providers_common::UpstreamTarget;

use super::Context;
use crate::models::Family;
use crate::wire::body::Typed;

/// The dialect's highest temperature; others go to 2.
const TEMPERATURE_MAX: f64 = 1.0;
/// All of the probability: no nucleus.
const TOP_P_ALL: f64 = 1.0;

/// The bound that the deployment's parameters give where the client gives none.
pub(super) fn configured_bound(target: &UpstreamTarget) -> Option<u64> {
    let (_, json) = target.params.defaults.iter().find(|(key, _)| key == "max_tokens")?;
    json.as_str().trim().parse().ok()
}

/// What is sent of sampling in Converse's words.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Sampling {
    pub(super) temperature: Option<f64>,
    pub(super) top_p: Option<f64>,
}

/// Decides on the three parameters. Models that think, and newer models altogether, refuse them. A
/// value that asks for what happens unasked loses nothing by being left out.
pub(super) fn sampling(
    (temperature, top_p, top_k): (Option<f64>, Option<f64>, Option<u64>),
    thinks: bool,
    cx: &mut Context<'_>,
) -> Sampling {
    if thinks || cx.target.quirks.no_sampling {
        for (field, given) in [
            ("temperature", temperature.is_some_and(|t| t != TEMPERATURE_MAX)),
            ("top_p", top_p.is_some_and(|p| p != TOP_P_ALL)),
            ("top_k", top_k.is_some()),
        ] {
            if given {
                cx.dropped(field);
            }
        }
        return Sampling::default();
    }
    if temperature.is_some_and(|t| t > TEMPERATURE_MAX) {
        cx.approximated("temperature");
    }
    let both = temperature.is_some() && top_p.is_some() && one_sampler(cx.model);
    if both && top_p != Some(TOP_P_ALL) {
        cx.dropped("top_p");
    }
    if let Some(k) = top_k {
        few(k, cx);
    }
    Sampling {
        temperature: temperature.map(|t| t.min(TEMPERATURE_MAX)),
        top_p: top_p.filter(|_| !both),
    }
}

/// Sampling from the k likeliest tokens, for which every model has words of its own, or none.
fn few(k: u64, cx: &mut Context<'_>) {
    match cx.family {
        Family::Claude | Family::Mistral => cx.add("top_k", json!(k)),
        Family::Nova => cx.add("inferenceConfig", json!({ "topK": k })),
        Family::GptOss | Family::TitanEmbed | Family::CohereEmbed | Family::Other => {
            cx.dropped("top_k");
        }
    }
}

/// Names the parameters that the dialect has no word for, unless they say nothing.
pub(super) fn unknown(
    frequency_penalty: Option<f64>,
    presence_penalty: Option<f64>,
    seed: Option<i64>,
    cx: &mut Context<'_>,
) {
    if frequency_penalty.is_some_and(|penalty| penalty != 0.0) {
        cx.dropped("frequency_penalty");
    }
    if presence_penalty.is_some_and(|penalty| penalty != 0.0) {
        cx.dropped("presence_penalty");
    }
    if seed.is_some() {
        cx.dropped("seed");
    }
}

/// Stop texts; Claude refuses those of white space alone, and every model empty ones.
pub(super) fn stop<'a>(stop: &'a [String], cx: &mut Context<'a>) -> Vec<&'a str> {
    let kept: Vec<&str> =
        stop.iter().map(String::as_str).filter(|text| !text.trim().is_empty()).collect();
    if kept.len() < stop.len() {
        cx.dropped("stop");
    }
    kept
}

/// The tier in the vendor's words.
pub(super) fn service_tier(tier: Option<&str>, cx: &mut Context<'_>) -> Option<Typed> {
    let kind = match tier? {
        // What happens unasked.
        "auto" | "default" | "standard_only" => return None,
        "flex" => "flex",
        "priority" => "priority",
        "reserved" => "reserved",
        _ => {
            cx.dropped("service_tier");
            return None;
        }
    };
    Some(Typed { kind })
}
