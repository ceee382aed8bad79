//! The tools on offer and which of them must be called.

use serde_json::value::RawValue;
use std::borrow::Cow;
use tollgate_core_types::Dialect;
use tollgate_core_types::chat::{Tool, ToolChoice};
use tollgate_providers_common::EncodeError;

use super::content::cache_control;
use super::format::JsonTool;
use super::{Context, invalid, raw, schema, unsupported};
use crate::messages::JSON_TOOL;
use crate::wire::body;

/// What the client asks of tools.
#[derive(Debug)]
pub(super) struct Asked<'a> {
    pub(super) tools: &'a [Tool],
    pub(super) choice: Option<&'a ToolChoice>,
    pub(super) parallel: Option<bool>,
    /// Whether the model thinks, which excludes a forced call.
    pub(super) thinks: bool,
    /// Names of the tools that the conversation called already.
    pub(super) called: Vec<&'a str>,
}

/// What is sent.
#[derive(Debug, Default)]
pub(super) struct Offer<'a> {
    pub(super) tools: Vec<body::Tool<'a>>,
    pub(super) choice: Option<body::ToolChoice<'a>>,
}

/// Decides on tools and choice; `json` is the tool that carries a structured answer.
pub(super) fn offer<'a>(
    asked: &Asked<'a>,
    json: Option<JsonTool<'a>>,
    cx: &mut Context<'a>,
) -> Result<Offer<'a>, EncodeError> {
    let mut tools = Vec::with_capacity(asked.tools.len() + 1);
    for (i, offered) in asked.tools.iter().enumerate() {
        tools.push(tool(i, offered, cx)?);
    }
    if tools.is_empty() && json.is_none() {
        return past(asked, cx);
    }
    let named = matches!(asked.choice, Some(ToolChoice::Named(_))) && !tools.is_empty();
    let json = json.filter(|_| {
        if named {
            // The client wants one tool's call, not an answer.
            cx.approximated("response_format");
        }
        !named
    });
    let choice = match &json {
        Some(_) => Some(answer_choice(asked, tools.is_empty(), cx)),
        None => choice(asked, cx),
    };
    tools.extend(json.map(|JsonTool { description, schema }| body::Tool::Custom {
        name: JSON_TOOL,
        description: Some(description),
        input_schema: schema,
        strict: false,
        cache_control: None,
    }));
    Ok(Offer { tools, choice })
}

fn tool<'a>(i: usize, tool: &'a Tool, cx: &mut Context<'a>) -> Result<body::Tool<'a>, EncodeError> {
    let Tool { name, description, parameters, strict, cache, foreign } = tool;
    let path = format!("tools[{i}]");
    match foreign {
        Some((Dialect::ANTHROPIC_MESSAGES, json)) => {
            return raw(json.as_str(), &path).map(body::Tool::Raw);
        }
        Some((dialect, _)) => {
            return Err(unsupported(path, format!("`{name}` is known to `{dialect}` alone")));
        }
        None => {}
    }
    if name == JSON_TOOL {
        return Err(invalid(format!("{path}.function.name"), "this name is the gateway's own"));
    }
    let no_schema =
        || invalid(format!("{path}.function.parameters"), "must be a JSON Schema object");
    let mut input_schema = schema::of_arguments(parameters.as_ref().map(|json| json.as_str()))
        .ok_or_else(no_schema)?;
    // Strict tools are the same machinery as structured output.
    let refused = cx.target.quirks.no_native_schema;
    let strict = *strict == Some(true);
    if strict && refused {
        cx.dropped(format!("{path}.function.strict"));
    } else if strict {
        let (closed, changed) = schema::closed(input_schema.get()).ok_or_else(no_schema)?;
        input_schema = Cow::Owned(closed.into_owned());
        if changed {
            cx.approximated(format!("{path}.function.parameters"));
        }
    }
    Ok(body::Tool::Custom {
        name,
        description: description.as_deref(),
        input_schema,
        strict: strict && !refused,
        cache_control: cache_control(cache.as_ref(), cx),
    })
}

/// No tools are offered. A conversation that called some still needs them declared; none of them
/// may be called.
fn past<'a>(asked: &Asked<'a>, cx: &mut Context<'a>) -> Result<Offer<'a>, EncodeError> {
    if let Some(ToolChoice::Required | ToolChoice::Named(_)) = asked.choice {
        cx.dropped("tool_choice");
    }
    if asked.called.is_empty() {
        return Ok(Offer::default());
    }
    let any = RawValue::from_string(r#"{"type":"object"}"#.to_owned())
        .map_err(|error| EncodeError::Build(error.to_string()))?;
    let declared = asked.called.iter().map(|name| body::Tool::Custom {
        name,
        description: None,
        input_schema: Cow::Owned(any.clone()),
        strict: false,
        cache_control: None,
    });
    Ok(Offer { tools: declared.collect(), choice: Some(plain("none")) })
}

/// The choice where a tool carries the answer: that one, or any where the client's own may be
/// called first. One call at a time: half an answer is none.
fn answer_choice<'a>(asked: &Asked<'a>, alone: bool, cx: &mut Context<'a>) -> body::ToolChoice<'a> {
    let own_first = match asked.choice {
        Some(ToolChoice::None) => false,
        Some(ToolChoice::Auto | ToolChoice::Required | ToolChoice::Named(_)) | None => !alone,
    };
    let choice = if cx.target.quirks.no_forced_tools {
        cx.approximated("response_format");
        plain("auto")
    } else if own_first {
        plain("any")
    } else {
        body::ToolChoice { name: Some(JSON_TOOL), ..plain("tool") }
    };
    body::ToolChoice { disable_parallel_tool_use: true, ..choice }
}

fn choice<'a>(asked: &Asked<'a>, cx: &mut Context<'a>) -> Option<body::ToolChoice<'a>> {
    let one_at_a_time = asked.parallel == Some(false);
    let choice = match asked.choice {
        None if one_at_a_time => plain("auto"),
        None => return None,
        Some(ToolChoice::None) => return Some(plain("none")),
        Some(ToolChoice::Auto) => plain("auto"),
        Some(ToolChoice::Required | ToolChoice::Named(_))
            if asked.thinks || cx.target.quirks.no_forced_tools =>
        {
            cx.approximated("tool_choice");
            plain("auto")
        }
        Some(ToolChoice::Required) => plain("any"),
        Some(ToolChoice::Named(name)) => body::ToolChoice { name: Some(name), ..plain("tool") },
    };
    Some(body::ToolChoice { disable_parallel_tool_use: one_at_a_time, ..choice })
}

fn plain(kind: &'static str) -> body::ToolChoice<'static> {
    body::ToolChoice { kind, name: None, disable_parallel_tool_use: false }
}
