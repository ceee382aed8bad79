//! What a model takes and gives, as far as it is known.
//!
//! Every part may be unknown, which never keeps a request away: only a known "no" does.

/// How a model is told to think.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReasoningStyle {
    /// It does not.
    None,
    /// By an effort, by name.
    Effort,
    /// By a bound of tokens.
    Budget,
    /// It decides itself, and may be told an effort.
    Adaptive,
    /// It decides itself and cannot be told not to.
    Always,
}

impl ReasoningStyle {
    /// Every style.
    pub const ALL: [Self; 5] =
        [Self::None, Self::Effort, Self::Budget, Self::Adaptive, Self::Always];

    /// The name in the data and in configuration.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Effort => "effort",
            Self::Budget => "budget",
            Self::Adaptive => "adaptive",
            Self::Always => "always",
        }
    }
}

/// What a model takes and gives; `None` is not known, and then assumed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// Most tokens of a prompt.
    pub context: Option<u64>,
    /// Most tokens of an answer.
    pub max_output: Option<u64>,
    /// Pictures in prompts.
    pub images: Option<bool>,
    /// PDF files in prompts.
    pub documents: Option<bool>,
    /// Sound in prompts.
    pub audio: Option<bool>,
    /// Tools to call.
    pub tools: Option<bool>,
    /// A choice of tool that the model must follow.
    pub forced_tools: Option<bool>,
    /// An answer that the vendor holds to a JSON Schema.
    pub structured_output: Option<bool>,
    /// How it is told to think.
    pub reasoning: Option<ReasoningStyle>,
    /// `temperature`, `top_p` and `top_k`.
    pub sampling: Option<bool>,
    /// An answer that the request begins.
    pub prefill: Option<bool>,
    /// Length of its vectors.
    pub dimensions: Option<u64>,
    /// Most texts of one request for vectors.
    pub batch: Option<u64>,
}

impl Capabilities {
    /// These over `lower`: what is not known here is taken from there.
    #[must_use]
    pub fn over(self, lower: Self) -> Self {
        let Self {
            context,
            max_output,
            images,
            documents,
            audio,
            tools,
            forced_tools,
            structured_output,
            reasoning,
            sampling,
            prefill,
            dimensions,
            batch,
        } = self;
        Self {
            context: context.or(lower.context),
            max_output: max_output.or(lower.max_output),
            images: images.or(lower.images),
            documents: documents.or(lower.documents),
            audio: audio.or(lower.audio),
            tools: tools.or(lower.tools),
            forced_tools: forced_tools.or(lower.forced_tools),
            structured_output: structured_output.or(lower.structured_output),
            reasoning: reasoning.or(lower.reasoning),
            sampling: sampling.or(lower.sampling),
            prefill: prefill.or(lower.prefill),
            dimensions: dimensions.or(lower.dimensions),
            batch: batch.or(lower.batch),
        }
    }

    /// The numbers, by their names in the data and in configuration.
    pub fn numbers(&mut self) -> [(&'static str, &mut Option<u64>); 4] {
        [
            ("context", &mut self.context),
            ("max_output", &mut self.max_output),
            ("dimensions", &mut self.dimensions),
            ("batch", &mut self.batch),
        ]
    }

    /// The truth values, by their names in the data and in configuration.
    pub fn flags(&mut self) -> [(&'static str, &mut Option<bool>); 8] {
        [
            ("images", &mut self.images),
            ("documents", &mut self.documents),
            ("audio", &mut self.audio),
            ("tools", &mut self.tools),
            ("forced_tools", &mut self.forced_tools),
            ("structured_output", &mut self.structured_output),
            ("sampling", &mut self.sampling),
            ("prefill", &mut self.prefill),
        ]
    }
}
