//! What was used, read from a whole answer or one event of a stream; nothing else is looked at.
//!
//! Four shapes of usage are about: OpenAI's older and newer words for tokens, Cohere's `meta`, and
//! lengths of audio, which are no tokens and count as nothing.

use serde::Deserialize;
use tollgate_core_types::Usage;
use tollgate_providers_common::{Account, DecodeError};

use crate::error::in_band_or_unknown;
use crate::malformed::{malformed, not_json};
use crate::wire::{self, Count, Lax, Present, Text};

/// An answer or event as far as accounting needs it.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Answer<'a> {
    #[serde(borrow, default, rename = "type")]
    pub(super) kind: Text<'a>,
    #[serde(borrow, default)]
    model: Text<'a>,
    #[serde(default)]
    usage: Lax<Tokens>,
    #[serde(default)]
    meta: Lax<Meta>,
    #[serde(default)]
    pub(super) error: Present,
}

/// Cohere's envelope, which SiliconFlow and others took over.
#[derive(Debug, Default, Deserialize)]
struct Meta {
    #[serde(default)]
    tokens: Lax<Tokens>,
}

#[derive(Debug, Default, Deserialize)]
struct Tokens {
    #[serde(default)]
    input_tokens: Count,
    #[serde(default)]
    output_tokens: Count,
    #[serde(default)]
    prompt_tokens: Count,
    #[serde(default)]
    completion_tokens: Count,
    #[serde(default)]
    total_tokens: Count,
    #[serde(default)]
    input_tokens_details: Lax<Details>,
}

#[derive(Debug, Default, Deserialize)]
struct Details {
    #[serde(default)]
    cached_tokens: Count,
}

impl Answer<'_> {
    /// What was used.
    pub(super) fn usage(&self) -> Usage {
        let said = self.usage.0.read();
        if said.is_empty() { self.meta.0.tokens.0.read() } else { said }
    }

    /// The model that answered.
    pub(super) fn model(&self) -> Option<String> {
        self.model.filled().map(str::to_owned)
    }
}

impl Tokens {
    fn read(&self) -> Usage {
        let input = self.input_tokens.0.or(self.prompt_tokens.0);
        let output = self.output_tokens.0.or(self.completion_tokens.0);
        Usage {
            // Where only a total is told, nothing was generated: it ranks, it does not write.
            input_tokens: input.or(self.total_tokens.0.filter(|_| output.is_none())),
            output_tokens: output,
            cache_read_tokens: self.input_tokens_details.0.cached_tokens.0,
            ..Usage::default()
        }
    }
}

/// Reads a whole answer.
pub(super) fn account(body: &[u8]) -> Result<Account, DecodeError> {
    const WHAT: &str = "an answer";
    match body.trim_ascii_start().first() {
        Some(b'{') => {}
        // A transcript with timestamps may be a list at some vendors.
        Some(b'[') => {
            serde_json::from_slice::<serde::de::IgnoredAny>(body)
                .map_err(|error| not_json(WHAT, body, &error))?;
            return match crate::error::in_band(body) {
                Some(error) => Err(DecodeError::Upstream(error)),
                None => Ok(Account::default()),
            };
        }
        Some(_) | None => return Err(malformed(format!("no JSON object in {WHAT}"))),
    }
    let answer: Answer<'_> = wire::read(body).map_err(|error| not_json(WHAT, body, &error))?;
    if answer.error.0 {
        return Err(DecodeError::Upstream(in_band_or_unknown(body)));
    }
    Ok(Account { model: answer.model(), usage: answer.usage(), finish: None })
}
