//! Sampling parameters and stop texts, as far as model, version and thinking take them.

use super::Context;
use crate::models::one_sampler;
use crate::request::refuses_sampling;

/// The dialect's highest temperature, which is its default as well; others go to 2.
const TEMPERATURE_MAX: f64 = 1.0;
/// All of the probability: no nucleus.
const TOP_P_ALL: f64 = 1.0;

/// What is sent.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Sampling {
    pub(super) temperature: Option<f64>,
    pub(super) top_p: Option<f64>,
    pub(super) top_k: Option<u64>,
}

/// Decides on the three parameters. Models that think, and newer models altogether, refuse them. A
/// value that asks for what happens unasked loses nothing by being left out.
pub(super) fn read(
    (temperature, top_p, top_k): (Option<f64>, Option<f64>, Option<u64>),
    thinks: bool,
    cx: &mut Context<'_>,
) -> Sampling {
    if thinks || cx.target.quirks.no_sampling || refuses_sampling(cx.target) {
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
    let both = temperature.is_some() && top_p.is_some() && one_sampler(&cx.target.model);
    if both && top_p != Some(TOP_P_ALL) {
        cx.dropped("top_p");
    }
    Sampling {
        temperature: temperature.map(|t| t.min(TEMPERATURE_MAX)),
        top_p: top_p.filter(|_| !both),
        top_k,
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

/// Stop texts; the vendor refuses those of white space alone.
pub(super) fn stop<'a>(stop: &'a [String], cx: &mut Context<'a>) -> Vec<&'a str> {
    let kept: Vec<&str> =
        stop.iter().map(String::as_str).filter(|text| !text.trim().is_empty()).collect();
    if kept.len() < stop.len() {
        cx.dropped("stop");
    }
    kept
}
