//! `media`: how pictures and documents are fetched that requests point to.

use super::section;
use crate::read::{At, Section};
use crate::report::Report;
use crate::types::{Media, Network};

/// Reads the section, with a default for everything that it does not say.
pub(super) fn read(root: &mut Section<'_>, report: &mut Report) -> Media {
    let mut media = Media::default();
    let Some(mut given) = section(root, &["media"], report) else { return media };
    let timeout = given.take(&["timeout"], report);
    if let Some(timeout) = timeout.and_then(|at| at.some_duration(report)) {
        media.timeout = timeout;
    }
    if let Some(limit) = given.take(&["limit"], report).and_then(|at| at.size(report)) {
        media.limit = limit;
    }
    if let Some(count) = given.take(&["count"], report).and_then(|at| at.whole(1..=100, report)) {
        media.count = usize::try_from(count).unwrap_or(usize::MAX);
    }
    if let Some(at) = given.take(&["ports"], report) {
        let ports = at.texts(report).into_iter();
        media.ports = ports
            .filter_map(|(at, _)| at.whole(1..=65_535, report))
            .filter_map(|port| u16::try_from(port).ok())
            .collect();
    }
    if let Some(at) = given.take(&["networks"], report) {
        let networks = at.texts(report);
        media.networks =
            networks.into_iter().filter_map(|(at, text)| network(&at, text, report)).collect();
    }
    given.finish(report);
    media
}

fn network(at: &At<'_>, text: &str, report: &mut Report) -> Option<Network> {
    let read = || {
        let (address, bits) = text.split_once('/')?;
        let address: std::net::IpAddr = address.parse().ok()?;
        let bits: u8 = bits.parse().ok()?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        (bits <= most).then_some(Network { address, bits })
    };
    let network = read();
    if network.is_none() {
        let message = format!("\"{}\" is no network", crate::read::clip(text));
        at.problem_hint(report, message, "one is written as 10.1.0.0/16 or fd00::/8");
    }
    network
}
