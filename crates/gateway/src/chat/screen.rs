//! Where an answer is printed: a terminal with its manners, or a pipe with none.
//!
//! A model's words are outside text. On a terminal they must never move a cursor, change a title or
//! answer for the keyboard, so control characters are shown instead of sent; in a pipe they go out
//! as they came.

use std::borrow::Cow;
use std::io::{IsTerminal as _, StdoutLock, Write};

const DIM: &str = "\u{1b}[2m";
const PLAIN: &str = "\u{1b}[0m";

/// The answer's way out.
pub(super) struct Screen<W: Write = StdoutLock<'static>> {
    out: W,
    terminal: bool,
    colours: bool,
    /// Reasoning is being shown.
    dim: bool,
    /// Something was written, and its last character ended a line.
    at_line_start: bool,
}

impl Screen {
    /// Standard output, with what its other end can bear.
    pub(super) fn stdout() -> Self {
        let terminal = std::io::stdout().is_terminal();
        let silenced = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self::new(std::io::stdout().lock(), terminal, terminal && !silenced)
    }
}

impl<W: Write> Screen<W> {
    fn new(out: W, terminal: bool, colours: bool) -> Self {
        Self { out, terminal, colours, dim: false, at_line_start: true }
    }

    /// Prints a piece of the answer at once.
    pub(super) fn text(&mut self, text: &str) -> std::io::Result<()> {
        if text.is_empty() {
            return Ok(());
        }
        self.bright()?;
        self.put(text)
    }

    /// Prints a piece of the model's reasoning, dim, where a person looks; a pipe gets the answer
    /// alone.
    pub(super) fn reasoning(&mut self, text: &str) -> std::io::Result<()> {
        if text.is_empty() || !self.colours {
            return Ok(());
        }
        if !self.dim {
            self.out.write_all(DIM.as_bytes())?;
            self.dim = true;
        }
        self.put(text)
    }

    /// Ends the answer: the next thing said begins a line of its own.
    pub(super) fn end(&mut self) -> std::io::Result<()> {
        self.bright()?;
        if !self.at_line_start {
            self.put("\n")?;
        }
        self.out.flush()
    }

    fn bright(&mut self) -> std::io::Result<()> {
        if std::mem::take(&mut self.dim) {
            self.out.write_all(PLAIN.as_bytes())?;
            if !self.at_line_start {
                self.put("\n")?;
            }
        }
        Ok(())
    }

    fn put(&mut self, text: &str) -> std::io::Result<()> {
        let text = if self.terminal { safe(text) } else { Cow::Borrowed(text) };
        self.out.write_all(text.as_bytes())?;
        self.at_line_start = text.ends_with('\n');
        self.out.flush()
    }
}

/// Whoever stops in the middle of reasoning, by Ctrl-C or a broken stream, gets their colours back.
impl<W: Write> Drop for Screen<W> {
    fn drop(&mut self) {
        let _ = self.end();
    }
}

/// The text with its control characters shown.
pub(super) fn safe(text: &str) -> Cow<'_, str> {
    let unsafe_char = |c: char| c.is_control() && c != '\n' && c != '\t';
    if !text.contains(unsafe_char) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if unsafe_char(c) { shown.extend(c.escape_default()) } else { shown.push(c) }
    }
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(terminal: bool, colours: bool, say: impl Fn(&mut Screen<&mut Vec<u8>>)) -> String {
        let mut out = Vec::new();
        let mut screen = Screen::new(&mut out, terminal, colours);
        say(&mut screen);
        drop(screen);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn reasoning_is_dim_on_a_terminal_and_absent_in_a_pipe() {
        let say = |screen: &mut Screen<&mut Vec<u8>>| {
            screen.reasoning("hm").unwrap();
            screen.text("yes").unwrap();
        };
        assert_eq!(shown(true, true, say), "\u{1b}[2mhm\u{1b}[0m\nyes\n");
        assert_eq!(shown(true, false, say), "yes\n");
        assert_eq!(shown(false, false, say), "yes\n");
    }

    #[test]
    fn a_models_control_characters_are_shown_on_a_terminal_and_kept_in_a_pipe() {
        let say = |screen: &mut Screen<&mut Vec<u8>>| screen.text("a\u{1b}]0;b\u{7}\tc\n").unwrap();
        assert_eq!(shown(true, true, say), "a\\u{1b}]0;b\\u{7}\tc\n");
        assert_eq!(shown(false, false, say), "a\u{1b}]0;b\u{7}\tc\n");
    }

    #[test]
    fn colours_come_back_wherever_reasoning_stops() {
        let say = |screen: &mut Screen<&mut Vec<u8>>| screen.reasoning("hm").unwrap();
        assert_eq!(shown(true, true, say), "\u{1b}[2mhm\u{1b}[0m\n");
        assert_eq!(shown(true, true, |_| {}), "");
    }
}
