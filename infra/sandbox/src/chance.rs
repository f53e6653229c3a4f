//! All chance of the sandbox: a keyed hash of what is decided about, so that the same seed and the same mail give the
//! same draw, whatever came before. May not hold any state.

/// A seeded source of draws. Two draws for the same purpose and parts are equal: order never matters.
#[derive(Debug, Clone, Copy)]
pub struct Chance {
    seed: u64,
}

impl Chance {
    /// A source for `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// 64 well-mixed bits for `purpose` and `parts`.
    ///
    /// FNV-1a over the bytes (each part closed by its length), then the finaliser of `SplitMix64`: stable over
    /// releases, which `std`'s hasher does not promise.
    #[must_use]
    pub fn hash(&self, purpose: &str, parts: &[&[u8]]) -> u64 {
        let mut hash = 0xcbf2_9ce4_8422_2325 ^ mix(self.seed);
        let mut eat = |bytes: &[u8]| {
            for &byte in bytes {
                hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
            }
            hash = mix(hash ^ bytes.len() as u64);
        };
        eat(purpose.as_bytes());
        for part in parts {
            eat(part);
        }
        mix(hash)
    }

    /// A draw in [0, 1).
    #[must_use]
    pub fn unit(&self, purpose: &str, parts: &[&[u8]]) -> f64 {
        // The upper 53 bits fill a double's mantissa exactly.
        (self.hash(purpose, parts) >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A draw in `0..below`; 0 if `below` is 0.
    #[must_use]
    pub fn below(&self, below: u64, purpose: &str, parts: &[&[u8]]) -> u64 {
        if below == 0 { 0 } else { self.hash(purpose, parts) % below }
    }
}

/// The finaliser of `SplitMix64` (Steele, Lea, Flood 2014).
fn mix(mut z: u64) -> u64 {
    z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_repeat_and_spread() {
        let chance = Chance::new(7);
        let draw = |n: u32| chance.unit("test", &[&n.to_le_bytes()]);
        assert_eq!(draw(3).to_bits(), Chance::new(7).unit("test", &[&3u32.to_le_bytes()]).to_bits());
        assert_ne!(draw(3).to_bits(), Chance::new(8).unit("test", &[&3u32.to_le_bytes()]).to_bits());
        let under: usize = (0..10_000).filter(|&n| draw(n) < 0.2).count();
        assert!((1_850..2_150).contains(&under), "{under}");
    }

    #[test]
    fn parts_do_not_run_into_each_other() {
        let chance = Chance::new(1);
        assert_ne!(chance.hash("p", &[b"ab", b"c"]), chance.hash("p", &[b"a", b"bc"]));
    }
}
