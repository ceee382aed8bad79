//! A JSON value and the path at which it stands, for the slow pass that explains a bad request.
//!
//! Dialects read bodies with typed readers; where one fails, they read the body again as a tree
//! ([`crate::scan::parse_value`]) and ask it field by field, so that the client learns which field
//! is wrong and why. The path is put together only for an error. A tree loses key order and number
//! precision: nothing that is sent on may be taken from it.

use serde_json::{Map, Value};
use tollgate_core_types::error::clean;

use crate::client::BadRequest;

/// Longest path repeated in an error, in bytes: its keys are the client's own.
const PATH_MAX: usize = 256;

/// A place in a tree, with or without a value there. Copied freely; it only borrows.
///
/// `null` counts as absent. The plain getters require a value, the `opt_` ones do not; both refuse
/// a value of another type with [`BadRequest::field`] and a sentence such as
/// "`messages[0].role` must be a string, got a number".
#[derive(Debug, Clone, Copy)]
pub struct Node<'p, 'v> {
    step: Step<'p, 'v>,
    value: Option<&'v Value>,
}

/// How a place is reached from the one above it.
#[derive(Debug, Clone, Copy)]
enum Step<'p, 'v> {
    Root(&'p str),
    Key(&'p Node<'p, 'v>, &'p str),
    Index(&'p Node<'p, 'v>, usize),
}

impl<'p, 'v> Node<'p, 'v> {
    /// The body itself.
    #[must_use]
    pub fn root(value: &'v Value) -> Self {
        Self::named("", value)
    }

    /// A value that stands at `path`, for example `messages[2]`.
    #[must_use]
    pub fn named(path: &'p str, value: &'v Value) -> Self {
        Self { step: Step::Root(path), value: Some(value) }
    }

    /// The field `key`; absent where there is none or this is no object.
    #[must_use]
    pub fn get<'q>(&'q self, key: &'q str) -> Node<'q, 'v> {
        let value = self.value.and_then(|value| value.get(key));
        Node { step: Step::Key(self, key), value }
    }

    /// The value, unless absent.
    #[must_use]
    pub fn value(&self) -> Option<&'v Value> {
        self.value.filter(|value| !value.is_null())
    }

    /// Whether there is nothing, or `null`.
    #[must_use]
    pub fn is_absent(&self) -> bool {
        self.value().is_none()
    }

    /// Where this stands, for example `messages[3].role`; empty for the body.
    #[must_use]
    pub fn path(&self) -> String {
        match self.step {
            Step::Root(path) => path.to_owned(),
            Step::Index(above, index) => format!("{}[{index}]", above.path()),
            Step::Key(above, key) => {
                let above = above.path();
                if above.is_empty() { key.to_owned() } else { format!("{above}.{key}") }
            }
        }
    }

    /// An error about this place; `what` goes on from its path: "must be at most 2".
    #[must_use]
    pub fn invalid(&self, what: &str) -> BadRequest {
        let path = clean(&self.path(), PATH_MAX);
        if path.is_empty() {
            return BadRequest::body("invalid_request", format!("the body {what}"));
        }
        let message = format!("`{path}` {what}");
        BadRequest::field(path, message)
    }

    /// A string.
    ///
    /// # Errors
    /// Absent, or of another type.
    pub fn str(&self) -> Result<&'v str, BadRequest> {
        self.required(self.opt_str()?)
    }

    /// A string, if there.
    ///
    /// # Errors
    /// Of another type.
    pub fn opt_str(&self) -> Result<Option<&'v str>, BadRequest> {
        self.optional("a string", Value::as_str)
    }

    /// A boolean.
    ///
    /// # Errors
    /// Absent, or of another type.
    pub fn bool(&self) -> Result<bool, BadRequest> {
        self.required(self.opt_bool()?)
    }

    /// A boolean, if there.
    ///
    /// # Errors
    /// Of another type.
    pub fn opt_bool(&self) -> Result<Option<bool>, BadRequest> {
        self.optional("a boolean", Value::as_bool)
    }

    /// An integer of 0 or more.
    ///
    /// # Errors
    /// Absent, or anything else.
    pub fn u64(&self) -> Result<u64, BadRequest> {
        self.required(self.opt_u64()?)
    }

    /// An integer of 0 or more, if there.
    ///
    /// # Errors
    /// Anything else.
    pub fn opt_u64(&self) -> Result<Option<u64>, BadRequest> {
        self.optional("a non-negative integer", Value::as_u64)
    }

    /// An integer.
    ///
    /// # Errors
    /// Absent, or anything else.
    pub fn i64(&self) -> Result<i64, BadRequest> {
        self.required(self.opt_i64()?)
    }

    /// An integer, if there.
    ///
    /// # Errors
    /// Anything else.
    pub fn opt_i64(&self) -> Result<Option<i64>, BadRequest> {
        self.optional("an integer", Value::as_i64)
    }

    /// A number.
    ///
    /// # Errors
    /// Absent, or of another type.
    pub fn f64(&self) -> Result<f64, BadRequest> {
        self.required(self.opt_f64()?)
    }

    /// A number, if there.
    ///
    /// # Errors
    /// Of another type.
    pub fn opt_f64(&self) -> Result<Option<f64>, BadRequest> {
        self.optional("a number", Value::as_f64)
    }

    /// An object.
    ///
    /// # Errors
    /// Absent, or of another type.
    pub fn object(&self) -> Result<&'v Map<String, Value>, BadRequest> {
        self.required(self.opt_object()?)
    }

    /// An object, if there.
    ///
    /// # Errors
    /// Of another type.
    pub fn opt_object(&self) -> Result<Option<&'v Map<String, Value>>, BadRequest> {
        self.optional("an object", Value::as_object)
    }

    /// An array.
    ///
    /// # Errors
    /// Absent, or of another type.
    pub fn array(&self) -> Result<&'v [Value], BadRequest> {
        self.required(self.opt_array()?)
    }

    /// An array, if there.
    ///
    /// # Errors
    /// Of another type.
    pub fn opt_array(&self) -> Result<Option<&'v [Value]>, BadRequest> {
        self.optional("an array", |value| value.as_array().map(Vec::as_slice))
    }

    /// The items of an array, each with its place; none where there is no array.
    ///
    /// # Errors
    /// Of another type. Ask [`Node::array`] first where an array is required.
    pub fn items<'q>(&'q self) -> Result<impl Iterator<Item = Node<'q, 'v>>, BadRequest> {
        let items = self.opt_array()?.unwrap_or_default();
        let node =
            move |(index, value)| Node { step: Step::Index(self, index), value: Some(value) };
        Ok(items.iter().enumerate().map(node))
    }

    /// The fields of an object, each with its place; none where there is no object.
    ///
    /// # Errors
    /// Of another type. Ask [`Node::object`] first where an object is required.
    pub fn fields<'q>(&'q self) -> Result<impl Iterator<Item = (&'v str, Node<'q, 'v>)>, BadRequest>
    where
        'v: 'q,
    {
        let fields = self.opt_object()?.into_iter().flatten();
        Ok(fields.map(move |(key, value)| {
            let key = key.as_str();
            (key, Node { step: Step::Key(self, key), value: Some(value) })
        }))
    }

    fn required<T>(&self, value: Option<T>) -> Result<T, BadRequest> {
        value.ok_or_else(|| self.invalid("is required"))
    }

    fn optional<T>(
        &self,
        want: &str,
        read: impl FnOnce(&'v Value) -> Option<T>,
    ) -> Result<Option<T>, BadRequest> {
        let Some(value) = self.value() else { return Ok(None) };
        let wrong = || self.invalid(&format!("must be {want}, got {}", kind(value, want)));
        read(value).map(Some).ok_or_else(wrong)
    }
}

/// What a value is. A number that is not the wanted sort of number is shown.
fn kind(value: &Value, want: &str) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(_) => "a boolean".to_owned(),
        Value::Number(number) if want.ends_with("integer") => number.to_string(),
        Value::Number(_) => "a number".to_owned(),
        Value::String(_) => "a string".to_owned(),
        Value::Array(_) => "an array".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}

#[cfg(test)]
mod tests;
