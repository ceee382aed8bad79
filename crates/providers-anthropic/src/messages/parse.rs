//! A client's request into the domain.
//!
//! What the domain has no word for is kept, loudly: blocks and tools whole as foreign ones, fields
//! in `extra` under their path, which every other dialect reports as lost. The one thing withheld is
//! the accounting line that Claude Code puts before its system prompt: it changes with every
//! request, means nothing to other vendors and would keep their prompt caches cold.

mod blocks;
mod options;
mod tools;

use serde::de::{IgnoredAny, MapAccess};
use serde_json::value::RawValue;
use tollgate_core_types::JsonText;
use tollgate_core_types::chat::{ChatRequest, Message, Part, Role};
use tollgate_providers_common::BadRequest;
use tollgate_providers_common::scan::{self, Fields};

use super::facts::{Of, explained};
use crate::wire::Str;
use crate::wire::ask::{Content, Turn};
use crate::wire::lenient;

/// How the line starts that Claude Code puts before its system prompt.
pub(crate) const BILLING_HEADER: &str = "x-anthropic-billing-header:";

/// Fields of a client's request that the domain has no word for.
pub(super) type Extra = Vec<(String, JsonText)>;

/// Reads a whole request.
pub(crate) fn parse(body: &[u8], of: Of) -> Result<ChatRequest, BadRequest> {
    let mut asked = Asked::default();
    scan::object(body, &mut asked).map_err(|error| explained(body, of, error))?;
    asked.into_request()
}

/// The body's fields, as far as they read without looking at one another.
#[derive(Debug, Default)]
struct Asked<'a> {
    chat: ChatRequest,
    system: Option<Content<'a>>,
    turns: Vec<Turn<'a>>,
    tools: Vec<&'a RawValue>,
    /// Fields with a meaning that needs a second look, by name.
    options: Vec<(&'static str, &'a RawValue)>,
}

/// Fields that are read in `options`.
const OPTIONS: [&str; 5] =
    ["tool_choice", "thinking", "output_config", "output_format", "metadata"];

impl<'de> Fields<'de> for Asked<'de> {
    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        let chat = &mut self.chat;
        match key {
            "model" | "load_balance_strategy" => map.next_value::<IgnoredAny>().map(|_| ())?,
            "messages" => self.turns = map.next_value()?,
            "system" => self.system = map.next_value()?,
            "tools" => self.tools = map.next_value::<Option<_>>()?.unwrap_or_default(),
            "max_tokens" => chat.max_output_tokens = count(map)?,
            "stream" => chat.stream = map.next_value::<Option<bool>>()?.unwrap_or(false),
            "temperature" => chat.temperature = map.next_value()?,
            "top_p" => chat.top_p = map.next_value()?,
            "top_k" => chat.top_k = count(map)?,
            "stop_sequences" => {
                chat.stop = map.next_value::<Option<Vec<String>>>()?.unwrap_or_default();
            }
            "service_tier" => {
                // `standard_only` is what other dialects call the default tier.
                let tier = map.next_value::<Option<Str<'_>>>()?.map(Str::into_owned);
                let known = |tier: String| match tier.as_str() {
                    "standard_only" => "default".to_owned(),
                    _ => tier,
                };
                chat.service_tier = tier.map(known);
            }
            _ => {
                let value: &'de RawValue = map.next_value()?;
                match OPTIONS.into_iter().find(|option| *option == key) {
                    Some(option) => self.options.push((option, value)),
                    None if says_nothing(key, value) => {}
                    None => chat.extra.extend(kept(key.to_owned(), value)),
                }
            }
        }
        Ok(())
    }
}

/// A whole number in either of JSON's spellings; the shape was checked before.
fn count<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Option<u64>, A::Error> {
    struct Count(Option<u64>);
    impl<'de> serde::Deserialize<'de> for Count {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            lenient::count(deserializer).map(Self)
        }
    }
    Ok(map.next_value::<Count>()?.0)
}

/// Whether a field asks for what happens unasked: no other dialect loses anything by it.
fn says_nothing(key: &str, value: &RawValue) -> bool {
    let value = value.get();
    matches!(value, "false" | "[]" | "{}" | "\"\"")
        || matches!((key, value), ("speed", "\"standard\"") | ("inference_geo", "\"global\""))
}

/// A field for `extra`, unless it says nothing.
pub(super) fn kept(path: String, value: &RawValue) -> Option<(String, JsonText)> {
    (value.get() != "null").then(|| (path, JsonText::from_valid(value.get())))
}

impl Asked<'_> {
    fn into_request(self) -> Result<ChatRequest, BadRequest> {
        let Self { mut chat, system, turns, tools, options } = self;
        chat.messages.extend(system_message(system, &mut chat.extra)?);
        for (i, turn) in turns.into_iter().enumerate() {
            self::turn(&format!("messages[{i}]"), turn, &mut chat)?;
        }
        for (i, tool) in tools.into_iter().enumerate() {
            let tool = tools::tool(&format!("tools[{i}]"), tool, &mut chat.extra)?;
            chat.tools.push(tool);
        }
        for (option, value) in options.into_iter().filter(|(_, value)| value.get() != "null") {
            options::read(option, value, &mut chat)?;
        }
        Ok(chat)
    }
}

fn system_message(
    system: Option<Content<'_>>,
    extra: &mut Extra,
) -> Result<Option<Message>, BadRequest> {
    let Some(system) = system else { return Ok(None) };
    let mut parts = blocks::content("system", system, extra)?;
    parts.retain_mut(|part| {
        if let Part::Text { text, .. } = part { withhold_billing_header(text) } else { true }
    });
    let message = Message { role: Role::System, parts, name: None };
    Ok((!message.parts.is_empty()).then_some(message))
}

/// Takes the accounting line off a text; false where nothing else was in it.
fn withhold_billing_header(text: &mut String) -> bool {
    if !text.starts_with(BILLING_HEADER) {
        return true;
    }
    let rest = text.split_once('\n').map_or("", |(_, rest)| rest).trim_start().to_owned();
    *text = rest;
    !text.is_empty()
}

fn turn(path: &str, turn: Turn<'_>, chat: &mut ChatRequest) -> Result<(), BadRequest> {
    let Turn { role, content } = turn;
    let role = match &*role {
        "user" => Role::User,
        "assistant" => Role::Assistant,
        "system" => Role::System,
        _ => return Err(blocks::wrong(&format!("{path}.role"), "is no role of this dialect")),
    };
    let parts = blocks::content(&format!("{path}.content"), content, &mut chat.extra)?;
    let (results, rest): (Vec<Part>, Vec<Part>) =
        parts.into_iter().partition(|part| matches!(part, Part::ToolResult { .. }));
    if !results.is_empty() {
        chat.messages.push(Message { role: Role::Tool, parts: results, name: None });
        if rest.is_empty() {
            return Ok(());
        }
    }
    chat.messages.push(Message { role, parts: rest, name: None });
    Ok(())
}

#[cfg(test)]
mod tests;
