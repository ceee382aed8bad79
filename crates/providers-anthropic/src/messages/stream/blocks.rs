//! The content blocks of a stream that are open, and what their pieces mean.
//!
//! Tool calls are counted from 0 in the order in which they begin, whatever their block's index.
//! A tool that was given no arguments in pieces still gives them once, as an empty object.

use tollgate_core_types::{ChatEvent, Dialect};
use tollgate_providers_common::DecodeError;

use crate::messages::JSON_TOOL;
use crate::messages::decode::Tools;
use crate::wire::Str;
use crate::wire::answer::{Block, Delta, malformed};

/// Most blocks open at once; the dialect has one, a hostile stream may open blocks for ever.
const OPEN_MAX: usize = 64;

/// The blocks of one streamed answer.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    open: Vec<(u64, Open)>,
    calls: usize,
    tools: Tools,
}

/// A block that has begun and not stopped.
#[derive(Debug)]
enum Open {
    /// Text or thinking, told apart by their deltas.
    Plain,
    /// A tool call, or the tool that carries structured output (`call` is `None`).
    Tool {
        /// Its number among the tool calls.
        call: Option<usize>,
        /// Arguments that came with the start, given where no pieces follow.
        whole: Option<String>,
    },
    /// A block that the domain has no word for; its deltas are not looked at.
    Other,
}

impl Blocks {
    /// Which tools were called so far.
    pub(super) fn tools(&self) -> Tools {
        self.tools
    }

    /// A block begins.
    pub(super) fn start(
        &mut self,
        index: u64,
        block: Block<'_>,
        out: &mut Vec<ChatEvent>,
    ) -> Result<(), DecodeError> {
        self.stop(index, out);
        if self.open.len() >= OPEN_MAX {
            return Err(malformed("too many content blocks are open at once"));
        }
        let Block { kind, text, thinking, signature, data, id, name, input } = block;
        let opened = match &*kind {
            "text" => {
                piece(text, ChatEvent::Text, out);
                Open::Plain
            }
            "thinking" => {
                piece(thinking, ChatEvent::Reasoning, out);
                piece(signature, signed, out);
                Open::Plain
            }
            "redacted_thinking" => {
                let issuer = Dialect::ANTHROPIC_MESSAGES;
                piece(data, |data| ChatEvent::ReasoningRedacted { data, issuer }, out);
                Open::Other
            }
            "tool_use" => {
                let name = name.ok_or_else(|| malformed("a tool call without a name"))?;
                self.tools.saw(&kind, Some(&name));
                let whole = input.map_or("{}", |input| input.get()).to_owned();
                Open::Tool { call: self.call(id, name, out), whole: Some(whole) }
            }
            _ => {
                out.push(ChatEvent::Other { kind: other(&kind) });
                Open::Other
            }
        };
        self.open.push((index, opened));
        Ok(())
    }

    /// Begins a tool call, unless the tool is the one that carries structured output.
    fn call(
        &mut self,
        id: Option<Str<'_>>,
        name: Str<'_>,
        out: &mut Vec<ChatEvent>,
    ) -> Option<usize> {
        if &*name == JSON_TOOL {
            return None;
        }
        let index = self.calls;
        self.calls += 1;
        let id = id.map(Str::into_owned).unwrap_or_default();
        out.push(ChatEvent::ToolCallStart { index, id, name: name.into_owned() });
        Some(index)
    }

    /// A piece of a block.
    pub(super) fn delta(
        &mut self,
        index: u64,
        delta: Delta<'_>,
        out: &mut Vec<ChatEvent>,
    ) -> Result<(), DecodeError> {
        let block = self.open.iter_mut().find(|(open, _)| *open == index).map(|(_, block)| block);
        let Delta { kind, text, partial_json, thinking, signature, .. } = delta;
        match kind.as_deref().unwrap_or_default() {
            "text_delta" => piece(text, ChatEvent::Text, out),
            "thinking_delta" => piece(thinking, ChatEvent::Reasoning, out),
            "signature_delta" => piece(signature, signed, out),
            "input_json_delta" => match block {
                Some(Open::Tool { call, whole }) => {
                    if let Some(fragment) = partial_json.filter(|json| !json.is_empty()) {
                        *whole = None;
                        out.push(arguments(*call, fragment.into_owned()));
                    }
                }
                Some(Open::Plain | Open::Other) => {}
                None => return Err(malformed("tool arguments outside a content block")),
            },
            "citations_delta" => out.push(ChatEvent::Other { kind: "citation" }),
            _ if matches!(block, Some(Open::Other)) => {}
            _ => out.push(ChatEvent::Other { kind: "delta" }),
        }
        Ok(())
    }

    /// A block stops. One that was never opened is passed over.
    pub(super) fn stop(&mut self, index: u64, out: &mut Vec<ChatEvent>) {
        if let Some(at) = self.open.iter().position(|(open, _)| *open == index) {
            settle(self.open.remove(at).1, out);
        }
    }

    /// Stops every block that is still open.
    pub(super) fn close(&mut self, out: &mut Vec<ChatEvent>) {
        for (_, block) in self.open.drain(..) {
            settle(block, out);
        }
    }
}

/// Gives what a block still owes at its end.
fn settle(block: Open, out: &mut Vec<ChatEvent>) {
    match block {
        Open::Tool { call, whole: Some(whole) } => out.push(arguments(call, whole)),
        Open::Tool { call: _, whole: None } | Open::Plain | Open::Other => {}
    }
}

/// Arguments of a tool call; without one, they are the text of a structured answer.
fn arguments(call: Option<usize>, fragment: String) -> ChatEvent {
    match call {
        Some(index) => ChatEvent::ToolCallArguments { index, fragment },
        None => ChatEvent::Text(fragment),
    }
}

fn signed(signature: String) -> ChatEvent {
    ChatEvent::ReasoningSignature { signature, issuer: Dialect::ANTHROPIC_MESSAGES }
}

fn piece(text: Option<Str<'_>>, event: impl FnOnce(String) -> ChatEvent, out: &mut Vec<ChatEvent>) {
    if let Some(text) = text.filter(|text| !text.is_empty()) {
        out.push(event(text.into_owned()));
    }
}

/// Known kinds of blocks that the domain has no word for, in the vendor's words.
const OTHERS: [&str; 12] = [
    "server_tool_use",
    "web_search_tool_result",
    "web_fetch_tool_result",
    "code_execution_tool_result",
    "bash_code_execution_tool_result",
    "text_editor_code_execution_tool_result",
    "tool_search_tool_result",
    "mcp_tool_use",
    "mcp_tool_result",
    "container_upload",
    "compaction",
    "fallback",
];

fn other(kind: &str) -> &'static str {
    OTHERS.into_iter().find(|known| *known == kind).unwrap_or("block")
}
