//! A stream of a server that differs from OpenAI's in what its answers say: its own error codes, and
//! reasoning inside the text. It adds to the decoder of the dialect and takes nothing from it.

use std::sync::Arc;
use tollgate_core_types::ChatEvent;
use tollgate_providers_common::{DecodeError, Frame, StreamDecoder};

use super::stream::Decoder;
use crate::server::Server;
use crate::tags::{Said, Tags};

/// The decoder for a server's streams.
pub(crate) fn decoder(server: &Arc<Server>) -> Box<dyn StreamDecoder> {
    if server.reads_plainly() {
        return Box::new(Decoder::default());
    }
    Box::new(Reading {
        inner: Decoder::counting(server.quirks.reasoning_beside_output),
        tags: server.quirks.inline_thinking.then(Tags::default),
        server: Arc::clone(server),
        events: Vec::new(),
        said: Vec::new(),
    })
}

struct Reading {
    inner: Decoder,
    server: Arc<Server>,
    tags: Option<Tags>,
    /// What the dialect's decoder said of a frame; kept for its room.
    events: Vec<ChatEvent>,
    said: Vec<Said>,
}

impl Reading {
    fn pass(&mut self, out: &mut Vec<ChatEvent>) {
        let Self { tags, server, events, said, .. } = self;
        for event in events.drain(..) {
            if let ChatEvent::Error(error) = event {
                out.push(ChatEvent::Error(server.judged(error)));
                continue;
            }
            let Some(tags) = tags else {
                out.push(event);
                continue;
            };
            // The beginning and a count say nothing of the text's end.
            let beside = matches!(event, ChatEvent::Start { .. } | ChatEvent::Usage(_));
            if let ChatEvent::Text(text) = event {
                tags.text(text, said);
                out.extend(said.drain(..).map(told));
                continue;
            }
            if !beside {
                tags.flush(said);
                out.extend(said.drain(..).map(told));
            }
            out.push(event);
        }
    }
}

fn told(said: Said) -> ChatEvent {
    match said {
        Said::Thought(text) => ChatEvent::Reasoning(text),
        Said::Text(text) => ChatEvent::Text(text),
    }
}

impl StreamDecoder for Reading {
    fn frame(&mut self, frame: &Frame, out: &mut Vec<ChatEvent>) -> Result<(), DecodeError> {
        let read = self.inner.frame(frame, &mut self.events);
        self.pass(out);
        read.map_err(|error| self.server.judged_answer(error))
    }

    fn end(&mut self, out: &mut Vec<ChatEvent>) -> Result<(), DecodeError> {
        let read = self.inner.end(&mut self.events);
        self.pass(out);
        read
    }
}
