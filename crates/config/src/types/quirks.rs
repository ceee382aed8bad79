//! Traits of a server that configuration overrides: each of them once, by the name of its key.

use tollgate_core_types::custom::{
    Prefill, ReasoningEcho, ReasoningField, StreamOnly, ThinkingSwitch,
};

/// The overrides, and what every place that reads, lays over or shows them needs.
macro_rules! overrides {
    (
        flags { $($(#[$flag_doc:meta])* $flag:ident,)* }
        counts { $($(#[$count_doc:meta])* $count:ident,)* }
        kinds { $($(#[$kind_doc:meta])* $kind:ident: $type:ident,)* }
    ) => {
        /// Traits of a server that configuration overrides; `None` keeps what is known.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
        pub struct QuirkOverrides {
            $($(#[$flag_doc])* pub $flag: Option<bool>,)*
            $($(#[$count_doc])* pub $count: Option<u32>,)*
            $($(#[$kind_doc])* pub $kind: Option<$type>,)*
        }

        impl QuirkOverrides {
            /// These over `lower`.
            pub(crate) fn over(self, lower: Self) -> Self {
                Self {
                    $($flag: self.$flag.or(lower.$flag),)*
                    $($count: self.$count.or(lower.$count),)*
                    $($kind: self.$kind.or(lower.$kind),)*
                }
            }

            /// Those that are true or false, by their keys.
            pub(crate) fn flags(&mut self) -> Vec<(&'static str, &mut Option<bool>)> {
                vec![$((stringify!($flag), &mut self.$flag)),*]
            }

            /// Those that are numbers, by their keys.
            pub(crate) fn counts(&mut self) -> Vec<(&'static str, &mut Option<u32>)> {
                vec![$((stringify!($count), &mut self.$count)),*]
            }

            /// What is said, by its keys and in its words.
            pub(crate) fn said(&self) -> Vec<(&'static str, String)> {
                let mut said = Vec::new();
                $(said.extend(self.$flag.map(|it| (stringify!($flag), it.to_string())));)*
                $(said.extend(self.$count.map(|it| (stringify!($count), it.to_string())));)*
                $(said.extend(self.$kind.map(|it| (stringify!($kind), it.word().to_owned())));)*
                said
            }
        }
    };
}

overrides! {
    flags {
        /// Send `max_completion_tokens` instead of `max_tokens`.
        max_completion_tokens,
        /// Send `max_tokens` instead of `max_completion_tokens`.
        no_max_completion_tokens,
        /// Send system messages as `developer`.
        developer_role,
        /// Send developer messages as `system`.
        no_developer_role,
        /// The model refuses temperature, top_p and top_k.
        no_sampling,
        /// The model takes adaptive thinking with an effort.
        adaptive_thinking,
        /// The model refuses a forced tool choice.
        no_forced_tools,
        /// A forced tool choice is called `any`.
        any_for_required,
        /// The model has no native structured output.
        no_native_schema,
        /// Schemas go without `$schema`, `$id` and `strict`.
        plain_schemas,
        /// Text goes as one string.
        plain_content,
        /// Turns of user and assistant have to alternate.
        alternate_turns,
        /// Ids of tool calls are nine letters and digits.
        short_call_ids,
        /// Reasoning may stand in tags at the text's beginning.
        inline_thinking,
        /// Reasoning is counted beside the output.
        reasoning_beside_output,
        /// Vectors come as numbers alone.
        float_vectors,
        /// The server refuses `stream_options`.
        no_stream_options,
    }
    counts {
        /// Most texts of one request for embeddings; 0 for no bound.
        embed_batch,
        /// Largest `thinking_budget`; 0 where there is no such thing.
        thinking_budget,
    }
    kinds {
        /// How the server is told whether to think.
        thinking_switch: ThinkingSwitch,
        /// What becomes of the reasoning of earlier turns.
        reasoning_echo: ReasoningEcho,
        /// The field that takes it.
        reasoning_field: ReasoningField,
        /// When the server only streams.
        stream_only: StreamOnly,
        /// How the beginning of an answer is marked.
        prefill: Prefill,
    }
}
