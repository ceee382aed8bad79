//! A whole answer at a glance: one pass that keeps a handful of values and skips all content.
//!
//! Written by hand rather than derived, because it runs for every relayed answer: nothing is
//! collected that is not kept, and choices are looked at one by one. It must tolerate what `wire`
//! tolerates; a test holds the two together.

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;
use tollgate_core_types::Usage;
use tollgate_providers_common::scan::Fields;

use crate::wire::{self, Count, GroqExtra, Key, Lax, List, Present, Text, WireFunction, WireUsage};

/// What accounting needs of an answer.
#[derive(Debug, Default)]
pub(super) struct Glance<'a> {
    pub(super) model: Text<'a>,
    pub(super) choices: Choices<'a>,
    /// Embeddings only.
    pub(super) data: Present,
    usage: Usage,
    tier: Text<'a>,
    /// Where some servers put it instead; boxed, for what is rare should not be moved about.
    groq: Option<Box<Usage>>,
    pub(super) error: Present,
}

/// All choices, as far as they differ from none.
#[derive(Debug, Default)]
pub(super) struct Choices<'a> {
    /// The choice that the gateway's own types can carry: index 0, or the first where none says so.
    pub(super) first: Option<Chosen<'a>>,
    /// Whether one of them reports a failure.
    pub(super) failed: bool,
    usage: Option<Box<Usage>>,
}

/// One choice.
#[derive(Debug, Default)]
pub(super) struct Chosen<'a> {
    index: Count,
    pub(super) finish: Text<'a>,
    /// Whether there is a message, or a text.
    pub(super) said: bool,
    /// Whether it calls tools.
    pub(super) calls: bool,
    failed: bool,
    usage: Option<Box<Usage>>,
}

impl Glance<'_> {
    /// The usage, wherever the vendor put it.
    pub(super) fn usage(&self) -> Usage {
        let mut usage = Usage::default();
        for rare in [&self.choices.usage, &self.groq].into_iter().flatten() {
            usage.merge(rare);
        }
        usage.merge(&self.usage);
        wire::on_terms(usage, &self.tier)
    }
}

impl<'de> Fields<'de> for Glance<'de> {
    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "model" => self.model = map.next_value()?,
            "choices" => self.choices = map.next_value::<Option<_>>()?.unwrap_or_default(),
            "usage" => self.usage = map.next_value::<Lax<WireUsage>>()?.0.read(),
            "service_tier" => self.tier = map.next_value()?,
            "x_groq" => {
                let Lax(extra) = map.next_value::<Lax<GroqExtra>>()?;
                self.groq = Some(Box::new(extra.usage.0.read()));
            }
            "data" => self.data = map.next_value()?,
            "error" => self.error = map.next_value()?,
            _ => drop(map.next_value::<IgnoredAny>()?),
        }
        Ok(())
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Glance<'a> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        struct Whole;
        impl<'de> Visitor<'de> for Whole {
            type Value = Glance<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an answer")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Glance<'de>, A::Error> {
                let mut glance = Glance::default();
                while let Some(Key(key)) = map.next_key()? {
                    glance.field(key, &mut map)?;
                }
                Ok(glance)
            }
        }
        reader.deserialize_map(Whole)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Choices<'a> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        struct Each;
        impl<'de> Visitor<'de> for Each {
            type Value = Choices<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of choices")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Choices<'de>, A::Error> {
                let mut all = Choices::default();
                while let Some(choice) = seq.next_element::<Chosen<'de>>()? {
                    all.failed |= choice.failed;
                    if let Some(usage) = &choice.usage {
                        all.usage.get_or_insert_default().merge(usage);
                    }
                    let better = choice.index.0 == Some(0)
                        && all.first.as_ref().is_some_and(|first| first.index.0 != Some(0));
                    if all.first.is_none() || better {
                        all.first = Some(choice);
                    }
                }
                Ok(all)
            }
        }
        reader.deserialize_seq(Each)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Chosen<'a> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Chosen<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a choice")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Chosen<'de>, A::Error> {
                let mut choice = Chosen::default();
                while let Some(Key(key)) = map.next_key()? {
                    match key {
                        "index" => choice.index = map.next_value()?,
                        "finish_reason" => choice.finish = map.next_value()?,
                        "message" => {
                            let message = map.next_value::<Option<Message>>()?;
                            choice.said |= message.is_some();
                            choice.calls = message.is_some_and(|message| message.calls);
                        }
                        // Text completions only.
                        "text" => choice.said |= map.next_value::<Text<'_>>()?.given().is_some(),
                        "error" => choice.failed = map.next_value::<Present>()?.0,
                        "usage" => {
                            let Lax(usage) = map.next_value::<Lax<WireUsage>>()?;
                            choice.usage = Some(Box::new(usage.read()));
                        }
                        _ => drop(map.next_value::<IgnoredAny>()?),
                    }
                }
                Ok(choice)
            }
        }
        reader.deserialize_map(Fields)
    }
}

/// All that a message's content says about its end.
struct Message {
    calls: bool,
}

impl<'de> Deserialize<'de> for Message {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Message;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a message")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Message, A::Error> {
                let mut calls = false;
                while let Some(Key(key)) = map.next_key()? {
                    match key {
                        "tool_calls" => {
                            calls |= !map.next_value::<List<IgnoredAny>>()?.0.is_empty();
                        }
                        "function_call" => {
                            calls |= map.next_value::<Option<WireFunction<'_>>>()?.is_some();
                        }
                        _ => drop(map.next_value::<IgnoredAny>()?),
                    }
                }
                Ok(Message { calls })
            }
        }
        reader.deserialize_map(Fields)
    }
}
