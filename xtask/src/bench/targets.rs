//! What is measured: the upstream directly, nginx, two minimal proxies, Tollgate.

use anyhow::Result;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use super::process::{OTHER_CORE, Process, TARGET_CORE, free_address, has};
use crate::shell;

/// One target.
pub(super) struct Target {
    /// Its name in tables.
    pub(super) name: &'static str,
    /// Its process; `None` for the upstream, which is not measured itself.
    pub(super) process: Option<Process>,
    /// Where it answers.
    pub(super) address: SocketAddr,
}

/// Every target, running.
pub(super) struct Targets {
    /// In the order of the tables.
    pub(super) all: Vec<Target>,
    /// Kept alive for the others.
    pub(super) upstream: Process,
    /// Where configurations and logs are.
    pub(super) home: PathBuf,
}

/// The floor that Tollgate is compared with.
pub(super) const FLOOR: &str = "axum+hyper-util";
/// Ourselves.
pub(super) const OURS: &str = "tollgate";

impl Targets {
    /// Starts the upstream and every target that this machine can have.
    pub(super) fn start(home: &Path) -> Result<Self> {
        let upstream_address = free_address()?;
        let args = ["upstream", "--listen", &upstream_address.to_string()].map(str::to_owned);
        let log = home.join("upstream.log");
        let upstream = Process::start(&peer()?, &args, OTHER_CORE, upstream_address, &log)?;
        let mut targets = Self { all: Vec::new(), upstream, home: home.to_path_buf() };
        targets.all.push(Target { name: "direct", process: None, address: upstream_address });
        if has("nginx") {
            targets.add("nginx", Self::nginx)?;
        }
        targets.add(FLOOR, |targets, address| targets.proxy("proxy-hyper", address))?;
        targets.add("axum+reqwest", |targets, address| targets.proxy("proxy-reqwest", address))?;
        targets.add(OURS, Self::tollgate)?;
        Ok(targets)
    }

    fn add(
        &mut self,
        name: &'static str,
        start: impl Fn(&Self, SocketAddr) -> Result<Process>,
    ) -> Result<()> {
        let address = free_address()?;
        let process = start(self, address)?;
        self.all.push(Target { name, process: Some(process), address });
        Ok(())
    }

    fn proxy(&self, role: &str, address: SocketAddr) -> Result<Process> {
        let args = [
            role.to_owned(),
            "--listen".to_owned(),
            address.to_string(),
            "--upstream".to_owned(),
            self.upstream.address.to_string(),
        ];
        let log = self.home.join(format!("{role}.log"));
        Process::start(&peer()?, &args, TARGET_CORE, address, &log)
    }

    fn nginx(&self, address: SocketAddr) -> Result<Process> {
        let config = self.home.join("nginx.conf");
        let home = self.home.display();
        std::fs::write(
            &config,
            format!(
                "daemon off; worker_processes 1; pid {home}/nginx.pid; error_log {home}/nginx.err;\n\
                 events {{ worker_connections 2048; }}\n\
                 http {{ access_log off; client_max_body_size 64m; client_body_buffer_size 1m;\n\
                 client_body_temp_path {home}/nginx-body; proxy_temp_path {home}/nginx-proxy;\n\
                 keepalive_requests 1000000;\n\
                 upstream up {{ server {}; keepalive 512; keepalive_requests 1000000; }}\n\
                 server {{ listen {address}; location / {{ proxy_pass http://up;\n\
                 proxy_http_version 1.1; proxy_set_header Connection \"\";\n\
                 proxy_buffering off; tcp_nodelay on; }} }} }}\n",
                self.upstream.address
            ),
        )?;
        let args = ["-c".to_owned(), config.display().to_string()];
        let log = self.home.join("nginx.log");
        Process::start(Path::new("nginx"), &args, TARGET_CORE, address, &log)
    }

    /// With request log to a file and metrics on, as it would run.
    fn tollgate(&self, address: SocketAddr) -> Result<Process> {
        let config = self.home.join("tollgate.yaml");
        std::fs::write(
            &config,
            format!(
                "server: {{ listen: \"{address}\", ops_listen: \"{}\" }}\n\
                 telemetry: {{ log: json }}\n\
                 models:\n  bench:\n    deployments:\n      \
                 - {{ provider: openai, model: bench-model, api_base: \"http://{}/v1\", \
                 api_keys: [bench] }}\n",
                free_address()?,
                self.upstream.address
            ),
        )?;
        let args = ["--config".to_owned(), config.display().to_string()];
        let log = self.home.join("tollgate.log");
        Process::start(&gateway()?, &args, TARGET_CORE, address, &log)
    }

    /// Starts one more Tollgate in demo mode, for start-up times and idle memory.
    pub(super) fn fresh(&self, name: &str) -> Result<Process> {
        let address = free_address()?;
        match name {
            OURS => self.tollgate(address),
            FLOOR => self.proxy("proxy-hyper", address),
            _ => self.nginx(address),
        }
    }

    /// Where the upstream answers.
    pub(super) fn upstream(&self) -> SocketAddr {
        self.upstream.address
    }

    /// What runs and what could not.
    pub(super) fn describe(&self) -> String {
        let names: Vec<&str> = self.all.iter().map(|target| target.name).collect();
        let mut text = format!("targets: {}", names.join(", "));
        if !has("nginx") {
            text.push_str(" (nginx is not installed: apt-get install nginx-light)");
        }
        if !has("taskset") {
            text.push_str(" (taskset is not installed: processes share all cores)");
        }
        text
    }
}

fn release(name: &str) -> Result<PathBuf> {
    Ok(shell::target_dir()?.join("release").join(name))
}

/// The program of the benchmark's other processes.
pub(super) fn peer() -> Result<PathBuf> {
    release("bench-peer")
}

/// The gateway.
pub(super) fn gateway() -> Result<PathBuf> {
    release("tollgate")
}
