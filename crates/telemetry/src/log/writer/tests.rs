//! Order, bounds and endings of the writer, against sinks that stall and fail.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use super::*;

const LONG: Duration = Duration::from_secs(10);
const SHORT: Duration = Duration::from_millis(30);

/// A sink whose every write waits for leave and may be refused.
struct Gate {
    leave: Receiver<io::Result<()>>,
    written: Arc<Mutex<Vec<u8>>>,
}

impl Write for Gate {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A gate that nobody holds any more is open.
        self.leave.recv().unwrap_or(Ok(()))?;
        self.written.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Sending it lets one write pass or fail; dropping it opens the gate.
type Leave = SyncSender<io::Result<()>>;

fn gated(capacity: usize) -> (Writer, Leave, Arc<Mutex<Vec<u8>>>) {
    let (sender, leave) = sync_channel(100);
    let written = Arc::<Mutex<Vec<u8>>>::default();
    let gate = Gate { leave, written: Arc::clone(&written) };
    (Writer::start(Box::new(gate), capacity).unwrap(), sender, written)
}

fn text(written: &Mutex<Vec<u8>>) -> String {
    String::from_utf8(written.lock().unwrap().clone()).unwrap()
}

#[test]
fn lines_of_one_thread_keep_their_order_and_flush_waits_for_them() {
    let (writer, gate, written) = gated(1 << 20);
    drop(gate);
    for round in 0..50 {
        for line in 0..20 {
            writer.push(format!("{round}.{line}\n").as_bytes());
        }
        assert!(writer.flush(LONG));
        assert_eq!(text(&written).lines().count(), (round + 1) * 20);
    }
    let expected: Vec<_> =
        (0..50).flat_map(|round| (0..20).map(move |line| format!("{round}.{line}"))).collect();
    assert_eq!(text(&written).lines().collect::<Vec<_>>(), expected);
    assert_eq!(writer.dropped(), 0);
}

#[test]
fn lines_of_many_threads_stay_whole() {
    let (writer, gate, written) = gated(1 << 20);
    drop(gate);
    thread::scope(|scope| {
        for name in ["a", "b", "c", "d"] {
            let writer = &writer;
            scope.spawn(move || {
                for _ in 0..1000 {
                    writer.push(format!("{}\n", name.repeat(16)).as_bytes());
                }
            });
        }
    });
    assert!(writer.close(LONG));
    let text = text(&written);
    for name in ["a", "b", "c", "d"] {
        assert_eq!(text.lines().filter(|line| *line == name.repeat(16)).count(), 1000);
    }
}

#[test]
fn a_stalled_target_costs_lines_not_time_or_memory() {
    let (writer, gate, written) = gated(1000);
    let line = [b'x'; 99].iter().chain(b"\n").copied().collect::<Vec<_>>();
    for _ in 0..10_000 {
        writer.push(&line);
    }
    // Ten lines fit; the thread may have carried one full buffer away meanwhile.
    let kept = 10_000 - writer.dropped();
    assert!((10..=20).contains(&kept), "{kept}");
    assert!(!writer.flush(SHORT), "nothing can have been written");
    assert!(writer.shared.lock().pending.capacity() < 4096);
    drop(gate);
    assert!(writer.close(LONG));
    assert_eq!(text(&written).lines().count() as u64, kept);
}

#[test]
fn a_refused_batch_is_counted_and_the_next_begins_a_line_of_its_own() {
    let (writer, gate, written) = gated(1 << 20);
    gate.send(Err(io::Error::from(io::ErrorKind::StorageFull))).unwrap();
    writer.push(b"lost 1\n");
    writer.push(b"lost 2\n");
    assert!(writer.flush(LONG));
    assert_eq!(writer.dropped(), 2);
    drop(gate);
    writer.push(b"kept\n");
    assert!(writer.close(LONG));
    assert_eq!(text(&written), "\nkept\n");
}

#[test]
fn closing_writes_what_waits_takes_no_more_and_is_bounded() {
    let (writer, gate, written) = gated(1 << 20);
    writer.push(b"before\n");
    assert!(!writer.close(SHORT), "the target is stalled");
    writer.push(b"after\n");
    assert_eq!(writer.dropped(), 1);
    drop(gate);
    assert!(writer.close(LONG));
    assert_eq!(text(&written), "before\n");
}

#[test]
fn dropping_writes_what_waits() {
    let (writer, gate, written) = gated(1 << 20);
    drop(gate);
    writer.push(b"line\n");
    drop(writer);
    assert_eq!(text(&written), "line\n");
}

#[test]
fn closing_an_idle_log_is_immediate() {
    let (writer, _gate, written) = gated(1 << 20);
    assert!(writer.flush(LONG));
    assert!(writer.close(LONG));
    assert_eq!(text(&written), "");
}
