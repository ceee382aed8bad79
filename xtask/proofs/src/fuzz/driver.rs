//! The search: corpus first, then inputs made from whatever behaved in a new way.

use std::collections::HashSet;
use std::time::Duration;
use tollgate_core_types::Chance as _;
use tollgate_core_types::chance::SplitMix64;

use super::check::{Watch, tried};
use super::targets::Target;
use super::{Failure, minimise, mutate, sweep};
use crate::clock::Stopwatch;

/// Most inputs that are built upon.
const MOST: usize = 4096;
/// Largest input that is built upon.
const LARGEST: usize = 64 << 10;

/// What a run came to.
#[derive(Debug)]
pub(super) struct Run {
    /// Inputs tried.
    pub(super) tries: u64,
    /// Different behaviours seen.
    pub(super) kinds: usize,
    /// The first input that broke a rule.
    pub(super) failure: Option<Failure>,
}

/// Tries the corpus, what the target's sweep makes of it, and then chance for `time`.
pub(super) fn run(
    target: &Target,
    corpus: &[Vec<u8>],
    seed: u64,
    bounds: (Duration, Option<u64>),
) -> Run {
    let mut search = Search {
        target,
        watch: Watch::begin(target.name),
        pool: Vec::new(),
        kinds: HashSet::new(),
        tries: 0,
    };
    let failure = search.all(corpus, seed, bounds).err();
    Run { tries: search.tries, kinds: search.kinds.len(), failure }
}

struct Search<'a> {
    target: &'a Target,
    watch: Watch,
    pool: Vec<Vec<u8>>,
    kinds: HashSet<u64>,
    tries: u64,
}

impl Search<'_> {
    fn all(
        &mut self,
        corpus: &[Vec<u8>],
        seed: u64,
        (time, inputs): (Duration, Option<u64>),
    ) -> Result<(), Failure> {
        for input in corpus {
            self.one(input.clone())?;
            self.pool.push(input.clone());
        }
        if self.target.swept {
            for input in corpus {
                sweep::slips(input, &mut |slipped| self.one(slipped))?;
            }
        }
        let mut chance = SplitMix64::new(seed);
        let watch = Stopwatch::start();
        let mut left = inputs.unwrap_or(u64::MAX);
        while watch.elapsed() < time && left > 0 {
            left -= 1;
            let parent = chance.below(self.pool.len());
            let other = chance.below(self.pool.len());
            let (Some(parent), Some(other)) = (self.pool.get(parent), self.pool.get(other)) else {
                return Ok(());
            };
            let input = mutate::made(parent, other, &mut chance);
            self.one(input)?;
        }
        Ok(())
    }

    fn one(&mut self, input: Vec<u8>) -> Result<(), Failure> {
        self.tries += 1;
        self.watch.next(&input);
        match tried(self.target, &input) {
            Ok(kind) => {
                let new = self.kinds.insert(kind);
                if new && self.pool.len() < MOST && input.len() <= LARGEST {
                    self.pool.push(input);
                }
                Ok(())
            }
            Err(said) => Err(minimise::small(self.target, input, said)),
        }
    }
}
