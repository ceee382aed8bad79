//! What clients send: views of the parts of a request that the domain has words for.
//!
//! Blocks and tools are kept as text until their kind is known, because one that the domain does
//! not know travels whole.

use serde::Deserialize;
use serde::de::{Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

use super::Str;

/// One message.
#[derive(Debug, Deserialize)]
pub(crate) struct Turn<'a> {
    #[serde(borrow)]
    pub(crate) role: Str<'a>,
    #[serde(borrow)]
    pub(crate) content: Content<'a>,
}

/// Text, or blocks that are not yet read.
#[derive(Debug)]
pub(crate) enum Content<'a> {
    Text(Str<'a>),
    Blocks(Vec<&'a RawValue>),
}

impl<'de: 'a, 'a> Deserialize<'de> for Content<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ContentVisitor)
    }
}

struct ContentVisitor;

impl<'de> Visitor<'de> for ContentVisitor {
    type Value = Content<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or an array of blocks")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Content::Text(Str(Cow::Borrowed(text))))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Content::Text(Str(Cow::Owned(text.to_owned()))))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut blocks = Vec::with_capacity(seq.size_hint().unwrap_or(1));
        while let Some(block) = seq.next_element()? {
            blocks.push(block);
        }
        Ok(Content::Blocks(blocks))
    }
}

/// The kind of a block, a tool, a choice.
#[derive(Debug, Deserialize)]
pub(crate) struct Kind<'a> {
    #[serde(rename = "type", borrow)]
    pub(crate) kind: Option<Str<'a>>,
}

/// A block of a kind that the domain knows.
#[derive(Debug, Deserialize)]
pub(crate) struct Block<'a> {
    #[serde(rename = "type", borrow)]
    pub(crate) kind: Str<'a>,
    #[serde(borrow)]
    pub(crate) text: Option<Str<'a>>,
    #[serde(borrow)]
    pub(crate) source: Option<Source<'a>>,
    #[serde(borrow)]
    pub(crate) id: Option<Str<'a>>,
    #[serde(borrow)]
    pub(crate) name: Option<Str<'a>>,
    #[serde(borrow)]
    pub(crate) input: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) tool_use_id: Option<Str<'a>>,
    #[serde(borrow)]
    pub(crate) content: Option<Content<'a>>,
    pub(crate) is_error: Option<bool>,
    #[serde(borrow)]
    pub(crate) thinking: Option<Str<'a>>,
    #[serde(borrow)]
    pub(crate) signature: Option<Str<'a>>,
    #[serde(borrow)]
    pub(crate) data: Option<Str<'a>>,
    #[serde(borrow)]
    pub(crate) title: Option<Str<'a>>,
    #[serde(borrow)]
    pub(crate) context: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) citations: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) transformations: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) caller: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) toolset_name: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) cache_control: Option<CacheControl<'a>>,
}

/// Where a picture or document is.
#[derive(Debug, Deserialize)]
pub(crate) struct Source<'a> {
    #[serde(rename = "type", borrow)]
    pub(crate) kind: Str<'a>,
    #[serde(borrow)]
    pub(crate) media_type: Option<Str<'a>>,
    #[serde(borrow)]
    pub(crate) data: Option<Str<'a>>,
    #[serde(borrow)]
    pub(crate) url: Option<Str<'a>>,
    #[serde(borrow)]
    pub(crate) file_id: Option<Str<'a>>,
    #[serde(borrow)]
    pub(crate) content: Option<Content<'a>>,
}

/// A search result that the client brings, as far as other vendors can be told of it.
#[derive(Debug, Deserialize)]
pub(crate) struct SearchResult<'a> {
    #[serde(rename = "type", borrow)]
    pub(crate) kind: Str<'a>,
    #[serde(borrow)]
    pub(crate) source: Str<'a>,
    #[serde(borrow)]
    pub(crate) title: Str<'a>,
    #[serde(borrow)]
    pub(crate) content: Vec<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) cache_control: Option<CacheControl<'a>>,
}

/// A block of text.
#[derive(Debug, Deserialize)]
pub(crate) struct TextBlock<'a> {
    #[serde(rename = "type", borrow)]
    pub(crate) kind: Str<'a>,
    #[serde(borrow)]
    pub(crate) text: Str<'a>,
}

/// A prompt-cache breakpoint.
#[derive(Debug, Deserialize)]
pub(crate) struct CacheControl<'a> {
    #[serde(borrow)]
    pub(crate) ttl: Option<Str<'a>>,
}

/// Which tool to call.
#[derive(Debug, Deserialize)]
pub(crate) struct ToolChoice<'a> {
    #[serde(rename = "type", borrow)]
    pub(crate) kind: Str<'a>,
    #[serde(borrow)]
    pub(crate) name: Option<Str<'a>>,
    pub(crate) disable_parallel_tool_use: Option<bool>,
}

/// How much to think.
#[derive(Debug, Deserialize)]
pub(crate) struct Thinking<'a> {
    #[serde(rename = "type", borrow)]
    pub(crate) kind: Str<'a>,
    pub(crate) budget_tokens: Option<u64>,
    #[serde(borrow)]
    pub(crate) display: Option<Str<'a>>,
}

/// The form of the answer.
#[derive(Debug, Deserialize)]
pub(crate) struct Format<'a> {
    #[serde(rename = "type", borrow)]
    pub(crate) kind: Str<'a>,
    #[serde(borrow)]
    pub(crate) schema: Option<&'a RawValue>,
}

/// The entries of an object in their order, each value as its text.
#[derive(Debug, Default)]
pub(crate) struct Entries<'a>(pub(crate) Vec<(Str<'a>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Entries<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EntriesVisitor)
    }
}

struct EntriesVisitor;

impl<'de> Visitor<'de> for EntriesVisitor {
    type Value = Entries<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::with_capacity(map.size_hint().unwrap_or(4));
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Entries(entries))
    }
}
