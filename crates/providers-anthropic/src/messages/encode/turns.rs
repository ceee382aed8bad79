//! The conversation as the vendor takes it: system text apart, turns that alternate, tool results
//! in one message right behind the calls that they answer.

use std::borrow::Cow;
use tollgate_core_types::chat::{Message, Role};
use tollgate_providers_common::EncodeError;
use tollgate_providers_common::call_ids::{CallIds, IdRule};

use super::content::{Content, Place};
use super::{Context, invalid, unsupported};
use crate::models::no_prefill;
use crate::wire::body::{Block, Turn};

/// Ids of tool calls as the vendor takes them: letters, digits, `_` and `-` alone.
const IDS: IdRule = IdRule { also: "_-", longest: usize::MAX };

/// A conversation in the vendor's form.
#[derive(Debug)]
pub(super) struct Conversation<'a> {
    pub(super) system: Vec<Block<'a>>,
    pub(super) turns: Vec<Turn<'a>>,
    /// Names of the tools that were called, each once.
    pub(super) called: Vec<&'a str>,
}

impl Conversation<'_> {
    /// Whether the answer goes on behind tool calls that were not preceded by reasoning: a thinking
    /// budget is refused then.
    pub(super) fn resumes_unreasoned_calls(&self) -> bool {
        let assistant = self.turns.iter().rev().find(|turn| turn.role == ASSISTANT);
        assistant.is_some_and(|turn| {
            let calls = turn.content.iter().any(|block| matches!(block, Block::ToolUse { .. }));
            let first = turn.content.first();
            let reasoned =
                matches!(first, Some(Block::Thinking { .. } | Block::RedactedThinking { .. }));
            calls && !reasoned
        })
    }
}

const USER: &str = "user";
const ASSISTANT: &str = "assistant";

/// What a user says who has said nothing; the vendor refuses an empty text.
const SILENCE: &str = ".";

/// A turn while messages are merged into it, with the first and the last of them.
#[derive(Debug)]
struct Merged<'a> {
    first: usize,
    last: usize,
    role: &'static str,
    content: Content<'a>,
}

/// Brings messages into the vendor's form.
pub(super) fn turns<'a>(
    messages: &'a [Message],
    cx: &mut Context<'a>,
) -> Result<Conversation<'a>, EncodeError> {
    let ids = CallIds::of(messages, IDS);
    let mut system = Vec::new();
    let mut turns: Vec<Merged<'a>> = Vec::new();
    let mut called = Vec::new();
    for (i, message) in messages.iter().enumerate() {
        let Message { role, parts, name } = message;
        if name.is_some() {
            cx.dropped(format!("messages[{i}].name"));
        }
        let mut content = Content::read(Place { message: i, role: *role }, parts, &ids, cx)?;
        called.append(&mut content.called);
        let role = match role {
            Role::System | Role::Developer if turns.is_empty() => {
                system.append(&mut content.rest);
                continue;
            }
            Role::System | Role::Developer => {
                cx.approximated(format!("messages[{i}].role"));
                USER
            }
            Role::User | Role::Tool => USER,
            Role::Assistant => ASSISTANT,
        };
        match turns.last_mut().filter(|turn| turn.role == role) {
            // Left out, the question would be the answer before it.
            _ if content.is_empty() && i + 1 == messages.len() && role == USER => {
                let field = format!("messages[{i}].content");
                return Err(unsupported(field, "this vendor takes no message without content"));
            }
            _ if content.is_empty() => {}
            Some(turn) => {
                turn.last = i;
                turn.content.append(content);
            }
            None => turns.push(Merged { first: i, last: i, role, content }),
        }
    }
    called.sort_unstable();
    called.dedup();
    let turns = finish(turns, &mut system, cx)?;
    Ok(Conversation { system, turns, called })
}

/// The turns, of which the first is the user's.
fn finish<'a>(
    turns: Vec<Merged<'a>>,
    system: &mut Vec<Block<'a>>,
    cx: &mut Context<'a>,
) -> Result<Vec<Turn<'a>>, EncodeError> {
    let opens = turns.first().filter(|turn| turn.role == ASSISTANT).map(|turn| turn.first);
    let Some(last) = turns.last().map(|turn| turn.last) else {
        if system.is_empty() {
            return Err(invalid("messages", "there is nothing to answer"));
        }
        // Instructions alone are asked as the user.
        cx.approximated("messages[0].role");
        return Ok(vec![Turn { role: USER, content: std::mem::take(system) }]);
    };
    let blocks = |turn: Merged<'a>| Turn { role: turn.role, content: turn.content.into_blocks() };
    let mut turns: Vec<Turn<'a>> = turns.into_iter().map(blocks).collect();
    if let Some(turn) = turns.last_mut().filter(|turn| turn.role == ASSISTANT) {
        prefill(turn, last, cx)?;
    }
    if let Some(first) = opens {
        // The vendor's conversations begin with the user, who says as little as can be said.
        cx.approximated(format!("messages[{first}].role"));
        let text = Block::Text { text: Cow::Borrowed(SILENCE), cache_control: None };
        turns.insert(0, Turn { role: USER, content: vec![text] });
    }
    Ok(turns)
}

/// A conversation that ends with the assistant asks to go on from there: not every model does, and
/// none behind white space.
fn prefill<'a>(
    turn: &mut Turn<'a>,
    message: usize,
    cx: &mut Context<'a>,
) -> Result<(), EncodeError> {
    if no_prefill(&cx.target.model) {
        let field = format!("messages[{message}].role");
        return Err(unsupported(field, "this model does not go on with an answer"));
    }
    if let Some(Block::Text { text, .. }) = turn.content.last_mut()
        && text.ends_with(char::is_whitespace)
    {
        cx.approximated(format!("messages[{message}].content"));
        *text = Cow::Owned(text.trim_end().to_owned());
    }
    Ok(())
}
