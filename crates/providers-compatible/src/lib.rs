//! Vendors that speak OpenAI's dialect, as data: where they are, how their environment variables
//! are called, how their servers differ and what their codes mean.
//!
//! There is no code per vendor here, on purpose: what a table cannot say is either a quirk of the
//! dialect's codec or a reason for a crate of its own. Your own server needs no line here; declare it
//! in configuration. The crate must never know a key, a socket or another dialect.
//!
//! ```
//! let presets = tollgate_providers_compatible::presets();
//! let groq = presets.iter().find(|vendor| vendor.name == "groq").unwrap();
//! assert_eq!(groq.env, ["GROQ"]);
//! ```

mod customs;
mod table;

use tollgate_core_types::ProviderName;
use tollgate_providers_common::target::Quirks;
use tollgate_providers_openai::{Codes, OpenAi, Server};

pub use table::presets;

/// How servers of `vendor` differ from OpenAI's. Of one that is not in the table nothing is known,
/// and it is read with the more care.
#[must_use]
pub fn quirks(vendor: &str) -> Quirks {
    if presets().iter().any(|preset| preset.name == vendor) {
        customs::of(vendor)
    } else {
        customs::UNKNOWN
    }
}

/// A vendor of the table, or a user's own, for a server of these traits.
#[must_use]
pub fn provider(name: ProviderName, server: Server) -> OpenAi {
    let known = customs::codes(name.as_str());
    let codes = Codes { known, ..server.codes };
    OpenAi::at(name, Server { codes, ..server })
}

#[cfg(test)]
mod tests;

/// The README's examples, compiled and run with the others.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
