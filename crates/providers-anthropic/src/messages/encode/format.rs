//! The form of the answer: the model's own structured output, a tool that carries it, or a request
//! in words.

use serde_json::value::RawValue;
use std::borrow::Cow;
use tollgate_core_types::chat::ResponseFormat;
use tollgate_providers_common::EncodeError;

use super::{Context, invalid, schema};
use crate::wire::body::{Block, Format};

/// What is sent for a form; at most one of the three.
#[derive(Debug, Default)]
pub(super) struct Form<'a> {
    pub(super) format: Option<Format<'a>>,
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
        Some(ResponseFormat::JsonSchema { name: _, description, schema, strict: _ }) => {
            let field = "response_format.json_schema.schema";
            let (closed, changed) = schema::closed(schema.as_str())
                .ok_or_else(|| invalid(field, "must be a JSON Schema object"))?;
            if cx.target.quirks.no_native_schema {
                let schema = schema::of_arguments(Some(schema.as_str()))
                    .ok_or_else(|| invalid(field, "must be a JSON Schema object"))?;
                let description = description.as_deref().unwrap_or(DESCRIPTION);
                let json_tool = Some(JsonTool { description, schema });
                return Ok(Form { json_tool, ..Form::default() });
            }
            if changed {
                cx.approximated(field);
            }
            if description.is_some() {
                cx.dropped("response_format.json_schema.description");
            }
            let format = Some(Format { kind: "json_schema", schema: closed });
            Ok(Form { format, ..Form::default() })
        }
    }
}

/// Any JSON object: the vendor's structured output needs a schema, so a tool without one carries it
/// where a tool can be forced, and words ask for it where not.
fn any_object<'a>(thinks: bool, cx: &mut Context<'a>) -> Result<Form<'a>, EncodeError> {
    if thinks || cx.target.quirks.no_forced_tools {
        cx.approximated("response_format");
        let text = Cow::Borrowed(INSTRUCTION);
        let instruction = Some(Block::Text { text, cache_control: None });
        return Ok(Form { instruction, ..Form::default() });
    }
    let schema = RawValue::from_string(r#"{"type":"object"}"#.to_owned())
        .map_err(|error| EncodeError::Build(error.to_string()))?;
    let json_tool = Some(JsonTool { description: ANY_OBJECT, schema: Cow::Owned(schema) });
    Ok(Form { json_tool, ..Form::default() })
}
