//! A vendor for tests: a real socket that answers each request with the bytes of a script.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// What one request gets.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    /// These bytes, and the connection stays.
    Say(String),
    /// These bytes, and the connection closes.
    SayAndClose(String),
    /// These bytes, and silence.
    SayAndStall(String),
    /// These bytes again and again, as fast as they are taken.
    SayForEver(String),
    /// Nothing, and the connection closes.
    Close,
}

/// One request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) head: String,
    pub(crate) body: String,
}

#[derive(Default)]
struct State {
    acts: VecDeque<Act>,
    seen: Vec<Seen>,
}

/// A running vendor. Dropping it closes everything.
pub(crate) struct Upstream {
    pub(crate) address: SocketAddr,
    state: Arc<Mutex<State>>,
    /// Connections that the client closed or reset while an answer was under way.
    left: watch::Receiver<usize>,
    /// Bytes of answers that the client's side has taken so far.
    written: watch::Receiver<usize>,
    _tasks: JoinSet<()>,
}

impl Upstream {
    /// Starts a vendor that meets its requests with `acts`, in order, and then with 500.
    pub(crate) async fn start(acts: Vec<Act>) -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State { acts: acts.into(), seen: Vec::new() }));
        let (left_tell, left) = watch::channel(0);
        let (written_tell, written) = watch::channel(0);
        let mut tasks = JoinSet::new();
        let shared = Arc::clone(&state);
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = socket.accept().await {
                let serve = Connection {
                    stream,
                    state: Arc::clone(&shared),
                    left: left_tell.clone(),
                    written: written_tell.clone(),
                };
                connections.spawn(serve.run());
            }
        });
        Self { address, state, left, written, _tasks: tasks }
    }

    /// Its base address for OpenAI's dialect.
    pub(crate) fn base(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// The requests so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.state.lock().unwrap().seen.clone()
    }

    /// Waits until a client has left an answer.
    pub(crate) async fn wait_until_left(&self) {
        let mut left = self.left.clone();
        left.wait_for(|left| *left > 0).await.unwrap();
    }

    /// How many bytes of answers were taken so far.
    pub(crate) fn written(&self) -> usize {
        *self.written.borrow()
    }
}

struct Connection {
    stream: TcpStream,
    state: Arc<Mutex<State>>,
    left: watch::Sender<usize>,
    written: watch::Sender<usize>,
}

impl Connection {
    async fn run(mut self) {
        while let Some(seen) = self.request().await {
            let act = {
                let mut state = self.state.lock().unwrap();
                state.seen.push(seen);
                state.acts.pop_front()
            };
            let act = act.unwrap_or_else(|| Act::Say(json(500, r#"{"error":{"message":"over"}}"#)));
            if !self.act(act).await {
                return;
            }
        }
    }

    async fn request(&mut self) -> Option<Seen> {
        let mut read = Vec::new();
        let mut buffer = vec![0; 16 << 10];
        loop {
            if let Some(end) = find(&read, b"\r\n\r\n") {
                let head = String::from_utf8_lossy(&read[..end]).to_ascii_lowercase();
                let length: usize = head
                    .lines()
                    .find_map(|line| line.strip_prefix("content-length: ")?.trim().parse().ok())
                    .unwrap_or(0);
                let body = &read[end + 4..];
                if body.len() >= length {
                    let body = String::from_utf8_lossy(&body[..length]).into_owned();
                    return Some(Seen { head, body });
                }
            }
            match self.stream.read(&mut buffer).await {
                Ok(0) | Err(_) => return None,
                Ok(read_now) => read.extend_from_slice(&buffer[..read_now]),
            }
        }
    }

    /// Plays one act; false where the connection is over.
    async fn act(&mut self, act: Act) -> bool {
        match act {
            Act::Say(bytes) => self.say(&bytes).await,
            Act::SayAndClose(bytes) => {
                self.say(&bytes).await;
                false
            }
            Act::SayAndStall(bytes) => {
                self.say(&bytes).await;
                let mut byte = [0];
                let _ = self.stream.read(&mut byte).await;
                self.left.send_modify(|left| *left += 1);
                false
            }
            Act::SayForEver(bytes) => {
                while self.say(&bytes).await {}
                self.left.send_modify(|left| *left += 1);
                false
            }
            Act::Close => false,
        }
    }

    async fn say(&mut self, bytes: &str) -> bool {
        let said = self.stream.write_all(bytes.as_bytes()).await.is_ok();
        self.written.send_modify(|written| *written += bytes.len());
        said
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

/// A whole answer.
pub(crate) fn json(status: u16, body: &str) -> String {
    format!(
        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// The head of a streamed answer and some frames, each in a chunk of its own.
pub(crate) fn events(frames: &[&str]) -> String {
    let mut text = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\
                    transfer-encoding: chunked\r\n\r\n"
        .to_owned();
    for frame in frames {
        text.push_str(&chunk(frame));
    }
    text
}

/// One frame in a chunk.
pub(crate) fn chunk(frame: &str) -> String {
    format!("{:x}\r\n{frame}\r\n", frame.len())
}

/// The same answer with its end.
pub(crate) fn ended(frames: &[&str]) -> String {
    events(frames) + "0\r\n\r\n"
}
