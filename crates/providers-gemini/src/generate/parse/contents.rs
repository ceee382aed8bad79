//! A client's conversation as messages: calls and their results tied by ids, which this dialect may
//! leave out, thoughts with the signature of whoever issued it.

mod knit;

use serde_json::value::RawValue;
use tollgate_core_types::chat::{ChatRequest, MediaSource, Message, Part as Said, Role, ToolCall};
use tollgate_core_types::{Dialect, JsonText};
use tollgate_providers_common::BadRequest;

use super::{Extra, kept, typed, wrong};
use crate::signature;
use crate::wire::ask::{Answered, Call, Content, Entries, FileData, Inline, Part, Response};

/// Fields of a part that the domain carries, in both spellings.
const KNOWN: [&str; 12] = [
    "text",
    "thought",
    "thoughtSignature",
    "thought_signature",
    "inlineData",
    "inline_data",
    "fileData",
    "file_data",
    "functionCall",
    "function_call",
    "functionResponse",
    "function_response",
];

/// Fields of a part that say how to look at it.
const BESIDE: [&str; 6] = [
    "videoMetadata",
    "video_metadata",
    "mediaResolution",
    "media_resolution",
    "partMetadata",
    "mediaProcessing",
];

/// Fields of data, calls and results that the domain carries; all others are named as lost.
const OF_DATA: [&str; 7] =
    ["mimeType", "mime_type", "data", "fileUri", "file_uri", "displayName", "display_name"];
const OF_CALL: [&str; 3] = ["id", "name", "args"];
const OF_RESPONSE: [&str; 4] = ["id", "name", "response", "parts"];

/// A call of the conversation.
struct Called {
    id: String,
    name: String,
    answered: bool,
}

/// Reads all turns.
pub(super) fn read(contents: Vec<Content<'_>>, chat: &mut ChatRequest) -> Result<(), BadRequest> {
    let mut calls: Vec<Called> = Vec::new();
    for (i, content) in contents.into_iter().enumerate() {
        let path = format!("contents[{i}]");
        let Content { role, parts } = content;
        let role = match role.as_deref() {
            None | Some("user" | "function" | "tool" | "") => Role::User,
            Some("model" | "assistant") => Role::Assistant,
            Some("system") => Role::System,
            Some(_) => return Err(wrong(&format!("{path}.role"), "must be `user` or `model`")),
        };
        let mut said = Vec::new();
        let mut results = Vec::new();
        for (j, raw) in parts.unwrap_or_default().into_iter().enumerate() {
            let path = format!("{path}.parts[{j}]");
            part(&path, raw, &mut calls, (&mut said, &mut results), &mut chat.extra)?;
        }
        if !results.is_empty() {
            chat.messages.push(Message { role: Role::Tool, parts: results, name: None });
        }
        if role == Role::Assistant {
            knit::say(&mut chat.messages, said);
        } else if !said.is_empty() {
            chat.messages.push(Message { role, parts: said, name: None });
        }
    }
    if chat.messages.iter().all(|message| message.role == Role::System) {
        return Err(BadRequest::field("contents", "`contents` holds nothing to answer"));
    }
    Ok(())
}

/// Reads instructions, which are text.
pub(super) fn instructions(
    content: Content<'_>,
    extra: &mut Extra,
) -> Result<Vec<Said>, BadRequest> {
    let mut said = Vec::new();
    for (j, raw) in content.parts.unwrap_or_default().into_iter().enumerate() {
        let path = format!("systemInstruction.parts[{j}]");
        let mut none = Vec::new();
        part(&path, raw, &mut Vec::new(), (&mut said, &mut none), extra)?;
    }
    Ok(said)
}

fn part(
    path: &str,
    raw: &RawValue,
    calls: &mut Vec<Called>,
    (said, results): (&mut Vec<Said>, &mut Vec<Said>),
    extra: &mut Extra,
) -> Result<(), BadRequest> {
    let Entries(entries) = typed(path, raw)?;
    let other = entries.iter().find(|(key, value)| {
        let known = KNOWN.contains(&key.as_str()) || BESIDE.contains(&key.as_str());
        !known && value.get() != "null"
    });
    if let Some((kind, _)) = other {
        said.push(Said::Foreign {
            dialect: Dialect::GEMINI_GENERATE,
            kind: kind.clone(),
            json: JsonText::from_valid(raw.get()),
        });
        return Ok(());
    }
    for (key, value) in &entries {
        let path = format!("{path}.{key}");
        match key.as_str() {
            beside if BESIDE.contains(&beside) => extra.extend(kept(path, value)),
            "inlineData" | "inline_data" | "fileData" | "file_data" => {
                others(&path, value, &OF_DATA, extra);
            }
            "functionCall" | "function_call" => others(&path, value, &OF_CALL, extra),
            "functionResponse" | "function_response" => others(&path, value, &OF_RESPONSE, extra),
            _ => {}
        }
    }
    let Part {
        text,
        thought,
        thought_signature,
        inline_data,
        file_data,
        function_call,
        function_response,
    } = typed(path, raw)?;
    let signature = thought_signature.filter(|signature| !signature.is_empty());
    if thought == Some(true) {
        said.extend(signature::thought(text.unwrap_or_default(), signature.as_deref()));
        return Ok(());
    }
    said.extend(
        signature.and_then(|signature| signature::thought(String::new(), Some(&signature))),
    );
    if let Some(text) = text.filter(|text| !text.is_empty()) {
        said.push(Said::text(text));
    }
    if let Some(data) = inline_data {
        said.push(inline(&format!("{path}.inlineData"), data, extra)?);
    }
    if let Some(data) = file_data {
        said.push(file(&format!("{path}.fileData"), data, extra)?);
    }
    if let Some(call) = function_call {
        said.push(self::call(&format!("{path}.functionCall"), call, calls)?);
    }
    if let Some(response) = function_response {
        results.push(result(&format!("{path}.functionResponse"), response, calls, extra)?);
    }
    Ok(())
}

fn call(path: &str, call: Call<'_>, calls: &mut Vec<Called>) -> Result<Said, BadRequest> {
    let Call { id, name, args } = call;
    let name = name.filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| wrong(&format!("{path}.name"), "is required"))?;
    let made = || format!("call_{}", calls.len());
    let id = id.filter(|id| !id.is_empty()).unwrap_or_else(made);
    calls.push(Called { id: id.clone(), name: name.clone(), answered: false });
    let arguments = args.map_or("{}", RawValue::get).to_owned();
    Ok(Said::ToolCall(ToolCall { id, name, arguments }))
}

/// A result goes to the call of its id, else to the first of its name that has none.
fn result(
    path: &str,
    response: Response<'_>,
    calls: &mut [Called],
    extra: &mut Extra,
) -> Result<Said, BadRequest> {
    let Response { id, name, response, parts } = response;
    let by_id = id.as_deref().and_then(|id| calls.iter().rposition(|call| call.id == id));
    let named = |call: &Called| name.as_deref().is_some_and(|name| call.name == name);
    let by_name = || calls.iter().position(|call| named(call) && !call.answered);
    let at = by_id.or_else(by_name).or_else(|| calls.iter().rposition(named));
    let Some(call) = at.and_then(|at| calls.get_mut(at)) else {
        return Err(wrong(path, "answers no call of this conversation"));
    };
    call.answered = true;
    let (text, is_error) = response.map_or_else(|| (String::new(), false), answered);
    let mut said = Vec::new();
    if !text.is_empty() {
        said.push(Said::text(text));
    }
    for (j, raw) in parts.unwrap_or_default().into_iter().enumerate() {
        let path = format!("{path}.parts[{j}]");
        others(&path, raw, &["inlineData", "inline_data", "fileData", "file_data"], extra);
        let Part { inline_data, file_data, .. } = typed(&path, raw)?;
        said.extend(inline_data.map(|data| inline(&path, data, extra)).transpose()?);
        said.extend(file_data.map(|data| file(&path, data, extra)).transpose()?);
    }
    Ok(Said::ToolResult { call_id: call.id.clone(), parts: said, is_error, cache: None })
}

/// The text of a result: what stands under the usual keys alone, else the object.
fn answered(response: &RawValue) -> (String, bool) {
    let keys = serde_json::from_str::<Entries<'_>>(response.get());
    let alone = keys.is_ok_and(|Entries(keys)| keys.len() == 1);
    let text = alone.then(|| serde_json::from_str::<Answered>(response.get()).ok()).flatten();
    match text {
        Some(Answered { error: Some(error), .. }) => (error, true),
        Some(Answered { output: Some(text), .. } | Answered { result: Some(text), .. }) => {
            (text, false)
        }
        Some(Answered { output: None, result: None, error: None }) | None => {
            (response.get().to_owned(), false)
        }
    }
}

/// Names what an object holds beside the fields that are read from it.
pub(super) fn others(path: &str, object: &RawValue, known: &[&str], extra: &mut Extra) {
    // What is no object is told of where it is read.
    let Ok(Entries(entries)) = serde_json::from_str(object.get()) else { return };
    for (key, value) in entries {
        if !known.contains(&key.as_str()) {
            extra.extend(kept(format!("{path}.{key}"), value));
        }
    }
}

fn inline(path: &str, data: Inline, extra: &mut Extra) -> Result<Said, BadRequest> {
    let Inline { mime_type, data, display_name } = data;
    let need = |value: Option<String>, field: &str| {
        value.ok_or_else(|| wrong(&format!("{path}.{field}"), "is required"))
    };
    let media_type = need(mime_type, "mimeType")?;
    let data = standard(need(data, "data")?);
    if let Some(format) = media_type.strip_prefix("audio/") {
        let format = format.split(';').next().unwrap_or_default().to_owned();
        extra.extend(untold(path, display_name));
        return Ok(Said::Audio { data, format });
    }
    if media_type.to_ascii_lowercase().starts_with("image/") {
        extra.extend(untold(path, display_name));
        let source = MediaSource::Base64 { media_type, data };
        return Ok(Said::Image { source, detail: None, cache: None });
    }
    let source = MediaSource::Base64 { media_type, data };
    Ok(Said::Document { source, title: display_name, cache: None })
}

/// The name of a picture or a sound, for which the domain has no place.
fn untold(path: &str, name: Option<String>) -> Option<(String, JsonText)> {
    let name = name.filter(|name| !name.is_empty())?;
    let json = serde_json::Value::from(name).to_string();
    Some((format!("{path}.displayName"), JsonText::from_valid(json)))
}

fn file(path: &str, data: FileData, extra: &mut Extra) -> Result<Said, BadRequest> {
    let FileData { mime_type, file_uri, display_name } = data;
    let uri = file_uri.filter(|uri| !uri.is_empty());
    let uri = uri.ok_or_else(|| wrong(&format!("{path}.fileUri"), "is required"))?;
    let image = mime_type.as_deref().is_none_or(|kind| kind.starts_with("image/"));
    let source = MediaSource::Url(uri);
    if image {
        extra.extend(untold(path, display_name));
        return Ok(Said::Image { source, detail: None, cache: None });
    }
    Ok(Said::Document { source, title: display_name, cache: None })
}

/// Base64 in the standard alphabet: this dialect's own client writes the other one.
fn standard(mut data: String) -> String {
    if data.contains(['-', '_']) {
        data = data.replace('-', "+").replace('_', "/");
    }
    while matches!(data.len() % 4, 2 | 3) {
        data.push('=');
    }
    data
}
