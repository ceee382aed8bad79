//! What the tests share: the vendor, the client dialects, targets, requests, and golden files.

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Uri};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tollgate_core_types::{ChatEvent, Dialect, Operation, ProviderName};
use tollgate_providers_common::target::Quirks;
use tollgate_providers_common::{
    ChatCodec, ClientDialect, Codec, Inbound, ParamRules, Provider, RenderContext, UpstreamTarget,
};

use crate::{OpenAi, client_dialects};

pub(crate) fn vendor() -> OpenAi {
    OpenAi::new(ProviderName::new("openai"))
}

pub(crate) fn codec(dialect: Dialect) -> Arc<dyn Codec> {
    vendor().codec(dialect).unwrap()
}

pub(crate) fn chat_codec() -> Arc<dyn ChatCodec> {
    vendor().chat().unwrap()
}

pub(crate) fn client(dialect: Dialect) -> Arc<dyn ClientDialect> {
    client_dialects().into_iter().find(|each| each.dialect() == dialect).unwrap()
}

pub(crate) fn target(model: &str) -> UpstreamTarget {
    UpstreamTarget {
        base: Uri::from_static("https://api.example.com/v1"),
        model: model.to_owned(),
        params: ParamRules::default(),
        stream_usage: true,
        max_output_tokens: 4096,
        headers: Vec::new(),
        quirks: Quirks::default(),
    }
}

/// A request as the server hands it on: with the facts that the dialect reads.
pub(crate) fn inbound(dialect: Dialect, body: &[u8]) -> Inbound {
    let facts = client(dialect).facts(body).unwrap();
    let operation = match dialect {
        Dialect::OPENAI_CHAT => Operation::Chat,
        Dialect::OPENAI_COMPLETIONS => Operation::TextCompletion,
        _ => Operation::Embeddings,
    };
    let body = Bytes::copy_from_slice(body);
    Inbound { dialect, operation, facts, body, headers: HeaderMap::new(), query: None }
}

pub(crate) fn context(include_usage: bool) -> RenderContext {
    RenderContext {
        request_id: "req_42".to_owned(),
        model: "asked-model".to_owned(),
        created: 1_795_000_000,
        include_usage,
    }
}

/// What a client reads of these events.
pub(crate) fn encode_stream(dialect: Dialect, events: &[ChatEvent], include_usage: bool) -> String {
    let mut encoder = client(dialect).stream_encoder(context(include_usage));
    let mut out = BytesMut::new();
    for event in events {
        encoder.event(event, &mut out);
    }
    String::from_utf8(out.to_vec()).unwrap()
}

/// The fixtures of a folder with this extension, by name.
pub(crate) fn fixtures(folder: &str, extension: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(folder);
    let mut found: Vec<PathBuf> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            let name = path.file_name().unwrap().to_str().unwrap();
            name.matches('.').count() == 1 && name.ends_with(extension)
        })
        .collect();
    found.sort();
    assert!(!found.is_empty(), "no fixtures in {}", folder.display());
    found
}

/// Compares with the file beside a fixture. `UPDATE_FIXTURES=1` writes it instead, to be reviewed.
pub(crate) fn golden(fixture: &Path, suffix: &str, actual: &str) {
    let expected = fixture.with_extension(suffix);
    let actual = format!("{}\n", actual.trim_end());
    if std::env::var_os("UPDATE_FIXTURES").is_some() {
        std::fs::write(&expected, actual).unwrap();
        return;
    }
    let known = std::fs::read_to_string(&expected).unwrap_or_default();
    assert_eq!(actual, known, "{} (UPDATE_FIXTURES=1 rewrites it)", expected.display());
}

/// One line per top-level field, so that a difference is readable.
pub(crate) fn pretty(json: &[u8]) -> String {
    let fields: Vec<(String, Box<serde_json::value::RawValue>)> = ordered(json);
    let lines: Vec<String> =
        fields.iter().map(|(key, value)| format!("  {key:?}: {value}")).collect();
    format!("{{\n{}\n}}", lines.join(",\n"))
}

/// The fields of an object in their order.
fn ordered(json: &[u8]) -> Vec<(String, Box<serde_json::value::RawValue>)> {
    struct Entries;
    impl<'de> serde::de::Visitor<'de> for Entries {
        type Value = Vec<(String, Box<serde_json::value::RawValue>)>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: serde::de::MapAccess<'de>>(
            self,
            mut map: A,
        ) -> Result<Self::Value, A::Error> {
            let mut fields = Vec::new();
            while let Some(field) = map.next_entry()? {
                fields.push(field);
            }
            Ok(fields)
        }
    }
    let mut reader = serde_json::Deserializer::from_slice(json);
    serde::Deserializer::deserialize_map(&mut reader, Entries).unwrap()
}
