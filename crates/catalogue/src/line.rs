//! One model as one line of text: what the data in the binary is made of.
//!
//! `openai/gpt-4o context=128000 +images -audio reasoning=effort in=2500000 in@batch=1250000`: a name,
//! then words in one order, so that a model has one spelling and a change of the data is one line.
//! `+` and `-` are known truth values, rates are `kind[@tier][>bound]=pico`, factors are `~region=per
//! mille`, quiet hours are `off:days/from-to` in minutes. What is not known is not there.

use std::fmt::Write as _;

use crate::capabilities::{Capabilities, ReasoningStyle};
use crate::catalogue::Model;
use crate::prices::{Kind, Prices, Rate, Region, Tier, Window};

/// A line that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{word}` is no word of a model's line")]
pub struct BadLine {
    /// The first word that could not be read.
    pub word: String,
}

/// Reads a line: its name and its model.
///
/// # Errors
/// With the first word that says nothing.
pub fn read(line: &str) -> Result<(&str, Model), BadLine> {
    let mut words = line.split(' ');
    let name = words.next().filter(|name| name.contains('/')).ok_or_else(|| bad(line))?;
    let mut model = Model::default();
    for word in words {
        take(word, &mut model).ok_or_else(|| bad(word))?;
    }
    Ok((name, model))
}

fn bad(word: &str) -> BadLine {
    BadLine { word: word.chars().take(60).collect() }
}

fn take(word: &str, model: &mut Model) -> Option<()> {
    if let Some(name) = word.strip_prefix('+') {
        return flag(&mut model.capabilities, name, true);
    }
    if let Some(name) = word.strip_prefix('-') {
        return flag(&mut model.capabilities, name, false);
    }
    if let Some(hours) = word.strip_prefix("off:") {
        model.prices.windows.push(window(hours)?);
        return Some(());
    }
    let (name, value) = word.split_once('=')?;
    if name == "reasoning" {
        let style = ReasoningStyle::ALL.into_iter().find(|style| style.as_str() == value);
        model.capabilities.reasoning = Some(style?);
        return Some(());
    }
    let number = value.parse().ok()?;
    if let Some(region) = name.strip_prefix('~') {
        let region = Region::ALL.into_iter().find(|known| known.as_str() == region)?;
        model.prices.regions.push((region, number));
        return Some(());
    }
    let mut numbers = model.capabilities.numbers();
    if let Some((_, field)) = numbers.iter_mut().find(|(known, _)| *known == name) {
        **field = Some(number);
        return Some(());
    }
    model.prices.rates.push(rate(name, number)?);
    Some(())
}

fn flag(capabilities: &mut Capabilities, name: &str, value: bool) -> Option<()> {
    let mut flags = capabilities.flags();
    let (_, field) = flags.iter_mut().find(|(known, _)| *known == name)?;
    **field = Some(value);
    Some(())
}

fn rate(name: &str, pico: u64) -> Option<Rate> {
    let (name, above) = match name.split_once('>') {
        Some((name, above)) => (name, above.parse().ok()?),
        None => (name, 0),
    };
    let (kind, tier) = name.split_once('@').unwrap_or((name, Tier::Standard.as_str()));
    let kind = Kind::ALL.into_iter().find(|known| known.code() == kind)?;
    let tier = Tier::ALL.into_iter().find(|known| known.as_str() == tier)?;
    Some(Rate { kind, tier, above, pico })
}

fn window(hours: &str) -> Option<Window> {
    let (days, minutes) = hours.split_once('/')?;
    let ((first, last), (from, to)) = (days.split_once('-')?, minutes.split_once('-')?);
    let window = Window {
        first: first.parse().ok()?,
        last: last.parse().ok()?,
        from: from.parse().ok()?,
        to: to.parse().ok()?,
    };
    let holds = (1..=7).contains(&window.first)
        && (window.first..=7).contains(&window.last)
        && window.from < window.to
        && window.to <= 1440;
    holds.then_some(window)
}

/// The line of a model, without its end.
#[must_use]
pub fn write(name: &str, model: &Model) -> String {
    let mut line = name.to_owned();
    let mut capabilities = model.capabilities;
    for (name, number) in capabilities.numbers() {
        if let Some(number) = number {
            word(&mut line, format_args!("{name}={number}"));
        }
    }
    for (name, value) in capabilities.flags() {
        if let Some(value) = value {
            word(&mut line, format_args!("{}{name}", if *value { '+' } else { '-' }));
        }
    }
    if let Some(style) = capabilities.reasoning {
        word(&mut line, format_args!("reasoning={}", style.as_str()));
    }
    prices(&model.prices, &mut line);
    line
}

fn prices(prices: &Prices, line: &mut String) {
    let Prices { rates, regions, windows, factor: _ } = prices;
    let mut rates = rates.clone();
    rates.sort_by_key(|rate| (rate.tier, rate.above, rate.kind));
    for Rate { kind, tier, above, pico } in rates {
        let mut name = kind.code().to_owned();
        if tier != Tier::Standard {
            name = format!("{name}@{}", tier.as_str());
        }
        if above > 0 {
            name = format!("{name}>{above}");
        }
        word(line, format_args!("{name}={pico}"));
    }
    for (region, factor) in regions {
        word(line, format_args!("~{}={factor}", region.as_str()));
    }
    for Window { first, last, from, to } in windows {
        word(line, format_args!("off:{first}-{last}/{from}-{to}"));
    }
}

fn word(line: &mut String, word: std::fmt::Arguments<'_>) {
    line.push(' ');
    // Writing to a string does not fail.
    let _ = line.write_fmt(word);
}

#[cfg(test)]
mod tests;
