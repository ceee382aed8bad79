//! The built binary: exit codes, flags, and what it says when it cannot start.
#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Output, Stdio};

/// The binary with nothing of this machine's in its environment.
fn tollgate(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tollgate"));
    let (listen, ops) = ("127.0.0.1:0", "127.0.0.1:0");
    command.args(args).env_clear().current_dir(env!("CARGO_TARGET_TMPDIR"));
    command.env("TOLLGATE__SERVER__LISTEN", listen).env("TOLLGATE__SERVER__OPS_LISTEN", ops);
    command
}

/// What it did, where it ends by itself.
fn ended(command: &mut Command) -> (Option<i32>, String) {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let said = [stdout, stderr].concat();
    (status.code(), String::from_utf8(said).unwrap())
}

/// A gateway that serves until this is dropped.
struct Serving {
    child: Child,
    ops: SocketAddr,
}

impl Serving {
    fn start(command: &mut Command) -> Self {
        let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let said = BufReader::new(child.stderr.take().unwrap());
        let find = |line: std::io::Result<String>| {
            let line = line.unwrap();
            let (_, address) = line.split_once("metrics ")?.1.split_once("http://")?;
            Some(address.trim_end_matches("/metrics").to_owned())
        };
        let found = said.lines().find_map(find).unwrap();
        let ops = found.parse().unwrap();
        Self { child, ops }
    }

    /// The status of an answer.
    fn get(&self, path: &str) -> u16 {
        let mut stream = TcpStream::connect(self.ops).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nhost: t\r\nconnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split(' ').nth(1).unwrap().parse().unwrap()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

#[test]
fn metrics_answer_unless_they_are_switched_off() {
    let on = Serving::start(&mut tollgate(&[]));
    assert_eq!((on.get("/metrics"), on.get("/health/ready")), (200, 200));
    let off = Serving::start(tollgate(&[]).env("TOLLGATE__TELEMETRY__PROMETHEUS", "false"));
    assert_eq!((off.get("/metrics"), off.get("/health/ready")), (404, 200));
}

#[test]
fn an_address_in_use_is_told_with_the_flag_that_chooses_another() {
    let held = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = held.local_addr().unwrap().to_string();
    for flag in ["--listen", "--ops-listen"] {
        let (code, said) = ended(&mut tollgate(&[flag, &address]));
        assert_eq!(code, Some(1), "{said}");
        for word in [&format!("cannot listen on {address}"), "another program", flag] {
            assert!(said.contains(word), "{word} is not in: {said}");
        }
    }
}

#[test]
fn a_bad_configuration_is_exit_code_two_whatever_is_asked() {
    for command in ["serve", "check"] {
        for (flag, value) in [("--log", "loud"), ("--log-level", "chatty"), ("--listen", "nowhere")]
        {
            let (code, said) = ended(&mut tollgate(&[command, flag, value]));
            assert_eq!(code, Some(2), "{said}");
            assert!(said.contains(flag), "{flag} is not in: {said}");
        }
    }
}

#[test]
fn flags_for_the_log_are_taken() {
    let flags = ["check", "--log", "text", "--log-level", "info,tollgate=debug"];
    let (code, said) = ended(&mut tollgate(&flags));
    assert_eq!((code, &*said), (Some(0), "ok: 2 models, 3 deployments\n"));
}

#[test]
fn listen_wins_over_the_host_and_port_of_a_file() {
    let file = format!("{}/host-and-port.yaml", env!("CARGO_TARGET_TMPDIR"));
    let text = "server: { host: 0.0.0.0, port: 8080 }\nmodels: { m: { provider: mock } }\n";
    std::fs::write(&file, text).unwrap();
    let (code, said) = ended(&mut tollgate(&["check", "--config", &file]));
    assert_eq!((code, &*said), (Some(0), "ok: 1 models, 1 deployments\n"));
    let flags = ["check", "--config", &file, "--listen", "127.0.0.1:8001"];
    let (code, said) = ended(tollgate(&flags).env_remove("TOLLGATE__SERVER__LISTEN"));
    assert_eq!((code, &*said), (Some(0), "ok: 1 models, 1 deployments\n"));
}

#[test]
fn a_vendor_that_is_the_gateway_itself_is_a_bad_configuration() {
    let vendor = [("OPENAI_API_KEY", "k"), ("OPENAI_BASE_URL", "http://localhost:8000/v1")];
    let flags = ["--listen", "127.0.0.1:8000"];
    let (code, said) = ended(tollgate(&flags).envs(vendor));
    assert_eq!(code, Some(2), "{said}");
    for word in ["OPENAI_BASE_URL", "localhost:8000 is this gateway itself", "127.0.0.1:8000"] {
        assert!(said.contains(word), "{word} is not in: {said}");
    }
}

#[test]
fn a_demo_for_want_of_a_key_says_so() {
    let (code, said) = ended(tollgate(&["check"]).env("OPENAI_API_KEY", ""));
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("OPENAI_API_KEY: is empty, so openai is not served"), "{said}");
}
