//! Collecting what is wrong while reading goes on: no problem hides another.

use std::collections::HashMap;
use std::path::PathBuf;

use crate::problem::{ConfigErrors, Place, Problem, Warning};
use crate::tree::{Layer, Source, Sources, Span};

/// Most problems told at once; more help nobody, and a hostile file must not fill the memory.
const MOST: usize = 200;

/// What is needed to say where a value came from.
#[derive(Debug, Default)]
pub(crate) struct Trail {
    pub(crate) sources: Sources,
    /// What the text at a place refers to.
    pub(crate) references: HashMap<Span, Vec<Reference>>,
    /// Where each deployment was said, in the order of the configuration.
    pub(crate) deployments: Vec<DeploymentSaid>,
}

/// Something outside of a file that a value in it refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reference {
    /// An environment variable.
    Variable(String),
    /// A file of one value.
    File(String),
    /// Nothing more: but the value has further text.
    TextBeside,
}

/// Where a deployment was said.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DeploymentSaid {
    /// Its place in the list of its model; `None` where the model is its own only deployment.
    pub(crate) entry: Option<usize>,
    /// The vendor's variable that gave its address.
    pub(crate) base: Option<Span>,
    /// Its key.
    pub(crate) key: Option<Span>,
}

/// The problems and warnings of one load, and the sources that they point to.
#[derive(Debug, Default)]
pub(crate) struct Report {
    problems: Vec<(Span, Problem)>,
    more: usize,
    warnings: Vec<Warning>,
    trail: Trail,
    /// Every map that was read, by its path, and the keys that it was asked for.
    #[cfg(test)]
    pub(crate) asked: Vec<(String, Vec<&'static str>)>,
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
        self.trail.sources.add(source)
    }

    pub(crate) fn sources(&mut self) -> &mut Sources {
        &mut self.trail.sources
    }

    /// The layer of what stands at `span`.
    pub(crate) fn layer(&self, span: Span) -> Layer {
        self.trail.sources.layer(span)
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
                place: self.trail.sources.place(span),
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

    /// Notes what the text at `span` refers to.
    pub(crate) fn refer(&mut self, span: Span, used: Vec<Reference>) {
        if !used.is_empty() {
            self.trail.references.insert(span, used);
        }
    }

    /// Notes where the next deployment was said.
    pub(crate) fn deployment(&mut self, said: DeploymentSaid) {
        self.trail.deployments.push(said);
    }

    pub(crate) fn is_clean(&self) -> bool {
        self.problems.is_empty()
    }

    /// The warnings, or all problems where there is any.
    pub(crate) fn finish(mut self) -> Result<(Vec<Warning>, Trail), ConfigErrors> {
        if self.problems.is_empty() {
            return Ok((self.warnings, self.trail));
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
        let place = self.trail.sources.place(span);
        self.problems.push((span, Problem { place, path: path.to_owned(), message, hint }));
    }
}
