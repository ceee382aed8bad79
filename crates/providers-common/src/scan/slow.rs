//! The words for a body that the fast reader refused: serde_json reads it again, from the start.

use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

use super::{Fields, MAX_DEPTH, depth, explain};
use crate::client::BadRequest;

/// Why `text` is refused. `fields` meets its keys once more, for the sake of its error.
#[cold]
pub(super) fn refusal<'de, F: Fields<'de>>(text: &'de str, fields: &mut F) -> BadRequest {
    if depth::exceeds(text.as_bytes(), MAX_DEPTH) {
        return explain::depth();
    }
    if u32::try_from(text.len()).is_err() {
        return BadRequest::body("invalid_json", "body is larger than 4 GiB");
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    let read = (&mut reader).deserialize_map(Top { fields }).and_then(|()| reader.end());
    match read {
        Err(error) => explain::json(text, &error),
        // What the fields hold now is of two readings, so there is no way back.
        Ok(()) => explain::unread(),
    }
}

/// Visits the top level.
struct Top<'a, F> {
    fields: &'a mut F,
}

impl<'de, F: Fields<'de>> Visitor<'de> for Top<'_, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key_seed(Key)? {
            self.fields.field(&key, &mut map)?;
        }
        Ok(())
    }
}

/// Reads a key without copying it where it has no escapes.
struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Key {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E>(self, key: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(key))
    }

    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(key.to_owned()))
    }
}
