//! A vendor that misbehaves on demand: HTTP/1.1 written byte by byte over plain TCP.
//!
//! Libraries for HTTP servers keep the rules; this one must be able to break each of them: answer
//! nothing, answer half, answer HTML, split a character in two, reset the connection in the middle
//! of a stream. It follows a script that the test posts, and keeps a journal of what it received and
//! how far it got. One process is one deployment; start several for several.
//!
//! Reading order: [`vendor`] takes a connection, [`script`] says how to behave, [`serve`] behaves,
//! [`openai`], [`anthropic`] and [`gemini`] are the words of the dialects, [`journal`] is what the test reads.
//! It must never be lenient: a request that a vendor would refuse is refused here.

mod answer;
mod anthropic;
mod body;
mod clock;
mod dialect;
mod frames;
mod gemini;
mod gzip;
mod journal;
mod openai;
mod peer;
mod request;
mod responses;
mod script;
mod serve;
mod vendor;

use clap::Parser;
use std::io::Write as _;
use std::net::Ipv4Addr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use dialect::Dialect;
use vendor::Vendor;

/// A vendor that misbehaves on demand.
#[derive(Debug, Parser)]
struct Args {
    /// Port on the loopback address; 0 takes a free one and prints it.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// The API that it speaks.
    #[arg(long, value_enum)]
    dialect: Dialect,
    /// Its name: part of its default answer, so that a test sees who answered.
    #[arg(long)]
    name: String,
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, args.port)).await?;
    let mut out = std::io::stdout();
    writeln!(out, "listening on {}", listener.local_addr()?)?;
    out.flush()?;
    let vendor = Arc::new(Vendor::new(args.name, args.dialect));
    let mut connections = JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await?;
        let vendor = Arc::clone(&vendor);
        connections.spawn(async move { vendor.connection(stream).await });
        while connections.try_join_next().is_some() {}
    }
}
