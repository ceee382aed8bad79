//! Keys of AWS: found where AWS's own tools find them, kept while they hold, and put into requests as
//! signatures.
//!
//! The signature itself is pure and the vendor crate's; files, agents and clocks are asked here
//! alone. Keys are fetched when a request first needs them and again well before they end, by one
//! request while the others go on with what is there.

mod cache;
mod chain;
mod fetch;
mod profile;

use bytes::Bytes;
use futures_core::future::BoxFuture;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tollgate_config::{Aws, AwsSources, Secret};
use tollgate_core_types::{ErrorClass, UpstreamError};
use tollgate_providers_bedrock::sigv4::{self, Keys, Scope, Stamp};
use tollgate_providers_common::Authorizer;
use tollgate_transport::Control;

use crate::clock;
use cache::Cached;
use chain::Chain;

/// The service's name in signatures, of the runtime as of its other parts.
const SERVICE: &str = "bedrock";

/// Keys that sign, as found.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    access_key_id: String,
    secret_access_key: Secret,
    session_token: Option<Secret>,
}

/// Caches by what they look at, so that deployments share one and a reload keeps it.
#[derive(Default)]
pub(crate) struct AwsKeyring(Mutex<HashMap<String, Arc<Cached>>>);

impl AwsKeyring {
    /// The cache of these sources in this region.
    fn cached(&self, sources: &AwsSources, region: &str, control: &Arc<Control>) -> Arc<Cached> {
        // Keys that stand in the configuration itself are as cheap to keep apart as to compare.
        let chain = Chain::new(sources.clone(), region.to_owned(), Arc::clone(control));
        if sources.keys.is_some() {
            return Arc::new(Cached::new(chain));
        }
        let name = format!("{region} {sources:?}");
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(known.entry(name).or_insert_with(|| Arc::new(Cached::new(chain))))
    }
}

/// The region of a deployment: as configured, else of the model's ARN, else of the environment, else
/// of the profile.
pub(crate) fn region(aws: &Aws, model: &str) -> Option<String> {
    let named = aws.region.as_deref().or_else(|| tollgate_providers_bedrock::region_of(model));
    named
        .or(aws.default_region.as_deref())
        .map(str::to_owned)
        .or_else(|| aws.sources.profile.as_ref().and_then(profile::region))
}

/// Signs requests with keys that may have to be fetched.
pub(crate) struct SigV4Authorizer {
    region: String,
    keys: Arc<Cached>,
}

impl SigV4Authorizer {
    /// An authorizer for `region`.
    pub(crate) fn new(
        aws: &Aws,
        region: String,
        keyring: &AwsKeyring,
        control: &Arc<Control>,
    ) -> Self {
        let keys = keyring.cached(&aws.sources, &region, control);
        Self { region, keys }
    }

    fn sign(&self, request: &mut http::Request<Bytes>, keys: &Found) -> Result<(), UpstreamError> {
        let scope = Scope { region: &self.region, service: SERVICE };
        let at = Stamp::from_unix(clock::unix_seconds(clock::wall()));
        let borrowed = Keys {
            access_key_id: &keys.access_key_id,
            secret_access_key: keys.secret_access_key.expose(),
            session_token: keys.session_token.as_ref().map(Secret::expose),
        };
        sigv4::sign(request, borrowed, scope, at)
            .map_err(|error| UpstreamError::new(ErrorClass::Auth, error.to_string()))
    }
}

impl Authorizer for SigV4Authorizer {
    fn authorize_now(&self, request: &mut http::Request<Bytes>) -> bool {
        let keys = self.keys.at_hand(clock::wall());
        keys.is_some_and(|keys| self.sign(request, &keys).is_ok())
    }

    fn authorize<'a>(
        &'a self,
        request: &'a mut http::Request<Bytes>,
    ) -> BoxFuture<'a, Result<(), UpstreamError>> {
        Box::pin(async move {
            let keys = self.keys.get().await?;
            self.sign(request, &keys)
        })
    }
}

#[cfg(test)]
mod tests;
