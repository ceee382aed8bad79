//! How to behave: the JSON that a test posts to `/__script`, and its queue.
//!
//! A behaviour is an answer, how it is put on the wire, and at most one fault. Unknown keys are
//! errors, so that a mistyped script fails its test instead of answering well.

use serde::Deserialize;
use std::collections::{BTreeMap, VecDeque};

use crate::answer::Answer;

/// A whole script: one behaviour a request in order, then the default for ever.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Script {
    /// Consumed one by one.
    pub(crate) queue: VecDeque<Behaviour>,
    /// Once the queue is empty.
    pub(crate) default: Behaviour,
}

impl Script {
    /// The behaviour of the next request.
    pub(crate) fn next(&mut self) -> Behaviour {
        self.queue.pop_front().unwrap_or_else(|| self.default.clone())
    }
}

/// How to answer one request.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Behaviour {
    /// What to say.
    pub(crate) answer: Answer,
    /// How to put it on the wire.
    pub(crate) wire: Wire,
    /// What to do wrong.
    pub(crate) fault: Option<Fault>,
    /// Headers to add to whatever is answered.
    pub(crate) headers: BTreeMap<String, String>,
}

/// How an answer is put on the wire. The default is what vendors do.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Wire {
    /// Most bytes in one chunk; 1 splits every character that is longer.
    pub(crate) split: Option<usize>,
    /// Line ends of streams: `\n` (default), `\r\n` or `\r`.
    pub(crate) line_end: Option<String>,
    /// Comments and pings between the frames of a stream.
    pub(crate) comments: bool,
    /// `data:` without the space after it.
    pub(crate) no_space: bool,
    /// A byte order mark before the first frame.
    pub(crate) bom: bool,
    /// Wait before each frame.
    pub(crate) delay_ms: u64,
    /// Encode the body although nobody asked: `content-encoding: gzip`.
    pub(crate) gzip: bool,
    /// How the body ends; the default is a length for whole answers and chunks for streams.
    pub(crate) framing: Option<Framing>,
    /// Another content type.
    pub(crate) content_type: Option<String>,
}

/// How a body says where it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Framing {
    /// `content-length`.
    Length,
    /// `transfer-encoding: chunked`.
    Chunked,
    /// By the end of the connection.
    Close,
}

/// What to do wrong. `after` counts frames with content: 0 is before the first of them, but after
/// the frames that only open an answer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Fault {
    /// An error answer.
    Status {
        code: u16,
        #[serde(default)]
        body: ErrorBody,
        #[serde(default)]
        error: ErrorText,
    },
    /// An error answer in the vendor's own words.
    Refuse { why: Why },
    /// Every n-th request fails with 500, the others are well.
    EveryNth { n: usize },
    /// The connection is reset before any answer.
    ResetBeforeHead,
    /// The connection is closed in good order before any answer.
    CloseBeforeHead,
    /// Accepted and never answered.
    Silent,
    /// The head comes late.
    SlowHead { ms: u64 },
    /// The head comes at once, the first frame with content late.
    SlowFirstToken { ms: u64 },
    /// The stream ends early, without its end.
    Cut {
        after: usize,
        #[serde(default)]
        reset: bool,
    },
    /// The stream stops moving; with pings it says so every so often.
    Stall {
        after: usize,
        #[serde(default)]
        ping_ms: Option<u64>,
    },
    /// An error inside the stream, which then ends.
    ErrorFrame {
        after: usize,
        #[serde(default)]
        error: ErrorText,
        /// Without the frames that open an answer.
        #[serde(default)]
        bare: bool,
    },
    /// A frame that is no JSON, after which the stream goes on.
    MalformedFrame { after: usize },
    /// Everything but the terminal frame.
    NoEnd,
    /// A frame with this many bytes of text before the others.
    GiantFrame { bytes: usize },
    /// Frames of this many bytes of text, until the client leaves or `frames` are written.
    Endless {
        bytes: usize,
        #[serde(default)]
        frames: Option<u64>,
    },
    /// 200 with a page for people.
    Html,
    /// 200 with nothing.
    Empty,
    /// 200 with the first half of the JSON, correctly framed.
    TruncatedJson,
    /// A `content-length` that is this much too large, after which the connection ends.
    WrongLength { extra: u64 },
    /// A whole answer although a stream was asked for.
    WholeForStream,
    /// 200 with an error object.
    ErrorIn200 {
        #[serde(default)]
        error: ErrorText,
    },
    /// 301 to somewhere else.
    Redirect { location: String },
}

/// Why a vendor refuses a request that is well-formed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Why {
    /// The prompt does not fit.
    ContextLength,
    /// The prompt was filtered.
    ContentFilter,
    /// The key is wrong.
    Auth,
    /// The plan is spent.
    Quota,
    /// The model is not there.
    ModelMissing,
}

/// The body of an error answer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ErrorBody {
    /// The dialect's error object.
    #[default]
    Json,
    /// A page for people.
    Html,
    /// Nothing.
    Empty,
    /// These bytes.
    Raw(String),
}

/// Words of an error; what is absent is the dialect's own for the status.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ErrorText {
    /// For people.
    pub(crate) message: Option<String>,
    /// The kind.
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
    /// For programs; OpenAI only.
    pub(crate) code: Option<String>,
    /// The parameter at fault; OpenAI only.
    pub(crate) param: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_consumed_in_order_and_then_repeats_its_default() {
        let mut script: Script = serde_json::from_str(
            r#"{"queue": [{"fault": {"kind": "status", "code": 503, "body": {"raw": "x"}}},
                          {"answer": {"text": "hi"}}],
                "default": {"fault": {"kind": "silent"}}}"#,
        )
        .unwrap();
        assert!(matches!(script.next().fault, Some(Fault::Status { code: 503, .. })));
        assert_eq!(script.next().answer.text.as_deref(), Some("hi"));
        assert_eq!(script.next().fault, Some(Fault::Silent));
        assert_eq!(script.next().fault, Some(Fault::Silent));
    }

    #[test]
    fn mistyped_scripts_are_refused() {
        for text in [
            r#"{"defualt": {}}"#,
            r#"{"default": {"fault": {"kind": "cut", "afterr": 1}}}"#,
            r#"{"default": {"fault": {"kind": "explode"}}}"#,
            r#"{"default": {"wire": {"splitt": 1}}}"#,
            r#"{"default": {"answer": {"txt": ""}}}"#,
        ] {
            assert!(serde_json::from_str::<Script>(text).is_err(), "{text}");
        }
    }
}
