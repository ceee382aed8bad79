//! Which request meets what, and scripts from strings.

use super::*;

#[test]
fn the_first_of_every_n_fails() {
    let flaky = Flaky { every: 3, status: 503, retry_after: None };
    let script = MockScript { flaky: Some(flaky), ..MockScript::default() };
    let failed: Vec<bool> = (0..7).map(|n| script.fault(n) != Fault::Healthy).collect();
    assert_eq!(failed, [true, false, false, true, false, false, true]);
}

#[test]
fn faults_come_once_or_again_and_before_flaky() {
    let faults = vec![Fault::Html, Fault::Healthy];
    let flaky = Some(Flaky { every: 1, status: 500, retry_after: None });
    let once = MockScript { faults: faults.clone(), flaky, ..MockScript::default() };
    assert_eq!(once.fault(0), Fault::Html);
    assert_eq!(once.fault(1), Fault::Healthy);
    assert!(matches!(once.fault(2), Fault::Status { status: 500, .. }));
    let again = MockScript { faults, repeat_faults: true, ..MockScript::default() };
    assert_eq!([again.fault(4), again.fault(5)], [Fault::Html, Fault::Healthy]);
    let none = MockScript { repeat_faults: true, ..MockScript::default() };
    assert_eq!(none.fault(0), Fault::Healthy);
}

#[test]
fn every_option_is_read() {
    let script = MockScript::from_options([
        ("latency", "50ms"),
        ("token_delay", "2s"),
        ("fail_every", "4"),
        ("fail_status", "429"),
        ("fail_retry_after", "1m"),
        ("faults", "html, status:503:250ms ,cut_after:3"),
        ("repeat_faults", "true"),
    ])
    .unwrap();
    let retry_after = Some(Duration::from_millis(250));
    let expected = MockScript {
        latency: Duration::from_millis(50),
        token_delay: Duration::from_secs(2),
        flaky: Some(Flaky { every: 4, status: 429, retry_after: Some(Duration::from_secs(60)) }),
        faults: vec![
            Fault::Html,
            Fault::Status { status: 503, retry_after, body: None },
            Fault::CutAfter { frames: 3 },
        ],
        repeat_faults: true,
    };
    assert_eq!(script, expected);
    assert_eq!(MockScript::from_options([]).unwrap(), MockScript::default());
}

#[test]
fn every_fault_has_a_name() {
    let named = [
        ("healthy", Fault::Healthy),
        ("status:500", Fault::Status { status: 500, retry_after: None, body: None }),
        ("refuse", Fault::Refuse),
        ("stall", Fault::StallBeforeHead),
        ("reset", Fault::ResetBeforeHead),
        ("html", Fault::Html),
        ("empty", Fault::Empty),
        ("error_at:0", Fault::ErrorAt { frame: 0 }),
        ("cut_after:1", Fault::CutAfter { frames: 1 }),
        ("end_after:2", Fault::EndAfter { frames: 2 }),
        ("stall_after:3", Fault::StallAfter { frames: 3 }),
        ("malformed_at:4", Fault::MalformedAt { frame: 4 }),
        ("missing_done", Fault::MissingDone),
    ];
    for (text, fault) in named {
        assert_eq!(text.parse::<Fault>().unwrap(), fault);
    }
}

#[test]
fn what_cannot_be_read_is_named() {
    for (option, value, says) in [
        ("latency", "50", "`latency`: `50` is not a duration like `50ms`, `2s` or `1m`"),
        ("fail_status", "200", "`fail_status`: `200` is not an error status (400 to 599)"),
        ("fail_every", "-1", "`fail_every`: `-1` is not a whole number"),
        ("repeat_faults", "yes", "`repeat_faults`: `yes` is neither `true` nor `false`"),
        ("jitter", "1", "`jitter`: is not an option of the mock"),
        (
            "faults",
            "html,cut_after",
            "`faults`: `cut_after` is not a fault, or has the wrong number of arguments",
        ),
    ] {
        let error = MockScript::from_options([(option, value)]).unwrap_err();
        assert_eq!(error.to_string(), says);
    }
}
