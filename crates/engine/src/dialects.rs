//! The client dialects that this build serves, by name.

mod simple;

use std::sync::Arc;
use tollgate_core_types::Dialect;
use tollgate_providers_common::ClientDialect;

pub use simple::{SIMPLE_CHAT, SIMPLE_STREAM};
use simple::{Simple, Style};

/// Client dialects by name: so few that looking at each is cheaper than hashing.
pub(crate) struct Dialects(Vec<Arc<dyn ClientDialect>>);

impl Dialects {
    /// Every client dialect of the vendor crates, and the simple faces over OpenAI's.
    pub(crate) fn all() -> Self {
        let mut all = Self(tollgate_providers_openai::client_dialects());
        all.0.extend(tollgate_providers_anthropic::client_dialects());
        all.0.extend(tollgate_providers_gemini::client_dialects());
        if let Some(chat) = all.get(Dialect::OPENAI_CHAT).cloned() {
            for style in [Style::Whole, Style::Stream] {
                all.0.push(Arc::new(Simple::new(style, Arc::clone(&chat))));
            }
        }
        all
    }

    /// The dialect of this name.
    pub(crate) fn get(&self, dialect: Dialect) -> Option<&Arc<dyn ClientDialect>> {
        self.0.iter().find(|known| known.dialect() == dialect)
    }
}
