//! Clients that speak bytes: who is cut when, and who is not. In memory and paused time where the
//! moment matters; over real sockets that a client is cut at all, and not too early.

use axum::routing::{get, post};
use std::time::Instant;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::time::sleep;

use super::*;

const HEADER_TIME: Duration = Duration::from_secs(10);
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// What a timer may be late.
const LATE: Duration = Duration::from_millis(10);
const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: t\r\n\r\n";

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn app() -> Router {
    let slow = async || {
        sleep(secs(600)).await;
        "late"
    };
    Router::new()
        .route("/", get(async || "here"))
        .route("/slow", get(slow))
        .route("/body", post(async |body: String| body))
}

/// Connections in memory.
struct Stage {
    server: ConnectionServer,
    stop: watch::Sender<()>,
    served: JoinSet<()>,
}

impl Stage {
    fn new() -> Self {
        let options = ListenOptions {
            header_time: HEADER_TIME,
            keep_alive: KEEP_ALIVE,
            ..ListenOptions::default()
        };
        Self::with(options)
    }

    fn with(options: ListenOptions) -> Self {
        let (stop, stopped) = watch::channel(());
        let control = ListenControl(Arc::new(ArcSwap::from_pointee(options)));
        let (builder, router) = (builder(), app());
        let server =
            ConnectionServer { builder, router, control, telemetry: None, stopped, made: 0 };
        Self { server, stop, served: JoinSet::new() }
    }

    fn connect(&mut self) -> Client<DuplexStream> {
        let (ours, theirs) = tokio::io::duplex(64 * 1024);
        self.served.spawn(self.server.serve(theirs));
        Client(ours)
    }
}

/// A client that speaks bytes.
struct Client<S>(S);

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    async fn send(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).await.unwrap();
    }

    /// Reads until the text that an answer ends with.
    async fn answered(&mut self, end: &str) {
        let mut seen = Vec::new();
        while !seen.ends_with(end.as_bytes()) {
            let read = self.0.read_buf(&mut seen).await.unwrap();
            assert_ne!(read, 0, "closed after {:?}", String::from_utf8_lossy(&seen));
        }
    }

    /// How long from `since` until the other side closes; everything before that is left aside.
    async fn closed(&mut self, since: Instant) -> Duration {
        let mut seen = Vec::new();
        // A reset is an end as well.
        while self.0.read_buf(&mut seen).await.unwrap_or(0) > 0 {}
        clock::now() - since
    }

    /// Sends a byte at each step until the other side closes: how long that took.
    async fn drip(&mut self, bytes: &[u8], step: Duration) -> Duration {
        let start = clock::now();
        for byte in bytes {
            self.send(&[*byte]).await;
            let mut seen = [0];
            let read = tokio::time::timeout(step, self.0.read(&mut seen)).await;
            if read.is_ok_and(|read| read.unwrap_or(0) == 0) {
                return clock::now() - start;
            }
        }
        panic!("never closed");
    }
}

fn about(expected: Duration) -> impl Fn(Duration) -> bool {
    move |took| took >= expected && took <= expected + LATE
}

#[tokio::test(start_paused = true)]
async fn a_client_that_says_nothing_is_cut() {
    let mut stage = Stage::new();
    let mut client = stage.connect();
    let took = client.closed(clock::now()).await;
    assert!(about(HEADER_TIME)(took), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_head_that_drips_is_cut_at_its_time() {
    let mut stage = Stage::new();
    for head in [&b"GET / HTTP/1.1\r\nx-pad: aaaaaaaaaaaa"[..], b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"]
    {
        let mut client = stage.connect();
        let took = client.drip(head, secs(1)).await;
        assert!(about(HEADER_TIME)(took), "{took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_outlives_the_time_for_heads_and_is_closed_at_its_own() {
    let mut stage = Stage::new();
    let mut client = stage.connect();
    let mut last = clock::now();
    for idle in [1, 30, 74, 60] {
        client.send(REQUEST).await;
        client.answered("here").await;
        last = clock::now();
        sleep(secs(idle)).await;
    }
    let took = client.closed(last).await;
    assert!(about(KEEP_ALIVE)(took), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn the_head_of_a_later_request_has_its_time_from_its_first_byte() {
    let mut stage = Stage::new();
    let mut client = stage.connect();
    client.send(REQUEST).await;
    client.answered("here").await;
    sleep(secs(60)).await;
    let took = client.drip(&REQUEST[..REQUEST.len() - 2], secs(1)).await;
    assert!(about(HEADER_TIME)(took), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_head_in_two_pieces_within_its_time_is_served() {
    let mut stage = Stage::new();
    let mut client = stage.connect();
    for _ in 0..3 {
        client.send(&REQUEST[..9]).await;
        sleep(secs(9)).await;
        client.send(&REQUEST[9..]).await;
        client.answered("here").await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_under_way_is_not_idle() {
    let mut stage = Stage::new();
    let mut client = stage.connect();
    let start = clock::now();
    client.send(b"GET /slow HTTP/1.1\r\nhost: t\r\n\r\n").await;
    client.answered("late").await;
    assert!(about(secs(600))(clock::now() - start));
    let ended = clock::now();
    let took = client.closed(ended).await;
    assert!(about(KEEP_ALIVE)(took), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_body_is_no_head() {
    let mut stage = Stage::new();
    let mut client = stage.connect();
    client.send(b"POST /body HTTP/1.1\r\nhost: t\r\ncontent-length: 30\r\n\r\n").await;
    for _ in 0..30 {
        sleep(secs(1)).await;
        client.send(b"b").await;
    }
    client.answered("bbb").await;
}

/// HTTP/2 by hand: preface, settings, and `GET /` as the first stream.
#[tokio::test(start_paused = true)]
async fn an_idle_connection_of_http2_is_told_before_it_is_closed() {
    const SETTINGS: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0];
    const ACK: &[u8] = &[0, 0, 0, 4, 1, 0, 0, 0, 0];
    const GET: &[u8] = &[0, 0, 6, 1, 5, 0, 0, 0, 1, 0x82, 0x84, 0x86, 0x41, 1, b't'];
    const PING: &[u8] = &[0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8];
    const GOAWAY: u8 = 7;
    let mut stage = Stage::new();
    let mut client = stage.connect();
    client.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
    for frame in [SETTINGS, ACK, GET] {
        client.send(frame).await;
    }
    client.answered("here").await;
    let ended = clock::now();
    sleep(secs(50)).await;
    // Not the beginning of a head.
    client.send(PING).await;
    let told = loop {
        let mut head = [0; 9];
        client.0.read_exact(&mut head).await.unwrap();
        let length = u64::from(u32::from_be_bytes([0, head[0], head[1], head[2]]));
        let mut payload = (&mut client.0).take(length);
        payload.read_to_end(&mut Vec::new()).await.unwrap();
        if head[3] == GOAWAY {
            break clock::now() - ended;
        }
    };
    assert!(about(KEEP_ALIVE)(told), "{told:?}");
    let took = client.closed(ended).await;
    assert!(about(KEEP_ALIVE + HEADER_TIME)(took), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_the_idle_and_the_silent_at_once_and_waits_for_requests() {
    let mut stage = Stage::new();
    let (mut silent, mut idle, mut busy) = (stage.connect(), stage.connect(), stage.connect());
    idle.send(REQUEST).await;
    idle.answered("here").await;
    busy.send(b"GET /slow HTTP/1.1\r\nhost: t\r\n\r\n").await;
    sleep(secs(1)).await;
    let start = clock::now();
    stage.stop.send(()).unwrap();
    for client in [&mut silent, &mut idle] {
        let took = client.closed(start).await;
        assert!(took <= LATE, "{took:?}");
    }
    busy.answered("late").await;
    assert!(about(Duration::ZERO)(busy.closed(clock::now()).await));
    while let Some(served) = stage.served.join_next().await {
        served.unwrap();
    }
}

/// A listener with short times, on a port of its own, and what stops it.
async fn listener() -> (SocketAddr, oneshot::Sender<()>, JoinSet<()>) {
    let options = ListenOptions {
        header_time: Duration::from_millis(100),
        keep_alive: Duration::from_millis(400),
        ..ListenOptions::default()
    };
    let listener = Listener::bind(([127, 0, 0, 1], 0).into(), options).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let mut served = JoinSet::new();
    served.spawn(listener.serve(app(), async {
        let _ = stopped.await;
    }));
    (address, stop, served)
}

#[tokio::test]
async fn sockets_that_are_silent_slow_or_idle_are_closed_each_at_its_time() {
    let (address, stop, mut served) = listener().await;
    let (header_time, keep_alive) = (Duration::from_millis(100), Duration::from_millis(400));
    let connect = async || Client(TcpStream::connect(address).await.unwrap());
    // Each start is taken before what the server starts its own time with.
    let silent = async {
        let start = clock::now();
        let took = connect().await.closed(start).await;
        assert!(took >= header_time, "{took:?}");
    };
    let slow = async {
        let start = clock::now();
        connect().await.drip(&[b'a'; 1000], Duration::from_millis(20)).await;
        assert!(clock::now() - start >= header_time);
    };
    let idle = async {
        let mut client = connect().await;
        client.send(REQUEST).await;
        client.answered("here").await;
        let start = clock::now();
        client.send(REQUEST).await;
        client.answered("here").await;
        let took = client.closed(start).await;
        assert!(took >= keep_alive, "{took:?}");
    };
    tokio::join!(silent, slow, idle);
    stop.send(()).unwrap();
    served.join_next().await.unwrap().unwrap();
    assert!(TcpStream::connect(address).await.is_err(), "the port is free again");
}

/// What a client reads up to the end of an answer.
async fn head(client: &mut Client<DuplexStream>) -> String {
    let mut seen = Vec::new();
    while !seen.ends_with(b"here") && !seen.ends_with(b"late") {
        assert_ne!(client.0.read_buf(&mut seen).await.unwrap(), 0, "closed");
    }
    String::from_utf8(seen).unwrap()
}

#[tokio::test(start_paused = true)]
async fn the_answer_to_the_first_request_of_an_old_connection_closes_it() {
    let mut stage = Stage::with(ListenOptions { max_age: secs(100), ..ListenOptions::default() });
    let mut client = stage.connect();
    let slow = b"GET /slow HTTP/1.1\r\nhost: t\r\n\r\n";
    client.send(REQUEST).await;
    assert!(!head(&mut client).await.contains("connection: close"));
    sleep(secs(60)).await;
    client.send(slow).await;
    assert!(!head(&mut client).await.contains("connection: close"), "it began in time");
    client.send(slow).await;
    let last = head(&mut client).await;
    assert!(last.contains("connection: close"), "{last}");
    assert!(about(Duration::ZERO)(client.closed(clock::now()).await));
}

#[test]
fn ages_lie_apart_but_never_over_the_bound() {
    let ages: Vec<Duration> = (0..1000).map(|number| spread(secs(1000), number)).collect();
    assert!(ages.iter().all(|age| *age <= secs(1000) && *age >= secs(900)));
    let tenths = |from: u64| {
        let range = secs(900 + from * 10)..secs(910 + from * 10);
        ages.iter().filter(|age| range.contains(age)).count()
    };
    assert!((0..10).all(|from| (80..=120).contains(&tenths(from))), "evenly");
}

#[tokio::test(start_paused = true)]
async fn answers_under_way_at_the_stop_say_that_the_connection_closes() {
    let mut stage = Stage::new();
    let mut client = stage.connect();
    client.send(b"GET /slow HTTP/1.1\r\nhost: t\r\n\r\n").await;
    sleep(secs(1)).await;
    stage.stop.send(()).unwrap();
    assert!(head(&mut client).await.contains("connection: close"));
}

#[tokio::test]
async fn the_deadline_acts_once_and_then_lets_requests_say_their_last_words() {
    let options = ListenOptions { drain: Duration::from_millis(50), ..ListenOptions::default() };
    let listener = Listener::bind(([127, 0, 0, 1], 0).into(), options).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (cut, was_cut) = watch::channel(0);
    let (begin, mut begun) = watch::channel(());
    let waits = async move || {
        let _ = begin.send(());
        let _ = was_cut.clone().wait_for(|times| *times > 0).await;
        "cut"
    };
    let app = Router::new().route("/", get(waits));
    let (stop, stopped) = oneshot::channel::<()>();
    let mut served = JoinSet::new();
    let listener = listener.at_deadline(move || cut.send_modify(|times| *times += 1));
    served.spawn(listener.serve(app, async {
        let _ = stopped.await;
    }));
    let mut client = Client(TcpStream::connect(address).await.unwrap());
    client.send(REQUEST).await;
    begun.changed().await.unwrap();
    stop.send(()).unwrap();
    client.answered("cut").await;
    served.join_next().await.unwrap().unwrap();
}

#[tokio::test]
async fn further_connections_wait_until_there_is_room_also_under_a_new_bound() {
    let options = ListenOptions { max_connections: 1, ..ListenOptions::default() };
    let listener = Listener::bind(([127, 0, 0, 1], 0).into(), options).await.unwrap();
    let (address, control) = (listener.local_addr().unwrap(), listener.control());
    let mut served = JoinSet::new();
    served.spawn(listener.serve(app(), std::future::pending()));
    let connect = async || Client(TcpStream::connect(address).await.unwrap());
    let mut first = connect().await;
    first.send(REQUEST).await;
    first.answered("here").await;
    let mut second = connect().await;
    second.send(REQUEST).await;
    let early = tokio::time::timeout(Duration::from_millis(50), second.answered("here")).await;
    assert!(early.is_err());
    drop(first);
    second.answered("here").await;
    control.set(ListenOptions { max_connections: 2, ..options });
    // The bound is looked at when something happens: the end of a connection, or a new one.
    drop(second);
    let (mut third, mut fourth) = (connect().await, connect().await);
    for client in [&mut third, &mut fourth] {
        client.send(REQUEST).await;
        client.answered("here").await;
    }
}
