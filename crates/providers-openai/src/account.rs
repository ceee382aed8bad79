//! The verbatim path's reading of a whole answer: is it one, and what is to be accounted.
//!
//! One pass that skips all content. It must give what the translated path's decoding gives
//! (`chat::decode`); a test holds the two together on one corpus.

mod glance;

use tollgate_providers_common::{Account, DecodeError, scan};

use crate::chat::finish::{self, Ended};
use crate::error::in_band_or_unknown;
use crate::malformed::{malformed, not_json};
use crate::server::Server;
use crate::wire::{self, Count};
use glance::Glance;

/// Reads a chat or text completion; `what` names it in errors.
pub(crate) fn choices(body: &[u8], what: &str) -> Result<Account, DecodeError> {
    let glance = read(body, what)?;
    let failed = glance.error.0 || glance.choices.failed;
    let Some(first) = glance.choices.first.as_ref().filter(|_| !failed) else {
        return Err(no_choices(body, what, failed));
    };
    if !first.said {
        return Err(no_message(what));
    }
    let finish = match finish::read(&first.finish, first.calls) {
        Ended::With(finish) => finish,
        Ended::Not => finish::unsaid(first.calls),
        Ended::Failed(error) => return Err(DecodeError::Upstream(error)),
    };
    Ok(Account { model: model(&glance), usage: glance.usage(), finish: Some(finish) })
}

/// Reads a completion of a server with traits of its own.
pub(crate) fn choices_of(server: &Server, body: &[u8], what: &str) -> Result<Account, DecodeError> {
    let mut account = choices(body, what).map_err(|error| server.judged_answer(error))?;
    if server.quirks.reasoning_beside_output
        && let Ok(answer) = wire::read::<wire::Answer<'_>>(body)
    {
        account.usage = wire::usage_as(&answer, true);
    }
    Ok(account)
}

/// Reads an answer of embeddings.
pub(crate) fn embeddings(body: &[u8]) -> Result<Account, DecodeError> {
    const WHAT: &str = "an embeddings answer";
    let glance = read(body, WHAT)?;
    if glance.error.0 || !glance.data.0 {
        if let Some(error) = crate::error::in_band(body) {
            return Err(DecodeError::Upstream(error));
        }
        return Err(malformed(format!("{WHAT} without `data`")));
    }
    Ok(Account { model: model(&glance), usage: glance.usage(), finish: None })
}

fn model(glance: &Glance<'_>) -> Option<String> {
    glance.model.filled().map(str::to_owned)
}

/// Why an answer without choices is none: the error that it reports, or that it has none.
pub(crate) fn no_choices(body: &[u8], what: &str, failed: bool) -> DecodeError {
    if failed {
        return DecodeError::Upstream(in_band_or_unknown(body));
    }
    match crate::error::in_band(body) {
        Some(error) => DecodeError::Upstream(error),
        None => malformed(format!("{what} without choices")),
    }
}

/// A choice in which nothing was said is a broken answer, not an empty one.
pub(crate) fn no_message(what: &str) -> DecodeError {
    malformed(format!("{what} whose choice has no message"))
}

/// The choice that the gateway's own types can carry: index 0, or the first where none says so.
pub(crate) fn first_choice<T>(list: &[T], index: impl Fn(&T) -> Count) -> Option<&T> {
    list.iter().find(|choice| index(choice) == Count(Some(0))).or_else(|| list.first())
}

fn read<'a>(body: &'a [u8], what: &str) -> Result<Glance<'a>, DecodeError> {
    if body.trim_ascii_start().first() == Some(&b'[') {
        // An error in a list, as Gemini writes it, or nothing that we know.
        return Err(match crate::error::in_band(body) {
            Some(error) => DecodeError::Upstream(error),
            None => malformed(format!("a list instead of {what}")),
        });
    }
    let mut glance = Glance::default();
    // The reader of requests is the faster one. What it refuses is read again, for the words of the
    // error and for what it minds and we do not.
    if scan::fields(body, &mut glance) {
        return Ok(glance);
    }
    wire::read(body).map_err(|error| not_json(what, body, &error))
}
