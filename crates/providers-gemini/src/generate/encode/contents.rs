//! The conversation as this dialect writes it: instructions apart, results of calls by name and all
//! together behind the turn that called, signatures on the parts that they belong to.

use std::collections::HashMap;
use tollgate_core_types::chat::{Message, Part as Said, Role};
use tollgate_providers_common::EncodeError;

use super::parts::{self, Place};
use super::{Context, invalid};
use crate::wire::body::{Content, Part};

const USER: &str = "user";
const MODEL: &str = "model";

/// A conversation, read.
#[derive(Debug)]
pub(super) struct Conversation<'a> {
    pub(super) system: Vec<Part<'a>>,
    pub(super) contents: Vec<Content<'a>>,
}

/// The calls of the conversation so far: the name of each, and its place in its turn.
pub(super) type Calls<'a> = HashMap<&'a str, (usize, &'a str)>;

/// What is read so far.
#[derive(Default)]
struct Writer<'a> {
    system: Vec<Part<'a>>,
    contents: Vec<Content<'a>>,
    calls: Calls<'a>,
    /// Results that came since the last turn of the model, with their place in it.
    results: Vec<(usize, Part<'a>)>,
}

/// Reads all messages.
pub(super) fn read<'a>(
    messages: &'a [Message],
    cx: &mut Context<'a>,
) -> Result<Conversation<'a>, EncodeError> {
    let mut writer = Writer::default();
    for (index, message) in messages.iter().enumerate() {
        writer.message(index, message, cx)?;
    }
    writer.flush();
    let Writer { mut system, mut contents, calls: _, results: _ } = writer;
    if contents.is_empty() {
        if system.is_empty() {
            return Err(invalid("messages", "there is nothing to answer"));
        }
        // Instructions alone are asked as the user.
        cx.approximated("messages[0].role");
        contents.push(Content { role: USER, parts: std::mem::take(&mut system) });
    }
    Ok(Conversation { system, contents })
}

impl<'a> Writer<'a> {
    fn message(
        &mut self,
        index: usize,
        message: &'a Message,
        cx: &mut Context<'a>,
    ) -> Result<(), EncodeError> {
        let Message { role, parts, name } = message;
        if name.is_some() {
            cx.dropped(format!("messages[{index}].name"));
        }
        let place = Place { message: index, role: *role };
        match role {
            Role::System | Role::Developer => self.instructions(place, parts, cx),
            Role::User | Role::Tool => self.user(place, parts, cx),
            Role::Assistant => {
                self.flush();
                self.model(place, parts, cx)
            }
        }
    }

    /// Instructions stand at the beginning; later ones are said by the user, where they stood.
    fn instructions(
        &mut self,
        place: Place,
        parts: &'a [Said],
        cx: &mut Context<'a>,
    ) -> Result<(), EncodeError> {
        let mut said = Vec::with_capacity(parts.len());
        for (j, part) in parts.iter().enumerate() {
            said.extend(parts::simple(place, j, part, cx)?);
        }
        if self.contents.is_empty() && self.results.is_empty() {
            self.system.append(&mut said);
        } else if !said.is_empty() {
            self.flush();
            cx.approximated(format!("messages[{}].role", place.message));
            self.contents.push(Content { role: USER, parts: said });
        }
        Ok(())
    }

    fn user(
        &mut self,
        place: Place,
        parts: &'a [Said],
        cx: &mut Context<'a>,
    ) -> Result<(), EncodeError> {
        let mut said = Vec::with_capacity(parts.len());
        for (j, part) in parts.iter().enumerate() {
            if let Said::ToolResult { .. } = part {
                self.results.push(parts::result(place, j, part, &self.calls, cx)?);
            } else {
                said.extend(parts::simple(place, j, part, cx)?);
            }
        }
        if !said.is_empty() {
            // Results are a turn of their own, and the first behind the calls.
            self.flush();
            self.contents.push(Content { role: USER, parts: said });
        }
        Ok(())
    }

    fn model(
        &mut self,
        place: Place,
        parts: &'a [Said],
        cx: &mut Context<'a>,
    ) -> Result<(), EncodeError> {
        let mut turn = parts::Turn::default();
        for (j, part) in parts.iter().enumerate() {
            turn.part(place, j, part, cx)?;
        }
        for (at, (id, name)) in turn.called.iter().enumerate() {
            self.calls.insert(id, (at, name));
        }
        let parts = turn.finish(&cx.target.model);
        if !parts.is_empty() {
            self.contents.push(Content { role: MODEL, parts });
        }
        Ok(())
    }

    /// Writes the results that wait, in the order of their calls.
    fn flush(&mut self) {
        if self.results.is_empty() {
            return;
        }
        let mut results = std::mem::take(&mut self.results);
        results.sort_by_key(|(place, _)| *place);
        let parts = results.into_iter().map(|(_, part)| part).collect();
        self.contents.push(Content { role: USER, parts });
    }
}
