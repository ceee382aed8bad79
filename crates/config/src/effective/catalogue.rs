//! What a configuration says of a model over the catalogue.

use tollgate_catalogue::{Kind, Override, Prices, Tier, shown_per_million};

use super::origin::Origins;
use super::places::Nodes;
use super::{Item, Shown};

/// `capabilities` and `prices`, where anything is said.
pub(super) fn said(said: &Override, nodes: &Nodes<'_>, origins: &Origins<'_>) -> Vec<Item> {
    let Override { capabilities, prices, factor } = said;
    let mut capabilities = *capabilities;
    let say = |key: &str| origins.say(nodes.find(&[&["capabilities", key]], origins));
    let mut items = Vec::new();
    for (name, value) in capabilities.numbers() {
        items.extend(value.map(|value| Item::plain(name, value, say(name))));
    }
    for (name, value) in capabilities.flags() {
        items.extend(value.map(|value| Item::plain(name, value, say(name))));
    }
    let style = capabilities.reasoning;
    items.extend(style.map(|style| Item::text("reasoning", style.as_str(), say("reasoning"))));
    let mut all = Vec::new();
    if !items.is_empty() {
        all.push(Item::map("capabilities", items));
    }
    let mut items = prices.as_ref().map_or(Vec::new(), |prices| {
        let origin = origins.say(nodes.find(&[&["prices"]], origins));
        priced(prices, &origin)
    });
    if let Some(factor) = factor {
        let origin = origins.say(nodes.find(&[&["prices", "factor"]], origins));
        // Thousandths, as decimals of one.
        items.push(Item::plain("factor", shown_per_million(factor * 1000), origin));
    }
    if !items.is_empty() {
        all.push(Item::map("prices", items));
    }
    all
}

fn priced(prices: &Prices, origin: &str) -> Vec<Item> {
    let mut items = rates(prices, Tier::Standard, 0, origin);
    for tier in Tier::ALL.into_iter().filter(|tier| *tier != Tier::Standard) {
        let rates = rates(prices, tier, 0, origin);
        if !rates.is_empty() {
            items.push(Item::map(tier.as_str(), rates));
        }
    }
    let mut bounds: Vec<u64> = prices.rates.iter().map(|rate| rate.above).collect();
    bounds.sort_unstable();
    bounds.dedup();
    let larger: Vec<Vec<Item>> = bounds
        .into_iter()
        .filter(|above| *above > 0)
        .map(|above| {
            let mut items = vec![Item::plain("tokens", above, origin.to_owned())];
            items.extend(rates(prices, Tier::Standard, above, origin));
            items
        })
        .collect();
    if !larger.is_empty() {
        let value = Shown::List(larger);
        items.push(Item { key: "above".to_owned(), value, origin: String::new() });
    }
    items
}

fn rates(prices: &Prices, tier: Tier, above: u64, origin: &str) -> Vec<Item> {
    let rate = |kind: Kind| {
        let mut rates = prices.rates.iter();
        rates.find(|rate| rate.kind == kind && rate.tier == tier && rate.above == above)
    };
    let item = |kind: Kind| {
        let pico = rate(kind)?.pico;
        Some(Item::plain(kind.as_str(), shown_per_million(pico), origin.to_owned()))
    };
    Kind::ALL.into_iter().filter_map(item).collect()
}
