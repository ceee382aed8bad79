//! One try: what a target did with an input, or what it broke. Panics are caught and not printed.

use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::targets::Target;

/// Longest that one input may take. Everything here is bounded by the input, which is small.
const PATIENCE: Duration = Duration::from_secs(20);

thread_local! {
    static SAID: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Runs `work` with panics kept from the terminal.
pub(super) fn quietly<T>(work: impl FnOnce() -> T) -> T {
    let before = panic::take_hook();
    panic::set_hook(Box::new(|info| {
        let said = info.to_string();
        SAID.with(|cell| *cell.borrow_mut() = said);
    }));
    let done = work();
    panic::set_hook(before);
    done
}

/// What `target` did with `input`, as a number.
///
/// # Errors
/// What it said when it broke.
pub(super) fn tried(target: &Target, input: &[u8]) -> Result<u64, String> {
    panic::catch_unwind(AssertUnwindSafe(|| (target.run)(input))).map_err(|_| {
        let said = SAID.with(|cell| cell.borrow().clone());
        said.chars().take(2000).collect()
    })
}

/// Watches a run: an input that never ends is named and the process ended, for nothing else can.
pub(super) struct Watch {
    current: Arc<Mutex<(u64, Vec<u8>)>>,
    _ends: SyncSender<()>,
}

impl Watch {
    /// Begins to watch; ends with the value.
    pub(super) fn begin(name: &'static str) -> Self {
        let current = Arc::new(Mutex::new((0_u64, Vec::new())));
        let (ends, ended) = sync_channel::<()>(1);
        let watched = Arc::clone(&current);
        thread::spawn(move || {
            let mut before = 0;
            while ended.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                let (count, input) = watched.lock().unwrap_or_else(PoisonError::into_inner).clone();
                if count == before && count > 0 {
                    hangs(name, &input);
                }
                before = count;
            }
        });
        Self { current, _ends: ends }
    }

    /// The next input is tried.
    pub(super) fn next(&self, input: &[u8]) {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        current.0 += 1;
        current.1.clear();
        current.1.extend_from_slice(input);
    }
}

#[expect(clippy::disallowed_methods, reason = "nothing else stops a thread that never ends")]
fn hangs(name: &str, input: &[u8]) -> ! {
    use std::io::Write as _;
    let text = format!("error: {name} does not end with {}", input.escape_ascii());
    let _ = writeln!(std::io::stderr(), "{text}");
    std::process::exit(2)
}
