//! The signatures' arithmetic, over raw bytes. Comparisons take the same time whatever differs.

use aws_lc_rs::{digest, hmac, signature};
use base64::Engine as _;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use base64::engine::{DecodePaddingMode, general_purpose::STANDARD};
use md5::{Digest as _, Md5};
use subtle::ConstantTimeEq as _;

use crate::outcome::Refusal;

/// Base 64 as consoles and senders write it: with padding or without.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Decodes base 64; line breaks and blanks inside are left out (MIME folding, PEM bodies).
pub(crate) fn base64(text: &str) -> Option<Vec<u8>> {
    if text.bytes().any(|byte| byte.is_ascii_whitespace()) {
        let dense: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
        return LENIENT.decode(dense).ok();
    }
    LENIENT.decode(text).ok()
}

/// Whether two secrets are the same. Their length may show.
pub(crate) fn same(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}

/// HMAC-SHA256.
pub(crate) fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> hmac::Tag {
    mac(hmac::HMAC_SHA256, key, parts)
}

/// HMAC-SHA1, which Mandrill still signs with.
pub(crate) fn hmac_sha1(key: &[u8], parts: &[&[u8]]) -> hmac::Tag {
    mac(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key, parts)
}

fn mac(algorithm: hmac::Algorithm, key: &[u8], parts: &[&[u8]]) -> hmac::Tag {
    let key = hmac::Key::new(algorithm, key);
    let mut context = hmac::Context::with_key(&key);
    for part in parts {
        context.update(part);
    }
    context.sign()
}

/// MD5 in lower-case hex, which Unisender signs with.
pub(crate) fn md5_hex(parts: &[&[u8]]) -> String {
    let mut hash = Md5::new();
    for part in parts {
        hash.update(part);
    }
    hex(&hash.finalize())
}

/// SHA-256.
pub(crate) fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(part);
    }
    let mut out = [0; 32];
    out.copy_from_slice(context.finish().as_ref());
    out
}

/// Lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes.iter().flat_map(|byte| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
    digits.map(char::from).collect()
}

/// Base 64 with padding.
pub(crate) fn to_base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Which hash an RSA signature is over.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Rsa {
    /// SNS version 1, Postal's first header.
    Sha1,
    /// SNS version 2, Postal's second header.
    Sha256,
}

/// RSA PKCS#1 v1.5 under a public key in SPKI or PKCS#1 form. Keys from 1024 bits: Postal servers still have such.
pub(crate) fn rsa(hash: Rsa, public_key: &[u8], message: &[u8], signed: &[u8]) -> Result<(), Refusal> {
    let parameters = match hash {
        Rsa::Sha1 => &signature::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY,
        Rsa::Sha256 => &signature::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
    };
    let key = signature::ParsedPublicKey::new(parameters, public_key).map_err(|_| Refusal::BadKey)?;
    key.verify_sig(message, signed).map_err(|_| Refusal::Mismatch)
}

/// ECDSA on P-256 with SHA-256, a DER signature under an SPKI public key.
pub(crate) fn ecdsa_p256(public_key: &[u8], message: &[u8], signed: &[u8]) -> Result<(), Refusal> {
    let algorithm = &signature::ECDSA_P256_SHA256_ASN1;
    let key = signature::ParsedPublicKey::new(algorithm, public_key).map_err(|_| Refusal::BadKey)?;
    key.verify_sig(message, signed).map_err(|_| Refusal::Mismatch)
}

/// A public key as consoles show it: PEM, or base 64 of its DER, folded or not.
pub(crate) fn public_key(text: &str) -> Result<Vec<u8>, Refusal> {
    let body: String = text.lines().filter(|line| !line.trim_start().starts_with("-----")).collect();
    let der = base64(&body).ok_or(Refusal::BadKey)?;
    if der.is_empty() { Err(Refusal::BadKey) } else { Ok(der) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn macs_are_those_of_the_rfcs() {
        // RFC 4231 test case 2, RFC 2202 test case 2, RFC 1321 A.5.
        let text = [&b"what do ya "[..], b"want for nothing?"];
        assert_eq!(
            hex(hmac_sha256(b"Jefe", &text).as_ref()),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        assert_eq!(hex(hmac_sha1(b"Jefe", &text).as_ref()), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
        assert_eq!(md5_hex(&[b"abc"]), "900150983cd24fb0d6963f7d28e17f72");
    }

    #[test]
    fn base64_is_read_folded_and_unpadded() {
        assert_eq!(base64("YWJj\r\nZA"), Some(b"abcd".to_vec()));
        assert_eq!(base64("YWJjZA=="), Some(b"abcd".to_vec()));
        assert_eq!(base64("YWJj*"), None);
        assert_eq!(public_key("-----BEGIN PUBLIC KEY-----\nYWJj\n-----END PUBLIC KEY-----\n"), Ok(b"abc".to_vec()));
    }
}
