//! Medians, ranges and tables.

use crate::report;

/// Median, least and most of some figures.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spread {
    /// Median.
    pub(super) median: f64,
    /// Least.
    pub(super) low: f64,
    /// Most.
    pub(super) high: f64,
}

impl Spread {
    /// Of these figures; zeros where there are none.
    pub(super) fn of(figures: &[f64]) -> Self {
        let mut sorted = figures.to_vec();
        sorted.sort_by(f64::total_cmp);
        let at = |index: usize| sorted.get(index).copied().unwrap_or(0.0);
        let last = sorted.len().saturating_sub(1);
        Self { median: (at(last / 2) + at(last.div_ceil(2))) / 2.0, low: at(0), high: at(last) }
    }

    /// As `12.3 [11.0..14.2]`.
    pub(super) fn text(self) -> String {
        format!("{:.1} [{:.1}..{:.1}]", self.median, self.low, self.high)
    }

    /// As `1.23 [1.10..1.42]`.
    pub(super) fn ratio(self) -> String {
        format!("{:.2} [{:.2}..{:.2}]", self.median, self.low, self.high)
    }
}

/// Prints a table in Markdown.
pub(super) fn print(title: &str, head: &[&str], rows: &[Vec<String>]) {
    report::line("");
    report::line(&format!("### {title}"));
    report::line("");
    report::line(&format!("| {} |", head.join(" | ")));
    report::line(&format!("|{}", "---|".repeat(head.len())));
    for row in rows {
        report::line(&format!("| {} |", row.join(" | ")));
    }
}

#[cfg(test)]
mod tests {
    use super::Spread;

    #[test]
    fn the_median_of_even_and_odd_counts() {
        assert_eq!(Spread::of(&[3.0, 1.0, 2.0]).median, 2.0);
        assert_eq!(Spread::of(&[4.0, 1.0, 2.0, 3.0]).median, 2.5);
        assert_eq!(Spread::of(&[]).median, 0.0);
        assert_eq!(Spread::of(&[1.0, 9.0]).text(), "5.0 [1.0..9.0]");
    }
}
