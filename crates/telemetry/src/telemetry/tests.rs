//! What the metrics page shows after events, and that outsiders cannot make it grow.

use std::time::{SystemTime, UNIX_EPOCH};

use tollgate_core_types::{Dialect, ErrorClass, Lost, Usage};

use super::*;
use crate::event::{AttemptKind, AttemptTarget, DeploymentState, LimitKind, Outcome, Phases};
use crate::log::LogFormat;

fn telemetry() -> Telemetry {
    let options = TelemetryOptions { version: "9.9.9".to_owned(), ..TelemetryOptions::default() };
    Telemetry::new(&options).unwrap()
}

fn at() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_795_193_643)
}

fn request() -> RequestEvent<'static> {
    RequestEvent {
        usage: Usage {
            input_tokens: Some(100),
            output_tokens: Some(20),
            cache_read_tokens: Some(64),
            cache_write_tokens: None,
            reasoning_tokens: Some(0),
            ..Usage::default()
        },
        ttft: Some(Duration::from_millis(30)),
        duration: Duration::from_millis(700),
        overhead: Some(Duration::from_micros(80)),
        ..RequestEvent::new(at(), "r", Operation::Chat, Dialect::OPENAI_CHAT)
    }
}

fn failed() -> RequestEvent<'static> {
    let micros = Duration::from_micros;
    let phases = Phases { receive: micros(20), route: micros(30), respond: Some(micros(9)) };
    RequestEvent {
        outcome: Outcome::Error,
        class: Some(ErrorClass::Throttle),
        phases: Some(phases),
        ..request()
    }
}

fn attempt() -> AttemptEvent<'static> {
    let target = AttemptTarget {
        operation: Operation::Chat,
        model: "gpt",
        deployment: "d1",
        provider: "openai",
        upstream_model: "gpt-4o",
    };
    AttemptEvent {
        usage: request().usage,
        duration: Duration::from_millis(690),
        ..AttemptEvent::new(at(), "r", target)
    }
}

/// Lines of samples, comments and empty lines aside.
fn samples(telemetry: &Telemetry) -> Vec<String> {
    let page = telemetry.render_metrics();
    page.lines().filter(|l| !l.is_empty() && !l.starts_with('#')).map(str::to_owned).collect()
}

#[track_caller]
fn shows(telemetry: &Telemetry, expected: &[&str]) {
    let samples = samples(telemetry);
    for line in expected {
        assert!(samples.iter().any(|sample| sample == line), "{line} not in {samples:#?}");
    }
}

#[test]
fn requests_are_counted_by_status_and_outcome_with_their_times_and_tokens() {
    let telemetry = telemetry();
    let model = telemetry.model("gpt", Operation::Chat);
    telemetry.request(&model, &request());
    telemetry.request(&model, &request());
    let lost = [Lost::dropped("a"), Lost::dropped("b"), Lost::approximated("c")];
    telemetry.request(
        &model,
        &RequestEvent {
            status: 529,
            outcome: Outcome::Error,
            class: Some(ErrorClass::Overload),
            usage: Usage::default(),
            ttft: None,
            lost: &lost,
            ..request()
        },
    );
    telemetry.request(&model, &RequestEvent { status: 418, outcome: Outcome::Error, ..request() });
    shows(
        &telemetry,
        &[
            r#"tollgate_requests_total{model="gpt",operation="chat",status="200",outcome="ok"} 2"#,
            r#"tollgate_requests_total{model="gpt",operation="chat",status="529",outcome="error"} 1"#,
            r#"tollgate_requests_total{model="gpt",operation="chat",status="other",outcome="error"} 1"#,
            r#"tollgate_request_duration_seconds_count{model="gpt",operation="chat",outcome="ok"} 2"#,
            r#"tollgate_request_duration_seconds_bucket{model="gpt",operation="chat",outcome="ok",le="0.64"} 0"#,
            r#"tollgate_request_duration_seconds_bucket{model="gpt",operation="chat",outcome="ok",le="1.28"} 2"#,
            r#"tollgate_time_to_first_token_seconds_count{model="gpt",operation="chat"} 3"#,
            r#"tollgate_overhead_seconds_bucket{model="gpt",operation="chat",le="0.0001"} 4"#,
            r#"tollgate_tokens_total{model="gpt",kind="input"} 300"#,
            r#"tollgate_tokens_total{model="gpt",kind="output"} 60"#,
            r#"tollgate_tokens_total{model="gpt",kind="cache_read"} 192"#,
            r#"tollgate_tokens_total{model="gpt",kind="reasoning"} 0"#,
            r#"tollgate_params_dropped_total{model="gpt",how="dropped"} 2"#,
            r#"tollgate_params_dropped_total{model="gpt",how="approximated"} 1"#,
        ],
    );
}

#[test]
fn attempts_are_counted_by_class_and_by_the_convention() {
    let telemetry = telemetry();
    let deployment = telemetry.deployment("d1", "openai", "gpt-4o");
    telemetry.attempt(&deployment, &attempt());
    telemetry.attempt(
        &deployment,
        &AttemptEvent {
            kind: AttemptKind::Failover,
            outcome: Outcome::Error,
            class: Some(ErrorClass::Throttle),
            usage: Usage::default(),
            frames_skipped: 3,
            ..attempt()
        },
    );
    deployment.set_state(DeploymentState::Open);
    shows(
        &telemetry,
        &[
            r#"tollgate_attempts_total{deployment="d1",provider="openai",outcome="ok",class="none"} 1"#,
            r#"tollgate_attempts_total{deployment="d1",provider="openai",outcome="error",class="throttle"} 1"#,
            r#"tollgate_retries_total{kind="failover"} 1"#,
            r#"tollgate_retries_total{kind="retry"} 0"#,
            r#"tollgate_stream_frames_skipped_total{deployment="d1"} 3"#,
            r#"tollgate_deployment_state{deployment="d1"} 2"#,
            r#"gen_ai_client_operation_duration_seconds_count{gen_ai_operation_name="chat",gen_ai_provider_name="openai",gen_ai_request_model="gpt-4o"} 1"#,
            r#"gen_ai_client_operation_duration_seconds_count{gen_ai_operation_name="chat",gen_ai_provider_name="openai",gen_ai_request_model="gpt-4o",error_type="throttle"} 1"#,
            r#"gen_ai_client_token_usage_sum{gen_ai_operation_name="chat",gen_ai_provider_name="openai",gen_ai_request_model="gpt-4o",gen_ai_token_type="input"} 100"#,
            r#"gen_ai_client_token_usage_bucket{gen_ai_operation_name="chat",gen_ai_provider_name="openai",gen_ai_request_model="gpt-4o",gen_ai_token_type="output",le="64"} 1"#,
        ],
    );
}

#[test]
fn times_per_token_errors_and_phases_are_told_apart() {
    let telemetry = telemetry();
    telemetry.request(&telemetry.model("gpt", Operation::Chat), &failed());
    let deployment = telemetry.deployment("d1", "openai", "gpt-4o");
    let ttft = Some(Duration::from_millis(120));
    telemetry.attempt(&deployment, &AttemptEvent { ttft, ..attempt() });
    // One token has no time between tokens.
    let usage = Usage { output_tokens: Some(1), ..Usage::default() };
    telemetry.attempt(&deployment, &AttemptEvent { ttft, usage, ..attempt() });
    let convention = r#"gen_ai_operation_name="chat",gen_ai_provider_name="openai",gen_ai_request_model="gpt-4o""#;
    shows(
        &telemetry,
        &[
            r#"tollgate_errors_total{model="gpt",operation="chat",class="throttle"} 1"#,
            r#"tollgate_overhead_phase_seconds_sum{model="gpt",operation="chat",phase="receive"} 0.00002"#,
            r#"tollgate_overhead_phase_seconds_sum{model="gpt",operation="chat",phase="route"} 0.00003"#,
            r#"tollgate_overhead_phase_seconds_count{model="gpt",operation="chat",phase="respond"} 1"#,
            r#"tollgate_time_per_output_token_seconds_count{model="gpt",operation="chat"} 1"#,
            &format!("gen_ai_server_time_to_first_token_seconds_count{{{convention}}} 2"),
            &format!("gen_ai_server_time_per_output_token_seconds_sum{{{convention}}} 0.03"),
            &format!("gen_ai_server_time_per_output_token_seconds_count{{{convention}}} 1"),
        ],
    );
}

#[test]
fn a_deployments_admission_and_limits_are_shown_and_do_not_outlive_it() {
    let telemetry = telemetry();
    let deployment = telemetry.deployment("d1", "openai", "gpt-4o");
    deployment.set_state(DeploymentState::Open);
    deployment.set_admission(Duration::from_millis(1500), false);
    deployment.set_limit(LimitKind::RequestsPerMinute, 600.0, 599.0);
    deployment.set_limit(LimitKind::Concurrency, 5.0, -1.0);
    shows(
        &telemetry,
        &[
            r#"tollgate_deployment_cooldown_seconds{deployment="d1"} 1.5"#,
            r#"tollgate_deployment_available{deployment="d1"} 0"#,
            r#"tollgate_deployment_limit{deployment="d1",limit="requests_per_minute"} 600"#,
            r#"tollgate_deployment_limit_remaining{deployment="d1",limit="requests_per_minute"} 599"#,
            r#"tollgate_deployment_limit_remaining{deployment="d1",limit="concurrency"} 0"#,
        ],
    );
    drop(deployment);
    let left = samples(&telemetry);
    let gauges = [
        "tollgate_deployment_state",
        "tollgate_deployment_cooldown_seconds",
        "tollgate_deployment_available",
        "tollgate_deployment_limit",
        "tollgate_deployment_limit_remaining",
    ];
    for gauge in gauges.map(|name| format!(r#"{name}{{deployment="d1""#)) {
        assert!(!left.iter().any(|sample| sample.starts_with(&gauge)), "{gauge} in {left:#?}");
    }
}

#[test]
fn gauges_follow_guards_and_the_gateway_shows_itself() {
    let telemetry = telemetry();
    let model = telemetry.model("gpt", Operation::Chat);
    let deployment = telemetry.deployment("d1", "openai", "gpt-4o");
    let (first, second) = (model.in_flight(), model.in_flight());
    let third = deployment.in_flight();
    drop(first);
    telemetry.set_config_models(7);
    telemetry.http_rejection(HttpRejection::BodyTooLarge);
    shows(
        &telemetry,
        &[
            r#"tollgate_requests_in_flight{model="gpt",operation="chat"} 1"#,
            r#"tollgate_deployment_in_flight{deployment="d1"} 1"#,
            r#"tollgate_http_rejections_total{reason="body_too_large"} 1"#,
            r#"tollgate_http_rejections_total{reason="draining"} 0"#,
            r#"tollgate_build_info{version="9.9.9"} 1"#,
            "tollgate_config_models 7",
            "tollgate_log_lines_dropped_total 0",
        ],
    );
    drop((second, third));
    shows(
        &telemetry,
        &[
            r#"tollgate_requests_in_flight{model="gpt",operation="chat"} 0"#,
            r#"tollgate_deployment_in_flight{deployment="d1"} 0"#,
        ],
    );
}

#[test]
fn a_rejected_configuration_leaves_the_generation_and_says_so() {
    let telemetry = telemetry();
    telemetry.config_loaded(1, ConfigOutcome::Loaded);
    telemetry.config_loaded(2, ConfigOutcome::Loaded);
    telemetry.config_loaded(2, ConfigOutcome::Rejected);
    shows(
        &telemetry,
        &[
            "tollgate_config_generation 2",
            "tollgate_config_last_load_successful 0",
            r#"tollgate_config_loads_total{outcome="loaded"} 2"#,
            r#"tollgate_config_loads_total{outcome="rejected"} 1"#,
        ],
    );
    telemetry.config_loaded(3, ConfigOutcome::Loaded);
    shows(&telemetry, &["tollgate_config_generation 3", "tollgate_config_last_load_successful 1"]);
}

#[test]
fn handles_of_the_same_names_share_their_series_and_gateways_do_not() {
    let (one, other) = (telemetry(), telemetry());
    for _ in 0..2 {
        one.request(&one.model("gpt", Operation::Chat), &request());
    }
    other.request(&other.model("gpt", Operation::Chat), &request());
    let line = r#"tollgate_requests_total{model="gpt",operation="chat",status="200",outcome="ok"}"#;
    shows(&one, &[&format!("{line} 2")]);
    shows(&other, &[&format!("{line} 1")]);
}

#[test]
fn ten_thousand_unknown_models_and_users_are_one_other() {
    let telemetry = telemetry();
    let unknown = telemetry.unknown_model(Operation::Chat);
    telemetry.request(&unknown, &RequestEvent { status: 404, ..request() });
    let before = samples(&telemetry).len();
    for n in 0..10_000 {
        let text = format!("model-{n}\",x=\"");
        let event = RequestEvent {
            requested_model: Some(&text),
            response_model: Some(&text),
            user: Some(&text),
            message: Some(&text),
            status: 404,
            ..request()
        };
        telemetry.request(&unknown, &event);
    }
    let samples = samples(&telemetry);
    assert_eq!(samples.len(), before);
    assert!(!samples.iter().any(|sample| sample.contains("model-")));
    shows(
        &telemetry,
        &[
            r#"tollgate_requests_total{model="other",operation="chat",status="404",outcome="ok"} 10001"#,
        ],
    );
}

#[test]
fn even_configured_names_are_capped() {
    let options = TelemetryOptions { max_names: 10, ..TelemetryOptions::default() };
    let telemetry = Telemetry::new(&options).unwrap();
    // A deployment's gauges are gone with it.
    let mut living = Vec::new();
    for n in 0..10_000 {
        let model = telemetry.model(&format!("m{n}"), Operation::Chat);
        telemetry.request(&model, &request());
        let name = format!("d{n}");
        let deployment = telemetry.deployment(&name, &name, &name);
        telemetry.attempt(&deployment, &attempt());
        living.push(deployment);
    }
    // A known name is still itself.
    telemetry.request(&telemetry.model("m3", Operation::Chat), &request());
    let line = |model, n| {
        format!(
            r#"tollgate_requests_total{{model="{model}",operation="chat",status="200",outcome="ok"}} {n}"#
        )
    };
    shows(&telemetry, &[&line("m3", 2), &line("other", 9990)]);
    let samples = samples(&telemetry);
    for name in ["tollgate_requests_total", "tollgate_attempts_total", "tollgate_deployment_state"]
    {
        let prefix = format!("{name}{{");
        assert_eq!(samples.iter().filter(|s| s.starts_with(&prefix)).count(), 11, "{name}");
    }
    assert!(samples.len() < 2500, "{}", samples.len());
}

#[test]
fn every_metric_has_help_and_every_histogram_buckets() {
    let telemetry = telemetry();
    let model = telemetry.model("gpt", Operation::Chat);
    for cost in [None, Some(7)] {
        telemetry.request(&model, &RequestEvent { cost, ..request() });
    }
    telemetry.request(&model, &failed());
    let deployment = telemetry.deployment("d", "p", "m");
    deployment.set_limit(LimitKind::Concurrency, 1.0, 1.0);
    telemetry.attempt(&deployment, &AttemptEvent { ttft: request().ttft, ..attempt() });
    let page = telemetry.render_metrics();
    let types: Vec<_> = page.lines().filter_map(|line| line.strip_prefix("# TYPE ")).collect();
    assert_eq!(types.len(), names::ALL.len(), "{types:?}");
    for line in types {
        let (name, kind) = line.split_once(' ').unwrap();
        assert!(page.contains(&format!("# HELP {name} ")), "{name}");
        assert_ne!(kind, "summary", "{name}");
    }
}

#[test]
fn upkeep_loses_nothing() {
    let telemetry = telemetry();
    let model = telemetry.model("gpt", Operation::Chat);
    for _ in 0..3 {
        telemetry.request(&model, &request());
        telemetry.upkeep();
    }
    shows(
        &telemetry,
        &[
            r#"tollgate_request_duration_seconds_count{model="gpt",operation="chat",outcome="ok"} 3"#,
        ],
    );
}

#[test]
fn dropped_log_lines_are_counted_and_requests_go_on() {
    let log = RequestLog::to_sink(Box::new(std::io::sink()), LogFormat::Json, 0).unwrap();
    let telemetry = Telemetry::with_log(&TelemetryOptions::default(), Some(log)).unwrap();
    let model = telemetry.model("gpt", Operation::Chat);
    for _ in 0..5 {
        telemetry.request(&model, &request());
    }
    assert!(telemetry.flush(Duration::from_secs(10)));
    assert!(telemetry.shutdown(Duration::from_secs(10)));
    telemetry.request(&model, &request());
    shows(
        &telemetry,
        &[
            "tollgate_log_lines_dropped_total 6",
            r#"tollgate_requests_total{model="gpt",operation="chat",status="200",outcome="ok"} 6"#,
        ],
    );
}
