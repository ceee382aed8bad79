//! The head of a form's part, and parameters as such heads and content types write them.
//!
//! It reads what SDKs and browsers write and refuses what readers are known to differ about: a name
//! that is there twice, folded lines, `name*`.

use super::FormError;

/// What a part's head says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Part {
    /// The field's name; empty where there is none.
    pub(super) name: String,
    /// Whether it has a file's name.
    pub(super) is_file: bool,
    /// Whether its content is said to be encoded.
    pub(super) is_encoded: bool,
}

const AMBIGUOUS: FormError = FormError::Malformed("a part's head can be read in two ways");

/// Reads a head with its last, empty line.
pub(super) fn read(head: &[u8]) -> Result<Part, FormError> {
    let text = std::str::from_utf8(head)
        .map_err(|_| FormError::Malformed("a part's head is not valid UTF-8"))?;
    let mut part = Part::default();
    let mut disposed = false;
    for line in text.split("\r\n").filter(|line| !line.is_empty()) {
        if line.starts_with([' ', '\t']) || line.contains(['\r', '\n', '\0']) {
            return Err(AMBIGUOUS);
        }
        let Some((name, value)) = line.split_once(':') else {
            return Err(FormError::Malformed("a line of a part's head has no colon"));
        };
        if name.trim_end().eq_ignore_ascii_case("content-disposition") {
            if name.ends_with([' ', '\t']) || std::mem::replace(&mut disposed, true) {
                return Err(AMBIGUOUS);
            }
            disposition(value, &mut part)?;
        } else if name.eq_ignore_ascii_case("content-transfer-encoding") {
            let plain = ["7bit", "8bit", "binary"];
            part.is_encoded = !plain.iter().any(|known| value.trim().eq_ignore_ascii_case(known));
        }
    }
    Ok(part)
}

fn disposition(value: &str, part: &mut Part) -> Result<(), FormError> {
    let mut named = false;
    for param in Params::new(value) {
        let (name, value) = param.map_err(|_| AMBIGUOUS)?;
        if name.eq_ignore_ascii_case("name") {
            if std::mem::replace(&mut named, true) {
                return Err(AMBIGUOUS);
            }
            part.name = value;
        } else if name.eq_ignore_ascii_case("name*") {
            return Err(AMBIGUOUS);
        } else if name.eq_ignore_ascii_case("filename") || name.eq_ignore_ascii_case("filename*") {
            part.is_file = true;
        }
    }
    Ok(())
}

/// A value with parameters, `form-data; name="model"`.
pub(super) struct Params<'a> {
    essence: &'a str,
    rest: &'a str,
}

/// Parameters that cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BadParams;

impl<'a> Params<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let at = text.find(';').unwrap_or(text.len());
        let (essence, rest) = text.split_at(at);
        Self { essence: essence.trim(), rest }
    }

    /// What stands before the parameters.
    pub(super) fn essence(&self) -> &'a str {
        self.essence
    }

    fn one(&mut self) -> Result<Option<(&'a str, String)>, BadParams> {
        let rest = self.rest.trim_start_matches([' ', '\t', ';']);
        if rest.is_empty() {
            return Ok(None);
        }
        let (name, value) = rest.split_once('=').ok_or(BadParams)?;
        if name.contains([';', '"']) {
            return Err(BadParams);
        }
        let value_text = value.trim_start_matches([' ', '\t']);
        let (value, rest) = match value_text.strip_prefix('"') {
            Some(quoted) => unquote(quoted)?,
            None => {
                let end = value_text.find(';').unwrap_or(value_text.len());
                let (token, rest) = value_text.split_at(end);
                let token = token.trim();
                if token.contains(['"', '\\']) {
                    return Err(BadParams);
                }
                (token.to_owned(), rest)
            }
        };
        let rest = rest.trim_start_matches([' ', '\t']);
        if !rest.is_empty() && !rest.starts_with(';') {
            return Err(BadParams);
        }
        self.rest = rest;
        Ok(Some((name.trim(), value)))
    }
}

impl<'a> Iterator for Params<'a> {
    type Item = Result<(&'a str, String), BadParams>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.one();
        if next.is_err() {
            self.rest = "";
        }
        next.transpose()
    }
}

/// The text up to the closing quote, and what follows it.
fn unquote(text: &str) -> Result<(String, &str), BadParams> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Ok((value, text.get(at + 1..).unwrap_or_default())),
            // Old browsers write a path's backslashes as they are, others escape with them. Only
            // what is escaped beyond doubt is taken for it.
            '\\' => match chars.clone().next() {
                Some((_, escaped @ ('"' | '\\'))) => {
                    chars.next();
                    value.push(escaped);
                }
                Some(_) | None => value.push('\\'),
            },
            c => value.push(c),
        }
    }
    Err(BadParams)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(head: &str) -> Result<Part, FormError> {
        read(format!("{head}\r\n\r\n").as_bytes())
    }

    fn named(name: &str) -> Part {
        Part { name: name.to_owned(), ..Part::default() }
    }

    #[test]
    fn names_are_read_as_sdks_and_browsers_write_them() {
        let file = |name| Part { is_file: true, ..named(name) };
        let table = [
            (r#"Content-Disposition: form-data; name="model""#, named("model")),
            (r#"content-disposition:form-data;name="model""#, named("model")),
            ("Content-Disposition: form-data; name=model", named("model")),
            (r#"CONTENT-DISPOSITION: form-data; NAME = "model" ;"#, named("model")),
            (r#"Content-Disposition: form-data; name="a;b=\"c\"""#, named(r#"a;b="c""#)),
            (r#"Content-Disposition: form-data; name="file"; filename="C:\x\y.wav""#, file("file")),
            (
                r#"Content-Disposition: form-data; name="file"; filename*=UTF-8''a.wav"#,
                file("file"),
            ),
            ("Content-Type: text/plain", named("")),
            (
                "Content-Disposition: form-data; name=\"n\"\r\nContent-Type: text/plain; charset=utf-8",
                named("n"),
            ),
        ];
        for (head, expected) in table {
            assert_eq!(part(head).as_ref(), Ok(&expected), "{head}");
        }
        let encoded = "Content-Disposition: form-data; name=x\r\nContent-Transfer-Encoding: base64";
        assert!(part(encoded).unwrap().is_encoded);
    }

    #[test]
    fn heads_that_readers_differ_about_are_refused() {
        for head in [
            r#"Content-Disposition: form-data; name="a"; name="model""#,
            r#"Content-Disposition: form-data; name="a"; name*=UTF-8''model"#,
            "Content-Disposition: form-data; name=\"a\"\r\nContent-Disposition: form-data; name=model",
            "Content-Disposition: form-data;\r\n name=model",
            "Content-Disposition : form-data; name=model",
            "Content-Disposition: form-data; name=\"model",
            "Content-Disposition: form-data; name=\"mo\"del",
            "Content-Disposition: form-data; name=mo\"del\"",
            "Content-Disposition: form-data; name=a\nContent-Disposition: form-data; name=model",
            "no colon",
        ] {
            assert!(part(head).is_err(), "{head}: {:?}", part(head));
        }
        assert!(read(b"\xff: x\r\n\r\n").is_err());
    }
}
