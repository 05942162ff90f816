//! The chance roll as it is documented: a number from 0 up to 100 out of (seed, salt, cycle, row).
//!
//! splitmix64's finisher (S. Vigna, <https://prng.di.unimi.it/splitmix64.c>, public domain) over the seed, then over salt,
//! cycle and row in turn, each mixed itself before it is joined with exclusive or. The upper 53 bits are the number. A hit
//! plays when it is below the row's percentage.

/// Whether a hit of `percent` (0-100) plays.
pub fn plays(percent: u64, seed: u64, salt: u64, cycle: u64, row: u16) -> bool {
    let mut hash = finish(seed);
    for word in [salt, cycle, u64::from(row)] {
        hash = finish(hash ^ finish(word));
    }
    // share/2^53 · 100 < percent, in whole numbers.
    u128::from(hash >> 11) * 100 < u128::from(percent) << 53
}

fn finish(word: u64) -> u64 {
    let mut z = word.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
