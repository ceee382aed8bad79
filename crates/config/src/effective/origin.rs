//! Where a value came from, looked up in the tree that it was read from.

use std::collections::BTreeSet;

use crate::problem::Place;
use crate::report::{Reference, Trail};
use crate::tree::{Node, Span, Value, Written};

/// A way down a tree; the alternatives of one setting are several.
pub(super) type Ways<'a> = &'a [&'a [&'a str]];

/// What origins are looked up in.
#[derive(Debug)]
pub(super) struct Origins<'a> {
    pub(super) root: &'a Node,
    pub(super) trail: &'a Trail,
    /// Variables of `.env`.
    pub(super) dotenv: &'a BTreeSet<String>,
}

impl<'a> Origins<'a> {
    /// The node at one of these ways below `root`.
    pub(super) fn node(&self, ways: Ways<'_>) -> Option<&'a Node> {
        self.within(self.root, ways)
    }

    /// The node at one of these ways below `node`; of several, the one of the highest layer.
    pub(super) fn within(&self, node: &'a Node, ways: Ways<'_>) -> Option<&'a Node> {
        let found = ways.iter().filter_map(|way| {
            way.iter().try_fold(node, |node, key| node.get(key)).filter(|node| !node.is_null())
        });
        found.max_by_key(|node| self.trail.sources.layer(node.span))
    }

    /// The nearest of these nodes that says it.
    pub(super) fn nearest(&self, nodes: &[Option<&'a Node>], ways: Ways<'_>) -> Option<&'a Node> {
        nodes.iter().flatten().find_map(|node| self.within(node, ways))
    }

    /// Where a setting of the root came from.
    pub(super) fn of(&self, ways: Ways<'_>) -> String {
        self.say(self.node(ways))
    }

    /// Where this node came from; the default where there is none.
    pub(super) fn say(&self, node: Option<&Node>) -> String {
        node.map_or_else(|| "default".to_owned(), |node| self.say_span(node.span))
    }

    /// Where what stands there came from.
    pub(super) fn say_span(&self, span: Span) -> String {
        let mut said = match self.trail.sources.place(span) {
            Place::File { path, at: Some((line, _)) } => format!("{}:{line}", path.display()),
            Place::File { path, at: None } => path.display().to_string(),
            Place::Environment(name) => self.variable(&name),
            Place::Flag(name) => format!("flag {name}"),
            Place::Nowhere => "demo".to_owned(),
        };
        for reference in self.trail.references.get(&span).into_iter().flatten() {
            match reference {
                Reference::Variable(name) => {
                    said.push_str(&format!(", {}", self.variable(name)));
                }
                Reference::TextBeside => said.push_str(" with text beside it"),
                Reference::File(path) => said.push_str(&format!(", file {path}")),
            }
        }
        said
    }

    fn variable(&self, name: &str) -> String {
        let home = if self.dotenv.contains(name) { ".env" } else { "environment" };
        format!("{home} {name}")
    }
}

/// Whether a text in there came from outside and is not for everybody's eyes.
pub(super) fn is_from_outside(node: &Node) -> bool {
    match &node.value {
        Value::Text(text) => match text.written {
            Written::Literally => false,
            Written::Expanded => true,
            // Numbers and truth values come this way as well, and are none.
            Written::InEnvironment => {
                let text = text.text.trim();
                text.parse::<f64>().is_err() && text.parse::<bool>().is_err()
            }
        },
        Value::List(items) => items.iter().any(is_from_outside),
        Value::Map(entries) => entries.iter().any(|entry| is_from_outside(&entry.node)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Broken => false,
    }
}
