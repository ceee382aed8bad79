//! What the operating system tells the process to do.
//!
//! Every signal is listened for from the start: one that came between two waits would be lost, or
//! would end the process.

use std::io;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Why the process is to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// SIGTERM: a supervisor that routes traffic here and needs time to route it elsewhere.
    Terminate,
    /// SIGINT: a person at a terminal.
    Interrupt,
}

impl Stop {
    /// What shells show for a process that this signal ended.
    pub(crate) fn exit_code(self) -> u8 {
        match self {
            Self::Terminate => 128 + 15,
            Self::Interrupt => 128 + 2,
        }
    }
}

/// The signals to stop.
pub(crate) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Listens from now on.
    ///
    /// # Errors
    /// When the operating system refuses.
    pub(crate) fn new() -> io::Result<Self> {
        let terminate = signal(SignalKind::terminate())?;
        Ok(Self { terminate, interrupt: signal(SignalKind::interrupt())? })
    }

    /// The next signal to stop.
    ///
    /// # Cancel safety
    /// No signal is lost.
    pub(crate) async fn stop(&mut self) -> Stop {
        tokio::select! {
            _ = self.terminate.recv() => Stop::Terminate,
            _ = self.interrupt.recv() => Stop::Interrupt,
        }
    }
}

/// SIGHUP: the configuration is to be loaded again.
///
/// # Errors
/// When the operating system refuses.
pub(crate) fn hangup() -> io::Result<Signal> {
    signal(SignalKind::hangup())
}
