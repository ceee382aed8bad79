//! The JSON of Converse: [`body`] is what we write, [`answer`] what the vendor says.

pub(crate) mod answer;
pub(crate) mod body;
