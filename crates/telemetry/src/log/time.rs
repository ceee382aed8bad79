//! RFC 3339 in UTC with milliseconds, written without a calendar library.
//!
//! It must never read a clock.

use std::cell::Cell;
use std::time::{SystemTime, UNIX_EPOCH};

use super::json::push_padded;

const SECONDS_PER_DAY: u64 = 86_400;

/// A second as text, `2026-11-20T16:54:03.`, in years of four digits.
type Text = [u8; 20];

thread_local! {
    /// The second of the line before: a busy log has thousands of lines in each.
    static BEFORE: Cell<Option<(u64, Text)>> = const { Cell::new(None) };
}

/// Appends `at` as `2026-11-20T16:54:03.123Z`; times before 1970 are written as 1970.
pub(super) fn push_rfc3339(out: &mut Vec<u8>, at: SystemTime) {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    match BEFORE.get() {
        Some((second, text)) if second == since.as_secs() => out.extend_from_slice(&text),
        Some(_) | None => {
            let start = out.len();
            push_second(out, since.as_secs());
            let text = out.get(start..).and_then(|text| Text::try_from(text).ok());
            BEFORE.set(text.map(|text| (since.as_secs(), text)));
        }
    }
    push_padded(out, u64::from(since.subsec_millis()), 3);
    out.push(b'Z');
}

fn push_second(out: &mut Vec<u8>, seconds: u64) {
    let (days, second) = (seconds / SECONDS_PER_DAY, seconds % SECONDS_PER_DAY);
    let (year, month, day) = civil(days);
    push_padded(out, year, 4);
    out.push(b'-');
    push_padded(out, month, 2);
    out.push(b'-');
    push_padded(out, day, 2);
    out.push(b'T');
    push_padded(out, second / 3600, 2);
    out.push(b':');
    push_padded(out, second / 60 % 60, 2);
    out.push(b':');
    push_padded(out, second % 60, 2);
    out.push(b'.');
}

/// Year, month and day of a day since 1970-01-01 (Hinnant's `civil_from_days`: eras of 400 years
/// that begin on the 1st of March, so that the leap day is a year's last).
fn civil(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let day_of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn text(seconds: u64, millis: u64) -> String {
        let mut out = Vec::new();
        let at = UNIX_EPOCH + Duration::from_secs(seconds) + Duration::from_millis(millis);
        push_rfc3339(&mut out, at);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn known_moments() {
        assert_eq!(text(0, 0), "1970-01-01T00:00:00.000Z");
        assert_eq!(text(951_782_399, 999), "2000-02-28T23:59:59.999Z");
        assert_eq!(text(951_782_400, 7), "2000-02-29T00:00:00.007Z");
        assert_eq!(text(951_868_800, 0), "2000-03-01T00:00:00.000Z");
        assert_eq!(text(1_795_193_643, 120), "2026-11-20T16:54:03.120Z");
        assert_eq!(text(4_107_542_399, 0), "2100-02-28T23:59:59.000Z");
        assert_eq!(text(4_107_542_400, 0), "2100-03-01T00:00:00.000Z");
        assert_eq!(text(253_402_300_799, 0), "9999-12-31T23:59:59.000Z");
    }

    #[test]
    fn days_follow_one_another_through_four_centuries() {
        let (mut year, mut month, mut day) = (1970, 1, 1);
        for days in 0..146_097 {
            assert_eq!(civil(days), (year, month, day), "day {days}");
            let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let length = match month {
                2 => 28 + u64::from(leap),
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            day += 1;
            if day > length {
                (day, month) = (1, month + 1);
            }
            if month > 12 {
                (month, year) = (1, year + 1);
            }
        }
    }

    #[test]
    fn a_clock_before_1970_is_not_an_error() {
        let mut out = Vec::new();
        push_rfc3339(&mut out, UNIX_EPOCH - Duration::from_secs(5));
        assert_eq!(out, b"1970-01-01T00:00:00.000Z");
    }
}
