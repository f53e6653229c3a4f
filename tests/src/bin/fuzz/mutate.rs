//! From one input to the next.

use rand_chacha::ChaCha8Rng;
use rand_core::RngCore as _;

/// Inputs do not grow beyond this, so that a second is many inputs.
const BYTES_MAX: usize = 16 * 1024;
/// But for those that are grown on purpose: what a request may hold at most, which is where memory would be amplified.
const GROWN_BYTES: usize = 2 << 20;

/// What parsers of JSON, forms, CSV, headers and SMTP replies stumble over.
const WORDS: &[&str] = &[
    "null",
    "true",
    "-0",
    "1e999",
    "18446744073709551616",
    "-9223372036854775809",
    "\"\"",
    "[]",
    "{}",
    "\\u0000",
    "\\ud800",
    "\u{feff}",
    "\r\n",
    "\n",
    "\0",
    "%00",
    "%",
    "&",
    "=",
    ";",
    "<",
    ">",
    "@",
    "\"",
    ",",
    "::",
    "2026-02-30T25:61:61Z",
    "9999-12-31 23:59:59+2359",
    "550 5.1.1 ",
    "smtp;",
    "type,",
    "\"event\":",
    "\"type\":",
    "\"timestamp\":",
    "multipart/report; boundary=",
    "Content-Type: message/delivery-status\r\n\r\n",
    "Final-Recipient: rfc822;",
    "=?utf-8?q?",
    "[[[[[[[[[[[[[[[[",
    "{\"a\":{\"a\":{\"a\":",
];

/// Chance, as the mutations take it.
pub(crate) struct Chance(pub(crate) ChaCha8Rng);

impl Chance {
    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound.max(1)).unwrap_or(u64::MAX);
        usize::try_from(self.0.next_u64() % bound).unwrap_or(0)
    }
}

/// A neighbour of `input`: one to eight small changes, some of them pieces of `other`.
pub(crate) fn mutated(input: &[u8], other: &[u8], chance: &mut Chance) -> Vec<u8> {
    let mut bytes = input.to_vec();
    for _ in 0..=chance.below(8) {
        change(&mut bytes, other, chance);
    }
    bytes.truncate(BYTES_MAX);
    bytes
}

/// `input`, with a piece of it repeated until it is as large as the largest request.
pub(crate) fn grown(input: &[u8], chance: &mut Chance) -> Vec<u8> {
    let at = chance.below(input.len());
    let piece = &input[at..(at + 1 + chance.below(200)).min(input.len())];
    if piece.is_empty() {
        return Vec::new();
    }
    let room = GROWN_BYTES.saturating_sub(input.len());
    let mut bytes = input[..at].to_vec();
    bytes.extend(piece.iter().cycle().take(room));
    bytes.extend_from_slice(&input[at..]);
    bytes
}

fn change(bytes: &mut Vec<u8>, other: &[u8], chance: &mut Chance) {
    let at = chance.below(bytes.len() + 1);
    let until = (at + chance.below(24)).min(bytes.len());
    match chance.below(9) {
        0 if at < bytes.len() => bytes[at] ^= 1 << chance.below(8),
        1 if at < bytes.len() => bytes[at] = [0, b'"', b'\\', b'{', b'[', 0x7f, 0xff, b'9'][chance.below(8)],
        2 => drop(bytes.drain(at..until)),
        3 => {
            let piece: Vec<u8> = bytes[at..until].to_vec();
            let times = 1 + chance.below(64);
            bytes.splice(at..at, piece.repeat(times));
        }
        4 => drop(bytes.splice(at..at, WORDS[chance.below(WORDS.len())].bytes())),
        5 => drop(bytes.splice(at..until, WORDS[chance.below(WORDS.len())].bytes())),
        6 => {
            let from = chance.below(other.len() + 1);
            let piece = &other[from..(from + chance.below(200)).min(other.len())];
            bytes.splice(at..until, piece.iter().copied());
        }
        7 => bytes.truncate(at),
        _ => {
            // The value behind a colon, in the way of a JSON document.
            if let Some(colon) = bytes[at.min(bytes.len())..].iter().position(|&byte| byte == b':') {
                let start = at + colon + 1;
                let end = bytes[start..]
                    .iter()
                    .position(|&byte| matches!(byte, b',' | b'}' | b']'))
                    .map_or(bytes.len(), |k| start + k);
                bytes.splice(start..end, WORDS[chance.below(13)].bytes());
            }
        }
    }
}
