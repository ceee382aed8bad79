//! `tollgate health`: whether a running gateway is ready, as an exit code, for probes in images that
//! hold no shell and no curl.
//!
//! It must never depend on more than it needs: a configuration that is broken now says nothing about
//! the process that was started with an earlier one.

use clap::Args;
use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use crate::ask::{self, Address, Answer};
use crate::cli::Sources;

pub(crate) const EXAMPLES: &str = "\
Exit codes: 0 ready, 1 not ready or no answer, 2 a wrong command line.

Examples:
  tollgate health                                  the gateway of this configuration
  tollgate health --url http://127.0.0.1:9090      the one whose ops listener is there
  tollgate health --live --quiet --timeout 1       for a liveness probe";

/// Which gateway is asked for what.
#[derive(Debug, Clone, Args)]
pub(crate) struct Health {
    /// Where its ops listener is; by default where the configuration says, else 127.0.0.1:9090.
    #[arg(long, value_parser = Address::parse)]
    url: Option<Address>,
    /// Ask whether it is alive, which it is while it drains as well.
    #[arg(long)]
    live: bool,
    /// Seconds until no answer is one.
    #[arg(long, default_value = "2", value_parser = seconds, value_name = "SECONDS")]
    timeout: Duration,
    /// Say nothing; the exit code says it.
    #[arg(long, short)]
    quiet: bool,
}

/// Asks, and tells by the exit code.
pub(crate) fn run(health: &Health, sources: &Sources) -> anyhow::Result<ExitCode> {
    let Health { url, live, timeout, quiet } = health;
    let (address, path) = match url {
        Some(address) => (address.clone(), None),
        None => configured(sources)?,
    };
    let path = path.unwrap_or(if *live { "/health/live" } else { "/health/ready" });
    let (ready, said) = match ask::get(&address, path, None, *timeout) {
        Ok(Answer { status: 200, body: _ }) if *live => (true, "alive".to_owned()),
        Ok(Answer { status: 200, body: _ }) => (true, "ready".to_owned()),
        Ok(Answer { status, body }) => {
            let body = String::from_utf8_lossy(&body);
            let body: String = body.chars().filter(|c| !c.is_control()).take(200).collect();
            (false, format!("not ready: {address}{path} answers {status} {body}"))
        }
        Err(failure) => (false, format!("not ready: {address}: {failure}")),
    };
    if !quiet && ready {
        writeln!(std::io::stdout(), "{said}")?;
    } else if !quiet {
        writeln!(std::io::stderr(), "tollgate: {said}")?;
    }
    Ok(if ready { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Where the configured gateway answers probes; on the clients' listener where there is no other.
fn configured(sources: &Sources) -> anyhow::Result<(Address, Option<&'static str>)> {
    let server = match sources.load() {
        Ok(config) => config.server,
        // The listener's address alone is wanted; a key that is missing here is none of a probe's.
        Err(_) => sources.server()?,
    };
    let (address, path) = match server.ops_listen {
        Some(ops) => (ops, None),
        None => (server.listen, Some("/health")),
    };
    let address = Address::parse(&reachable(address).to_string()).map_err(anyhow::Error::msg)?;
    Ok((address, path))
}

/// An address to connect to for one to listen on.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        ip if !ip.is_unspecified() => ip,
        IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    };
    SocketAddr::new(ip, address.port())
}

/// Seconds over 0 and up to an hour.
pub(crate) fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: Option<f64> = text.trim_end_matches('s').parse().ok();
    seconds
        .filter(|seconds| *seconds > 0.0 && *seconds <= 3600.0)
        .map(Duration::from_secs_f64)
        .filter(|time| !time.is_zero())
        .ok_or_else(|| "expected seconds over 0, for example 2 or 0.5".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_for_every_network_is_asked_on_this_machine() {
        for (listen, ask) in [
            ("0.0.0.0:9090", "127.0.0.1:9090"),
            ("[::]:9090", "[::1]:9090"),
            ("10.1.2.3:1", "10.1.2.3:1"),
        ] {
            assert_eq!(reachable(listen.parse().unwrap()).to_string(), ask);
        }
    }

    #[test]
    fn times_are_seconds_over_nothing() {
        assert_eq!(seconds("2"), Ok(Duration::from_secs(2)));
        assert_eq!(seconds("0.5s"), Ok(Duration::from_millis(500)));
        for wrong in ["0", "-1", "soon", "NaN", "inf", "1e-12", "99999"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }
}
