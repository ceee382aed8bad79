//! Reading a request into the domain: values as they are written, and the path at which they stand.
//!
//! Unlike a tree, this keeps the text of schemas and vendor fields to the byte. Objects give up
//! their known fields one by one; what is left is unknown and must be named to the client. `null`
//! counts as absent.

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;
use tollgate_core_types::JsonText;
use tollgate_providers_common::{BadRequest, Node};

use crate::shape::{self, Kinds};

/// How a value is reached; put together only for an error.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Path<'p> {
    /// The body itself.
    Body,
    /// A field of what is above.
    Key(&'p Path<'p>, &'p str),
    /// An item of what is above.
    Index(&'p Path<'p>, usize),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Path::Body => Ok(()),
            Path::Key(Path::Body, key) => f.write_str(key),
            Path::Key(above, key) => write!(f, "{above}.{key}"),
            Path::Index(above, index) => write!(f, "{above}[{index}]"),
        }
    }
}

/// A value at its place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a, 'p> {
    pub(crate) raw: &'a RawValue,
    pub(crate) path: Path<'p>,
}

impl<'a> Place<'a, '_> {
    /// An error about this place; `what` goes on from its path.
    pub(crate) fn invalid(&self, what: &str) -> BadRequest {
        let nothing = Value::Null;
        Node::named(&self.path.to_string(), &nothing).invalid(what)
    }

    /// The error that the value is none of these types.
    pub(crate) fn wrong(&self, kinds: Kinds) -> BadRequest {
        let tree: Value = serde_json::from_str(self.raw.get()).unwrap_or_default();
        let path = self.path.to_string();
        let node = Node::named(&path, &tree);
        // Of the right type and still unreadable: a number out of range, half a surrogate pair.
        shape::check_item(&node, kinds).err().unwrap_or_else(|| node.invalid("cannot be read"))
    }

    fn read<T: Deserialize<'a>>(&self, kinds: Kinds) -> Result<T, BadRequest> {
        serde_json::from_str(self.raw.get()).map_err(|_| self.wrong(kinds))
    }

    /// Whether the value is a string.
    pub(crate) fn is_text(&self) -> bool {
        self.raw.get().starts_with('"')
    }

    /// Whether the value is an object.
    pub(crate) fn is_object(&self) -> bool {
        self.raw.get().starts_with('{')
    }

    pub(crate) fn text(&self) -> Result<String, BadRequest> {
        self.read(Kinds::STRING)
    }

    pub(crate) fn flag(&self) -> Result<bool, BadRequest> {
        self.read(Kinds::BOOL)
    }

    pub(crate) fn count(&self) -> Result<u64, BadRequest> {
        self.read(Kinds::COUNT)
    }

    pub(crate) fn integer(&self) -> Result<i64, BadRequest> {
        self.read(Kinds::INTEGER)
    }

    pub(crate) fn number(&self) -> Result<f64, BadRequest> {
        self.read(Kinds::NUMBER)
    }

    pub(crate) fn list(&self) -> Result<Vec<&'a RawValue>, BadRequest> {
        self.read(Kinds::LIST)
    }

    pub(crate) fn object(&self) -> Result<Fields<'a>, BadRequest> {
        if self.is_object() { self.read(Kinds::OBJECT) } else { Err(self.wrong(Kinds::OBJECT)) }
    }

    /// One string, or a list of them.
    pub(crate) fn texts(&self) -> Result<Vec<String>, BadRequest> {
        if self.is_text() {
            return self.text().map(|text| vec![text]);
        }
        if !self.raw.get().starts_with('[') {
            return Err(self.wrong(Kinds::STRING.or(Kinds::LIST)));
        }
        let items = self.list()?;
        items.iter().enumerate().map(|(index, raw)| self.item(index, raw).text()).collect()
    }

    /// An item of this list.
    pub(crate) fn item<'q>(&'q self, index: usize, raw: &'a RawValue) -> Place<'a, 'q> {
        Place { raw, path: Path::Index(&self.path, index) }
    }

    /// The value as it is written.
    pub(crate) fn json(&self) -> JsonText {
        JsonText::from_valid(self.raw.get())
    }
}

/// The fields of an object that nobody took yet, in their order.
#[derive(Debug)]
pub(crate) struct Fields<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Fields<'a> {
    /// Takes the field `key` of the object at `path`, unless absent.
    pub(crate) fn take<'p>(&mut self, path: &'p Path<'p>, key: &'p str) -> Option<Place<'a, 'p>> {
        let index = self.0.iter().position(|(name, _)| name == key)?;
        let (_, raw) = self.0.remove(index);
        (raw.get() != "null").then_some(Place { raw, path: Path::Key(path, key) })
    }

    /// Takes a field that must be there.
    pub(crate) fn need<'p>(
        &mut self,
        path: &'p Path<'p>,
        key: &'p str,
    ) -> Result<Place<'a, 'p>, BadRequest> {
        self.take(path, key).ok_or_else(|| {
            let field = Path::Key(path, key).to_string();
            let message = format!("`{field}` is required");
            BadRequest::field(field, message)
        })
    }

    /// All fields that nobody took, in their order.
    pub(crate) fn entries(self) -> impl Iterator<Item = (Cow<'a, str>, &'a RawValue)> {
        self.0.into_iter()
    }

    /// Forgets fields that say nothing to the domain.
    pub(crate) fn forget(&mut self, keys: &[&str]) {
        self.0.retain(|(name, _)| !keys.contains(&name.as_ref()));
    }

    /// What nobody took, by its path, without absent fields.
    pub(crate) fn rest(self, path: &Path<'_>) -> Vec<(String, JsonText)> {
        let left = self.0.into_iter().filter(|(_, raw)| raw.get() != "null");
        left.map(|(name, raw)| {
            (Path::Key(path, &name).to_string(), JsonText::from_valid(raw.get()))
        })
        .collect()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
                let mut fields: Vec<(Cow<'de, str>, &'de RawValue)> = Vec::new();
                while let Some((name, raw)) = map.next_entry::<Name<'de>, &'de RawValue>()? {
                    // As in every JSON reader, the last of equal keys counts.
                    match fields.iter_mut().find(|(known, _)| *known == name.0) {
                        Some((_, known)) => *known = raw,
                        None => fields.push((name.0, raw)),
                    }
                }
                Ok(Fields(fields))
            }
        }
        reader.deserialize_map(Entries)
    }
}

/// A key, borrowed where it has no escapes.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// The body as fields. It was read as an object before, so this does not fail in practice.
pub(crate) fn body(body: &[u8]) -> Result<Fields<'_>, BadRequest> {
    serde_json::from_slice(body)
        .map_err(|error| BadRequest::body("invalid_json", format!("body cannot be read: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_read_as_clients_write_them() {
        let messages = Path::Key(&Path::Body, "messages");
        let third = Path::Index(&messages, 2);
        assert_eq!(Path::Key(&third, "content").to_string(), "messages[2].content");
    }

    #[test]
    fn fields_are_taken_once_and_the_rest_is_named() {
        let json = br#"{"a":1,"b":null,"c":{"k": [1.50, 2]},"a":2,"\u0064":"x"}"#;
        let mut fields = body(json).unwrap();
        assert_eq!(fields.take(&Path::Body, "a").unwrap().count().unwrap(), 2);
        assert!(fields.take(&Path::Body, "a").is_none());
        assert!(fields.take(&Path::Body, "b").is_none());
        assert_eq!(fields.take(&Path::Body, "d").unwrap().text().unwrap(), "x");
        let missing = fields.need(&Path::Body, "e").unwrap_err();
        assert_eq!(missing.message, "`e` is required");
        let rest = fields.rest(&Path::Body);
        assert_eq!(rest, [("c".to_owned(), JsonText::from_valid(r#"{"k": [1.50, 2]}"#))]);
    }

    #[test]
    fn wrong_types_name_the_place() {
        let mut fields =
            body(br#"{"stop":["a",3],"n":99999999999999999999,"u":"\ud800"}"#).unwrap();
        let stop = fields.take(&Path::Body, "stop").unwrap();
        assert_eq!(stop.texts().unwrap_err().message, "`stop[1]` must be a string, got 3");
        assert_eq!(
            fields.take(&Path::Body, "n").unwrap().count().unwrap_err().param.as_deref(),
            Some("n")
        );
        let half = fields.take(&Path::Body, "u").unwrap().text().unwrap_err();
        assert_eq!(half.param.as_deref(), Some("u"));
    }
}
