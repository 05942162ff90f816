//! How many frames each block has: always the same, or random from a seed. Any thread.

/// An endless iterator of block lengths in frames.
#[derive(Clone, Debug)]
pub struct BlockSizes {
    max: usize,
    /// The state of splitmix64, or `None` for a fixed length.
    random: Option<u64>,
}

impl BlockSizes {
    /// Every block has `frames` frames (at least 1; 0 is taken as 1).
    pub fn fixed(frames: usize) -> Self {
        Self { max: frames.max(1), random: None }
    }

    /// Each block has 1 to `max` frames (0 is taken as 1), evenly distributed. The same seed gives the same lengths.
    pub fn random(max: usize, seed: u64) -> Self {
        Self { max: max.max(1), random: Some(seed) }
    }

    /// The longest block there can be, in frames: for `activate` and `Block::new`.
    pub fn longest(&self) -> usize {
        self.max
    }

    /// Lengths that add up to exactly `total` frames: the last one is cut short.
    pub fn covering(self, total: usize) -> impl Iterator<Item = usize> {
        let mut left = total;
        self.map_while(move |frames| {
            let frames = frames.min(left);
            left -= frames;
            (frames > 0).then_some(frames)
        })
    }
}

impl Iterator for BlockSizes {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let Some(state) = &mut self.random else {
            return Some(self.max);
        };
        *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = *state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^= z >> 31;
        // The upper half of a 128-bit product spreads 64 random bits over 0..max without a bias worth speaking of.
        Some(1 + ((u128::from(z) * self.max as u128) >> 64) as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_lengths_stay_in_range_reach_both_ends_and_repeat_with_the_seed() {
        let some: Vec<_> = BlockSizes::random(5, 1).take(200).collect();
        assert!(some.iter().all(|n| (1..=5).contains(n)));
        assert!((1..=5).all(|n| some.contains(&n)));
        assert_eq!(some, BlockSizes::random(5, 1).take(200).collect::<Vec<_>>());
        assert_ne!(some, BlockSizes::random(5, 2).take(200).collect::<Vec<_>>());
    }

    #[test]
    fn covering_lengths_add_up_to_the_total() {
        assert_eq!(BlockSizes::fixed(64).covering(150).collect::<Vec<_>>(), [64, 64, 22]);
        assert_eq!(BlockSizes::fixed(64).covering(128).collect::<Vec<_>>(), [64, 64]);
        assert_eq!(BlockSizes::random(97, 3).covering(10_000).sum::<usize>(), 10_000);
    }
}
