//! DKIM (RFC 6376): is there a sane key at the selectors that the domain signs with?

use base64::Engine;
use base64::engine::DecodePaddingMode;
use base64::engine::GeneralPurpose;
use base64::engine::general_purpose::PAD;

use super::{Answer, Ask, Check, RecordKind, Subject, Topic, Verdict, pending, tag, tags};

/// Selectors that providers and senders use unless told otherwise, tried where none is given: Google; Microsoft; Zoho; Yahoo;
/// Fastmail; SendGrid; Mailchimp, Mailgun, Postmark; common defaults of mail servers.
pub const KNOWN_SELECTORS: [&str; 20] = [
    "google",
    "selector1",
    "selector2",
    "zoho",
    "zmail",
    "s1024",
    "s2048",
    "fm1",
    "fm2",
    "fm3",
    "s1",
    "s2",
    "k1",
    "k2",
    "k3",
    "mx",
    "pm",
    "default",
    "dkim",
    "mail",
];

/// RSA keys under this are no longer taken (RFC 8301 §3.2), in bits.
const RSA_BITS_MIN: usize = 1_024;
/// RSA keys should have this, in bits.
const RSA_BITS_GOOD: usize = 2_048;

/// What to do where keys are only guessed.
const SELECTOR_ADVICE: &str =
    "name the selector that your provider signs with: --selector NAME (`s=` in the DKIM-Signature of a mail)";

/// The checks of a domain: one a given selector; or one of all known ones.
pub(super) fn check(ask: &mut Ask<'_>, subject: &Subject) -> Vec<Check> {
    let domain = subject.domain.as_str();
    if !subject.selectors.is_empty() {
        return subject.selectors.iter().map(|selector| of_selector(ask, domain, selector, true)).collect();
    }
    let tried: Vec<Check> = KNOWN_SELECTORS.iter().map(|selector| of_selector(ask, domain, selector, false)).collect();
    let mut found: Vec<Check> = tried.iter().filter(|check| check.verdict != Verdict::Unknown).cloned().collect();
    // A forgotten key of a former provider does no harm beside one in use.
    if found.iter().any(|check| check.verdict == Verdict::Passing) {
        found.retain(|check| check.verdict != Verdict::Failing);
        return found;
    }
    if let Some(check) = tried.iter().find(|check| check.advice.is_some() && check.verdict == Verdict::Unknown) {
        // The key in use may be where nobody could look.
        let finding = format!("at {}: {}", check.about, check.finding);
        found.push(Check::new(Topic::Dkim, domain, Verdict::Unknown, finding).advise(SELECTOR_ADVICE));
    } else if found.is_empty() {
        let finding = format!("no key at any of the selectors {}", KNOWN_SELECTORS.join(", "));
        found.push(Check::new(Topic::Dkim, domain, Verdict::Unknown, finding).advise(SELECTOR_ADVICE).optional());
    }
    found
}

/// At a selector that is only tried, the absence of a key is unknown, without advice; a failed look-up has one.
fn of_selector(ask: &mut Ask<'_>, domain: &str, selector: &str, given: bool) -> Check {
    let name = format!("{selector}._domainkey.{domain}");
    let answer = ask.of(RecordKind::Txt, &name);
    let records = match answer.map(Answer::records) {
        None => return pending(Topic::Dkim, name),
        Some(Err(why)) => return Check::unknown(Topic::Dkim, name, why),
        Some(Ok(records)) => records,
    };
    let keys: Vec<&String> = records.iter().filter(|record| looks_like_key(record)).collect();
    match keys[..] {
        [] if given => Check::new(Topic::Dkim, name.clone(), Verdict::Failing, "there is no key")
            .advise(format!("publish the key that your provider shows, as a TXT or CNAME record at {name}")),
        [] => Check::new(Topic::Dkim, name, Verdict::Unknown, "there is no key"),
        [key] => of_key(name, key),
        _ => Check::new(Topic::Dkim, name, Verdict::Failing, format!("there are {} keys under one name", keys.len()))
            .advise("keep the one that is in use: with several the result is open (RFC 6376 §3.6.2.2)"),
    }
}

/// A wildcard may answer every name with some other TXT record.
fn looks_like_key(record: &str) -> bool {
    tags(record).is_some_and(|tags| tag(&tags, "p").is_some())
}

fn of_key(name: String, record: &str) -> Check {
    let tags = tags(record).unwrap_or_default();
    let value = |wanted| tag(&tags, wanted);
    let failing = |finding: String| Check::new(Topic::Dkim, name.clone(), Verdict::Failing, finding);
    if value("v").is_some_and(|version| version != "DKIM1") {
        return failing(format!("its version is {}, not DKIM1", value("v").unwrap_or_default()))
            .advise("publish it with v=DKIM1");
    }
    let key: String = value("p").unwrap_or_default().split_ascii_whitespace().collect();
    if key.is_empty() {
        return failing("the key is revoked (`p=` is empty)".to_owned()).advise("publish a new key, and sign with it");
    }
    // Some publish keys without their padding.
    let lenient = PAD.with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let Ok(key) = GeneralPurpose::new(&base64::alphabet::STANDARD, lenient).decode(&key) else {
        return failing("the key is damaged: it is no base64".to_owned()).advise(
            "copy it again, whole: long keys are split into strings of 255 characters, without anything between them",
        );
    };
    let kind = value("k").unwrap_or("rsa");
    let check = match kind {
        "rsa" => match rsa_bits(&key) {
            None => failing("the key is damaged: it is no RSA key".to_owned()).advise("copy it again, whole"),
            Some(bits) if bits < RSA_BITS_MIN => {
                failing(format!("the RSA key has {bits} bits; under {RSA_BITS_MIN} it is not taken"))
                    .advise(format!("make a key of {RSA_BITS_GOOD} bits"))
            }
            Some(bits) if bits < RSA_BITS_GOOD => {
                Check::new(Topic::Dkim, name, Verdict::Warning, format!("an RSA key of {bits} bits"))
                    .advise(format!("make a key of {RSA_BITS_GOOD} bits"))
            }
            Some(bits) => Check::new(Topic::Dkim, name, Verdict::Passing, format!("an RSA key of {bits} bits")),
        },
        "ed25519" if key.len() == 32 => {
            Check::new(Topic::Dkim, name, Verdict::Warning, "an Ed25519 key; not every receiver reads it")
                .advise("sign with an RSA key of 2048 bits beside it")
        }
        "ed25519" => failing(format!("the Ed25519 key has {} bytes, not 32", key.len())).advise("copy it again, whole"),
        _ => failing(format!("`{kind}` is no kind of key")).advise("publish an RSA key of 2048 bits"),
    };
    let testing = value("t").is_some_and(|flags| flags.split(':').any(|flag| flag.trim() == "y"));
    if testing && check.verdict == Verdict::Passing {
        let finding = format!("{}, in test mode (`t=y`): receivers may ignore it", check.finding);
        return Check { verdict: Verdict::Warning, finding, ..check }.advise("take `t=y` out of the record");
    }
    check
}

/// Bits of the modulus of an RSA public key: a SubjectPublicKeyInfo (RFC 5280 §4.1.2.7), or the bare key (RFC 8017 §A.1.1) that
/// some publish.
fn rsa_bits(der: &[u8]) -> Option<usize> {
    const SEQUENCE: u8 = 0x30;
    const BIT_STRING: u8 = 0x03;
    const INTEGER: u8 = 0x02;
    let (outer, rest) = element(der, SEQUENCE)?;
    if !rest.is_empty() {
        return None;
    }
    let key = match element(outer, SEQUENCE) {
        None => outer,
        Some((_algorithm, rest)) => {
            let (bits, _) = element(rest, BIT_STRING)?;
            let (key, _) = element(bits.strip_prefix(&[0])?, SEQUENCE)?;
            key
        }
    };
    let (modulus, _exponent) = element(key, INTEGER)?;
    let significant = modulus.iter().skip_while(|&&byte| byte == 0).count();
    let first = modulus.get(modulus.len() - significant)?;
    Some(significant * 8 - first.leading_zeros() as usize)
}

/// The content of a DER element with this tag, and what follows it.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&found, rest) = der.split_first()?;
    let (&short, rest) = rest.split_first()?;
    if found != tag {
        return None;
    }
    let (length, rest) = match short {
        0..=0x7f => (usize::from(short), rest),
        0x81..=0x83 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(short & 0x7f))?;
            (bytes.iter().fold(0, |length, &byte| length << 8 | usize::from(byte)), rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}
