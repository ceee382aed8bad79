//! A running gateway, asked through the library as if it were a vendor.

use anyhow::anyhow;
use std::collections::BTreeMap;
use tollgate::{Telemetry, TelemetryOptions, Tollgate};

/// One model at one deployment, the gateway. It retries by itself, so nothing is retried here.
const CONFIG: &str = r#"
providers: { gateway: { dialect: openai, api_base: "${URL}" } }
models:
  any:
    retries: { max_attempts: 1 }
    deployments: [ { id: gateway, provider: gateway, model: "${MODEL}" } ]
"#;

/// The gateway at `url`, asked for `model` or for its own default.
///
/// # Errors
/// Where the address cannot be one of a gateway.
pub(super) fn behind(
    url: &str,
    model: Option<&str>,
    key: Option<&str>,
) -> anyhow::Result<Tollgate> {
    let mut env = BTreeMap::from([
        ("URL".to_owned(), url.to_owned()),
        ("MODEL".to_owned(), model.unwrap_or("default").to_owned()),
    ]);
    let mut text = CONFIG.to_owned();
    if let Some(key) = key.filter(|key| !key.is_empty()) {
        env.insert("KEY".to_owned(), key.to_owned());
        text = text.replace("api_base: \"${URL}\"", "api_base: \"${URL}\", api_key: \"${KEY}\"");
    }
    let mut config =
        tollgate_config::parse_with(&text, &env, &tollgate::vendors()).map_err(|_| {
            anyhow!("{url:?} is no address of a gateway (http://127.0.0.1:8000 is one)")
        })?;
    if model.is_none() {
        // An empty name is none: the gateway takes its default.
        for deployment in config.models.iter_mut().flat_map(|model| &mut model.deployments) {
            deployment.upstream_model.clear();
        }
    }
    Ok(Tollgate::new(&config, Telemetry::new(&TelemetryOptions::default())?)?)
}
