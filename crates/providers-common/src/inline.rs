//! Pictures and documents that a request points to, and their data in the place of the address.
//!
//! Some vendors take data alone. Fetching is not done here; these are the words between who knows
//! where addresses stand in a dialect and who fetches them.

use std::collections::HashMap;

/// A place of a request that points to a picture or document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaPlace {
    /// Where it stands, in the client's words: `messages[0].content[1].source.url`.
    pub path: String,
    /// The http(s) address.
    pub url: String,
}

/// A picture or document itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InlineMedia {
    /// IANA media type, for example `image/png`.
    pub media_type: String,
    /// Base64 text, standard alphabet.
    pub data: String,
}

/// What was fetched, by address.
pub type MediaMap = HashMap<String, InlineMedia>;

/// Whether an address is one to fetch; data and other schemes are the dialect's business.
#[must_use]
pub fn is_fetchable(url: &str) -> bool {
    let starts = |scheme: &str| {
        url.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    };
    starts("http://") || starts("https://")
}
