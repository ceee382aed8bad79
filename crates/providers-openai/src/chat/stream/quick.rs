//! The chunk that almost every frame of a stream is: one choice with a piece of text and nothing
//! else that counts.
//!
//! Reading it needs none of the room that a chunk of any kind takes. Whatever it does not recognise
//! at once it leaves to the full reader, which must say the same of what it does recognise; a test
//! holds the two together.

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

use crate::wire::{Key, Text};

/// A piece of an answer.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Piece<'a> {
    /// Readable reasoning, not empty.
    pub(super) reasoning: Option<Cow<'a, str>>,
    /// Text, not empty.
    pub(super) text: Option<Cow<'a, str>>,
}

/// The piece, where the chunk is such a one.
pub(super) fn read(chunk: &[u8]) -> Option<Piece<'_>> {
    let Chunk(piece) = serde_json::from_str(std::str::from_utf8(chunk).ok()?).ok()?;
    (piece.reasoning.is_some() || piece.text.is_some()).then_some(piece)
}

/// Any error will do: the full reader finds the right words.
fn other<E: Error>() -> E {
    E::custom("")
}

/// A value that is null: anything else needs the full reader.
struct Null;

impl<'de> Deserialize<'de> for Null {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        <()>::deserialize(reader).map(|()| Self)
    }
}

struct Chunk<'a>(Piece<'a>);

impl<'de: 'a, 'a> Deserialize<'de> for Chunk<'a> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Chunk<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a chunk")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Chunk<'de>, A::Error> {
                let mut piece = None;
                while let Some(Key(key)) = map.next_key()? {
                    match key {
                        "choices" if piece.is_none() => {
                            let Choices(said) = map.next_value()?;
                            piece = Some(said);
                        }
                        "usage" | "x_groq" | "error" => {
                            let Null = map.next_value()?;
                        }
                        // A key with escapes, or one that stands there twice.
                        "" | "choices" => return Err(other()),
                        _ => drop(map.next_value::<IgnoredAny>()?),
                    }
                }
                piece.map(Chunk).ok_or_else(other)
            }
        }
        reader.deserialize_map(Fields)
    }
}

/// A list of one choice.
struct Choices<'a>(Piece<'a>);

impl<'de: 'a, 'a> Deserialize<'de> for Choices<'a> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        struct One;
        impl<'de> Visitor<'de> for One {
            type Value = Choices<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a choice")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Choices<'de>, A::Error> {
                let Choice(piece) = seq.next_element()?.ok_or_else(other)?;
                if seq.next_element::<IgnoredAny>()?.is_some() {
                    return Err(other());
                }
                Ok(Choices(piece))
            }
        }
        reader.deserialize_seq(One)
    }
}

struct Choice<'a>(Piece<'a>);

impl<'de: 'a, 'a> Deserialize<'de> for Choice<'a> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Choice<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a choice")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Choice<'de>, A::Error> {
                let mut piece = None;
                while let Some(Key(key)) = map.next_key()? {
                    match key {
                        "index" => {
                            if map.next_value::<u64>()? != 0 {
                                return Err(other());
                            }
                        }
                        "delta" if piece.is_none() => {
                            let Delta(said) = map.next_value()?;
                            piece = Some(said);
                        }
                        "finish_reason" | "error" | "usage" => {
                            let Null = map.next_value()?;
                        }
                        "" | "delta" | "message" | "text" => return Err(other()),
                        _ => drop(map.next_value::<IgnoredAny>()?),
                    }
                }
                piece.map(Choice).ok_or_else(other)
            }
        }
        reader.deserialize_map(Fields)
    }
}

struct Delta<'a>(Piece<'a>);

impl<'de: 'a, 'a> Deserialize<'de> for Delta<'a> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Delta<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a delta")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Delta<'de>, A::Error> {
                let mut piece = Piece::default();
                while let Some(Key(key)) = map.next_key()? {
                    match key {
                        "content" => piece.text = text(&mut map)?,
                        "reasoning_content" => piece.reasoning = text(&mut map)?,
                        "role" => drop(map.next_value::<IgnoredAny>()?),
                        "reasoning" | "reasoning_details" | "refusal" | "tool_calls"
                        | "function_call" | "audio" | "images" => {
                            let Null = map.next_value()?;
                        }
                        "" => return Err(other()),
                        _ => drop(map.next_value::<IgnoredAny>()?),
                    }
                }
                Ok(Delta(piece))
            }
        }
        reader.deserialize_map(Fields)
    }
}

/// Text or null; an empty text is as good as null.
fn text<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Option<Cow<'de, str>>, A::Error> {
    match map.next_value::<Option<Text<'de>>>()? {
        None => Ok(None),
        Some(Text(Some(text))) => Ok(Some(text).filter(|text| !text.is_empty())),
        Some(Text(None)) => Err(other()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(choice: &str, rest: &str) -> String {
        format!(r#"{{"id":"c","choices":[{choice}]{rest}}}"#)
    }

    #[test]
    fn plain_pieces_are_read() {
        let openai = r#"{"index":0,"delta":{"content":"a\nb","refusal":null},"logprobs":null,"finish_reason":null}"#;
        let body = chunk(openai, r#","usage":null,"obfuscation":"x""#);
        assert_eq!(read(body.as_bytes()).unwrap().text.as_deref(), Some("a\nb"));
        let deepseek = r#"{"delta":{"role":"assistant","content":null,"reasoning_content":"hm"}}"#;
        let body = chunk(deepseek, "");
        let piece = read(body.as_bytes()).unwrap();
        assert_eq!((piece.text, piece.reasoning.as_deref()), (None, Some("hm")));
    }

    #[test]
    fn everything_else_is_left_to_the_full_reader() {
        let said = r#"{"index":0,"delta":{"content":"a"}}"#;
        for (choice, rest) in [
            (said, r#","usage":{"prompt_tokens":1}"#),
            (said, r#","error":{"message":"m"}"#),
            (said, r#","x_groq":{}"#),
            (said, r#","choices":[]"#),
            (said, r#","\u0075sage":{}"#),
            (said, ","),
            (r#"{"index":1,"delta":{"content":"a"}}"#, ""),
            (r#"{"index":0,"delta":{"content":"a"},"finish_reason":"stop"}"#, ""),
            (r#"{"index":0,"delta":{"content":"a"},"finish_reason":""}"#, ""),
            (r#"{"index":0,"delta":{"content":"a"},"error":{}}"#, ""),
            (r#"{"index":0,"delta":{"content":"a"},"message":{}}"#, ""),
            (r#"{"index":0,"delta":{"content":"a"},"text":"b"}"#, ""),
            (r#"{"index":0,"delta":{"content":""}}"#, ""),
            (r#"{"index":0,"delta":{"content":[{"text":"a"}]}}"#, ""),
            (r#"{"index":0,"delta":{"content":"a","tool_calls":[]}}"#, ""),
            (r#"{"index":0,"delta":{"content":"a","refusal":"b"}}"#, ""),
            (r#"{"index":0,"delta":{"content":"a","reasoning":"b"}}"#, ""),
            (r#"{"index":0,"delta":null}"#, ""),
            (r#"{"index":0}"#, ""),
            ("", ""),
            (&format!("{said},{said}"), ""),
        ] {
            let body = chunk(choice, rest);
            assert_eq!(read(body.as_bytes()), None, "{body}");
        }
        for body in [
            "",
            "{}",
            "[]",
            "null",
            r#"{"choices":null}"#,
            "{\"choices\":[{\"delta\":{\"content\":\"\u{ff}",
        ] {
            assert_eq!(read(body.as_bytes()), None, "{body}");
        }
    }
}
