//! A listener whose connections the test reads and writes by hand.

use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

pub(crate) struct Server {
    listener: TcpListener,
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self { listener: TcpListener::bind("127.0.0.1:0").await.unwrap() }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.listener.local_addr().unwrap()
    }

    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.address())
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin())
    }

    pub(crate) async fn accept(&self) -> Conn {
        Conn { stream: self.listener.accept().await.unwrap().0 }
    }

    /// Accepts, reads one request and writes `answer`.
    pub(crate) async fn answer(&self, answer: &[u8]) -> Conn {
        let mut conn = self.accept().await;
        conn.request().await;
        conn.write(answer).await;
        conn
    }
}

pub(crate) struct Conn {
    stream: TcpStream,
}

impl Conn {
    /// Reads the head of one request and gives it as text.
    pub(crate) async fn head(&mut self) -> String {
        let mut read = Vec::new();
        loop {
            let byte = self.stream.read_u8().await.expect("a request");
            read.push(byte);
            if read.ends_with(b"\r\n\r\n") {
                return String::from_utf8(read).unwrap();
            }
        }
    }

    /// Reads one request with its body and gives it as text.
    pub(crate) async fn request(&mut self) -> String {
        let head = self.head().await;
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .map_or(0, |length| length.parse().unwrap());
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).await.unwrap();
        head + std::str::from_utf8(&body).unwrap()
    }

    /// Whatever comes next; nothing where the client closed.
    pub(crate) async fn some(&mut self) -> String {
        let mut read = [0; 1024];
        let length = self.stream.read(&mut read).await.unwrap_or_default();
        String::from_utf8_lossy(&read[..length]).into_owned()
    }

    pub(crate) async fn write(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    pub(crate) async fn try_write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.stream.write(bytes).await
    }

    /// Waits until the client closes (or resets); bytes that it still sends are thrown away.
    pub(crate) async fn closed(&mut self) {
        let mut sink = [0; 1024];
        while let Ok(1..) = self.stream.read(&mut sink).await {}
    }

    /// Closes so that the client sees a reset.
    pub(crate) fn reset(self) {
        self.stream.set_zero_linger().unwrap();
    }
}
