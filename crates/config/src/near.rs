//! Near matches: what a person who mistyped a name probably meant.

/// Longer words are not compared, so that hostile input costs nothing.
const LONGEST: usize = 96;

/// Most suggestions given at once.
const MOST: usize = 3;

/// The candidates closest to `word`, best first, at most three; empty where none is near.
///
/// Near is an edit distance (with swapped neighbours as one edit, case ignored) of at most a third
/// of the longer word, or one being the beginning of the other.
#[must_use]
pub fn near_matches<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    if word.is_empty() || word.len() > LONGEST {
        return Vec::new();
    }
    let word: Vec<char> = word.to_lowercase().chars().collect();
    let mut near: Vec<(usize, &str)> = Vec::new();
    for candidate in candidates {
        if candidate.is_empty() || candidate.len() > LONGEST {
            continue;
        }
        if near.iter().any(|(_, known)| *known == candidate) {
            continue;
        }
        if let Some(score) = nearness(&word, candidate) {
            near.push((score, candidate));
        }
    }
    near.sort_by_key(|(score, _)| *score);
    near.truncate(MOST);
    near.into_iter().map(|(_, candidate)| candidate).collect()
}

fn nearness(word: &[char], candidate: &str) -> Option<usize> {
    let candidate: Vec<char> = candidate.to_lowercase().chars().collect();
    let longer = word.len().max(candidate.len());
    let edits = distance(word, &candidate);
    if edits <= (longer / 3).max(1) && edits < longer {
        return Some(edits);
    }
    let shorter = word.len().min(candidate.len());
    let begins = word.starts_with(&candidate) || candidate.starts_with(word);
    (shorter >= 3 && begins).then_some(edits)
}

/// Optimal string alignment distance over three rows.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = vec![0; b.len() + 1];
    let mut above: Vec<usize> = (0..=b.len()).collect();
    let mut previous = None;
    for (i, &left) in a.iter().enumerate() {
        let row = row(Step { i, left, previous, a_above: &above, a_before: &before }, b);
        before = std::mem::replace(&mut above, row);
        previous = Some(left);
    }
    above.last().copied().unwrap_or(0)
}

struct Step<'a> {
    i: usize,
    left: char,
    previous: Option<char>,
    a_above: &'a [usize],
    a_before: &'a [usize],
}

fn row(step: Step<'_>, b: &[char]) -> Vec<usize> {
    let at = |row: &[usize], j: usize| row.get(j).copied().unwrap_or(usize::MAX / 2);
    let mut row = Vec::with_capacity(b.len() + 1);
    row.push(step.i + 1);
    let mut earlier = None;
    for (j, &right) in b.iter().enumerate() {
        let substitute = at(step.a_above, j) + usize::from(step.left != right);
        let mut best = substitute.min(at(step.a_above, j + 1) + 1).min(at(&row, j) + 1);
        if step.previous == Some(right) && earlier == Some(step.left) && j > 0 {
            best = best.min(at(step.a_before, j - 1) + 1);
        }
        row.push(best);
        earlier = Some(right);
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typos_find_what_was_meant_best_first() {
        let strategies = ["round_robin", "random", "first_available"];
        let table: [(&str, &[&str]); 8] = [
            ("randon", &["random"]),
            ("ranodm", &["random"]),
            ("RANDOM", &["random"]),
            ("round-robin", &["round_robin"]),
            ("first", &["first_available"]),
            ("least_busy", &[]),
            ("", &[]),
            ("xy", &[]),
        ];
        for (word, expected) in table {
            assert_eq!(near_matches(word, strategies), expected, "{word}");
        }
    }

    #[test]
    fn suggestions_are_few_unique_and_ordered() {
        let models = ["gpt-4o-mini", "gpt-4o", "gpt-4o", "gpt-4.1", "gpt-4", "claude-sonnet-5"];
        assert_eq!(near_matches("gpt-4p", models), ["gpt-4o", "gpt-4", "gpt-4.1"]);
        assert_eq!(near_matches("gpt-4o-min", models).first(), Some(&"gpt-4o-mini"));
        assert!(near_matches(&"x".repeat(5000), models).is_empty());
    }

    #[test]
    fn distance_counts_edits() {
        let table = [("", "", 0), ("abc", "abc", 0), ("abc", "acb", 1), ("kitten", "sitting", 3)];
        for (a, b, expected) in table {
            let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
            assert_eq!(distance(&a, &b), expected);
            assert_eq!(distance(&b, &a), expected);
        }
    }
}
