//! `tollgate chat` as a person or a script uses it: what is printed where, and the exit code.
#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

const MOCK: &str = "models: { m: { provider: mock } }";

/// The binary with nothing of this machine's in its environment.
fn tollgate(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tollgate"));
    command.args(args).env_clear().current_dir(env!("CARGO_TARGET_TMPDIR"));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// A configuration in a file of its own.
fn config(name: &str, yaml: &str) -> String {
    let path = format!("{}/chat-{name}.yaml", env!("CARGO_TARGET_TMPDIR"));
    std::fs::write(&path, yaml).unwrap();
    path
}

/// Exit code, standard output and standard error of a run that is given `input`.
fn ended(command: &mut Command, input: &str) -> (Option<i32>, String, String) {
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// A gateway that serves until this is dropped.
struct Serving(Child, String);

impl Serving {
    fn start() -> Self {
        let config = config("serve", MOCK);
        let mut command =
            tollgate(&["--config", &config, "--listen", "127.0.0.1:0", "--ops-listen", "off"]);
        let mut child = command.stdout(Stdio::null()).spawn().unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
        let url = said.find_map(|line| Some(line.unwrap().split_once("http://")?.1.to_owned()));
        Self(child, format!("http://{}", url.unwrap()))
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

#[test]
fn the_answer_alone_goes_to_standard_output_wherever_the_question_comes_from() {
    let config = config("sources", MOCK);
    for (args, input) in [
        (&["chat", "hello"][..], ""),
        (&["chat", "hello", "--no-stream", "--model", "m"][..], ""),
        (&["chat", "--system", "be kind"][..], "hello"),
        (&["chat", "-"][..], "hello\n"),
    ] {
        let (code, out, err) = ended(tollgate(args).env("TOLLGATE_CONFIG", &config), input);
        assert_eq!((code, err.as_str()), (Some(0), ""), "{args:?}: {err}");
        assert!(out.contains("hello") && out.ends_with('\n') && !out.contains('\u{1b}'), "{out}");
    }
}

#[test]
fn a_running_gateway_is_asked_for_its_default_or_for_a_model() {
    let gateway = Serving::start();
    let url = gateway.1.as_str();
    let (code, out, err) = ended(&mut tollgate(&["chat", "hello", "--url", url]), "");
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(out.contains("hello"), "{out}");
    let (code, ..) = ended(tollgate(&["chat", "hello", "-m", "m"]).env("TOLLGATE_URL", url), "");
    assert_eq!(code, Some(0));
    let (code, out, err) = ended(&mut tollgate(&["chat", "hello", "-m", "n", "--url", url]), "");
    assert_eq!((code, out.as_str()), (Some(1), ""));
    assert!(err.contains("\"n\" does not exist"), "{err}");
}

#[test]
fn what_cannot_be_asked_is_said_and_exits_2_and_what_is_not_answered_1() {
    let config = config("errors", MOCK);
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let closed = format!("http://{closed}");
    for (args, expected, words) in [
        (&["chat"][..], 2, "standard input is empty"),
        (&["chat", "x", "--url", "nope"][..], 2, "no address of a gateway"),
        (&["chat", "x", "--config", "/nowhere.yaml"][..], 2, "cannot be read"),
        (&["chat", "x", "--url", &closed][..], 1, "cannot be reached"),
        (&["chat", "x", "--model", "mm"][..], 1, "did you mean"),
    ] {
        let (code, out, err) = ended(tollgate(args).env("TOLLGATE_CONFIG", &config), "");
        assert_eq!((code, out.as_str()), (Some(expected), ""), "{args:?}: {err}");
        assert!(err.starts_with("tollgate: ") && err.contains(words), "{args:?}: {err}");
    }
}

/// Reads a request, head and body.
fn request(stream: &TcpStream) {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line == "\r\n" {
            break;
        }
    }
    reader.read_exact(&mut vec![0; length]).unwrap();
}

const BEGUN: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n\
    data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"half\"}}]}\n\n";

#[test]
fn half_an_answer_is_printed_and_is_a_failure() {
    let vendor = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", vendor.local_addr().unwrap());
    let child = tollgate(&["chat", "x", "--url", &url]).spawn().unwrap();
    let (mut stream, _) = vendor.accept().unwrap();
    request(&stream);
    stream.write_all(BEGUN.as_bytes()).unwrap();
    drop(stream);
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(1), &b"half\n"[..]));
    let err = String::from_utf8(output.stderr).unwrap();
    assert!(err.starts_with("tollgate: broken_stream: "), "{err}");
}

#[test]
fn an_interrupt_ends_it_and_leaves_the_vendor() {
    let vendor = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", vendor.local_addr().unwrap());
    let mut child = tollgate(&["chat", "x", "--url", &url]).spawn().unwrap();
    let (mut stream, _) = vendor.accept().unwrap();
    request(&stream);
    stream.write_all(BEGUN.as_bytes()).unwrap();
    let mut half = [0; 4];
    child.stdout.as_mut().unwrap().read_exact(&mut half).unwrap();
    let signal = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(signal.success());
    assert_eq!(stream.read(&mut [0]).unwrap_or(0), 0, "the vendor is left");
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(130), &b"\n"[..]));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "tollgate: interrupted\n");
}
