//! Gemini's thought signatures, where Google's own OpenAI-compatible API puts them:
//! `extra_content.google.thought_signature` of a tool call, or of the message for text.
//!
//! Gemini refuses a turn of calls that comes back without its signature; a client that sends its
//! messages back unchanged returns it.

use serde::{Deserialize, Serialize};
use tollgate_core_types::Dialect;
use tollgate_core_types::chat::{Part, ReasoningPart};

use crate::reader::{Fields, Path};

/// The field's name.
const FIELD: &str = "extra_content";

/// The field as it is written.
#[derive(Debug, Serialize)]
pub(super) struct ExtraContent<'a> {
    google: Google<'a>,
}

#[derive(Debug, Serialize)]
struct Google<'a> {
    thought_signature: &'a str,
}

impl<'a> ExtraContent<'a> {
    /// The field for a signature.
    pub(super) fn new(thought_signature: &'a str) -> Self {
        Self { google: Google { thought_signature } }
    }
}

/// The signature of reasoning that Gemini issued.
pub(super) fn signature(part: &ReasoningPart) -> Option<&str> {
    part.signature.as_deref().filter(|_| part.issuer == Dialect::GEMINI_GENERATE)
}

/// Takes the field of a message or a call; what is none of ours says nothing to anybody.
pub(super) fn take(fields: &mut Fields<'_>, path: &Path<'_>) -> Option<Part> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Extra {
        google: Option<Kept>,
    }
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Kept {
        thought_signature: Option<String>,
    }
    let json = fields.take(path, FIELD)?.json();
    let extra: Extra = serde_json::from_str(json.as_str()).ok()?;
    let signature = extra.google?.thought_signature.filter(|signature| !signature.is_empty())?;
    Some(Part::Reasoning(ReasoningPart {
        text: String::new(),
        signature: Some(signature),
        redacted: None,
        issuer: Dialect::GEMINI_GENERATE,
    }))
}
