//! Turns an answer and a fault into what goes over the wire, step by step.

use bytes::Bytes;
use http::response::Builder;
use serde_json::json;
use std::collections::VecDeque;
use std::time::Duration;

use crate::script::Fault;
use crate::wire::{Answer, Context, Frame, error, failure};

/// A page as captive portals and proxies give it.
const PAGE: &str = "<!DOCTYPE html>\n<html><head><title>Sign in</title></head>\
                    <body><h1>Welcome to the network</h1></body></html>\n";

/// One step of a body.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Wait.
    Wait(Duration),
    /// Give bytes, which hold so many tokens.
    Send(Bytes, u64),
    /// The connection breaks.
    Break,
    /// Nothing more, and no end.
    Stall,
}

/// An answer ready to be played.
pub(super) struct Played {
    /// The head's status.
    pub(super) status: u16,
    /// The head's content type.
    pub(super) content_type: &'static str,
    /// The body.
    pub(super) steps: VecDeque<Step>,
    /// Size of the prompt.
    pub(super) input_tokens: u64,
}

impl Played {
    fn new(status: u16, content_type: &'static str, steps: impl Into<VecDeque<Step>>) -> Self {
        Self { status, content_type, steps: steps.into(), input_tokens: 0 }
    }
}

/// What comes instead of any answer, for faults that replace it.
pub(super) fn instead(fault: &Fault) -> Option<Played> {
    match fault {
        Fault::Status { status, retry_after: _, body } => {
            let text = match (body, failure(*status, "The mock fails as its script says", None)) {
                (Some(body), _) => body.clone(),
                (None, Answer::Whole { body, .. }) => body.to_string(),
                (None, Answer::Stream { .. }) => String::new(),
            };
            Some(Played::new(*status, "application/json", [Step::Send(text.into(), 0)]))
        }
        Fault::Html => {
            let page = Step::Send(Bytes::from_static(PAGE.as_bytes()), 0);
            Some(Played::new(200, "text/html; charset=utf-8", [page]))
        }
        Fault::Empty => Some(Played::new(200, "application/json", [])),
        Fault::Healthy
        | Fault::Refuse
        | Fault::StallBeforeHead
        | Fault::ResetBeforeHead
        | Fault::ErrorAt { .. }
        | Fault::CutAfter { .. }
        | Fault::EndAfter { .. }
        | Fault::StallAfter { .. }
        | Fault::MalformedAt { .. }
        | Fault::MissingDone => None,
    }
}

/// The answer with `fault` in it. An answer that is an error already stays as it is.
pub(super) fn faulted(answer: Answer, fault: &Fault, delay: Duration) -> Played {
    match answer {
        Answer::Whole { status, body, spent } => {
            let text = body.to_string();
            let fault = if status == 200 { fault } else { &Fault::Healthy };
            let steps = whole(text, fault, spent.output);
            let input_tokens = spent.input;
            Played { input_tokens, ..Played::new(status, "application/json", steps) }
        }
        Answer::Stream { frames, input_tokens } => {
            let steps = stream(&frames, fault, delay);
            Played { input_tokens, ..Played::new(200, "text/event-stream; charset=utf-8", steps) }
        }
    }
}

/// The head of an answer.
pub(super) fn head(
    status: u16,
    content_type: &'static str,
    context: &Context<'_>,
    fault: &Fault,
) -> Builder {
    let head = http::Response::builder()
        .status(status)
        .header("content-type", content_type)
        .header("x-request-id", context.id("req_"));
    match fault {
        Fault::Status { retry_after: Some(wait), .. } => {
            let millis = wait.as_millis();
            head.header("retry-after", millis.div_ceil(1000).to_string())
                .header("retry-after-ms", millis.to_string())
        }
        Fault::Status { retry_after: None, .. }
        | Fault::Healthy
        | Fault::Refuse
        | Fault::StallBeforeHead
        | Fault::ResetBeforeHead
        | Fault::Html
        | Fault::Empty
        | Fault::ErrorAt { .. }
        | Fault::CutAfter { .. }
        | Fault::EndAfter { .. }
        | Fault::StallAfter { .. }
        | Fault::MalformedAt { .. }
        | Fault::MissingDone => head,
    }
}

/// A whole body with a stream's fault in its middle.
fn whole(text: String, fault: &Fault, tokens: u64) -> Vec<Step> {
    let bytes = Bytes::from(text);
    let half = || Step::Send(bytes.slice(..bytes.len() / 2), tokens);
    match fault {
        Fault::ErrorAt { .. } => vec![Step::Send(error_object().into(), 0)],
        Fault::CutAfter { .. } => vec![half(), Step::Break],
        Fault::EndAfter { .. } => vec![half()],
        Fault::StallAfter { .. } => vec![half(), Step::Stall],
        Fault::MalformedAt { .. } => {
            vec![half(), Step::Send(Bytes::from_static(b"\"]}"), 0)]
        }
        Fault::Healthy
        | Fault::MissingDone
        | Fault::Status { .. }
        | Fault::Refuse
        | Fault::StallBeforeHead
        | Fault::ResetBeforeHead
        | Fault::Html
        | Fault::Empty => vec![Step::Send(bytes, tokens)],
    }
}

/// A stream up to where `fault` ends it.
fn stream(frames: &[Frame], fault: &Fault, delay: Duration) -> Vec<Step> {
    let done = || Step::Send(Bytes::from_static(b"data: [DONE]\n\n"), 0);
    let until = |count: usize| frames.iter().take(count).flat_map(|frame| steps(frame, delay));
    match fault {
        Fault::ErrorAt { frame } => {
            let error = Step::Send(sse(&error_object()), 0);
            until(*frame).chain([error]).collect()
        }
        Fault::CutAfter { frames } => until(*frames).chain([Step::Break]).collect(),
        Fault::EndAfter { frames } => until(*frames).collect(),
        Fault::StallAfter { frames } => until(*frames).chain([Step::Stall]).collect(),
        Fault::MalformedAt { frame } => {
            let mut broken: Vec<Step> = until(*frame).collect();
            broken.push(Step::Send(Bytes::from_static(b"data: {\"id\":\"chatcmpl-\n\n"), 0));
            let rest = frames.iter().skip(frame.saturating_add(1));
            broken.extend(rest.flat_map(|frame| steps(frame, delay)));
            broken.push(done());
            broken
        }
        Fault::MissingDone => until(usize::MAX).collect(),
        Fault::Healthy
        | Fault::Status { .. }
        | Fault::Refuse
        | Fault::StallBeforeHead
        | Fault::ResetBeforeHead
        | Fault::Html
        | Fault::Empty => until(usize::MAX).chain([done()]).collect(),
    }
}

/// A frame, after its wait where it has content.
fn steps(frame: &Frame, delay: Duration) -> impl Iterator<Item = Step> + use<> {
    let wait = (frame.tokens > 0 && !delay.is_zero()).then_some(Step::Wait(delay));
    let send = Step::Send(sse(&frame.json.to_string()), frame.tokens);
    wait.into_iter().chain([send])
}

fn sse(json: &str) -> Bytes {
    format!("data: {json}\n\n").into()
}

fn error_object() -> String {
    json!({"error": error(500, "The mock fails in mid-answer as its script says", None)})
        .to_string()
}
