//! Another configuration while requests run: loaded beside them, taken as a whole or not at all.
//!
//! Everything here reads files and builds, so all of it runs on a thread that may wait, never on
//! one that serves. What was refused is told in the log, in metrics and to operators, and the
//! configuration before goes on; while the last one offered is refused it is tried again now and
//! then, for what it lacks (a secret that is mounted a moment later) may have come.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::signal::unix::Signal;
use tokio::time::MissedTickBehavior;
use tollgate::Tollgate;
use tollgate_config::{Config, Origin};
use tollgate_server::{AppState, ConfigStatus, ListenControl, RunningConfig};
use tollgate_telemetry::{ConfigOutcome, LogLevel};

use crate::cli::Sources;
use crate::watch::{Contents, Hints, Watch};
use crate::{clock, settings};

/// How often files are looked at although nothing was told of them.
const LOOK: Duration = Duration::from_secs(30);

/// The parts of the process that a configuration reaches.
pub(crate) struct Parts {
    pub(crate) engine: Tollgate,
    pub(crate) state: Arc<AppState>,
    pub(crate) clients: ListenControl,
    pub(crate) ops: Option<ListenControl>,
    /// Changes what is logged.
    pub(crate) level: LogLevel,
}

/// What the process was started with.
pub(crate) struct Start {
    pub(crate) sources: Sources,
    pub(crate) config: Arc<Config>,
    /// When it began.
    pub(crate) began: Instant,
    /// What the files held before they were read for it.
    pub(crate) contents: Contents,
}

/// Loads configurations into a running process.
pub(crate) struct Reloader {
    start: Start,
    parts: Parts,
    status: ConfigStatus,
    hints: Hints,
    now: Mutex<Now>,
}

/// What is known of the configuration that runs and of the last one offered.
struct Now {
    generation: u64,
    config: Arc<Config>,
    contents: Contents,
    /// Why the last one offered was refused.
    refused: Option<String>,
    watch: Watch,
}

/// Why the files are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Why {
    /// They may have changed.
    Hint,
    /// Somebody asked.
    Signal,
}

impl Reloader {
    /// Nothing loaded but what the process started with.
    pub(crate) fn new(start: Start, parts: Parts) -> Self {
        let hints = Hints::default();
        let config = Arc::clone(&start.config);
        parts.engine.telemetry().config_loaded(1, ConfigOutcome::Loaded);
        parts.engine.telemetry().config_taken(clock::wall());
        let status = ConfigStatus::new(running((1, start.began), &config, &start));
        let now = Mutex::new(Now {
            generation: 1,
            config,
            contents: start.contents.clone(),
            refused: None,
            watch: Watch::new(&hints),
        });
        Self { start, parts, status, hints, now }
    }

    /// Which configuration runs, for operators.
    pub(crate) fn status(&self) -> ConfigStatus {
        self.status.clone()
    }

    /// The configuration that runs.
    pub(crate) fn config(&self) -> Arc<Config> {
        self.with(|now| Arc::clone(&now.config))
    }

    /// Follows changes of files and the signal to load again, for ever.
    pub(crate) async fn follow(self: Arc<Self>, mut hangup: Signal) {
        let mut looks = tokio::time::interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let why = tokio::select! {
                _ = hangup.recv() => Why::Signal,
                () = self.hints.changed() => Why::Hint,
                _ = looks.tick() => Why::Hint,
            };
            let this = Arc::clone(&self);
            let looked = tokio::task::spawn_blocking(move || this.look(why)).await;
            if let Err(error) = looked {
                tracing::error!(%error, "loading the configuration failed; the old one runs on");
            }
        }
    }

    /// Loads what the files hold, if that is something new or somebody asks.
    fn look(&self, why: Why) {
        self.with(|now| {
            let files = self.files(&now.config);
            // Watched before they are read: a change after that is another hint.
            now.watch.set(&files);
            let contents = Contents::of(&files);
            let known = contents.agrees(&now.contents);
            now.contents = contents;
            if known && now.refused.is_none() && why == Why::Hint {
                return;
            }
            let began = clock::now();
            match self.load() {
                Ok(config) => self.taken(now, config, began),
                Err(problem) => self.refused(now, problem, !known || why == Why::Signal),
            }
        });
    }

    fn load(&self) -> Result<Config, String> {
        let config = self.start.sources.load().map_err(|problems| problems.to_string())?;
        self.parts.engine.reload(&config).map_err(|error| error.to_string())?;
        Ok(config)
    }

    fn taken(&self, now: &mut Now, config: Config, began: Instant) {
        let Parts { engine, state, clients, ops, level } = &self.parts;
        state.set_limits(settings::limits(&config.server));
        clients.set(settings::listen(&config.server));
        if let Some(ops) = ops {
            ops.set(settings::listen(&config.server));
        }
        engine.telemetry().log_requests(config.defaults.log_requests);
        if let Err(error) = level.set(&config.telemetry.level) {
            tracing::warn!(%error, "telemetry.level stays as it was");
        }
        let config = Arc::new(config);
        now.generation += 1;
        now.refused = None;
        engine.telemetry().config_loaded(now.generation, ConfigOutcome::Loaded);
        engine.telemetry().config_taken(clock::wall());
        let running = running((now.generation, began), &config, &self.start);
        self.tell(now, &config, &running);
        self.status.loaded(running);
        let before = self.files(&now.config);
        now.config = config;
        let files = self.files(&now.config);
        if files != before {
            now.watch.set(&files);
            now.contents.learn(Contents::of(&files));
        }
    }

    fn tell(&self, now: &Now, config: &Config, running: &RunningConfig) {
        let deployments: usize = config.models.iter().map(|model| model.deployments.len()).sum();
        tracing::info!(
            generation = running.generation,
            hash = running.hash,
            models = config.models.len(),
            deployments,
            took = ?running.load_time,
            "another configuration runs"
        );
        for key in &running.needs_restart {
            tracing::warn!("{key} differs and holds after a restart only");
        }
        for warning in config.warnings.iter().filter(|new| !now.config.warnings.contains(new)) {
            tracing::warn!("{warning}");
        }
    }

    /// Told once, however often it is tried again.
    fn refused(&self, now: &mut Now, problem: String, offered: bool) {
        if offered || now.refused.as_ref() != Some(&problem) {
            tracing::error!(
                generation = now.generation,
                "the configuration is refused and the one before runs on: {problem}"
            );
            let telemetry = self.parts.engine.telemetry();
            telemetry.config_loaded(now.generation, ConfigOutcome::Rejected);
            self.status.refused(clock::wall(), problem.clone());
        }
        now.refused = Some(problem);
    }

    /// Every file that decides what the configuration is.
    fn files(&self, config: &Config) -> Vec<PathBuf> {
        let own = self.start.sources.files();
        own.into_iter().chain(config.referenced.iter().cloned()).collect()
    }

    fn with<T>(&self, act: impl FnOnce(&mut Now) -> T) -> T {
        act(&mut self.now.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The configuration as it is told, from now on; `began` is when it was first looked at.
fn running((generation, began): (u64, Instant), config: &Config, start: &Start) -> RunningConfig {
    let shown = |file: &PathBuf| file.display().to_string();
    let (source, files) = match &config.origin {
        Origin::Demo => ("demo", &[][..]),
        Origin::Environment => ("environment", &[][..]),
        Origin::Files(files) => ("files", files.as_slice()),
        Origin::Text => ("text", &[][..]),
    };
    let load_time = clock::now().saturating_duration_since(began);
    RunningConfig {
        generation,
        hash: settings::digest(config),
        loaded_at: clock::wall(),
        load_time,
        source: source.to_owned(),
        files: files.iter().chain(&config.referenced).map(shown).collect(),
        needs_restart: settings::needs_restart(&start.config, config)
            .into_iter()
            .map(str::to_owned)
            .collect(),
    }
}
