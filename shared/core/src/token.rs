//! Tokens: how a mail shows that it is one of ours, and which send it is.
//!
//! A token is a synthetic-IV construction over the slot id with HMAC-SHA256 alone: a tag over slot and pool, and the
//! slot masked under that tag. So it is the same over every retry, cannot be forged, tells its slot to whoever holds
//! the key without a look-up, and shows nothing to anybody else. It stands in the Message-ID and in one more header,
//! because some providers rewrite Message-IDs (domain.md §6). May not be shown together with its key.

use std::fmt;

use hmac::{Hmac, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::id::{MailboxId, PoolId, SlotId, date_of, day_number};

/// Bytes of the tag: 128 bits, so that guessing one is out of reach.
const TAG: usize = 16;
/// Bytes of a slot: mailbox 4, day 2, k 2.
const SLOT: usize = 8;
/// Characters of a token: the key's one and 24 bytes in base 32.
pub const TOKEN_CHARS: usize = 40;
/// RFC 4648 base 32 in lower case: safe in a Message-ID, and readers that fold case do no harm.
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// The keys that tokens are made with: one current, and those before it for as long as their mails may be about.
/// `Debug` shows their names only.
#[derive(Clone)]
pub struct TokenKeys {
    /// The current one first.
    keys: Vec<TokenKey>,
}

/// One key: its name, and the two that derive from it.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
struct TokenKey {
    name: char,
    tag: [u8; 32],
    mask: [u8; 32],
}

impl TokenKey {
    fn new(name: char, key: &[u8; 32]) -> Self {
        Self {
            name: name.to_ascii_lowercase(),
            tag: mac(key, &[b"preheat token tag"]),
            mask: mac(key, &[b"preheat token mask"]),
        }
    }
    fn tag(&self, pool: &PoolId, slot: &[u8; SLOT]) -> [u8; TAG] {
        let full = mac(&self.tag, &[slot, pool.as_str().as_bytes()]);
        std::array::from_fn(|i| full[i])
    }
    /// Masks and unmasks.
    fn masked(&self, tag: &[u8; TAG], slot: [u8; SLOT]) -> [u8; SLOT] {
        let mask = mac(&self.mask, &[tag]);
        std::array::from_fn(|i| slot[i] ^ mask[i])
    }
}

impl TokenKeys {
    /// The keys by name. A name is one ASCII letter or digit, case does not count; of two keys with one name the
    /// first holds, the current one before the older ones.
    #[must_use]
    pub fn new(current: (char, [u8; 32]), older: Vec<(char, [u8; 32])>) -> Self {
        let keys = std::iter::once(current).chain(older).map(|(name, mut key)| {
            debug_assert!(name.is_ascii_alphanumeric(), "a key's name stands in a Message-ID");
            let derived = TokenKey::new(name, &key);
            key.zeroize();
            derived
        });
        Self { keys: keys.collect() }
    }

    /// The token of a slot: 40 characters of `a-z0-9`, always the same under one key.
    #[must_use]
    pub fn token(&self, pool: &PoolId, slot: SlotId) -> String {
        let mut text = String::with_capacity(TOKEN_CHARS);
        // There is always a current key: `new` takes one.
        let Some(key) = self.keys.first() else { return text };
        let bytes = slot_bytes(slot);
        let tag = key.tag(pool, &bytes);
        let masked = key.masked(&tag, bytes);
        text.push(key.name);
        encode(tag.iter().chain(&masked).copied(), &mut text);
        text
    }

    /// The Message-ID of a slot, without angle brackets: the token, `@`, the sender's domain.
    #[must_use]
    pub fn message_id(&self, pool: &PoolId, slot: SlotId, domain: &str) -> String {
        format!("{}@{domain}", self.token(pool, slot))
    }

    /// The slot that a token speaks of, if one of these keys made it for this pool. Takes a bare token, or a
    /// Message-ID with or without angle brackets; the part behind `@` is not looked at, as it is not ours to trust.
    /// `None`: foreign, of another pool, or altered. The tag is compared in constant time.
    #[must_use]
    pub fn verify(&self, pool: &PoolId, token_or_message_id: &str) -> Option<SlotId> {
        let bare = token_or_message_id.trim().trim_start_matches('<');
        let token = bare.split(['@', '>']).next()?;
        if token.len() != TOKEN_CHARS || !token.is_ascii() {
            return None;
        }
        let name = char::from(token.as_bytes()[0].to_ascii_lowercase());
        let key = self.keys.iter().find(|key| key.name == name)?;
        let bytes = decode(&token.as_bytes()[1..])?;
        let tag: [u8; TAG] = std::array::from_fn(|i| bytes[i]);
        let slot = key.masked(&tag, std::array::from_fn(|i| bytes[TAG + i]));
        bool::from(key.tag(pool, &slot).ct_eq(&tag)).then(|| slot_of(slot))
    }
}

impl fmt::Debug for TokenKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: String = self.keys.iter().map(|key| key.name).collect();
        f.debug_struct("TokenKeys").field("names", &names).finish_non_exhaustive()
    }
}

/// HMAC-SHA256 over each part's length and bytes.
fn mac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    // HMAC takes a key of any length (RFC 2104 §2): the fallback is never reached.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return [0; 32] };
    for part in parts {
        mac.update(&(part.len() as u64).to_le_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

fn slot_bytes(slot: SlotId) -> [u8; SLOT] {
    let [a, b, c, d] = slot.mailbox.0.to_be_bytes();
    let [e, f] = day_number(slot.date).to_be_bytes();
    let [g, h] = slot.k.to_be_bytes();
    [a, b, c, d, e, f, g, h]
}

fn slot_of([a, b, c, d, e, f, g, h]: [u8; SLOT]) -> SlotId {
    SlotId {
        mailbox: MailboxId(u32::from_be_bytes([a, b, c, d])),
        date: date_of(u16::from_be_bytes([e, f])),
        k: u16::from_be_bytes([g, h]),
    }
}

/// Base 32 without padding; the last character's spare bits are zero.
fn encode(bytes: impl Iterator<Item = u8>, text: &mut String) {
    let (mut buffer, mut bits) = (0_u32, 0);
    for byte in bytes {
        buffer = (buffer << 8) | u32::from(byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(char::from(ALPHABET[(buffer >> bits & 31) as usize]));
        }
    }
    if bits > 0 {
        text.push(char::from(ALPHABET[(buffer << (5 - bits) & 31) as usize]));
    }
}

/// The 24 bytes of 39 characters; `None` for a character outside the alphabet or spare bits that are not zero, so
/// that no two tokens mean the same slot.
fn decode(text: &[u8]) -> Option<[u8; TAG + SLOT]> {
    let mut bytes = [0; TAG + SLOT];
    let (mut buffer, mut bits, mut at) = (0_u32, 0, 0);
    for &character in text {
        let value = match character.to_ascii_lowercase() {
            letter @ b'a'..=b'z' => letter - b'a',
            digit @ b'2'..=b'7' => digit - b'2' + 26,
            _ => return None,
        };
        buffer = (buffer << 5) | u32::from(value);
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            *bytes.get_mut(at)? = (buffer >> bits & 0xff) as u8;
            at += 1;
        }
    }
    (at == bytes.len() && buffer & ((1 << bits) - 1) == 0).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn keys() -> TokenKeys {
        TokenKeys::new(('b', [2; 32]), vec![('a', [1; 32])])
    }
    fn pool(name: &str) -> PoolId {
        name.parse().unwrap()
    }
    fn slot(mailbox: u32, day: u16, k: u16) -> SlotId {
        SlotId { mailbox: MailboxId(mailbox), date: date_of(day), k }
    }

    proptest! {
        #[test]
        fn a_token_tells_its_slot_and_is_a_dot_atom(mailbox: u32, day in 0..40_000_u16, k: u16) {
            let keys = keys();
            let slot = slot(mailbox, day, k);
            let token = keys.token(&pool("acme"), slot);
            prop_assert_eq!(token.len(), TOKEN_CHARS);
            prop_assert!(token.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()));
            prop_assert_eq!(&token, &keys.token(&pool("acme"), slot));
            prop_assert_eq!(keys.verify(&pool("acme"), &token), Some(slot));
            let id = keys.message_id(&pool("acme"), slot, "mail.example.com");
            prop_assert_eq!(keys.verify(&pool("acme"), &id), Some(slot));
            prop_assert_eq!(keys.verify(&pool("acme"), &format!(" <{}>\r\n", id.to_uppercase())), Some(slot));
        }

        #[test]
        fn any_change_of_any_character_is_noticed(mailbox: u32, day in 0..9000_u16, at in 1..TOKEN_CHARS, to in 0..32_usize) {
            let keys = keys();
            let token = keys.token(&pool("acme"), slot(mailbox, day, 3));
            let mut altered = token.clone().into_bytes();
            altered[at] = ALPHABET[to];
            let altered = String::from_utf8(altered).unwrap();
            prop_assume!(altered != token);
            prop_assert_eq!(keys.verify(&pool("acme"), &altered), None);
        }

        #[test]
        fn foreign_text_is_never_ours(text in "\\PC{0,60}") {
            prop_assert_eq!(keys().verify(&pool("acme"), &text), None);
        }
    }

    #[test]
    fn another_pool_or_key_does_not_verify() {
        let token = keys().token(&pool("acme"), slot(7, 2000, 3));
        assert_eq!(keys().verify(&pool("acme2"), &token), None);
        let other = TokenKeys::new(('b', [9; 32]), vec![]);
        assert_eq!(other.verify(&pool("acme"), &token), None);
    }

    #[test]
    fn rotation_keeps_what_is_about() {
        let before = TokenKeys::new(('a', [1; 32]), vec![]);
        let token = before.token(&pool("acme"), slot(7, 2000, 3));
        assert_eq!(keys().verify(&pool("acme"), &token), Some(slot(7, 2000, 3)));
        assert_ne!(keys().token(&pool("acme"), slot(7, 2000, 3)), token);
        let after = TokenKeys::new(('c', [3; 32]), vec![('b', [2; 32])]);
        assert_eq!(after.verify(&pool("acme"), &token), None);
    }

    #[test]
    fn neighbours_share_nothing_visible() {
        let keys = keys();
        let a = keys.token(&pool("acme"), slot(7, 2000, 3));
        let b = keys.token(&pool("acme"), slot(7, 2000, 4));
        let same = a.bytes().zip(b.bytes()).skip(1).filter(|(x, y)| x == y).count();
        // 39 characters of 32 values agree by chance in 1.2 places.
        assert!(same <= 8, "{a} {b}");
    }

    #[test]
    fn a_token_never_changes_between_versions() {
        assert_eq!(keys().token(&pool("acme"), slot(7, 2000, 3)), "bmolexuh4odpe76snjhj6ae6p6vpjzr45uv642gq");
    }

    #[test]
    fn debug_shows_names_only() {
        assert_eq!(format!("{:?}", keys()), "TokenKeys { names: \"ba\", .. }");
    }
}
