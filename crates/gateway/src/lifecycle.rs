//! From a configuration to a serving process, and down again without cutting anybody off.

use anyhow::{Context as _, anyhow};
use std::future::pending;
use std::io::{ErrorKind, Write as _};
use std::net::SocketAddr;
use std::pin::pin;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;
use tollgate::Tollgate;
use tollgate_config::{Config, Server};
use tollgate_server::{AppState, Listener, OpsOptions, Readiness, ops_router, router};
use tollgate_telemetry::{LogLevel, Telemetry, init_diagnostics};

use crate::reload::{Parts, Reloader, Start};
use crate::signals::{Signals, Stop, hangup};
use crate::{banner, settings};

/// How often histograms are sorted into buckets.
const UPKEEP: Duration = Duration::from_secs(5);
/// How long the last log lines and spans may take to be written.
const FLUSH: Duration = Duration::from_secs(5);
/// The same for log lines where the process is to end at once.
const FLUSH_AT_ONCE: Duration = Duration::from_millis(200);

/// How serving ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    /// As asked, with everybody served or told.
    Drained,
    /// By a second signal, wherever requests were.
    AtOnce(Stop),
}

/// Serves until a signal, then drains. A second signal ends at once.
pub(crate) fn serve(start: Start) -> anyhow::Result<ExitCode> {
    let runtime = runtime()?;
    let config = Arc::clone(&start.config);
    let level = init_diagnostics(&settings::diagnostics(&config))?;
    let mut signals =
        runtime.block_on(async { Signals::new().context("listening for signals") })?;
    let telemetry = Telemetry::new(&settings::telemetry(&config))?;
    telemetry.log_requests(config.defaults.log_requests);
    let served = runtime.block_on(run(start, (telemetry.clone(), level), &mut signals));
    let ended = match served {
        Ok(Ended::Drained) | Err(_) => runtime.block_on(flush(telemetry.clone(), &mut signals)),
        Ok(Ended::AtOnce(stop)) => Ended::AtOnce(stop),
    };
    match ended {
        Ended::Drained => {
            // What still runs is dropped here, and tells of itself.
            runtime.shutdown_timeout(Duration::from_secs(1));
            let _ = telemetry.shutdown(FLUSH);
            served.map(|_| ExitCode::SUCCESS)
        }
        Ended::AtOnce(stop) => {
            runtime.shutdown_background();
            let _ = telemetry.shutdown(FLUSH_AT_ONCE);
            Ok(ExitCode::from(stop.exit_code()))
        }
    }
}

/// Delivers the last lines and spans, unless a signal says that there is no time. A collector that
/// does not take them is no failure of the gateway.
async fn flush(telemetry: Telemetry, signals: &mut Signals) -> Ended {
    let flush = tokio::task::spawn_blocking(move || telemetry.flush(FLUSH));
    tokio::select! {
        flushed = flush => {
            if !matches!(flushed, Ok(true)) {
                tracing::warn!("the last log lines or spans could not be written in time");
            }
            Ended::Drained
        }
        stop = signals.stop() => Ended::AtOnce(stop),
    }
}

/// One thread per core that this process may use; on one core, no scheduler between threads.
fn runtime() -> std::io::Result<Runtime> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
    let mut builder =
        if cores > 1 { Builder::new_multi_thread() } else { Builder::new_current_thread() };
    builder.enable_all().build()
}

async fn run(
    start: Start,
    (telemetry, level): (Telemetry, LogLevel),
    signals: &mut Signals,
) -> anyhow::Result<Ended> {
    let config = Arc::clone(&start.config);
    let server = &config.server;
    let hangup = hangup().context("listening for signals")?;
    let engine = Tollgate::new(&config, telemetry.clone())?;
    let clients = listen(server, server.listen, "--listen ADDRESS").await?;
    let ops = match server.ops_listen {
        Some(address) => Some(listen(server, address, "--ops-listen ADDRESS or `off`").await?),
        None => None,
    };
    let state = Arc::new(AppState::new(engine.clone(), settings::limits(server)));
    let parts = Parts {
        engine: engine.clone(),
        state: Arc::clone(&state),
        clients: clients.control(),
        ops: ops.as_ref().map(Listener::control),
        level: level.clone(),
    };
    let reloader = Arc::new(Reloader::new(start, parts));
    greet(&config, &clients, ops.as_ref())?;

    let readiness = Readiness::default();
    readiness.set(true);
    let (stop, stopped) = watch::channel(false);
    let cut = engine.clone();
    let clients = clients.counted(telemetry.clone()).at_deadline(move || cut.cut_off());
    let options = OpsOptions {
        metrics: config.telemetry.prometheus,
        config: Some(reloader.status()),
        log_level: Some(level),
    };
    let ops_app = ops_router(Arc::clone(&state), readiness.clone(), options);
    let serve_clients = clients.serve(router(state), until(stopped));
    // Probes and metrics answer until the last client has been served.
    let serve_ops = async {
        match ops {
            Some(ops) => ops.serve(ops_app, pending()).await,
            None => pending().await,
        }
    };
    let doors = Doors { readiness, stop, reloader: &reloader };
    tokio::select! {
        ended = until_stopped(serve_clients, signals, doors) => Ok(ended),
        () = serve_ops => Ok(Ended::Drained),
        () = upkeep(&telemetry) => Ok(Ended::Drained),
        () = engine.tend() => Ok(Ended::Drained),
        () = Arc::clone(&reloader).follow(hangup) => Ok(Ended::Drained),
    }
}

/// What is closed on the way down.
struct Doors<'a> {
    readiness: Readiness,
    stop: watch::Sender<bool>,
    reloader: &'a Reloader,
}

/// Serves clients until the first signal and through what follows it, or to the second one.
async fn until_stopped(
    serve: impl Future<Output = ()>,
    signals: &mut Signals,
    Doors { readiness, stop, reloader }: Doors<'_>,
) -> Ended {
    let mut serve = pin!(serve);
    let signal = tokio::select! {
        () = &mut serve => return Ended::Drained,
        signal = signals.stop() => signal,
    };
    readiness.set(false);
    let server = reloader.config().server.clone();
    // Nobody routes traffic to a process at a terminal.
    let wait = if signal == Stop::Terminate { server.pre_stop } else { Duration::ZERO };
    tracing::info!(pre_stop = ?wait, drain = ?server.drain, "stopping; a second signal ends at once");
    let close = async {
        tokio::time::sleep(wait).await;
        let _ = stop.send(true);
        pending::<()>().await;
    };
    tokio::select! {
        () = serve => Ended::Drained,
        () = close => Ended::Drained,
        again = signals.stop() => Ended::AtOnce(again),
    }
}

/// Says where it is and what to try. Nobody may be listening, which is no reason not to serve.
fn greet(config: &Config, clients: &Listener, ops: Option<&Listener>) -> anyhow::Result<()> {
    let ops = ops.map(Listener::local_addr).transpose()?;
    let banner = banner::text(config, clients.local_addr()?, ops);
    let _ = std::io::stderr().write_all(banner.as_bytes());
    Ok(())
}

/// Binds one of the two addresses; `flag` is what chooses another.
async fn listen(server: &Server, address: SocketAddr, flag: &str) -> anyhow::Result<Listener> {
    Listener::bind(address, settings::listen(server)).await.map_err(|error| {
        let in_use = error.kind() == ErrorKind::AddrInUse;
        let hint = if in_use {
            format!("; another program holds it, choose with {flag}")
        } else {
            String::new()
        };
        anyhow!("cannot listen on {address}: {error}{hint}")
    })
}

async fn until(mut stopped: watch::Receiver<bool>) {
    // The sender lives as long as this waits; if it is gone, stopping is right as well.
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

async fn upkeep(telemetry: &Telemetry) {
    let mut ticks = tokio::time::interval(UPKEEP);
    loop {
        ticks.tick().await;
        telemetry.upkeep();
    }
}
