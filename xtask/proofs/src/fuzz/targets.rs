//! What is fed: every reader of bytes that others send, with the rules that it must keep.
//!
//! A target panics where a rule is broken and else tells what it did as a number, so that the driver
//! knows a new behaviour from an old one.

mod answers;
mod config;
mod errors;
mod framing;
mod readers;
mod requests;
mod splice;
mod streams;

use std::hash::{DefaultHasher, Hasher as _};

/// One reader and its rules.
#[derive(Debug)]
pub struct Target {
    /// Its name, and that of its corpus.
    pub name: &'static str,
    /// What must hold.
    pub about: &'static str,
    /// Whether every slip at every byte of its corpus is tried as well.
    pub swept: bool,
    /// Feeds it.
    pub run: fn(&[u8]) -> u64,
}

macro_rules! targets {
    ($($name:literal $run:path, $swept:literal, $about:literal;)*) => {
        /// Every target.
        pub const TARGETS: &[Target] =
            &[$(Target { name: $name, about: $about, swept: $swept, run: $run }),*];
    };
}

targets! {
    "sse" framing::sse, false, "any split gives the same frames; frames are slices of the stream; bounded";
    "eventstream" framing::eventstream, true, "the same for AWS's binary messages; no corrupt one is believed";
    "stream.openai_chat" streams::openai_chat, false, "any split says the same; cut off never ends well; told anew it is the same";
    "stream.openai_completions" streams::openai_completions, false, "as above";
    "stream.openai_responses" streams::openai_responses, false, "as above";
    "stream.anthropic" streams::anthropic, false, "as above";
    "stream.gemini" streams::gemini, false, "as above";
    "stream.bedrock_converse" streams::converse, false, "as above";
    "stream.bedrock_invoke" streams::invoke, false, "as above";
    "answer.openai_chat" answers::openai_chat, false, "accounted as decoded; told in any dialect and read again it is the same";
    "answer.openai_responses" answers::openai_responses, false, "as above";
    "answer.anthropic" answers::anthropic, false, "as above";
    "answer.gemini" answers::gemini, false, "as above";
    "answer.bedrock_converse" answers::converse, false, "as above";
    "answer.embeddings" answers::embeddings, false, "any bytes are vectors or an error";
    "request.openai_chat" requests::openai_chat, false, "refused by name or encoded as JSON for every vendor; splices change what they say";
    "request.openai_responses" requests::openai_responses, false, "as above";
    "request.openai_completions" requests::openai_completions, false, "as above";
    "request.openai_embeddings" requests::openai_embeddings, false, "as above";
    "request.anthropic" requests::anthropic, false, "as above";
    "request.gemini" requests::gemini, false, "as above";
    "request.gemini_embed" requests::gemini_embed, false, "as above";
    "splice" splice::splice, false, "the scan accepts what a JSON parser accepts; edits do what the model does";
    "error" errors::error, false, "any status and any bytes make a bounded, clean error of a sane class";
    "retry_after" readers::retry_after, false, "any header is a bounded pause or none";
    "config.yaml" config::yaml, true, "any slip is refused with its place, means the same, or is seen in the print";
    "config.toml" config::toml, true, "as above";
    "config.dotenv" config::dotenv, true, "a slip changes the variables of its own line, or is refused";
}

/// A number for what was done.
pub(super) fn kind(of: impl std::hash::Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

/// A text without what differs from input to input: digits, and what stands in quotes.
pub(super) fn outline(text: &str) -> String {
    let mut quoted = false;
    let mut outline = String::new();
    for c in text.chars().take(160) {
        match c {
            '`' | '"' | '\'' => quoted = !quoted,
            _ if quoted || c.is_ascii_digit() => {}
            _ => outline.push(c),
        }
    }
    outline
}
