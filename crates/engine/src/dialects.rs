//! The client dialects that this build serves, by name.

mod simple;

use std::collections::HashMap;
use std::sync::Arc;
use tollgate_core_types::Dialect;
use tollgate_providers_common::ClientDialect;

pub use simple::{SIMPLE_CHAT, SIMPLE_STREAM};
use simple::{Simple, Style};

/// Client dialects by name.
#[derive(Clone)]
pub(crate) struct Dialects(HashMap<Dialect, Arc<dyn ClientDialect>>);

impl Dialects {
    /// Every client dialect of the vendor crates, and the simple faces over OpenAI's.
    pub(crate) fn all() -> Self {
        let mut all: HashMap<Dialect, Arc<dyn ClientDialect>> = HashMap::new();
        let vendors = tollgate_providers_openai::client_dialects()
            .into_iter()
            .chain(tollgate_providers_anthropic::client_dialects());
        for dialect in vendors {
            all.insert(dialect.dialect(), dialect);
        }
        if let Some(chat) = all.get(&Dialect::OPENAI_CHAT).cloned() {
            for style in [Style::Whole, Style::Stream] {
                let simple = Simple::new(style, Arc::clone(&chat));
                all.insert(simple.dialect(), Arc::new(simple));
            }
        }
        Self(all)
    }

    /// The dialect of this name.
    pub(crate) fn get(&self, dialect: Dialect) -> Option<&Arc<dyn ClientDialect>> {
        self.0.get(&dialect)
    }
}
