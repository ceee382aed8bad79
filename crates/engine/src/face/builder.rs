//! A gateway described in code instead of a file.
//!
//! It only writes down what is said, as the configuration that a file would hold: checks, defaults
//! and meanings stand in one place. Keys are handed over beside the text, like variables of an
//! environment, so that no problem's text can repeat one.

use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tollgate_balancer::Strategy;
use tollgate_config::{ConfigErrors, Place, Problem, Secret};
use tollgate_core_types::{Dialect, VendorPreset};
use tollgate_providers_common::Provider;
use tollgate_telemetry::{Telemetry, TelemetryOptions};

use super::start::StartError;
use crate::tollgate::Tollgate;
use crate::vendors::vendors;

/// Puts a gateway together; [`Tollgate::builder`] begins.
#[derive(Debug, Default)]
#[must_use = "nothing is built before `build`"]
pub struct Builder {
    models: Vec<(String, ModelSpec)>,
    vendors: Vec<(String, VendorSpec)>,
    settings: Settings,
    default_model: Option<String>,
    telemetry: Option<Telemetry>,
    providers: Providers,
}

/// Vendors that the program brings, and what is known of each.
#[derive(Default)]
struct Providers {
    presets: Vec<VendorPreset>,
    codecs: Vec<Arc<dyn Provider>>,
}

impl std::fmt::Debug for Providers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(&self.presets).finish()
    }
}

/// A model group: deployments that are interchangeable for callers.
#[derive(Debug, Clone, Default)]
#[must_use = "give it to `Builder::model`"]
pub struct ModelSpec {
    deployments: Vec<DeploymentSpec>,
    fallbacks: Vec<String>,
    settings: Settings,
}

/// One place that can serve a model: vendor, address, keys, limits.
#[derive(Debug, Clone)]
#[must_use = "give it to `ModelSpec::deployment`"]
pub struct DeploymentSpec {
    keys: Vec<Secret>,
    settings: Settings,
}

/// A vendor of one's own: any server that speaks a known dialect.
#[derive(Debug, Clone)]
#[must_use = "give it to `Builder::vendor`"]
pub struct VendorSpec {
    settings: Settings,
}

/// Settings by their names in the configuration, and texts that were no JSON.
#[derive(Debug, Clone, Default)]
struct Settings {
    values: Map<String, Value>,
    wrong: Vec<(String, String)>,
}

impl Settings {
    fn put(&mut self, key: &str, value: Value) {
        self.values.insert(key.to_owned(), value);
    }

    /// Below `section`, for example `limits`.
    fn put_in(&mut self, section: &str, key: &str, value: Value) {
        let section = self.values.entry(section).or_insert_with(|| json!({}));
        if let Some(section) = section.as_object_mut() {
            section.insert(key.to_owned(), value);
        }
    }

    fn put_text(&mut self, key: String, json: &str) {
        match serde_json::from_str(json) {
            Ok(value) => self.put(&key, value),
            Err(error) => self.wrong.push((key, format!("is not JSON: {error}"))),
        }
    }
}

fn duration(duration: Duration) -> Value {
    json!(format!("{}ms", duration.as_secs_f64() * 1000.0))
}

impl Tollgate {
    /// Begins a gateway that is described in code.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use tollgate::{DeploymentSpec, ModelSpec, Tollgate};
    ///
    /// let tollgate = Tollgate::builder()
    ///     .model(
    ///         "fast",
    ///         ModelSpec::new()
    ///             .deployment(DeploymentSpec::new("openai", "gpt-4o-mini").key("sk-1").key("sk-2"))
    ///             .deployment(DeploymentSpec::new("anthropic", "claude-haiku-4-5").key("sk-3"))
    ///             .fallback("spare"),
    ///     )
    ///     .model("spare", ModelSpec::new().deployment(DeploymentSpec::new("mock", "any")))
    ///     .build()?;
    /// assert_eq!(tollgate.models().len(), 2);
    /// # Ok(())
    /// # }
    /// ```
    pub fn builder() -> Builder {
        Builder::default()
    }
}

impl Builder {
    /// Adds a model group under the name that callers use. The first one is the default.
    pub fn model(mut self, alias: impl Into<String>, model: ModelSpec) -> Self {
        self.models.push((alias.into(), model));
        self
    }

    /// Adds a vendor of one's own, for deployments to name.
    pub fn vendor(mut self, name: impl Into<String>, vendor: VendorSpec) -> Self {
        self.vendors.push((name.into(), vendor));
        self
    }

    /// Adds a vendor with a dialect of its own, for deployments to name: what is known of it, and the
    /// codecs that speak to it, which have its name too. The example `vendor` shows a whole one.
    pub fn provider(mut self, preset: VendorPreset, provider: Arc<dyn Provider>) -> Self {
        self.providers.presets.push(preset);
        self.providers.codecs.push(provider);
        self
    }

    /// Serves calls that name no model with this one.
    pub fn default_model(mut self, alias: impl Into<String>) -> Self {
        self.default_model = Some(alias.into());
        self
    }

    /// Sets what holds for every model, by its name under `defaults` in the configuration; `json` is
    /// its value as text.
    pub fn set_default(mut self, key: impl Into<String>, json: &str) -> Self {
        self.settings.put_text(key.into(), json);
        self
    }

    /// Counts and logs with this; without it, metrics are counted and nothing is logged.
    pub fn telemetry(mut self, telemetry: Telemetry) -> Self {
        self.telemetry = Some(telemetry);
        self
    }

    /// Checks everything and builds the gateway.
    ///
    /// # Errors
    /// Every problem at once, by the path that it has in a configuration; see [`StartError`].
    pub fn build(mut self) -> Result<Tollgate, StartError> {
        let mut writer = Writer::default();
        let telemetry = self.telemetry.clone();
        let Providers { presets: mut known, codecs } = std::mem::take(&mut self.providers);
        let named = known.iter().zip(&codecs);
        for (preset, _) in named.filter(|(preset, own)| own.name().as_str() != preset.name) {
            let message = "the codecs of this vendor have another name".to_owned();
            writer.problem(format!("providers.{}", preset.name), message);
        }
        known.extend(vendors());
        let text = writer.whole(self);
        if !writer.wrong.is_empty() {
            return Err(ConfigErrors(writer.wrong).into());
        }
        let config = tollgate_config::parse_with(&text, &writer.keys, &known).map_err(placed)?;
        let telemetry = match telemetry {
            Some(telemetry) => telemetry,
            None => Telemetry::new(&TelemetryOptions::default())?,
        };
        for warning in &config.warnings {
            tracing::warn!("{}: {}", warning.0.path, warning.0.message);
        }
        Ok(Tollgate::with_providers(&config, telemetry, codecs)?.tended())
    }
}

/// Lines and columns of a text that nobody wrote help nobody.
fn placed(ConfigErrors(problems): ConfigErrors) -> ConfigErrors {
    let nowhere = |problem| Problem { place: Place::Nowhere, ..problem };
    ConfigErrors(problems.into_iter().map(nowhere).collect())
}

/// A map in the order in which it was said: the first model is the default.
#[derive(Default)]
struct Ordered(Vec<(String, Value)>);

impl Ordered {
    fn text(&self) -> String {
        let entry = |(name, value): &(String, Value)| format!("{}: {value}", json!(name));
        format!("{{{}}}", self.0.iter().map(entry).collect::<Vec<_>>().join(", "))
    }
}

/// Writes the configuration down.
#[derive(Default)]
struct Writer {
    keys: BTreeMap<String, String>,
    wrong: Vec<Problem>,
}

impl Writer {
    fn whole(&mut self, builder: Builder) -> String {
        let Builder { models, vendors, settings, default_model, telemetry: _, providers: _ } =
            builder;
        let mut defaults = self.settings("defaults", settings);
        if let Some(model) = default_model {
            defaults.insert("model".to_owned(), json!(model));
        }
        let mut providers = Ordered::default();
        for (name, VendorSpec { settings }) in vendors {
            let settings = self.settings(&format!("providers.{name}"), settings);
            self.entry("providers", &mut providers, name, settings);
        }
        let mut groups = Ordered::default();
        for (alias, model) in models {
            let model = self.model(&alias, model);
            self.entry("models", &mut groups, alias, model);
        }
        let defaults = Value::Object(defaults);
        let (providers, groups) = (providers.text(), groups.text());
        format!(r#"{{"defaults": {defaults}, "providers": {providers}, "models": {groups}}}"#)
    }

    fn model(&mut self, alias: &str, model: ModelSpec) -> Map<String, Value> {
        let ModelSpec { deployments, fallbacks, settings } = model;
        let path = format!("models.{alias}");
        let mut fields = self.settings(&path, settings);
        let each = |(n, DeploymentSpec { keys, settings }): (usize, DeploymentSpec)| {
            let mut fields = self.settings(&format!("{path}.deployments[{n}]"), settings);
            if !keys.is_empty() {
                let keys: Vec<String> = keys.iter().map(|key| self.key(key)).collect();
                fields.insert("api_keys".to_owned(), json!(keys));
            }
            Value::Object(fields)
        };
        let deployments: Vec<Value> = deployments.into_iter().enumerate().map(each).collect();
        fields.insert("deployments".to_owned(), Value::Array(deployments));
        if !fallbacks.is_empty() {
            fields.insert("fallbacks".to_owned(), json!(fallbacks));
        }
        fields
    }

    /// A reference to a key, which stands beside the text.
    fn key(&mut self, key: &Secret) -> String {
        let name = format!("TOLLGATE_BUILDER_KEY_{}", self.keys.len() + 1);
        let reference = format!("${{{name}}}");
        self.keys.insert(name, key.expose().to_owned());
        reference
    }

    fn entry(
        &mut self,
        section: &str,
        all: &mut Ordered,
        name: String,
        fields: Map<String, Value>,
    ) {
        if all.0.iter().any(|(known, _)| *known == name) {
            self.problem(format!("{section}.{name}"), "is there twice".to_owned());
        }
        all.0.push((name, Value::Object(fields)));
    }

    fn settings(&mut self, path: &str, settings: Settings) -> Map<String, Value> {
        for (key, message) in settings.wrong {
            self.problem(format!("{path}.{key}"), message);
        }
        settings.values
    }

    fn problem(&mut self, path: String, message: String) {
        self.wrong.push(Problem { place: Place::Nowhere, path, message, hint: None });
    }
}

impl ModelSpec {
    /// A group without deployments yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a deployment.
    pub fn deployment(mut self, deployment: DeploymentSpec) -> Self {
        self.deployments.push(deployment);
        self
    }

    /// Adds a group to fall back to when this one cannot serve.
    pub fn fallback(mut self, alias: impl Into<String>) -> Self {
        self.fallbacks.push(alias.into());
        self
    }

    /// How a deployment is chosen.
    pub fn strategy(mut self, strategy: Strategy) -> Self {
        self.settings.put("strategy", json!(strategy.as_str()));
        self
    }

    /// Time for a whole call, all attempts together.
    pub fn timeout(mut self, total: Duration) -> Self {
        self.settings.put_in("timeouts", "total", duration(total));
        self
    }

    /// Attempts of a call in total, over retries, failover and fallbacks.
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.settings.put_in("retries", "max_attempts", json!(attempts));
        self
    }

    /// Sets anything else by its name in the configuration; `json` is its value as text.
    pub fn set(mut self, key: impl Into<String>, json: &str) -> Self {
        self.settings.put_text(key.into(), json);
        self
    }
}

impl DeploymentSpec {
    /// `model` at a vendor: a known one, one of [`Builder::vendor`], or `mock`.
    pub fn new(vendor: impl Into<String>, model: impl Into<String>) -> Self {
        let mut settings = Settings::default();
        settings.put("provider", json!(vendor.into()));
        settings.put("model", json!(model.into()));
        Self { keys: Vec::new(), settings }
    }

    /// Adds a key; each serves as a deployment of its own. `file:/path` is read from there.
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.keys.push(Secret::new(key));
        self
    }

    /// Its address, with or without `/v1`, in place of the vendor's own.
    pub fn base(mut self, address: impl Into<String>) -> Self {
        self.settings.put("api_base", json!(address.into()));
        self
    }

    /// Share of its group's calls.
    pub fn weight(mut self, weight: f64) -> Self {
        self.settings.put("weight", json!(weight));
        self
    }

    /// Lower is tried first; equal ones share the load.
    pub fn priority(mut self, priority: u32) -> Self {
        self.settings.put("priority", json!(priority));
        self
    }

    /// Calls at once, for each key.
    pub fn concurrency(mut self, calls: u32) -> Self {
        self.settings.put_in("limits", "concurrency", json!(calls));
        self
    }

    /// Calls per minute, for each key.
    pub fn rpm(mut self, calls: u32) -> Self {
        self.settings.put_in("limits", "rpm", json!(calls));
        self
    }

    /// Sets anything else by its name in the configuration; `json` is its value as text.
    pub fn set(mut self, key: impl Into<String>, json: &str) -> Self {
        self.settings.put_text(key.into(), json);
        self
    }
}

impl VendorSpec {
    /// A server that speaks `openai.chat` or `anthropic.messages` at this address.
    pub fn new(dialect: Dialect, base: impl Into<String>) -> Self {
        let family = dialect.as_str().split('.').next().unwrap_or_default();
        let mut settings = Settings::default();
        settings.put("dialect", json!(family));
        settings.put("api_base", json!(base.into()));
        Self { settings }
    }

    /// Sets anything else by its name in the configuration; `json` is its value as text.
    pub fn set(mut self, key: impl Into<String>, json: &str) -> Self {
        self.settings.put_text(key.into(), json);
        self
    }
}
