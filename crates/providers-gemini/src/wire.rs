//! The JSON that the dialect is made of, as typed views of the bytes.
//!
//! [`answer`] is what the vendor says, [`ask`] what clients say and [`body`] what we write to the
//! vendor. Schemas, arguments and fields that nobody here needs stay text.

pub(crate) mod answer;
pub(crate) mod ask;
pub(crate) mod body;
