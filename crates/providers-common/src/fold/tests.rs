//! Whole and streamed say the same; pieces go where they belong; nothing unfinished comes out.

use super::*;
use proptest::prelude::*;
use tollgate_core_types::ErrorClass;
use tollgate_core_types::reply::FinishReason;

const OURS: Dialect = Dialect::named("test.dialect");
const THEIRS: Dialect = Dialect::named("test.other");

fn closed(mut events: Vec<ChatEvent>) -> Vec<ChatEvent> {
    events.push(ChatEvent::Finish(Finish::new(FinishReason::Stop)));
    events.push(ChatEvent::End);
    events
}

fn parts(events: Vec<ChatEvent>) -> Vec<ReplyPart> {
    fold(OURS, closed(events)).unwrap().parts
}

fn text(piece: &str) -> ChatEvent {
    ChatEvent::Text(piece.to_owned())
}

fn thought(piece: &str) -> ChatEvent {
    ChatEvent::Reasoning(piece.to_owned())
}

fn start(index: usize, id: &str) -> ChatEvent {
    ChatEvent::ToolCallStart { index, id: id.to_owned(), name: "f".to_owned() }
}

fn arguments(index: usize, fragment: &str) -> ChatEvent {
    ChatEvent::ToolCallArguments { index, fragment: fragment.to_owned() }
}

fn signature(text: &str) -> ChatEvent {
    ChatEvent::ReasoningSignature { signature: text.to_owned(), issuer: THEIRS }
}

fn reasoning(text: &str, signature: Option<&str>, issuer: Dialect) -> ReplyPart {
    let signature = signature.map(str::to_owned);
    ReplyPart::Reasoning(ReasoningPart { text: text.to_owned(), signature, redacted: None, issuer })
}

fn call(id: &str, arguments: &str) -> ReplyPart {
    let (id, name) = (id.to_owned(), "f".to_owned());
    ReplyPart::ToolCall(ToolCall { id, name, arguments: arguments.to_owned() })
}

#[test]
fn pieces_of_a_kind_join_until_another_begins() {
    let got = parts(vec![
        thought("a"),
        thought("b"),
        text("c"),
        text(""),
        text("d"),
        ChatEvent::Refusal("e".to_owned()),
        ChatEvent::Refusal("f".to_owned()),
        thought(""),
        text("g"),
    ]);
    let want = vec![
        reasoning("ab", None, OURS),
        ReplyPart::Text("cd".to_owned()),
        ReplyPart::Refusal("ef".to_owned()),
        ReplyPart::Text("g".to_owned()),
    ];
    assert_eq!(got, want);
}

#[test]
fn arguments_find_their_call_wherever_they_arrive() {
    let got = parts(vec![
        start(0, "x"),
        arguments(0, "{\"a\""),
        start(1, "y"),
        arguments(1, "{"),
        text("t"),
        arguments(0, ":1}"),
        text("u"),
        arguments(1, "}"),
    ]);
    let want = vec![call("x", "{\"a\":1}"), call("y", "{}"), ReplyPart::Text("tu".to_owned())];
    assert_eq!(got, want);
}

#[test]
fn a_signature_closes_the_reasoning_just_given() {
    let got = parts(vec![
        thought("a"),
        signature("s1"),
        thought("b"),
        signature("s2"),
        signature("s3"),
        text("t"),
        signature("s4"),
        ChatEvent::ReasoningRedacted { data: "r".to_owned(), issuer: THEIRS },
        thought("c"),
    ]);
    let redacted = ReasoningPart {
        text: String::new(),
        signature: None,
        redacted: Some("r".to_owned()),
        issuer: THEIRS,
    };
    let want = vec![
        reasoning("a", Some("s1"), THEIRS),
        reasoning("b", Some("s2"), THEIRS),
        reasoning("", Some("s3"), THEIRS),
        ReplyPart::Text("t".to_owned()),
        reasoning("", Some("s4"), THEIRS),
        ReplyPart::Reasoning(redacted),
        reasoning("c", None, OURS),
    ];
    assert_eq!(got, want);
}

#[test]
fn usage_is_merged_and_comes_after_the_finish_too() {
    let mut events = vec![
        ChatEvent::Start { id: "i".to_owned(), model: "m".to_owned(), created: Some(9) },
        ChatEvent::Usage(Usage { input_tokens: Some(3), ..Usage::default() }),
    ];
    events = closed(events);
    let usage = Usage { output_tokens: Some(5), ..Usage::default() };
    events.insert(events.len() - 1, ChatEvent::Usage(usage));
    let reply = fold(OURS, events).unwrap();
    assert_eq!((reply.id.as_str(), reply.model.as_str(), reply.created), ("i", "m", Some(9)));
    assert_eq!(reply.usage.total(), Some(8));
}

#[test]
fn what_has_no_word_is_remembered_once() {
    let mut builder = ReplyBuilder::new(OURS);
    for kind in ["audio", "citation", "audio"] {
        builder.event(ChatEvent::Other { kind });
    }
    assert_eq!(builder.others(), ["audio", "citation"]);
}

#[test]
fn nothing_unfinished_comes_out() {
    let end = || ChatEvent::Finish(Finish::new(FinishReason::Stop));
    assert_eq!(fold(OURS, [text("a")]), Err(DecodeError::Truncated));
    assert_eq!(fold(OURS, [text("a"), end()]), Err(DecodeError::Truncated));
    assert_eq!(fold(OURS, [text("a"), ChatEvent::End]), Err(DecodeError::Truncated));
    assert_eq!(fold(OURS, [ChatEvent::End, end()]), Err(DecodeError::Truncated));
    let error = UpstreamError::new(ErrorClass::Overload, "busy");
    let failed = fold(OURS, [text("a"), ChatEvent::Error(error.clone()), end(), ChatEvent::End]);
    assert_eq!(failed, Err(DecodeError::Upstream(error)));
}

#[test]
fn pieces_that_do_not_fit_are_malformed() {
    let twice = fold(OURS, closed(vec![start(0, "a"), start(0, "b")]));
    assert_eq!(twice, Err(DecodeError::Malformed("tool call 0 begins twice".to_owned())));
    let lost = fold(OURS, closed(vec![start(0, "a"), arguments(1, "{}")]));
    assert!(matches!(lost, Err(DecodeError::Malformed(what)) if what.contains("tool call 1")));
}

#[test]
fn what_follows_the_end_is_ignored() {
    let mut events = closed(vec![text("a")]);
    events.push(text("b"));
    events.push(ChatEvent::Error(UpstreamError::new(ErrorClass::Server, "late")));
    assert_eq!(fold(OURS, events).unwrap().parts, [ReplyPart::Text("a".to_owned())]);
}

fn part() -> impl Strategy<Value = ReplyPart> {
    let sealed = ("[a-z]{0,3}", "[a-z]{1,3}")
        .prop_map(|(text, signature)| reasoning(&text, Some(&signature), THEIRS));
    let redacted = "[a-z]{1,3}".prop_map(|data| {
        let (text, redacted) = (String::new(), Some(data));
        ReplyPart::Reasoning(ReasoningPart { text, signature: None, redacted, issuer: THEIRS })
    });
    prop_oneof![
        "[a-z]{1,3}".prop_map(ReplyPart::Text),
        "[a-z]{1,3}".prop_map(ReplyPart::Refusal),
        "[a-z]{1,3}".prop_map(|text| reasoning(&text, None, OURS)),
        sealed,
        redacted,
        ("[a-z]{1,3}", "[ -~]{0,5}").prop_map(|(id, arguments)| call(&id, &arguments)),
    ]
}

/// Whether the second part would be joined to the first, and so change the answer's parts.
fn joins(first: &ReplyPart, second: &ReplyPart) -> bool {
    match (first, second) {
        (ReplyPart::Text(_), ReplyPart::Text(_)) => true,
        (ReplyPart::Refusal(_), ReplyPart::Refusal(_)) => true,
        (ReplyPart::Reasoning(a), ReplyPart::Reasoning(b)) => {
            a.signature.is_none() && a.redacted.is_none() && b.redacted.is_none()
        }
        _ => false,
    }
}

proptest! {
    #[test]
    fn unfolding_and_folding_gives_the_same_answer(
        mut parts in prop::collection::vec(part(), 0..8),
        tokens in prop::option::of(0_u64..9),
        created in prop::option::of(0_u64..9),
    ) {
        parts.dedup_by(|second, first| joins(first, second));
        let reply = ChatReply {
            id: "i".to_owned(),
            model: "m".to_owned(),
            created,
            parts,
            finish: Finish { stop_sequence: Some("s".to_owned()), ..Finish::new(FinishReason::Stop) },
            usage: Usage { output_tokens: tokens, ..Usage::default() },
            service_tier: None,
        };
        prop_assert_eq!(fold(OURS, unfold(reply.clone())).unwrap(), reply);
    }
}
