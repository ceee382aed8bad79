//! The diagnostics' level is read strictly and can be changed while the process runs. One test: a
//! process has one subscriber.

use tollgate_telemetry::{DiagnosticsOptions, TelemetryError, init_diagnostics};
use tracing::enabled;

#[test]
fn the_level_changes_at_once_and_a_bad_one_leaves_it() {
    let refused = |filter: &str| {
        let options = DiagnosticsOptions { filter: filter.to_owned(), ansi: false };
        let error = init_diagnostics(&options).unwrap_err();
        assert!(matches!(error, TelemetryError::Filter { .. }), "{error}");
        error.to_string()
    };
    assert!(refused("info,a=b=c").contains("no level"));
    assert!(refused("inof").contains("known are off, error"));

    let level = init_diagnostics(&DiagnosticsOptions::default()).unwrap();
    let again = init_diagnostics(&DiagnosticsOptions::default()).unwrap_err();
    assert!(matches!(again, TelemetryError::SubscriberInstalled), "{again}");
    // Spans of requests are for other programs' subscribers, whatever is asked for.
    let spans = || tracing::span_enabled!(target: "tollgate::span", tracing::Level::INFO);
    assert!(!spans());
    for filter in ["trace", "tollgate=trace", "tollgate::span=trace,info"] {
        level.set(filter).unwrap();
        assert!(!spans(), "{filter}");
    }
    level.set("info").unwrap();
    let shown = || {
        (
            enabled!(target: "tollgate::engine", tracing::Level::DEBUG),
            enabled!(target: "hyper", tracing::Level::DEBUG),
            enabled!(target: "hyper", tracing::Level::INFO),
        )
    };
    assert_eq!((level.current().as_str(), shown()), ("info", (false, false, true)));
    level.set(" info,tollgate=debug ").unwrap();
    assert_eq!((level.current().as_str(), shown()), ("info,tollgate=debug", (true, false, true)));
    for bad in ["", "loud", "info,=debug", "info,to llgate=debug", &"x=info,".repeat(500)] {
        level.set(bad).unwrap_err();
        assert_eq!(shown(), (true, false, true), "{bad:?}");
    }
    level.set("off").unwrap();
    assert_eq!((level.current().as_str(), shown()), ("off", (false, false, false)));
}
