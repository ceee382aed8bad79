//! The catalogue: what is embedded, and what a user says over it.

use std::collections::BTreeMap;

use crate::capabilities::Capabilities;
use crate::prices::Prices;
use crate::{data, names};

/// What is known of a model.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Model {
    /// What it takes and gives.
    pub capabilities: Capabilities,
    /// What its tokens cost.
    pub prices: Prices,
}

/// What a user says of a model, over what is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Override {
    /// Taken where they say something.
    pub capabilities: Capabilities,
    /// Taken whole in place of every known rate; `None` keeps those.
    pub prices: Option<Prices>,
    /// A factor on every rate, per mille.
    pub factor: Option<u64>,
}

impl Override {
    /// Whether nothing is said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// This over `lower`.
    #[must_use]
    pub fn over(&self, lower: &Self) -> Self {
        Self {
            capabilities: self.capabilities.over(lower.capabilities),
            prices: self.prices.clone().or_else(|| lower.prices.clone()),
            factor: self.factor.or(lower.factor),
        }
    }
}

impl Model {
    /// The model with what a user says of it.
    #[must_use]
    pub fn with(mut self, said: &Override) -> Self {
        let Override { capabilities, prices, factor } = said;
        self.capabilities = capabilities.over(self.capabilities);
        if let Some(prices) = prices {
            self.prices = prices.clone();
        }
        if factor.is_some() {
            self.prices.factor = *factor;
        }
        self
    }
}

/// The embedded data, and a user's own entries over it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Catalogue {
    own: BTreeMap<String, Override>,
}

impl Catalogue {
    /// The embedded data with these entries over it. A name is `vendor/model`, or a model's alone for
    /// whichever vendor serves it; case does not count.
    #[must_use]
    pub fn new(own: impl IntoIterator<Item = (String, Override)>) -> Self {
        let lower = |(name, said): (String, Override)| (name.to_ascii_lowercase(), said);
        Self { own: own.into_iter().map(lower).collect() }
    }

    /// What is known of a vendor's model, by its name in any spelling; `None` where nothing is.
    ///
    /// A name with a known vendor before it (`openai/gpt-4o`) is looked for under that vendor as well.
    /// A tuned model (`ft:...`) takes what its base takes, and costs what is said of it alone.
    #[must_use]
    pub fn find(&self, vendor: &str, model: &str) -> Option<Model> {
        let spellings = names::spellings(model);
        let said = spellings.iter().find_map(|name| self.said(vendor, name));
        let known = spellings.iter().find_map(|name| known(vendor, name));
        let known = known.or_else(|| tuned(vendor, spellings.first()?));
        match (known, said) {
            (None, None) => None,
            (known, None) => known,
            (known, Some(said)) => Some(known.unwrap_or_default().with(said)),
        }
    }

    fn said(&self, vendor: &str, name: &str) -> Option<&Override> {
        if self.own.is_empty() {
            return None;
        }
        self.own.get(&format!("{vendor}/{name}")).or_else(|| self.own.get(name))
    }
}

fn known(vendor: &str, name: &str) -> Option<Model> {
    let under =
        (!vendor.is_empty()).then(|| data::find(data::EMBEDDED, &format!("{vendor}/{name}")));
    under.flatten().or_else(|| name.contains('/').then(|| data::find(data::EMBEDDED, name))?)
}

/// A tuned model: its base's line for tuned models, or what its base takes without a price.
fn tuned(vendor: &str, name: &str) -> Option<Model> {
    let base = names::tuned(name)?;
    if let Some(model) = known(vendor, &format!("ft:{base}")) {
        return Some(model);
    }
    let base = names::spellings(base).iter().find_map(|name| known(vendor, name))?;
    Some(Model { prices: Prices::default(), ..base })
}

#[cfg(test)]
mod tests;
