//! A JSON object written straight into a byte buffer, and the escaping of outside text.
//!
//! It exists because a serializer of general use costs several times more per line. It must never
//! let a control character, an escape sequence or a text-direction override through: a line is one
//! line, whatever a client or vendor wrote.

use std::time::Duration;

use crate::trace::TraceId;

/// A key as [`Object`] writes it: with the comma before it and the colon behind, in one piece.
macro_rules! key {
    ($name:literal) => {
        concat!(",\"", $name, "\":")
    };
}
pub(super) use key;

/// An object under construction. Absent values write nothing, not even their key.
pub(super) struct Object<'a> {
    out: &'a mut Vec<u8>,
    empty: bool,
}

impl<'a> Object<'a> {
    /// Opens the object.
    pub(super) fn open(out: &'a mut Vec<u8>) -> Self {
        out.push(b'{');
        Self { out, empty: true }
    }

    /// Closes the object.
    pub(super) fn close(self) {
        self.out.push(b'}');
    }

    /// Writes a key, made by [`key!`], and gives the buffer for its value.
    pub(super) fn value(&mut self, key: &'static str) -> &mut Vec<u8> {
        let first = usize::from(std::mem::take(&mut self.empty));
        self.out.extend_from_slice(key.as_bytes().get(first..).unwrap_or_default());
        self.out
    }

    /// A name of ours: no escape is needed.
    pub(super) fn name(&mut self, key: &'static str, name: &'static str) {
        let out = self.value(key);
        out.push(b'"');
        out.extend_from_slice(name.as_bytes());
        out.push(b'"');
    }

    /// Text from elsewhere, escaped and cut to `max` bytes of the original.
    pub(super) fn text(&mut self, key: &'static str, text: Option<&str>, max: usize) {
        if let Some(text) = text {
            push_string(self.value(key), text, max);
        }
    }

    /// A list of texts from elsewhere, each escaped and cut to `max` bytes.
    pub(super) fn list<'t>(
        &mut self,
        key: &'static str,
        mut texts: impl Iterator<Item = &'t str>,
        max: usize,
    ) {
        let Some(first) = texts.next() else { return };
        let out = self.value(key);
        out.push(b'[');
        push_string(out, first, max);
        for text in texts {
            out.push(b',');
            push_string(out, text, max);
        }
        out.push(b']');
    }

    /// A number.
    pub(super) fn number(&mut self, key: &'static str, number: Option<u64>) {
        if let Some(number) = number {
            push_padded(self.value(key), number, 1);
        }
    }

    /// A truth value.
    pub(super) fn flag(&mut self, key: &'static str, flag: bool) {
        self.value(key).extend_from_slice(if flag { b"true" } else { b"false" });
    }

    /// A duration as milliseconds with three decimals.
    pub(super) fn millis(&mut self, key: &'static str, duration: Option<Duration>) {
        if let Some(duration) = duration {
            push_millis(self.value(key), duration);
        }
    }
}

/// Appends a duration as milliseconds with three decimals, for example `12.034`.
pub(super) fn push_millis(out: &mut Vec<u8>, duration: Duration) {
    let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
    push_padded(out, micros / 1000, 1);
    out.push(b'.');
    push_padded(out, micros % 1000, 3);
}

/// Appends a number with at least `width` digits.
pub(super) fn push_padded(out: &mut Vec<u8>, mut number: u64, width: usize) {
    let start = out.len();
    while number > 0 || out.len() - start < width {
        out.push(b'0' + (number % 10) as u8);
        number /= 10;
    }
    // The digits came lowest first. `start` is the length from before them: never out of bounds.
    if let Some(digits) = out.get_mut(start..) {
        digits.reverse();
    }
}

/// Appends a trace's id, quoted.
pub(super) fn push_hex(out: &mut Vec<u8>, id: TraceId) {
    out.push(b'"');
    for byte in id.bytes() {
        out.extend([byte >> 4, byte & 0xF].map(hex_digit));
    }
    out.push(b'"');
}

const fn hex_digit(digit: u8) -> u8 {
    if digit < 10 { b'0' + digit } else { b'a' + digit - 10 }
}

/// Appends a quoted JSON string of at most `max` bytes of `text`, cut at a character.
pub(super) fn push_string(out: &mut Vec<u8>, text: &str, max: usize) {
    let text = cut(text, max);
    out.push(b'"');
    push_escaped(out, text);
    out.push(b'"');
}

/// The longest start of `text` that fits `max` bytes and ends at a character.
pub(super) fn cut(text: &str, max: usize) -> &str {
    text.get(..text.floor_char_boundary(max)).unwrap_or(text)
}

/// Appends text with everything escaped that JSON requires or that could act on a terminal.
pub(super) fn push_escaped(out: &mut Vec<u8>, text: &str) {
    // Nearly all text is plain, and a plain text is copied whole.
    if text.bytes().all(is_plain) {
        out.extend_from_slice(text.as_bytes());
        return;
    }
    for c in text.chars() {
        match c {
            '"' => out.extend_from_slice(b"\\\""),
            '\\' => out.extend_from_slice(b"\\\\"),
            '\n' => out.extend_from_slice(b"\\n"),
            '\r' => out.extend_from_slice(b"\\r"),
            '\t' => out.extend_from_slice(b"\\t"),
            c if acts_on_terminals(c) => push_unicode_escape(out, c),
            c => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
}

/// Printable ASCII that needs no escape.
fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\'
}

/// Control characters (C0, DEL, C1), line separators, and marks that change the text's direction.
fn acts_on_terminals(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        )
}

/// Appends `\u00XX`. All characters that act on terminals are in the basic plane.
fn push_unicode_escape(out: &mut Vec<u8>, c: char) {
    out.extend_from_slice(b"\\u");
    for shift in [12, 8, 4, 0] {
        out.push(hex_digit((u32::from(c) >> shift & 0xF) as u8));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn escaped(text: &str) -> String {
        let mut out = Vec::new();
        push_string(&mut out, text, usize::MAX);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn every_character_survives_a_parser_and_none_acts_on_a_terminal() {
        for code in (0..=0x3000).chain(0x1_F000..0x1_F100) {
            let Some(c) = char::from_u32(code) else { continue };
            let text = format!("a{c}b");
            let line = escaped(&text);
            assert_eq!(serde_json::from_str::<String>(&line).unwrap(), text, "{code:x}");
            assert!(!line.chars().any(acts_on_terminals), "{code:x}");
        }
    }

    #[test]
    fn hostile_text_is_named_not_obeyed() {
        assert_eq!(escaped("\u{1b}[2J\u{9b}31m"), r#""\u001b[2J\u009b31m""#);
        assert_eq!(escaped("a\"}\n{\"x"), r#""a\"}\n{\"x""#);
        assert_eq!(escaped("\u{202e}gnp\u{2028}"), r#""\u202egnp\u2028""#);
        assert_eq!(escaped("naïve 模型 🦀"), "\"naïve 模型 🦀\"");
    }

    #[test]
    fn cuts_at_characters() {
        assert_eq!(cut("ééé", 5), "éé");
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("abc", 0), "");
    }

    #[test]
    fn numbers_and_durations() {
        let mut out = Vec::new();
        for number in [0, 7, 10, 1234, u64::MAX] {
            push_padded(&mut out, number, 1);
            out.push(b' ');
        }
        push_millis(&mut out, Duration::from_micros(12_034));
        out.push(b' ');
        push_millis(&mut out, Duration::from_micros(999));
        assert_eq!(out, b"0 7 10 1234 18446744073709551615 12.034 0.999");
    }
}
