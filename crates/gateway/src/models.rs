//! `tollgate models`: what clients may send as `model`, of a configuration or of a running gateway.

use anyhow::{Context as _, bail};
use clap::Args;
use serde::Deserialize;
use std::fmt::Write as _;
use std::io::Write as _;
use std::time::Duration;
use tollgate_config::{Config, Model};

use crate::ask::{self, Address, Answer};
use crate::health::seconds;

pub(crate) const EXAMPLES: &str = "\
Examples:
  tollgate models                                  what would be served here
  tollgate models --config tollgate.yaml           what a configuration serves
  tollgate models --url http://127.0.0.1:8000      what a running gateway serves";

/// Whose models.
#[derive(Debug, Clone, Args)]
pub(crate) struct Models {
    /// A running gateway, where its clients connect, instead of the configuration.
    #[arg(long, value_parser = Address::parse)]
    pub(crate) url: Option<Address>,
    /// A key to show to that gateway.
    #[arg(long, env = "TOLLGATE_API_KEY", hide_env_values = true, value_name = "KEY")]
    api_key: Option<String>,
    /// Seconds to wait for that gateway.
    #[arg(long, default_value = "5", value_parser = seconds, value_name = "SECONDS")]
    timeout: Duration,
}

/// The models of a configuration, one line each.
pub(crate) fn of_config(config: &Config) -> anyhow::Result<()> {
    let mut rows = Vec::new();
    for model in &config.models {
        rows.push([model.alias.clone(), shape(model)]);
        let target = format!("= {}", model.alias);
        rows.extend(model.aliases.iter().map(|alias| [alias.clone(), target.clone()]));
    }
    print(&rows)
}

/// The models of a running gateway, one line each.
///
/// # Errors
/// When it does not answer, or not with a list of models.
pub(crate) fn of_gateway(address: &Address, models: &Models) -> anyhow::Result<()> {
    #[derive(Deserialize)]
    struct List {
        data: Vec<Entry>,
    }
    #[derive(Deserialize)]
    struct Entry {
        id: String,
        #[serde(default)]
        owned_by: String,
    }
    // A variable that is set to nothing is as if it were not set.
    let key = models.api_key.as_deref().filter(|key| !key.is_empty());
    if key.is_some_and(|key| !key.bytes().all(|byte| byte.is_ascii_graphic())) {
        bail!("--api-key: a key is letters, digits and signs without spaces");
    }
    let asked = ask::get(address, "/v1/models", key, models.timeout);
    let Answer { status, body } = asked.with_context(|| format!("cannot ask {address}"))?;
    if status != 200 {
        let body: String = clean(&String::from_utf8_lossy(&body)).chars().take(200).collect();
        bail!("{address}/v1/models answers {status} {body}");
    }
    let list: List = serde_json::from_slice(&body)
        .with_context(|| format!("{address}/v1/models gives no list of models"))?;
    let rows: Vec<[String; 2]> =
        list.data.iter().map(|entry| [clean(&entry.id), clean(&entry.owned_by)]).collect();
    print(&rows)
}

/// A text from outside as it may go to a terminal.
fn clean(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}

/// How a model is served, in words.
fn shape(model: &Model) -> String {
    let mut vendors: Vec<&str> = Vec::new();
    for deployment in &model.deployments {
        if !vendors.contains(&&*deployment.provider.name) {
            vendors.push(&deployment.provider.name);
        }
    }
    let mut text = vendors.join(", ");
    if model.deployments.len() > 1 {
        let _ =
            write!(text, "; {} deployments, {}", model.deployments.len(), model.strategy.as_str());
    }
    if !model.fallbacks.any.is_empty() {
        let _ = write!(text, "; then {}", model.fallbacks.any.join(", "));
    }
    text
}

fn print(rows: &[[String; 2]]) -> anyhow::Result<()> {
    let width = rows.iter().map(|[name, _]| name.chars().count()).max().unwrap_or(0);
    let mut out = std::io::stdout().lock();
    for [name, about] in rows {
        writeln!(out, "{}", format!("{name:width$}  {about}").trim_end())?;
    }
    Ok(())
}
