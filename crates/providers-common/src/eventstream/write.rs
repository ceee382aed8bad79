//! Messages written: for tests and for scripted vendors, which must send what the real one sends.

use bytes::{BufMut, Bytes, BytesMut};

use super::crc::crc32;
use super::{HeaderValue, PRELUDE, TRAILER};

/// A message of these text headers and this payload.
#[must_use]
pub fn message(headers: &[(&str, &str)], payload: &[u8]) -> Bytes {
    let text = |text: &str| HeaderValue::Text(Bytes::copy_from_slice(text.as_bytes()));
    let typed: Vec<(&str, HeaderValue)> =
        headers.iter().map(|(name, value)| (*name, text(value))).collect();
    write(&typed, payload)
}

/// A message of these headers and this payload. Names and values beyond the lengths that the format
/// has room for are cut.
#[must_use]
pub fn write(headers: &[(&str, HeaderValue)], payload: &[u8]) -> Bytes {
    let mut head = BytesMut::new();
    for (name, value) in headers {
        let name = cut(name.as_bytes(), usize::from(u8::MAX));
        head.put_u8(u8::try_from(name.len()).unwrap_or(u8::MAX));
        head.put_slice(name);
        put(&mut head, value);
    }
    let total = PRELUDE + head.len() + payload.len() + TRAILER;
    let mut out = BytesMut::with_capacity(total);
    out.put_u32(u32::try_from(total).unwrap_or(u32::MAX));
    out.put_u32(u32::try_from(head.len()).unwrap_or(u32::MAX));
    out.put_u32(crc32(&out));
    out.put_slice(&head);
    out.put_slice(payload);
    out.put_u32(crc32(&out));
    out.freeze()
}

fn put(out: &mut BytesMut, value: &HeaderValue) {
    match value {
        HeaderValue::Bool(yes) => out.put_u8(u8::from(!*yes)),
        HeaderValue::Byte(n) => {
            out.put_u8(2);
            out.put_i8(*n);
        }
        HeaderValue::Short(n) => {
            out.put_u8(3);
            out.put_i16(*n);
        }
        HeaderValue::Int(n) => {
            out.put_u8(4);
            out.put_i32(*n);
        }
        HeaderValue::Long(n) => {
            out.put_u8(5);
            out.put_i64(*n);
        }
        HeaderValue::Bytes(bytes) => sized(out, 6, bytes),
        HeaderValue::Text(text) => sized(out, 7, text),
        HeaderValue::Timestamp(millis) => {
            out.put_u8(8);
            out.put_i64(*millis);
        }
        HeaderValue::Uuid(bytes) => {
            out.put_u8(9);
            out.put_slice(bytes);
        }
    }
}

fn sized(out: &mut BytesMut, kind: u8, bytes: &[u8]) {
    let bytes = cut(bytes, usize::from(u16::MAX));
    out.put_u8(kind);
    out.put_u16(u16::try_from(bytes.len()).unwrap_or(u16::MAX));
    out.put_slice(bytes);
}

fn cut(bytes: &[u8], max: usize) -> &[u8] {
    bytes.get(..bytes.len().min(max)).unwrap_or_default()
}
