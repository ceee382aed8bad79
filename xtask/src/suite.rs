//! What the test runners report: how a run is asked for, and what it adds up to.
//!
//! Totals come from the runners' own summary lines, which are kept and shown again at the end. A
//! runner that fails without a failing test of its own (it did not start, it crashed) counts as one
//! failure, so that no crash passes for success.

use clap::{Args, ValueEnum};

/// How the tests are to run.
#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// Go on without a piece that this machine cannot have (Python, Node, kubectl); it is named all
    /// the same.
    #[arg(long)]
    pub(crate) allow_missing: bool,
    /// The profile that the end-to-end suite builds the gateway with.
    #[arg(long, value_enum, default_value_t = Profile::ReleaseCi)]
    pub(crate) profile: Profile,
    /// Only end-to-end tests whose names match (pytest's `-k`, node's `--test-name-pattern`).
    #[arg(long, value_name = "PATTERN")]
    pub(crate) only: Option<String>,
}

/// A cargo profile for the gateway under test.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Profile {
    /// Optimised without the slow link: what users run, but for the last percent. The default.
    ReleaseCi,
    /// Unoptimised: seconds to rebuild while editing, too slow for the tests of time bounds.
    Dev,
    /// Exactly what `cargo run --release` builds.
    Release,
}

impl Profile {
    /// Cargo's name of it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::ReleaseCi => "release-ci",
            Self::Dev => "dev",
            Self::Release => "release",
        }
    }

    /// The folder below the target directory that cargo builds it in.
    pub(crate) fn folder(self) -> &'static str {
        match self {
            Self::ReleaseCi => "release-ci",
            Self::Dev => "debug",
            Self::Release => "release",
        }
    }
}

/// What one runner reported.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Totals {
    /// Tests that passed.
    pub(crate) passed: u64,
    /// Tests that failed, and runners that failed without one.
    pub(crate) failed: u64,
    /// The runners' own summary lines.
    pub(crate) summaries: Vec<String>,
}

impl Totals {
    /// Reads a runner's output.
    pub(crate) fn read(lines: &[String], success: bool) -> Self {
        let mut totals = Self::default();
        for line in lines {
            if line.starts_with(TABLE) {
                totals.summaries.push(line.clone());
            } else if let Some((passed, failed)) = summary(line) {
                totals.passed += passed;
                totals.failed += failed;
                totals.summaries.push(line.trim().to_owned());
            }
        }
        if !success && totals.failed == 0 {
            totals.failed = 1;
            totals.summaries.push("a runner failed without a failing test".to_owned());
        }
        totals
    }

    /// Adds another runner's report.
    pub(crate) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.summaries.extend(other.summaries);
    }
}

/// What the lines of the table of all pairs begin with.
const TABLE: &str = "pairs | ";

/// Passed and failed of a summary line: cargo's, pytest's or node's.
fn summary(line: &str) -> Option<(u64, u64)> {
    let line = line.trim();
    if line.starts_with("test result:") {
        return Some((count(line, "passed")?, count(line, "failed")?));
    }
    if let Some(inner) = line.strip_prefix('=').map(|line| line.trim_matches(['=', ' ']))
        && inner.contains(" in ")
        && ["passed", "failed", "error", "errors"].iter().any(|word| count(inner, word).is_some())
    {
        let errors = count(inner, "errors").or_else(|| count(inner, "error")).unwrap_or(0);
        let failed = count(inner, "failed").unwrap_or(0);
        return Some((count(inner, "passed").unwrap_or(0), failed + errors));
    }
    // node prints one figure a line: `ℹ pass 3` or `# pass 3`.
    let inner = line.strip_prefix("ℹ ").or_else(|| line.strip_prefix("# "))?;
    let (word, figure) = inner.split_once(' ')?;
    let figure = figure.parse().ok()?;
    match word {
        "pass" => Some((figure, 0)),
        "fail" => Some((0, figure)),
        // Said in every run, and worth a line only where it happened.
        "cancelled" if figure > 0 => Some((0, figure)),
        _ => None,
    }
}

/// The figure before `word`.
fn count(line: &str, word: &str) -> Option<u64> {
    let words: Vec<&str> = line.split([' ', ',', ';', '.']).filter(|it| !it.is_empty()).collect();
    words.windows(2).find_map(|pair| match pair {
        [figure, name] if *name == word => figure.parse().ok(),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summaries_of_all_runners_are_read() {
        for (line, figures) in [
            ("test result: ok. 12 passed; 0 failed; 0 ignored; 0 measured", Some((12, 0))),
            ("test result: FAILED. 1 passed; 2 failed; 0 ignored", Some((1, 2))),
            ("======= 41 passed in 3.05s =======", Some((41, 0))),
            ("=== 2 failed, 39 passed, 1 error in 3.05s (0:00:03) ===", Some((39, 3))),
            ("=== 2 errors in 0.10s ===", Some((0, 2))),
            ("ℹ pass 7", Some((7, 0))),
            ("# fail 2", Some((0, 2))),
            ("ℹ cancelled 1", Some((0, 1))),
            ("ℹ cancelled 0", None),
            ("ℹ duration_ms 81.2", None),
            ("# Subtest: pass 3 times", None),
            ("===== test session starts =====", None),
            ("running 3 tests", None),
        ] {
            assert_eq!(summary(line), figures, "{line}");
        }
    }

    #[test]
    fn the_table_of_pairs_is_kept_beside_the_summary() {
        let lines = ["pairs | a  1/1", "no pairs | b", "== 2 passed in 1s =="].map(str::to_owned);
        let totals = Totals::read(&lines, true);
        assert_eq!((totals.passed, totals.failed), (2, 0));
        assert_eq!(totals.summaries, ["pairs | a  1/1", "== 2 passed in 1s =="]);
    }

    #[test]
    fn a_runner_that_dies_is_a_failure() {
        let totals = Totals::read(&["segmentation fault".to_owned()], false);
        assert_eq!((totals.passed, totals.failed), (0, 1));
        let totals = Totals::read(&["=== 2 failed, 3 passed in 1s ===".to_owned()], false);
        assert_eq!((totals.passed, totals.failed), (3, 2));
    }
}
