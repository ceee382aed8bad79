//! A part of a list, as Anthropic's clients ask for one: so many, behind or before an id.
//!
//! What cannot be read of the query counts as not said: these clients start with nothing, and a list
//! of models is no place to fail at.

use axum::extract::Query;
use http::Uri;

/// Most items of one part, as at Anthropic.
const MOST: usize = 1000;

/// Which part is asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Page {
    limit: Option<usize>,
    after: Option<String>,
    before: Option<String>,
}

impl Page {
    /// Reads a query.
    pub(crate) fn of(uri: &Uri) -> Self {
        let pairs = Query::<Vec<(String, String)>>::try_from_uri(uri);
        let mut page = Self::default();
        for (name, value) in pairs.map(|Query(pairs)| pairs).unwrap_or_default() {
            match name.as_str() {
                "limit" => page.limit = value.parse().ok().filter(|n| (1..=MOST).contains(n)),
                "after_id" => page.after = Some(value),
                "before_id" => page.before = Some(value),
                _ => {}
            }
        }
        page
    }

    /// The part of `all`, and whether there is more in the direction of the question. Behind an id
    /// that is not there, nothing is.
    pub(crate) fn part<T>(&self, all: Vec<T>, id: impl Fn(&T) -> &str) -> (Vec<T>, bool) {
        let at = |wanted: &str| all.iter().position(|item| id(item) == wanted);
        let (start, end) = match (&self.after, &self.before) {
            (Some(after), _) => (at(after).map_or(all.len(), |at| at + 1), all.len()),
            (None, Some(before)) => (0, at(before).unwrap_or(0)),
            (None, None) => (0, all.len()),
        };
        let few = self.limit.unwrap_or(MOST).min(end.saturating_sub(start));
        let more = few < end.saturating_sub(start);
        // Before an id, the nearest ones are asked for.
        let backwards = self.after.is_none() && self.before.is_some();
        let first = if backwards { end.saturating_sub(few) } else { start };
        (all.into_iter().skip(first).take(few).collect(), more)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Columns: query; ids and whether there are more.
    #[test]
    fn parts_are_those_that_were_asked_for() {
        for (query, want, more) in [
            ("", "abcde", false),
            ("?limit=1000", "abcde", false),
            ("?limit=2", "ab", true),
            ("?limit=5", "abcde", false),
            ("?limit=2&after_id=b", "cd", true),
            ("?limit=2&after_id=c", "de", false),
            ("?after_id=e", "", false),
            ("?after_id=x", "", false),
            ("?limit=2&before_id=d", "bc", true),
            ("?limit=9&before_id=d", "abc", false),
            ("?before_id=x", "", false),
            ("?limit=0", "abcde", false),
            ("?limit=many&beta=true", "abcde", false),
            ("?%zz", "abcde", false),
        ] {
            let uri: Uri = format!("http://h/v1/models{query}").parse().unwrap();
            let all: Vec<String> = "abcde".chars().map(String::from).collect();
            let (part, has_more) = Page::of(&uri).part(all, |id| id);
            assert_eq!((part.concat().as_str(), has_more), (want, more), "{query}");
        }
    }
}
