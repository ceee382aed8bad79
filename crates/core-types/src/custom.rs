//! Customs of servers that come in a few kinds, each with the word that configuration has for it.
//!
//! Configuration reads them and codecs obey them; neither knows the other. Nothing here decides
//! anything.

/// A kind with its words in configuration.
macro_rules! kinds {
    ($(#[$doc:meta])* $name:ident { $($(#[$each:meta])* $kind:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
        pub enum $name {
            $($(#[$each])* $kind,)*
        }

        impl $name {
            /// Every kind by its word, for configuration.
            pub const WORDS: &'static [(&'static str, Self)] = &[$(($word, Self::$kind)),*];

            /// The words alone.
            pub const NAMES: &'static [&'static str] = &[$($word),*];

            /// The word in configuration.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$kind => $word,)*
                }
            }
        }
    };
}

kinds! {
    /// How a server of OpenAI's dialect is told whether to think, beside or instead of an effort.
    ThinkingSwitch {
        /// Not at all.
        #[default]
        None = "none",
        /// `thinking: {"type": "enabled"}`.
        Type = "type",
        /// `enable_thinking: true`, perhaps with a `thinking_budget`.
        Enable = "enable_thinking",
        /// `chat_template_kwargs: {"enable_thinking": true}`.
        Template = "chat_template",
    }
}

kinds! {
    /// What becomes of readable reasoning of earlier turns that goes back to its server.
    ReasoningEcho {
        /// It goes back as it came.
        #[default]
        AsGiven = "as_given",
        /// It is withheld.
        Never = "never",
        /// It goes back beside calls of tools, where the server refuses a turn without it, and is
        /// withheld elsewhere.
        ToolCalls = "tool_calls",
        /// The server refuses any turn of the assistant without it, as long as it is to think.
        Always = "always",
    }
}

kinds! {
    /// The field of a message that takes readable reasoning.
    ReasoningField {
        /// `reasoning_content`.
        #[default]
        Content = "reasoning_content",
        /// `reasoning`.
        Reasoning = "reasoning",
    }
}

kinds! {
    /// When a server gives its answers as streams alone.
    StreamOnly {
        /// Never.
        #[default]
        Never = "never",
        /// When it is asked to think.
        Thinking = "thinking",
        /// Always.
        Always = "always",
    }
}

kinds! {
    /// How a server is told that the last message is the beginning of its answer.
    Prefill {
        /// It cannot be told.
        #[default]
        None = "none",
        /// `"prefix": true` at the message.
        Prefix = "prefix",
        /// `"partial": true` at the message.
        Partial = "partial",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_leads_to_its_kind_and_back() {
        for (word, kind) in ThinkingSwitch::WORDS {
            assert_eq!(kind.word(), *word);
        }
        for (word, kind) in ReasoningEcho::WORDS {
            assert_eq!(kind.word(), *word);
        }
        assert_eq!(StreamOnly::NAMES, ["never", "thinking", "always"]);
        assert_eq!(Prefill::default(), Prefill::None);
        assert_eq!(ReasoningField::Reasoning.word(), "reasoning");
    }
}
