//! What is said of models over the catalogue: `capabilities` and `prices`, beside a deployment or in
//! a file of its own.

use std::path::{Path, PathBuf};
use tollgate_catalogue::{
    Capabilities, Catalogue, Kind, Override, Prices, Rate, ReasoningStyle, Tier, per_million,
};

use super::{Context, section};
use crate::expand::expand;
use crate::load::read_file;
use crate::problem::Place;
use crate::read::{At, Section};
use crate::report::Report;
use crate::tree::Value;

/// More tokens than any model takes.
const MANY: u64 = 1_000_000_000_000;
/// A factor in thousandths: from a thousandth to a thousand.
const FACTORS: std::ops::RangeInclusive<u64> = 1..=1_000_000;

/// A catalogue with a user's file over it.
#[derive(Debug, Default)]
pub(super) struct CatalogueRead {
    pub(super) catalogue: Catalogue,
    pub(super) file: Option<PathBuf>,
}

/// Reads the file that `catalogue` names.
pub(super) fn read(
    root: &mut Section<'_>,
    context: Context<'_>,
    report: &mut Report,
) -> CatalogueRead {
    let Some(at) = root.take(&["catalogue"], report) else { return CatalogueRead::default() };
    let Some(text) = at.text(report) else { return CatalogueRead::default() };
    let path = beside(&at, Path::new(text.trim()), report);
    report.refers_to(path.clone());
    let Some(mut node) = read_file(&path, report) else { return CatalogueRead::default() };
    expand(&mut node, "", context.env, report);
    let Some(mut given) = (At { node: &node, path: String::new() }).section(report) else {
        return CatalogueRead::default();
    };
    let mut entries = Vec::new();
    for (entry, at) in given.take(&["models"], report).map_or(Vec::new(), |at| at.entries(report)) {
        let Some(mut model) = at.section(report) else { continue };
        let said = own(&mut model, report);
        model.finish(report);
        if entry.key.trim().is_empty() || entry.key.trim() != entry.key {
            at.problem(report, "is no model's name");
        }
        entries.push((entry.key.clone(), said));
    }
    given.finish(report);
    CatalogueRead { catalogue: Catalogue::new(entries), file: Some(path) }
}

/// A path is taken from the file that says it.
fn beside(at: &At<'_>, path: &Path, report: &mut Report) -> PathBuf {
    match report.sources().place(at.span()) {
        Place::File { path: file, .. } => file.parent().unwrap_or(Path::new("")).join(path),
        Place::Environment(_) | Place::Flag(_) | Place::Nowhere => path.to_owned(),
    }
}

/// Reads `capabilities` and `prices`.
pub(super) fn own(given: &mut Section<'_>, report: &mut Report) -> Override {
    let capabilities = capabilities(given, report);
    let (prices, factor) = prices(given, report);
    Override { capabilities, prices, factor }
}

fn capabilities(given: &mut Section<'_>, report: &mut Report) -> Capabilities {
    let mut capabilities = Capabilities::default();
    let Some(mut all) = section(given, &["capabilities"], report) else { return capabilities };
    for (name, field) in capabilities.numbers() {
        *field = all.take(&[name], report).and_then(|at| at.whole(1..=MANY, report));
    }
    for (name, field) in capabilities.flags() {
        *field = all.take(&[name], report).and_then(|at| at.boolean(report));
    }
    let styles = ReasoningStyle::ALL.map(|style| (style.as_str(), style));
    let style = all.take(&["reasoning"], report);
    capabilities.reasoning = style.and_then(|at| at.one_of("style", &styles, report));
    all.finish(report);
    capabilities
}

fn prices(given: &mut Section<'_>, report: &mut Report) -> (Option<Prices>, Option<u64>) {
    let Some(mut all) = section(given, &["prices"], report) else { return (None, None) };
    let mut prices = Prices::default();
    rates(&mut all, (Tier::Standard, 0), &mut prices, report);
    const TIERS: [(&[&str], Tier); 4] = [
        (&["batch"], Tier::Batch),
        (&["flex"], Tier::Flex),
        (&["priority"], Tier::Priority),
        (&["fast"], Tier::Fast),
    ];
    for (name, tier) in TIERS {
        if let Some(mut terms) = section(&mut all, name, report) {
            rates(&mut terms, (tier, 0), &mut prices, report);
            terms.finish(report);
        }
    }
    let larger = all.take(&["above"], report);
    for at in larger.map_or(Vec::new(), |at| at.list(report)) {
        let Some(mut bound) = at.section(report) else { continue };
        let tokens = bound.take(&["tokens"], report);
        if tokens.is_none() {
            super::missing(&bound, "tokens", "say from which size of prompt on they hold", report);
        }
        let above = tokens.and_then(|at| at.whole(1..=MANY, report)).unwrap_or(1);
        rates(&mut bound, (Tier::Standard, above), &mut prices, report);
        bound.finish(report);
    }
    let factor = all.take(&["factor"], report).and_then(|at| factor(&at, report));
    let base = |kind| prices.rates.iter().any(|rate| rate.kind == kind && rate.above == 0);
    if !prices.rates.is_empty() && !base(Kind::Input) {
        let hint = "these rates stand in place of all known ones; say at least `input`";
        all.at.problem_hint(report, "has no rate for input", hint);
    }
    all.finish(report);
    ((!prices.is_unknown()).then_some(prices), factor)
}

/// Reads one set of rates, in US dollars per million tokens.
fn rates(
    given: &mut Section<'_>,
    (tier, above): (Tier, u64),
    prices: &mut Prices,
    report: &mut Report,
) {
    for kind in Kind::ALL {
        let Some(at) = given.take(&[kind.as_str()], report) else { continue };
        if let Some(pico) = dollars(&at, report) {
            prices.rates.push(Rate { kind, tier, above, pico });
        }
    }
}

fn dollars(at: &At<'_>, report: &mut Report) -> Option<u64> {
    match per_million(&decimal(at, report)?) {
        Ok(pico) => Some(pico),
        Err(error) => {
            let hint = "prices are US dollars per million tokens";
            at.problem_hint(report, error.to_string(), hint);
            None
        }
    }
}

fn factor(at: &At<'_>, report: &mut Report) -> Option<u64> {
    // Millionths, of which whole thousandths are wanted.
    let millionths = per_million(&decimal(at, report)?).ok();
    let factor = millionths.filter(|it| it % 1000 == 0).map(|it| it / 1000);
    let factor = factor.filter(|factor| FACTORS.contains(factor));
    if factor.is_none() {
        let hint = "`0.8` takes a fifth off; at most three decimals, from 0.001 to 1000";
        at.problem_hint(report, "is no factor", hint);
    }
    factor
}

/// A number by its digits.
fn decimal(at: &At<'_>, report: &mut Report) -> Option<String> {
    match &at.node.value {
        Value::Number(number) => {
            let text = number.to_string();
            Some(text.strip_suffix(".0").map(str::to_owned).unwrap_or(text))
        }
        Value::Text(_) => at.text(report).map(|text| text.trim().to_owned()),
        Value::Null | Value::Bool(_) | Value::List(_) | Value::Map(_) | Value::Broken => {
            at.number_json(report).map(|_| String::new())
        }
    }
}
