//! The kit against a toy dialect: it passes where the rules are kept, and fails for each broken one.

use super::*;
use http::HeaderMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use tollgate_core_types::chat::ChatRequest;
use tollgate_core_types::reply::{ChatReply, Finish, FinishReason};
use tollgate_core_types::{ChatEvent, Dialect, ErrorClass, Operation, UpstreamError, Usage};

use crate::codec::{Account, ChatCodec, Codec, DecodeError, EncodeError, Encoded, StreamDecoder};
use crate::{Frame, Inbound, UpstreamTarget, retry_after};

/// How the toy breaks the rules.
#[derive(Debug, Clone, Copy, Default)]
struct Faults {
    /// Ends well whatever was missing.
    always_ends: bool,
    /// Says nothing where something is missing.
    silent: bool,
    /// Looks where a frame lies in memory.
    sees_cuts: bool,
    /// Gives usage before the start.
    order: bool,
    /// Counts one token too many in whole answers.
    miscounts: bool,
    /// Does not escape and cut texts.
    raw_texts: bool,
    /// Takes every status for a server's failure.
    one_class: bool,
    /// Forgets the pause.
    no_pause: bool,
}

/// A dialect whose frames are single words: `start`, `finish`, `end`, anything else is text.
#[derive(Debug, Default)]
struct Toy {
    faults: Faults,
    /// Where the frame before ended in memory.
    behind: usize,
    finished: bool,
    ended: bool,
}

fn usage() -> Usage {
    Usage { input_tokens: Some(1), output_tokens: Some(2), ..Usage::default() }
}

impl StreamDecoder for Toy {
    fn frame(&mut self, frame: &Frame, out: &mut Vec<ChatEvent>) -> Result<(), DecodeError> {
        let start = frame.raw.as_ptr() as usize;
        let cut = self.faults.sees_cuts && start != self.behind;
        self.behind = start + frame.raw.len();
        let Some(data) = &frame.data else { return Ok(()) };
        let word = String::from_utf8_lossy(data).into_owned();
        match word.as_str() {
            "start" => {
                if self.faults.order {
                    out.push(ChatEvent::Usage(usage()));
                }
                let (id, model) = (String::new(), "toy".to_owned());
                out.push(ChatEvent::Start { id, model, created: None });
            }
            "finish" => {
                self.finished = true;
                out.push(ChatEvent::Usage(usage()));
                out.push(ChatEvent::Finish(Finish::new(FinishReason::Stop)));
            }
            "end" => {
                self.ended = true;
                out.push(ChatEvent::End);
            }
            _ => {
                out.push(ChatEvent::Text(if cut { "cut".to_owned() } else { word }));
            }
        }
        Ok(())
    }

    fn end(&mut self, out: &mut Vec<ChatEvent>) -> Result<(), DecodeError> {
        if self.ended || self.faults.silent {
            return Ok(());
        }
        if self.finished || self.faults.always_ends {
            out.push(ChatEvent::End);
            return Ok(());
        }
        Err(DecodeError::Truncated)
    }
}

/// The codec of the toy dialect.
#[derive(Debug, Default)]
struct ToyCodec(Faults);

impl Codec for ToyCodec {
    fn dialect(&self) -> Dialect {
        Dialect::named("test.toy")
    }

    fn operation(&self) -> Operation {
        Operation::Chat
    }

    fn splice(&self, _: &Inbound, _: &UpstreamTarget) -> Result<Encoded, EncodeError> {
        Err(EncodeError::Build("a toy".to_owned()))
    }

    fn account(&self, _: &[u8]) -> Result<Account, DecodeError> {
        let mut usage = usage();
        if self.0.miscounts {
            usage.output_tokens = Some(3);
        }
        let finish = Some(Finish::new(FinishReason::Stop));
        Ok(Account { model: Some("toy".to_owned()), usage, finish })
    }

    fn decode_error(&self, status: u16, headers: &HeaderMap, body: &[u8]) -> UpstreamError {
        let class = match status {
            _ if self.0.one_class => ErrorClass::Server,
            401 | 403 => ErrorClass::Auth,
            402 => ErrorClass::Billing,
            429 => ErrorClass::Throttle,
            503 | 529 => ErrorClass::Overload,
            500.. => ErrorClass::Server,
            _ => ErrorClass::Client,
        };
        let text = String::from_utf8_lossy(body);
        let mut error = UpstreamError::new(class, format!("{status} {text}")).with_status(status);
        if self.0.raw_texts {
            error.message = text.into_owned();
        }
        if self.0.no_pause {
            return error;
        }
        error.with_retry_after(retry_after::from_headers(headers))
    }

    fn stream(&self) -> Box<dyn StreamDecoder> {
        Box::new(Toy { faults: self.0, ..Toy::default() })
    }
}

impl ChatCodec for ToyCodec {
    fn encode(&self, _: &ChatRequest, _: &UpstreamTarget) -> Result<Encoded, EncodeError> {
        Err(EncodeError::Build("a toy".to_owned()))
    }

    fn decode(&self, _: &[u8]) -> Result<ChatReply, DecodeError> {
        Ok(ChatReply {
            id: String::new(),
            model: "toy".to_owned(),
            created: None,
            parts: Vec::new(),
            finish: Finish::new(FinishReason::Stop),
            usage: usage(),
            service_tier: None,
        })
    }
}

const STREAM: &[u8] =
    b"data: start\r\n\r\n: ping\n\ndata: h\xc3\xa9\n\ndata: finish\n\ndata: end\n\n";

fn toy(faults: Faults) -> impl Fn() -> Box<dyn StreamDecoder> {
    move || ToyCodec(faults).stream()
}

/// Whether the kit finds a fault.
fn finds(check: impl FnOnce()) -> bool {
    catch_unwind(AssertUnwindSafe(check)).is_err()
}

#[test]
fn a_sound_codec_passes() {
    let sound = toy(Faults::default());
    let events = events_of(STREAM, sound());
    assert_eq!(events.len(), 5);
    every_cut(STREAM, &sound);
    truncations(STREAM, &sound);
    let want = Account {
        model: Some("toy".to_owned()),
        usage: usage(),
        finish: Some(Finish::new(FinishReason::Stop)),
    };
    assert_eq!(accounts_alike(STREAM, sound(), sound()), want);
    assert_eq!(replies_alike(b"", &ToyCodec::default()), want);
    error_matrix(&ToyCodec::default());
}

#[test]
fn a_stream_without_its_terminal_frame_may_pass_for_complete() {
    let stream = STREAM.strip_suffix(b"data: end\n\n").unwrap();
    truncations(stream, toy(Faults::default()));
}

#[test]
fn cuts_that_change_events_are_found() {
    let faults = Faults { sees_cuts: true, ..Faults::default() };
    assert!(finds(|| every_cut(STREAM, toy(faults))));
}

#[test]
fn truncated_answers_presented_as_complete_are_found() {
    let faults = Faults { always_ends: true, ..Faults::default() };
    assert!(finds(|| truncations(STREAM, toy(faults))));
    let faults = Faults { silent: true, ..Faults::default() };
    assert!(finds(|| truncations(STREAM, toy(faults))));
}

#[test]
fn events_out_of_order_are_found() {
    let faults = Faults { order: true, ..Faults::default() };
    assert!(finds(|| drop(events_of(STREAM, toy(faults)()))));
    let sound = toy(Faults::default());
    for stream in [
        "data: a\n\ndata: finish\n\ndata: end\n\n",
        "data: start\n\ndata: start\n\ndata: finish\n\ndata: end\n\n",
        "data: start\n\ndata: finish\n\ndata: a\n\ndata: end\n\n",
        "data: start\n\ndata: finish\n\ndata: finish\n\ndata: end\n\n",
        "data: start\n\ndata: end\n\n",
        "data: start\n\ndata: finish\n\ndata: end\n\ndata: end\n\n",
        "data: start\n\n",
        "",
    ] {
        assert!(finds(|| drop(events_of(stream.as_bytes(), sound()))), "{stream:?}");
    }
}

#[test]
fn accounts_that_differ_are_found() {
    let miscounts = Faults { miscounts: true, ..Faults::default() };
    assert!(finds(|| drop(replies_alike(b"", &ToyCodec(miscounts)))));
}

#[test]
fn errors_that_are_not_sane_are_found() {
    for faults in [
        Faults { raw_texts: true, ..Faults::default() },
        Faults { one_class: true, ..Faults::default() },
        Faults { no_pause: true, ..Faults::default() },
    ] {
        assert!(finds(|| error_matrix(&ToyCodec(faults))), "{faults:?}");
    }
}
