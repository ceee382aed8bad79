//! What a translation could not carry: the half of "lossless or loud" that speaks.

use std::borrow::Cow;

/// One field or value of the client's request that the target dialect cannot express.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    /// Path of the field in the client's words, for example `logit_bias` or `messages[2].name`.
    pub field: Cow<'static, str>,
    /// What became of it.
    pub how: HowLost,
}

/// What became of a field that could not be carried whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HowLost {
    /// Left out.
    Dropped,
    /// Carried with another value or in another place.
    Approximated,
}

impl Lost {
    /// A field that was left out.
    #[must_use]
    pub fn dropped(field: impl Into<Cow<'static, str>>) -> Self {
        Self { field: field.into(), how: HowLost::Dropped }
    }

    /// A field that was carried with another value.
    #[must_use]
    pub fn approximated(field: impl Into<Cow<'static, str>>) -> Self {
        Self { field: field.into(), how: HowLost::Approximated }
    }
}
