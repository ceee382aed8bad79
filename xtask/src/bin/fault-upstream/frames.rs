//! The frames of a streamed answer, and their bytes on the wire.

use serde_json::Value;

use crate::script::Wire;

/// What a frame is to a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Opens or closes something and carries nothing.
    Structure,
    /// Carries a piece of the answer.
    Content,
    /// Says why it ended or what it took.
    Ending,
    /// Says that the stream is complete.
    Terminal,
}

/// One frame of a stream of server-sent events.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    pub(crate) kind: Kind,
    /// The event's name, in dialects that name them.
    pub(crate) event: Option<String>,
    pub(crate) data: String,
}

impl Frame {
    /// A frame without a name.
    pub(crate) fn new(kind: Kind, data: &Value) -> Self {
        Self { kind, event: None, data: data.to_string() }
    }

    /// A frame that is named by the `type` of its data.
    pub(crate) fn named(kind: Kind, data: &Value) -> Self {
        let event = data.get("type").and_then(Value::as_str).map(str::to_owned);
        Self { kind, event, data: data.to_string() }
    }

    /// Its bytes.
    pub(crate) fn bytes(&self, wire: &Wire) -> Vec<u8> {
        let end = wire.line_end.as_deref().unwrap_or("\n");
        let space = if wire.no_space { "" } else { " " };
        let mut out = String::new();
        if wire.comments {
            out.push_str(&format!(": keep-alive{end}{end}"));
        }
        if let Some(event) = &self.event {
            out.push_str(&format!("event:{space}{event}{end}"));
        }
        out.push_str(&format!("data:{space}{}{end}{end}", self.data));
        out.into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_wire_is_written_as_the_script_says() {
        let frame = Frame::named(Kind::Structure, &json!({"type": "ping"}));
        let text = |wire: &Wire| String::from_utf8(frame.bytes(wire)).unwrap();
        assert_eq!(text(&Wire::default()), "event: ping\ndata: {\"type\":\"ping\"}\n\n");
        let wire = Wire {
            line_end: Some("\r\n".to_owned()),
            comments: true,
            no_space: true,
            ..Wire::default()
        };
        assert_eq!(
            text(&wire),
            ": keep-alive\r\n\r\nevent:ping\r\ndata:{\"type\":\"ping\"}\r\n\r\n"
        );
    }
}
