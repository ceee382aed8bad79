//! What clients ask, on its way to each vendor.

use anyhow::{Result, bail};
use bytes::Bytes;
use http::HeaderMap;
use serde_json::Value;
use tollgate_core_types::Operation;
use tollgate_providers_common::{ClientDialect, EncodeError, Encoded, Inbound};

use super::outcome::{self, Outcome, Sent};
use super::probe::Probes;
use super::vendors::{self, Vendor};

/// The probes of each client dialect.
const PROBES: &[(&str, &str)] = &[
    ("openai.chat.json", include_str!("../../probes/openai.chat.json")),
    ("openai.completions.json", include_str!("../../probes/openai.completions.json")),
    ("openai.responses.json", include_str!("../../probes/openai.responses.json")),
    ("openai.embeddings.json", include_str!("../../probes/openai.embeddings.json")),
    ("anthropic.messages.json", include_str!("../../probes/anthropic.messages.json")),
    ("gemini.generate_content.json", include_str!("../../probes/gemini.generate_content.json")),
    ("gemini.embed_content.json", include_str!("../../probes/gemini.embed_content.json")),
    (
        "gemini.batch_embed_contents.json",
        include_str!("../../probes/gemini.batch_embed_contents.json"),
    ),
];

/// One dialect's rows.
#[derive(Debug)]
pub(super) struct Table {
    /// The dialect that the fields are of.
    pub(super) dialect: String,
    /// What the list of fields was compared with.
    pub(super) sdk: String,
    /// The columns.
    pub(super) to: Vec<String>,
    /// Field, its reason to be quiet, and what became of it in each column.
    pub(super) rows: Vec<Row>,
}

/// One field's row.
#[derive(Debug)]
pub(super) struct Row {
    /// As a reader looks for it.
    pub(super) field: String,
    /// Its path, for the names of losses to be compared with.
    pub(super) path: String,
    /// Why it may change nothing.
    pub(super) quiet: Option<String>,
    /// Column by column.
    pub(super) outcomes: Vec<Outcome>,
}

/// Every client dialect's table.
///
/// # Errors
/// When a probe cannot be used or a dialect has none.
pub(super) fn tables() -> Result<Vec<Table>> {
    let mut tables = Vec::new();
    for client in vendors::clients() {
        let vendors = match client.operation() {
            Operation::Chat | Operation::TextCompletion => vendors::chat()?,
            Operation::Embeddings => vendors::embeddings()?,
            // Relayed or estimated, never translated.
            Operation::CountTokens
            | Operation::Images
            | Operation::Transcription
            | Operation::Speech
            | Operation::Moderation
            | Operation::Rerank => continue,
        };
        let name = format!("{}.json", client.dialect());
        let Some((_, text)) = PROBES.iter().find(|(file, _)| *file == name) else {
            bail!("clients speak {}, and there is no probes/{name}", client.dialect());
        };
        tables.push(table(&Probes::read(&name, text)?, &*client, &vendors)?);
    }
    Ok(tables)
}

fn table(probes: &Probes, client: &dyn ClientDialect, vendors: &[Vendor]) -> Result<Table> {
    let mut rows = Vec::new();
    for probe in &probes.probes {
        let (without, with) = probes.bodies(probe)?;
        let outcome = |vendor: &Vendor| {
            let (without, with) = (sent(client, vendor, &without), sent(client, vendor, &with));
            outcome::of(probe, vendor.name, &without, &with)
        };
        rows.push(Row {
            field: probe.shown(),
            path: probe.field.clone(),
            quiet: probe.quiet.clone(),
            outcomes: vendors.iter().map(outcome).collect(),
        });
    }
    let works = |vendor: &Vendor| match sent(client, vendor, &probes.base) {
        Sent::Refused(why) => {
            bail!("{}: the base is refused at {}: {why}", probes.dialect, vendor.name)
        }
        Sent::Text { .. } | Sent::NoWay => Ok(()),
    };
    vendors.iter().try_for_each(works)?;
    let to = vendors.iter().map(|vendor| column(client, vendor)).collect();
    Ok(Table { dialect: probes.dialect.clone(), sdk: probes.sdk.clone(), to, rows })
}

/// A column's head: a vendor of the client's own dialect is sent the client's bytes.
fn column(client: &dyn ClientDialect, vendor: &Vendor) -> String {
    if vendor.provider.codec(client.dialect()).is_some() {
        return format!("{} (own)", vendor.name);
    }
    vendor.name.to_owned()
}

/// What `vendor` would be sent, on the way that the engine would take.
fn sent(client: &dyn ClientDialect, vendor: &Vendor, body: &Value) -> Sent {
    match encoded(client, vendor, body) {
        Ok(None) => Sent::NoWay,
        Ok(Some(encoded)) => Sent::Text { text: told(&encoded), lost: encoded.lost },
        Err(error) => Sent::Refused(error.to_string()),
    }
}

/// As [`sent`], without the telling.
///
/// # Errors
/// Whatever the reader or the encoder refuses.
pub(crate) fn encoded(
    client: &dyn ClientDialect,
    vendor: &Vendor,
    body: &Value,
) -> Result<Option<Encoded>, EncodeError> {
    let body = Bytes::from(body.to_string());
    let facts = client.facts(&body)?;
    let inbound = Inbound {
        dialect: client.dialect(),
        operation: client.operation(),
        facts,
        body,
        headers: HeaderMap::new(),
        query: None,
    };
    if let Some(codec) = vendor.provider.codec(client.dialect()) {
        return codec.splice(&inbound, &vendor.target).map(Some);
    }
    if client.operation() == Operation::Embeddings {
        let Some(codec) = vendor.provider.embeddings() else { return Ok(None) };
        return codec.encode_embed(&client.parse_embed(&inbound)?, &vendor.target).map(Some);
    }
    let Some(codec) = vendor.provider.chat() else { return Ok(None) };
    codec.encode(&client.parse(&inbound)?, &vendor.target).map(Some)
}

/// Everything that would go out.
fn told(encoded: &Encoded) -> String {
    let request = &encoded.request;
    let mut text = format!("{} {}\n", request.method(), request.uri());
    for (name, value) in request.headers() {
        text.push_str(&format!("{name}: {}\n", value.to_str().unwrap_or_default()));
    }
    text.push_str(&String::from_utf8_lossy(request.body()));
    text
}
