//! Which vendors speak images, audio, moderation and rerank.
//!
//! Chat is what every vendor speaks; these few of them do. A vendor that is not listed and not known
//! otherwise, a server of the user's own, is taken to speak what it is asked for: its 404 will tell.

use tollgate_config::ProviderKind;
use tollgate_core_types::{Dialect, Operation};

/// What vendors of OpenAI's dialect document. Whoever is not here speaks none.
const VENDORS: &[(&str, &[Operation])] = &[
    (
        "openai",
        &[Operation::Images, Operation::Transcription, Operation::Speech, Operation::Moderation],
    ),
    ("azure", &[Operation::Images, Operation::Transcription, Operation::Speech]),
    (
        "siliconflow",
        &[Operation::Images, Operation::Transcription, Operation::Speech, Operation::Rerank],
    ),
    (
        "together",
        &[Operation::Images, Operation::Transcription, Operation::Speech, Operation::Rerank],
    ),
    ("groq", &[Operation::Transcription, Operation::Speech]),
    ("mistral", &[Operation::Transcription, Operation::Moderation]),
    ("xai", &[Operation::Images]),
    ("zhipu", &[Operation::Images, Operation::Transcription, Operation::Speech, Operation::Rerank]),
    ("fireworks", &[Operation::Rerank]),
    ("nebius", &[Operation::Images]),
    ("deepinfra", &[Operation::Images, Operation::Transcription, Operation::Speech]),
];

/// What a deployment speaks of [`Operation::MEDIA`]: what configuration says, or what is known of its
/// vendor.
pub(crate) fn of(config: &tollgate_config::Deployment, chat: Dialect) -> Vec<Operation> {
    if let Some(said) = &config.operations {
        return said.clone();
    }
    match &config.provider.kind {
        ProviderKind::Mock => Vec::new(),
        ProviderKind::Own(_) if chat == Dialect::OPENAI_CHAT => Operation::MEDIA.to_vec(),
        ProviderKind::Own(_) => Vec::new(),
        ProviderKind::Vendor(preset) => known(preset.name).to_vec(),
    }
}

fn known(vendor: &str) -> &'static [Operation] {
    VENDORS.iter().find(|(name, _)| *name == vendor).map_or(&[], |(_, speaks)| speaks)
}

/// Why a deployment is passed by, in words that say what to configure.
pub(crate) const fn unserved(operation: Operation) -> &'static str {
    match operation {
        Operation::Images => "it does not serve images; see `operations`",
        Operation::Transcription => "it does not serve transcription; see `operations`",
        Operation::Speech => "it does not serve speech; see `operations`",
        Operation::Moderation => "it does not serve moderation; see `operations`",
        Operation::Rerank => "it does not serve rerank; see `operations`",
        Operation::Chat
        | Operation::TextCompletion
        | Operation::Embeddings
        | Operation::CountTokens => "its vendor does not serve this operation",
    }
}

/// Whether a model serves one of these alone, by its name: vendors do not say it in any other way.
pub(crate) fn is_media(model: &str) -> bool {
    const WORDS: [&str; 18] = [
        "whisper",
        "transcribe",
        "tts-",
        "-tts",
        "dall-e",
        "gpt-image",
        "moderation",
        "flux",
        "stable-diffusion",
        "cogview",
        "sensevoice",
        "-image",
        "imagen",
        "kolors",
        "cosyvoice",
        "-speech",
        "-asr",
        "cogvideo",
    ];
    let name = model.to_ascii_lowercase();
    WORDS.iter().any(|word| name.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listed_vendor_is_one_and_speaks_only_media() {
        let presets = crate::vendors::vendors();
        for (name, speaks) in VENDORS {
            let preset = presets.iter().find(|preset| preset.name == *name);
            assert!(
                preset.is_none_or(|preset| preset.chat == Dialect::OPENAI_CHAT),
                "{name} speaks another dialect"
            );
            assert!(preset.is_some() || *name == "azure", "{name} is no vendor");
            assert!(speaks.iter().all(|operation| operation.is_media()), "{name}");
        }
        assert!(!known("openai").contains(&Operation::Rerank), "OpenAI has none");
        assert!(known("anthropic").is_empty());
    }

    #[test]
    fn what_is_said_to_a_client_names_the_operation() {
        for operation in Operation::MEDIA {
            assert!(unserved(operation).contains(operation.as_str()), "{operation:?}");
        }
    }
}
