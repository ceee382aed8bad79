//! The fast check of a conversation: counts messages and refuses what is no message.

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

use crate::shape::{self, Accept, Kinds, list_of};

/// Roles of this dialect.
pub(super) const ROLES: &[&str] = &["system", "developer", "user", "assistant", "tool", "function"];

/// A list of messages.
#[derive(Default)]
pub(super) struct Messages {
    pub(super) count: usize,
    /// Whether there is nothing in them but roles, names and texts.
    pub(super) plain: bool,
}

impl<'de> Deserialize<'de> for Messages {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        struct Counter;
        impl<'de> Visitor<'de> for Counter {
            type Value = Messages;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array of messages")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Messages, A::Error> {
                let mut all = Messages { count: 0, plain: true };
                while let Some(message) = seq.next_element::<Message>()? {
                    all.count += 1;
                    all.plain &= message.plain;
                }
                Ok(all)
            }
        }
        reader.deserialize_seq(Counter)
    }
}

/// An acceptable message.
struct Message {
    plain: bool,
}

impl<'de> Deserialize<'de> for Message {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_map(MessageVisitor)
    }
}

struct MessageVisitor;

impl<'de> Visitor<'de> for MessageVisitor {
    type Value = Message;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a message")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Message, A::Error> {
        let (mut role, mut answers, mut plain) = (None, false, true);
        while let Some(key) = map.next_key::<Key>()? {
            match key {
                Key::Role => role = Some(map.next_value::<Role>()?),
                Key::Content => plain &= content(map.next_value::<&'de RawValue>()?)?,
                Key::ToolCallId => answers = map.next_value::<Option<IsString>>()?.is_some(),
                Key::ToolCalls => {
                    plain = false;
                    map.next_value_seed(Accept(list_of(Kinds::OBJECT)))?;
                }
                Key::Name => drop(map.next_value_seed(Accept(shape::plain(Kinds::STRING)))?),
                Key::Other => {
                    plain = false;
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        match role {
            None => Err(A::Error::custom("a message without a role")),
            Some(Role::Tool) if !answers => Err(A::Error::custom("a tool message without an id")),
            Some(Role::Tool | Role::Other) => Ok(Message { plain }),
        }
    }
}

/// Content is a string, null, or an array of objects; whether it is no array.
fn content<E: Error>(raw: &RawValue) -> Result<bool, E> {
    match raw.get().as_bytes().first() {
        Some(b'"' | b'n') => Ok(true),
        Some(b'[') => {
            let mut reader = serde_json::Deserializer::from_str(raw.get());
            let accept = Accept(list_of(Kinds::OBJECT));
            serde::de::DeserializeSeed::deserialize(accept, &mut reader)
                .map(|_| false)
                .map_err(E::custom)
        }
        _ => Err(E::custom("content of another type")),
    }
}

enum Role {
    Tool,
    Other,
}

impl<'de> Deserialize<'de> for Role {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        struct Known;
        impl Visitor<'_> for Known {
            type Value = Role;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a role")
            }

            fn visit_str<E: Error>(self, role: &str) -> Result<Role, E> {
                if !ROLES.contains(&role) {
                    return Err(E::custom("an unknown role"));
                }
                Ok(if role == "tool" { Role::Tool } else { Role::Other })
            }
        }
        reader.deserialize_str(Known)
    }
}

/// A string that is not kept.
struct IsString;

impl<'de> Deserialize<'de> for IsString {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        struct Any;
        impl Visitor<'_> for Any {
            type Value = IsString;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_str<E: Error>(self, _: &str) -> Result<IsString, E> {
                Ok(IsString)
            }
        }
        reader.deserialize_str(Any)
    }
}

#[derive(Clone, Copy)]
enum Key {
    Role,
    Content,
    ToolCallId,
    ToolCalls,
    Name,
    Other,
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        struct Named;
        impl Visitor<'_> for Named {
            type Value = Key;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_str<E: Error>(self, key: &str) -> Result<Key, E> {
                Ok(match key {
                    "role" => Key::Role,
                    "content" => Key::Content,
                    "tool_call_id" => Key::ToolCallId,
                    "tool_calls" => Key::ToolCalls,
                    "name" => Key::Name,
                    _ => Key::Other,
                })
            }
        }
        reader.deserialize_identifier(Named)
    }
}
