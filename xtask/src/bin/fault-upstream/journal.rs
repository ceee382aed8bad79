//! What the upstream received and how far it got, for the test to read.

use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::clock;
use crate::request::Request;

/// Largest body whose text is kept, in bytes.
const TEXT_MAX: usize = 64 * 1024;

/// How an exchange ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// Still going on.
    Pending,
    /// The answer was written as the script wants it, faults included.
    Complete,
    /// The client left before that.
    ClientClosed,
}

/// One request and what became of it. Times are milliseconds since 1970.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Entry {
    /// Which connection of this process it came on, from 1.
    pub(crate) connection: u64,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: Option<String>,
    /// Names in lower case; where a name repeats, its values joined by `, `.
    pub(crate) headers: BTreeMap<String, String>,
    /// The body where it is JSON.
    pub(crate) body: Option<Value>,
    /// The body as it came, where it is not larger than [`TEXT_MAX`].
    pub(crate) text: Option<String>,
    /// The fault that the script chose.
    pub(crate) fault: Option<String>,
    pub(crate) outcome: Outcome,
    pub(crate) received_ms: f64,
    pub(crate) first_byte_ms: Option<f64>,
    pub(crate) ended_ms: Option<f64>,
    /// Bytes of the answer that the kernel took, head included.
    pub(crate) bytes_sent: u64,
    /// Frames of a stream that were written.
    pub(crate) frames_sent: u64,
}

/// Shared handle of an entry, so that a reset does not pull it away from its connection.
pub(crate) type Handle = Arc<Mutex<Entry>>;

/// All entries since the last reset.
#[derive(Debug, Default)]
pub(crate) struct Journal(Mutex<Vec<Handle>>);

impl Journal {
    /// Writes a request down.
    pub(crate) fn record(&self, connection: u64, request: &Request) -> Handle {
        let mut headers: BTreeMap<String, String> = BTreeMap::new();
        for (name, value) in &request.headers {
            let slot = headers.entry(name.clone()).or_default();
            if !slot.is_empty() {
                slot.push_str(", ");
            }
            slot.push_str(value);
        }
        let text = (request.body.len() <= TEXT_MAX)
            .then(|| String::from_utf8_lossy(&request.body).into_owned());
        let entry = Entry {
            connection,
            method: request.method.clone(),
            path: request.path.clone(),
            query: request.query.clone(),
            headers,
            body: request.json(),
            text,
            fault: None,
            outcome: Outcome::Pending,
            received_ms: clock::now_ms(),
            first_byte_ms: None,
            ended_ms: None,
            bytes_sent: 0,
            frames_sent: 0,
        };
        let handle = Arc::new(Mutex::new(entry));
        locked(&self.0).push(Arc::clone(&handle));
        handle
    }

    /// How many requests came since the last reset.
    pub(crate) fn count(&self) -> usize {
        locked(&self.0).len()
    }

    /// Everything written down, in order.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        locked(&self.0).iter().map(|entry| locked(entry).clone()).collect()
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        locked(&self.0).clear();
    }
}

/// A lock whose holder cannot have left it half changed: every change is one assignment.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
