//! Protocol buffers, written straight into a byte buffer: the few wire types that OTLP uses.
//!
//! It knows no message. It must never write a field whose value is the default and whose absence
//! says the same, for a reader need not tell them apart.

/// Wire type of numbers of variable length.
const VARINT: u32 = 0;
/// Wire type of eight bytes.
const FIXED64: u32 = 1;
/// Wire type of bytes with their length before them.
const BYTES: u32 = 2;
/// Wire type of four bytes.
const FIXED32: u32 = 5;

/// Appends a number of variable length.
fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn key(out: &mut Vec<u8>, field: u32, wire: u32) {
    varint(out, u64::from(field << 3 | wire));
}

/// A number that is not negative, an enum's, or a truth value.
pub(super) fn number(out: &mut Vec<u8>, field: u32, value: u64) {
    key(out, field, VARINT);
    varint(out, value);
}

/// A `fixed64`.
pub(super) fn fixed64(out: &mut Vec<u8>, field: u32, value: u64) {
    key(out, field, FIXED64);
    out.extend_from_slice(&value.to_le_bytes());
}

/// A `fixed32`.
pub(super) fn fixed32(out: &mut Vec<u8>, field: u32, value: u32) {
    key(out, field, FIXED32);
    out.extend_from_slice(&value.to_le_bytes());
}

/// A `double`.
pub(super) fn double(out: &mut Vec<u8>, field: u32, value: f64) {
    fixed64(out, field, value.to_bits());
}

/// Bytes or a string.
pub(super) fn bytes(out: &mut Vec<u8>, field: u32, value: &[u8]) {
    key(out, field, BYTES);
    varint(out, value.len() as u64);
    out.extend_from_slice(value);
}

/// A message within a message: what `write` appends.
pub(super) fn message(out: &mut Vec<u8>, field: u32, write: impl FnOnce(&mut Vec<u8>)) {
    key(out, field, BYTES);
    let at = out.len();
    // Most are shorter than 128 bytes, and one byte tells their length.
    out.push(0);
    write(out);
    let length = out.len().saturating_sub(at + 1);
    let mut prefix = Vec::new();
    match out.get_mut(at) {
        Some(short) if length < 0x80 => *short = length as u8,
        Some(_) | None => {
            varint(&mut prefix, length as u64);
            out.splice(at..=at, prefix);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_written_as_the_specification_of_the_format_shows_them() {
        let mut out = Vec::new();
        number(&mut out, 1, 150);
        assert_eq!(out, [0x08, 0x96, 0x01]);
        out.clear();
        bytes(&mut out, 2, b"testing");
        assert_eq!(out, [0x12, 0x07, 0x74, 0x65, 0x73, 0x74, 0x69, 0x6e, 0x67]);
        out.clear();
        message(&mut out, 3, |out| number(out, 1, 150));
        assert_eq!(out, [0x1a, 0x03, 0x08, 0x96, 0x01]);
        out.clear();
        fixed32(&mut out, 16, 1);
        fixed64(&mut out, 7, 2);
        double(&mut out, 4, 1.0);
        let expected = [
            [0x85, 0x01, 1, 0, 0, 0].as_slice(),
            &[0x39, 2, 0, 0, 0, 0, 0, 0, 0],
            &[0x21, 0, 0, 0, 0, 0, 0, 0xF0, 0x3F],
        ];
        assert_eq!(out, expected.concat());
    }

    #[test]
    fn a_message_of_any_length_has_its_length_before_it() {
        for length in [0_usize, 1, 127, 128, 129, 16_383, 16_384, 70_000] {
            let body = vec![7; length];
            let (mut nested, mut plain) = (vec![1], vec![1]);
            message(&mut nested, 9, |out| out.extend_from_slice(&body));
            bytes(&mut plain, 9, &body);
            assert_eq!(nested, plain, "{length}");
        }
    }
}
