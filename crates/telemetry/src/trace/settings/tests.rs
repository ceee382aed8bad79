//! The environment's variables, each at work and each malformed.

use super::*;

fn resolved(options: &TraceOptions, env: &[(&str, &str)]) -> Settings {
    let base = [("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318")];
    let env = |name: &str| {
        let mut all = env.iter().chain(&base);
        all.find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
    };
    Settings::resolve(options, env).unwrap().unwrap()
}

fn resource(settings: &Settings, name: &str) -> Vec<String> {
    let named = settings.resource.iter().filter(|(known, _)| known == name);
    named.map(|(_, value)| value.clone()).collect()
}

#[test]
fn nothing_said_is_the_specifications_default() {
    let settings = resolved(&TraceOptions::default(), &[]);
    assert_eq!(settings.sampler, Sampler::ParentOr(1.0));
    assert_eq!(settings.timeout, Duration::from_secs(10));
    assert_eq!(settings.batching, Batching::default());
    assert_eq!(resource(&settings, "service.name"), ["tollgate"]);
    assert!(settings.headers.is_empty() && settings.warnings.is_empty());
}

#[test]
fn every_variable_is_heard_and_options_win() {
    let env = [
        ("OTEL_SERVICE_NAME", "edge"),
        ("OTEL_RESOURCE_ATTRIBUTES", "service.name=no,deployment.environment=a%20b, team=x"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20abc,x-b=2"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "2500"),
        ("OTEL_TRACES_SAMPLER", "parentbased_traceidratio"),
        ("OTEL_TRACES_SAMPLER_ARG", "0.25"),
        ("OTEL_BSP_SCHEDULE_DELAY", "100"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "64"),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "512"),
    ];
    let settings = resolved(&TraceOptions::default(), &env);
    assert_eq!(resource(&settings, "service.name"), ["edge"]);
    assert_eq!(resource(&settings, "deployment.environment"), ["a b"]);
    assert_eq!(resource(&settings, "team"), ["x"]);
    let headers = [("authorization", "Bearer abc"), ("x-b", "2")];
    assert_eq!(settings.headers, headers.map(|(n, v)| (n.to_owned(), v.to_owned())));
    assert_eq!(settings.timeout, Duration::from_millis(2500));
    assert_eq!(settings.sampler, Sampler::ParentOr(0.25));
    let batching = Batching { delay: Duration::from_millis(100), queue: 64, batch: 64 };
    assert_eq!(settings.batching, batching);
    assert_eq!(settings.warnings, [""; 0]);

    let options = TraceOptions {
        service_name: Some("mine".to_owned()),
        sampler: Some(Sampler::Ratio(0.5)),
        ..TraceOptions::default()
    };
    let settings = resolved(&options, &env);
    assert_eq!(resource(&settings, "service.name"), ["mine"]);
    assert_eq!(settings.sampler, Sampler::Ratio(0.5));
}

#[test]
fn the_signals_own_variables_come_first() {
    let env = [
        ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "1"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "2"),
        ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "a=1"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "b=2"),
    ];
    let settings = resolved(&TraceOptions::default(), &env);
    assert_eq!(settings.timeout, Duration::from_millis(1));
    assert_eq!(settings.headers, [("a".to_owned(), "1".to_owned())]);
}

#[test]
fn what_cannot_be_used_is_a_warning_with_its_name() {
    for (name, value) in [
        ("OTEL_TRACES_SAMPLER", "xray"),
        ("OTEL_RESOURCE_ATTRIBUTES", "nothing"),
        ("OTEL_BSP_SCHEDULE_DELAY", "soon"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "0"),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "-1"),
    ] {
        let settings = resolved(&TraceOptions::default(), &[(name, value)]);
        assert!(settings.warnings.iter().any(|warning| warning.contains(name)), "{name}");
    }
}

#[test]
fn malformed_headers_are_an_error_that_shows_no_credential() {
    let env = |name: &str| match name {
        "OTEL_EXPORTER_OTLP_ENDPOINT" => Some("http://c:1".to_owned()),
        "OTEL_EXPORTER_OTLP_HEADERS" => Some("a=1,sk-secret".to_owned()),
        _ => None,
    };
    let Err(error) = Settings::resolve(&TraceOptions::default(), env) else {
        panic!("it was taken")
    };
    assert!(error.to_string().contains("entry 2"), "{error}");
    assert!(!error.to_string().contains("sk-secret"), "{error}");
}
