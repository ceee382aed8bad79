//! What bytes are: by their beginning, and for texts by what their server says. Pure.

/// Beginnings of what vendors take.
const MAGIC: [(&[u8], &str); 5] = [
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", "application/pdf"),
];

/// Texts that vendors take, which have no beginning of their own.
const TEXTS: [&str; 4] = ["text/plain", "text/markdown", "text/csv", "text/html"];

/// The media type of what was fetched; `None` where it is nothing that vendors take. A server's word
/// alone makes no picture: it would be believed by whoever decodes it.
pub(super) fn of(body: &[u8], declared: Option<&str>) -> Option<&'static str> {
    if let Some((_, kind)) = MAGIC.iter().find(|(magic, _)| body.starts_with(magic)) {
        return Some(kind);
    }
    if body.starts_with(b"RIFF") && body.get(8..12) == Some(b"WEBP") {
        return Some("image/webp");
    }
    let essence = declared?.split(';').next()?.trim().to_ascii_lowercase();
    let text = TEXTS.into_iter().find(|known| *known == essence)?;
    let plain = !body.is_empty() && !body.contains(&0) && std::str::from_utf8(body).is_ok();
    plain.then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_bytes_are_is_said_by_the_bytes() {
        let table: [(&[u8], Option<&str>, Option<&str>); 11] = [
            (b"\x89PNG\r\n\x1a\n...", Some("text/html"), Some("image/png")),
            (b"\xff\xd8\xff\xe0", None, Some("image/jpeg")),
            (b"GIF89a..", Some("image/png"), Some("image/gif")),
            (b"RIFF\0\0\0\0WEBPVP8 ", None, Some("image/webp")),
            (b"RIFF\0\0\0\0WAVEfmt ", Some("image/webp"), None),
            (b"%PDF-1.7", Some("application/octet-stream"), Some("application/pdf")),
            (b"hello", Some("Text/Plain; charset=utf-8"), Some("text/plain")),
            (b"<svg xmlns='http://www.w3.org/2000/svg'/>", Some("image/svg+xml"), None),
            (b"hel\0lo", Some("text/plain"), None),
            (b"\xff\xfe", Some("text/plain"), None),
            (b"{}", Some("application/json"), None),
        ];
        for (body, declared, expected) in table {
            assert_eq!(of(body, declared), expected, "{body:?} {declared:?}");
        }
        assert_eq!(of(b"", Some("text/plain")), None);
    }
}
