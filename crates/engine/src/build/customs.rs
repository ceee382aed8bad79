//! How a deployment's server differs: what is known of its vendor, overridden by configuration.

use std::sync::Arc;
use tollgate_config::QuirkOverrides;
use tollgate_providers_common::target::Quirks;
use tollgate_providers_openai::{Codes, Completions, Server};

/// The server of a deployment, for the codecs of OpenAI's dialect. The codes that are known of the
/// vendor are added where its codecs are made.
pub(super) fn server(config: &tollgate_config::Deployment, quirks: Quirks) -> Server {
    Server {
        // Which endpoint serves them is the deployment's to find out.
        completions: Completions::Native,
        chat_path: config.chat_path.clone(),
        own: false,
        quirks,
        codes: Codes { known: &[], own: Arc::from(config.error_codes.as_slice()) },
    }
}

/// Configuration's word on each trait, where it has one.
pub(super) fn override_quirks(quirks: &mut Quirks, overrides: QuirkOverrides) {
    let QuirkOverrides {
        max_completion_tokens,
        no_max_completion_tokens,
        developer_role,
        no_developer_role,
        no_sampling,
        adaptive_thinking,
        no_forced_tools,
        any_for_required,
        no_native_schema,
        plain_schemas,
        plain_content,
        alternate_turns,
        short_call_ids,
        inline_thinking,
        reasoning_beside_output,
        float_vectors,
        no_stream_options,
        embed_batch,
        thinking_budget,
        thinking_switch,
        reasoning_echo,
        reasoning_field,
        stream_only,
        prefill,
    } = overrides;
    let flags = [
        (&mut quirks.max_completion_tokens, max_completion_tokens),
        (&mut quirks.no_max_completion_tokens, no_max_completion_tokens),
        (&mut quirks.developer_role, developer_role),
        (&mut quirks.no_developer_role, no_developer_role),
        (&mut quirks.no_sampling, no_sampling),
        (&mut quirks.adaptive_thinking, adaptive_thinking),
        (&mut quirks.no_forced_tools, no_forced_tools),
        (&mut quirks.any_for_required, any_for_required),
        (&mut quirks.no_native_schema, no_native_schema),
        (&mut quirks.plain_schemas, plain_schemas),
        (&mut quirks.plain_content, plain_content),
        (&mut quirks.alternate_turns, alternate_turns),
        (&mut quirks.short_call_ids, short_call_ids),
        (&mut quirks.inline_thinking, inline_thinking),
        (&mut quirks.reasoning_beside_output, reasoning_beside_output),
        (&mut quirks.float_vectors, float_vectors),
        (&mut quirks.no_stream_options, no_stream_options),
    ];
    for (quirk, said) in flags {
        *quirk = said.unwrap_or(*quirk);
    }
    quirks.embed_batch = embed_batch.unwrap_or(quirks.embed_batch);
    quirks.thinking_budget = thinking_budget.unwrap_or(quirks.thinking_budget);
    quirks.thinking_switch = thinking_switch.unwrap_or(quirks.thinking_switch);
    quirks.reasoning_echo = reasoning_echo.unwrap_or(quirks.reasoning_echo);
    quirks.reasoning_field = reasoning_field.unwrap_or(quirks.reasoning_field);
    quirks.stream_only = stream_only.unwrap_or(quirks.stream_only);
    quirks.prefill = prefill.unwrap_or(quirks.prefill);
}
