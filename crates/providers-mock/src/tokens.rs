//! A stand-in for a tokenizer: cuts text into pieces about as long as a model's tokens.
//!
//! It counts and bounds answers plausibly; it is nobody's real tokenizer and no price may depend on
//! it outside of demos and tests.

/// Most letters of one word in one piece.
const MAX_LETTERS: usize = 6;

/// Cuts `text` into pieces that together are `text`: white space and up to [`MAX_LETTERS`] letters
/// or digits, or one other character.
pub(crate) fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(first_piece(rest));
        pieces.push(piece);
        rest = after;
    }
    pieces
}

/// How many pieces `text` has.
pub(crate) fn count(text: &str) -> u64 {
    u64::try_from(pieces(text).len()).unwrap_or(u64::MAX)
}

/// Length in bytes of the first piece of a text that is not empty.
fn first_piece(text: &str) -> usize {
    let blank = text.len() - text.trim_start().len();
    let (_, word) = text.split_at(blank);
    let mut end = 0;
    for (letters, c) in word.chars().enumerate() {
        if !c.is_alphanumeric() {
            // A sign stands alone, with the white space before it.
            return blank + if letters == 0 { c.len_utf8() } else { end };
        }
        if letters == MAX_LETTERS {
            break;
        }
        end += c.len_utf8();
    }
    blank + end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_words_and_signs_with_the_space_before_them() {
        assert_eq!(pieces("Hi there, gateway!"), ["Hi", " there", ",", " gatewa", "y", "!"]);
        assert_eq!(pieces(" \n"), [" \n"]);
        assert_eq!(count(""), 0);
    }

    #[test]
    fn pieces_lose_nothing_in_any_script() {
        for text in ["naïve café", "今天天气怎么样？", "a\u{301}🙂🙂 b", "\t\t-- x\r\n"]
        {
            assert_eq!(pieces(text).concat(), text);
            assert!(pieces(text).iter().all(|piece| !piece.is_empty()));
        }
    }
}
