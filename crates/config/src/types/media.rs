//! How pictures and documents are fetched that requests point to.

use std::net::IpAddr;
use std::time::Duration;

/// Bounds on what is fetched, where `fetch_media` says so.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Media {
    /// All of one fetch, redirects included.
    pub timeout: Duration,
    /// Largest picture or document, in bytes.
    pub limit: usize,
    /// Most of them in one request.
    pub count: usize,
    /// Ports beside 80 and 443.
    pub ports: Vec<u16>,
    /// Networks that may be fetched from although they are not public.
    pub networks: Vec<Network>,
}

/// A network by its first address and how many bits of it count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    /// An address in it.
    pub address: IpAddr,
    /// How many bits of it count.
    pub bits: u8,
}

impl std::fmt::Display for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

impl Default for Media {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(10),
            limit: 20 << 20,
            count: 16,
            ports: Vec::new(),
            networks: Vec::new(),
        }
    }
}
