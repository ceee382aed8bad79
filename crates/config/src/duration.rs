//! Durations and sizes as people write them: `1500ms`, `2m`, `32MiB`.

use std::time::Duration;

/// Longest duration accepted: beyond a week it is a slip, and arithmetic on clocks stays safe.
pub(crate) const LONGEST: Duration = Duration::from_secs(7 * 24 * 3600);

/// Reads `60s`, `1500ms`, `1.5m`, `2h`, `1d` or a plain number of seconds; `None` where it is none
/// of these, negative, or longer than [`LONGEST`].
pub(crate) fn parse_duration(text: &str) -> Option<Duration> {
    let (number, unit) = split(text)?;
    let seconds = match unit {
        "ms" => number / 1000.0,
        "" | "s" | "sec" => number,
        "m" | "min" => number * 60.0,
        "h" => number * 3600.0,
        "d" => number * 86_400.0,
        _ => return None,
    };
    from_seconds(seconds)
}

/// A duration of this many seconds, in whole microseconds; `None` as in [`parse_duration`].
pub(crate) fn from_seconds(seconds: f64) -> Option<Duration> {
    let within = (0.0..=LONGEST.as_secs_f64()).contains(&seconds);
    // Rounded, so that 0.1 s is 100 ms and not a nanosecond less.
    within.then(|| Duration::from_micros((seconds * 1e6).round() as u64))
}

/// Reads `1024`, `64KiB`, `32 MiB`, `1GB` as bytes; `None` where it is none of these.
pub(crate) fn parse_size(text: &str) -> Option<u64> {
    let (number, unit) = split(text)?;
    let factor: f64 = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1.0,
        "kb" => 1e3,
        "mb" => 1e6,
        "gb" => 1e9,
        "k" | "kib" => 1024.0,
        "m" | "mib" => 1_048_576.0,
        "g" | "gib" => 1_073_741_824.0,
        _ => return None,
    };
    let bytes = number * factor;
    // Beyond 2^53 a float no longer counts bytes exactly.
    (bytes <= 9e15).then_some(bytes as u64)
}

/// A duration as [`parse_duration`] reads it, in the largest unit that says it in whole numbers.
pub(crate) fn say_duration(duration: Duration) -> String {
    let micros = duration.as_micros();
    let units = [(3_600_000_000, "h"), (60_000_000, "m"), (1_000_000, "s"), (1000, "ms")];
    // Up to two minutes people count in seconds.
    let small = |unit: u128| micros <= 120_000_000 && unit > 1_000_000;
    for (unit, name) in units {
        if micros > 0 && micros.is_multiple_of(unit) && !small(unit) {
            return format!("{}{name}", micros / unit);
        }
    }
    match micros {
        0 => "0s".to_owned(),
        _ => format!("{}.{:03}ms", micros / 1000, micros % 1000),
    }
}

/// A size as [`parse_size`] reads it, in the largest unit that says it in whole numbers.
pub(crate) fn say_size(bytes: u64) -> String {
    let units = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    let fits = units.into_iter().find(|(unit, _)| bytes > 0 && bytes.is_multiple_of(*unit));
    fits.map_or_else(|| bytes.to_string(), |(unit, name)| format!("{}{name}", bytes / unit))
}

fn split(text: &str) -> Option<(f64, &str)> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(end)?;
    let number: f64 = number.parse().ok()?;
    Some((number, unit.trim_start()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn durations_of_every_unit() {
        let table = [
            ("60s", Some(60_000)),
            ("1500ms", Some(1500)),
            ("2m", Some(120_000)),
            ("1.5 min", Some(90_000)),
            ("0.1", Some(100)),
            ("1h", Some(3_600_000)),
            ("1d", Some(86_400_000)),
            ("0", Some(0)),
            ("", None),
            ("s", None),
            ("-1s", None),
            ("soon", None),
            ("1w", None),
            ("1e3s", None),
            ("8d", None),
            ("1.2.3s", None),
            ("NaN", None),
            ("inf", None),
        ];
        for (text, millis) in table {
            assert_eq!(parse_duration(text), millis.map(Duration::from_millis), "{text}");
        }
    }

    #[test]
    fn sizes_of_every_unit() {
        let table = [
            ("1024", Some(1024)),
            ("32MiB", Some(32 << 20)),
            ("32 mib", Some(32 << 20)),
            ("64k", Some(64 << 10)),
            ("1GB", Some(1_000_000_000)),
            ("1.5KiB", Some(1536)),
            ("-1", None),
            ("1 parsec", None),
            ("99999999999GiB", None),
        ];
        for (text, bytes) in table {
            assert_eq!(parse_size(text), bytes, "{text}");
        }
    }

    #[test]
    fn durations_and_sizes_are_said_as_people_write_them() {
        let table =
            [(600_000, "10m"), (60_000, "60s"), (1500, "1500ms"), (0, "0s"), (7_200_000, "2h")];
        for (millis, said) in table {
            assert_eq!(say_duration(Duration::from_millis(millis)), said);
        }
        assert_eq!(say_duration(Duration::from_micros(1500)), "1.500ms");
        assert_eq!([say_size(32 << 20), say_size(1000)], ["32MiB", "1000"]);
    }

    proptest! {
        #[test]
        fn whole_milliseconds_survive(millis in 0_u64..604_800_000) {
            prop_assert_eq!(parse_duration(&format!("{millis}ms")), Some(Duration::from_millis(millis)));
        }

        #[test]
        fn what_is_said_is_read_back(micros in 0_u64..604_800_000_000, bytes in 1_u64..1 << 50) {
            let duration = Duration::from_micros(micros);
            prop_assert_eq!(parse_duration(&say_duration(duration)), Some(duration));
            prop_assert_eq!(parse_size(&say_size(bytes)), Some(bytes));
        }

        #[test]
        fn any_text_is_read_or_refused(text in ".{0,24}") {
            if let Some(duration) = parse_duration(&text) {
                prop_assert!(duration <= LONGEST);
            }
            let _ = parse_size(&text);
        }
    }
}
