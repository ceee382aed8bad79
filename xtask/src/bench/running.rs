//! One Tollgate as it runs for long: its start and its reloads with many deployments, streams under
//! reloads, memory under names that nobody configured.

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::bodies::Bodies;
use super::load::{self, Shape};
use super::process::{Process, TARGET_CORE, free_address, pause};
use super::table::{self, Spread};
use super::targets::{OURS, Target, gateway};
use crate::clock::Stopwatch;

/// Models of the configuration, each with two keys.
const MODELS: usize = 100;
/// Starts; the first one pays for a cold page cache and is not counted.
const STARTS: usize = 16;
/// Reloads; the first is not counted.
const RELOADS: usize = 40;
/// How long streams run while configurations come and go.
const STREAMS_MS: u64 = 10_000;
/// Between two configurations.
const EVERY: Duration = Duration::from_millis(100);
/// Requests for models that nobody configured, and how many names they ask for.
const UNKNOWN: usize = 100_000;
const NAMES: usize = 1000;
/// Looks at the memory on the way.
const LOOKS: usize = 10;

/// What starts and drives one gateway.
pub(super) struct Running<'a> {
    config: PathBuf,
    log: PathBuf,
    upstream: SocketAddr,
    bodies: &'a Bodies,
}

/// A gateway, and its operators' address.
struct Gateway {
    process: Process,
    ops: SocketAddr,
}

impl<'a> Running<'a> {
    /// Nothing started yet.
    pub(super) fn new(home: &Path, upstream: SocketAddr, bodies: &'a Bodies) -> Self {
        let (config, log) = (home.join("many.yaml"), home.join("many.log"));
        Self { config, log, upstream, bodies }
    }

    /// Time from the start to the first connection with 200 deployments.
    pub(super) fn start(&self) -> Result<Value> {
        let (mut outside, mut inside, mut cpu) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..STARTS {
            let (clients, ops) = (free_address()?, free_address()?);
            self.write(clients, ops, 0)?;
            let watch = Stopwatch::start();
            let gateway = self.gateway(ops)?;
            outside.push(watch.elapsed().as_secs_f64() * 1000.0);
            inside.push(gateway.load_ms()?);
            cpu.push(gateway.process.cpu_ns() as f64 / 1e6);
        }
        let head =
            ["deployments", "start to first connection, ms", "as it says itself, ms", "CPU ms"];
        let spreads = [&outside, &inside, &cpu].map(|figures| Spread::of(rest(figures)).text());
        let row: Vec<String> = [(2 * MODELS).to_string()].into_iter().chain(spreads).collect();
        table::print("Start with many deployments", &head, &[row]);
        Ok(json!({ "part": "start", "outside_ms": outside, "inside_ms": inside, "cpu_ms": cpu }))
    }

    /// Time of a reload with 200 deployments; then streams under a reload every 100 ms.
    pub(super) fn reload(&self) -> Result<Value> {
        let (clients, ops) = (free_address()?, free_address()?);
        self.write(clients, ops, 0)?;
        let gateway = self.gateway(ops)?;
        let (mut took, mut cpu) = (Vec::new(), Vec::new());
        for number in 1..=RELOADS {
            self.write(clients, ops, number)?;
            let before = gateway.process.cpu_ns();
            gateway.process.hang_up()?;
            gateway.wait_beyond(number as u64)?;
            cpu.push(gateway.process.cpu_ns().saturating_sub(before) as f64 / 1e6);
            took.push(gateway.load_ms()?);
        }
        let spreads = [&took, &cpu].map(|figures| Spread::of(rest(figures)).text());
        let row: Vec<String> = [(2 * MODELS).to_string()].into_iter().chain(spreads).collect();
        table::print("Reload", &["deployments", "files read to serving, ms", "CPU ms"], &[row]);
        let under = self.streams(&gateway, clients)?;
        Ok(json!({ "part": "reload", "took_ms": took, "cpu_ms": cpu, "streams": under }))
    }

    fn streams(&self, gateway: &Gateway, clients: SocketAddr) -> Result<Value> {
        let before = gateway.told()?["generation"].as_u64().unwrap_or(0);
        let target = Target { name: OURS, process: None, address: clients };
        let shape =
            Shape { body: &self.bodies.paced, connections: 16, rate: None, millis: STREAMS_MS };
        let sample = std::thread::scope(|scope| {
            let streams = scope.spawn(|| load::run(&target, shape));
            let mut number = RELOADS;
            while !streams.is_finished() {
                number += 1;
                self.write(clients, gateway.ops, number)?;
                gateway.process.hang_up()?;
                pause(EVERY);
            }
            streams.join().unwrap_or_else(|_| bail!("the generator panicked"))
        })?;
        let reloads = gateway.told()?["generation"].as_u64().unwrap_or(0).saturating_sub(before);
        let head = ["streams", "complete", "failed", "reloads meanwhile"];
        let all = sample.requests + sample.failed;
        let row = [all, sample.requests, sample.failed, reloads].map(|count| count.to_string());
        table::print("Streams of 34 events under a reload every 100 ms", &head, &[row.to_vec()]);
        Ok(json!({ "complete": sample.requests, "failed": sample.failed, "reloads": reloads }))
    }

    /// Resident memory over 100 000 requests for 1 000 models that nobody configured.
    pub(super) fn memory(&self) -> Result<Value> {
        let (clients, ops) = (free_address()?, free_address()?);
        self.write(clients, ops, 0)?;
        let gateway = self.gateway(ops)?;
        let mut asker = Asker::connect(clients)?;
        let mut looks = vec![(0, gateway.process.memory_kib().0)];
        for done in 1..=UNKNOWN {
            asker.ask(&format!("nobody-configured-{}", done % NAMES))?;
            if done % (UNKNOWN / LOOKS) == 0 || done == UNKNOWN / 100 {
                looks.push((done, gateway.process.memory_kib().0));
            }
        }
        let series = metrics(gateway.ops)?.lines().filter(|line| !line.starts_with('#')).count();
        let rows: Vec<Vec<String>> = looks
            .iter()
            .map(|(done, kib)| vec![done.to_string(), format!("{:.1}", *kib as f64 / 1024.0)])
            .collect();
        let title = format!("Memory, {NAMES} unknown models ({series} series at the end)");
        table::print(&title, &["requests", "resident MiB"], &rows);
        Ok(json!({ "part": "memory", "looks": looks, "series": series }))
    }

    fn write(&self, clients: SocketAddr, ops: SocketAddr, number: usize) -> Result<()> {
        let mut text = format!(
            "server: {{ listen: \"{clients}\", ops_listen: \"{ops}\" }}\n\
             telemetry: {{ log: json, level: error }}\nmodels:\n"
        );
        for model in 0..MODELS {
            let name = if model == 0 { "bench".to_owned() } else { format!("model-{model}") };
            // Something differs in every model of every configuration.
            let timeout = 60 + number % 7;
            text.push_str(&format!(
                "  {name}:\n    timeout: {timeout}s\n    deployments:\n      - {{ provider: openai, \
                 model: up-{model}, api_base: \"http://{}/v1\", api_keys: [key-a-{model}, \
                 key-b-{model}] }}\n",
                self.upstream
            ));
        }
        // As an editor does it: never half a file.
        let beside = self.config.with_extension("new");
        std::fs::write(&beside, text)?;
        Ok(std::fs::rename(beside, &self.config)?)
    }

    fn gateway(&self, ops: SocketAddr) -> Result<Gateway> {
        let args = ["--config".to_owned(), self.config.display().to_string()];
        // The second address that it binds: when it answers there, clients are served as well.
        let process = Process::start(&gateway()?, &args, TARGET_CORE, ops, &self.log)?;
        Ok(Gateway { process, ops })
    }
}

impl Gateway {
    fn told(&self) -> Result<Value> {
        let body = get(self.ops, "/admin/config")?;
        serde_json::from_str(&body).context("reading /admin/config")
    }

    fn load_ms(&self) -> Result<f64> {
        Ok(self.told()?["load_seconds"].as_f64().context("no load_seconds")? * 1000.0)
    }

    fn wait_beyond(&self, generation: u64) -> Result<()> {
        let watch = Stopwatch::start();
        while self.told()?["generation"].as_u64().unwrap_or(0) <= generation {
            if watch.elapsed() > Duration::from_secs(10) {
                bail!("no generation after {generation}: {}", self.told()?);
            }
            pause(Duration::from_millis(2));
        }
        Ok(())
    }
}

fn metrics(ops: SocketAddr) -> Result<String> {
    get(ops, "/metrics")
}

/// The body of an answer; the connection ends with it.
fn get(address: SocketAddr, path: &str) -> Result<String> {
    let mut stream = TcpStream::connect(address)?;
    write!(stream, "GET {path} HTTP/1.1\r\nhost: bench\r\nconnection: close\r\n\r\n")?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    let (_, body) = text.split_once("\r\n\r\n").context("no HTTP")?;
    Ok(body.to_owned())
}

/// A connection that asks for models, one after the other.
struct Asker {
    stream: BufReader<TcpStream>,
}

impl Asker {
    fn connect(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        Ok(Self { stream: BufReader::new(stream) })
    }

    fn ask(&mut self, model: &str) -> Result<()> {
        let body = format!(
            "{{\"model\":\"{model}\",\"messages\":[{{\"role\":\"user\",\"content\":\"hi\"}}]}}"
        );
        let request = format!(
            "POST /v1/chat/completions HTTP/1.1\r\nhost: bench\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        self.stream.get_mut().write_all(request.as_bytes())?;
        let mut length = 0;
        let mut line = String::new();
        loop {
            line.clear();
            self.stream.read_line(&mut line)?;
            let line = line.trim_end().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if line.starts_with("http/1.1 ") && !line.starts_with("http/1.1 404") {
                bail!("{model}: {line}");
            }
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse()?;
            }
        }
        let mut body = vec![0; length];
        Ok(self.stream.read_exact(&mut body)?)
    }
}

/// All but the first.
fn rest(figures: &[f64]) -> &[f64] {
    figures.get(1..).unwrap_or_default()
}
