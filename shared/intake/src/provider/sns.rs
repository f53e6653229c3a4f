//! Amazon SNS as the carrier of SES's events (webhooks.md §1): envelopes, their RSA signature, subscriptions.

use preheat_core::event::{Reporter, Signature};
use serde_json::{Map, Value};

use super::{AHEAD_S, Certificates, Visit, accepted, eventbridge, origin, ses};
use crate::draft::Batch;
use crate::endpoint::Ages;
use crate::outcome::{self, Outcome, Reason, Refusal};
use crate::seal::Rsa;
use crate::{aside, certificate, field, json, salvage, seal, time};

/// How old a signed message may be, in seconds: the longest retry policy. The vendor gives no tolerance.
const AGE_MAX_S: i64 = 3_600;
/// What SES sends once after a subscription, as plain text.
const VALIDATION: &str = "Successfully validated SNS topic for Amazon SES event publishing.";
const SES: Reporter = Reporter::Ses;
/// The members of an envelope that mean anything here.
const MEMBERS: [&str; 12] = [
    "Type",
    "MessageId",
    "TopicArn",
    "Subject",
    "Message",
    "Timestamp",
    "SignatureVersion",
    "Signature",
    "SigningCertURL",
    "SigningCertUrl",
    "SubscribeURL",
    "Token",
];

/// Why the way through an envelope ends early.
enum Stop {
    Refused(Refusal),
    Certificate(String),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// An envelope over HTTPS: verified, then opened.
pub(super) fn receive(visit: &Visit<'_>, certificates: Certificates<'_>) -> Outcome {
    // With basic auth in the URL, SNS sends its credentials only after it was asked for them.
    if let Err(refusal) = visit.shown() {
        return outcome::refused(SES, refusal);
    }
    let Some(envelope) = envelope_of(visit.body) else { return outcome::refused(SES, Refusal::Missing) };
    match verify(visit, &envelope, certificates) {
        Ok(()) => open(visit, &envelope, Signature::Verified),
        Err(Stop::Certificate(url)) => Outcome::Certificate { url },
        Err(Stop::Refused(refusal)) => outcome::refused(SES, refusal),
    }
}

/// A body whose way is trusted: an SNS envelope in either spelling, an EventBridge event, or SES's own JSON.
pub(super) fn trusted(visit: &Visit<'_>) -> Outcome {
    let body = match salvage::value(visit.body) {
        Ok(body) => body,
        Err(reason) => return outcome::unreadable(SES, reason),
    };
    if is_envelope(&body) {
        // Invoked by IAM, but by which topic is still for the endpoint to say.
        return match listed(visit, &body) {
            Ok(()) => open(visit, &body, Signature::None),
            Err(refusal) => outcome::refused(SES, refusal),
        };
    }
    if eventbridge::is_envelope(&body) {
        return match eventbridge::events(&body, &visit.endpoint.sources) {
            Ok(drafts) => taken(visit, Ok(drafts), body, Signature::None),
            Err(eventbridge::Refused::Source) => outcome::refused(SES, Refusal::Source),
            Err(eventbridge::Refused::Reason(reason)) => taken(visit, Err(reason), body, Signature::None),
        };
    }
    let context = ses::Context { delivery_id: None, fallback_time: None };
    taken(visit, ses::events(&body, &context), body, Signature::None)
}

/// An envelope's own members, all of them texts: whatever else a stranger has put into the body is not even read.
fn envelope_of(body: &[u8]) -> Option<Value> {
    let mut envelope = Map::new();
    for (name, value) in salvage::members(body) {
        let Some(name) = MEMBERS.iter().find(|known| known.as_bytes() == name) else { continue };
        let value = match value {
            b"null" => Value::Null,
            [b'"', ..] => json::one(value).ok()?,
            _ => return None,
        };
        envelope.insert((*name).to_owned(), value);
    }
    Some(Value::Object(envelope))
}

fn is_envelope(body: &Value) -> bool {
    body.get("Type").is_some() && (body.get("TopicArn").is_some() || body.get("Message").is_some())
}

/// Whether the endpoint knows the topic. Trusted ways need no list.
fn listed(visit: &Visit<'_>, envelope: &Value) -> Result<(), Refusal> {
    let topic = field::text(envelope, "/TopicArn").unwrap_or_default();
    let allowed = eventbridge::allows(&visit.endpoint.sources, |source| source.contains(":sns:"), |one| *one == *topic);
    if allowed { Ok(()) } else { Err(Refusal::Source) }
}

/// Opens an envelope that is trusted by now.
fn open(visit: &Visit<'_>, envelope: &Value, signature: Signature) -> Outcome {
    let kind = field::text(envelope, "/Type").unwrap_or_default();
    let message = envelope.get("Message").and_then(Value::as_str).unwrap_or_default();
    match &*kind {
        "SubscriptionConfirmation" => confirm(envelope),
        "Notification" if message.trim() != VALIDATION => {
            let context = ses::Context {
                delivery_id: field::owned(envelope, &["/MessageId"]),
                fallback_time: time::at(envelope, &["/Timestamp"]).ok().flatten(),
            };
            let inner = salvage::value(message.as_bytes());
            let read = match &inner {
                Ok(inner) => ses::events(inner, &context),
                // The topic carries other things than SES's events too: kept as such.
                Err(_) => Ok(vec![ses::foreign(&context, envelope)]),
            };
            taken(visit, read, inner.unwrap_or(Value::Null), signature)
        }
        // UnsubscribeConfirmation, and what comes once after a subscription: nothing to do.
        "Notification" | "UnsubscribeConfirmation" => {
            accepted(Batch::new(origin(visit.endpoint, visit.body, visit.now, signature, false)), false)
        }
        _ => outcome::unreadable(SES, Reason::Shape("an unknown `Type` of SNS message")),
    }
}

fn confirm(envelope: &Value) -> Outcome {
    let field = |pointer: &str| field::owned(envelope, &[pointer]).unwrap_or_default();
    let subscribe_url = field("/SubscribeURL");
    if !is_aws_url(&subscribe_url, field("/TopicArn").split(':').nth(3)) {
        return outcome::refused(SES, Refusal::Url);
    }
    Outcome::Confirm { subscribe_url, topic: field("/TopicArn"), token: field("/Token") }
}

fn taken(
    visit: &Visit<'_>,
    read: Result<Vec<crate::draft::Draft>, Reason>,
    element: Value,
    signature: Signature,
) -> Outcome {
    let mut batch = Batch::new(origin(visit.endpoint, visit.body, visit.now, signature, false));
    match batch.take(0, read, || aside::of_element(element)) {
        Ok(()) => accepted(batch, false),
        Err(reason) => outcome::unreadable(SES, reason),
    }
}

fn verify(visit: &Visit<'_>, envelope: &Value, certificates: Certificates<'_>) -> Result<(), Stop> {
    let text = |name: &str| envelope.get(name).and_then(Value::as_str);
    let topic = text("TopicArn").ok_or(Refusal::Missing)?;
    let signature = text("Signature").ok_or(Refusal::Missing)?;
    let url = text("SigningCertURL").or_else(|| text("SigningCertUrl")).ok_or(Refusal::Missing)?;
    if !visit.endpoint.sources.iter().any(|listed| listed == topic) {
        return Err(Refusal::Source.into());
    }
    if !(is_aws_url(url, topic.split(':').nth(3)) && path_of(url).ends_with(".pem")) {
        return Err(Refusal::Url.into());
    }
    let hash = match text("SignatureVersion") {
        Some("1") if !visit.endpoint.refuse_sns_v1 => Rsa::Sha1,
        Some("2") => Rsa::Sha256,
        _ => return Err(Refusal::Version.into()),
    };
    let sent_at = time::at(envelope, &["/Timestamp"]).ok().flatten().map(jiff::Timestamp::as_second);
    visit.fresh(sent_at, AGE_MAX_S, AHEAD_S)?;
    let signed = signed_text(envelope).ok_or(Refusal::Missing)?;
    let signature = seal::base64(signature).ok_or(Refusal::Mismatch)?;
    let pem = certificates(url).ok_or_else(|| Stop::Certificate(url.to_owned()))?;
    let valid_at = (visit.endpoint.ages == Ages::Checked).then_some(visit.now);
    let key = certificate::public_key(&pem, valid_at)?;
    Ok(seal::rsa(hash, &key, signed.as_bytes(), &signature)?)
}

/// The text that is signed: `key\nvalue\n` in this order, absent and null ones left out.
fn signed_text(envelope: &Value) -> Option<String> {
    let keys: &[&str] = match envelope.get("Type")?.as_str()? {
        "Notification" => &["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"],
        "SubscriptionConfirmation" | "UnsubscribeConfirmation" => {
            &["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
        }
        _ => return None,
    };
    let mut signed = String::new();
    for key in keys {
        match envelope.get(*key) {
            None | Some(Value::Null) => {}
            Some(value) => {
                for part in [key, "\n", value.as_str()?, "\n"] {
                    signed.push_str(part);
                }
            }
        }
    }
    Some(signed)
}

/// Whether a URL is https on `sns.<region>.amazonaws.com` (or `.cn`), without userinfo, on port 443, in the topic's region.
fn is_aws_url(url: &str, region: Option<&str>) -> bool {
    let Some(rest) = url.strip_prefix("https://") else { return false };
    if url.chars().any(|c| c.is_whitespace() || c.is_control() || c == '\\' || !c.is_ascii()) {
        return false;
    }
    let authority = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
    let host = authority.strip_suffix(":443").unwrap_or(authority);
    let Some(middle) = host.strip_prefix("sns.") else { return false };
    let of_aws = middle.strip_suffix(".amazonaws.com").or_else(|| middle.strip_suffix(".amazonaws.com.cn"));
    let Some(of_host) = of_aws else { return false };
    of_host.len() >= 3
        && of_host.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && region.is_some_and(|region| region == of_host)
}

fn path_of(url: &str) -> &str {
    let rest = url.strip_prefix("https://").unwrap_or(url);
    let path = rest.find('/').map_or("", |at| &rest[at..]);
    &path[..path.find(['?', '#']).unwrap_or(path.len())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_awss_own_host_may_be_asked() {
        let region = Some("us-west-2");
        for good in [
            "https://sns.us-west-2.amazonaws.com/SimpleNotificationService-7506.pem",
            "https://sns.us-west-2.amazonaws.com:443/x.pem",
            "https://sns.us-west-2.amazonaws.com/?Action=ConfirmSubscription&TopicArn=arn:aws:sns",
        ] {
            assert!(is_aws_url(good, region), "{good}");
        }
        assert!(is_aws_url("https://sns.cn-north-1.amazonaws.com.cn/x.pem", Some("cn-north-1")));
        for bad in [
            "http://sns.us-west-2.amazonaws.com/x.pem",
            "https://sns.us-west-2.amazonaws.com.evil.example/x.pem",
            "https://sns.us-west-2.amazonaws.com@evil.example/x.pem",
            "https://user@sns.us-west-2.amazonaws.com/x.pem",
            "https://sns.us-west-2.amazonaws.com:8443/x.pem",
            "https://evil.example/sns.us-west-2.amazonaws.com/x.pem",
            "https://sns.us-west-2.amazonaws.com\\@evil.example/x.pem",
            "https://evil.example#sns.us-west-2.amazonaws.com",
            "https://sns.eu-west-1.amazonaws.com/x.pem",
            "https://sns.us-west-2.s3.amazonaws.com/x.pem",
            "https://sns.amazonaws.com/x.pem",
            "",
        ] {
            assert!(!is_aws_url(bad, region), "{bad}");
        }
        assert_eq!(path_of("https://sns.us-west-2.amazonaws.com/x?y=.pem"), "/x");
    }

    #[test]
    fn what_is_signed_is_in_order_and_without_nulls() {
        let envelope = serde_json::json!({"Type": "Notification", "MessageId": "m", "TopicArn": "t", "Subject": null,
            "Message": "hi\n", "Timestamp": "now", "Extra": 1});
        let text = "Message\nhi\n\nMessageId\nm\nTimestamp\nnow\nTopicArn\nt\nType\nNotification\n";
        assert_eq!(signed_text(&envelope).as_deref(), Some(text));
    }
}
