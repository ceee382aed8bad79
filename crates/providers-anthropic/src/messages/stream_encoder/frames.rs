//! The frames of a stream, each with the `event:` line without which clients skip it.

use bytes::{BufMut, BytesMut};
use serde::Serialize;
use tollgate_core_types::Usage;
use tollgate_core_types::reply::Finish;

use crate::messages::render::StopDetails;
use crate::stop::{self, Written};
use crate::usage::Rendered;

/// The last frame of a complete stream.
pub(in crate::messages) const MESSAGE_STOP: &str =
    "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Event<'a> {
    MessageStart { message: Shell<'a> },
    ContentBlockStart { index: usize, content_block: &'a Opened<'a> },
    ContentBlockDelta { index: usize, delta: &'a Delta<'a> },
    ContentBlockStop { index: usize },
    MessageDelta { delta: Stop<'a>, usage: Rendered },
    Error { error: Failure<'a>, request_id: &'a str },
}

impl Event<'_> {
    fn name(&self) -> &'static str {
        match self {
            Self::MessageStart { .. } => "message_start",
            Self::ContentBlockStart { .. } => "content_block_start",
            Self::ContentBlockDelta { .. } => "content_block_delta",
            Self::ContentBlockStop { .. } => "content_block_stop",
            Self::MessageDelta { .. } => "message_delta",
            Self::Error { .. } => "error",
        }
    }
}

/// The message before its content.
#[derive(Serialize)]
struct Shell<'a> {
    id: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    role: &'static str,
    model: &'a str,
    content: [(); 0],
    stop_reason: Option<&'a str>,
    stop_sequence: Option<&'a str>,
    usage: Rendered,
}

/// A block as it begins.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Opened<'a> {
    Text { text: &'a str },
    Thinking { thinking: &'a str, signature: &'a str },
    RedactedThinking { data: &'a str },
    ToolUse { id: &'a str, name: &'a str, input: Empty },
}

impl<'a> Opened<'a> {
    /// Thinking before its first piece.
    pub(super) const THINKING: Opened<'static> = Opened::Thinking { thinking: "", signature: "" };

    /// A tool call before its arguments.
    pub(super) fn tool_use(id: &'a str, name: &'a str) -> Self {
        Self::ToolUse { id, name, input: Empty {} }
    }
}

/// An object without entries.
#[derive(Debug, Serialize)]
pub(super) struct Empty {}

/// A piece of a block.
#[derive(Debug, Serialize)]
#[serde(tag = "type")]
pub(super) enum Delta<'a> {
    #[serde(rename = "text_delta")]
    Text { text: &'a str },
    #[serde(rename = "thinking_delta")]
    Thinking { thinking: &'a str },
    #[serde(rename = "signature_delta")]
    Signature { signature: &'a str },
    #[serde(rename = "input_json_delta")]
    InputJson { partial_json: &'a str },
}

#[derive(Serialize)]
struct Stop<'a> {
    stop_reason: Option<&'static str>,
    stop_sequence: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop_details: Option<StopDetails<'a>>,
}

#[derive(Serialize)]
struct Failure<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    message: &'a str,
}

/// Writes frames and counts blocks.
#[derive(Debug, Default)]
pub(super) struct Frames {
    index: usize,
}

impl Frames {
    /// The first frame.
    pub(super) fn message_start(&self, id: &str, model: &str, usage: &Usage, out: &mut BytesMut) {
        let message = Shell {
            id,
            kind: "message",
            role: "assistant",
            model,
            content: [],
            stop_reason: None,
            stop_sequence: None,
            usage: Rendered::new(usage),
        };
        write(&Event::MessageStart { message }, out);
    }

    /// A block begins.
    pub(super) fn open(&self, block: &Opened<'_>, out: &mut BytesMut) {
        write(&Event::ContentBlockStart { index: self.index, content_block: block }, out);
    }

    /// A piece of the open block.
    pub(super) fn delta(&self, delta: &Delta<'_>, out: &mut BytesMut) {
        write(&Event::ContentBlockDelta { index: self.index, delta }, out);
    }

    /// The open block ends.
    pub(super) fn close(&mut self, out: &mut BytesMut) {
        write(&Event::ContentBlockStop { index: self.index }, out);
        self.index += 1;
    }

    /// The last two frames: why it ended with all usage, and the end.
    pub(super) fn message_end(
        &self,
        finish: Option<&Finish>,
        (calls_tools, refused): (bool, bool),
        usage: &Usage,
        out: &mut BytesMut,
    ) {
        let written = finish.map(|finish| stop::written(finish, calls_tools, refused));
        let (reason, sequence, category) = match written {
            Some(Written { reason, sequence, category }) => (Some(reason), sequence, category),
            None => (None, None, None),
        };
        let delta = Stop {
            stop_reason: reason,
            stop_sequence: sequence,
            stop_details: StopDetails::of(category),
        };
        write(&Event::MessageDelta { delta, usage: Rendered::new(usage) }, out);
        out.extend_from_slice(MESSAGE_STOP.as_bytes());
    }
}

/// A failure of our own as the last frame.
pub(super) fn error(message: &str, request_id: &str, out: &mut BytesMut) {
    write(&Event::Error { error: Failure { kind: "api_error", message }, request_id }, out);
}

fn write(event: &Event<'_>, out: &mut BytesMut) {
    out.extend_from_slice(b"event: ");
    out.extend_from_slice(event.name().as_bytes());
    out.extend_from_slice(b"\ndata: ");
    // Texts and numbers into memory: neither can fail, and neither holds a bare line end.
    let _ = serde_json::to_writer(out.writer(), event);
    out.extend_from_slice(b"\n\n");
}
