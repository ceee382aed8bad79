//! How Google Cloud is shown who asks.

use crate::secret::Secret;

/// Where tokens for Google Cloud come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GoogleAuth {
    /// A service account's key signs for them.
    ServiceAccount {
        /// The account's address.
        email: String,
        /// Id of the key.
        key_id: Option<String>,
        /// The private key, PKCS#8 as PEM.
        key: Secret,
        /// Where tokens are given out.
        token_uri: String,
    },
    /// A person's refresh token stands for them (`gcloud auth application-default login`).
    AuthorizedUser {
        /// The client that the person authorised.
        client_id: String,
        /// The client's own secret.
        client_secret: Secret,
        /// The person's word.
        refresh_token: Secret,
        /// Where tokens are given out.
        token_uri: String,
    },
    /// The machine's metadata server gives them out (GCE, GKE, Cloud Run).
    Metadata {
        /// Its host, with its port where it has one.
        host: String,
    },
}
