//! What may be said of a model over the catalogue: what it takes, and what it costs.
//!
//! Apart from the other tables for its length alone. Whoever adds a key to the reader adds it here.

use super::{Key, Shape, Table, default};

table! {
    /// What a model takes and gives. A request goes to no deployment that is known not to take it.
    pub(super) capabilities {
        /// most tokens of a prompt
        context: Shape::Whole(1, 1_000_000_000_000), ~ "the catalogue's";
        /// most tokens of an answer
        max_output: Shape::Whole(1, 1_000_000_000_000), ~ "the catalogue's";
        /// length of its vectors
        dimensions: Shape::Whole(1, 1_000_000_000_000), ~ "the catalogue's";
        /// most texts of one request for vectors
        batch: Shape::Whole(1, 1_000_000_000_000), ~ "the catalogue's";
        /// pictures in prompts
        images: Shape::Bool, ~ "the catalogue's";
        /// PDF files in prompts
        documents: Shape::Bool, ~ "the catalogue's";
        /// sound in prompts
        audio: Shape::Bool, ~ "the catalogue's";
        /// tools that it may call
        tools: Shape::Bool, ~ "the catalogue's";
        /// a choice of tool that the model must follow
        forced_tools: Shape::Bool, ~ "the catalogue's";
        /// answers that the vendor holds to a JSON Schema
        structured_output: Shape::Bool, ~ "the catalogue's";
        /// `temperature`, `top_p` and `top_k`
        sampling: Shape::Bool, ~ "the catalogue's";
        /// an answer that the request begins
        prefill: Shape::Bool, ~ "the catalogue's";
        /// how it is told to think
        reasoning: Shape::Choice(&["none", "effort", "budget", "adaptive", "always"]), ~ "the catalogue's";
    }
}

table! {
    /// What tokens cost, in US dollars per million.
    pub(super) prices {
        /// of the prompt
        input: Shape::Number, ~ "the catalogue's";
        /// of the answer
        output: Shape::Number, ~ "the catalogue's";
        /// read from the prompt cache
        cache_read: Shape::Number, ~ "as `input`";
        /// written to the prompt cache, for minutes
        cache_write: Shape::Number, ~ "as `input`";
        /// written to the prompt cache, for an hour
        cache_write_1h: Shape::Number, ~ "unknown where `cache_write` is said";
        /// of sound in the prompt
        input_audio: Shape::Number, ~ "as `input`";
        /// of sound in the answer
        output_audio: Shape::Number, ~ "as `output`";
        /// of reasoning
        reasoning: Shape::Number, ~ "as `output`";
        /// of the batch tier
        batch: Shape::See(rates);
        /// of the flex tier
        flex: Shape::See(rates);
        /// of the priority tier
        priority: Shape::See(rates);
        /// of the fast mode
        fast: Shape::See(rates);
        /// of larger prompts, for the whole request
        above: Shape::List(larger);
        /// a factor on every rate, also on those of the catalogue: `0.8` for a fifth off
        factor: Shape::Positive, ~ "`1`";
    }
}

table! {
    /// Rates of a service tier.
    pub(super) rates {
        /// of the prompt
        input: Shape::Number, ~ "as without the tier";
        /// of the answer
        output: Shape::Number, ~ "as without the tier";
        /// read from the prompt cache
        cache_read: Shape::Number, ~ "as without the tier";
        /// written to the prompt cache, for minutes
        cache_write: Shape::Number, ~ "as without the tier";
        /// written to the prompt cache, for an hour
        cache_write_1h: Shape::Number, ~ "as without the tier";
        /// of sound in the prompt
        input_audio: Shape::Number, ~ "as without the tier";
        /// of sound in the answer
        output_audio: Shape::Number, ~ "as without the tier";
        /// of reasoning
        reasoning: Shape::Number, ~ "as without the tier";
    }
}

table! {
    /// Rates of larger prompts.
    pub(super) larger {
        /// they hold for prompts of more tokens than this
        tokens: Shape::Whole(1, 1_000_000_000_000), ~ "required";
        /// of the prompt
        input: Shape::Number, ~ "as for smaller ones";
        /// of the answer
        output: Shape::Number, ~ "as for smaller ones";
        /// read from the prompt cache
        cache_read: Shape::Number, ~ "as for smaller ones";
        /// written to the prompt cache, for minutes
        cache_write: Shape::Number, ~ "as for smaller ones";
        /// written to the prompt cache, for an hour
        cache_write_1h: Shape::Number, ~ "as for smaller ones";
        /// of sound in the prompt
        input_audio: Shape::Number, ~ "as for smaller ones";
        /// of sound in the answer
        output_audio: Shape::Number, ~ "as for smaller ones";
        /// of reasoning
        reasoning: Shape::Number, ~ "as for smaller ones";
    }
}
