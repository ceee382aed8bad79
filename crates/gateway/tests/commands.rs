//! The commands that look: at a running gateway, at a configuration, at the binary itself.
#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::{Child, Command, Output, Stdio};
use std::thread;

/// The binary with nothing of this machine's in its environment.
fn tollgate(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tollgate"));
    command.args(args).env_clear().current_dir(env!("CARGO_TARGET_TMPDIR"));
    command
}

/// Its exit code, and what it said on standard output and on standard error.
fn ended(command: &mut Command) -> (i32, String, String) {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

/// A demo gateway that serves until this is dropped.
struct Serving {
    child: Child,
    clients: String,
    ops: String,
}

impl Serving {
    fn start() -> Self {
        let mut command = tollgate(&["--listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0"]);
        let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
        let mut address = |word: &str, path: &str| {
            let line = lines.find(|line| line.contains(word)).unwrap();
            let (_, address) = line.split_once("http://").unwrap();
            format!("http://{}", address.trim_end_matches(path))
        };
        let (clients, ops) = (address("docs ", "/docs"), address("metrics ", "/metrics"));
        Self { child, clients, ops }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// One connection that is answered with `answer`.
fn answering(answer: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 1024]);
        let _ = stream.write_all(answer);
    });
    format!("http://{address}")
}

#[test]
fn health_tells_by_its_exit_code() {
    let gateway = Serving::start();
    let ready = ended(&mut tollgate(&["health", "--url", &gateway.ops]));
    assert_eq!(ready, (0, "ready\n".to_owned(), String::new()));
    let live = ended(&mut tollgate(&["health", "--live", "--url", &gateway.ops]));
    assert_eq!(live, (0, "alive\n".to_owned(), String::new()));
    let quiet = ended(&mut tollgate(&["health", "--quiet", "--url", &gateway.ops]));
    assert_eq!(quiet, (0, String::new(), String::new()));

    let draining = b"HTTP/1.0 503 x\r\n\r\n{\"status\":\"draining\"}";
    for (url, says) in [
        (answering(draining), "503 {\"status\":\"draining\"}"),
        (answering(b"SSH-2.0-OpenSSH_9.2\r\n"), "does not speak HTTP"),
        ("http://127.0.0.1:1".to_owned(), "refused"),
    ] {
        let (code, out, said) = ended(&mut tollgate(&["health", "--url", &url]));
        assert_eq!((code, &*out), (1, ""), "{said}");
        assert!(said.contains("not ready") && said.contains(says), "{says} is not in: {said}");
    }
}

#[test]
fn health_gives_up_in_its_time() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let (code, _, said) = ended(&mut tollgate(&["health", "--timeout", "0.05", "--url", &url]));
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("no answer in time"), "{said}");
}

#[test]
fn health_finds_the_gateway_of_the_configuration_even_if_that_is_broken_now() {
    let gateway = Serving::start();
    let ops = gateway.ops.trim_start_matches("http://");
    // In a container both listen on every network.
    let every = format!("0.0.0.0:{}", ops.rsplit(':').next().unwrap());
    let file = format!("{}/health.yaml", env!("CARGO_TARGET_TMPDIR"));
    for (text, variable) in [
        (format!("server: {{ ops_listen: '{every}' }}\nmodels: {{ m: {{ provider: mock }} }}"), ""),
        ("models: { m: { provider: openai, api_key: '${GONE}' } }".to_owned(), every.as_str()),
        ("no: such: yaml".to_owned(), every.as_str()),
    ] {
        std::fs::write(&file, &text).unwrap();
        let mut command = tollgate(&["health", "--config", &file]);
        if !variable.is_empty() {
            command.env("TOLLGATE__SERVER__OPS_LISTEN", variable);
        }
        assert_eq!(ended(&mut command), (0, "ready\n".to_owned(), String::new()), "{text}");
    }
    // Without an ops listener, the clients' says whether the process serves.
    let clients = gateway.clients.trim_start_matches("http://");
    let flags = ["health", "--ops-listen", "off", "--listen", clients];
    assert_eq!(ended(&mut tollgate(&flags)).0, 0);
}

#[test]
fn models_are_listed_of_a_configuration_and_of_a_gateway() {
    let file = format!("{}/models.yaml", env!("CARGO_TARGET_TMPDIR"));
    let text = "models:
  fast: { aliases: [quick], deployments: [{ provider: mock }, { provider: mock }], fallbacks: [slow] }
  slow: { provider: mock }
";
    std::fs::write(&file, text).unwrap();
    let (code, out, said) = ended(&mut tollgate(&["models", "--config", &file]));
    assert_eq!(code, 0, "{said}");
    let lines =
        ["fast   mock; 2 deployments, round_robin; then slow", "quick  = fast", "slow   mock"];
    assert_eq!(out.lines().collect::<Vec<_>>(), lines);

    let gateway = Serving::start();
    let (code, out, said) = ended(&mut tollgate(&["models", "--url", &gateway.clients]));
    assert_eq!(code, 0, "{said}");
    assert!(out.lines().any(|line| line == "mock-chat       mock"), "{out}");
    let (code, _, said) = ended(&mut tollgate(&["models", "--url", &gateway.ops]));
    assert_eq!(code, 1);
    assert!(said.contains("/v1/models answers 404"), "{said}");
    let (code, _, said) =
        ended(&mut tollgate(&["models", "--url", &answering(b"HTTP/1.0 200 x\r\n\r\n<p>")]));
    assert_eq!(code, 1);
    assert!(said.contains("gives no list of models"), "{said}");
}

#[test]
fn a_key_is_shown_to_the_gateway_and_to_nobody_else() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let heard = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut head = [0; 1024];
        let count = stream.read(&mut head).unwrap();
        stream.write_all(b"HTTP/1.0 401 x\r\n\r\nno").unwrap();
        String::from_utf8_lossy(&head[..count]).into_owned()
    });
    let mut command = tollgate(&["models", "--url", &url]);
    let (code, out, said) = ended(command.env("TOLLGATE_API_KEY", "sk-canary"));
    assert!(heard.join().unwrap().contains("authorization: Bearer sk-canary\r\n"));
    assert_eq!(code, 1);
    assert!(!format!("{out}{said}").contains("canary"), "{said}");
    let help = ended(tollgate(&["models", "--help"]).env("TOLLGATE_API_KEY", "sk-canary")).1;
    assert!(!help.contains("canary"), "{help}");
}

#[test]
fn every_command_has_help_with_examples() {
    let top = ended(&mut tollgate(&["--help"])).1;
    for command in ["serve", "check", "models", "health", "completions"] {
        assert!(top.contains(&format!("\n  {command} ")), "{command} is not in: {top}");
        let (code, help, _) = ended(&mut tollgate(&[command, "--help"]));
        assert_eq!(code, 0);
        let example = format!("tollgate {command}");
        let examples = help.split_once("Examples:").map(|(_, examples)| examples);
        assert!(examples.is_some_and(|it| it.contains(&example)), "{help}");
        assert!(!help.contains('\u{1b}'), "colours without a terminal: {help:?}");
    }
}

#[test]
fn completions_are_there_for_every_shell() {
    for (shell, word) in [
        ("bash", "complete -F _tollgate"),
        ("zsh", "#compdef tollgate"),
        ("fish", "complete -c tollgate"),
        ("elvish", "tollgate"),
        ("powershell", "tollgate"),
    ] {
        let (code, out, said) = ended(&mut tollgate(&["completions", shell]));
        assert_eq!(code, 0, "{said}");
        assert!(out.contains(word) && out.contains("ops-listen"), "{shell}: {out}");
    }
    assert_eq!(ended(&mut tollgate(&["completions", "cmd.exe"])).0, 2);
}

#[test]
fn the_version_tells_the_commit_and_the_build() {
    let (_, short, _) = ended(&mut tollgate(&["-V"]));
    let (_, long, _) = ended(&mut tollgate(&["--version"]));
    let version = env!("CARGO_PKG_VERSION");
    let commit = short.trim_end().strip_prefix(&format!("tollgate {version} (")).unwrap();
    let commit = commit.strip_suffix(')').unwrap();
    let is_one = commit.len() == 12 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
    assert!(is_one || commit == "unknown", "{commit}");
    let lines: Vec<&str> = long.lines().collect();
    assert_eq!(lines[0], format!("tollgate {version}"));
    assert_eq!(lines[1], format!("commit   {commit}"));
    for (line, word) in lines[2..].iter().zip(["target   ", "profile  ", "rustc    "]) {
        assert!(line.len() > word.len() && line.starts_with(word), "{line}");
    }
    assert_eq!(lines.len(), 5);
}
