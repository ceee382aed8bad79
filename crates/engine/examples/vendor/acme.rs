//! The vendor: its name, its dialect, its streams. In a crate of its own the pieces stand in
//! `provider.rs`, `encode.rs`, `decode.rs` and `stream.rs`.
//!
//! The dialect is made up: turns are `{"who", "say"}`, answers come with what they `spent`, streams
//! are lines of `say` that end with `done`.

use bytes::Bytes;
use http::HeaderMap;
use serde_json::{Value, json};
use std::sync::Arc;
use tollgate_core_types::chat::{ChatRequest, Message, Part, ResponseFormat, Role, ToolChoice};
use tollgate_core_types::reply::{ChatReply, Finish, FinishReason, ReplyPart};
use tollgate_core_types::{
    ChatEvent, Dialect, ErrorClass, Lost, Operation, ProviderName, UpstreamError, Usage,
    VendorPreset,
};
use tollgate_providers_common::splice::Edits;
use tollgate_providers_common::{
    Account, ChatCodec, Codec, DecodeError, EncodeError, Encoded, Frame, ParamRules, Provider,
    StreamDecoder, UpstreamTarget, retry_after, scan,
};

const TALK: Dialect = Dialect::named("acme.talk");
/// What is known of the vendor without configuration.
pub(crate) const ACME: VendorPreset = VendorPreset {
    name: "acme",
    otel_name: "acme",
    env: &["ACME"],
    base: "https://api.acme.example/v7",
    chat: TALK,
    models: &[],
    embedding_models: &[],
    needs_key: true,
};

/// The vendor: no client speaks its dialect, so it relays nobody and translates for everybody.
pub(crate) struct Acme(pub(crate) ProviderName);

impl Provider for Acme {
    fn name(&self) -> &ProviderName {
        &self.0
    }

    fn codec(&self, _: Dialect) -> Option<Arc<dyn Codec>> {
        None
    }

    fn chat(&self) -> Option<Arc<dyn ChatCodec>> {
        Some(Arc::new(Talk))
    }
}

/// Its one dialect.
pub(crate) struct Talk;

impl Codec for Talk {
    fn dialect(&self) -> Dialect {
        TALK
    }

    fn operation(&self) -> Operation {
        Operation::Chat
    }

    fn account(&self, body: &[u8]) -> Result<Account, DecodeError> {
        let ChatReply { model, usage, finish, .. } = self.decode(body)?;
        Ok(Account { model: Some(model), usage, finish: Some(finish) })
    }

    fn decode_error(&self, status: u16, headers: &HeaderMap, body: &[u8]) -> UpstreamError {
        let said: Value = serde_json::from_slice(body).unwrap_or_default();
        let kind = said["problem"]["kind"].as_str();
        let class = match (status, kind) {
            (400, Some("too_long")) => ErrorClass::ContextWindow,
            (401 | 403, _) => ErrorClass::Auth,
            (402, _) => ErrorClass::Billing,
            (404, Some("no_such_engine")) => ErrorClass::ModelMissing,
            (429, _) => ErrorClass::Throttle,
            (503 | 529, _) => ErrorClass::Overload,
            (500.., _) => ErrorClass::Server,
            _ => ErrorClass::Client,
        };
        let message = said["problem"]["say"]
            .as_str()
            .map_or_else(|| format!("{status} {}", String::from_utf8_lossy(body)), str::to_owned);
        UpstreamError::new(class, message)
            .with_status(status)
            .with_code(kind)
            .with_retry_after(retry_after::from_headers(headers))
    }

    fn stream(&self) -> Box<dyn StreamDecoder> {
        Box::new(Lines::default())
    }
}

impl ChatCodec for Talk {
    fn encode(&self, chat: &ChatRequest, target: &UpstreamTarget) -> Result<Encoded, EncodeError> {
        // Taken apart in full: a field that the domain learns tomorrow does not compile here until
        // somebody has thought of it.
        let ChatRequest {
            messages,
            tools,
            tool_choice,
            parallel_tool_calls: _,
            response_format,
            reasoning,
            max_output_tokens,
            temperature,
            top_p,
            top_k,
            frequency_penalty,
            presence_penalty,
            seed,
            n,
            stop,
            user,
            service_tier,
            stream,
            extra,
        } = chat;
        let mut lost: Vec<Lost> = Vec::new();
        let mut turns: Vec<Value> = Vec::new();
        for (at, message) in messages.iter().enumerate() {
            turns.push(turn(at, message, &mut lost)?);
        }
        // Left out, these would change what the answer means: another deployment may have them.
        let meant = [
            ("tools", !tools.is_empty() && *tool_choice != Some(ToolChoice::None)),
            ("n", n.is_some_and(|n| n > 1)),
            ("stop", !stop.is_empty()),
            ("response_format", !matches!(response_format, None | Some(ResponseFormat::Text))),
        ];
        if let Some((field, _)) = meant.iter().find(|(_, given)| *given) {
            let reason = "this vendor has no word for it".to_owned();
            return Err(EncodeError::Unsupported { field: (*field).to_owned(), reason });
        }
        // Left out, these change how well it answers: they are named.
        let named = [
            ("reasoning", reasoning.is_some()),
            ("top_p", top_p.is_some()),
            ("top_k", top_k.is_some()),
            ("frequency_penalty", frequency_penalty.is_some()),
            ("presence_penalty", presence_penalty.is_some()),
            ("seed", seed.is_some()),
            ("user", user.is_some()),
            ("service_tier", service_tier.is_some()),
        ];
        let given = named.iter().filter(|(_, given)| *given);
        lost.extend(given.map(|(field, _)| Lost::dropped(*field)));
        lost.extend(extra.iter().map(|(field, _)| Lost::dropped(field.clone())));
        let mut body = json!({"engine": target.model, "turns": turns, "stream": stream});
        if let Some(heat) = temperature {
            body["heat"] = json!(heat);
        }
        if let Some(most) = max_output_tokens {
            body["most"] = json!(most);
        }
        let request = target.post("/talk", ruled(body, target)?)?;
        Ok(Encoded { request, lost })
    }

    fn decode(&self, body: &[u8]) -> Result<ChatReply, DecodeError> {
        let answer: Value = serde_json::from_slice(body)
            .map_err(|error| DecodeError::Malformed(error.to_string()))?;
        let text = |key: &str| answer[key].as_str().unwrap_or_default().to_owned();
        let Some(why) = answer["why"].as_str() else {
            return Err(DecodeError::Malformed("an answer without `why`".to_owned()));
        };
        Ok(ChatReply {
            id: text("id"),
            model: text("engine"),
            created: None,
            parts: vec![ReplyPart::Text(text("say"))],
            finish: finish(why),
            usage: usage(&answer["spent"]),
            service_tier: None,
        })
    }
}

fn turn(at: usize, message: &Message, lost: &mut Vec<Lost>) -> Result<Value, EncodeError> {
    let Message { role, parts, name } = message;
    let who = match role {
        Role::System | Role::Developer => "rules",
        Role::User => "human",
        Role::Assistant => "engine",
        Role::Tool => return Err(unsupported(format!("messages[{at}].role"))),
    };
    lost.extend(name.as_ref().map(|_| Lost::dropped(format!("messages[{at}].name"))));
    let mut say = String::new();
    for (n, part) in parts.iter().enumerate() {
        let path = format!("messages[{at}].content[{n}]");
        match part {
            Part::Text { text, cache } => {
                say.push_str(text);
                lost.extend(cache.as_ref().map(|_| Lost::dropped("cache_control")));
            }
            Part::Refusal { text } => say.push_str(text),
            // Another vendor's thoughts are withheld from this one.
            Part::Reasoning(_) => lost.push(Lost::dropped(path)),
            Part::Image { .. }
            | Part::Document { .. }
            | Part::Audio { .. }
            | Part::ToolCall(_)
            | Part::ToolResult { .. }
            | Part::Foreign { .. } => return Err(unsupported(path)),
        }
    }
    Ok(json!({"who": who, "say": say}))
}

fn unsupported(field: String) -> EncodeError {
    EncodeError::Unsupported { field, reason: "this vendor takes texts alone".to_owned() }
}

/// What configuration removes, renames and sets. Its defaults stand in the request already.
fn ruled(body: Value, target: &UpstreamTarget) -> Result<Bytes, EncodeError> {
    let body = Bytes::from(body.to_string());
    let rules = ParamRules { defaults: Vec::new(), ..target.params.clone() };
    let layout = scan::layout(&body)?;
    Ok(Edits::new().rules(&rules, &[]).apply(&body, &layout))
}

fn finish(why: &str) -> Finish {
    Finish::new(match why {
        "full" => FinishReason::Length,
        "withheld" => FinishReason::ContentFilter,
        _ => FinishReason::Stop,
    })
}

fn usage(spent: &Value) -> Usage {
    let count = |key: &str| spent[key].as_u64();
    Usage { input_tokens: count("in"), output_tokens: count("out"), ..Usage::default() }
}

/// A streamed answer. It is complete where `done` came, and nowhere else.
#[derive(Default)]
struct Lines {
    started: bool,
    done: bool,
}

impl StreamDecoder for Lines {
    fn frame(&mut self, frame: &Frame, out: &mut Vec<ChatEvent>) -> Result<(), DecodeError> {
        let Some(data) = frame.data.as_ref().filter(|_| !self.done) else { return Ok(()) };
        let line: Value = serde_json::from_slice(data)
            .map_err(|error| DecodeError::Malformed(error.to_string()))?;
        if !self.started {
            self.started = true;
            let text = |key: &str| line[key].as_str().unwrap_or_default().to_owned();
            out.push(ChatEvent::Start { id: text("id"), model: text("engine"), created: None });
        }
        if let Some(say) = line["say"].as_str() {
            out.push(ChatEvent::Text(say.to_owned()));
        }
        if let Some(why) = line["done"].as_str() {
            self.done = true;
            out.push(ChatEvent::Usage(usage(&line["spent"])));
            out.push(ChatEvent::Finish(finish(why)));
            out.push(ChatEvent::End);
        }
        Ok(())
    }

    fn end(&mut self, _: &mut Vec<ChatEvent>) -> Result<(), DecodeError> {
        if self.done { Ok(()) } else { Err(DecodeError::Truncated) }
    }
}
