//! What clients ask. They write fields in camel case or in snake case, as the vendor takes both.
//!
//! Fields are read where they are needed and kept as text otherwise; what is unknown is looked for
//! by name, so that a translation can say what it lost.

use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// One turn.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Content<'a> {
    pub(crate) role: Option<String>,
    #[serde(borrow)]
    pub(crate) parts: Option<Vec<&'a RawValue>>,
}

/// A piece of a turn.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Part<'a> {
    pub(crate) text: Option<String>,
    pub(crate) thought: Option<bool>,
    #[serde(alias = "thought_signature")]
    pub(crate) thought_signature: Option<String>,
    #[serde(alias = "inline_data")]
    pub(crate) inline_data: Option<Inline>,
    #[serde(alias = "file_data")]
    pub(crate) file_data: Option<FileData>,
    #[serde(borrow, alias = "function_call")]
    pub(crate) function_call: Option<Call<'a>>,
    #[serde(borrow, alias = "function_response")]
    pub(crate) function_response: Option<Response<'a>>,
}

/// Data in the request.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Inline {
    #[serde(alias = "mime_type")]
    pub(crate) mime_type: Option<String>,
    pub(crate) data: Option<String>,
    #[serde(alias = "display_name")]
    pub(crate) display_name: Option<String>,
}

/// Data at an address.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct FileData {
    #[serde(alias = "mime_type")]
    pub(crate) mime_type: Option<String>,
    #[serde(alias = "file_uri")]
    pub(crate) file_uri: Option<String>,
    #[serde(alias = "display_name")]
    pub(crate) display_name: Option<String>,
}

/// A call of the model.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Call<'a> {
    pub(crate) id: Option<String>,
    pub(crate) name: Option<String>,
    #[serde(borrow)]
    pub(crate) args: Option<&'a RawValue>,
}

/// What a function answered.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Response<'a> {
    pub(crate) id: Option<String>,
    pub(crate) name: Option<String>,
    #[serde(borrow)]
    pub(crate) response: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) parts: Option<Vec<&'a RawValue>>,
}

/// The two keys under which a function's text stands.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Answered {
    pub(crate) output: Option<String>,
    pub(crate) result: Option<String>,
    pub(crate) error: Option<String>,
}

/// An object by its keys, of which nothing is read yet. Keys come in their own order.
#[derive(Debug, Default, Deserialize)]
#[serde(transparent)]
pub(crate) struct Entries<'a>(#[serde(borrow)] pub(crate) BTreeMap<String, &'a RawValue>);

/// A function on offer.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Function<'a> {
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
    #[serde(borrow)]
    pub(crate) parameters: Option<&'a RawValue>,
    #[serde(borrow, alias = "parameters_json_schema")]
    pub(crate) parameters_json_schema: Option<&'a RawValue>,
}

/// Which functions must or may be called.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ToolConfig {
    #[serde(alias = "function_calling_config")]
    pub(crate) function_calling_config: Option<Calling>,
}

/// See [`ToolConfig`].
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Calling {
    pub(crate) mode: Option<String>,
    #[serde(alias = "allowed_function_names")]
    pub(crate) allowed_function_names: Option<Vec<String>>,
}

/// How much to think.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Thinking {
    #[serde(alias = "include_thoughts")]
    pub(crate) include_thoughts: Option<bool>,
    #[serde(alias = "thinking_budget")]
    pub(crate) thinking_budget: Option<i64>,
    #[serde(alias = "thinking_level")]
    pub(crate) thinking_level: Option<String>,
}
