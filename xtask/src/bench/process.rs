//! Processes of the benchmark: started on a core of their own, measured from `/proc`, ended.

use anyhow::{Context as _, Result, bail};
use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::clock::Stopwatch;

/// The core of what is measured.
pub(super) const TARGET_CORE: &str = "0";
/// The core of upstream and load generator.
pub(super) const OTHER_CORE: &str = "1";

/// A child process that is killed with this value.
pub(super) struct Process {
    child: Child,
    /// Where it listens.
    pub(super) address: SocketAddr,
}

impl Process {
    /// Starts `program` on `core` and waits until `address` accepts connections.
    pub(super) fn start(
        program: &Path,
        args: &[String],
        core: &str,
        address: SocketAddr,
        log: &Path,
    ) -> Result<Self> {
        let log = fs::File::create(log)?;
        let child = pinned(program, core)
            .args(args)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        let process = Self { child, address };
        process.wait_until_up()?;
        Ok(process)
    }

    fn wait_until_up(&self) -> Result<()> {
        let started = Stopwatch::start();
        while TcpStream::connect(self.address).is_err() {
            if started.elapsed() > Duration::from_secs(10) {
                bail!("nothing listens on {} after 10 s", self.address);
            }
            pause(Duration::from_millis(2));
        }
        Ok(())
    }

    /// CPU time of all its threads and children so far, in nanoseconds.
    pub(super) fn cpu_ns(&self) -> u64 {
        self.pids().iter().map(|pid| cpu_of(*pid)).sum()
    }

    /// Resident memory of it and its children, in KiB: now, and at most so far.
    pub(super) fn memory_kib(&self) -> (u64, u64) {
        let of = |field: &str| self.pids().iter().map(|pid| status_kib(*pid, field)).sum();
        (of("VmRSS:"), of("VmHWM:"))
    }

    /// Asks it to load its configuration again.
    pub(super) fn hang_up(&self) -> Result<()> {
        let pid = self.child.id().to_string();
        crate::shell::output(Command::new("kill").args(["-HUP", &pid])).map(drop)
    }

    fn pids(&self) -> Vec<u32> {
        let parent = self.child.id();
        let path = format!("/proc/{parent}/task/{parent}/children");
        let children = fs::read_to_string(path).unwrap_or_default();
        std::iter::once(parent)
            .chain(children.split_whitespace().filter_map(|pid| pid.parse().ok()))
            .collect()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Threads' run time from the scheduler, which counts nanoseconds where `stat` counts 10 ms.
fn cpu_of(pid: u32) -> u64 {
    let Ok(tasks) = fs::read_dir(format!("/proc/{pid}/task")) else { return 0 };
    tasks
        .filter_map(|task| fs::read_to_string(task.ok()?.path().join("schedstat")).ok())
        .filter_map(|stat| stat.split_whitespace().next()?.parse::<u64>().ok())
        .sum()
}

fn status_kib(pid: u32, field: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    status
        .lines()
        .find_map(|line| line.strip_prefix(field))
        .and_then(|rest| rest.split_whitespace().next()?.parse().ok())
        .unwrap_or(0)
}

/// `program`, kept on one core where `taskset` is at hand.
pub(super) fn pinned(program: &Path, core: &str) -> Command {
    if has("taskset") {
        let mut command = Command::new("taskset");
        command.args(["-c", core]).arg(program);
        command
    } else {
        Command::new(program)
    }
}

/// Whether a program is installed.
pub(super) fn has(program: &str) -> bool {
    std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|dir| dir.join(program).is_file()))
}

/// A free port on loopback.
pub(super) fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

/// Waits between two looks at a process of this run.
#[expect(clippy::disallowed_methods, reason = "a chore that waits for other processes")]
pub(super) fn pause(time: Duration) {
    std::thread::sleep(time);
}
