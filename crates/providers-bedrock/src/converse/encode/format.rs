//! The form of the answer: the model's own structured output, a tool that carries it, or a request
//! in words.

use serde_json::value::RawValue;
use std::borrow::Cow;
use tollgate_core_types::chat::ResponseFormat;
use tollgate_providers_anthropic::schema;
use tollgate_providers_common::EncodeError;

use super::{Context, invalid};
use crate::models::Family;
use crate::wire::body::{Block, JsonSchema, Structure, TextFormat};

/// What is sent for a form; at most one of the three.
#[derive(Debug, Default)]
pub(super) struct Form<'a> {
    pub(super) text_format: Option<TextFormat<'a>>,
    pub(super) json_tool: Option<JsonTool<'a>>,
    pub(super) instruction: Option<Block<'a>>,
}

/// The tool whose arguments are the answer.
#[derive(Debug)]
pub(super) struct JsonTool<'a> {
    pub(super) description: &'a str,
    pub(super) schema: Cow<'a, RawValue>,
}

const DESCRIPTION: &str = "Gives the answer. Call this tool with the whole answer as its input.";
const ANY_OBJECT: &str = "Gives the answer. Call this tool with the whole answer as its input: one \
     JSON object with the keys that the conversation asks for.";
const INSTRUCTION: &str =
    "Answer with one JSON object and nothing else: no other text and no code fence.";

/// Decides on the form. `thinks` says whether thinking was asked for, which excludes forced tools.
pub(super) fn form<'a>(
    format: Option<&'a ResponseFormat>,
    thinks: bool,
    cx: &mut Context<'a>,
) -> Result<Form<'a>, EncodeError> {
    match format {
        None | Some(ResponseFormat::Text) => Ok(Form::default()),
        Some(ResponseFormat::JsonObject) => any_object(thinks, cx),
        Some(ResponseFormat::JsonSchema { name, description, schema: given, strict: _ }) => {
            let field = "response_format.json_schema.schema";
            let no_schema = || invalid(field, "must be a JSON Schema object");
            if cx.target.quirks.no_native_schema {
                let schema = schema::of_arguments(Some(given.as_str())).ok_or_else(no_schema)?;
                let description = non_empty(description).unwrap_or(DESCRIPTION);
                let json_tool = Some(JsonTool { description, schema });
                return Ok(Form { json_tool, ..Form::default() });
            }
            let schema = if cx.family == Family::Claude {
                let (closed, changed) = schema::closed(given.as_str()).ok_or_else(no_schema)?;
                if changed {
                    cx.approximated(field);
                }
                Cow::Owned(closed.get().to_owned())
            } else {
                Cow::Borrowed(given.as_str())
            };
            let json_schema = JsonSchema { schema, name, description: non_empty(description) };
            let structure = Structure { json_schema };
            let text_format = Some(TextFormat { kind: "json_schema", structure });
            Ok(Form { text_format, ..Form::default() })
        }
    }
}

fn non_empty(text: &Option<String>) -> Option<&str> {
    text.as_deref().filter(|text| !text.is_empty())
}

/// Any JSON object: structured output needs a schema, so a tool without one carries it where a tool
/// can be forced, and words ask for it where not.
fn any_object<'a>(thinks: bool, cx: &mut Context<'a>) -> Result<Form<'a>, EncodeError> {
    if thinks || cx.target.quirks.no_forced_tools {
        cx.approximated("response_format");
        let instruction = Some(Block::Text(Cow::Borrowed(INSTRUCTION)));
        return Ok(Form { instruction, ..Form::default() });
    }
    let schema = RawValue::from_string(r#"{"type":"object"}"#.to_owned())
        .map_err(|error| EncodeError::Build(error.to_string()))?;
    let json_tool = Some(JsonTool { description: ANY_OBJECT, schema: Cow::Owned(schema) });
    Ok(Form { json_tool, ..Form::default() })
}
