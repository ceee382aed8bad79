//! The form of the answer: the model's own structured output, or a request in words where tools
//! exclude it.

use serde_json::value::RawValue;
use tollgate_core_types::chat::ResponseFormat;
use tollgate_providers_common::EncodeError;

use super::{Context, object};
use crate::models;

const JSON: &str = "application/json";
const SCHEMA: &str = "response_format.json_schema.schema";

/// What is sent for a form.
#[derive(Debug, Default)]
pub(super) struct Form<'a> {
    pub(super) mime_type: Option<&'static str>,
    pub(super) schema: Option<&'a RawValue>,
    pub(super) instruction: Option<String>,
}

/// Decides on the form; `tools` says whether any are offered.
pub(super) fn form<'a>(
    format: Option<&'a ResponseFormat>,
    tools: bool,
    cx: &mut Context<'_>,
) -> Result<Form<'a>, EncodeError> {
    let words = tools && models::form_excludes_tools(&cx.target.model);
    match format {
        None | Some(ResponseFormat::Text) => Ok(Form::default()),
        Some(ResponseFormat::JsonObject) if words => Ok(in_words(None, cx)),
        Some(ResponseFormat::JsonObject) => Ok(Form { mime_type: Some(JSON), ..Form::default() }),
        // The vendor holds the model to a schema always, and has no name for one.
        Some(ResponseFormat::JsonSchema { name: _, description, schema, strict: _ }) => {
            let schema = object(schema.as_str(), SCHEMA)?;
            if words || cx.target.quirks.no_native_schema {
                let form = in_words(Some(schema), cx);
                return Ok(if words { form } else { Form { mime_type: Some(JSON), ..form } });
            }
            if description.is_some() {
                cx.dropped("response_format.json_schema.description");
            }
            Ok(Form { mime_type: Some(JSON), schema: Some(schema), instruction: None })
        }
    }
}

/// An instruction asks for what the model cannot be held to.
fn in_words<'a>(schema: Option<&RawValue>, cx: &mut Context<'_>) -> Form<'a> {
    cx.approximated("response_format");
    let mut text =
        "Answer with one JSON object and nothing else: no other text and no code fence.".to_owned();
    if let Some(schema) = schema {
        text.push_str(" It must follow this JSON Schema: ");
        text.push_str(schema.get());
    }
    Form { instruction: Some(text), ..Form::default() }
}
