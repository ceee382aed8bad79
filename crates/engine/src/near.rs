//! What to say to a client whose model is unknown.

use crate::generation::Generation;
use tollgate_core_types::error::clean;

/// Most names told where none is near.
const SHOWN: usize = 8;

/// A sentence that names near matches, or a few of what there is.
pub(crate) fn unknown_model(generation: &Generation, model: &str) -> String {
    let names: Vec<&str> = generation.infos.iter().map(|info| &*info.id).collect();
    let shown = clean(model, 128);
    let near = tollgate_config::near_matches(model, names.iter().copied());
    if near.is_empty() {
        let some: Vec<&str> = names.iter().take(SHOWN).copied().collect();
        let more = if names.len() > SHOWN { ", ... (GET /v1/models lists all)" } else { "" };
        format!("model \"{shown}\" does not exist; there is {}{more}", some.join(", "))
    } else {
        format!("model \"{shown}\" does not exist; did you mean {}?", near.join(" or "))
    }
}
