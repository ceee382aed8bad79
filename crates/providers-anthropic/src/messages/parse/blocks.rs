//! A client's content blocks as parts of the domain.

use serde_json::value::RawValue;
use tollgate_core_types::chat::{CacheMarker, MediaSource, Part, ReasoningPart, ToolCall};
use tollgate_core_types::error::clean;
use tollgate_core_types::{Dialect, JsonText};
use tollgate_providers_common::BadRequest;

use super::{Extra, kept};
use crate::foreign;
use crate::wire::Str;
use crate::wire::ask::{Block, CacheControl, Content, Kind, SearchResult, Source, TextBlock};

/// The kinds of blocks that the domain knows.
const KNOWN: [&str; 7] =
    ["text", "image", "document", "tool_use", "tool_result", "thinking", "redacted_thinking"];

/// Reads content, text or blocks.
pub(super) fn content(
    path: &str,
    content: Content<'_>,
    extra: &mut Extra,
) -> Result<Vec<Part>, BadRequest> {
    match content {
        Content::Text(text) => Ok(vec![Part::text(text.into_owned())]),
        Content::Blocks(blocks) => blocks
            .into_iter()
            .enumerate()
            .map(|(i, raw)| block(&format!("{path}[{i}]"), raw, extra))
            .collect(),
    }
}

fn block(path: &str, raw: &RawValue, extra: &mut Extra) -> Result<Part, BadRequest> {
    if let Some(part) = search_result(path, raw, extra) {
        return Ok(part);
    }
    match serde_json::from_str::<Block<'_>>(raw.get()) {
        Ok(block) => known(path, block, raw, extra),
        Err(problem) => match serde_json::from_str::<Kind<'_>>(raw.get()) {
            Ok(Kind { kind: Some(kind) }) if !KNOWN.contains(&&*kind) => Ok(foreign(&kind, raw)),
            Ok(_) | Err(_) => Err(unreadable(path, raw, &problem)),
        },
    }
}

/// A search result as text: title, source and what was found. What it loses is to be a source that
/// the answer cites.
fn search_result(path: &str, raw: &RawValue, extra: &mut Extra) -> Option<Part> {
    const KIND: &str = "search_result";
    // Most blocks are none, and need not be read twice to know it.
    let found: SearchResult<'_> =
        raw.get().contains(KIND).then(|| serde_json::from_str(raw.get()).ok())??;
    let SearchResult { kind, source, title, content, cache_control } = found;
    if &*kind != KIND {
        return None;
    }
    let text = format!("{}\n{}\n\n{}", &*title, &*source, texts(&content)?);
    extra.push((format!("{path}.type"), JsonText::from_valid(format!("\"{KIND}\""))));
    Some(Part::Text { text: text.trim_end().to_owned(), cache: cache_control.map(cache) })
}

/// The texts of blocks that are nothing else, joined.
fn texts(blocks: &[&RawValue]) -> Option<String> {
    let text = |raw: &&RawValue| {
        let block: TextBlock<'_> = serde_json::from_str(raw.get()).ok()?;
        (&*block.kind == "text").then(|| block.text.into_owned())
    };
    let texts: Vec<String> = blocks.iter().map(text).collect::<Option<_>>()?;
    Some(texts.join("\n\n"))
}

/// Names the field of a block that does not read. `type` and unknown fields cannot be at fault.
fn unreadable(path: &str, raw: &RawValue, problem: &serde_json::Error) -> BadRequest {
    const TEXTS: [&str; 8] =
        ["text", "id", "name", "tool_use_id", "thinking", "signature", "data", "title"];
    let value: serde_json::Value = serde_json::from_str(raw.get()).unwrap_or_default();
    let odd = |field: &&str| {
        value.get(*field).is_some_and(|value| !value.is_string() && !value.is_null())
    };
    match TEXTS.iter().find(|field| odd(field)) {
        Some(field) => wrong(&format!("{path}.{field}"), "must be a string"),
        None => wrong(path, &format!("cannot be read: {}", clean(&problem.to_string(), 128))),
    }
}

fn known(
    path: &str,
    block: Block<'_>,
    raw: &RawValue,
    extra: &mut Extra,
) -> Result<Part, BadRequest> {
    let Block {
        kind,
        text,
        source,
        id,
        name,
        input,
        tool_use_id,
        content: nested,
        is_error,
        thinking,
        signature,
        data,
        title,
        context,
        citations,
        transformations,
        caller,
        toolset_name,
        cache_control,
    } = block;
    let need = |value: Option<Str<'_>>, field: &str| {
        value.map(Str::into_owned).ok_or_else(|| missing(path, field))
    };
    let marked = cache_control.is_some();
    let cache = cache_control.map(cache);
    let part = match &*kind {
        // Calls of a hosted toolset: no other vendor can be told of one.
        "tool_use" | "tool_result" if toolset_name.is_some() => foreign(&kind, raw),
        "text" => Part::Text { text: need(text, "text")?, cache },
        "image" | "document" => {
            let source = source.ok_or_else(|| missing(path, "source"))?;
            match media(path, source)? {
                None => foreign(&kind, raw),
                Some(source) if &*kind == "image" => Part::Image { source, detail: None, cache },
                Some(source) => {
                    extra.extend(context.and_then(|c| kept(format!("{path}.context"), c)));
                    Part::Document { source, title: title.map(Str::into_owned), cache }
                }
            }
        }
        "tool_use" => Part::ToolCall(ToolCall {
            id: need(id, "id")?,
            name: need(name, "name")?,
            arguments: input.ok_or_else(|| missing(path, "input"))?.get().to_owned(),
        }),
        "tool_result" => Part::ToolResult {
            call_id: need(tool_use_id, "tool_use_id")?,
            parts: match nested {
                None => Vec::new(),
                Some(nested) => content(&format!("{path}.content"), nested, extra)?,
            },
            is_error: is_error.unwrap_or(false),
            cache,
        },
        "thinking" => {
            // Ours is empty where the reasoning's issuer signs nothing.
            let signature = signature.map(Str::into_owned).filter(|it| !it.is_empty());
            let (issuer, signature) = match signature.as_deref().and_then(foreign::untagged) {
                Some((issuer, signature)) => (issuer, Some(signature.to_owned())),
                None => (Dialect::ANTHROPIC_MESSAGES, signature),
            };
            let text = need(thinking, "thinking")?;
            Part::Reasoning(ReasoningPart { text, signature, redacted: None, issuer })
        }
        "redacted_thinking" => Part::Reasoning(ReasoningPart {
            text: String::new(),
            signature: None,
            redacted: Some(need(data, "data")?),
            issuer: Dialect::ANTHROPIC_MESSAGES,
        }),
        _ => foreign(&kind, raw),
    };
    if !matches!(part, Part::Foreign { .. }) {
        extra.extend(citations.and_then(|citations| asked_for(path, citations)));
        extra.extend(transformations.and_then(|it| kept(format!("{path}.transformations"), it)));
        extra.extend(caller.and_then(|caller| called_by(path, caller)));
        extra.extend((marked && !holds_marker(&part)).then(|| marker(path)));
    }
    Ok(part)
}

/// Who called a tool, unless it was the model itself.
fn called_by(path: &str, caller: &RawValue) -> Option<(String, JsonText)> {
    let kind = serde_json::from_str::<Kind<'_>>(caller.get()).ok().and_then(|kind| kind.kind);
    kept(format!("{path}.caller"), caller).filter(|_| kind.as_deref() != Some("direct"))
}

/// Whether the domain has a place for a breakpoint behind this part.
fn holds_marker(part: &Part) -> bool {
    match part {
        Part::Text { .. }
        | Part::Image { .. }
        | Part::Document { .. }
        | Part::ToolResult { .. }
        | Part::Foreign { .. } => true,
        Part::Audio { .. } | Part::ToolCall(_) | Part::Reasoning(_) | Part::Refusal { .. } => false,
    }
}

/// A breakpoint that is left out.
fn marker(path: &str) -> (String, JsonText) {
    (format!("{path}.cache_control"), JsonText::from_valid(r#"{"type":"ephemeral"}"#))
}

/// Citations of a block, unless it has none and asks for none.
fn asked_for(path: &str, citations: &RawValue) -> Option<(String, JsonText)> {
    let squeezed: String = citations.get().split_ascii_whitespace().collect();
    let nothing = matches!(squeezed.as_str(), "[]" | "{}" | "{\"enabled\":false}");
    kept(format!("{path}.citations"), citations).filter(|_| !nothing)
}

fn cache(control: CacheControl<'_>) -> CacheMarker {
    CacheMarker { ttl: control.ttl.map(Str::into_owned) }
}

/// Where a picture or document is; `None` where only this dialect can say it.
fn media(path: &str, source: Source<'_>) -> Result<Option<MediaSource>, BadRequest> {
    let Source { kind, media_type, data, url, file_id, content } = source;
    let need = |value: Option<Str<'_>>, field: &str| {
        value.map(Str::into_owned).ok_or_else(|| missing(&format!("{path}.source"), field))
    };
    Ok(Some(match &*kind {
        "base64" => MediaSource::Base64 {
            media_type: need(media_type, "media_type")?,
            data: need(data, "data")?,
        },
        "url" => MediaSource::Url(need(url, "url")?),
        "text" => MediaSource::Text(need(data, "data")?),
        "file" => MediaSource::FileId(need(file_id, "file_id")?),
        "content" => match content {
            Some(Content::Text(text)) => MediaSource::Text(text.into_owned()),
            Some(Content::Blocks(blocks)) => match texts(&blocks) {
                Some(text) => MediaSource::Text(text),
                None => return Ok(None),
            },
            None => return Err(missing(&format!("{path}.source"), "content")),
        },
        _ => return Ok(None),
    }))
}

fn foreign(kind: &str, raw: &RawValue) -> Part {
    Part::Foreign {
        dialect: Dialect::ANTHROPIC_MESSAGES,
        kind: kind.to_owned(),
        json: JsonText::from_valid(raw.get()),
    }
}

pub(super) fn missing(path: &str, field: &str) -> BadRequest {
    wrong(&format!("{path}.{field}"), "is required")
}

pub(super) fn wrong(path: &str, what: &str) -> BadRequest {
    BadRequest::field(path, format!("`{path}` {what}"))
}
