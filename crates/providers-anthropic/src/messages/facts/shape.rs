//! Shapes that a body's fields must have, checked without keeping anything.

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;

use crate::wire::{Str, lenient};

/// The roles of the dialect.
pub(super) const ROLES: [&str; 3] = ["user", "assistant", "system"];

fn skip<'de, A: MapAccess<'de>>(map: &mut A) -> Result<(), A::Error> {
    map.next_value::<IgnoredAny>().map(|_| ())
}

/// Implements `Deserialize` for a shape through a visitor of its own.
macro_rules! shape {
    ($shape:ty, $method:ident, $expecting:literal, { $($visit:item)* }) => {
        impl<'de> Deserialize<'de> for $shape {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Check;
                impl<'de> Visitor<'de> for Check {
                    type Value = $shape;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($expecting)
                    }
                    $($visit)*
                }
                deserializer.$method(Check)
            }
        }
    };
}

/// A whole number that is not negative; `1024.0` is one, as for the vendor.
pub(super) struct Count(pub(super) u64);

shape!(Count, deserialize_any, "a whole number that is not negative", {
    fn visit_u64<E: Error>(self, value: u64) -> Result<Count, E> {
        Ok(Count(value))
    }
    fn visit_f64<E: Error>(self, value: f64) -> Result<Count, E> {
        lenient::whole(value).map(Count).ok_or_else(|| E::custom("not a whole number"))
    }
});

/// Any object.
pub(super) struct Object;

shape!(Object, deserialize_map, "an object", {
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Object)
    }
});

/// A list of objects, by their number.
pub(super) struct Objects(pub(super) usize);

shape!(Objects, deserialize_seq, "a list of objects", {
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Objects, A::Error> {
        let mut count = 0;
        while seq.next_element::<Object>()?.is_some() {
            count += 1;
        }
        Ok(Objects(count))
    }
});

/// A list of texts.
pub(super) struct Strings;

shape!(Strings, deserialize_seq, "a list of strings", {
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Strings, A::Error> {
        while seq.next_element::<Str<'_>>()?.is_some() {}
        Ok(Strings)
    }
});

/// The client's id of its end user.
pub(super) struct Metadata(pub(super) Option<String>);

shape!(Metadata, deserialize_map, "an object", {
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Metadata, A::Error> {
        let mut user = None;
        while let Some(key) = map.next_key::<Str<'_>>()? {
            match &*key {
                "user_id" => user = map.next_value()?,
                _ => skip(&mut map)?,
            }
        }
        Ok(Metadata(user))
    }
});

/// A text or a list of blocks.
pub(super) struct Content;

shape!(Content, deserialize_any, "a string or a list of blocks", {
    fn visit_str<E>(self, _: &str) -> Result<Content, E> {
        Ok(Content)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Content, A::Error> {
        while seq.next_element::<Block>()?.is_some() {}
        Ok(Content)
    }
});

/// A block: an object with a `type`.
struct Block;

shape!(Block, deserialize_map, "a block", {
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Block, A::Error> {
        let mut typed = false;
        while let Some(key) = map.next_key::<Str<'_>>()? {
            if &*key == "type" {
                map.next_value::<Str<'_>>()?;
                typed = true;
            } else {
                skip(&mut map)?;
            }
        }
        if typed { Ok(Block) } else { Err(A::Error::missing_field("type")) }
    }
});

/// A role of the dialect.
struct Role;

shape!(Role, deserialize_str, "a role", {
    fn visit_str<E: Error>(self, role: &str) -> Result<Role, E> {
        if ROLES.contains(&role) { Ok(Role) } else { Err(E::unknown_variant(role, &ROLES)) }
    }
});

/// A message: a role and content.
struct Turn;

shape!(Turn, deserialize_map, "a message", {
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Turn, A::Error> {
        let (mut role, mut content) = (false, false);
        while let Some(key) = map.next_key::<Str<'_>>()? {
            match &*key {
                "role" => {
                    map.next_value::<Role>()?;
                    role = true;
                }
                "content" => {
                    map.next_value::<Content>()?;
                    content = true;
                }
                _ => skip(&mut map)?,
            }
        }
        match (role, content) {
            (true, true) => Ok(Turn),
            (false, _) => Err(A::Error::missing_field("role")),
            (true, false) => Err(A::Error::missing_field("content")),
        }
    }
});

/// The conversation, by its number of messages; never empty.
#[derive(Debug)]
pub(super) struct Turns(pub(super) usize);

shape!(Turns, deserialize_seq, "a list of messages", {
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Turns, A::Error> {
        let mut count = 0;
        while seq.next_element::<Turn>()?.is_some() {
            count += 1;
        }
        if count == 0 { Err(A::Error::invalid_length(0, &self)) } else { Ok(Turns(count)) }
    }
});
