//! `mock`: how the scripted vendor behaves.

use super::section;
use crate::read::Section;
use crate::report::Report;
use crate::types::MockOptions;

/// Reads the section under `mock`.
pub(super) fn read(given: &mut Section<'_>, report: &mut Report) -> Option<MockOptions> {
    let mut mock = section(given, &["mock"], report)?;
    let mut options = MockOptions::default();
    for (name, field) in
        [("latency", &mut options.latency), ("token_delay", &mut options.token_delay)]
    {
        if let Some(duration) = mock.take(&[name], report).and_then(|at| at.duration(report)) {
            *field = duration;
        }
    }
    let every = mock.take(&["fail_every"], report);
    let every = every.and_then(|at| at.whole(1..=1_000_000, report));
    options.fail_every = every.and_then(|n| u32::try_from(n).ok());
    let status = mock.take(&["fail_status"], report).and_then(|at| at.whole(400..=599, report));
    if let Some(status) = status.and_then(|n| u16::try_from(n).ok()) {
        options.fail_status = status;
    }
    mock.finish(report);
    Some(options)
}
