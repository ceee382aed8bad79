//! A value that may be used but not seen.
//!
//! It exists so that no log line, error or debug output can show a credential by accident: there is
//! no `Display`, no `Serialize`, and `Debug` prints a fixed word. It must never gain any of them.

use secrecy::{ExposeSecret, SecretString};
use std::fmt;

/// A credential. Wiped from memory when dropped; equal secrets compare equal.
///
/// It has no `Display`:
///
/// ```compile_fail,E0277
/// println!("{}", tollgate_config::Secret::new("k"));
/// ```
///
/// It cannot be serialized, nor can anything that holds it:
///
/// ```compile_fail,E0277
/// fn serialized(_: impl serde::Serialize) {}
/// serialized(tollgate_config::Secret::new("k"));
/// ```
///
/// It can be used, where that is said:
///
/// ```
/// assert_eq!(tollgate_config::Secret::new("k").expose(), "k");
/// ```
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Takes a text as a secret.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(SecretString::from(text.into()))
    }

    /// The text itself. Every call is a place to look at in a review.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl Eq for Secret {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_printed() {
        let secret = Secret::new("sk-canary");
        assert_eq!(format!("{secret:?} {:?}", Some(&secret)), "[secret] Some([secret])");
        assert_eq!(secret.expose(), "sk-canary");
        assert_eq!(secret, secret.clone());
        assert_ne!(secret, Secret::new("other"));
    }
}
