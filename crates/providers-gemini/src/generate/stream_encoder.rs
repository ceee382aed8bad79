//! A streamed answer for a client: the domain's events as chunks.
//!
//! Calls stand whole in one chunk, so their arguments are gathered, within a bound. The finish waits
//! for the end, because usage may come after it and this dialect has nothing after its last chunk.

use bytes::{BufMut as _, BytesMut};
use std::borrow::Cow;
use std::collections::BTreeMap;
use tollgate_core_types::chat::ReasoningPart;
use tollgate_core_types::reply::Finish;
use tollgate_core_types::{ChatEvent, Dialect, Usage};
use tollgate_providers_common::{ErrorReport, RenderContext, StreamEncoder};

use super::render::{Answer, Candidate, answer_id, function_call, model_name, thought};
use crate::usage::Written;
use crate::wire::body::Part;
use crate::{envelope, finish};

/// Most bytes of arguments that are gathered.
const GATHERED_MAX: usize = 4 << 20;

/// Writes one streamed answer.
#[derive(Debug)]
pub(super) struct Encoder {
    context: RenderContext,
    id: String,
    model: String,
    usage: Usage,
    finish: Option<Finish>,
    /// Calls that are being told.
    calls: BTreeMap<usize, Call>,
    gathered: usize,
    /// A signature of this dialect's own, whose part comes next.
    signed: Option<String>,
    over: bool,
}

/// A call that is being told.
#[derive(Debug)]
struct Call {
    id: String,
    name: String,
    arguments: String,
    signature: Option<String>,
}

impl StreamEncoder for Encoder {
    fn event(&mut self, event: &ChatEvent, out: &mut BytesMut) {
        if self.over {
            return;
        }
        match event {
            ChatEvent::Start { id, model, created: _ } => {
                self.id.clone_from(id);
                self.model.clone_from(model);
            }
            ChatEvent::Text(text) | ChatEvent::Refusal(text) => self.text(text, out),
            ChatEvent::Reasoning(text) => {
                self.thought(text, (None, None), Dialect::GEMINI_GENERATE, out);
            }
            ChatEvent::ReasoningSignature { signature, issuer } => {
                self.flush(out);
                if *issuer == Dialect::GEMINI_GENERATE {
                    self.close(out);
                    self.signed = Some(signature.clone());
                } else {
                    self.thought("", (Some(signature), None), *issuer, out);
                }
            }
            ChatEvent::ReasoningRedacted { data, issuer } => {
                self.thought("", (None, Some(data)), *issuer, out);
            }
            ChatEvent::ToolCallStart { index, id, name } => {
                let (id, name) = (id.clone(), name.clone());
                let signature = self.signed.take();
                let call = Call { id, name, arguments: String::new(), signature };
                self.calls.insert(*index, call);
            }
            ChatEvent::ToolCallArguments { index, fragment } => self.more(*index, fragment, out),
            ChatEvent::Usage(usage) => self.usage.merge(usage),
            ChatEvent::Finish(finish) => {
                self.flush(out);
                self.finish = Some(finish.clone());
            }
            ChatEvent::End => self.end(out),
            // Neither has a form in this dialect: the caller reports the one as lost and writes
            // the other itself.
            ChatEvent::Other { kind: _ } | ChatEvent::Error(_) => {}
        }
    }
}

impl Encoder {
    /// An encoder for one answer.
    pub(super) fn new(context: RenderContext) -> Self {
        Self {
            context,
            id: String::new(),
            model: String::new(),
            usage: Usage::default(),
            finish: None,
            calls: BTreeMap::new(),
            gathered: 0,
            signed: None,
            over: false,
        }
    }

    fn text(&mut self, text: &str, out: &mut BytesMut) {
        if text.is_empty() {
            return;
        }
        self.flush(out);
        let thought_signature = self.signed.take().map(Cow::Owned);
        self.chunk(vec![Part { thought_signature, ..Part::text(text) }], None, out);
    }

    fn thought(
        &mut self,
        text: &str,
        (signature, redacted): (Option<&String>, Option<&String>),
        issuer: Dialect,
        out: &mut BytesMut,
    ) {
        self.flush(out);
        let (text, signature) = (text.to_owned(), signature.cloned());
        let part = ReasoningPart { text, signature, redacted: redacted.cloned(), issuer };
        if let Some(part) = thought(&part) {
            self.chunk(vec![part], None, out);
        }
    }

    /// More of a call's arguments; of one that is not being told they belong to none.
    fn more(&mut self, index: usize, fragment: &str, out: &mut BytesMut) {
        self.gathered = self.gathered.saturating_add(fragment.len());
        if self.gathered > GATHERED_MAX {
            return self.fail(out);
        }
        if let Some(call) = self.calls.get_mut(&index) {
            call.arguments.push_str(fragment);
        }
    }

    /// Writes the calls that were told.
    fn flush(&mut self, out: &mut BytesMut) {
        if self.calls.is_empty() {
            return;
        }
        let calls = std::mem::take(&mut self.calls);
        self.gathered = 0;
        let parts = calls
            .values()
            .map(|Call { id, name, arguments, signature }| Part {
                thought_signature: signature.as_deref().map(Cow::Borrowed),
                ..function_call(id, name, arguments)
            })
            .collect();
        self.chunk(parts, None, out);
    }

    /// A signature whose part did not come stands on a part of nothing.
    fn close(&mut self, out: &mut BytesMut) {
        if let Some(signature) = self.signed.take() {
            let thought_signature = Some(Cow::Owned(signature));
            self.chunk(vec![Part { thought_signature, ..Part::text("") }], None, out);
        }
    }

    fn end(&mut self, out: &mut BytesMut) {
        self.flush(out);
        self.close(out);
        let word = self.finish.as_ref().map(finish::word);
        self.chunk(Vec::new(), word, out);
        self.over = true;
    }

    fn chunk(&self, parts: Vec<Part<'_>>, word: Option<Cow<'static, str>>, out: &mut BytesMut) {
        let usage_metadata = word.as_ref().and_then(|_| Written::of(&self.usage));
        let answer = Answer {
            candidates: [Candidate::new(parts, word)],
            usage_metadata,
            model_version: model_name(&self.model, &self.context),
            response_id: answer_id(&self.id, &self.context),
        };
        out.put_slice(b"data: ");
        // Only texts, numbers and JSON that was read before: writing them cannot fail.
        out.put_slice(&serde_json::to_vec(&answer).unwrap_or_default());
        out.put_slice(b"\n\n");
    }

    /// More was gathered than may be: the answer cannot be written in this dialect.
    fn fail(&mut self, out: &mut BytesMut) {
        self.calls = BTreeMap::new();
        self.over = true;
        out.put_slice(&envelope::render_event(&ErrorReport {
            status: 502,
            code: "answer_too_large".to_owned(),
            param: None,
            message: "the arguments of a function call are too large".to_owned(),
            retry_after: None,
            should_retry: None,
            request_id: self.context.request_id.clone(),
        }));
    }
}
