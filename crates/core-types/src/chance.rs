//! Randomness as an argument, so that every choice can be replayed from a seed.
//!
//! A small trait of our own keeps a generator crate out of public signatures. It must never be used
//! for secrets.

/// A source of randomness. State machines take `&mut dyn Chance`; only a shell seeds one.
pub trait Chance: Send {
    /// The next 64 uniformly random bits.
    fn next_u64(&mut self) -> u64;

    /// A uniform float in `[0, 1)`.
    fn unit(&mut self) -> f64 {
        // 53 bits: the precision of an f64's mantissa, so every value is exact.
        (self.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A uniform index in `0..len`; 0 where `len` is 0.
    fn below(&mut self, len: usize) -> usize {
        // Multiply-shift (Lemire 2019): the bias is under len / 2^64.
        ((u128::from(self.next_u64()) * len as u128) >> 64) as usize
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): tiny, fast, and every seed is a good seed.
#[derive(Debug, Clone)]
pub struct SplitMix64(u64);

impl SplitMix64 {
    /// A generator whose whole sequence follows from `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }
}

impl Chance for SplitMix64 {
    fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_a_sequence() {
        let (mut a, mut b) = (SplitMix64::new(7), SplitMix64::new(7));
        let first: Vec<u64> = (0..8).map(|_| a.next_u64()).collect();
        assert_eq!(first, (0..8).map(|_| b.next_u64()).collect::<Vec<_>>());
        assert_ne!(first, (0..8).map(|_| a.next_u64()).collect::<Vec<_>>());
    }

    #[test]
    fn unit_and_below_stay_in_range_and_spread() {
        let mut chance = SplitMix64::new(1);
        let mut seen = [0_u32; 5];
        for _ in 0..5000 {
            let unit = chance.unit();
            assert!((0.0..1.0).contains(&unit));
            seen[chance.below(5)] += 1;
        }
        assert!(seen.iter().all(|n| (850..1150).contains(n)), "{seen:?}");
        assert_eq!(chance.below(0), 0);
    }
}
