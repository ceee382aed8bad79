//! How a server may differ from the dialect that it speaks.
//!
//! Apart from the other tables for its length alone. Whoever adds a key to the reader adds it here.

use tollgate_core_types::custom::{
    Prefill, ReasoningEcho, ReasoningField, StreamOnly, ThinkingSwitch,
};

use super::{Key, MANY, Shape, Table, default};

table! {
    /// Traits of a server; what is not said is as its vendor and model suggest.
    pub(super) quirks {
        /// it wants `max_completion_tokens` instead of `max_tokens`
        max_completion_tokens: Shape::Bool, ~ "the vendor's";
        /// it wants `max_tokens` instead of `max_completion_tokens`
        no_max_completion_tokens: Shape::Bool, ~ "the vendor's";
        /// it wants system messages as `developer`
        developer_role: Shape::Bool, ~ "the vendor's";
        /// it wants developer messages as `system`
        no_developer_role: Shape::Bool, ~ "the vendor's";
        /// it refuses `temperature`, `top_p` and `top_k`
        no_sampling: Shape::Bool, ~ "the vendor's";
        /// it takes an effort instead of a thinking budget
        adaptive_thinking: Shape::Bool, ~ "the vendor's";
        /// it refuses a forced tool choice
        no_forced_tools: Shape::Bool, ~ "the vendor's";
        /// it calls a forced tool choice `any` instead of `required`
        any_for_required: Shape::Bool, ~ "the vendor's";
        /// it has no structured output of its own
        no_native_schema: Shape::Bool, ~ "the vendor's";
        /// it refuses `$schema`, `$id` and `strict` in the schemas of tools
        plain_schemas: Shape::Bool, ~ "the vendor's";
        /// it takes content as one string alone, no lists of parts
        plain_content: Shape::Bool, ~ "the vendor's";
        /// it wants turns of user and assistant in alternation
        alternate_turns: Shape::Bool, ~ "the vendor's";
        /// it takes ids of tool calls of nine letters and digits alone
        short_call_ids: Shape::Bool, ~ "the vendor's";
        /// its answers may begin with reasoning between `<think>` and `</think>`
        inline_thinking: Shape::Bool, ~ "the vendor's; `true` for servers of your own";
        /// it counts reasoning beside `completion_tokens` instead of within
        reasoning_beside_output: Shape::Bool, ~ "the vendor's";
        /// it gives vectors as numbers alone; clients still get the encoding that they ask for
        float_vectors: Shape::Bool, ~ "the vendor's";
        /// it refuses `stream_options`; nothing is asked for in streams then, by whomever
        no_stream_options: Shape::Bool, ~ "the vendor's";
        /// most texts of one request for embeddings, longer ones are cut; 0 for no bound
        embed_batch: Shape::Whole(0, MANY), ~ "the vendor's";
        /// how it is told whether to think: not at all, by `thinking: {type}`, by `enable_thinking`,
        /// or by `chat_template_kwargs`
        thinking_switch: Shape::Choice(ThinkingSwitch::NAMES), ~ "the vendor's";
        /// largest `thinking_budget` beside `enable_thinking`; 0 where it takes none
        thinking_budget: Shape::Whole(0, MANY), ~ "the vendor's";
        /// what becomes of the reasoning of earlier turns: it goes back as it came, never, beside calls
        /// of tools (which the server refuses without it), or always (as it refuses any turn without)
        reasoning_echo: Shape::Choice(ReasoningEcho::NAMES), ~ "the vendor's";
        /// the field of a message that takes it
        reasoning_field: Shape::Choice(ReasoningField::NAMES), ~ "the vendor's";
        /// when it answers as a stream alone: never, when it is asked to think, always; clients still
        /// get the whole answers that they ask for
        stream_only: Shape::Choice(StreamOnly::NAMES), ~ "the vendor's";
        /// how the beginning of an answer is marked: not at all, `prefix: true` or `partial: true`
        prefill: Shape::Choice(Prefill::NAMES), ~ "the vendor's";
    }
}
