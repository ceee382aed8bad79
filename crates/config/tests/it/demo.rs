//! With nothing at all, something to try.

use tollgate_config::{Origin, ProviderKind};

use crate::support::from_env;

#[test]
fn nothing_starts_the_demo() {
    // What Kubernetes injects beside a service called `tollgate` must not matter.
    let config = from_env(&[
        ("PATH", "/bin"),
        ("TOLLGATE_PORT", "tcp://10.0.0.1:8000"),
        ("TOLLGATE_SERVICE_HOST", "10.0.0.1"),
        ("TOLLGATE_CONFIG", "/etc/tollgate.yaml"),
    ])
    .unwrap();
    assert_eq!(config.origin, Origin::Demo);
    assert_eq!(config.defaults.model.as_deref(), Some("mock-chat"));
    assert_eq!(config.model_names().collect::<Vec<_>>(), ["mock-chat", "mock-embedding"]);
    let chat = &config.models[0].deployments;
    assert_eq!(chat.len(), 2);
    assert!(chat.iter().all(|deployment| deployment.provider.kind == ProviderKind::Mock));
    let flaky = chat.iter().filter(|d| d.mock.unwrap().fail_every.is_some()).count();
    assert_eq!(flaky, 1);
    assert!(config.warnings.is_empty(), "{:?}", config.warnings);
    assert!(config.server.listen.ip().is_loopback());
}

#[test]
fn the_demo_listens_to_settings() {
    let config = from_env(&[
        ("TOLLGATE__SERVER__LISTEN", "127.0.0.1:0"),
        ("TOLLGATE__DEFAULTS__STRATEGY", "random"),
    ])
    .unwrap();
    assert_eq!(config.origin, Origin::Demo);
    assert_eq!(config.server.listen.port(), 0);
    assert_eq!(config.models[0].strategy.as_str(), "random");
}
