//! A domain request as a body of Responses, and what the dialect could not carry.
//!
//! As the chat encoder, it takes every domain type apart in full and keeps schemas and arguments to
//! the byte. A request is never stored unless the client says so, and a model that reasons is asked
//! for its sealed reasoning, so that a conversation goes on without the vendor's memory.

mod body;
mod input;

use serde_json::value::RawValue;
use tollgate_core_types::Lost;
use tollgate_core_types::chat::{self as domain, ChatRequest};
use tollgate_providers_common::target::Quirks;
use tollgate_providers_common::{EncodeError, UpstreamTarget};

use crate::chat::encode::body::raw;
use crate::chat::encode::{Losses, Sampling, reasoning, tier, tools as chat_tools, user};
use crate::family::samples_unreasoned;
use body::{Body, Format, Reasoning, TextOut, Tool, ToolChoice};

/// Least bound of tokens that OpenAI takes here.
const BOUND_MIN: u64 = 16;

/// Fields of chat that mean the same here.
const OWN: &[&str] =
    &["metadata", "prompt_cache_key", "prompt_cache_options", "prompt_cache_retention", "store"];

/// Writes the body for `target`.
pub(super) fn body(
    chat: &ChatRequest,
    target: &UpstreamTarget,
) -> Result<(Vec<u8>, Vec<Lost>), EncodeError> {
    let mut losses = Losses::default();
    let body = fill(chat, target, &mut losses)?;
    let text = serde_json::to_vec(&body).map_err(|error| EncodeError::Build(error.to_string()))?;
    Ok((text, losses.into_list()))
}

fn fill<'a>(
    chat: &'a ChatRequest,
    target: &'a UpstreamTarget,
    losses: &mut Losses,
) -> Result<Body<'a>, EncodeError> {
    let ChatRequest {
        messages,
        tools,
        tool_choice,
        parallel_tool_calls,
        response_format,
        reasoning,
        max_output_tokens,
        temperature,
        top_p,
        top_k,
        frequency_penalty,
        presence_penalty,
        seed,
        n,
        stop,
        user,
        service_tier,
        stream,
        extra,
    } = chat;
    let quirks = &target.quirks;
    let off = reasoning.as_ref().is_some_and(reasoning::is_off);
    let refused = quirks.no_sampling && !(off && samples_unreasoned(&target.model));
    let mut sampling = Sampling { refused, losses };
    let (temperature, top_p) =
        (sampling.keep("temperature", *temperature, 1.0), sampling.keep("top_p", *top_p, 1.0));
    for (name, given) in [
        ("top_k", top_k.is_some()),
        ("frequency_penalty", frequency_penalty.is_some_and(|penalty| penalty != 0.0)),
        ("presence_penalty", presence_penalty.is_some_and(|penalty| penalty != 0.0)),
        ("seed", seed.is_some()),
        ("n", n.is_some_and(|n| n > 1)),
        ("stop", !stop.is_empty()),
    ] {
        if given {
            losses.dropped(name);
        }
    }
    let (own, verbosity) = own(extra, target, losses)?;
    let stored = own.iter().any(|(name, _)| *name == "store");
    Ok(Body {
        model: &target.model,
        input: input::items(messages, quirks, losses)?,
        tools: self::tools(tools, losses)?,
        tool_choice: choice(tool_choice.as_ref(), tools.is_empty(), quirks, losses),
        parallel_tool_calls: parallel_tool_calls.filter(|_| !tools.is_empty()),
        text: text(response_format.as_ref(), verbosity, losses)?,
        reasoning: reasoning.as_ref().and_then(|given| thought(given, target, losses)),
        max_output_tokens: max_output_tokens.map(|bound| self::bound(bound, losses)),
        temperature,
        top_p,
        user: user.as_deref().and_then(|given| self::user(given, losses)),
        service_tier: service_tier.as_deref().and_then(|given| tier(given, losses)),
        include: quirks.adaptive_thinking.then_some(["reasoning.encrypted_content"]),
        store: (!stored).then_some(false),
        stream: stream.then_some(true),
        own: body::Own(own),
    })
}

/// OpenAI refuses a lower bound than its least.
fn bound(bound: u64, losses: &mut Losses) -> u64 {
    if bound < BOUND_MIN {
        losses.approximated("max_tokens");
    }
    bound.max(BOUND_MIN)
}

type Given<'a> = Vec<(&'a str, &'a RawValue)>;

/// The fields to write as they came, and the wish for more or fewer words, which stands elsewhere
/// here. A configured default that the client's dialect has no word for is in the vendor's words: it
/// is written where the rules are applied, and is not lost.
fn own<'a>(
    extra: &'a [(String, tollgate_core_types::JsonText)],
    target: &UpstreamTarget,
    losses: &mut Losses,
) -> Result<(Given<'a>, Option<&'a RawValue>), EncodeError> {
    let (mut own, mut verbosity) = (Vec::new(), None);
    for (name, json) in extra {
        let defaulted =
            target.params.defaults.iter().any(|(key, value)| key == name && value == json);
        if OWN.contains(&name.as_str()) {
            own.push((name.as_str(), raw(json, name)?));
        } else if name == "verbosity" {
            verbosity = Some(raw(json, name)?);
        } else if !defaulted {
            losses.dropped(name.clone());
        }
    }
    Ok((own, verbosity))
}

fn tools<'a>(tools: &'a [domain::Tool], losses: &mut Losses) -> Result<Vec<Tool<'a>>, EncodeError> {
    tools.iter().enumerate().map(|(index, given)| tool(given, index, losses)).collect()
}

fn tool<'a>(
    tool: &'a domain::Tool,
    index: usize,
    losses: &mut Losses,
) -> Result<Tool<'a>, EncodeError> {
    let domain::Tool { name, description, parameters, strict, cache, foreign } = tool;
    losses.cache(cache.as_ref());
    if let Some((dialect, _)) = foreign {
        return Err(EncodeError::Unsupported {
            field: format!("tools[{index}]"),
            reason: format!("`{name}` is a tool of {dialect} alone"),
        });
    }
    let field = || format!("tools[{index}].parameters");
    let schema = parameters.as_ref();
    let strict = chat_tools::held(*strict, schema, || format!("tools[{index}].strict"), losses);
    Ok(Tool {
        kind: "function",
        name,
        description: description.as_deref(),
        parameters: schema.map(|json| chat_tools::whole(json, &field())).transpose()?,
        // Unsaid it means yes here, and no everywhere else.
        strict: strict.unwrap_or(false),
    })
}

/// The choice of a tool. The vendor refuses one without tools.
fn choice<'a>(
    choice: Option<&'a domain::ToolChoice>,
    no_tools: bool,
    quirks: &Quirks,
    losses: &mut Losses,
) -> Option<ToolChoice<'a>> {
    let choice = choice?;
    if no_tools {
        if !matches!(choice, domain::ToolChoice::None | domain::ToolChoice::Auto) {
            losses.dropped("tool_choice");
        }
        return None;
    }
    Some(match choice {
        domain::ToolChoice::Auto => ToolChoice::Word("auto"),
        domain::ToolChoice::None => ToolChoice::Word("none"),
        domain::ToolChoice::Required | domain::ToolChoice::Named(_) if quirks.no_forced_tools => {
            losses.approximated("tool_choice");
            ToolChoice::Word("auto")
        }
        domain::ToolChoice::Required => ToolChoice::Word("required"),
        domain::ToolChoice::Named(name) => ToolChoice::Named { kind: "function", name },
    })
}

/// The form of the answer.
fn text<'a>(
    format: Option<&'a domain::ResponseFormat>,
    verbosity: Option<&'a RawValue>,
    losses: &mut Losses,
) -> Result<Option<TextOut<'a>>, EncodeError> {
    const FIELD: &str = "response_format.json_schema.schema";
    let format = match format {
        None => None,
        Some(domain::ResponseFormat::Text) => Some(Format::Text),
        Some(domain::ResponseFormat::JsonObject) => Some(Format::JsonObject),
        Some(domain::ResponseFormat::JsonSchema { name, description, schema, strict }) => {
            let field = || "response_format".to_owned();
            let strict = chat_tools::held(*strict, Some(schema), field, losses);
            let (schema, description) = (raw(schema, FIELD)?, description.as_deref());
            Some(Format::JsonSchema { name, description, schema, strict })
        }
    };
    let said = format.is_some() || verbosity.is_some();
    Ok(said.then_some(TextOut { format, verbosity }))
}

/// How much to think, in the efforts that the model takes, and whether it tells of it.
fn thought(
    given: &domain::Reasoning,
    target: &UpstreamTarget,
    losses: &mut Losses,
) -> Option<Reasoning> {
    // Told here, which chat cannot; and tools do not exclude an effort here.
    let silent = domain::Reasoning { display: None, ..given.clone() };
    let effort = reasoning::effort(&silent, target, false, losses).map(str::to_owned);
    let wanted = given.display.as_deref() == Some("summarized");
    let summary = (wanted && target.quirks.adaptive_thinking).then_some("auto");
    (effort.is_some() || summary.is_some()).then_some(Reasoning { effort, summary })
}
