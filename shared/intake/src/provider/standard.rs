//! Any sender that follows the Standard Webhooks specification, and Svix, which it came from (webhooks.md §7): HMAC-SHA256 over
//! id, timestamp and raw body.

use preheat_core::event::{Kind, Signature};
use serde_json::Value;

use super::{Adapter, Reading, Visit, resend};
use crate::draft::{Batch, Draft};
use crate::key::Key;
use crate::outcome::{Reason, Refusal};
use crate::request::Headers;
use crate::{aside, field, salvage, seal, time};

pub(super) const ADAPTER: Adapter = Adapter { verify, read, signs_time: true };

/// How far the signed time may be from ours, either way, in seconds. The official libraries say the same.
const TOLERANCE_S: i64 = 300;
/// The most signatures of a header that are looked at: a rotation has two.
const SIGNATURES_MAX: usize = 16;

pub(super) fn verify(visit: &Visit<'_>) -> Result<Signature, Refusal> {
    visit.signed(|secret| {
        let id = id(visit.headers).ok_or(Refusal::Missing)?;
        let timestamp = header(visit.headers, "timestamp").ok_or(Refusal::Missing)?;
        let signatures = header(visit.headers, "signature").ok_or(Refusal::Missing)?;
        let signed_at_s: i64 = timestamp.parse().map_err(|_| Refusal::Mismatch)?;
        visit.fresh(Some(signed_at_s), TOLERANCE_S, TOLERANCE_S)?;
        let encoded = secret.trim();
        let key = seal::base64(encoded.strip_prefix("whsec_").unwrap_or(encoded)).ok_or(Refusal::BadKey)?;
        if key.is_empty() {
            return Err(Refusal::BadKey);
        }
        let parts = [id.as_bytes(), b".", timestamp.as_bytes(), b".", visit.body];
        let wanted = seal::to_base64(seal::hmac_sha256(&key, &parts).as_ref());
        let mut matched = false;
        for one in signatures.split(' ').take(SIGNATURES_MAX) {
            // Versions other than v1 (v1a is ed25519) are skipped.
            matched |= one.strip_prefix("v1,").is_some_and(|given| seal::same(given.as_bytes(), wanted.as_bytes()));
        }
        if matched { Ok(()) } else { Err(Refusal::Mismatch) }
    })
}

/// The three headers have either prefix.
fn header<'a>(headers: &Headers<'a>, name: &str) -> Option<&'a str> {
    ["webhook-", "svix-"]
        .iter()
        .find_map(|prefix| headers.get(&format!("{prefix}{name}")))
        .filter(|text| !text.is_empty())
}

/// The message's id: the same over all retries.
pub(super) fn id<'a>(headers: &Headers<'a>) -> Option<&'a str> {
    header(headers, "id")
}

/// The specification says nothing of the body: what speaks Resend's language is read so, all else is kept.
fn read<'a>(reading: &Reading<'a>) -> Result<Batch<'a>, Reason> {
    let body = salvage::value(reading.body)?;
    let id = id(reading.headers);
    let of_mail = field::text(&body, "/type").is_some_and(|name| name.starts_with("email."));
    let read = if of_mail { resend::event(&body, id) } else { Ok(vec![other(&body, id)]) };
    let mut batch = Batch::new(reading.origin);
    batch.take(0, read, || aside::of_element(body))?;
    Ok(batch)
}

fn other(body: &Value, id: Option<&str>) -> Draft {
    Draft {
        event_id: id.map(str::to_owned),
        // Best effort: the specification recommends a `timestamp`, but does not ask for it.
        occurred_at: time::at(body, &["/timestamp", "/created_at"]).ok().flatten(),
        ..Draft::new(Kind::Other, id.map_or_else(|| Key::derived(&[None], body), Key::given))
    }
}

#[cfg(test)]
mod tests {
    use preheat_core::event::Reporter;

    use super::*;
    use crate::endpoint::{Endpoint, Secret};

    const SECRET: &str = "whsec_dGVzdCBrZXksIG5vdCBhIHNlY3JldA==";

    fn check(
        signed_at_s: i64,
        now_s: i64,
        prefix: &str,
        signature: impl Fn(&str) -> String,
    ) -> Result<Signature, Refusal> {
        let body = b"{\"type\":\"x\"}";
        let at = signed_at_s.to_string();
        let key = b"test key, not a secret";
        let right = seal::to_base64(seal::hmac_sha256(key, &[b"msg_1.", at.as_bytes(), b".", body]).as_ref());
        let signature = signature(&right);
        let names = ["id", "timestamp", "signature"].map(|name| format!("{prefix}{name}"));
        let headers: Headers<'_> =
            names.iter().map(String::as_str).zip(["msg_1", at.as_str(), signature.as_str()]).collect();
        let endpoint =
            Endpoint::new(Reporter::StandardWebhooks, "e1", vec![Secret::key("whsec_b2xk"), Secret::key(SECRET)]);
        let now = jiff::Timestamp::from_second(now_s).unwrap();
        verify(&Visit { endpoint: &endpoint, headers: &headers, body, now })
    }

    #[test]
    fn either_prefix_any_of_the_signatures_either_key() {
        let v1 = |right: &str| format!("v1,{right}");
        assert_eq!(check(1_000, 1_000, "svix-", v1), Ok(Signature::Verified));
        assert_eq!(
            check(1_000, 1_300, "webhook-", |right| format!("v1,AAAA v2,{right} v1,{right}")),
            Ok(Signature::Verified)
        );
        assert_eq!(check(1_000, 1_000, "svix-", |right| format!("v2,{right}")), Err(Refusal::Mismatch));
        assert_eq!(check(1_000, 1_000, "svix-", |_| "v1,".to_owned()), Err(Refusal::Mismatch));
    }

    #[test]
    fn five_minutes_and_no_second_more() {
        let v1 = |right: &str| format!("v1,{right}");
        for (signed_at_s, fresh) in [(700, true), (699, false), (1_300, true), (1_301, false)] {
            assert_eq!(check(signed_at_s, 1_000, "svix-", v1).is_ok(), fresh, "{signed_at_s}");
        }
    }
}
