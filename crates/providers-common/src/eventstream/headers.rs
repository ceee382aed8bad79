//! The typed headers of a message.

use bytes::Bytes;
use std::ops::Range;

use super::corrupt;
use crate::sse::FrameError;

/// One header, as slices of its message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The name.
    pub name: Bytes,
    /// The value.
    pub value: HeaderValue,
}

/// A header's value, by the types of the format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeaderValue {
    /// Types 0 and 1.
    Bool(bool),
    /// Type 2.
    Byte(i8),
    /// Type 3.
    Short(i16),
    /// Type 4.
    Int(i32),
    /// Type 5.
    Long(i64),
    /// Type 6.
    Bytes(Bytes),
    /// Type 7; not checked to be UTF-8.
    Text(Bytes),
    /// Type 8: milliseconds since 1970.
    Timestamp(i64),
    /// Type 9.
    Uuid([u8; 16]),
}

/// The headers in `range` of a message, in order.
///
/// # Errors
/// [`FrameError::Corrupt`] where they do not fill the range exactly, or a type is unknown.
pub fn headers(raw: &Bytes, range: Range<usize>) -> Result<Vec<Header>, FrameError> {
    let mut rest = Rest { raw, at: range.start, end: range.end };
    let mut headers = Vec::new();
    while rest.at < rest.end {
        headers.push(rest.header().ok_or_else(|| corrupt("a message's headers are broken"))?);
    }
    Ok(headers)
}

/// What is not read yet.
struct Rest<'a> {
    raw: &'a Bytes,
    at: usize,
    end: usize,
}

impl Rest<'_> {
    fn header(&mut self) -> Option<Header> {
        let [name_len] = self.array()?;
        let name = self.slice(usize::from(name_len))?;
        let [kind] = self.array()?;
        let value = match kind {
            0 => HeaderValue::Bool(true),
            1 => HeaderValue::Bool(false),
            2 => HeaderValue::Byte(i8::from_be_bytes(self.array()?)),
            3 => HeaderValue::Short(i16::from_be_bytes(self.array()?)),
            4 => HeaderValue::Int(i32::from_be_bytes(self.array()?)),
            5 => HeaderValue::Long(i64::from_be_bytes(self.array()?)),
            6 => HeaderValue::Bytes(self.sized()?),
            7 => HeaderValue::Text(self.sized()?),
            8 => HeaderValue::Timestamp(i64::from_be_bytes(self.array()?)),
            9 => HeaderValue::Uuid(self.array()?),
            _ => return None,
        };
        Some(Header { name, value })
    }

    fn sized(&mut self) -> Option<Bytes> {
        let len = u16::from_be_bytes(self.array()?);
        self.slice(usize::from(len))
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.slice(N)?.as_ref().try_into().ok()
    }

    fn slice(&mut self, len: usize) -> Option<Bytes> {
        let to = self.at.checked_add(len).filter(|to| *to <= self.end)?;
        let range = self.at..to;
        self.raw.get(range.clone())?;
        self.at = to;
        Some(self.raw.slice(range))
    }
}

/// What the headers say of a message's meaning.
#[derive(Debug, Default)]
pub(super) struct Said {
    pub(super) message_type: Option<Bytes>,
    pub(super) event_type: Option<Bytes>,
    pub(super) exception_type: Option<Bytes>,
    pub(super) error_code: Option<Bytes>,
    pub(super) error_message: Option<Bytes>,
}

impl Said {
    pub(super) fn read(raw: &Bytes, range: Range<usize>) -> Result<Self, FrameError> {
        let mut said = Self::default();
        for Header { name, value } in headers(raw, range)? {
            let HeaderValue::Text(text) = value else { continue };
            let place = match &*name {
                b":message-type" => &mut said.message_type,
                b":event-type" => &mut said.event_type,
                b":exception-type" => &mut said.exception_type,
                b":error-code" => &mut said.error_code,
                b":error-message" => &mut said.error_message,
                _ => continue,
            };
            *place = Some(text);
        }
        Ok(said)
    }
}
