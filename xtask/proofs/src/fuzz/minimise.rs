//! A failing input made small: pieces are taken out as long as it still breaks the rule.

use super::Failure;
use super::check::tried;
use super::targets::Target;

/// Most tries: a failure is worth a second, not a minute.
const MOST: usize = 2000;

/// The smallest input that was found to break a rule as `input` does.
pub(super) fn small(target: &Target, mut input: Vec<u8>, mut said: String) -> Failure {
    let mut left = MOST;
    let mut piece = input.len().div_ceil(2);
    while piece > 0 && left > 0 {
        let mut at = 0;
        let mut shrunk = false;
        while at < input.len() && left > 0 {
            left -= 1;
            let without = without(&input, at, piece);
            match tried(target, &without) {
                Err(now) if place(&now) == place(&said) => {
                    (input, said, shrunk) = (without, now, true);
                }
                Err(_) | Ok(_) => at += piece,
            }
        }
        if !shrunk {
            piece /= 2;
        }
    }
    Failure { input, said }
}

/// Where it broke: another place is another failure.
fn place(said: &str) -> Option<&str> {
    said.lines().next()
}

fn without(input: &[u8], at: usize, piece: usize) -> Vec<u8> {
    let (before, rest) = input.split_at(at.min(input.len()));
    [before, rest.get(piece..).unwrap_or_default()].concat()
}
