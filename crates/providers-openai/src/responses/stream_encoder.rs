//! Domain events as the events of a response: the complete sequence, numbered.
//!
//! The dialect repeats at its ends what it said in pieces, so that an answer is kept until it is
//! told; up to [`KEPT_MAX`], beyond which the response ends as failed rather than as one that lacks
//! something. Calls stay open to the end, for their arguments may come interleaved.

use bytes::BytesMut;
use serde::Serialize;
use tollgate_core_types::chat::ReasoningPart;
use tollgate_core_types::{ChatEvent, Usage};
use tollgate_providers_common::{ErrorReport, RenderContext, StreamEncoder};

use super::object::{Content, Echo, Head, Item, Maker, Object, State, Status, Summary};
use super::{broken, sealed};
use crate::outgoing::put_json;

/// Most that is kept of one answer, in bytes.
const KEPT_MAX: usize = 32 << 20;

/// Writes the events of one answer.
pub(super) struct Encoder {
    context: RenderContext,
    /// Until the answer begins.
    echo: Option<Echo>,
    maker: Option<Maker>,
    /// The number of the next event.
    next: u64,
    items: Vec<Item>,
    /// The message or reasoning to which more may come.
    open: Option<usize>,
    /// Where each call of the answer stands, by its number.
    calls: Vec<(usize, usize)>,
    usage: Usage,
    kept: usize,
    finish: State,
}

/// What an event says, whatever its type.
#[derive(Default, Serialize)]
struct Fields<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    item_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_index: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_index: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary_index: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delta: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    arguments: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    logprobs: Option<[(); 0]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    part: Option<Part<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    item: Option<&'a Item>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response: Option<Object<'a>>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Part<'a> {
    Content(&'a Content),
    Summary(&'a Summary),
}

#[derive(Serialize)]
struct Event<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    sequence_number: u64,
    #[serde(flatten)]
    fields: &'a Fields<'a>,
}

/// Writes one event and counts it.
fn put(next: &mut u64, kind: &str, fields: &Fields<'_>, out: &mut BytesMut) {
    out.extend_from_slice(b"event: ");
    out.extend_from_slice(kind.as_bytes());
    out.extend_from_slice(b"\ndata: ");
    put_json(out, &Event { kind, sequence_number: *next, fields });
    out.extend_from_slice(b"\n\n");
    *next += 1;
}

impl Encoder {
    pub(super) fn new(context: RenderContext, echo: Echo) -> Self {
        Self {
            context,
            echo: Some(echo),
            maker: None,
            next: 0,
            items: Vec::new(),
            open: None,
            calls: Vec::new(),
            usage: Usage::default(),
            kept: 0,
            finish: State::Completed,
        }
    }

    /// Begins the answer, unless it began before.
    fn start(&mut self, id: &str, model: &str, created: Option<u64>, out: &mut BytesMut) {
        if self.maker.is_some() {
            return;
        }
        let head = Head::new(id, model, created, &self.context);
        self.maker = Some(Maker::new(head, self.echo.take().unwrap_or_default()));
        for kind in ["response.created", "response.in_progress"] {
            self.whole(kind, State::InProgress, out);
        }
    }

    /// An event that shows the response as it is now.
    fn whole(&mut self, kind: &str, state: State, out: &mut BytesMut) {
        let Some(maker) = &self.maker else { return };
        let response = Some(maker.object(state, &self.items, &self.usage, None));
        put(&mut self.next, kind, &Fields { response, ..Fields::default() }, out);
    }

    /// Adds an item and says so; its place.
    fn add(&mut self, make: impl FnOnce(&Head, usize) -> Item, out: &mut BytesMut) -> usize {
        self.start("", "", None, out);
        let at = self.items.len();
        let Some(maker) = &self.maker else { return at };
        self.items.push(make(&maker.head, at));
        let fields =
            Fields { output_index: Some(at), item: self.items.get(at), ..Fields::default() };
        put(&mut self.next, "response.output_item.added", &fields, out);
        at
    }

    /// The message to which more text, or more refusal, goes; its place and that of its part.
    fn message(&mut self, refusal: bool, out: &mut BytesMut) -> (usize, usize) {
        let open = self.open.filter(|at| matches!(self.items.get(*at), Some(Item::Message { .. })));
        let at = match open {
            Some(at) => at,
            None => {
                self.close(Status::Completed, out);
                let at = self.add(Item::message, out);
                self.open = Some(at);
                at
            }
        };
        let last = self.parts(at).last();
        let fits = last.is_some_and(|last| matches!(last, Content::Refusal { .. }) == refusal);
        if !fits {
            self.part_done(at, out);
            self.part_added(at, refusal, out);
        }
        (at, self.parts(at).len().saturating_sub(1))
    }

    /// The parts of the message at `at`.
    fn parts(&self, at: usize) -> &[Content] {
        let Some(Item::Message { content, .. }) = self.items.get(at) else { return &[] };
        content
    }

    fn part_added(&mut self, at: usize, refusal: bool, out: &mut BytesMut) {
        let Some(Item::Message { id, content, .. }) = self.items.get_mut(at) else { return };
        content.push(if refusal {
            Content::Refusal { refusal: String::new() }
        } else {
            Content::text(String::new())
        });
        let fields = Fields {
            item_id: Some(id),
            output_index: Some(at),
            content_index: Some(content.len().saturating_sub(1)),
            part: content.last().map(Part::Content),
            ..Fields::default()
        };
        put(&mut self.next, "response.content_part.added", &fields, out);
    }

    /// The last part of a message is whole.
    fn part_done(&mut self, at: usize, out: &mut BytesMut) {
        let Some(Item::Message { id, content, .. }) = self.items.get(at) else { return };
        let Some(last) = content.last() else { return };
        let place = || Fields {
            item_id: Some(id),
            output_index: Some(at),
            content_index: Some(content.len().saturating_sub(1)),
            ..Fields::default()
        };
        let (kind, said) = match last {
            Content::OutputText { text, .. } => {
                let said = Fields { text: Some(text), logprobs: Some([]), ..place() };
                ("response.output_text.done", said)
            }
            Content::Refusal { refusal } => {
                ("response.refusal.done", Fields { refusal: Some(refusal), ..place() })
            }
        };
        put(&mut self.next, kind, &said, out);
        let done = Fields { part: Some(Part::Content(last)), ..place() };
        put(&mut self.next, "response.content_part.done", &done, out);
    }

    fn say(&mut self, piece: &str, refusal: bool, out: &mut BytesMut) {
        if piece.is_empty() {
            return;
        }
        let (at, part) = self.message(refusal, out);
        let keep = self.keeps(piece);
        let Some(Item::Message { id, content, .. }) = self.items.get_mut(at) else { return };
        if let Some(Content::OutputText { text: all, .. } | Content::Refusal { refusal: all }) =
            content.last_mut()
            && keep
        {
            all.push_str(piece);
        }
        let kind = if refusal { "response.refusal.delta" } else { "response.output_text.delta" };
        let fields = Fields {
            item_id: Some(id),
            output_index: Some(at),
            content_index: Some(part),
            delta: Some(piece),
            logprobs: (!refusal).then_some([]),
            ..Fields::default()
        };
        put(&mut self.next, kind, &fields, out);
    }

    /// The reasoning to which more goes; its place.
    fn reasoning(&mut self, out: &mut BytesMut) -> usize {
        let open =
            self.open.filter(|at| matches!(self.items.get(*at), Some(Item::Reasoning { .. })));
        if let Some(at) = open {
            return at;
        }
        self.close(Status::Completed, out);
        let at = self.add(Item::reasoning, out);
        self.open = Some(at);
        at
    }

    fn think(&mut self, piece: &str, out: &mut BytesMut) {
        if piece.is_empty() {
            return;
        }
        let at = self.reasoning(out);
        let keep = self.keeps(piece);
        let Some(Item::Reasoning { id, summary, .. }) = self.items.get_mut(at) else { return };
        let place = || Fields {
            item_id: Some(id),
            output_index: Some(at),
            summary_index: Some(0),
            ..Fields::default()
        };
        if summary.is_empty() {
            summary.push(Summary::SummaryText { text: String::new() });
            let fields = Fields { part: summary.last().map(Part::Summary), ..place() };
            put(&mut self.next, "response.reasoning_summary_part.added", &fields, out);
        }
        if let Some(Summary::SummaryText { text }) = summary.last_mut()
            && keep
        {
            text.push_str(piece);
        }
        let fields = Fields { delta: Some(piece), ..place() };
        put(&mut self.next, "response.reasoning_summary_text.delta", &fields, out);
    }

    /// Closes the reasoning that is being given with what its issuer wants back.
    fn seal(&mut self, part: ReasoningPart, out: &mut BytesMut) {
        let at = self.reasoning(out);
        if let Some(Item::Reasoning { encrypted_content, .. }) = self.items.get_mut(at) {
            // Also what OpenAI sealed: the item was announced under another id than the sealed one.
            *encrypted_content = Some(sealed::wrap(&part));
        }
        self.close(Status::Completed, out);
    }

    fn call(&mut self, index: usize, call_id: &str, name: &str, out: &mut BytesMut) {
        self.close(Status::Completed, out);
        let at = self.add(|head, at| Item::call(head, at, call_id, name), out);
        self.calls.push((index, at));
    }

    fn arguments(&mut self, index: usize, fragment: &str, out: &mut BytesMut) {
        let at = self.calls.iter().rev().find(|(call, _)| *call == index).map(|(_, at)| *at);
        let Some(at) = at.filter(|_| !fragment.is_empty()) else { return };
        let keep = self.keeps(fragment);
        let Some(Item::FunctionCall { id, arguments, .. }) = self.items.get_mut(at) else { return };
        if keep {
            arguments.push_str(fragment);
        }
        let fields = Fields {
            item_id: Some(id),
            output_index: Some(at),
            delta: Some(fragment),
            ..Fields::default()
        };
        put(&mut self.next, "response.function_call_arguments.delta", &fields, out);
    }

    /// Ends the message or reasoning that is open.
    fn close(&mut self, status: Status, out: &mut BytesMut) {
        let Some(at) = self.open.take() else { return };
        self.part_done(at, out);
        if let Some(Item::Reasoning { id, summary, encrypted_content }) = self.items.get_mut(at) {
            // Readable reasoning comes back to those who want it back.
            encrypted_content.get_or_insert_with(sealed::plain);
            if let Some(Summary::SummaryText { text }) = summary.last() {
                let place = || Fields {
                    item_id: Some(id),
                    output_index: Some(at),
                    summary_index: Some(0),
                    ..Fields::default()
                };
                let said = Fields { text: Some(text), ..place() };
                put(&mut self.next, "response.reasoning_summary_text.done", &said, out);
                let done = Fields { part: summary.last().map(Part::Summary), ..place() };
                put(&mut self.next, "response.reasoning_summary_part.done", &done, out);
            }
        }
        self.item_done(at, status, out);
    }

    fn item_done(&mut self, at: usize, status: Status, out: &mut BytesMut) {
        if let Some(item) = self.items.get_mut(at) {
            item.finish(status);
        }
        let fields =
            Fields { output_index: Some(at), item: self.items.get(at), ..Fields::default() };
        put(&mut self.next, "response.output_item.done", &fields, out);
    }

    /// The answer is over: everything that is open ends.
    fn finish(&mut self, state: State, out: &mut BytesMut) {
        self.start("", "", None, out);
        self.finish = state;
        let status = state.of_items();
        self.close(status, out);
        for (_, at) in std::mem::take(&mut self.calls) {
            self.call_done(at, status, out);
        }
    }

    fn call_done(&mut self, at: usize, status: Status, out: &mut BytesMut) {
        let Some(Item::FunctionCall { arguments, .. }) = self.items.get(at) else { return };
        if arguments.trim().is_empty() && status == Status::Completed {
            // A call without arguments has an empty object: clients parse what they gathered.
            if let Some(Item::FunctionCall { id, arguments, .. }) = self.items.get_mut(at) {
                "{}".clone_into(arguments);
                let fields = Fields {
                    item_id: Some(id),
                    output_index: Some(at),
                    delta: Some("{}"),
                    ..Fields::default()
                };
                put(&mut self.next, "response.function_call_arguments.delta", &fields, out);
            }
        }
        let Some(Item::FunctionCall { id, name, arguments, .. }) = self.items.get(at) else {
            return;
        };
        let fields = Fields {
            item_id: Some(id),
            output_index: Some(at),
            name: Some(name),
            arguments: Some(arguments),
            ..Fields::default()
        };
        put(&mut self.next, "response.function_call_arguments.done", &fields, out);
        self.item_done(at, status, out);
    }

    /// The terminal event, with everything that was said.
    fn end(&mut self, out: &mut BytesMut) {
        self.start("", "", None, out);
        if self.kept > KEPT_MAX {
            self.finish = State::Failed("the answer is too large to be told whole at its end");
            self.items.clear();
        }
        let kind = match self.finish {
            State::Completed | State::InProgress => "response.completed",
            State::Incomplete(_) => "response.incomplete",
            State::Failed(_) => "response.failed",
        };
        self.whole(kind, self.finish, out);
    }

    /// Whether a piece is kept for the end.
    fn keeps(&mut self, piece: &str) -> bool {
        self.kept = self.kept.saturating_add(piece.len());
        self.kept <= KEPT_MAX
    }
}

impl StreamEncoder for Encoder {
    fn event(&mut self, event: &ChatEvent, out: &mut BytesMut) {
        match event {
            ChatEvent::Start { id, model, created } => self.start(id, model, *created, out),
            ChatEvent::Text(text) => self.say(text, false, out),
            ChatEvent::Refusal(text) => self.say(text, true, out),
            ChatEvent::Reasoning(text) => self.think(text, out),
            ChatEvent::ReasoningSignature { signature, issuer } => {
                let signature = Some(signature.clone());
                let (text, issuer) = (String::new(), *issuer);
                self.seal(ReasoningPart { text, signature, redacted: None, issuer }, out);
            }
            ChatEvent::ReasoningRedacted { data, issuer } => {
                self.close(Status::Completed, out);
                let redacted = Some(data.clone());
                let (text, issuer) = (String::new(), *issuer);
                self.seal(ReasoningPart { text, signature: None, redacted, issuer }, out);
            }
            ChatEvent::ToolCallStart { index, id, name } => self.call(*index, id, name, out),
            ChatEvent::ToolCallArguments { index, fragment } => {
                self.arguments(*index, fragment, out);
            }
            ChatEvent::Usage(usage) => self.usage.merge(usage),
            ChatEvent::Finish(finish) => self.finish(State::of(finish), out),
            ChatEvent::End => self.end(out),
            // The first has no word here; the second is the caller's to write.
            ChatEvent::Other { kind: _ } | ChatEvent::Error(_) => {}
        }
    }

    fn broken(&self, report: &ErrorReport) -> Option<bytes::Bytes> {
        Some(broken::event(report, self.next))
    }
}
