//! The configuration as it is in effect: every value, where it came from, and no secret.
//!
//! It exists for `tollgate check --print`. What it says is a configuration again, which means the
//! same but for the secrets: those are masked, `***` with the id of the key behind it. It is made
//! from the checked types with every field named, so a setting cannot be forgotten here; where a
//! value came from is looked up in the tree that it was read from. It must never hold a secret.

mod balance;
mod catalogue;
mod json;
mod models;
mod origin;
mod places;
mod sections;
mod yaml;

use tollgate_core_types::JsonText;

use crate::options::LoadOptions;
use crate::report::Trail;
use crate::tree::Node;
use crate::types::Config;
use origin::Origins;

/// What stands in the place of a secret, with the id of a key behind it.
pub(crate) const MASK: &str = "***";

/// A configuration as it is in effect, without its secrets.
#[derive(Debug, Clone)]
pub struct Effective {
    items: Vec<Item>,
}

/// A key with its value and where that came from.
#[derive(Debug, Clone)]
struct Item {
    key: String,
    value: Shown,
    /// Empty where the values below say it.
    origin: String,
}

#[derive(Debug, Clone)]
enum Shown {
    Text(String),
    /// A number, a truth value, or a value of any kind as JSON.
    Json(JsonText),
    /// Texts with one origin.
    Texts(Vec<String>),
    Map(Vec<Item>),
    /// Maps, each an item of a list.
    List(Vec<Vec<Item>>),
}

impl Effective {
    pub(crate) fn new(config: &Config, root: &Node, trail: &Trail, options: &LoadOptions) -> Self {
        let origins = Origins { root, trail, dotenv: &options.dotenv };
        let Config {
            server,
            defaults,
            models,
            telemetry,
            media,
            catalogue: _,
            catalogue_file,
            origin: _,
            referenced: _,
            warnings: _,
        } = config;
        let mut items = vec![
            sections::server(server, &origins),
            sections::telemetry(telemetry, &origins),
            sections::media(media, &origins),
            sections::defaults(defaults, &origins),
        ];
        if let Some(file) = catalogue_file {
            let origin = origins.of(&[&["catalogue"]]);
            items.push(Item::text("catalogue", file.display().to_string(), origin));
        }
        items.extend(sections::providers(models, &origins));
        items.push(models::models(models, defaults, &origins));
        Self { items }
    }

    /// As YAML, each value with where it came from as a comment.
    #[must_use]
    pub fn to_yaml(&self) -> String {
        yaml::write(&self.items)
    }

    /// As a JSON object: `config`, and `origins` by key path.
    #[must_use]
    pub fn to_json(&self) -> String {
        self.to_value().to_string()
    }

    pub(crate) fn to_value(&self) -> serde_json::Value {
        json::write(&self.items)
    }
}

impl Item {
    fn text(key: &str, text: impl Into<String>, origin: String) -> Self {
        Self { key: key.to_owned(), value: Shown::Text(text.into()), origin }
    }

    /// A number or truth value, whose text is JSON.
    fn plain(key: &str, value: impl ToString, origin: String) -> Self {
        let json = JsonText::from_valid(value.to_string());
        Self { key: key.to_owned(), value: Shown::Json(json), origin }
    }

    fn map(key: &str, items: Vec<Self>) -> Self {
        Self { key: key.to_owned(), value: Shown::Map(items), origin: String::new() }
    }
}

#[cfg(test)]
mod tests;
