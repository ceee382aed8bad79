//! Turns a vendor's chunks into the client's bytes: pure, without a clock or a socket.
//!
//! One machine serves both body paths and both sides of the commit point, so that accounting cannot
//! differ between them. It must never invent an end: only a decoder that saw one says so.

use bytes::Bytes;
use tollgate_core_types::reply::Finish;
use tollgate_core_types::{ChatEvent, ErrorClass, UpstreamError, Usage};
use tollgate_providers_common::{
    DecodeError, ErrorReport, Frame, FrameError, Framer, StreamDecoder, StreamEncoder,
};

use super::out::OutBuf;

/// Most that is held back before the commit point. Lifecycle frames take a few hundred bytes; only
/// a hostile or broken vendor sends more before its first content.
const MAX_UNCOMMITTED: usize = 1 << 20;

/// Malformed frames that are skipped before the stream counts as no stream of this dialect.
const MAX_SKIPPED: u64 = 64;

/// How the client's bytes are made.
pub(crate) enum Path {
    /// The client speaks the vendor's dialect: frames are relayed as they came.
    Verbatim {
        /// The client did not ask for usage; we did. Frames of nothing but usage are kept back.
        hide_usage: bool,
        /// What a complete stream ends with where the vendor left it out.
        terminator: Option<Bytes>,
    },
    /// Events are written anew in the client's dialect.
    Translated(Box<dyn StreamEncoder>),
}

/// What accounting learns from a stream, on either path.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Tally {
    /// The model that answered.
    pub(crate) model: Option<String>,
    /// What it took.
    pub(crate) usage: Usage,
    /// Why it ended.
    pub(crate) finish: Option<Finish>,
    /// Malformed frames left out.
    pub(crate) skipped: u64,
    /// Whether anything but the finish was said.
    pub(crate) has_content: bool,
    /// Content that the client's dialect could not carry.
    pub(crate) lost: u64,
}

/// What a chunk brought.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Step {
    /// The commit point was reached, in this chunk or before.
    pub(crate) commits: bool,
    /// This chunk brought content.
    pub(crate) progress: bool,
    /// The stream is complete.
    pub(crate) ended: bool,
}

/// One stream on its way from a vendor to a client.
pub(crate) struct Pump {
    framer: Framer,
    decoder: Box<dyn StreamDecoder>,
    path: Path,
    events: Vec<ChatEvent>,
    /// What waits for the client.
    pub(crate) out: OutBuf,
    /// What accounting learnt so far.
    pub(crate) tally: Tally,
    committed: bool,
    ended: bool,
}

impl Pump {
    /// A pump for one answer.
    pub(crate) fn new(decoder: Box<dyn StreamDecoder>, path: Path) -> Self {
        Self {
            framer: decoder.framing().framer(Framer::DEFAULT_MAX),
            decoder,
            path,
            events: Vec::new(),
            out: OutBuf::default(),
            tally: Tally::default(),
            committed: false,
            ended: false,
        }
    }

    /// Whether the stream is complete.
    pub(crate) fn is_ended(&self) -> bool {
        self.ended
    }

    /// Whether what is relayed is no event stream, into which nothing of ours may be put.
    pub(crate) fn is_raw(&self) -> bool {
        matches!(self.framer, Framer::Chunks(_))
    }

    /// Whether the client speaks another dialect than the vendor.
    pub(crate) fn translates(&self) -> bool {
        matches!(self.path, Path::Translated(_))
    }

    /// The error event that fits what was sent, where the client's dialect wants one that does.
    pub(crate) fn broken(&self, report: &ErrorReport) -> Option<Bytes> {
        match &self.path {
            Path::Verbatim { .. } => self.decoder.broken(report),
            Path::Translated(encoder) => encoder.broken(report),
        }
    }

    /// Takes events that came otherwise than as frames: a whole answer to be told as a stream.
    ///
    /// # Errors
    /// When one of them is an error.
    pub(crate) fn replay(&mut self, events: &[ChatEvent]) -> Result<(), UpstreamError> {
        self.take_events(events, &mut Step::default())
    }

    /// Takes the vendor's next chunk.
    ///
    /// # Errors
    /// When the vendor reports a failure, or what comes is no stream of its dialect.
    pub(crate) fn feed(&mut self, chunk: Bytes) -> Result<Step, UpstreamError> {
        self.framer.push(chunk);
        let mut step = Step::default();
        while let Some(frame) = self.framer.next_frame().map_err(too_large)? {
            self.frame(frame, &mut step)?;
        }
        if !self.committed && self.out.len() > MAX_UNCOMMITTED {
            return Err(malformed("too much was sent before the first content"));
        }
        Ok(Step { commits: self.committed, ended: self.ended, ..step })
    }

    /// The vendor's transport ended.
    ///
    /// # Errors
    /// When the answer is not complete.
    pub(crate) fn finish(&mut self) -> Result<Step, UpstreamError> {
        let mut step = Step::default();
        if let Some(frame) = self.framer.finish() {
            self.leftover(&frame, &mut step)?;
        }
        if !self.ended {
            let mut events = Vec::new();
            let end = self.decoder.end(&mut events);
            if let Err(error) = end {
                return Err(stream_error(error));
            }
            self.take_events(&events, &mut step)?;
            self.ended = true;
            if let Path::Verbatim { terminator: Some(terminator), .. } = &self.path {
                self.out.push(terminator.clone());
            }
        }
        self.committed = true;
        Ok(Step { commits: true, ended: true, ..step })
    }

    /// What stood behind the last blank line when the transport ended. Some vendors leave out the
    /// blank line behind their last frame; anything else is an answer cut in the middle of a frame,
    /// of which nothing may reach the client, for an error event would be glued to it.
    fn leftover(&mut self, frame: &Frame, step: &mut Step) -> Result<(), UpstreamError> {
        if self.ended {
            return Ok(());
        }
        let mut events = Vec::new();
        match self.decoder.frame(frame, &mut events) {
            Err(error @ DecodeError::Upstream(_)) => return Err(stream_error(error)),
            Err(DecodeError::Malformed(_) | DecodeError::Truncated) => {
                return Err(stream_error(DecodeError::Truncated));
            }
            Ok(()) if events.is_empty() => return Err(stream_error(DecodeError::Truncated)),
            Ok(()) => self.take_events(&events, step)?,
        }
        if matches!(self.path, Path::Verbatim { .. }) && !self.is_hidden(&events) {
            let missing: &'static [u8] = if frame.raw.ends_with(b"\n") { b"\n" } else { b"\n\n" };
            self.out.push(frame.raw.clone());
            self.out.push(Bytes::from_static(missing));
        }
        Ok(())
    }

    /// Whether a frame of these events says nothing but usage that the client did not ask for.
    fn is_hidden(&self, events: &[ChatEvent]) -> bool {
        let usage_only =
            !events.is_empty() && events.iter().all(|event| matches!(event, ChatEvent::Usage(_)));
        usage_only && matches!(self.path, Path::Verbatim { hide_usage: true, .. })
    }

    fn frame(&mut self, frame: Frame, step: &mut Step) -> Result<(), UpstreamError> {
        if self.ended {
            return Ok(());
        }
        let mut events = std::mem::take(&mut self.events);
        events.clear();
        match self.decoder.frame(&frame, &mut events) {
            Ok(()) => {}
            Err(DecodeError::Malformed(reason)) => {
                self.tally.skipped += 1;
                self.events = events;
                if self.tally.skipped > MAX_SKIPPED {
                    return Err(malformed(&reason));
                }
                return Ok(());
            }
            Err(error @ (DecodeError::Truncated | DecodeError::Upstream(_))) => {
                return Err(stream_error(error));
            }
        }
        self.take_events(&events, step)?;
        if matches!(self.path, Path::Verbatim { .. }) && !self.is_hidden(&events) {
            self.out.push(self.decoder.relayed(frame));
        }
        self.events = events;
        Ok(())
    }

    fn take_events(&mut self, events: &[ChatEvent], step: &mut Step) -> Result<(), UpstreamError> {
        for event in events {
            if let ChatEvent::Error(error) = event {
                return Err(error.clone());
            }
            self.observe(event, step);
            if let Path::Translated(encoder) = &mut self.path {
                encoder.event(event, self.out.buffer());
            }
        }
        Ok(())
    }

    fn observe(&mut self, event: &ChatEvent, step: &mut Step) {
        let tally = &mut self.tally;
        match event {
            ChatEvent::Start { model, .. } => {
                if !model.is_empty() {
                    tally.model = Some(model.clone());
                }
            }
            ChatEvent::Usage(usage) => tally.usage.merge(usage),
            ChatEvent::Finish(finish) => tally.finish = Some(finish.clone()),
            ChatEvent::End => self.ended = true,
            ChatEvent::Other { .. } => {
                tally.has_content = true;
                step.progress = true;
                if matches!(self.path, Path::Translated(_)) {
                    tally.lost += 1;
                }
            }
            ChatEvent::Text(_)
            | ChatEvent::Reasoning(_)
            | ChatEvent::ReasoningSignature { .. }
            | ChatEvent::ReasoningRedacted { .. }
            | ChatEvent::Refusal(_)
            | ChatEvent::ToolCallStart { .. }
            | ChatEvent::ToolCallArguments { .. } => {
                tally.has_content = true;
                step.progress = true;
            }
            ChatEvent::Error(_) => {}
        }
        self.committed |= event.commits();
    }
}

fn malformed(reason: &str) -> UpstreamError {
    UpstreamError::new(ErrorClass::Malformed, reason)
}

fn too_large(error: FrameError) -> UpstreamError {
    malformed(&error.to_string())
}

fn stream_error(error: DecodeError) -> UpstreamError {
    match error {
        DecodeError::Malformed(reason) => malformed(&reason),
        DecodeError::Truncated => {
            UpstreamError::new(ErrorClass::Transport, DecodeError::Truncated.to_string())
        }
        DecodeError::Upstream(error) => error,
    }
}
