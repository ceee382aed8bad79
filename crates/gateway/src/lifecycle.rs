//! From a configuration to a serving process, and down again without cutting anybody off.

use anyhow::{Context as _, anyhow};
use std::future::pending;
use std::io::{ErrorKind, Write as _};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tollgate::Tollgate;
use tollgate_config::{Config, LogFormat, OtlpProtocol, Server};
use tollgate_server::{
    AppState, ListenOptions, Listener, Readiness, ServerLimits, log_level_router, ops_router,
    router,
};
use tollgate_telemetry::{
    DiagnosticsOptions, LogLevel, LogOptions, LogTarget, Telemetry, TelemetryOptions, TraceOptions,
    init_diagnostics,
};

use crate::banner;

/// How often histograms are sorted into buckets.
const UPKEEP: Duration = Duration::from_secs(5);
/// How long the last log lines and spans may take to be written.
const FLUSH: Duration = Duration::from_secs(5);

/// Serves until a signal, then drains. A second signal ends at once.
pub(crate) fn serve(config: &Config) -> anyhow::Result<()> {
    let runtime = runtime()?;
    let diagnostics =
        DiagnosticsOptions { filter: config.telemetry.level.clone(), ..Default::default() };
    let level = init_diagnostics(&diagnostics)?;
    let telemetry = Telemetry::new(&telemetry_options(config))?;
    let served = runtime.block_on(run(config, telemetry.clone(), level));
    runtime.shutdown_timeout(Duration::from_secs(1));
    // Whoever was still being served has been told of by now.
    if !telemetry.shutdown(FLUSH) {
        tracing::warn!("the last log lines or spans could not be written in time");
    }
    served
}

/// One thread per core that this process may use; on one core, no scheduler between threads.
fn runtime() -> std::io::Result<Runtime> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
    let mut builder =
        if cores > 1 { Builder::new_multi_thread() } else { Builder::new_current_thread() };
    builder.enable_all().build()
}

async fn run(config: &Config, telemetry: Telemetry, level: LogLevel) -> anyhow::Result<()> {
    let engine = Tollgate::new(config, telemetry.clone())?;
    let server = &config.server;
    let clients = listen(server, server.listen, "--listen ADDRESS").await?;
    let ops = match server.ops_listen {
        Some(address) => Some(listen(server, address, "--ops-listen ADDRESS or `off`").await?),
        None => None,
    };
    let ops_address = ops.as_ref().map(Listener::local_addr).transpose()?;
    let banner = banner::text(config, clients.local_addr()?, ops_address);
    std::io::stderr().write_all(banner.as_bytes())?;

    let limits = ServerLimits { body_bytes: server.body_limit, body_time: server.body_timeout };
    let state = Arc::new(AppState::new(engine.clone(), limits));
    let readiness = Readiness::default();
    readiness.set(true);
    let (stop, stopped) = watch::channel(false);
    let ops_app = ops_router(Arc::clone(&state), readiness.clone(), config.telemetry.prometheus);
    let ops_app = ops_app.merge(log_level_router(level));
    let serve_clients = clients.serve(router(state), until(stopped.clone()));
    // Probes and metrics answer until the last client has been served.
    let serve_ops = async {
        match ops {
            Some(ops) => ops.serve(ops_app, pending()).await,
            None => pending().await,
        }
    };
    let signals = async {
        let signalled = stop_signal().await;
        readiness.set(false);
        let _ = stop.send(true);
        signalled?;
        tracing::info!("stopping; a second signal ends at once");
        stop_signal().await
    };
    tokio::select! {
        () = serve_clients => Ok(()),
        () = serve_ops => Ok(()),
        () = upkeep(&telemetry) => Ok(()),
        () = engine.tend() => Ok(()),
        again = signals => again.context("waiting for signals"),
    }
}

/// Binds one of the two addresses; `flag` is what chooses another.
async fn listen(server: &Server, address: SocketAddr, flag: &str) -> anyhow::Result<Listener> {
    let options = ListenOptions {
        header_time: server.header_timeout,
        keep_alive: server.keep_alive,
        max_connections: server.max_connections,
        drain: server.drain,
    };
    Listener::bind(address, options).await.map_err(|error| {
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

async fn stop_signal() -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

fn telemetry_options(config: &Config) -> TelemetryOptions {
    let format = match config.telemetry.log {
        LogFormat::Json => tollgate_telemetry::LogFormat::Json,
        LogFormat::Text => tollgate_telemetry::LogFormat::Pretty,
        LogFormat::Auto => {
            use std::io::IsTerminal as _;
            if std::io::stdout().is_terminal() {
                tollgate_telemetry::LogFormat::Pretty
            } else {
                tollgate_telemetry::LogFormat::Json
            }
        }
    };
    let log = LogOptions { format, ..LogOptions::json(LogTarget::Stdout) };
    TelemetryOptions {
        log: config.defaults.log_requests.then_some(log),
        traces: Some(trace_options(config)),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ..TelemetryOptions::default()
    }
}

fn trace_options(config: &Config) -> TraceOptions {
    let otlp = config.telemetry.otlp.as_ref();
    TraceOptions {
        endpoint: otlp.map(|otlp| otlp.endpoint.to_string()),
        protocol: otlp.map(|otlp| match otlp.protocol {
            OtlpProtocol::Grpc => tollgate_telemetry::OtlpProtocol::Grpc,
            OtlpProtocol::Http => tollgate_telemetry::OtlpProtocol::HttpProtobuf,
        }),
        service_version: env!("CARGO_PKG_VERSION").to_owned(),
        ..TraceOptions::default()
    }
}
