//! The other end of a connection: what it sent ahead, what was written to it, and whether it left.
//!
//! Every wait and every write also reads, so that a client that leaves is noticed at once and not
//! at the next write.

use std::io;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// The peer closed its side, or the connection broke.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Gone;

impl From<io::Error> for Gone {
    fn from(_: io::Error) -> Self {
        Self
    }
}

/// One connection.
#[derive(Debug)]
pub(crate) struct Peer {
    stream: TcpStream,
    /// Bytes received and not yet used.
    pub(crate) ahead: Vec<u8>,
    /// Bytes that the kernel took since [`Self::begin`].
    pub(crate) sent: u64,
}

impl Peer {
    /// Takes a fresh connection. Small writes go out at once.
    pub(crate) fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self { stream, ahead: Vec::new(), sent: 0 })
    }

    /// Starts counting what is sent anew.
    pub(crate) fn begin(&mut self) {
        self.sent = 0;
    }

    /// Reads more.
    ///
    /// # Errors
    /// When nothing more will come.
    pub(crate) async fn fill(&mut self) -> Result<(), Gone> {
        match self.stream.read_buf(&mut self.ahead).await? {
            0 => Err(Gone),
            _ => Ok(()),
        }
    }

    /// Writes everything.
    ///
    /// # Errors
    /// When the peer leaves before it took everything.
    pub(crate) async fn send(&mut self, mut bytes: &[u8]) -> Result<(), Gone> {
        let (mut read, mut write) = self.stream.split();
        while !bytes.is_empty() {
            tokio::select! {
                written = write.write(bytes) => {
                    let written = written?;
                    self.sent += written as u64;
                    bytes = bytes.get(written..).unwrap_or_default();
                }
                received = read.read_buf(&mut self.ahead) => {
                    if received? == 0 {
                        return Err(Gone);
                    }
                }
            }
        }
        Ok(())
    }

    /// Waits.
    ///
    /// # Errors
    /// When the peer leaves before the time is over.
    pub(crate) async fn wait(&mut self, time: Duration) -> Result<(), Gone> {
        let over = tokio::time::sleep(time);
        tokio::pin!(over);
        loop {
            tokio::select! {
                () = &mut over => return Ok(()),
                received = self.stream.read_buf(&mut self.ahead) => {
                    if received? == 0 {
                        return Err(Gone);
                    }
                }
            }
        }
    }

    /// Waits until the peer leaves.
    pub(crate) async fn until_gone(&mut self) -> Gone {
        loop {
            if let Err(gone) = self.fill().await {
                return gone;
            }
        }
    }

    /// Breaks the connection: the peer sees a reset, not an end.
    pub(crate) fn reset(self) {
        // Where it fails the connection is closed in good order, and the test says so.
        let _ = self.stream.set_zero_linger();
    }
}
