//! What we write to the vendor. Borrowed throughout: nothing is copied that the client sent.

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// A whole request; empty parts are left out.
#[derive(Debug, Default)]
pub(crate) struct Request<'a> {
    pub(crate) contents: Vec<Content<'a>>,
    pub(crate) system: Vec<Part<'a>>,
    pub(crate) tools: Vec<Tool<'a>>,
    pub(crate) calling: Option<Calling<'a>>,
    pub(crate) config: Config<'a>,
    pub(crate) service_tier: Option<&'static str>,
    /// The vendor's own fields that the client named.
    pub(crate) own: Vec<(&'static str, &'a RawValue)>,
}

impl Serialize for Request<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct System<'b, 'a> {
            parts: &'b [Part<'a>],
        }
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct ToolConfig<'b, 'a> {
            function_calling_config: &'b Calling<'a>,
        }
        let Self { contents, system, tools, calling, config, service_tier, own } = self;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("contents", contents)?;
        if !system.is_empty() {
            map.serialize_entry("systemInstruction", &System { parts: system })?;
        }
        if !tools.is_empty() {
            map.serialize_entry("tools", tools)?;
        }
        if let Some(calling) = calling {
            map.serialize_entry("toolConfig", &ToolConfig { function_calling_config: calling })?;
        }
        if !config.is_empty() {
            map.serialize_entry("generationConfig", config)?;
        }
        if let Some(tier) = service_tier {
            map.serialize_entry("serviceTier", tier)?;
        }
        for (key, value) in own {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

/// One turn.
#[derive(Debug, Serialize)]
pub(crate) struct Content<'a> {
    pub(crate) role: &'static str,
    pub(crate) parts: Vec<Part<'a>>,
}

/// A piece of a turn: exactly one of the data fields, and what may stand beside it.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Part<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) text: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) inline_data: Option<Inline<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) file_data: Option<FileData<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) function_call: Option<Call<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) function_response: Option<Response<'a>>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) thought: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) thought_signature: Option<Cow<'a, str>>,
}

impl<'a> Part<'a> {
    /// Plain text.
    pub(crate) fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self { text: Some(text.into()), ..Self::default() }
    }
}

/// Data in the request.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Inline<'a> {
    pub(crate) mime_type: Cow<'a, str>,
    pub(crate) data: &'a str,
}

/// Data at an address.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FileData<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) mime_type: Option<&'static str>,
    pub(crate) file_uri: Cow<'a, str>,
}

/// A call of the model.
#[derive(Debug, Serialize)]
pub(crate) struct Call<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(crate) id: &'a str,
    pub(crate) name: &'a str,
    pub(crate) args: Cow<'a, RawValue>,
}

/// What a function answered.
#[derive(Debug, Serialize)]
pub(crate) struct Response<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(crate) id: &'a str,
    pub(crate) name: &'a str,
    pub(crate) response: Answered<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) parts: Vec<Part<'a>>,
}

/// An answer, which must be an object.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Answered<'a> {
    /// It is one.
    Object(&'a RawValue),
    /// It is text.
    Text { output: Cow<'a, str> },
    /// It is why the function failed.
    Error { error: Cow<'a, str> },
}

/// Tools of one kind.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Tool<'a> {
    /// The client's functions.
    Functions {
        #[serde(rename = "functionDeclarations")]
        functions: Vec<Function<'a>>,
    },
    /// One of the vendor's own, in its words.
    Raw(&'a RawValue),
}

/// A function of the client.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Function<'a> {
    pub(crate) name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) parameters_json_schema: Option<&'a RawValue>,
}

/// Which functions must or may be called.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Calling<'a> {
    pub(crate) mode: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) allowed_function_names: Option<[&'a str; 1]>,
}

/// How to generate.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Config<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) top_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) top_k: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) max_output_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) stop_sequences: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) presence_penalty: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) frequency_penalty: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) seed: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) response_mime_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) response_json_schema: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) thinking_config: Option<Thinking>,
}

impl Config<'_> {
    /// Whether nothing is said.
    fn is_empty(&self) -> bool {
        let Self {
            temperature,
            top_p,
            top_k,
            max_output_tokens,
            stop_sequences,
            presence_penalty,
            frequency_penalty,
            seed,
            response_mime_type,
            response_json_schema,
            thinking_config,
        } = self;
        let numbers = [temperature, top_p, presence_penalty, frequency_penalty];
        numbers.iter().all(|number| number.is_none())
            && top_k.is_none()
            && max_output_tokens.is_none()
            && stop_sequences.is_empty()
            && seed.is_none()
            && response_mime_type.is_none()
            && response_json_schema.is_none()
            && thinking_config.is_none()
    }
}

/// How much to think. Level and budget exclude each other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Thinking {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) include_thoughts: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) thinking_budget: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) thinking_level: Option<&'static str>,
}
