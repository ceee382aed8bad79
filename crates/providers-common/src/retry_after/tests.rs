//! Header sets as vendors send them, and as they should not.

use super::*;
use http::{HeaderName, HeaderValue};
use proptest::prelude::*;

/// Headers from lines of `name: value`.
fn headers(text: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (name, value) = line.split_once(':').unwrap();
        let value = HeaderValue::from_bytes(value.trim().as_bytes()).unwrap();
        headers.append(name.parse::<HeaderName>().unwrap(), value);
    }
    headers
}

/// Sets without a date, and the pause in milliseconds.
const PLAIN: &[(&str, Option<u64>)] = &[
    ("", None),
    ("content-type: application/json", None),
    // Seconds.
    ("retry-after: 20", Some(20_000)),
    ("Retry-After: 1", Some(1000)),
    ("retry-after: 0", Some(0)),
    ("retry-after: 1.5", Some(1500)),
    ("retry-after: .25", Some(250)),
    ("retry-after: 34.074824224", Some(34_074)),
    ("retry-after: +7", Some(7000)),
    ("retry-after:    3   ", Some(3000)),
    ("retry-after: -5", Some(0)),
    ("retry-after: 86400", Some(86_400_000)),
    ("retry-after: 604800", Some(86_400_000)),
    ("retry-after: 1767225600", None),
    ("retry-after: 99999999999999999999", None),
    ("retry-after: nan", None),
    ("retry-after: inf", None),
    ("retry-after: 1e3", None),
    ("retry-after: 10 seconds", None),
    ("retry-after: soon", None),
    ("retry-after:", None),
    ("retry-after: \u{ff11}", None),
    ("retry-after: 5\nretry-after: 9", Some(9000)),
    ("retry-after: x\nretry-after: 9", Some(9000)),
    // Milliseconds.
    ("retry-after-ms: 250", Some(250)),
    ("x-ms-retry-after-ms: 1500", Some(1500)),
    ("retry-after-ms: 13\nretry-after: 1", Some(13)),
    ("x-ms-retry-after-ms: 13\nretry-after: 1", Some(13)),
    ("retry-after-ms: 10\nx-ms-retry-after-ms: 20", Some(10)),
    ("retry-after-ms: 0.5", Some(0)),
    ("retry-after-ms: -1", Some(0)),
    ("retry-after-ms: oops\nretry-after: 2", Some(2000)),
    ("retry-after-ms: 999999999", Some(86_400_000)),
    ("retry-after-ms: 1767225600000", None),
    // Spent limits.
    ("x-ratelimit-remaining-requests: 0\nx-ratelimit-reset-requests: 1s", Some(1000)),
    ("x-ratelimit-remaining-requests: 0\nx-ratelimit-reset-requests: 6m0s", Some(360_000)),
    ("x-ratelimit-remaining-tokens: 0\nx-ratelimit-reset-tokens: 20ms", Some(20)),
    ("x-ratelimit-remaining-tokens: 0\nx-ratelimit-reset-tokens: 1h2m3.5s", Some(3_723_500)),
    ("x-ratelimit-remaining-tokens: 0\nx-ratelimit-reset-tokens: 7.66s", Some(7660)),
    ("x-ratelimit-remaining-requests: 0\nx-ratelimit-reset-requests: 2m59.56s", Some(179_560)),
    ("x-ratelimit-remaining-requests: 0\nx-ratelimit-reset-requests: 24h0m0s", Some(86_400_000)),
    ("x-ratelimit-remaining-requests: 0\nx-ratelimit-reset-requests: 500\u{b5}s", Some(0)),
    ("x-ratelimit-remaining-requests: 0\nx-ratelimit-reset-requests: 5000\u{3bc}s", Some(5)),
    ("x-ratelimit-remaining-requests: 0\nx-ratelimit-reset-requests: 9000000ns", Some(9)),
    ("x-ratelimit-remaining-requests: 0\nx-ratelimit-reset-requests: 0s", Some(0)),
    ("x-ratelimit-remaining-requests: 0\nx-ratelimit-reset-requests: -3s", Some(0)),
    ("x-ratelimit-remaining-requests: 0\nx-ratelimit-reset-requests: 60", Some(60_000)),
    ("x-ratelimit-remaining-requests: 0\nx-ratelimit-reset-requests: 59.5", Some(59_500)),
    ("x-ratelimit-remaining-requests: -1\nx-ratelimit-reset-requests: 2s", Some(2000)),
    ("x-ratelimit-remaining-requests: 0.0\nx-ratelimit-reset-requests: 2s", Some(2000)),
    ("x-ratelimit-remaining: 0\nx-ratelimit-reset: 9", Some(9000)),
    // Not spent, or not to be known.
    ("x-ratelimit-remaining-requests: 1\nx-ratelimit-reset-requests: 6m0s", None),
    ("x-ratelimit-reset-requests: 6m0s", None),
    ("x-ratelimit-remaining-requests: 0", None),
    ("x-ratelimit-remaining-requests: none\nx-ratelimit-reset-requests: 1s", None),
    ("x-ratelimit-remaining-requests: 0\nx-ratelimit-reset-requests: 5x", None),
    ("x-ratelimit-remaining-requests: 0\nx-ratelimit-reset-requests: 5s5", None),
    ("x-ratelimit-remaining-requests: 0\nx-ratelimit-reset-requests: s", None),
    ("x-ratelimit-remaining-requests: 0\nx-ratelimit-reset-requests: -", None),
    ("x-ratelimit-remaining-requests: 0\nx-ratelimit-reset-requests: 1.2.3s", None),
    ("x-ratelimit-remaining-requests: 0\nx-ratelimit-reset-requests: 9999999h", None),
    ("x-ratelimit-remaining-requests: 0\nx-ratelimit-reset-requests: 1767225600", None),
    // The limit that was hit is not always the one that resets first.
    (
        "x-ratelimit-remaining-requests: 99\nx-ratelimit-reset-requests: 1s
         x-ratelimit-remaining-tokens: 0\nx-ratelimit-reset-tokens: 6m0s",
        Some(360_000),
    ),
    (
        "x-ratelimit-remaining-requests: 0\nx-ratelimit-reset-requests: 1s
         x-ratelimit-remaining-tokens: 0\nx-ratelimit-reset-tokens: 40s",
        Some(40_000),
    ),
    (
        "x-ratelimit-remaining-requests: 0\nx-ratelimit-reset-requests: 1s
         x-ratelimit-remaining-tokens: 0\nx-ratelimit-reset-tokens: junk",
        Some(1000),
    ),
    ("retry-after: 3\nx-ratelimit-remaining-tokens: 0\nx-ratelimit-reset-tokens: 6m0s", Some(3000)),
    (
        "retry-after: soon\nx-ratelimit-remaining-tokens: 0\nx-ratelimit-reset-tokens: 6m0s",
        Some(360_000),
    ),
    // Dates say nothing without the answer's own.
    ("retry-after: Wed, 21 Oct 2026 07:28:30 GMT", None),
    (
        "anthropic-ratelimit-requests-remaining: 0
         anthropic-ratelimit-requests-reset: 2026-10-21T07:28:30Z",
        None,
    ),
];

/// Sets of an answer of `DATE`, and the pause in milliseconds.
const DATED: &[(&str, Option<u64>)] = &[
    ("", None),
    // The three forms of HTTP-date.
    ("retry-after: Wed, 21 Oct 2026 07:28:30 GMT", Some(30_000)),
    ("retry-after: Wednesday, 21-Oct-26 07:28:30 GMT", Some(30_000)),
    ("retry-after: Wed Oct 21 07:28:30 2026", Some(30_000)),
    ("retry-after: Sun Nov  1 00:00:00 2026", Some(86_400_000)),
    ("retry-after: Wed, 21 Oct 2026 07:28:30 UTC", Some(30_000)),
    ("retry-after: wed, 21 oct 2026 07:28:30 GMT", Some(30_000)),
    ("retry-after: Thu, 22 Oct 2026 07:27:59 GMT", Some(86_399_000)),
    ("retry-after: Sat, 31 Oct 2026 07:28:00 GMT", Some(86_400_000)),
    ("retry-after: Wed, 21 Oct 2026 07:28:00 GMT", Some(0)),
    // Past, absurd, impossible.
    ("retry-after: Wed, 21 Oct 2026 07:27:00 GMT", Some(0)),
    ("retry-after: Sun, 06 Nov 1994 08:49:37 GMT", Some(0)),
    ("retry-after: Monday, 01-Jan-90 00:00:00 GMT", Some(0)),
    ("retry-after: Wednesday, 01-Jan-70 00:00:00 GMT", None),
    ("retry-after: Fri, 31 Dec 9999 23:59:59 GMT", None),
    ("retry-after: Sat, 30 Oct 2027 07:28:30 GMT", None),
    ("retry-after: Wed, 31 Nov 2026 07:28:30 GMT", None),
    ("retry-after: Wed, 29 Feb 2027 07:28:30 GMT", None),
    ("retry-after: Wed, 21 Oct 2026 24:28:30 GMT", None),
    ("retry-after: Wed, 21 Oct 2026 07:28 GMT", None),
    ("retry-after: Wed, 21 Okt 2026 07:28:30 GMT", None),
    ("retry-after: Wed, 21 Oct 2026 07:28:30 CET", None),
    ("retry-after: Wed, 21 Oct 2026 07:28:30 GMT x", None),
    ("retry-after: Wed, 21 Oct 2026", None),
    ("retry-after: Wed, 21 Oct 02026 07:28:30 GMT", None),
    ("retry-after: Wed, 21 Oct 226 07:28:30 GMT", None),
    // Plain seconds do not care for the date.
    ("retry-after: 7", Some(7000)),
    // Unix times.
    ("x-ratelimit-remaining: 0\nx-ratelimit-reset: 1792567710", Some(30_000)),
    ("x-ratelimit-remaining: 0\nx-ratelimit-reset: 1792567710500", Some(30_500)),
    ("x-ratelimit-remaining-requests: 0\nx-ratelimit-reset-requests: 1792567710.5", Some(30_500)),
    ("x-ratelimit-remaining: 0\nx-ratelimit-reset: 1792567000", Some(0)),
    ("x-ratelimit-remaining: 0\nx-ratelimit-reset: 1892567710", None),
    ("x-ratelimit-remaining: 0\nx-ratelimit-reset: 500000000", None),
    // RFC 3339.
    (
        "anthropic-ratelimit-requests-remaining: 0
         anthropic-ratelimit-requests-reset: 2026-10-21T07:28:30Z",
        Some(30_000),
    ),
    (
        "anthropic-ratelimit-tokens-remaining: 0
         anthropic-ratelimit-tokens-reset: 2026-10-21T07:28:00.2501Z",
        Some(251),
    ),
    (
        "anthropic-ratelimit-input-tokens-remaining: 0
         anthropic-ratelimit-input-tokens-reset: 2026-10-21t09:28:30+02:00",
        Some(30_000),
    ),
    (
        "anthropic-ratelimit-output-tokens-remaining: 0
         anthropic-ratelimit-output-tokens-reset: 2026-10-21 00:28:30-07:00",
        Some(30_000),
    ),
    (
        "anthropic-ratelimit-requests-remaining: 0
         anthropic-ratelimit-requests-reset: 2026-10-21T07:28:01Z
         anthropic-ratelimit-input-tokens-remaining: 0
         anthropic-ratelimit-input-tokens-reset: 2026-10-21T07:29:00Z
         anthropic-ratelimit-output-tokens-remaining: 8000
         anthropic-ratelimit-output-tokens-reset: 2026-10-21T08:00:00Z",
        Some(60_000),
    ),
    (
        "anthropic-ratelimit-requests-remaining: 0
         anthropic-ratelimit-requests-reset: 2026-10-21T07:27:00Z",
        Some(0),
    ),
    (
        "anthropic-ratelimit-requests-remaining: 0
         anthropic-ratelimit-requests-reset: 2026-13-21T07:28:30Z",
        None,
    ),
    (
        "anthropic-ratelimit-requests-remaining: 0
         anthropic-ratelimit-requests-reset: 2026-10-21T07:28:30",
        None,
    ),
    (
        "anthropic-ratelimit-requests-remaining: 0
         anthropic-ratelimit-requests-reset: 2026-10-21",
        None,
    ),
    (
        "anthropic-ratelimit-requests-remaining: 0
         anthropic-ratelimit-requests-reset: 2026-10-21T07:28:30+25:00",
        None,
    ),
    (
        "retry-after: 12
         anthropic-ratelimit-requests-remaining: 0
         anthropic-ratelimit-requests-reset: 2026-10-21T07:29:00Z",
        Some(12_000),
    ),
];

const DATE: &str = "date: Wed, 21 Oct 2026 07:28:00 GMT";

#[test]
fn header_sets() {
    let dated = DATED.iter().map(|(set, want)| (format!("{DATE}\n{set}"), *want));
    let plain = PLAIN.iter().map(|(set, want)| ((*set).to_owned(), *want));
    for (set, want) in plain.chain(dated) {
        let got = from_headers(&headers(&set)).map(|pause| pause.as_millis());
        assert_eq!(got, want.map(u128::from), "{set}");
    }
    assert!(PLAIN.len() + DATED.len() >= 60);
}

#[test]
fn an_unreadable_date_header_leaves_dates_unread() {
    let set = "date: today\nretry-after: Wed, 21 Oct 2026 07:28:30 GMT";
    assert_eq!(from_headers(&headers(set)), None);
    let mut set = headers("retry-after: 5");
    set.insert("retry-after", HeaderValue::from_bytes(b"\xff\xfe").unwrap());
    assert_eq!(from_headers(&set), None);
}

#[test]
fn known_moments() {
    let unix = |text| date::unix(text).unwrap();
    assert_eq!(date::http("Thu, 01 Jan 2015 00:00:00 GMT", None).unwrap(), unix("1420070400"));
    assert_eq!(date::http("Sun, 09 Sep 2001 01:46:40 GMT", None).unwrap(), unix("1000000000"));
    assert_eq!(date::http("Thu, 29 Feb 2024 12:00:00 GMT", None).unwrap(), unix("1709208000"));
    assert_eq!(
        date::rfc3339("2000-03-01T00:00:00Z"),
        date::http("Wed, 1 Mar 2000 00:00:00 GMT", None)
    );
    assert_eq!(date::rfc3339("2100-02-29T00:00:00Z"), None);
    assert_eq!(date::rfc3339("2016-12-31T23:59:60Z"), date::rfc3339("2017-01-01T00:00:00Z"));
}

#[test]
fn a_year_of_two_digits_is_the_nearest() {
    let year = |now: &str, short: &str| {
        let now = date::rfc3339(&format!("{now}-06-01T00:00:00Z"));
        let got = date::http(&format!("Monday, 01-Jun-{short} 00:00:00 GMT"), now).unwrap();
        (1900..2200).find(|year| date::rfc3339(&format!("{year}-06-01T00:00:00Z")) == Some(got))
    };
    assert_eq!(year("2026", "26"), Some(2026));
    assert_eq!(year("2026", "76"), Some(2076));
    assert_eq!(year("2026", "77"), Some(1977));
    assert_eq!(year("2099", "01"), Some(2101));
    assert_eq!(year("2099", "99"), Some(2099));
    assert_eq!(year("2149", "50"), Some(2150));
}

/// Text near to what headers hold.
fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~]{0,30}",
        "-?[0-9]{0,25}(\\.[0-9]{0,20})?",
        "([0-9.]{0,6}(h|m|s|ms|us|ns)){0,4}",
        "(Mon|Tue|Wed), [0-9]{1,2} (Jan|Feb|Oct) [0-9]{1,5} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT",
        "Monday, [0-9]{2}-(Jan|Feb)-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT",
        "Mon (Jan|Feb)  [0-9] [0-9]{2}:[0-9]{2}:[0-9]{2} [0-9]{4}",
        "[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{0,30})?(Z|[+-][0-9]{2}:[0-9]{2})",
    ]
}

proptest! {
    #[test]
    fn no_header_set_panics_or_passes_the_cap(
        date in prop::option::of(value()),
        retry in prop::option::of(value()),
        ms in prop::option::of(value()),
        limit in 0..LIMITS.len(),
        reset in value(),
    ) {
        let (remaining_name, reset_name) = LIMITS[limit];
        let mut set = HeaderMap::new();
        let mut put = |name: &'static str, value: Option<String>| {
            if let Some(value) = value {
                set.append(name, HeaderValue::from_str(&value).unwrap());
            }
        };
        put("date", date);
        put("retry-after", retry);
        put("retry-after-ms", ms);
        put(remaining_name, Some("0".to_owned()));
        put(reset_name, Some(reset));
        if let Some(pause) = from_headers(&set) {
            prop_assert!(pause <= UpstreamError::RETRY_AFTER_MAX);
        }
    }

    #[test]
    fn go_durations_are_read_back(hours in 0_u64..24, minutes in 0_u64..60, millis in 0_u64..60_000) {
        let text = format!("{hours}h{minutes}m{}.{:03}s", millis / 1000, millis % 1000);
        let want = (hours * 60 + minutes) * 60_000 + millis;
        let got = span::go(&text).unwrap().as_secs_f64() * 1e3;
        prop_assert!((got - want as f64).abs() < 1e-3, "{} gives {} ms", text, got);
    }

    #[test]
    fn any_text_is_read_or_not(text in any::<String>()) {
        let now = date::unix("1792567680");
        let _ = (date::http(&text, now), date::rfc3339(&text), date::unix(&text));
        let _ = (span::go(&text), span::seconds(&text), span::spent(&text));
    }
}
