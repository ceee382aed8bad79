//! TLS by rustls with ring, named explicitly so that no process-wide provider is needed, and the
//! certificate authorities to trust, loaded when the first `https` connection is made.
//!
//! Loading the system's store reads and parses some hundred certificates; a gateway that only talks
//! to local servers never pays for that. Where the system has none (an image from scratch), the
//! bundled Mozilla roots are used. A certificate is never accepted unverified.

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use std::io;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use tokio::sync::OnceCell;

use crate::config::{TransportConfig, TransportInitError};

/// TLS settings made on first use.
pub(crate) struct Tls {
    extra: Vec<CertificateDer<'static>>,
    http2: bool,
    /// Lets one caller start the loading and the others wait for it.
    config: OnceCell<Arc<ClientConfig>>,
    /// What was loaded, also when nobody waited for it to the end.
    loaded: Arc<OnceLock<Result<Arc<ClientConfig>, rustls::Error>>>,
}

impl Tls {
    /// Reads and checks the further authorities of `config`, so that a bad file stops the start.
    pub(crate) fn new(config: &TransportConfig) -> Result<Self, TransportInitError> {
        let extra = match &config.extra_ca_pem {
            Some(path) => read_authorities(path)?,
            None => Vec::new(),
        };
        let (config, loaded, http2) = (OnceCell::new(), Arc::default(), config.http2);
        Ok(Self { extra, http2, config, loaded })
    }

    /// The settings; the first callers wait for the system's store to be read.
    ///
    /// # Cancel safety
    /// Loading goes on without its caller, so that a deadline shorter than it fails one request and
    /// not all of them.
    pub(crate) async fn config(&self) -> io::Result<Arc<ClientConfig>> {
        let load = || async {
            let (extra, http2) = (self.extra.clone(), self.http2);
            let loaded = Arc::clone(&self.loaded);
            let build = move || loaded.get_or_init(|| build(extra, http2).map(Arc::new)).clone();
            let built = tokio::task::spawn_blocking(build).await.map_err(io::Error::other)?;
            built.map_err(io::Error::other)
        };
        self.config.get_or_try_init(load).await.cloned()
    }
}

fn build(extra: Vec<CertificateDer<'static>>, http2: bool) -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots(rustls_native_certs::load_native_certs().certs, extra))
        .with_no_client_auth();
    let h2 = http2.then(|| b"h2".to_vec());
    config.alpn_protocols = h2.into_iter().chain([b"http/1.1".to_vec()]).collect();
    Ok(config)
}

/// The authorities of the system, or Mozilla's where it has no usable one, and `extra`.
fn roots(
    system: Vec<CertificateDer<'static>>,
    extra: Vec<CertificateDer<'static>>,
) -> RootCertStore {
    let mut roots = RootCertStore::empty();
    // A system store often holds a few certificates that nobody can parse; they trust nobody.
    let _ = roots.add_parsable_certificates(system);
    if roots.is_empty() {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    let _ = roots.add_parsable_certificates(extra);
    roots
}

/// The certificates of a PEM file, each of which must be usable.
fn read_authorities(path: &Path) -> Result<Vec<CertificateDer<'static>>, TransportInitError> {
    let invalid = |reason: String| TransportInitError::CaInvalid { path: path.to_owned(), reason };
    let pem = std::fs::read(path)
        .map_err(|source| TransportInitError::CaUnreadable { path: path.to_owned(), source })?;
    let mut store = RootCertStore::empty();
    let mut found = Vec::new();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|error| invalid(error.to_string()))?;
        store.add(certificate.clone()).map_err(|error| invalid(error.to_string()))?;
        found.push(certificate);
    }
    if found.is_empty() {
        return Err(invalid("it holds no certificate".to_owned()));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn authority() -> CertificateDer<'static> {
        CertificateDer::from_pem_slice(include_bytes!("../tests/certs/ca.pem")).unwrap()
    }

    #[test]
    fn a_system_without_authorities_gets_the_bundled_ones() {
        let bundled = webpki_roots::TLS_SERVER_ROOTS.len();
        assert!(bundled > 50);
        assert_eq!(roots(Vec::new(), Vec::new()).len(), bundled);
        let unusable = CertificateDer::from(vec![1, 2, 3]);
        assert_eq!(roots(vec![unusable], vec![authority()]).len(), bundled + 1);
    }

    #[test]
    fn a_system_with_authorities_is_believed_alone() {
        assert_eq!(roots(vec![authority()], Vec::new()).len(), 1);
    }

    #[tokio::test]
    async fn a_caller_that_gives_up_does_not_stop_the_loading() {
        let tls = Tls::new(&TransportConfig::default()).unwrap();
        // One poll starts the loading; then the caller is gone.
        tokio::select! {
            biased;
            _ = tls.config() => panic!("loaded at once"),
            () = std::future::ready(()) => {}
        }
        // Returns only once the loading is over, without starting another.
        let loaded = Arc::clone(&tls.loaded);
        let waited = tokio::task::spawn_blocking(move || loaded.wait().clone()).await.unwrap();
        assert!(Arc::ptr_eq(&waited.unwrap(), &tls.config().await.unwrap()));
    }

    #[test]
    fn both_versions_are_offered_or_the_first_alone() {
        let offered = |http2| build(Vec::new(), http2).unwrap().alpn_protocols;
        assert_eq!(offered(true), [b"h2".to_vec(), b"http/1.1".to_vec()]);
        assert_eq!(offered(false), [b"http/1.1".to_vec()]);
    }
}
