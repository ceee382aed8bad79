//! The balancer over plain HTTP calls, with nothing but the standard library for HTTP: three servers,
//! one of which is overloaded and one of which is not there.
#![expect(clippy::print_stdout, reason = "an example shows what comes back")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use tollgate_balancer::{Call, CredentialBook, GroupSpec, MemberSpec, Router, Strategy, execute};
use tollgate_core_types::{ErrorClass, UpstreamError};

/// One GET request. What went wrong says whose fault it was, and that is all the balancer asks for.
fn get(server: SocketAddr, path: &str) -> Result<String, UpstreamError> {
    let broken =
        |error: std::io::Error| UpstreamError::new(ErrorClass::Transport, error.to_string());
    let mut stream = TcpStream::connect_timeout(&server, Duration::from_secs(2))
        .map_err(|error| UpstreamError::new(ErrorClass::Connect, error.to_string()))?;
    stream.set_read_timeout(Some(Duration::from_secs(10))).map_err(broken)?;
    let request = format!("GET {path} HTTP/1.0\r\nhost: {server}\r\n\r\n");
    stream.write_all(request.as_bytes()).map_err(broken)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).map_err(broken)?;
    let (head, body) = answer
        .split_once("\r\n\r\n")
        .ok_or_else(|| UpstreamError::new(ErrorClass::Malformed, "no end of the head"))?;
    let status = head.split(' ').nth(1).and_then(|status| status.parse::<u16>().ok());
    let pause = head.lines().find_map(|line| line.strip_prefix("retry-after: "));
    let pause = pause.and_then(|seconds| seconds.parse().ok()).map(Duration::from_secs);
    let class = match status {
        Some(200..300) => return Ok(body.to_owned()),
        Some(429) => ErrorClass::Throttle,
        Some(503) => ErrorClass::Overload,
        Some(500..600) => ErrorClass::Server,
        Some(_) => ErrorClass::Client,
        None => ErrorClass::Malformed,
    };
    Err(UpstreamError::new(class, head.lines().next().unwrap_or_default()).with_retry_after(pause))
}

/// A server that gives every request the same answer.
fn serve(answer: &'static str) -> std::io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut lines = BufReader::new(&stream).lines().map_while(Result::ok);
            // A request without a body ends with an empty line.
            lines.find(String::is_empty);
            (&stream).write_all(answer.as_bytes()).unwrap_or_default();
        }
    });
    Ok(address)
}

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::disallowed_methods, reason = "a program reads the clock; libraries are told")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let gone = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let busy = serve("HTTP/1.0 429 Too Many Requests\r\nretry-after: 30\r\n\r\n")?;
    let well = serve("HTTP/1.0 200 OK\r\n\r\nhello")?;
    let members = [("gone", gone), ("busy", busy), ("well", well)];
    let members = members.map(|(name, address)| MemberSpec::new(name, address)).to_vec();
    let mut servers = GroupSpec::new("servers", members);
    servers.strategy = Strategy::FirstAvailable;
    let router = Router::new(vec![servers], &CredentialBook::new())?;
    for seed in 0..5 {
        let call = Call::new("servers", Instant::now() + Duration::from_secs(10), seed);
        let answer = execute(&router, call, |attempt| async move {
            let server = *attempt.payload();
            println!("  attempt {} at {}", attempt.number(), attempt.member().id());
            let fetched = tokio::task::spawn_blocking(move || get(server, "/")).await;
            let stopped = |_| Err(UpstreamError::new(ErrorClass::Stopping, "the program ends"));
            attempt.settle(fetched.unwrap_or_else(stopped))
        });
        println!("{}", answer.await?);
    }
    for member in router.groups().flat_map(|group| group.members()) {
        let status = member.status(Instant::now());
        let why = status.refusal.map_or("serves".to_owned(), |refusal| refusal.to_string());
        println!("{}: {why}, {} attempts", status.id, status.totals.attempts);
    }
    Ok(())
}
