//! Whether a tool call's arguments are whole: a scan of braces and strings, piece by piece.
//!
//! It does not validate. Text that is no JSON object or array is never whole, which only means that
//! what follows waits for the end of the answer.

/// How far one call's arguments are.
#[derive(Debug, Default)]
pub(super) struct Progress {
    depth: usize,
    begun: bool,
    in_string: bool,
    escaped: bool,
}

impl Progress {
    /// Takes the next piece.
    pub(super) fn push(&mut self, fragment: &str) {
        for byte in fragment.bytes() {
            if self.escaped {
                self.escaped = false;
            } else if self.in_string {
                match byte {
                    b'\\' => self.escaped = true,
                    b'"' => self.in_string = false,
                    _ => {}
                }
            } else {
                match byte {
                    b'"' => self.in_string = true,
                    b'{' | b'[' => {
                        self.depth += 1;
                        self.begun = true;
                    }
                    b'}' | b']' => self.depth = self.depth.saturating_sub(1),
                    _ => {}
                }
            }
        }
    }

    /// Whether an object or array began and is closed.
    pub(super) fn is_whole(&self) -> bool {
        self.begun && self.depth == 0 && !self.in_string
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(fragments: &[&str]) -> bool {
        let mut progress = Progress::default();
        fragments.iter().for_each(|fragment| progress.push(fragment));
        progress.is_whole()
    }

    #[test]
    fn braces_in_strings_do_not_count() {
        assert!(whole(&["{\"a\":\"}\\\"}", "{\"}"]));
        assert!(!whole(&["{\"a\":\"}"]));
        assert!(!whole(&["{\"a\":\"\\", "\"}"]));
        assert!(whole(&["{\"a\":\"\\\\", "\"}"]));
    }

    #[test]
    fn nothing_and_scalars_are_never_whole() {
        assert!(!whole(&[]));
        assert!(!whole(&["", " "]));
        assert!(!whole(&["42"]));
        assert!(!whole(&["\"{}\""]));
        assert!(whole(&["{", "}"]) && whole(&["[{}]\n"]));
    }

    proptest::proptest! {
        /// An object is whole at its last byte and not before, however it is cut.
        #[test]
        fn whole_exactly_at_the_end(value in crate::testing::json_object()) {
            let text = value.to_string();
            let mut progress = Progress::default();
            for (at, c) in text.char_indices() {
                proptest::prop_assert!(!progress.is_whole(), "whole before byte {} of {}", at, text);
                progress.push(c.encode_utf8(&mut [0; 4]));
            }
            proptest::prop_assert!(progress.is_whole());
        }
    }
}
