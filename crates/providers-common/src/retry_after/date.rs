//! Dates as headers write them, without a calendar crate: three HTTP forms, RFC 3339, Unix time.

use std::time::Duration;

use super::{ABSURD, span};

/// A point in time, in milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment(i64);

impl Moment {
    /// The time from here to `later`; zero where that is past, `None` where it is absurd.
    pub(super) fn until(self, later: Self) -> Option<Duration> {
        let milliseconds = later.0.checked_sub(self.0)?;
        let wait = Duration::from_millis(u64::try_from(milliseconds).unwrap_or(0));
        (wait <= ABSURD).then_some(wait)
    }

    fn year(self) -> i64 {
        // Exact enough to choose a century.
        1970 + self.0.div_euclid(31_556_952_000)
    }
}

/// An HTTP-date in any of its three forms. `now` gives two-digit years their century; without it
/// they are of this one.
pub(super) fn http(text: &str, now: Option<Moment>) -> Option<Moment> {
    let mut parts = text.split([' ', ',', '-']).filter(|part| !part.is_empty());
    let mut next = || parts.next();
    let (_weekday, second, third, fourth, fifth) = (next()?, next()?, next()?, next()?, next()?);
    let zone = next();
    if next().is_some() {
        return None;
    }
    let (day, month, year, time) = match zone {
        Some("GMT" | "UTC") => (second, third, fourth, fifth),
        Some(_) => return None,
        None => (third, second, fifth, fourth),
    };
    let year = match year.len() {
        4 => digits(year)?,
        2 => full_year(digits(year)?, now),
        _ => return None,
    };
    moment(year, month_of(month)?, digits(day)?, time_of(time)?)
}

/// The year of these two digits that is nearest to `now`: at most 50 years ahead (RFC 9110).
fn full_year(short: i64, now: Option<Moment>) -> i64 {
    let now = now.map_or(2000, Moment::year);
    let same_century = now - now.rem_euclid(100) + short;
    if same_century > now + 50 {
        same_century - 100
    } else if same_century + 100 <= now + 50 {
        same_century + 100
    } else {
        same_century
    }
}

/// `2026-01-31T23:59:60.5Z`, also with an offset or with a space in the middle.
pub(super) fn rfc3339(text: &str) -> Option<Moment> {
    let (date, rest) = text.split_at_checked(10)?;
    let rest = rest.strip_prefix(['T', 't', ' '])?;
    let mut date = date.split('-');
    let (year, month, day) = (date.next()?, date.next()?, date.next()?);
    if date.next().is_some() || (year.len(), month.len(), day.len()) != (4, 2, 2) {
        return None;
    }
    let zone = rest.find(['Z', 'z', '+', '-'])?;
    let (time, zone) = rest.split_at(zone);
    let local = moment(digits(year)?, digits(month)?, digits(day)?, time_of(time)?)?;
    Some(Moment(local.0 - offset(zone)?))
}

/// Unix time in seconds or milliseconds; `None` for a number too small to be one.
pub(super) fn unix(text: &str) -> Option<Moment> {
    /// September 2001, as a Unix time in seconds.
    const SMALLEST: f64 = 1e9;
    /// The year 5138: nothing later is meant as seconds.
    const LARGEST: f64 = 1e11;
    let number = span::number(text).filter(|number| (SMALLEST..LARGEST * 1e3).contains(number))?;
    let milliseconds = if number < LARGEST { number * 1e3 } else { number };
    Some(Moment(milliseconds.ceil() as i64))
}

/// `Z`, `+hh:mm` or `-hh:mm`, in milliseconds.
fn offset(zone: &str) -> Option<i64> {
    if zone == "Z" || zone == "z" {
        return Some(0);
    }
    let (sign, zone) = match zone.strip_prefix('-') {
        Some(zone) => (-1, zone),
        None => (1, zone.strip_prefix('+')?),
    };
    let (hours, minutes) = zone.split_once(':')?;
    if (hours.len(), minutes.len()) != (2, 2) {
        return None;
    }
    let (hours, minutes) = (digits(hours)?, digits(minutes)?);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 60 + minutes) * 60_000)
}

/// `hh:mm:ss` with an optional fraction, as milliseconds of the day; the fraction rounds up, so
/// that a wait never ends early.
fn time_of(text: &str) -> Option<i64> {
    let mut parts = text.split(':');
    let (hour, minute, second) = (parts.next()?, parts.next()?, parts.next()?);
    let (second, fraction) = second.split_once('.').unwrap_or((second, "0"));
    if parts.next().is_some() || (hour.len(), minute.len(), second.len()) != (2, 2, 2) {
        return None;
    }
    let (hour, minute, second) = (digits(hour)?, digits(minute)?, digits(second)?);
    // 60 is a leap second.
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    Some(((hour * 60 + minute) * 60 + second) * 1000 + thousandths(fraction)?)
}

/// The digits behind a decimal point in thousandths, rounded up.
fn thousandths(fraction: &str) -> Option<i64> {
    let (mut total, mut worth, mut more) = (0, 100, 0);
    for byte in fraction.bytes() {
        let digit = i64::from(byte.is_ascii_digit().then(|| byte - b'0')?);
        if worth == 0 && digit > 0 {
            more = 1;
        }
        total += digit * worth;
        worth /= 10;
    }
    Some(total + more)
}

fn month_of(name: &str) -> Option<i64> {
    const NAMES: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let at = NAMES.iter().position(|known| known.eq_ignore_ascii_case(name))?;
    i64::try_from(at + 1).ok()
}

/// A number of at most four digits.
fn digits(text: &str) -> Option<i64> {
    let plain = (1..=4).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|_| plain)
}

fn moment(year: i64, month: i64, day: i64, milliseconds: i64) -> Option<Moment> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 28 + i64::from(leap),
        _ => return None,
    };
    if !(1..=length).contains(&day) {
        return None;
    }
    // Days from civil (Hinnant): years begin in March, so that a leap day comes last.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * month + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    Some(Moment(days * 86_400_000 + milliseconds))
}
