//! One example as a stranger would run it, bounded in time.

use anyhow::{Context as _, Result, anyhow, bail};
use std::io::Read as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// Runs a program without an environment and gives the number of lines that it printed.
///
/// # Errors
/// When it cannot start, fails, prints nothing, or takes longer than `patience`.
pub(super) fn example(program: &Path, patience: Duration) -> Result<usize> {
    let mut command = Command::new(program);
    command.env_clear().stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = command.spawn().with_context(|| format!("cannot run {}", program.display()))?;
    let mut output = child.stdout.take().ok_or_else(|| anyhow!("it has no standard output"))?;
    let child = Arc::new(Mutex::new(child));
    let (done, ended) = sync_channel::<()>(1);
    let watched = Arc::clone(&child);
    let watch = thread::spawn(move || {
        let late = ended.recv_timeout(patience) == Err(RecvTimeoutError::Timeout);
        late && lock(&watched).kill().is_ok()
    });
    let mut said = String::new();
    output.read_to_string(&mut said)?;
    drop(done);
    let late = watch.join().map_err(|_| anyhow!("its watch failed"))?;
    let status = lock(&child).wait()?;
    if late {
        bail!("it did not end within {patience:?}");
    }
    if !status.success() {
        bail!("it failed ({status})");
    }
    if said.trim().is_empty() {
        bail!("it prints nothing");
    }
    Ok(said.lines().count())
}

fn lock(child: &Mutex<Child>) -> std::sync::MutexGuard<'_, Child> {
    child.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(name: &str, text: &str) -> std::path::PathBuf {
        use std::os::unix::fs::PermissionsExt as _;
        let path = std::env::temp_dir().join(format!("tollgate-{}-{name}", std::process::id()));
        std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).unwrap();
        path
    }

    #[test]
    fn what_fails_says_nothing_or_never_ends_is_no_example() {
        let long = Duration::from_secs(60);
        let ran = |name, text, patience| {
            let path = script(name, text);
            let outcome = example(&path, patience).map_err(|error| error.to_string());
            std::fs::remove_file(path).unwrap();
            outcome
        };
        assert_eq!(ran("good", "echo a; echo b", long), Ok(2));
        assert!(ran("fails", "echo a; exit 3", long).unwrap_err().contains("it failed"));
        assert!(ran("silent", "true", long).unwrap_err().contains("prints nothing"));
        let endless = ran("endless", "echo a; exec sleep 600", Duration::from_millis(200));
        assert!(endless.unwrap_err().contains("did not end"));
    }
}
