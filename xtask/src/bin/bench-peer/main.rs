//! The other processes of `cargo xtask bench`: an upstream, two minimal proxies, a load generator.
//!
//! Each runs in a process of its own, so that CPU time can be told apart. They must stay minimal:
//! the proxies are the floor that the gateway is measured against.

mod load;
mod proxy;
mod upstream;
mod wire;

use clap::{Parser, Subcommand};
use std::net::SocketAddr;

#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    role: Role,
}

#[derive(Subcommand)]
enum Role {
    /// Answers chat completions at once, in a fixed way.
    Upstream {
        /// Where to listen.
        #[arg(long)]
        listen: SocketAddr,
    },
    /// axum in front of hyper-util's client: nothing but pass-through.
    ProxyHyper {
        /// Where to listen.
        #[arg(long)]
        listen: SocketAddr,
        /// Where to send.
        #[arg(long)]
        upstream: SocketAddr,
    },
    /// axum in front of reqwest: nothing but pass-through.
    ProxyReqwest {
        /// Where to listen.
        #[arg(long)]
        listen: SocketAddr,
        /// Where to send.
        #[arg(long)]
        upstream: SocketAddr,
    },
    /// Sends load and prints one line of JSON.
    Load(load::Load),
}

fn main() -> anyhow::Result<()> {
    match Cli::parse().role {
        Role::Upstream { listen } => single_threaded(upstream::serve(listen)),
        Role::ProxyHyper { listen, upstream } => {
            single_threaded(proxy::serve_hyper(listen, upstream))
        }
        Role::ProxyReqwest { listen, upstream } => {
            // reqwest refuses to build a client without a TLS provider, even for plain HTTP.
            let _ = rustls::crypto::ring::default_provider().install_default();
            single_threaded(proxy::serve_reqwest(listen, upstream))
        }
        Role::Load(load) => {
            let report = load.run()?;
            use std::io::Write as _;
            writeln!(std::io::stdout(), "{report}")?;
            Ok(())
        }
    }
}

fn single_threaded(serve: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(serve)
}
