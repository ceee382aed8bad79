//! Forms with files (`multipart/form-data`, RFC 7578), byte by byte: an incremental scanner without
//! I/O that finds the few small fields which decide a request's way, and the edit that gives a field
//! another value while the form passes by.
//!
//! It exists so that a form of any size is relayed without being held: the scanner keeps no more
//! than a part's head and one small value. What it finds is a function of the bytes alone, however
//! they are cut. A form that two readers could read differently is refused, for a vendor must not
//! see another model than was routed by.

mod edit;
mod head;

use std::ops::Range;

pub use edit::{Edit, Rewriter};

/// Longest boundary that RFC 2046 allows.
const MAX_BOUNDARY: usize = 70;
/// Longest head of a part; browsers and SDKs write a tenth of it.
const MAX_HEAD: usize = 8 << 10;
/// Longest value of a wanted field.
const MAX_VALUE: usize = 1 << 10;

/// A form that cannot be read, or that two readers could read differently.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    /// The content type has no usable boundary.
    #[error("content-type has no usable multipart boundary")]
    Boundary,
    /// A part's head, or what stands around parts, is not as RFC 7578 says.
    #[error("the form is malformed: {0}")]
    Malformed(&'static str),
    /// A field that decides the request's way is there twice.
    #[error("the form has `{0}` twice")]
    Twice(&'static str),
    /// Such a field is not a short text.
    #[error("the form's `{field}` {what}")]
    Field {
        /// The field.
        field: &'static str,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The form ends before its last boundary.
    #[error("the form ends before its closing boundary")]
    Truncated,
}

/// What the scanner came upon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// The whole of a wanted field.
    Field {
        /// Its name.
        name: &'static str,
        /// Its value.
        value: String,
        /// Where the value stands in the form.
        at: Range<u64>,
    },
    /// A part with a file begins.
    File,
    /// The closing boundary.
    End,
}

/// The boundary that a content type names.
///
/// # Errors
/// When the type is no `multipart/form-data`, or its boundary is none.
pub fn boundary(content_type: &str) -> Result<String, FormError> {
    let mut parts = head::Params::new(content_type);
    if !parts.essence().eq_ignore_ascii_case("multipart/form-data") {
        return Err(FormError::Boundary);
    }
    let mut boundary = None;
    for param in &mut parts {
        let (name, value) = param.map_err(|_| FormError::Boundary)?;
        if name.eq_ignore_ascii_case("boundary") && boundary.replace(value).is_some() {
            return Err(FormError::Boundary);
        }
    }
    let fits = |text: &String| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"'()+_,-./:=? ".contains(&byte);
        !text.is_empty()
            && text.len() <= MAX_BOUNDARY
            && text.bytes().all(plain)
            && !text.ends_with(' ')
    };
    boundary.filter(fits).ok_or(FormError::Boundary)
}

/// Finds wanted fields in a form that comes in chunks.
#[derive(Debug)]
pub struct Scanner {
    /// CRLF, two dashes, the boundary.
    delimiter: Vec<u8>,
    wanted: &'static [&'static str],
    /// Wanted fields that were there, by place.
    seen: u32,
    /// Bytes read.
    offset: u64,
    /// Where the first delimiter's line begins.
    first: Option<u64>,
    state: State,
}

#[derive(Debug)]
enum State {
    /// Within a part's content, or before the first part: `matched` bytes of the delimiter were
    /// read.
    Content { matched: usize, capture: Option<Capture> },
    /// Behind a delimiter.
    Line(Line),
    /// Within a part's head, whose bytes so far these are.
    Head(Vec<u8>),
    /// Behind the closing delimiter; nothing counts any more.
    Epilogue,
    /// What came is no form.
    Failed(FormError),
}

/// How far the line of a delimiter was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    Fresh,
    /// One dash of two.
    Dash,
    /// Blanks, which may stand there.
    Blank,
    Return,
}

/// A wanted field's value, as far as it came.
#[derive(Debug)]
struct Capture {
    index: usize,
    value: Vec<u8>,
    start: u64,
}

impl Scanner {
    /// A scanner for the form of this boundary that looks for these fields, 32 at most.
    #[must_use]
    pub fn new(boundary: &str, wanted: &'static [&'static str]) -> Self {
        let delimiter = [b"\r\n--", boundary.as_bytes()].concat();
        // The first delimiter may stand at the very beginning, without a line end before it.
        let state = State::Content { matched: 2, capture: None };
        Self { delimiter, wanted, seen: 0, offset: 0, first: None, state }
    }

    /// Where a part may be put in before all others; `None` before the first delimiter was read.
    #[must_use]
    pub fn first(&self) -> Option<u64> {
        self.first
    }

    /// A text part of this form, to be put in at [`Scanner::first`].
    #[must_use]
    pub fn part(&self, name: &str, value: &str) -> Vec<u8> {
        let line = self.delimiter.get(2..).unwrap_or_default();
        let mut part = line.to_vec();
        let head =
            format!("\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        part.extend_from_slice(head.as_bytes());
        part
    }

    /// Reads the next chunk and appends what it brought.
    ///
    /// # Errors
    /// When the form cannot be read; every further call says the same.
    pub fn push(&mut self, chunk: &[u8], found: &mut Vec<Found>) -> Result<(), FormError> {
        let mut rest = chunk;
        while !rest.is_empty() {
            let read = self.step(rest, found);
            let read = read.inspect_err(|error| self.state = State::Failed(error.clone()))?;
            self.offset += read as u64;
            rest = rest.get(read..).unwrap_or_default();
        }
        Ok(())
    }

    /// The form is over.
    ///
    /// # Errors
    /// When its closing boundary has not come.
    pub fn finish(&self) -> Result<(), FormError> {
        match &self.state {
            State::Epilogue => Ok(()),
            State::Failed(error) => Err(error.clone()),
            State::Content { .. } | State::Line(_) | State::Head(_) => Err(FormError::Truncated),
        }
    }

    /// Reads some of `rest`, which is not empty, and says how much.
    fn step(&mut self, rest: &[u8], found: &mut Vec<Found>) -> Result<usize, FormError> {
        match &mut self.state {
            State::Epilogue => Ok(rest.len()),
            State::Failed(error) => Err(error.clone()),
            State::Content { .. } => self.content(rest, found),
            State::Line(line) => {
                let byte = rest.first().copied().unwrap_or_default();
                self.state = match (*line, byte) {
                    (Line::Fresh, b'-') => State::Line(Line::Dash),
                    (Line::Dash, b'-') => {
                        found.push(Found::End);
                        State::Epilogue
                    }
                    (Line::Fresh | Line::Blank, b' ' | b'\t') => State::Line(Line::Blank),
                    (Line::Fresh | Line::Blank, b'\r') => State::Line(Line::Return),
                    (Line::Return, b'\n') => State::Head(Vec::new()),
                    // Some readers take such a line for content, some for a boundary.
                    (Line::Fresh | Line::Dash | Line::Blank | Line::Return, _) => {
                        return Err(FormError::Malformed("a boundary does not end with its line"));
                    }
                };
                Ok(1)
            }
            State::Head(_) => self.head(rest, found),
        }
    }

    fn content(&mut self, rest: &[u8], found: &mut Vec<Found>) -> Result<usize, FormError> {
        let State::Content { matched, capture } = &mut self.state else { return Ok(0) };
        // Most of a form is content that nobody looks for.
        if *matched == 0 {
            let plain = memchr::memchr(b'\r', rest).unwrap_or(rest.len());
            if plain > 0 {
                keep(capture, rest.get(..plain).unwrap_or_default(), self.wanted)?;
                return Ok(plain);
            }
        }
        let byte = rest.first().copied().unwrap_or_default();
        if self.delimiter.get(*matched) == Some(&byte) {
            *matched += 1;
        } else {
            // CR stands at the delimiter's beginning alone, so that no other part of what was read
            // can be the beginning of another one.
            let passed = self.delimiter.get(..*matched).unwrap_or_default();
            keep(capture, passed, self.wanted)?;
            *matched = usize::from(byte == b'\r');
            if *matched == 0 {
                keep(capture, &[byte], self.wanted)?;
            }
        }
        if *matched == self.delimiter.len() {
            // The first one may lack the line end before it.
            let length = self.delimiter.len() as u64;
            let end = (self.offset + 1).saturating_sub(length);
            self.first.get_or_insert((self.offset + 3).saturating_sub(length));
            if let Some(capture) = capture.take() {
                found.push(captured(capture, end, self.wanted)?);
            }
            self.state = State::Line(Line::Fresh);
        }
        Ok(1)
    }

    fn head(&mut self, rest: &[u8], found: &mut Vec<Found>) -> Result<usize, FormError> {
        let State::Head(head) = &mut self.state else { return Ok(0) };
        let line = memchr::memchr(b'\n', rest).map_or(rest.len(), |at| at + 1);
        if head.len() + line > MAX_HEAD {
            return Err(FormError::Malformed("a part's head is too long"));
        }
        head.extend_from_slice(rest.get(..line).unwrap_or_default());
        if head.as_slice() != b"\r\n" && !head.ends_with(b"\r\n\r\n") {
            return Ok(line);
        }
        let part = head::read(head)?;
        if part.is_file {
            found.push(Found::File);
        }
        let capture = match self.wanted.iter().position(|wanted| part.name == *wanted) {
            None => None,
            Some(index) => {
                let field = self.wanted.get(index).copied().unwrap_or_default();
                if part.is_file {
                    return Err(FormError::Field { field, what: "is a file and must be text" });
                }
                if part.is_encoded {
                    return Err(FormError::Field { field, what: "is encoded and must not be" });
                }
                if self.seen & (1 << index) != 0 {
                    return Err(FormError::Twice(field));
                }
                self.seen |= 1 << index;
                let start = self.offset + line as u64;
                Some(Capture { index, value: Vec::new(), start })
            }
        };
        self.state = State::Content { matched: 0, capture };
        Ok(line)
    }
}

fn keep(
    capture: &mut Option<Capture>,
    bytes: &[u8],
    wanted: &'static [&'static str],
) -> Result<(), FormError> {
    let Some(Capture { index, value, .. }) = capture else { return Ok(()) };
    if value.len() + bytes.len() > MAX_VALUE {
        let field = wanted.get(*index).copied().unwrap_or_default();
        return Err(FormError::Field { field, what: "is too long" });
    }
    value.extend_from_slice(bytes);
    Ok(())
}

fn captured(
    Capture { index, value, start }: Capture,
    end: u64,
    wanted: &'static [&'static str],
) -> Result<Found, FormError> {
    let name = wanted.get(index).copied().unwrap_or_default();
    let value = String::from_utf8(value)
        .map_err(|_| FormError::Field { field: name, what: "is not valid UTF-8" })?;
    Ok(Found::Field { name, value, at: start..end })
}

#[cfg(test)]
mod tests;
