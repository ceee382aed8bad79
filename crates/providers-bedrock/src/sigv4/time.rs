//! A moment as AWS writes it: `20150830T123600Z`.

use std::fmt;

/// A moment, to the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    year: u64,
    month: u64,
    day: u64,
    second_of_day: u64,
}

const DAY: u64 = 24 * 60 * 60;

impl Stamp {
    /// The moment so many seconds after 1970.
    #[must_use]
    pub fn from_unix(seconds: u64) -> Self {
        let (year, month, day) = civil(seconds / DAY);
        Self { year, month, day, second_of_day: seconds % DAY }
    }

    /// Its day: `20150830`.
    #[must_use]
    pub fn date(self) -> String {
        format!("{:04}{:02}{:02}", self.year, self.month, self.day)
    }
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (hour, rest) = (self.second_of_day / 3600, self.second_of_day % 3600);
        write!(f, "{}T{hour:02}{:02}{:02}Z", self.date(), rest / 60, rest % 60)
    }
}

/// Year, month and day of a day counted from 1970, by Howard Hinnant's `civil_from_days`: years begin
/// in March, so that the leap day is the last of them.
fn civil(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_as_aws_reads_them() {
        for (seconds, text) in [
            (0, "19700101T000000Z"),
            (951_782_399, "20000228T235959Z"),
            (951_782_400, "20000229T000000Z"),
            (951_868_800, "20000301T000000Z"),
            (1_440_938_160, "20150830T123600Z"),
            (1_735_689_599, "20241231T235959Z"),
            (4_107_542_400, "21000301T000000Z"),
        ] {
            assert_eq!(Stamp::from_unix(seconds).to_string(), text);
        }
    }

    proptest::proptest! {
        #[test]
        fn days_follow_each_other(day in 0_u64..100_000) {
            let (year, month, date) = civil(day);
            let next = civil(day + 1);
            let follows = next == (year, month, date + 1)
                || next == (year, month + 1, 1)
                || next == (year + 1, 1, 1) && (month, date) == (12, 31);
            proptest::prop_assert!(follows);
        }
    }
}
