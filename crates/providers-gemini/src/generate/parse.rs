//! A client's request into the domain, for a vendor of another dialect.
//!
//! What the domain has no word for is kept, loudly: parts and tools whole as foreign ones, fields in
//! `extra` under their path, which every other dialect reports as lost. What would change the
//! meaning if it were lost is refused.

mod config;
mod contents;
mod tools;

use serde::de::{IgnoredAny, MapAccess};
use serde_json::value::RawValue;
use tollgate_core_types::JsonText;
use tollgate_core_types::chat::{ChatRequest, Message, Role};
use tollgate_providers_common::BadRequest;
use tollgate_providers_common::scan::{self, Fields};

use super::facts::explained;
use crate::wire::ask::{Content, Entries};

/// Fields of a client's request that the domain has no word for.
type Extra = Vec<(String, JsonText)>;

/// Reads a whole request.
pub(crate) fn parse(body: &[u8], stream: bool) -> Result<ChatRequest, BadRequest> {
    let mut asked = Asked::default();
    scan::object(body, &mut asked).map_err(|error| explained(body, error))?;
    let mut chat = asked.into_request()?;
    chat.stream = stream;
    Ok(chat)
}

/// The body's fields, as far as they read without looking at one another.
#[derive(Debug, Default)]
struct Asked<'a> {
    contents: Vec<Content<'a>>,
    system: Option<Content<'a>>,
    tools: Vec<&'a RawValue>,
    tool_config: Option<&'a RawValue>,
    config: Entries<'a>,
    /// Everything else, by name.
    rest: Vec<(String, &'a RawValue)>,
}

impl<'de> Fields<'de> for Asked<'de> {
    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "model" | "load_balance_strategy" => {
                map.next_value::<IgnoredAny>()?;
            }
            "contents" => self.contents = map.next_value::<Option<_>>()?.unwrap_or_default(),
            "systemInstruction" | "system_instruction" => self.system = map.next_value()?,
            "tools" => self.tools = map.next_value::<Option<_>>()?.unwrap_or_default(),
            "toolConfig" | "tool_config" => self.tool_config = map.next_value()?,
            "generationConfig" | "generation_config" => {
                self.config = map.next_value::<Option<_>>()?.unwrap_or_default();
            }
            _ => self.rest.push((key.to_owned(), map.next_value()?)),
        }
        Ok(())
    }
}

impl Asked<'_> {
    fn into_request(self) -> Result<ChatRequest, BadRequest> {
        let Self { contents, system, tools, tool_config, config, rest } = self;
        let mut chat = ChatRequest::default();
        if let Some(system) = system {
            let parts = contents::instructions(system, &mut chat.extra)?;
            if !parts.is_empty() {
                chat.messages.push(Message { role: Role::System, parts, name: None });
            }
        }
        contents::read(contents, &mut chat)?;
        tools::read(&tools, &mut chat)?;
        if let Some(value) = tool_config {
            tools::config(value, &mut chat)?;
        }
        for (key, value) in config.0 {
            config::field(&format!("generationConfig.{key}"), &key, value, &mut chat)?;
        }
        for (key, value) in rest {
            top_level(key, value, &mut chat)?;
        }
        Ok(chat)
    }
}

/// A field of the top level that is none of the large ones.
fn top_level(key: String, value: &RawValue, chat: &mut ChatRequest) -> Result<(), BadRequest> {
    match key.as_str() {
        "cachedContent" | "cached_content" | "continuationToken" | "continuation_token"
            if value.get() != "null" =>
        {
            let message = format!(
                "`{key}` names what is kept at one vendor, which cannot be \
                                   reached with this model"
            );
            Err(BadRequest::field(key, message))
        }
        "serviceTier" | "service_tier" => {
            let tier: Option<String> = typed(&key, value)?;
            chat.service_tier = tier.map(|tier| match tier.to_ascii_lowercase().as_str() {
                "standard" => "default".to_owned(),
                other => other.to_owned(),
            });
            Ok(())
        }
        // A configured default in the common dialects' words; the client's own goes before.
        "temperature" | "top_p" | "top_k" | "max_tokens" | "seed" | "presence_penalty"
        | "frequency_penalty" => config::default(&key, value, chat),
        _ => {
            chat.extra.extend(kept(key, value));
            Ok(())
        }
    }
}

/// A field for `extra`, unless it says nothing.
fn kept(path: String, value: &RawValue) -> Option<(String, JsonText)> {
    let nothing = matches!(value.get(), "null" | "false" | "[]" | "{}" | "\"\"");
    (!nothing).then(|| (path, JsonText::from_valid(value.get())))
}

/// A value of a known type.
fn typed<'de, T: serde::Deserialize<'de>>(
    path: &str,
    value: &'de RawValue,
) -> Result<T, BadRequest> {
    serde_json::from_str(value.get()).map_err(|error| {
        let error = tollgate_core_types::error::clean(&error.to_string(), 128);
        wrong(path, &format!("cannot be read: {error}"))
    })
}

fn wrong(path: &str, what: &str) -> BadRequest {
    let path = tollgate_core_types::error::clean(path, 256);
    let message = format!("`{path}` {what}");
    BadRequest::field(path, message)
}
