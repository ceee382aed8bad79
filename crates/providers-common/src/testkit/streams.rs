//! Rules of streamed answers, and of what accounting reads from answers of both kinds.

use bytes::Bytes;
use tollgate_core_types::{ChatEvent, Usage};

use crate::codec::{Account, ChatCodec, DecodeError, StreamDecoder};
use crate::framing::{Framer, Framing};
use crate::sse::Frame;

/// What a decoder says in order, its errors included.
pub type Read = Vec<Result<ChatEvent, DecodeError>>;

/// Reads a stream that arrives in these chunks and then ends, as the gateway does: a frame that
/// cannot be read does not stop it.
///
/// # Panics
/// When a frame is larger than the framer's default bound.
#[must_use]
pub fn read<'a>(
    chunks: impl IntoIterator<Item = &'a [u8]>,
    mut decoder: Box<dyn StreamDecoder>,
) -> Read {
    let mut said = Vec::new();
    for frame in frames(chunks, decoder.framing()) {
        say(&mut said, |out| decoder.frame(&frame, out));
    }
    say(&mut said, |out| decoder.end(out));
    said
}

/// The events of a stream without any error, in the order that every decoder keeps: a start first,
/// then content and usage, one finish, further usage perhaps, one end.
///
/// # Panics
/// When the decoder refuses a frame, reports a failure or breaks the order.
#[must_use]
pub fn events_of(stream: &[u8], decoder: Box<dyn StreamDecoder>) -> Vec<ChatEvent> {
    let events: Vec<ChatEvent> = read([stream], decoder)
        .into_iter()
        .map(|said| match said {
            Ok(event) => event,
            Err(error) => fail(&format!("the decoder refuses the stream: {error}")),
        })
        .collect();
    check_order(&events);
    events
}

/// A stream says the same whole, in two pieces at every cut, and byte by byte.
///
/// Takes time with the square of the stream's length: some 10 KB are enough.
///
/// # Panics
/// When a cut changes what is said.
pub fn every_cut(stream: &[u8], decoder: impl Fn() -> Box<dyn StreamDecoder>) {
    let whole = read([stream], decoder());
    assert!(!whole.is_empty(), "the decoder says nothing of the stream");
    for cut in 0..=stream.len() {
        let (a, b) = stream.split_at(cut);
        let said = read([a, b], decoder());
        assert_eq!(said, whole, "cut at {cut}: …{} | {}…", tail(a), head(b));
    }
    assert_eq!(read(stream.chunks(1), decoder()), whole, "byte by byte");
}

/// A complete stream that breaks off anywhere before the frame with its finish ends with an error,
/// and never with [`ChatEvent::End`].
///
/// Behind that frame the answer is whole, and a decoder may take it for complete or not.
///
/// # Panics
/// When a truncated answer is presented as complete, or the stream itself is not complete.
pub fn truncations(stream: &[u8], decoder: impl Fn() -> Box<dyn StreamDecoder>) {
    let _ = events_of(stream, decoder());
    let finish_at = start_of_finish(stream, decoder());
    for cut in 0..=finish_at {
        let (kept, lost) = stream.split_at(cut);
        let said = read([kept], decoder());
        let failed = said.iter().any(|said| matches!(said, Err(_) | Ok(ChatEvent::Error(_))));
        let ended = said.iter().any(|said| matches!(said, Ok(ChatEvent::End)));
        let place = format!("cut at {cut}: …{} | {}…", tail(kept), head(lost));
        assert!(!ended, "a truncated stream ends well, {place}");
        assert!(failed, "a truncated stream ends without a word, {place}");
    }
}

/// What accounting keeps of a stream's events.
#[must_use]
pub fn account_of<'a>(events: impl IntoIterator<Item = &'a ChatEvent>) -> Account {
    let mut account = Account::default();
    for event in events {
        match event {
            ChatEvent::Start { model, .. } if !model.is_empty() => {
                account.model = Some(model.clone());
            }
            ChatEvent::Usage(usage) => account.usage.merge(usage),
            ChatEvent::Finish(finish) => account.finish = Some(finish.clone()),
            ChatEvent::Start { .. }
            | ChatEvent::Text(_)
            | ChatEvent::Reasoning(_)
            | ChatEvent::ReasoningSignature { .. }
            | ChatEvent::ReasoningRedacted { .. }
            | ChatEvent::Refusal(_)
            | ChatEvent::ToolCallStart { .. }
            | ChatEvent::ToolCallArguments { .. }
            | ChatEvent::Other { .. }
            | ChatEvent::End
            | ChatEvent::Error(_) => {}
        }
    }
    account
}

/// Two decoders of one dialect, for example tap and translation, read the same model, usage and
/// finish from a stream. Gives what they read, for the test to compare with what it knows.
///
/// # Panics
/// When they differ, or one of them cannot read the stream.
pub fn accounts_alike(
    stream: &[u8],
    a: Box<dyn StreamDecoder>,
    b: Box<dyn StreamDecoder>,
) -> Account {
    let (a, b) = (account_of(&events_of(stream, a)), account_of(&events_of(stream, b)));
    assert_eq!(a, b, "two decoders account differently");
    a
}

/// The verbatim path's account of a whole answer is what the translating path's decoding says.
/// Gives that account, for the test to compare with what it knows.
///
/// # Panics
/// When they differ, or one of them cannot read the body.
pub fn replies_alike(body: &[u8], codec: &dyn ChatCodec) -> Account {
    let account = codec
        .account(body)
        .unwrap_or_else(|error| fail(&format!("the body cannot be accounted: {error}")));
    let reply = codec
        .decode(body)
        .unwrap_or_else(|error| fail(&format!("the body cannot be decoded: {error}")));
    let model = Some(reply.model).filter(|model| !model.is_empty());
    let usage: Usage = reply.usage;
    let decoded = Account { model, usage, finish: Some(reply.finish) };
    assert_eq!(account, decoded, "account (left) and decode (right) differ");
    account
}

/// Where the frame that gives the finish starts in the stream.
fn start_of_finish(stream: &[u8], mut decoder: Box<dyn StreamDecoder>) -> usize {
    let mut at = 0;
    for frame in frames([stream], decoder.framing()) {
        let mut out = Vec::new();
        let _ = decoder.frame(&frame, &mut out);
        if out.iter().any(|event| matches!(event, ChatEvent::Finish(_))) {
            return at;
        }
        at += frame.raw.len();
    }
    fail("no frame of the stream gives its finish")
}

fn frames<'a>(chunks: impl IntoIterator<Item = &'a [u8]>, framing: Framing) -> Vec<Frame> {
    let mut framer = framing.framer(Framer::DEFAULT_MAX);
    let mut frames = Vec::new();
    for chunk in chunks {
        framer.push(Bytes::copy_from_slice(chunk));
        loop {
            match framer.next_frame() {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(error) => fail(&error.to_string()),
            }
        }
    }
    frames.extend(framer.finish());
    frames
}

fn say(said: &mut Read, decode: impl FnOnce(&mut Vec<ChatEvent>) -> Result<(), DecodeError>) {
    let mut out = Vec::new();
    let result = decode(&mut out);
    said.extend(out.into_iter().map(Ok));
    said.extend(result.err().map(Err));
}

/// What may come next in a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Start,
    Content,
    Finished,
    Ended,
}

fn check_order(events: &[ChatEvent]) {
    let mut stage = Stage::Start;
    for (at, event) in events.iter().enumerate() {
        stage = match (stage, event) {
            (Stage::Start, ChatEvent::Start { .. }) => Stage::Content,
            (Stage::Content, ChatEvent::Finish(_)) => Stage::Finished,
            (Stage::Content | Stage::Finished, ChatEvent::Usage(_)) => stage,
            (Stage::Finished, ChatEvent::End) => Stage::Ended,
            (
                Stage::Content,
                ChatEvent::Text(_)
                | ChatEvent::Reasoning(_)
                | ChatEvent::ReasoningSignature { .. }
                | ChatEvent::ReasoningRedacted { .. }
                | ChatEvent::Refusal(_)
                | ChatEvent::ToolCallStart { .. }
                | ChatEvent::ToolCallArguments { .. }
                | ChatEvent::Other { .. },
            ) => stage,
            (Stage::Start | Stage::Content | Stage::Finished | Stage::Ended, _) => {
                fail(&format!("event {at} is out of order ({stage:?}): {event:?} in {events:#?}"))
            }
        };
    }
    assert_eq!(stage, Stage::Ended, "the stream has no end: {events:#?}");
}

fn tail(bytes: &[u8]) -> String {
    bytes.get(bytes.len().saturating_sub(24)..).unwrap_or_default().escape_ascii().to_string()
}

fn head(bytes: &[u8]) -> String {
    bytes.get(..bytes.len().min(24)).unwrap_or_default().escape_ascii().to_string()
}

#[expect(clippy::panic, reason = "a test kit speaks by panicking")]
fn fail(what: &str) -> ! {
    panic!("{what}")
}
