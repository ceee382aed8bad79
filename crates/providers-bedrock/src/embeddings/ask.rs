//! A client's request in the words of the model.

use bytes::Bytes;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use tollgate_core_types::Lost;
use tollgate_providers_common::scan::Layout;
use tollgate_providers_common::splice::Edits;
use tollgate_providers_common::{EncodeError, Inbound, ParamRules, Piece, UpstreamTarget};

use crate::models::Family;

/// Most requests that a client's one is cut into.
const PIECES: usize = 256;

/// Most texts of one request of Cohere's.
const COHERE_TEXTS: usize = 96;

/// One request for each text, where there are several.
pub(super) fn pieces(inbound: &Inbound) -> Vec<Piece> {
    Piece::cut(inbound, 1, PIECES)
}

/// The body, and what it could not carry.
pub(super) fn body(
    family: Family,
    model: &str,
    inbound: &Inbound,
    target: &UpstreamTarget,
) -> Result<(Bytes, Vec<Lost>), EncodeError> {
    let ask: BTreeMap<String, Box<RawValue>> = serde_json::from_slice(&inbound.body)
        .map_err(|_| invalid("input", "the body cannot be read"))?;
    let input = ask.get("input").ok_or_else(|| invalid("input", "`input` is required"))?;
    let texts = texts(input)?;
    let dimensions = ask.get("dimensions").and_then(|json| serde_json::from_str(json.get()).ok());
    let (mut body, own) = match family {
        Family::TitanEmbed => titan(model, &texts, dimensions)?,
        Family::Claude
        | Family::Nova
        | Family::GptOss
        | Family::Mistral
        | Family::CohereEmbed
        | Family::Other => cohere(model, &texts, dimensions)?,
    };
    let mut lost = Vec::new();
    for (key, json) in &ask {
        let said = matches!(
            key.as_str(),
            "input" | "dimensions" | "model" | "encoding_format" | "load_balance_strategy"
        );
        if said || json.get() == "null" {
            continue;
        }
        match serde_json::from_str(json.get()) {
            Ok(value) if own.contains(&key.as_str()) => {
                body.insert(key.clone(), value);
            }
            Ok(_) | Err(_) => lost.push(Lost::dropped(key.clone())),
        }
    }
    if dimensions.is_some() && !takes_dimensions(family, model) {
        lost.push(Lost::dropped("dimensions"));
    }
    let body = Bytes::from(Value::Object(body).to_string());
    let rules = ParamRules {
        defaults: target.params.defaults.iter().filter(own_default(own)).cloned().collect(),
        ..target.params.clone()
    };
    let body = Edits::new().rules(&rules, &[]).apply(&body, &Layout::default());
    Ok((body, lost))
}

/// Whether a configured default is one of the model's own fields.
fn own_default<T>(own: &'static [&'static str]) -> impl Fn(&&(String, T)) -> bool {
    move |(key, _)| own.contains(&key.as_str())
}

type Words = (Map<String, Value>, &'static [&'static str]);

fn titan(model: &str, texts: &[String], dimensions: Option<u64>) -> Result<Words, EncodeError> {
    let [text] = texts else {
        let reason = format!("this model takes one text per request; {PIECES} are sent for one");
        return Err(EncodeError::Unsupported { field: "input".to_owned(), reason });
    };
    let mut body = Map::new();
    body.insert("inputText".to_owned(), json!(text));
    if let Some(dimensions) = dimensions.filter(|_| takes_dimensions(Family::TitanEmbed, model)) {
        if model.contains("image") {
            let config = json!({ "outputEmbeddingLength": dimensions });
            body.insert("embeddingConfig".to_owned(), config);
        } else {
            body.insert("dimensions".to_owned(), json!(dimensions));
        }
    }
    Ok((body, &["normalize", "embeddingConfig", "inputImage"]))
}

fn cohere(model: &str, texts: &[String], dimensions: Option<u64>) -> Result<Words, EncodeError> {
    if texts.len() > COHERE_TEXTS {
        let reason = format!("this model takes {COHERE_TEXTS} texts per request");
        return Err(EncodeError::Unsupported { field: "input".to_owned(), reason });
    }
    let mut body = Map::new();
    body.insert("texts".to_owned(), json!(texts));
    // It has no default; what is embedded is most often there to be found.
    body.insert("input_type".to_owned(), json!("search_document"));
    if let Some(dimensions) = dimensions.filter(|_| takes_dimensions(Family::CohereEmbed, model)) {
        body.insert("output_dimension".to_owned(), json!(dimensions));
        body.insert("embedding_types".to_owned(), json!(["float"]));
    }
    Ok((body, &["input_type", "truncate"]))
}

/// Whether the model makes vectors of a length that is asked for.
fn takes_dimensions(family: Family, model: &str) -> bool {
    match family {
        Family::TitanEmbed => !model.contains("text-v1") && !model.contains("g1-text"),
        Family::CohereEmbed => model.contains("embed-v4"),
        Family::Claude | Family::Nova | Family::GptOss | Family::Mistral | Family::Other => false,
    }
}

/// The texts of an input; tokens are another vendor's.
fn texts(input: &RawValue) -> Result<Vec<String>, EncodeError> {
    let tokens = || EncodeError::Unsupported {
        field: "input".to_owned(),
        reason: "this vendor takes texts alone, no tokens".to_owned(),
    };
    match serde_json::from_str(input.get()) {
        Ok(Value::String(text)) => Ok(vec![text]),
        Ok(Value::Array(list)) => {
            let text = |item: &Value| item.as_str().map(str::to_owned).ok_or_else(tokens);
            list.iter().map(text).collect()
        }
        Ok(_) | Err(_) => Err(tokens()),
    }
}

fn invalid(field: &str, reason: &str) -> EncodeError {
    EncodeError::Invalid { field: field.to_owned(), reason: reason.to_owned() }
}
