//! From the source's price fields to rates in pico-dollars.
//!
//! The source has a field for each combination: `cache_read_input_token_cost_above_200k_tokens_flex`.
//! Numbers are taken by their digits, never as floats.

use anyhow::{Context as _, Result};
use serde_json::{Map, Value};
use tollgate_catalogue::{Kind, Prices, Rate, Region, Tier, Window, per_token};

/// Beginnings of fields, longest first where one begins another.
const KINDS: [(&str, Kind); 8] = [
    ("cache_creation_input_token_cost_above_1hr", Kind::CacheWriteHour),
    ("cache_creation_input_token_cost", Kind::CacheWrite),
    ("cache_read_input_token_cost", Kind::CacheRead),
    ("input_cost_per_audio_token", Kind::InputAudio),
    ("output_cost_per_audio_token", Kind::OutputAudio),
    ("output_cost_per_reasoning_token", Kind::Reasoning),
    ("input_cost_per_token", Kind::Input),
    ("output_cost_per_token", Kind::Output),
];

/// Ends of fields.
const TIERS: [(&str, Tier); 3] =
    [("_batches", Tier::Batch), ("_flex", Tier::Flex), ("_priority", Tier::Priority)];

/// Factors by region.
const REGIONS: [(&str, Region); 3] = [
    ("regional_processing_uplift_multiplier_us", Region::Us),
    ("regional_processing_uplift_multiplier_eu", Region::Eu),
    ("regional_endpoint_uplift_multiplier", Region::Regional),
];

/// The prices of an entry; none where it names none, or only zeros for a model that is not given
/// away by name.
///
/// # Errors
/// When a price is no number.
pub(super) fn prices(entry: &Map<String, Value>) -> Result<Prices> {
    let mut prices = Prices::default();
    for (field, value) in entry {
        if let Some(rate) = field_of(field).filter(|_| !value.is_null()) {
            let (kind, tier, above) = rate;
            prices.rates.push(Rate { kind, tier, above, pico: pico(value, field)? });
        }
    }
    tiered(entry, &mut prices)?;
    off_peak(entry, &mut prices)?;
    own_factors(entry, &mut prices);
    let base = |kind| prices.rate(kind, Tier::Standard, u64::MAX);
    let embeds = entry.get("mode").and_then(Value::as_str) == Some("embedding");
    let known = base(Kind::Input).is_some() && (embeds || base(Kind::Output).is_some());
    let given_away = prices.rates.iter().all(|rate| rate.pico == 0);
    if !known || given_away {
        return Ok(Prices::default());
    }
    // A write that costs nothing is one that the vendor does not report.
    let is_write = |kind| matches!(kind, Kind::CacheWrite | Kind::CacheWriteHour);
    prices.rates.retain(|rate| !(rate.pico == 0 && is_write(rate.kind)));
    prices.rates.sort_by_key(|rate| (rate.tier, rate.above, rate.kind));
    prices.rates.dedup_by_key(|rate| (rate.tier, rate.above, rate.kind));
    Ok(prices)
}

/// What a field is the price of.
fn field_of(field: &str) -> Option<(Kind, Tier, u64)> {
    let (rest, kind) =
        KINDS.iter().find_map(|(name, kind)| Some((field.strip_prefix(name)?, *kind)))?;
    let ended = TIERS.iter().find_map(|(end, tier)| Some((rest.strip_suffix(end)?, *tier)));
    let (rest, tier) = ended.unwrap_or((rest, Tier::Standard));
    if rest.is_empty() {
        return Some((kind, tier, 0));
    }
    let thousands = rest.strip_prefix("_above_")?.strip_suffix("k_tokens")?;
    Some((kind, tier, thousands.parse::<u64>().ok()? * 1000))
}

fn pico(value: &Value, field: &str) -> Result<u64> {
    let number = value.as_f64().with_context(|| format!("{field} is no number"))?;
    // Shown without exponent, in the fewest digits that mean it: those that were written.
    per_token(&format!("{number}")).with_context(|| field.to_owned())
}

/// Prices by the size of the prompt as a list of ranges.
fn tiered(entry: &Map<String, Value>, prices: &mut Prices) -> Result<()> {
    let ranges = entry.get("tiered_pricing").and_then(Value::as_array);
    for range in ranges.into_iter().flatten().filter_map(Value::as_object) {
        let from = range.get("range").and_then(|it| it.get(0)).and_then(Value::as_f64);
        let above: u64 = format!("{:.0}", from.context("a range without a beginning")?).parse()?;
        for (field, value) in range {
            if let Some((kind, tier, 0)) = field_of(field) {
                prices.rates.push(Rate { kind, tier, above, pico: pico(value, field)? });
            }
        }
    }
    Ok(())
}

fn off_peak(entry: &Map<String, Value>, prices: &mut Prices) -> Result<()> {
    let Some(quiet) = entry.get("off_peak_pricing").and_then(Value::as_object) else {
        return Ok(());
    };
    for (field, value) in quiet {
        if let Some((kind, Tier::Standard, above)) = field_of(field) {
            let pico = pico(value, field)?;
            prices.rates.push(Rate { kind, tier: Tier::OffPeak, above, pico });
        }
    }
    for window in quiet.get("windows").and_then(Value::as_array).into_iter().flatten() {
        let days = window.get("weekdays").and_then(Value::as_array);
        let days: Vec<u64> = days.into_iter().flatten().filter_map(Value::as_u64).collect();
        let first = u8::try_from(days.first().copied().unwrap_or(1))?;
        let last = u8::try_from(days.last().copied().unwrap_or(7))?;
        let hours = window.get("hours_utc").context("a window without hours")?;
        let all = hours.as_array().map_or_else(|| vec![hours], |all| all.iter().collect());
        for hours in all.into_iter().filter_map(Value::as_str) {
            let (from, to) = hours.split_once('-').context("hours without an end")?;
            let (from, to) = (minute(from)?, minute(to)?);
            let to = if to == 0 { 1440 } else { to };
            prices.windows.push(Window { first, last, from, to });
        }
    }
    Ok(())
}

fn minute(time: &str) -> Result<u16> {
    let (hours, minutes) = time.split_once(':').context("a time without minutes")?;
    Ok(hours.parse::<u16>()? * 60 + minutes.parse::<u16>()?)
}

/// Factors: by region, and of the fast mode, which has no fields of its own.
fn own_factors(entry: &Map<String, Value>, prices: &mut Prices) {
    for (field, region) in REGIONS {
        if let Some(factor) = entry.get(field).and_then(per_mille) {
            prices.regions.push((region, factor));
        }
    }
    let own = entry.get("provider_specific_entry").and_then(Value::as_object);
    if let Some(factor) = own.and_then(|own| own.get("us")).and_then(per_mille) {
        prices.regions.push((Region::Us, factor));
    }
    let Some(factor) = own.and_then(|own| own.get("fast")).and_then(per_mille) else { return };
    let usual = prices.rates.clone().into_iter().filter(|rate| rate.tier == Tier::Standard);
    let fast = usual.map(|rate| Rate { tier: Tier::Fast, pico: rate.pico * factor / 1000, ..rate });
    prices.rates.extend(fast);
}

/// A factor such as 1.1 in thousandths.
fn per_mille(factor: &Value) -> Option<u64> {
    let pico = per_token(&format!("{}", factor.as_f64()?)).ok()?;
    Some(pico / 1_000_000_000)
}

#[cfg(test)]
mod tests;
