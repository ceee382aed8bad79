//! Addresses of pictures and documents in a body of this dialect, and data in their place. Every
//! other byte stays.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::ops::Range;
use tollgate_providers_common::inline::{MediaMap, MediaPlace, is_fetchable};

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow, default)]
    messages: Vec<Turn<'a>>,
}

#[derive(Deserialize)]
struct Turn<'a> {
    #[serde(borrow, default)]
    content: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Block<'a> {
    #[serde(borrow, rename = "type", default)]
    kind: Cow<'a, str>,
    #[serde(borrow, default)]
    source: Option<&'a RawValue>,
    #[serde(borrow, default)]
    content: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Source<'a> {
    #[serde(borrow, rename = "type", default)]
    kind: Cow<'a, str>,
    #[serde(borrow, default)]
    url: Cow<'a, str>,
}

/// A source that is an address.
struct Found {
    place: MediaPlace,
    /// Where the whole source stands in the body.
    at: Range<usize>,
}

/// Every address of a picture or document.
pub(super) fn places(body: &[u8]) -> Vec<MediaPlace> {
    find(body).into_iter().map(|found| found.place).collect()
}

/// The body with data in the place of the addresses that were fetched.
pub(super) fn with_media(body: &Bytes, media: &MediaMap) -> Bytes {
    let mut edited = Vec::with_capacity(body.len());
    let mut from = 0;
    for Found { place, at } in find(body) {
        let Some(fetched) = media.get(&place.url) else { continue };
        edited.extend_from_slice(body.get(from..at.start).unwrap_or_default());
        let source = serde_json::json!({
            "type": "base64", "media_type": fetched.media_type, "data": fetched.data,
        });
        edited.extend_from_slice(source.to_string().as_bytes());
        from = at.end;
    }
    if from == 0 {
        return body.clone();
    }
    edited.extend_from_slice(body.get(from..).unwrap_or_default());
    Bytes::from(edited)
}

/// Finds them in their order. What is of another shape holds none: the vendor will say what it is.
fn find(body: &[u8]) -> Vec<Found> {
    let mut found = Vec::new();
    let Ok(text) = std::str::from_utf8(body) else { return found };
    let Ok(read) = serde_json::from_str::<Body<'_>>(text) else { return found };
    for (index, turn) in read.messages.iter().enumerate() {
        if let Some(content) = turn.content {
            blocks(text, content, &format!("messages[{index}].content"), &mut found);
        }
    }
    found
}

fn blocks(text: &str, content: &RawValue, path: &str, found: &mut Vec<Found>) {
    let Ok(all) = serde_json::from_str::<Vec<&RawValue>>(content.get()) else { return };
    for (index, raw) in all.into_iter().enumerate() {
        let Ok(block) = serde_json::from_str::<Block<'_>>(raw.get()) else { continue };
        let path = format!("{path}[{index}]");
        match (&*block.kind, block.source, block.content) {
            ("image" | "document", Some(source), _) => found.extend(address(text, source, &path)),
            ("tool_result", _, Some(content)) => {
                blocks(text, content, &format!("{path}.content"), found);
            }
            _ => {}
        }
    }
}

fn address(text: &str, raw: &RawValue, path: &str) -> Option<Found> {
    let source: Source<'_> = serde_json::from_str(raw.get()).ok()?;
    if source.kind != "url" || !is_fetchable(&source.url) {
        return None;
    }
    let start = raw.get().as_ptr().addr().checked_sub(text.as_ptr().addr())?;
    let at = start..start + raw.get().len();
    let place = MediaPlace { path: format!("{path}.source.url"), url: source.url.into_owned() };
    Some(Found { place, at })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_providers_common::inline::InlineMedia;

    const BODY: &str = r#"{"model":"m", "system":"x","messages":[
        {"role":"user","content":"http://not.an/address"},
        {"role":"user","content":[ {"type":"text","text":"see"},
            {"type":"image","source":{"type":"url","url":"https:\/\/a.example\/1.png"},"cache_control":{"type":"ephemeral"}},
            {"type":"image","source":{"type":"base64","media_type":"image\/png","data":"QQ=="}},
            {"type":"document","source":{"url":"http://a.example/2.pdf","type":"url"}, "title":"t"}]},
        {"role":"assistant","content":[{"type":"tool_use","id":"t","name":"n","input":{"type":"image","source":{"type":"url","url":"http://input"}}}]},
        {"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":[
            {"type":"image","source":{"type":"url","url":"https://a.example/1.png"}}]}]}]}"#;

    #[test]
    fn addresses_are_found_where_the_dialect_has_them_and_nowhere_else() {
        let said: Vec<(String, String)> =
            places(BODY.as_bytes()).into_iter().map(|place| (place.path, place.url)).collect();
        let expected = [
            ("messages[1].content[1].source.url", "https://a.example/1.png"),
            ("messages[1].content[3].source.url", "http://a.example/2.pdf"),
            ("messages[3].content[0].content[0].source.url", "https://a.example/1.png"),
        ];
        assert_eq!(said, expected.map(|(path, url)| (path.to_owned(), url.to_owned())));
        for odd in ["", "[]", "{\"messages\":7}", "{\"messages\":[{\"content\":[7,null,{}]}]}"] {
            assert!(places(odd.as_bytes()).is_empty(), "{odd}");
        }
    }

    #[test]
    fn data_stands_where_the_address_was_and_every_other_byte_stays() {
        let png = InlineMedia { media_type: "image/png".to_owned(), data: "UE5H".to_owned() };
        let media = MediaMap::from([("https://a.example/1.png".to_owned(), png)]);
        let body = Bytes::from_static(BODY.as_bytes());
        let edited = with_media(&body, &media);
        let data = r#"{"data":"UE5H","media_type":"image/png","type":"base64"}"#;
        let expected = BODY
            .replace(r#"{"type":"url","url":"https:\/\/a.example\/1.png"}"#, data)
            .replace(r#"{"type":"url","url":"https://a.example/1.png"}"#, data);
        assert_eq!(edited, expected);
        assert_eq!(with_media(&body, &MediaMap::new()), body);
    }
}
