//! OpenAI's sealed reasoning, where OpenRouter puts it in this dialect: `reasoning_details` of an
//! assistant's message, of the type `reasoning.encrypted`.
//!
//! A client that sends its messages back unchanged returns it, and the model goes on from where it
//! thought. Details of other formats are other gateways' business and say nothing here.

use serde::{Deserialize, Serialize};
use tollgate_core_types::Dialect;
use tollgate_core_types::chat::{Part, ReasoningPart};

use crate::reader::Place;
use crate::responses::sealed;

/// The field's name.
pub(super) const FIELD: &str = "reasoning_details";

const KIND: &str = "reasoning.encrypted";
const FORMAT: &str = "openai-responses-v1";

/// One detail as it is written.
#[derive(Debug, Serialize)]
pub(super) struct Detail<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    id: &'a str,
    format: &'static str,
    index: usize,
    data: &'a str,
}

impl<'a> Detail<'a> {
    /// The `index`-th detail of an answer; `None` where OpenAI sealed nothing.
    pub(super) fn of(signature: Option<&'a str>, issuer: Dialect, index: usize) -> Option<Self> {
        let signature = signature.filter(|_| issuer == Dialect::OPENAI_RESPONSES)?;
        let (id, data) = sealed::open(signature)?;
        Some(Self { kind: KIND, id, format: FORMAT, index, data })
    }
}

/// The signatures that a client sends back.
pub(super) fn read(place: &Place<'_, '_>) -> Vec<String> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Given {
        #[serde(rename = "type")]
        kind: Option<String>,
        id: Option<String>,
        format: Option<String>,
        data: Option<String>,
    }
    let details: Vec<Given> = serde_json::from_str(place.json().as_str()).unwrap_or_default();
    let ours = details.into_iter().filter(|detail| {
        detail.kind.as_deref() == Some(KIND) && detail.format.as_deref() == Some(FORMAT)
    });
    ours.filter_map(|detail| Some(sealed::signature(&detail.id?, &detail.data?))).collect()
}

/// The parts of those signatures; the readable text, which is one here, stands with the first.
pub(super) fn with_text(signatures: Vec<String>, text: &str) -> Vec<Part> {
    let texts = std::iter::once(text).chain(std::iter::repeat(""));
    let part = |(signature, text): (String, &str)| {
        Part::Reasoning(ReasoningPart {
            text: text.to_owned(),
            signature: Some(signature),
            redacted: None,
            issuer: Dialect::OPENAI_RESPONSES,
        })
    };
    signatures.into_iter().zip(texts).map(part).collect()
}
