//! What a request needs of a model, and whether a deployment's model has it: asked before anything
//! is sent, so that a request goes only where it can be served.
//!
//! Facts are read with every request; whether there are pictures in it is found out only where some
//! deployment is known not to take them, first by looking for the words that a dialect has for them,
//! then by reading the request. It must never refuse for what is not known.

use memchr::memmem;
use std::sync::{Arc, OnceLock};
use tollgate_core_types::Operation;
use tollgate_core_types::chat::{ChatRequest, Part, ResponseFormat, ToolChoice};
use tollgate_providers_common::{ClientDialect, Inbound};

use crate::deployment::Deployment;

/// Bytes of text that no tokenizer makes fewer tokens of than one, runs of one character aside: a
/// bound that only a prompt passes which is surely too long, for texts take four bytes a token.
const BYTES_PER_TOKEN: u64 = 16;

/// Something that a request needs and a model may lack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// Pictures.
    Images,
    /// Files such as PDFs.
    Documents,
    /// Sound.
    Audio,
    /// Tools.
    Tools,
    /// A choice of tool that must be followed.
    ForcedTools,
    /// An answer held to a schema.
    StructuredOutput,
    /// An answer of this length.
    MaxOutput,
    /// A prompt of this length.
    Context,
}

impl Need {
    /// Every need.
    pub(crate) const ALL: [Self; 8] = [
        Self::Images,
        Self::Documents,
        Self::Audio,
        Self::Tools,
        Self::ForcedTools,
        Self::StructuredOutput,
        Self::MaxOutput,
        Self::Context,
    ];

    /// Why a deployment that lacks it is no place for the request.
    pub(crate) const fn refusal(self) -> &'static str {
        match self {
            Self::Images => "its model takes no images",
            Self::Documents => "its model takes no documents",
            Self::Audio => "its model takes no audio",
            Self::Tools => "it takes no tools",
            Self::ForcedTools => "its model cannot be made to call a tool",
            Self::StructuredOutput => "its model cannot be held to a JSON Schema",
            Self::MaxOutput => "its model gives no answers of so many tokens",
            Self::Context => "its model takes no prompt of this length",
        }
    }

    /// What no deployment does, as a sentence goes on after "no deployment of X".
    const fn lacking(self) -> &'static str {
        match self {
            Self::Images => "takes images",
            Self::Documents => "takes documents",
            Self::Audio => "takes audio",
            Self::Tools => "takes tools",
            Self::ForcedTools => "can be made to call a tool (`tool_choice`)",
            Self::StructuredOutput => "can be held to a JSON Schema (`response_format`)",
            Self::MaxOutput => "gives answers of so many tokens",
            Self::Context => "takes a prompt of this length",
        }
    }

    /// The field that asks for it, where the dialects agree on one.
    pub(crate) const fn param(self) -> Option<&'static str> {
        match self {
            Self::Images | Self::Documents | Self::Audio | Self::Context => None,
            Self::Tools => Some("tools"),
            Self::ForcedTools => Some("tool_choice"),
            Self::StructuredOutput => Some("response_format"),
            Self::MaxOutput => Some("max_tokens"),
        }
    }

    /// The need that a refusal speaks of.
    pub(crate) fn of(refusal: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|need| need.refusal() == refusal)
    }
}

/// What one request needs; found out as it is asked.
pub(crate) struct Needs<'a> {
    inbound: &'a Inbound,
    client: &'a Arc<dyn ClientDialect>,
    /// Whether the body is the request; of programs in this process it only names its fields.
    has_body: bool,
    /// The deployments of the group that the client named.
    members: &'a [Arc<Deployment>],
    content: OnceLock<Content>,
    /// Whether the body may hold pictures, documents, sound.
    written: [OnceLock<bool>; 3],
}

/// What only the whole request tells.
#[derive(Debug, Default, Clone, Copy)]
struct Content {
    images: bool,
    documents: bool,
    audio: bool,
    forced_tools: bool,
    schema: bool,
    /// The prompt has more tokens than this.
    tokens: u64,
}

impl<'a> Needs<'a> {
    pub(crate) fn new(
        inbound: &'a Inbound,
        client: &'a Arc<dyn ClientDialect>,
        has_body: bool,
        members: &'a [Arc<Deployment>],
    ) -> Self {
        Self {
            inbound,
            client,
            has_body,
            members,
            content: OnceLock::new(),
            written: Default::default(),
        }
    }

    /// Whether `deployment` can serve the request.
    pub(crate) fn refusal(&self, deployment: &Deployment) -> Result<(), &'static str> {
        let generates =
            matches!(self.inbound.operation, Operation::Chat | Operation::TextCompletion);
        match self.lacks(deployment, generates) {
            Some(need) => Err(need.refusal()),
            None => Ok(()),
        }
    }

    /// Whether every deployment of the group lacks room for the prompt or its answer.
    pub(crate) fn is_too_large(&self) -> bool {
        let fits = |deployment: &Arc<Deployment>| {
            !matches!(self.lacks(deployment, true), Some(Need::Context | Need::MaxOutput))
        };
        !self.members.is_empty() && !self.members.iter().any(fits)
    }

    /// A refusal as it is told.
    pub(crate) fn told<'r>(&self, id: &'r str, why: &'r str) -> Refused<'r> {
        let member = self.members.iter().find(|member| *member.id == *id);
        let known = member.map(|member| member.model.capabilities);
        let most = match Need::of(why) {
            Some(Need::MaxOutput) => known.and_then(|known| known.max_output),
            Some(Need::Context) => known.and_then(|known| known.context),
            Some(
                Need::Images
                | Need::Documents
                | Need::Audio
                | Need::Tools
                | Need::ForcedTools
                | Need::StructuredOutput,
            )
            | None => None,
        };
        (id, why, most)
    }

    /// The first thing that a deployment lacks.
    fn lacks(&self, deployment: &Deployment, generates: bool) -> Option<Need> {
        let facts = &self.inbound.facts;
        let known = &deployment.model.capabilities;
        if facts.has_tools && !deployment.supports_tools {
            return Some(Need::Tools);
        }
        if !generates {
            return None;
        }
        let no = Some(false);
        let unlike = |limit: Option<u64>, asked: Option<u64>| {
            limit.zip(asked).is_some_and(|(limit, asked)| asked > limit)
        };
        if !deployment.rules_output && unlike(known.max_output, facts.max_output_tokens) {
            return Some(Need::MaxOutput);
        }
        if known.images == no && self.holds(Need::Images, &IMAGES, |content| content.images) {
            return Some(Need::Images);
        }
        if known.documents == no
            && self.holds(Need::Documents, &DOCUMENTS, |content| content.documents)
        {
            return Some(Need::Documents);
        }
        if known.audio == no && self.holds(Need::Audio, &AUDIO, |content| content.audio) {
            return Some(Need::Audio);
        }
        if self.is_too_long(known.context) {
            return Some(Need::Context);
        }
        self.lacks_control(deployment)
    }

    /// What an encoder approximates aloud where no deployment has it, so that it keeps a request away
    /// only from one whose own dialect says it, from a strict one, or where another has it.
    fn lacks_control(&self, deployment: &Deployment) -> Option<Need> {
        let (need, lacks): (Need, fn(&Self, &Deployment) -> bool) = if self.forces(deployment) {
            (Need::ForcedTools, Self::forces)
        } else if self.holds_to_schema(deployment) {
            (Need::StructuredOutput, Self::holds_to_schema)
        } else {
            return None;
        };
        let foreign = deployment.way(self.inbound.dialect).is_some_and(|way| way.is_foreign());
        let another = || self.members.iter().any(|member| !lacks(self, member));
        (!foreign || deployment.strict || another()).then_some(need)
    }

    fn forces(&self, deployment: &Deployment) -> bool {
        deployment.model.capabilities.forced_tools == Some(false)
            && self.inbound.facts.has_tools
            && self.says(&["tool_choice", "toolConfig", "tool_config"])
            && self.content().forced_tools
    }

    fn holds_to_schema(&self, deployment: &Deployment) -> bool {
        deployment.model.capabilities.structured_output == Some(false)
            && self.says(FORMATS)
            && self.content().schema
    }

    /// Whether the body has one of these keys at its top.
    fn says(&self, keys: &[&str]) -> bool {
        let Inbound { facts, body, .. } = self.inbound;
        keys.iter().any(|key| facts.layout.has(body, key))
    }

    /// Whether the request holds something that may be written in one of these ways.
    fn holds(&self, need: Need, words: &Words, content: impl Fn(&Content) -> bool) -> bool {
        let written = || {
            // Several deployments ask, and the body is long.
            let known = self.written.get(need as usize);
            known.is_none_or(|known| *known.get_or_init(|| words.are_in(self.inbound)))
        };
        !self.inbound.facts.plain && (!self.has_body || written()) && content(self.content())
    }

    /// Whether a prompt surely has more tokens than `context`.
    fn is_too_long(&self, context: Option<u64>) -> bool {
        let Some(context) = context else { return false };
        // A body has more bytes than its texts; of most it is enough to look at its length.
        let bytes = u64::try_from(self.inbound.body.len()).unwrap_or(u64::MAX);
        let may = !self.has_body || bytes / BYTES_PER_TOKEN > context;
        may && self.content().tokens > context
    }

    fn content(&self) -> &Content {
        self.content.get_or_init(|| {
            // What cannot be read is refused where it is prepared, and says why there.
            let chat = self.client.parse(self.inbound);
            chat.map_or_else(|_| Content::default(), |chat| Content::of(&chat))
        })
    }
}

/// How the parts of one kind are written, by dialect: OpenAI's, Anthropic's, Gemini's. Within a text
/// the quotes would have a backslash before them.
struct Words([&'static [&'static str]; 3]);

/// How Gemini writes whatever is no text.
const DATA: &[&str] = &["\"inlineData\"", "\"inline_data\"", "\"fileData\"", "\"file_data\""];
const IMAGES: Words = Words([&["\"image_url\"", "\"input_image\""], &["\"image\""], DATA]);
const DOCUMENTS: Words = Words([&["\"file\"", "\"input_file\""], &["\"document\""], DATA]);
const AUDIO: Words = Words([&["\"input_audio\""], &[], DATA]);

impl Words {
    /// Whether a body has any of those that its dialect would use.
    fn are_in(&self, inbound: &Inbound) -> bool {
        const DIALECTS: [&str; 3] = ["openai.", "anthropic.", "gemini."];
        let name = inbound.dialect.as_str();
        let at = DIALECTS.iter().position(|dialect| name.starts_with(dialect));
        // What speaks like none of them is asked for the words of all.
        let rows = self.0.iter().enumerate().filter(|(row, _)| at.is_none_or(|at| at == *row));
        let mut words = rows.flat_map(|(_, words)| *words);
        words.any(|word| memmem::find(&inbound.body, word.as_bytes()).is_some())
    }
}

/// Where dialects ask for the form of an answer.
const FORMATS: &[&str] = &[
    "response_format",
    "output_config",
    "output_format",
    "text",
    "generationConfig",
    "generation_config",
];

impl Content {
    fn of(chat: &ChatRequest) -> Self {
        let mut content = Self {
            forced_tools: matches!(
                chat.tool_choice,
                Some(ToolChoice::Required | ToolChoice::Named(_))
            ),
            schema: matches!(chat.response_format, Some(ResponseFormat::JsonSchema { .. })),
            ..Self::default()
        };
        let mut bytes = 0;
        for part in chat.messages.iter().flat_map(|message| &message.parts) {
            content.part(part, &mut bytes);
        }
        content.tokens = bytes / BYTES_PER_TOKEN;
        content
    }

    fn part(&mut self, part: &Part, bytes: &mut u64) {
        match part {
            Part::Text { text, .. } => *bytes = bytes.saturating_add(told(text)),
            Part::Image { .. } => self.images = true,
            Part::Document { .. } => self.documents = true,
            Part::Audio { .. } => self.audio = true,
            Part::ToolResult { parts, .. } => parts.iter().for_each(|part| self.part(part, bytes)),
            Part::ToolCall(call) => *bytes = bytes.saturating_add(told(&call.arguments)),
            Part::Reasoning(_) | Part::Refusal { .. } | Part::Foreign { .. } => {}
        }
    }
}

/// The bytes of a text, a run of one character counted once: tokenizers have tokens for long runs.
fn told(text: &str) -> u64 {
    let mut before = None;
    let fresh = text.chars().filter(|c| before.replace(*c) != Some(*c));
    fresh.fold(0, |bytes, c| bytes + u64::try_from(c.len_utf8()).unwrap_or(1))
}

/// A deployment that was refused: its id, why, and what it takes at most where that is why.
pub(crate) type Refused<'a> = (&'a str, &'a str, Option<u64>);

/// What is told where a group has nothing that takes a request: what none of its deployments does, or
/// why each of them cannot.
pub(crate) fn unserved(alias: &str, refused: &[Refused<'_>]) -> (String, Option<Need>) {
    let mut needs = refused.iter().map(|(_, why, _)| Need::of(why));
    let first = needs.next().flatten();
    let same = first.filter(|first| needs.all(|need| need == Some(*first)));
    let each = refused.iter().map(|(id, why, most)| match (same, most) {
        (Some(_), Some(most)) => format!("{id} (at most {most})"),
        (Some(_), None) => (*id).to_owned(),
        (None, Some(most)) => format!("{id} ({why}, at most {most})"),
        (None, None) => format!("{id} ({why})"),
    });
    let each = each.collect::<Vec<_>>().join(", ");
    let message = match same {
        Some(need) => format!("no deployment of \"{alias}\" {}: {each}", need.lacking()),
        None => format!("no deployment of \"{alias}\" can serve this request: {each}"),
    };
    (message, same)
}

#[cfg(test)]
mod tests;
