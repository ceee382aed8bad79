//! Decoders of streamed answers, and the encoders that tell clients the same.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use std::sync::{Arc, LazyLock};
use tollgate_core_types::chance::SplitMix64;
use tollgate_core_types::reply::ReplyPart;
use tollgate_core_types::{Chance as _, ChatEvent, Dialect, Operation};
use tollgate_providers_common::testkit::{Read, read};
use tollgate_providers_common::{
    ClientDialect, Codec, Framer, Framing, RenderContext, eventstream, fold,
};

use super::framing::cut;
use super::{kind, outline};
use crate::translation::vendors;

/// A codec by the column of its vendor, for one dialect.
type Found = LazyLock<Option<Arc<dyn Codec>>>;

static OPENAI: Found = LazyLock::new(|| codec("OpenAI GPT-4o", Dialect::OPENAI_CHAT));
static COMPLETIONS: Found = LazyLock::new(|| codec("OpenAI GPT-4o", Dialect::OPENAI_COMPLETIONS));
static RESPONSES: Found = LazyLock::new(|| codec("OpenAI GPT-5", Dialect::OPENAI_RESPONSES));
static ANTHROPIC: Found = LazyLock::new(|| codec("Claude Opus 5.5", Dialect::ANTHROPIC_MESSAGES));
static GEMINI: Found = LazyLock::new(|| codec("Gemini 2.5", Dialect::GEMINI_GENERATE));
static CONVERSE: Found = LazyLock::new(|| codec("Bedrock Claude", Dialect::BEDROCK_CONVERSE));
static INVOKE: Found = LazyLock::new(|| codec("Bedrock Claude", Dialect::ANTHROPIC_MESSAGES));

/// A client's dialect, and the codec that reads what it is told.
type Spoken = (Arc<dyn ClientDialect>, Arc<dyn Codec>);

/// The dialects that chat's clients speak.
static CLIENTS: LazyLock<Vec<Spoken>> = LazyLock::new(|| {
    let vendors = vendors::chat().unwrap_or_default();
    let chat = vendors::clients().into_iter().filter(|it| it.operation() == Operation::Chat);
    chat.filter_map(|client| {
        let mut own = vendors.iter().filter_map(|it| it.provider.codec(client.dialect()));
        let own = own.find(|own| own.stream().framing() == Framing::Sse)?;
        Some((client, own))
    })
    .collect()
});

/// The codec of a vendor for a dialect that it relays, or that it is translated to.
pub(super) fn codec(vendor: &str, dialect: Dialect) -> Option<Arc<dyn Codec>> {
    let vendor = vendors::chat().ok()?.into_iter().find(|known| known.name == vendor)?;
    let chat = || vendor.provider.chat().filter(|chat| chat.dialect() == dialect);
    vendor.provider.codec(dialect).or_else(|| chat().map(|chat| -> Arc<dyn Codec> { chat }))
}

/// OpenAI's chunks.
pub(super) fn openai_chat(input: &[u8]) -> u64 {
    told(&OPENAI, input)
}

/// OpenAI's chunks of text completions.
pub(super) fn openai_completions(input: &[u8]) -> u64 {
    told(&COMPLETIONS, input)
}

/// OpenAI's events of Responses.
pub(super) fn openai_responses(input: &[u8]) -> u64 {
    told(&RESPONSES, input)
}

/// Anthropic's events.
pub(super) fn anthropic(input: &[u8]) -> u64 {
    told(&ANTHROPIC, input)
}

/// Gemini's chunks.
pub(super) fn gemini(input: &[u8]) -> u64 {
    told(&GEMINI, input)
}

/// Converse's messages: a line is a message, its kind, a space and its payload.
pub(super) fn converse(input: &[u8]) -> u64 {
    told(&CONVERSE, &messages(input, false))
}

/// InvokeModel's messages, written like those of Converse; a `chunk` holds an event of Anthropic's.
pub(super) fn invoke(input: &[u8]) -> u64 {
    told(&INVOKE, &messages(input, true))
}

/// Binary messages with sums that are right, so that what is in them is looked at. A kind that begins
/// with `!` is an exception.
fn messages(input: &[u8], wrapped: bool) -> Vec<u8> {
    let mut stream = Vec::new();
    for line in input.split(|byte| *byte == b'\n') {
        let space = line.iter().position(|byte| *byte == b' ').unwrap_or(line.len());
        let (name, payload) = line.split_at(space);
        let name = String::from_utf8_lossy(name);
        let (of, kind, name) = match name.strip_prefix('!') {
            Some(name) => ("exception", ":exception-type", name),
            None => ("event", ":event-type", &*name),
        };
        let payload = payload.get(1..).unwrap_or_default();
        let chunk = (wrapped && name == "chunk")
            .then(|| format!(r#"{{"bytes":"{}"}}"#, STANDARD.encode(payload)).into_bytes());
        let payload = chunk.as_deref().unwrap_or(payload);
        stream.extend_from_slice(&eventstream::message(
            &[(":message-type", of), (kind, name)],
            payload,
        ));
    }
    stream
}

fn told(codec: &Found, input: &[u8]) -> u64 {
    assert!(codec.is_some(), "no codec");
    let Some(codec) = codec.as_ref() else { return 0 };
    let mut chance = SplitMix64::new(kind(input));
    let whole = read([input], codec.stream());
    let chunks = cut(input, &mut chance);
    let in_chunks = read(chunks.iter().map(|chunk| &**chunk), codec.stream());
    assert_eq!(in_chunks, whole, "cut into chunks it says something else");
    ordered(&whole);
    let size: usize = whole.iter().flatten().map(size).sum();
    assert!(size <= 4 * input.len() + 4096, "{} bytes say {size}", input.len());
    truncated(&**codec, input, &whole, &mut chance);
    if let Some(events) = complete(&whole) {
        for (client, own) in CLIENTS.iter() {
            anew(codec.dialect(), &events, &**client, &**own);
        }
    }
    behaviour(&whole)
}

/// How much text an event holds.
fn size(event: &ChatEvent) -> usize {
    match event {
        ChatEvent::Text(text) | ChatEvent::Reasoning(text) | ChatEvent::Refusal(text) => text.len(),
        ChatEvent::ReasoningSignature { signature, .. } => signature.len(),
        ChatEvent::ReasoningRedacted { data, .. } => data.len(),
        ChatEvent::ToolCallStart { id, name, .. } => id.len() + name.len(),
        ChatEvent::ToolCallArguments { fragment, .. } => fragment.len(),
        ChatEvent::Start { id, model, .. } => id.len() + model.len(),
        ChatEvent::Other { .. }
        | ChatEvent::Usage(_)
        | ChatEvent::Finish(_)
        | ChatEvent::End
        | ChatEvent::Error(_) => 0,
    }
}

/// One start before anything else, at most one finish, an end only behind it, nothing behind an end.
fn ordered(said: &Read) {
    let (mut started, mut finished, mut ended) = (false, false, false);
    for event in said.iter().flatten() {
        assert!(!ended, "{event:?} behind the end");
        match event {
            ChatEvent::Start { .. } => {
                assert!(!started, "a second start");
                started = true;
            }
            ChatEvent::Finish(_) => {
                assert!(started && !finished, "a finish out of order");
                finished = true;
            }
            ChatEvent::End => {
                assert!(finished, "an end without its finish");
                ended = true;
            }
            ChatEvent::Error(_) => ended = true,
            ChatEvent::Usage(_) => {}
            ChatEvent::Text(_)
            | ChatEvent::Reasoning(_)
            | ChatEvent::ReasoningSignature { .. }
            | ChatEvent::ReasoningRedacted { .. }
            | ChatEvent::Refusal(_)
            | ChatEvent::ToolCallStart { .. }
            | ChatEvent::ToolCallArguments { .. }
            | ChatEvent::Other { .. } => assert!(started && !finished, "{event:?} out of order"),
        }
    }
}

/// Words of which each dialect's end has one.
const ENDS: [&[u8]; 10] = [
    b"response.completed",
    b"response.incomplete",
    b"finish_reason",
    b"[DONE]",
    b"stop_reason",
    b"message_stop",
    b"finishReason",
    b"blockReason",
    b"stopReason",
    b"messageStop",
];

/// Cut off before its end was said, no stream ends well; nor with a piece of the frame that says it.
fn truncated(codec: &dyn Codec, input: &[u8], whole: &Read, chance: &mut SplitMix64) {
    let ends_well = |kept: &[u8]| {
        read([kept], codec.stream()).iter().flatten().any(|event| matches!(event, ChatEvent::End))
    };
    if !whole.iter().flatten().any(|event| matches!(event, ChatEvent::End)) {
        return;
    }
    let framing = codec.stream().framing();
    // Words within base64 cannot be looked for.
    if framing == Framing::EventStream && codec.dialect() == Dialect::ANTHROPIC_MESSAGES {
        return;
    }
    let says =
        |bytes: &[u8]| ENDS.iter().any(|word| bytes.windows(word.len()).any(|at| at == *word));
    let mut last = 0;
    for at in starts(input, framing) {
        if says(input.get(..at).unwrap_or_default()) {
            break;
        }
        last = at;
    }
    for cut in [last, chance.below(last + 1), chance.below(last + 1)] {
        let kept = input.get(..cut).unwrap_or_default();
        assert!(!ends_well(kept), "cut off at {cut}, where no end was said, it ends well");
    }
}

/// Where frames start.
fn starts(input: &[u8], framing: Framing) -> Vec<usize> {
    let mut framer = framing.framer(Framer::DEFAULT_MAX);
    framer.push(Bytes::copy_from_slice(input));
    let mut starts = vec![0];
    let mut at = 0;
    while let Ok(Some(frame)) = framer.next_frame() {
        at += frame.raw.len();
        starts.push(at);
    }
    starts
}

/// The events, where every frame was read and the end came.
fn complete(said: &Read) -> Option<Vec<ChatEvent>> {
    let events: Vec<ChatEvent> = said.iter().cloned().collect::<Result<_, _>>().ok()?;
    (events.last() == Some(&ChatEvent::End)).then_some(events)
}

/// What a client is told, read by the codec of its dialect, is the same answer.
fn anew(issuer: Dialect, events: &[ChatEvent], client: &dyn ClientDialect, own: &dyn Codec) {
    let Ok(before) = fold(issuer, events.iter().cloned()) else { return };
    if before.parts.iter().any(is_nameless) {
        return;
    }
    let mut encoder = client.stream_encoder(context());
    let mut out = BytesMut::new();
    events.iter().for_each(|event| encoder.event(event, &mut out));
    let again = complete(&read([&*out], own.stream()));
    let to = client.dialect();
    assert!(again.is_some(), "told in {to} it does not end well: {}", out.escape_ascii());
    let Ok(after) = fold(to, again.unwrap_or_default()) else { return };
    same(to, &before.parts, &after.parts);
}

/// A call of nothing, or without an id: garbage of a vendor's, which not every dialect can hold.
pub(super) fn is_nameless(part: &ReplyPart) -> bool {
    match part {
        ReplyPart::ToolCall(call) => call.name.is_empty() || call.id.is_empty(),
        ReplyPart::Text(_) | ReplyPart::Refusal(_) | ReplyPart::Reasoning(_) => false,
    }
}

/// What a renderer is told beside an answer.
pub(super) fn context() -> RenderContext {
    RenderContext {
        request_id: "req-1".to_owned(),
        model: "asked-for".to_owned(),
        created: 1_750_000_000,
        include_usage: true,
    }
}

/// Text and calls of two answers are the same. A dialect may put a refusal into text.
pub(super) fn same(to: Dialect, before: &[ReplyPart], after: &[ReplyPart]) {
    let text = |parts: &[ReplyPart]| -> String {
        let text = |part: &ReplyPart| match part {
            ReplyPart::Text(text) | ReplyPart::Refusal(text) => text.clone(),
            ReplyPart::Reasoning(_) | ReplyPart::ToolCall(_) => String::new(),
        };
        let mut text: Vec<char> = parts.iter().map(text).collect::<String>().chars().collect();
        // Refusals have a field of their own in one dialect, wherever they stood.
        text.sort_unstable();
        text.into_iter().collect()
    };
    assert_eq!(text(after), text(before), "told in {to} the text is another one");
    let calls = |parts: &[ReplyPart]| -> Vec<(String, serde_json::Value)> {
        let call = |part: &ReplyPart| match part {
            ReplyPart::ToolCall(call) => {
                let arguments = serde_json::from_str(&call.arguments);
                Some((call.name.clone(), arguments.unwrap_or_default()))
            }
            ReplyPart::Text(_) | ReplyPart::Refusal(_) | ReplyPart::Reasoning(_) => None,
        };
        parts.iter().filter_map(call).collect()
    };
    let (before, after) = (calls(before), calls(after));
    // A call of nothing: some dialects leave it out.
    if before.iter().any(|(name, _)| name.is_empty()) {
        return;
    }
    assert_eq!(after.len(), before.len(), "told in {to} there are other calls");
    for ((name, arguments), (before_name, before_arguments)) in after.iter().zip(&before) {
        assert_eq!(name, before_name, "told in {to} a call has another name");
        // Where arguments are no object, not every dialect can hold them.
        if before_arguments.is_object() {
            assert_eq!(arguments, before_arguments, "told in {to} a call asks for something else");
        }
    }
}

fn behaviour(said: &Read) -> u64 {
    let mut kinds: Vec<String> = Vec::new();
    for event in said {
        let word = match event {
            Err(error) => outline(&error.to_string()),
            Ok(ChatEvent::Error(error)) => format!("{:?} {}", error.class, outline(&error.message)),
            Ok(ChatEvent::Finish(finish)) => format!("{:?}", finish.reason),
            Ok(ChatEvent::Other { kind }) => (*kind).to_owned(),
            Ok(event) => {
                format!("{event:?}").chars().take_while(char::is_ascii_alphabetic).collect()
            }
        };
        if kinds.last() != Some(&word) && kinds.len() < 24 {
            kinds.push(word);
        }
    }
    kind(kinds)
}
