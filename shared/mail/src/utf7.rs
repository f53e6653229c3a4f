//! Modified UTF-7, the form of folder names on the wire (RFC 3501 §5.1.3).

use base64::Engine as _;
use base64::alphabet::Alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Base64 with `,` for `/`, without padding.
fn engine() -> Option<GeneralPurpose> {
    let alphabet = Alphabet::new("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,").ok()?;
    let config = GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone)
        .with_decode_allow_trailing_bits(true);
    Some(GeneralPurpose::new(&alphabet, config))
}

/// A name as it goes over the wire.
pub(crate) fn encode(name: &str) -> String {
    let mut wire = String::new();
    let mut shifted = String::new();
    for c in name.chars() {
        if (' '..='~').contains(&c) {
            shift(&mut shifted, &mut wire);
            wire.push(c);
            if c == '&' {
                wire.push('-');
            }
        } else {
            shifted.push(c);
        }
    }
    shift(&mut shifted, &mut wire);
    wire
}

fn shift(text: &mut String, wire: &mut String) {
    let Some(engine) = engine().filter(|_| !text.is_empty()) else { return };
    let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    wire.push('&');
    wire.push_str(&engine.encode(utf16));
    wire.push('-');
    text.clear();
}

/// A name as people read it. What is not valid stays as it is: some servers send plain UTF-8 or a lone `&`.
pub(crate) fn decode(wire: &str) -> String {
    let mut name = String::new();
    let mut rest = wire;
    while let Some((before, shifted)) = rest.split_once('&') {
        name.push_str(before);
        let Some((code, after)) = shifted.split_once('-') else {
            name.push('&');
            name.push_str(shifted);
            return name;
        };
        match decode_shifted(code) {
            Some(text) => name.push_str(&text),
            None => {
                name.push('&');
                name.push_str(code);
                name.push('-');
            }
        }
        rest = after;
    }
    name.push_str(rest);
    name
}

fn decode_shifted(code: &str) -> Option<String> {
    if code.is_empty() {
        return Some("&".to_owned());
    }
    let bytes = engine()?.decode(code).ok()?;
    if bytes.len() % 2 != 0 {
        return None;
    }
    let units = bytes.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
    char::decode_utf16(units).collect::<Result<String, _>>().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_of_rfc_3501_and_of_real_servers() {
        for (name, wire) in [
            ("~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"),
            ("Entwürfe", "Entw&APw-rfe"),
            ("Tom & Jerry", "Tom &- Jerry"),
            ("Отправленные", "&BB4EQgQ,BEAEMAQyBDsENQQ9BD0ESwQ1-"),
            ("😀", "&2D3eAA-"),
        ] {
            assert_eq!(encode(name), wire);
            assert_eq!(decode(wire), name);
        }
    }

    #[test]
    fn what_is_not_valid_stays_as_it_is() {
        for odd in ["a & b", "&", "&!!!-x", "Entwürfe", "&AA-"] {
            assert_eq!(decode(odd), odd);
        }
    }

    proptest! {
        #[test]
        fn encoding_is_ascii_and_turns_back(name in "\\PC{0,40}") {
            let wire = encode(&name);
            prop_assert!(wire.is_ascii());
            prop_assert_eq!(decode(&wire), name);
        }
    }
}
