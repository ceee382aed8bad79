//! A whole answer: for accounting alone, or into the domain.

use tollgate_core_types::Dialect;
use tollgate_core_types::chat::{ReasoningPart, ToolCall};
use tollgate_core_types::reply::{ChatReply, Finish, ReplyPart};
use tollgate_providers_common::{Account, DecodeError};

use super::JSON_TOOL;
use crate::error;
use crate::stop;
use crate::wire::answer::{self, Answer, Block, Reasoning, ToolUse, Trace, malformed};

/// Reads what accounting needs.
pub(super) fn account(body: &[u8]) -> Result<Account, DecodeError> {
    let answer = whole(body)?;
    let blocks = answer.output.as_ref().and_then(|output| output.message.as_ref());
    let blocks = blocks.map_or(&[][..], |message| &message.content);
    Ok(Account {
        model: answer.trace.as_ref().and_then(Trace::model).map(str::to_owned),
        usage: answer.usage.unwrap_or_default().usage(answer.service_tier.as_ref()),
        finish: Some(finish(answer.stop_reason.as_deref(), blocks)),
    })
}

/// Reads the whole answer.
pub(super) fn decode(body: &[u8], issuer: Dialect) -> Result<ChatReply, DecodeError> {
    let answer = whole(body)?;
    let blocks = answer.output.and_then(|output| output.message).map(|message| message.content);
    let blocks = blocks.unwrap_or_default();
    let finish = finish(answer.stop_reason.as_deref(), &blocks);
    let mut parts = Vec::with_capacity(blocks.len());
    for (i, block) in blocks.into_iter().enumerate() {
        push(&mut parts, block, issuer)
            .map_err(|field| malformed(&format!("`content[{i}].{field}` is missing")))?;
    }
    let usage = answer.usage.unwrap_or_default().usage(answer.service_tier.as_ref());
    let tier = answer.service_tier.and_then(|tier| tier.kind);
    Ok(ChatReply {
        id: String::new(),
        model: answer.trace.as_ref().and_then(Trace::model).unwrap_or_default().to_owned(),
        created: None,
        parts,
        finish,
        usage,
        service_tier: tier.map(std::borrow::Cow::into_owned),
    })
}

/// An answer has a message and says why it ended; a guardrail's may leave the message out.
fn whole(body: &[u8]) -> Result<Answer<'_>, DecodeError> {
    match body.trim_ascii_start().first() {
        None => return Err(malformed("the body is empty")),
        Some(b'{') => {}
        Some(_) => return Err(malformed("no JSON object")),
    }
    let answer: Answer<'_> = answer::read(body, "an answer of Converse")?;
    let message = answer.output.as_ref().is_some_and(|output| output.message.is_some());
    if message || answer.stop_reason.is_some() {
        return Ok(answer);
    }
    match error::in_band(body) {
        Some(error) => Err(error.into()),
        None => Err(malformed("`output.message` is missing")),
    }
}

fn finish(reason: Option<&str>, blocks: &[Block<'_>]) -> Finish {
    let names = || blocks.iter().filter_map(|block| block.tool_use.as_ref()?.name.as_deref());
    let calls = names().any(|name| name != JSON_TOOL);
    let json = names().any(|name| name == JSON_TOOL);
    stop::finish(reason, calls, json && !calls)
}

/// Appends a block's part; an error names the field that it lacks.
fn push(parts: &mut Vec<ReplyPart>, block: Block<'_>, issuer: Dialect) -> Result<(), &'static str> {
    let Block { text, tool_use, reasoning_content, citations_content } = block;
    if let Some(text) = text {
        push_text(parts, &text);
    }
    for cited in citations_content.into_iter().flat_map(|cited| cited.content) {
        push_text(parts, cited.text.as_deref().unwrap_or_default());
    }
    if let Some(call) = tool_use {
        push_call(parts, call)?;
    }
    if let Some(reasoning) = reasoning_content {
        parts.extend(part_of(reasoning, issuer).map(ReplyPart::Reasoning));
    }
    Ok(())
}

fn push_call(parts: &mut Vec<ReplyPart>, call: ToolUse<'_>) -> Result<(), &'static str> {
    let ToolUse { tool_use_id, name, input, kind } = call;
    if kind.is_some() {
        // The vendor ran this tool itself; the domain has no word for it.
        return Ok(());
    }
    let name = name.ok_or("toolUse.name")?;
    let arguments = input.map_or("{}", |input| input.get());
    if name == JSON_TOOL {
        push_text(parts, arguments);
        return Ok(());
    }
    let id = tool_use_id.ok_or("toolUse.toolUseId")?.into_owned();
    let call = ToolCall { id, name: name.into_owned(), arguments: arguments.to_owned() };
    parts.push(ReplyPart::ToolCall(call));
    Ok(())
}

fn part_of(reasoning: Reasoning<'_>, issuer: Dialect) -> Option<ReasoningPart> {
    let Reasoning { reasoning_text, redacted_content } = reasoning;
    if let Some(data) = redacted_content {
        let redacted = Some(data.into_owned());
        return Some(ReasoningPart { text: String::new(), signature: None, redacted, issuer });
    }
    let answer::ReasoningText { text, signature } = reasoning_text?;
    Some(ReasoningPart {
        text: text.unwrap_or_default().into_owned(),
        signature: signature.map(std::borrow::Cow::into_owned).filter(|text| !text.is_empty()),
        redacted: None,
        issuer,
    })
}

/// Appends text to the text before it: the vendor cuts one text into blocks around citations.
fn push_text(parts: &mut Vec<ReplyPart>, text: &str) {
    match parts.last_mut() {
        Some(ReplyPart::Text(before)) => before.push_str(text),
        _ if text.is_empty() => {}
        _ => parts.push(ReplyPart::Text(text.to_owned())),
    }
}
