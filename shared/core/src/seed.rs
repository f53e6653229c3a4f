//! The secret that slot times, partners and engagement derive from.
//!
//! Chance is an input: whoever holds the seed computes the same day again, nobody else can foresee it. Every use
//! names its purpose, so that adding one never moves another. May not be shown or logged.

use std::fmt;

use hmac::{Hmac, Mac};
use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;
use sha2::Sha256;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// The stack's seed: 32 secret bytes. `Debug` shows nothing of them.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Seed {
    key: [u8; 32],
    sip: (u64, u64),
}

impl Seed {
    /// The seed of these 32 bytes.
    #[must_use]
    pub fn new(key: [u8; 32]) -> Self {
        let derived = mac(&key, b"preheat hash64 v1", &[]);
        let half = |at: usize| u64::from_le_bytes(std::array::from_fn(|i| derived[at + i]));
        Self { key, sip: (half(0), half(8)) }
    }

    /// 64 bits that depend on the seed, the purpose and the parts, and on nothing else: SipHash-2-4, the same on
    /// every machine and in every version. A few nanoseconds a part.
    #[must_use]
    pub fn hash64(&self, purpose: &str, parts: &[u64]) -> u64 {
        let mut state = Sip::new(self.sip);
        // The length goes first, so that no purpose with its parts can look like another.
        state.word(purpose.len() as u64);
        for chunk in purpose.as_bytes().chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            state.word(u64::from_le_bytes(word));
        }
        for &part in parts {
            state.word(part);
        }
        // SipHash ends with the length of its input, in bytes mod 256, in the top byte.
        state.word(((8 * (1 + purpose.len().div_ceil(8) + parts.len())) as u64) << 56);
        state.finish()
    }

    /// [`Seed::hash64`] as a number in [0, 1).
    #[must_use]
    pub fn unit(&self, purpose: &str, parts: &[u64]) -> f64 {
        unit(self.hash64(purpose, parts))
    }

    /// A stream of chance of its own for a purpose and its parts. `ChaCha8`, because it never changes between
    /// releases of its crate. Costs a few microseconds to start: for one draw use [`Seed::hash64`].
    #[must_use]
    pub fn stream(&self, purpose: &str, parts: &[u64]) -> ChaCha8Rng {
        ChaCha8Rng::from_seed(mac(&self.key, purpose.as_bytes(), parts))
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(secret)")
    }
}

/// A hash as a number in [0, 1): its top 53 bits, which is what an `f64` holds exactly.
#[must_use]
pub fn unit(hash: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit an f64 exactly")]
    let top = (hash >> 11) as f64;
    top / 9_007_199_254_740_992.0
}

/// HMAC-SHA256 of the purpose's length, the purpose and the parts.
fn mac(key: &[u8; 32], purpose: &[u8], parts: &[u64]) -> [u8; 32] {
    // HMAC takes a key of any length (RFC 2104 §2): the fallback is never reached.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return [0; 32] };
    mac.update(&(purpose.len() as u64).to_le_bytes());
    mac.update(purpose);
    for part in parts {
        mac.update(&part.to_le_bytes());
    }
    mac.finalize().into_bytes().into()
}

/// SipHash-2-4 (Aumasson and Bernstein 2012), over whole 64-bit words.
struct Sip {
    v: [u64; 4],
}

impl Sip {
    fn new((k0, k1): (u64, u64)) -> Self {
        let v = [0x736f_6d65_7073_6575, 0x646f_7261_6e64_6f6d, 0x6c79_6765_6e65_7261, 0x7465_6462_7974_6573];
        Self { v: [v[0] ^ k0, v[1] ^ k1, v[2] ^ k0, v[3] ^ k1] }
    }
    fn round(&mut self) {
        let [mut a, mut b, mut c, mut d] = self.v;
        a = a.wrapping_add(b);
        b = b.rotate_left(13) ^ a;
        a = a.rotate_left(32);
        c = c.wrapping_add(d);
        d = d.rotate_left(16) ^ c;
        a = a.wrapping_add(d);
        d = d.rotate_left(21) ^ a;
        c = c.wrapping_add(b);
        b = b.rotate_left(17) ^ c;
        c = c.rotate_left(32);
        self.v = [a, b, c, d];
    }
    fn word(&mut self, word: u64) {
        self.v[3] ^= word;
        self.round();
        self.round();
        self.v[0] ^= word;
    }
    fn finish(mut self) -> u64 {
        self.v[2] ^= 0xff;
        for _ in 0..4 {
            self.round();
        }
        self.v[0] ^ self.v[1] ^ self.v[2] ^ self.v[3]
    }
}

#[cfg(test)]
mod tests {
    use rand_core::RngCore;

    use super::*;

    #[test]
    fn siphash_matches_its_authors_vectors() {
        // Reference vectors of SipHash-2-4: key 00..0f, input 00..len-1; here lengths 0 and 8, whole words.
        let key = (0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908);
        let mut empty = Sip::new(key);
        empty.word(0);
        assert_eq!(empty.finish(), 0x726f_db47_dd0e_0e31);
        let mut eight = Sip::new(key);
        eight.word(0x0706_0504_0302_0100);
        eight.word(8 << 56);
        assert_eq!(eight.finish(), 0x93f5_f579_9a93_2462);
    }

    #[test]
    fn a_hash_never_changes_between_versions() {
        let seed = Seed::new([7; 32]);
        assert_eq!(seed.hash64("slot", &[1, 2, 3]), seed.hash64("slot", &[1, 2, 3]));
        // Written down once: a change here would move every slot and partner of a running fleet.
        assert_eq!(seed.hash64("slot", &[1, 2, 3]), 2_444_270_350_559_000_571);
    }
    #[test]
    fn purpose_parts_and_seed_all_count() {
        let seed = Seed::new([7; 32]);
        let mut seen = std::collections::BTreeSet::new();
        for (purpose, parts) in [
            ("slot", &[1, 2][..]),
            ("slot", &[2, 1]),
            ("slot", &[1, 2, 0]),
            ("slo", &[1, 2]),
            ("slot\0", &[1, 2]),
            ("slot", &[]),
        ] {
            assert!(seen.insert(seed.hash64(purpose, parts)), "{purpose:?} {parts:?} collides");
        }
        assert!(seen.insert(Seed::new([8; 32]).hash64("slot", &[1, 2])));
    }

    #[test]
    fn units_are_spread_evenly_over_0_to_1() {
        let seed = Seed::new([1; 32]);
        let mut buckets = [0_u32; 10];
        for i in 0..10_000 {
            let at = seed.unit("spread", &[i]);
            assert!((0.0..1.0).contains(&at));
            buckets[(at * 10.0) as usize] += 1;
        }
        assert!(buckets.iter().all(|&n| (850..1150).contains(&n)), "{buckets:?}");
    }

    #[test]
    fn a_stream_is_its_own() {
        let seed = Seed::new([1; 32]);
        assert_eq!(seed.stream("a", &[1]).next_u64(), seed.stream("a", &[1]).next_u64());
        assert_ne!(seed.stream("a", &[1]).next_u64(), seed.stream("a", &[2]).next_u64());
        assert_ne!(seed.stream("a", &[1]).next_u64(), seed.stream("b", &[1]).next_u64());
    }

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", Seed::new([9; 32])), "Seed(secret)");
    }
}
