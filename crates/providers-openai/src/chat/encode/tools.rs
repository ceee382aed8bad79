//! Tools, their choice, and the form of the answer.

use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::HashMap;
use tollgate_core_types::chat as domain;
use tollgate_core_types::{Dialect, JsonText};
use tollgate_providers_common::EncodeError;
use tollgate_providers_common::target::Quirks;

use super::body::{Function, JsonSchema, Named, ResponseFormat, Tool, ToolChoice, raw};
use super::{Losses, strict};

pub(super) fn list<'a>(
    tools: &'a [domain::Tool],
    quirks: &Quirks,
    losses: &mut Losses,
) -> Result<Vec<Tool<'a>>, EncodeError> {
    tools.iter().enumerate().map(|(index, tool)| one(tool, index, quirks, losses)).collect()
}

fn one<'a>(
    tool: &'a domain::Tool,
    index: usize,
    quirks: &Quirks,
    losses: &mut Losses,
) -> Result<Tool<'a>, EncodeError> {
    let domain::Tool { name, description, parameters, strict, cache, foreign } = tool;
    losses.cache(cache.as_ref());
    if let Some((dialect, json)) = foreign {
        let field = format!("tools[{index}]");
        if *dialect == Dialect::OPENAI_CHAT {
            return raw(json, &field).map(Tool::Raw);
        }
        return Err(EncodeError::Unsupported {
            field,
            reason: format!("`{name}` is a tool of {dialect} alone"),
        });
    }
    let field = || format!("tools[{index}].parameters");
    let mut parameters = parameters.as_ref().map(|json| whole(json, &field())).transpose()?;
    let schema = tool.parameters.as_ref();
    let mut strict = held(*strict, schema, || format!("tools[{index}].strict"), losses);
    if quirks.plain_schemas {
        parameters = parameters.map(plainly);
        if strict.take() == Some(true) {
            losses.dropped(format!("tools[{index}].strict"));
        }
    }
    let function = Function { name, description: description.as_deref(), parameters, strict };
    Ok(Tool::Function { kind: "function", function })
}

/// The schema of arguments. OpenAI refuses an object that does not say which properties it has, so
/// that one without any says so.
pub(crate) fn whole<'a>(
    schema: &'a JsonText,
    field: &str,
) -> Result<Cow<'a, RawValue>, EncodeError> {
    let given = raw(schema, field)?;
    let keywords: HashMap<String, &RawValue> =
        serde_json::from_str(given.get()).unwrap_or_default();
    let kind = keywords.get("type").map(|kind| kind.get());
    let plain = kind == Some("\"object\"") || keywords.is_empty();
    let rest = given.get().strip_prefix('{').filter(|_| plain);
    let Some(rest) = rest.filter(|_| !keywords.contains_key("properties")) else {
        return Ok(Cow::Borrowed(given));
    };
    let object = if keywords.is_empty() {
        r#"{"type":"object","properties":{}}"#.to_owned()
    } else {
        format!(r#"{{"properties":{{}},{rest}"#)
    };
    Ok(RawValue::from_string(object).map_or(Cow::Borrowed(given), Cow::Owned))
}

/// A schema without what the server refuses in it.
fn plainly(schema: Cow<'_, RawValue>) -> Cow<'_, RawValue> {
    let plain = match crate::schema::plain(schema.get()) {
        Cow::Borrowed(_) => None,
        Cow::Owned(plain) => RawValue::from_string(plain).ok(),
    };
    plain.map_or(schema, Cow::Owned)
}

/// Whether to hold the model to a schema. A schema that OpenAI could not hold it to is sent without
/// the word, for OpenAI would refuse the request.
pub(crate) fn held(
    strict: Option<bool>,
    schema: Option<&JsonText>,
    field: impl FnOnce() -> String,
    losses: &mut Losses,
) -> Option<bool> {
    if strict == Some(true) && !schema.is_none_or(strict::fits) {
        losses.approximated(field());
        return None;
    }
    strict
}

/// The choice of a tool. Vendors refuse one without tools.
pub(super) fn choice<'a>(
    choice: Option<&'a domain::ToolChoice>,
    no_tools: bool,
    quirks: &Quirks,
    losses: &mut Losses,
) -> Option<ToolChoice<'a>> {
    let choice = choice?;
    if no_tools {
        // Without tools nothing can be called, which is what these two ask for.
        if !matches!(choice, domain::ToolChoice::None | domain::ToolChoice::Auto) {
            losses.dropped("tool_choice");
        }
        return None;
    }
    Some(match choice {
        domain::ToolChoice::Auto => ToolChoice::Word("auto"),
        domain::ToolChoice::None => ToolChoice::Word("none"),
        domain::ToolChoice::Required | domain::ToolChoice::Named(_) if quirks.no_forced_tools => {
            losses.approximated("tool_choice");
            ToolChoice::Word("auto")
        }
        domain::ToolChoice::Required if quirks.any_for_required => ToolChoice::Word("any"),
        domain::ToolChoice::Required => ToolChoice::Word("required"),
        domain::ToolChoice::Named(name) => {
            ToolChoice::Named { kind: "function", function: Named { name } }
        }
    })
}

/// How the form of the answer is asked for.
#[derive(Default)]
pub(super) struct Form<'a> {
    pub(super) format: Option<ResponseFormat<'a>>,
    /// What the model must be told beside it.
    pub(super) instruction: Option<String>,
}

/// The form of the answer; a server without schemas is asked for any JSON object, and the model is
/// told the schema in words.
pub(super) fn format<'a>(
    format: Option<&'a domain::ResponseFormat>,
    quirks: &Quirks,
    losses: &mut Losses,
) -> Result<Form<'a>, EncodeError> {
    const FIELD: &str = "response_format.json_schema.schema";
    let plain = |format| Form { format: Some(format), instruction: None };
    Ok(match format {
        None => Form::default(),
        Some(domain::ResponseFormat::Text) => plain(ResponseFormat::Text),
        Some(domain::ResponseFormat::JsonObject) => plain(ResponseFormat::JsonObject),
        Some(domain::ResponseFormat::JsonSchema { schema, .. }) if quirks.no_native_schema => {
            losses.approximated("response_format");
            let schema = raw(schema, FIELD)?.get();
            let instruction =
                format!("Answer with one JSON object and nothing else. Its JSON Schema: {schema}");
            Form { format: Some(ResponseFormat::JsonObject), instruction: Some(instruction) }
        }
        Some(domain::ResponseFormat::JsonSchema { name, description, schema, strict }) => {
            let strict = held(*strict, Some(schema), || "response_format".to_owned(), losses);
            let schema = raw(schema, FIELD)?;
            let description = description.as_deref();
            let json_schema = JsonSchema { name, description, schema, strict };
            plain(ResponseFormat::JsonSchema { json_schema })
        }
    })
}
