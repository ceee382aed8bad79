//! What `tollgate check` says of a configuration, for people and for programs.
//!
//! It exists here and not in the binary so that what is said is tested beside what is found, and so
//! that other front ends say the same. It must never say a secret: it has none.

use serde_json::{Value, json};
use tollgate_core_types::VendorPreset;

use crate::effective::Effective;
use crate::load::explain;
use crate::options::LoadOptions;
use crate::problem::{ConfigErrors, Place, Problem};
use crate::types::Config;

/// A configuration that was checked: it is right, or there are problems.
#[derive(Debug)]
pub struct Checked(Result<(Config, Effective), ConfigErrors>);

impl Checked {
    /// Loads and checks what `options` name.
    #[must_use]
    pub fn new(options: Result<LoadOptions, ConfigErrors>, vendors: &[VendorPreset]) -> Self {
        Self(options.and_then(|options| explain(&options, vendors)))
    }

    /// The configuration, where it is right.
    #[must_use]
    pub fn config(&self) -> Option<&Config> {
        self.0.as_ref().ok().map(|(config, _)| config)
    }

    /// The problems, where it is not.
    #[must_use]
    pub fn problems(&self) -> Option<&ConfigErrors> {
        self.0.as_ref().err()
    }

    /// Warnings and a summary, a line each; with `print`, what is in effect as YAML, and everything
    /// else as comments before it, so that the whole is a configuration.
    #[must_use]
    pub fn to_text(&self, print: bool) -> String {
        let (config, effective) = match &self.0 {
            Ok(checked) => checked,
            Err(problems) => return format!("{problems}\n"),
        };
        let lead = if print { "# " } else { "" };
        let mut text = String::new();
        for warning in &config.warnings {
            let line = format!("{lead}warning: {warning}").replace('\n', " ");
            text.push_str(&line);
            text.push('\n');
        }
        let deployments: usize = config.models.iter().map(|model| model.deployments.len()).sum();
        let models = config.models.len();
        text.push_str(&format!("{lead}ok: {models} models, {deployments} deployments\n"));
        if print {
            text.push_str(&effective.to_yaml());
        }
        text
    }

    /// The same as a JSON object on one line: `ok`, `problems`, `warnings`, counts, and with `print`
    /// `effective`, which holds `config` and `origins`.
    #[must_use]
    pub fn to_json(&self, print: bool) -> String {
        let (config, effective) = match &self.0 {
            Ok(checked) => checked,
            Err(errors) => {
                let problems: Vec<Value> = errors.0.iter().map(problem).collect();
                return json!({ "ok": false, "problems": problems }).to_string();
            }
        };
        let warnings: Vec<Value> = config.warnings.iter().map(|it| problem(&it.0)).collect();
        let deployments: usize = config.models.iter().map(|model| model.deployments.len()).sum();
        let mut said = json!({
            "ok": true,
            "problems": [],
            "warnings": warnings,
            "models": config.models.len(),
            "deployments": deployments,
        });
        if let (true, Value::Object(said)) = (print, &mut said) {
            said.insert("effective".to_owned(), effective.to_value());
        }
        said.to_string()
    }
}

fn problem(problem: &Problem) -> Value {
    let Problem { place, path, message, hint } = problem;
    let mut said = json!({ "path": path, "message": message, "hint": hint });
    let Value::Object(map) = &mut said else { return said };
    match place {
        Place::File { path, at } => {
            map.insert("file".to_owned(), json!(path.display().to_string()));
            if let Some((line, column)) = at {
                map.insert("line".to_owned(), json!(line));
                map.insert("column".to_owned(), json!(column));
            }
        }
        Place::Environment(name) => drop(map.insert("variable".to_owned(), json!(name))),
        Place::Flag(name) => drop(map.insert("flag".to_owned(), json!(name))),
        Place::Nowhere => {}
    }
    said
}
