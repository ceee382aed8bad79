//! When the files that a configuration is read from may have changed.
//!
//! Directories are watched, not only files: an editor puts a new file in the old one's place, and
//! Kubernetes swaps a link beside it. What the operating system tells is a hint; what decides is
//! whether the contents differ. Where it tells nothing (network file systems, too many watches),
//! somebody must look now and then.

use notify::event::{AccessKind, AccessMode};
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hasher};
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::timeout;

/// A change is taken when nothing more has happened for this long ...
const QUIET: Duration = Duration::from_millis(50);
/// ... and looked at as often as this where something always happens.
const AT_MOST: usize = 10;
/// Links to links that are followed.
const MOST_LINKS: usize = 16;
/// More of a file is no configuration.
const MOST_BYTES: u64 = 8 << 20;

/// Rings when a watched file may have changed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Hints {
    bell: Arc<Notify>,
    /// What rings it: other files come and go in the same directories.
    paths: Arc<Mutex<BTreeSet<PathBuf>>>,
}

impl Hints {
    /// Waits for a change and until it has settled.
    ///
    /// # Cancel safety
    /// A hint that was taken may be lost; whoever cancels looks anyway.
    pub(crate) async fn changed(&self) {
        self.bell.notified().await;
        for _ in 0..AT_MOST {
            if timeout(QUIET, self.bell.notified()).await.is_err() {
                return;
            }
        }
    }

    fn take(&self, event: &notify::Event) {
        let ours = |path: &PathBuf| self.paths().contains(path);
        if may_change(event.kind) && (event.paths.is_empty() || event.paths.iter().any(ours)) {
            self.bell.notify_one();
        }
    }

    fn paths(&self) -> MutexGuard<'_, BTreeSet<PathBuf>> {
        self.paths.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The watch over some files.
pub(crate) struct Watch {
    hints: Hints,
    watcher: Option<RecommendedWatcher>,
    watched: BTreeSet<PathBuf>,
}

impl Watch {
    /// A watch over nothing. Where the operating system refuses one, that is told once.
    pub(crate) fn new(hints: &Hints) -> Self {
        let told = hints.clone();
        let ring = move |event: notify::Result<notify::Event>| match event {
            Ok(event) => told.take(&event),
            // Something was missed.
            Err(_) => told.bell.notify_one(),
        };
        let watcher = notify::recommended_watcher(ring)
            .inspect_err(|error| {
                tracing::warn!(%error, "files cannot be watched; they are looked at now and then");
            })
            .ok();
        Self { hints: hints.clone(), watcher, watched: BTreeSet::new() }
    }

    /// Watches these files, and the places where they may be replaced, from now on.
    pub(crate) fn set(&mut self, files: &[PathBuf]) {
        let Some(watcher) = &mut self.watcher else { return };
        // All anew: a path may stand for another file than before.
        for path in std::mem::take(&mut self.watched) {
            // What is gone is watched no more.
            let _ = watcher.unwatch(&path);
        }
        let mut places = Places::default();
        for file in files {
            places.add(file);
        }
        *self.hints.paths() = places.paths;
        for path in places.watched {
            match watcher.watch(&path, RecursiveMode::NonRecursive) {
                Ok(()) => {
                    self.watched.insert(path);
                }
                Err(error) => tracing::debug!(path = %path.display(), %error, "is not watched"),
            }
        }
    }
}

/// Whether an event may mean other contents; reading, which we do ourselves, does not.
fn may_change(kind: EventKind) -> bool {
    match kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => true,
        EventKind::Access(_) => false,
        EventKind::Any
        | EventKind::Create(_)
        | EventKind::Modify(_)
        | EventKind::Remove(_)
        | EventKind::Other => true,
    }
}

/// Where files may be changed or replaced.
#[derive(Default)]
struct Places {
    /// Files, and the directories of these and of each link on the way to them.
    watched: BTreeSet<PathBuf>,
    /// Files, links, and the directories on their ways, any of which may be a link.
    paths: BTreeSet<PathBuf>,
}

impl Places {
    fn add(&mut self, file: &Path) {
        let Ok(mut path) = std::path::absolute(file) else { return };
        for _ in 0..MOST_LINKS {
            self.paths.extend(path.ancestors().map(Path::to_owned));
            let Some(parent) = path.parent().map(Path::to_owned) else { break };
            let target = std::fs::read_link(&path);
            self.watched.insert(parent.clone());
            let Ok(target) = target else { break };
            path = parent.join(target);
        }
        // What is bound into a container is told of by itself alone.
        if let Ok(real) = file.canonicalize() {
            self.watched.extend(real.parent().map(Path::to_owned));
            self.paths.insert(real.clone());
            self.watched.insert(real);
        }
    }
}

/// What files hold, so that a change is told from a touch. Never shown: it is made of secrets.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Contents(Vec<(PathBuf, Result<u64, ErrorKind>)>);

impl Contents {
    /// What these files hold now.
    pub(crate) fn of(files: &[PathBuf]) -> Self {
        Self(files.iter().map(|file| (file.clone(), hash(file))).collect())
    }

    /// Takes over what is not known yet.
    pub(crate) fn learn(&mut self, other: Self) {
        let new = |(path, _): &(PathBuf, _)| !self.0.iter().any(|(known, _)| known == path);
        let new: Vec<_> = other.0.into_iter().filter(new).collect();
        self.0.extend(new);
    }

    /// Whether the files that both know hold the same in both.
    pub(crate) fn agrees(&self, other: &Self) -> bool {
        let theirs = |path: &PathBuf| other.0.iter().find(|(known, _)| known == path);
        self.0.iter().all(|(path, held)| theirs(path).is_none_or(|(_, theirs)| theirs == held))
    }
}

fn hash(file: &Path) -> Result<u64, ErrorKind> {
    let mut bytes = Vec::new();
    let file = std::fs::File::open(file).map_err(|error| error.kind())?;
    file.take(MOST_BYTES).read_to_end(&mut bytes).map_err(|error| error.kind())?;
    let mut hasher = DefaultHasher::new();
    hasher.write(&bytes);
    Ok(hasher.finish())
}

#[cfg(test)]
mod tests;
