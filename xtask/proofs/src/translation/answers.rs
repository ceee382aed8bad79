//! What vendors answer, on its way to each client dialect, whole and streamed.
//!
//! An answer has no list of losses: a client has asked in its dialect and gets what that dialect can
//! tell. What a client would miss must arrive; what may be left out says why in its probe.

use anyhow::{Result, bail};
use bytes::BytesMut;
use serde_json::Value;
use std::sync::Arc;
use tollgate_core_types::Operation;
use tollgate_providers_common::{ChatCodec, ClientDialect, RenderContext, unfold};

use super::outcome::{self, Outcome, Sent};
use super::probe::{Probe, Probes};
use super::requests::{Row, Table};
use super::vendors::{self, Vendor};

/// The probes of each vendor's dialect, and which of the vendors reads them.
const PROBES: &[(&str, &str, &str)] = &[
    ("openai.chat", "OpenAI GPT-4o", include_str!("../../answers/openai.chat.json")),
    ("openai.responses", "OpenAI Responses", include_str!("../../answers/openai.responses.json")),
    (
        "anthropic.messages",
        "Claude Sonnet 4.5",
        include_str!("../../answers/anthropic.messages.json"),
    ),
    (
        "gemini.generate_content",
        "Gemini 2.5",
        include_str!("../../answers/gemini.generate_content.json"),
    ),
    ("bedrock.converse", "Bedrock Claude", include_str!("../../answers/bedrock.converse.json")),
];

/// Every vendor dialect's table.
///
/// # Errors
/// When a probe cannot be used or a dialect has none.
pub(super) fn tables() -> Result<Vec<Table>> {
    let vendors = vendors::chat()?;
    for dialect in vendors.iter().filter_map(Vendor::dialect) {
        if !PROBES.iter().any(|(name, ..)| *name == dialect.as_str()) {
            bail!("vendors speak {dialect}, and there is no answers/{dialect}.json");
        }
    }
    let mut tables = Vec::new();
    for (name, vendor, text) in PROBES {
        let vendor = vendors.iter().find(|known| known.name == *vendor);
        let Some(codec) = vendor.and_then(|vendor| vendor.provider.chat()) else {
            bail!("{name}: no vendor reads it");
        };
        tables.push(table(&Probes::read(name, text)?, &*codec)?);
    }
    Ok(tables)
}

fn table(probes: &Probes, codec: &dyn ChatCodec) -> Result<Table> {
    let clients: Vec<Arc<dyn ClientDialect>> = vendors::clients()
        .into_iter()
        .filter(|client| matches!(client.operation(), Operation::Chat | Operation::TextCompletion))
        .collect();
    if let Err(why) = codec.decode(probes.base.to_string().as_bytes()) {
        bail!("answers/{}.json: the base cannot be read: {why}", probes.dialect);
    }
    let mut rows = Vec::new();
    for probe in &probes.probes {
        let (without, with) = probes.bodies(probe)?;
        let outcome =
            |client: &Arc<dyn ClientDialect>| both(probe, codec, &**client, &without, &with);
        rows.push(Row {
            field: probe.shown(),
            path: probe.field.clone(),
            quiet: probe.quiet.clone(),
            outcomes: clients.iter().map(outcome).collect(),
        });
    }
    let own = |client: &Arc<dyn ClientDialect>| client.dialect() == codec.dialect();
    let name = |client: &Arc<dyn ClientDialect>| {
        format!("{}{}", client.dialect(), if own(client) { " (own)" } else { "" })
    };
    let to = clients.iter().map(name).collect();
    Ok(Table { dialect: probes.dialect.clone(), sdk: probes.sdk.clone(), to, rows })
}

/// A field that the whole answer tells must be told in the streamed one as well.
fn both(
    probe: &Probe,
    codec: &dyn ChatCodec,
    client: &dyn ClientDialect,
    without: &Value,
    with: &Value,
) -> Outcome {
    let column = client.dialect().as_str();
    let way = |body, streamed| told(codec, client, body, streamed);
    let whole = outcome::of(probe, column, &way(without, false), &way(with, false));
    let streamed = outcome::of(probe, column, &way(without, true), &way(with, true));
    match (&whole, &streamed) {
        (Outcome::Kept, Outcome::Silent(_)) => Outcome::Silent("told whole, and not streamed"),
        (Outcome::Kept, Outcome::Quiet) => Outcome::InPart("in whole answers alone"),
        _ => whole,
    }
}

fn told(codec: &dyn ChatCodec, client: &dyn ClientDialect, body: &Value, streamed: bool) -> Sent {
    if codec.dialect() == client.dialect() {
        return Sent::Text { text: body.to_string(), lost: Vec::new() };
    }
    let reply = match codec.decode(body.to_string().as_bytes()) {
        Ok(reply) => reply,
        Err(error) => return Sent::Refused(error.to_string()),
    };
    let context = RenderContext {
        request_id: "req-1".to_owned(),
        model: "asked-for".to_owned(),
        created: 1_750_000_000,
        include_usage: true,
    };
    let bytes = if streamed {
        let mut encoder = client.stream_encoder(context);
        let mut out = BytesMut::new();
        for event in unfold(reply) {
            encoder.event(&event, &mut out);
        }
        out.freeze()
    } else {
        client.render(&reply, &context)
    };
    Sent::Text { text: String::from_utf8_lossy(&bytes).into_owned(), lost: Vec::new() }
}
