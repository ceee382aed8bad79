//! JSON Web Tokens that a service account's key signs (RS256), for the control plane.
//!
//! The crypto library of TLS signs; there is no second one. It must never print a key.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};

/// A key that signs.
pub struct JwtKey {
    pair: RsaKeyPair,
    id: Option<String>,
}

/// A key that cannot be used. Says nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JwtError {
    /// Not PEM of the right kind.
    #[error("the private key is not PKCS#8 as PEM (`-----BEGIN PRIVATE KEY-----`)")]
    NotPem,
    /// PEM, but no key that can sign.
    #[error("the private key is no usable RSA key")]
    NotRsa,
    /// The library refused.
    #[error("the token could not be signed")]
    Unsigned,
}

impl JwtKey {
    /// Reads a PKCS#8 key; `id` names it to the verifier.
    ///
    /// # Errors
    /// When it is no such key.
    pub fn from_pem(pem: &str, id: Option<String>) -> Result<Self, JwtError> {
        let (_, rest) = pem.split_once("-----BEGIN PRIVATE KEY-----").ok_or(JwtError::NotPem)?;
        let (body, _) = rest.split_once("-----END PRIVATE KEY-----").ok_or(JwtError::NotPem)?;
        let body: String = body.split_ascii_whitespace().collect();
        let der = STANDARD.decode(body).map_err(|_| JwtError::NotPem)?;
        let pair = RsaKeyPair::from_pkcs8(&der).map_err(|_| JwtError::NotRsa)?;
        Ok(Self { pair, id })
    }

    /// A token with these claims, which are one JSON object.
    ///
    /// # Errors
    /// When the library cannot sign.
    pub fn sign(&self, claims: &str) -> Result<String, JwtError> {
        // The id came from JSON and stands in JSON again: only quotes and backslashes matter.
        let plain = |id: &&String| id.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let id = self.id.as_ref().filter(plain);
        let id = id.map(|id| format!(",\"kid\":\"{id}\"")).unwrap_or_default();
        let header = format!("{{\"alg\":\"RS256\",\"typ\":\"JWT\"{id}}}");
        let mut token = URL_SAFE_NO_PAD.encode(header);
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(claims, &mut token);
        let mut signature = vec![0; self.pair.public().modulus_len()];
        self.pair
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), token.as_bytes(), &mut signature)
            .map_err(|_| JwtError::Unsigned)?;
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        Ok(token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_key_says_so_and_nothing_else() {
        const BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
        const END: &str = "-----END PRIVATE KEY-----";
        for (pem, want) in [
            (String::new(), JwtError::NotPem),
            ("secret".to_owned(), JwtError::NotPem),
            (format!("{BEGIN}\n!!\n{END}"), JwtError::NotPem),
            (format!("{BEGIN}\nc2VjcmV0\n{END}"), JwtError::NotRsa),
        ] {
            let Err(error) = JwtKey::from_pem(&pem, None) else { panic!("{pem}") };
            assert_eq!(error, want);
            assert!(!error.to_string().contains("secret"));
        }
    }
}
