//! Collecting what is wrong while reading goes on: no problem hides another.

use std::path::PathBuf;

use crate::problem::{ConfigErrors, Place, Problem, Warning};
use crate::tree::{Layer, Source, Sources, Span};

/// Most problems told at once; more help nobody, and a hostile file must not fill the memory.
const MOST: usize = 200;

/// The problems and warnings of one load, and the sources that they point to.
#[derive(Debug, Default)]
pub(crate) struct Report {
    sources: Sources,
    problems: Vec<(Span, Problem)>,
    more: usize,
    warnings: Vec<Warning>,
    referenced: Vec<PathBuf>,
}

impl Report {
    /// Notes a file that a value was read from.
    pub(crate) fn refers_to(&mut self, file: PathBuf) {
        if !self.referenced.contains(&file) {
            self.referenced.push(file);
        }
    }

    pub(crate) fn take_referenced(&mut self) -> Vec<PathBuf> {
        std::mem::take(&mut self.referenced)
    }

    pub(crate) fn add_source(&mut self, source: Source) -> usize {
        self.sources.add(source)
    }

    pub(crate) fn sources(&mut self) -> &mut Sources {
        &mut self.sources
    }

    /// The layer of what stands at `span`.
    pub(crate) fn layer(&self, span: Span) -> Layer {
        self.sources.layer(span)
    }

    pub(crate) fn problem(&mut self, span: Span, path: &str, message: impl Into<String>) {
        self.push(span, path, message.into(), None);
    }

    pub(crate) fn problem_hint(
        &mut self,
        span: Span,
        path: &str,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.push(span, path, message.into(), Some(hint.into()));
    }

    pub(crate) fn warn(
        &mut self,
        span: Span,
        path: &str,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        if self.warnings.len() < MOST {
            self.warnings.push(Warning(Problem {
                place: self.sources.place(span),
                path: path.to_owned(),
                message: message.into(),
                hint: Some(hint.into()),
            }));
        }
    }

    /// Whether further problems are only counted, so that explaining them is in vain.
    pub(crate) fn is_full(&self) -> bool {
        self.problems.len() >= MOST
    }

    pub(crate) fn is_clean(&self) -> bool {
        self.problems.is_empty()
    }

    /// The warnings, or all problems where there is any.
    pub(crate) fn finish(mut self) -> Result<Vec<Warning>, ConfigErrors> {
        if self.problems.is_empty() {
            return Ok(self.warnings);
        }
        // In the order of writing: whoever mends a file goes through it from top to bottom.
        self.problems.sort_by_key(|(span, _)| (span.source, span.line, span.column));
        let mut problems: Vec<Problem> =
            self.problems.into_iter().map(|(_, problem)| problem).collect();
        if self.more > 0 {
            problems.push(Problem {
                place: Place::Nowhere,
                path: String::new(),
                message: format!("{} more problems are not shown", self.more),
                hint: None,
            });
        }
        Err(ConfigErrors(problems))
    }

    fn push(&mut self, span: Span, path: &str, message: String, hint: Option<String>) {
        if self.problems.len() >= MOST {
            self.more += 1;
            return;
        }
        let place = self.sources.place(span);
        self.problems.push((span, Problem { place, path: path.to_owned(), message, hint }));
    }
}
