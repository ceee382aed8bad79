//! The tools on offer and which of them must be called.

use tollgate_core_types::Dialect;
use tollgate_core_types::chat::{Tool, ToolChoice};
use tollgate_providers_common::EncodeError;

use super::{Context, object, raw, unsupported};
use crate::models;
use crate::wire::body::{self, Calling, Function};

/// What is sent.
#[derive(Debug, Default)]
pub(super) struct Offer<'a> {
    pub(super) tools: Vec<body::Tool<'a>>,
    pub(super) calling: Option<Calling<'a>>,
}

/// Decides on tools and choice.
pub(super) fn offer<'a>(
    tools: &'a [Tool],
    choice: Option<&'a ToolChoice>,
    cx: &mut Context<'_>,
) -> Result<Offer<'a>, EncodeError> {
    let mut functions = Vec::with_capacity(tools.len());
    let mut offered = Vec::new();
    let mut strict = false;
    for (i, tool) in tools.iter().enumerate() {
        let Tool { name: _, description: _, parameters: _, strict: wanted, cache, foreign } = tool;
        if cache.is_some() {
            cx.dropped("cache_control");
        }
        match foreign {
            Some((Dialect::GEMINI_GENERATE, json)) => {
                offered.push(body::Tool::Raw(raw(json.as_str(), &format!("tools[{i}]"))?));
            }
            Some((dialect, _)) => {
                let reason = format!("`{}` is known to `{dialect}` alone", tool.name);
                return Err(unsupported(format!("tools[{i}]"), reason));
            }
            None => {
                strict |= *wanted == Some(true);
                functions.push(function(i, tool)?);
            }
        }
    }
    if functions.is_empty() {
        if matches!(choice, Some(ToolChoice::Required | ToolChoice::Named(_))) {
            cx.dropped("tool_choice");
        }
        return Ok(Offer { tools: offered, calling: None });
    }
    offered.insert(0, body::Tool::Functions { functions });
    Ok(Offer { tools: offered, calling: calling(choice, strict, cx) })
}

fn function(i: usize, tool: &Tool) -> Result<Function<'_>, EncodeError> {
    let parameters = tool
        .parameters
        .as_ref()
        .map(|schema| object(schema.as_str(), &format!("tools[{i}].function.parameters")));
    Ok(Function {
        name: &tool.name,
        description: tool.description.as_deref(),
        parameters_json_schema: parameters.transpose()?,
    })
}

/// The choice; none is the vendor's own, which decides freely.
fn calling<'a>(
    choice: Option<&'a ToolChoice>,
    strict: bool,
    cx: &mut Context<'_>,
) -> Option<Calling<'a>> {
    let mode = |mode| Some(Calling { mode, allowed_function_names: None });
    let free = cx.target.quirks.no_forced_tools;
    match choice {
        Some(ToolChoice::None) => mode("NONE"),
        Some(ToolChoice::Required | ToolChoice::Named(_)) if free => {
            cx.approximated("tool_choice");
            None
        }
        Some(ToolChoice::Required) => mode("ANY"),
        Some(ToolChoice::Named(name)) => {
            Some(Calling { mode: "ANY", allowed_function_names: Some([name]) })
        }
        // Calls that follow their schema, where the model can be held to it.
        Some(ToolChoice::Auto) | None if strict && models::signs_calls(&cx.target.model) => {
            mode("VALIDATED")
        }
        Some(ToolChoice::Auto) | None => {
            if strict {
                cx.dropped("tools[].function.strict");
            }
            None
        }
    }
}
