//! The tools on offer and which of them must be called.

use serde_json::json;
use serde_json::value::RawValue;
use std::borrow::Cow;
use tollgate_core_types::chat::{Tool, ToolChoice};
use tollgate_providers_anthropic::schema;
use tollgate_providers_common::EncodeError;

use super::content::cache_point;
use super::format::JsonTool;
use super::{Context, invalid, unsupported};
use crate::converse::JSON_TOOL;
use crate::models::Family;
use crate::wire::body::{self, InputSchema, ToolConfig, ToolSpec};

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
    pub(super) config: Option<ToolConfig<'a>>,
}

impl<'a> Offer<'a> {
    fn of(tools: Vec<body::Tool<'a>>, tool_choice: Option<body::ToolChoice<'a>>) -> Self {
        Self { config: Some(ToolConfig { tools, tool_choice }) }
    }
}

/// Decides on tools and choice; `json` is the tool that carries a structured answer.
pub(super) fn offer<'a>(
    asked: &Asked<'a>,
    json: Option<JsonTool<'a>>,
    cx: &mut Context<'a>,
) -> Result<Offer<'a>, EncodeError> {
    let mut tools = Vec::with_capacity(asked.tools.len() + 1);
    for (i, offered) in asked.tools.iter().enumerate() {
        tools.push(body::Tool::ToolSpec(spec(i, offered, cx)?));
        tools.extend(cache_point(offered.cache.as_ref(), cx).map(body::Tool::CachePoint));
    }
    if tools.is_empty() && json.is_none() {
        return past(asked, cx);
    }
    if json.is_none() && asked.choice == Some(&ToolChoice::None) {
        return unused(asked, tools, cx);
    }
    let named = matches!(asked.choice, Some(ToolChoice::Named(_))) && !tools.is_empty();
    let json = json.filter(|_| {
        if named {
            // The client wants one tool's call, not an answer.
            cx.approximated("response_format");
        }
        !named
    });
    let alone = tools.is_empty();
    let Some(JsonTool { description, schema }) = json else {
        let choice = choice(asked, cx);
        return Ok(Offer::of(tools, choice));
    };
    tools.push(body::Tool::ToolSpec(ToolSpec {
        name: JSON_TOOL,
        description: Some(description),
        input_schema: InputSchema { json: schema },
        strict: false,
    }));
    let choice = answer_choice(asked, alone, cx);
    Ok(Offer::of(tools, Some(choice)))
}

fn spec<'a>(i: usize, tool: &'a Tool, cx: &mut Context<'a>) -> Result<ToolSpec<'a>, EncodeError> {
    let Tool { name, description, parameters, strict, cache: _, foreign } = tool;
    let path = format!("tools[{i}]");
    if let Some((dialect, _)) = foreign {
        return Err(unsupported(path, format!("`{name}` is known to `{dialect}` alone")));
    }
    if name == JSON_TOOL {
        return Err(invalid(format!("{path}.function.name"), "this name is the gateway's own"));
    }
    let no_schema =
        || invalid(format!("{path}.function.parameters"), "must be a JSON Schema object");
    let mut json = schema::of_arguments(parameters.as_ref().map(|json| json.as_str()))
        .ok_or_else(no_schema)?;
    // Strict tools are the same machinery as structured output.
    let refused = cx.target.quirks.no_native_schema;
    let strict = *strict == Some(true);
    if strict && refused {
        cx.dropped(format!("{path}.function.strict"));
    } else if strict && cx.family == Family::Claude {
        let (closed, changed) = schema::closed(json.get()).ok_or_else(no_schema)?;
        json = Cow::Owned(closed.into_owned());
        if changed {
            cx.approximated(format!("{path}.function.parameters"));
        }
    }
    Ok(ToolSpec {
        name,
        description: description.as_deref().filter(|text| !text.is_empty()),
        input_schema: InputSchema { json },
        strict: strict && !refused,
    })
}

/// No tools are offered. A conversation that called some still needs them declared.
fn past<'a>(asked: &Asked<'a>, cx: &mut Context<'a>) -> Result<Offer<'a>, EncodeError> {
    if let Some(ToolChoice::Required | ToolChoice::Named(_)) = asked.choice {
        cx.dropped("tool_choice");
    }
    let any = RawValue::from_string(r#"{"type":"object"}"#.to_owned())
        .map_err(|error| EncodeError::Build(error.to_string()))?;
    let declared = asked.called.iter().map(|name| {
        body::Tool::ToolSpec(ToolSpec {
            name,
            description: None,
            input_schema: InputSchema { json: Cow::Owned(any.clone()) },
            strict: false,
        })
    });
    unused(asked, declared.collect(), cx)
}

/// Tools of which none may be called: left out, unless the conversation called some. Claude can be
/// told; of other models it can only be hoped.
fn unused<'a>(
    asked: &Asked<'a>,
    tools: Vec<body::Tool<'a>>,
    cx: &mut Context<'a>,
) -> Result<Offer<'a>, EncodeError> {
    if asked.called.is_empty() {
        return Ok(Offer::default());
    }
    if cx.family == Family::Claude {
        cx.add("tool_choice", json!({ "type": "none" }));
    } else {
        cx.approximated("tool_choice");
    }
    Ok(Offer::of(tools, None))
}

/// The choice where a tool carries the answer: that one, or any where the client's own may be
/// called first.
fn answer_choice<'a>(asked: &Asked<'a>, alone: bool, cx: &mut Context<'a>) -> body::ToolChoice<'a> {
    if cx.target.quirks.no_forced_tools {
        cx.approximated("response_format");
        body::ToolChoice::Auto {}
    } else if alone || asked.choice == Some(&ToolChoice::None) {
        body::ToolChoice::Tool { name: JSON_TOOL }
    } else {
        body::ToolChoice::Any {}
    }
}

fn choice<'a>(asked: &Asked<'a>, cx: &mut Context<'a>) -> Option<body::ToolChoice<'a>> {
    let choice = match asked.choice {
        None | Some(ToolChoice::None) => None,
        Some(ToolChoice::Auto) => Some(body::ToolChoice::Auto {}),
        Some(ToolChoice::Required | ToolChoice::Named(_))
            if asked.thinks || cx.target.quirks.no_forced_tools =>
        {
            cx.approximated("tool_choice");
            Some(body::ToolChoice::Auto {})
        }
        Some(ToolChoice::Required) => Some(body::ToolChoice::Any {}),
        Some(ToolChoice::Named(name)) => Some(body::ToolChoice::Tool { name }),
    };
    if asked.parallel != Some(false) {
        return choice;
    }
    one_at_a_time(choice, cx)
}

/// One call per turn: Converse has no word for it. Claude takes its own, and then the whole choice
/// must be said there.
fn one_at_a_time<'a>(
    choice: Option<body::ToolChoice<'a>>,
    cx: &mut Context<'a>,
) -> Option<body::ToolChoice<'a>> {
    if cx.family != Family::Claude {
        cx.dropped("parallel_tool_calls");
        return choice;
    }
    let own = match choice {
        None | Some(body::ToolChoice::Auto {}) => json!({ "type": "auto" }),
        Some(body::ToolChoice::Any {}) => json!({ "type": "any" }),
        Some(body::ToolChoice::Tool { name }) => json!({ "type": "tool", "name": name }),
    };
    let mut own = own;
    if let Some(fields) = own.as_object_mut() {
        fields.insert("disable_parallel_tool_use".to_owned(), true.into());
    }
    cx.add("tool_choice", own);
    None
}
