//! Postal (webhooks.md §16): one object; RSA over the raw body, with SHA-1, and on newer servers SHA-256 as well.

use preheat_core::event::{Class, Kind, Signature};
use serde_json::Value;

use super::{Adapter, Reading, Visit, ses};
use crate::draft::{Batch, Draft};
use crate::key::Key;
use crate::outcome::{Reason, Refusal};
use crate::reply::Reply;
use crate::seal::{self, Rsa};
use crate::{class, field, time};

pub(super) const ADAPTER: Adapter = Adapter { verify, read, signs_time: false };

/// Where the better signature stands.
pub(super) const SHA256_HEADER: &str = "x-postal-signature-256";

fn verify(visit: &Visit<'_>) -> Result<Signature, Refusal> {
    visit.signed(|key| {
        // The better signature, where it is given, must hold; once a server gave it, its absence is no longer believed.
        let (hash, given) = match visit.headers.get(SHA256_HEADER) {
            Some(given) => (Rsa::Sha256, given),
            None if visit.endpoint.require_sha256 => return Err(Refusal::Version),
            None => (Rsa::Sha1, visit.headers.get("x-postal-signature").ok_or(Refusal::Missing)?),
        };
        let signature = seal::base64(given).ok_or(Refusal::Mismatch)?;
        // The key may come as the DKIM record that it stands in.
        let bare = key.rsplit_once("p=").map_or(key, |(_, rest)| rest.split(';').next().unwrap_or(rest));
        seal::rsa(hash, &seal::public_key(bare)?, visit.body, &signature)
    })
}

fn read<'a>(reading: &Reading<'a>) -> Result<Batch<'a>, Reason> {
    Batch::of_json(reading.body, reading.origin, event)
}

fn event(element: &Value) -> Result<Vec<Draft>, Reason> {
    let name = field::text(element, "/event").ok_or(Reason::Shape("no `event`"))?;
    let payload = element.get("payload").unwrap_or(&Value::Null);
    let message = payload.get("original_message").or_else(|| payload.get("message")).unwrap_or(&Value::Null);
    let output = field::text(payload, "/output");
    let details = field::text(payload, "/details");
    let said = output.as_deref().or(details.as_deref()).unwrap_or_default();
    let reply = Reply::read(said);
    let inbound = field::text(message, "/direction").as_deref() == Some("incoming");
    let kind = match &*name {
        // What comes in through the server is not ours; a bounce of ours is, though the report itself came in.
        _ if inbound && &*name != "MessageBounced" => Kind::Other,
        "MessageSent" => Kind::Delivered,
        "MessageDelayed" => Kind::Deferred,
        "MessageDeliveryFailed" if field::text(payload, "/status").as_deref() == Some("SoftFail") => Kind::Deferred,
        "MessageDeliveryFailed" => Kind::Bounced(class::of_reply(&reply, said)),
        "MessageHeld" => held(details.as_deref().unwrap_or_default()),
        // The payload names the report and does not hold it.
        "MessageBounced" => Kind::Bounced(Class::Undetermined),
        "MessageLinkClicked" => Kind::Clicked,
        "MessageLoaded" => {
            Kind::Opened { machine: ses::is_privacy_proxy(&field::text(payload, "/user_agent").unwrap_or_default()) }
        }
        "SendLimitExceeded" => Kind::AccountError,
        _ => Kind::Other,
    };
    let id = field::text(element, "/uuid");
    let token = field::text(message, "/token");
    let stamp = field::text(element, "/timestamp");
    let url = field::text(payload, "/url");
    let fields = [Some(&*name), token.as_deref(), stamp.as_deref(), url.as_deref()];
    let mut draft = Draft::new(kind, id.as_deref().map_or_else(|| Key::derived(&fields, element), Key::given));
    draft.tags.add_at(message, "/tag");
    if let Some(token) = &token {
        draft.tags.add(format!("token={token}"));
    }
    Ok(vec![Draft {
        event_id: id.map(Into::into),
        recipient: field::owned(message, &["/to"]),
        sender: field::owned(message, &["/from"]),
        message_id: field::owned(message, &["/message_id"]),
        provider_message_id: field::owned(message, &["/id"]),
        diagnostic: Some(said.to_owned()),
        reply,
        occurred_at: time::at(element, &["/timestamp", "/payload/timestamp"])?,
        ..draft
    }])
}

/// Held for good as the address is on the list, or until somebody lets it go.
fn held(details: &str) -> Kind {
    if details.to_ascii_lowercase().contains("suppression") { Kind::Suppressed } else { Kind::Accepted }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_have_their_kinds() {
        let of = |name: &str, payload: Value| {
            event(&json!({"event": name, "payload": payload, "uuid": "u"})).unwrap()[0].kind
        };
        assert_eq!(of("MessageSent", json!({"status": "Sent", "output": "250 OK"})), Kind::Delivered);
        assert_eq!(of("MessageDelayed", json!({"status": "SoftFail"})), Kind::Deferred);
        assert_eq!(of("MessageDeliveryFailed", json!({"status": "SoftFail"})), Kind::Deferred);
        let gone = json!({"status": "HardFail", "output": "550 5.1.1 user unknown"});
        assert_eq!(of("MessageDeliveryFailed", gone), Kind::Bounced(Class::Hard));
        assert_eq!(
            of("MessageHeld", json!({"details": "Recipient (a@b) is on the suppression list"})),
            Kind::Suppressed
        );
        assert_eq!(of("MessageSent", json!({"message": {"direction": "incoming"}})), Kind::Other);
        assert_eq!(
            of("MessageBounced", json!({"original_message": {"to": "a@b"}})),
            Kind::Bounced(Class::Undetermined)
        );
        assert_eq!(of("SendLimitExceeded", json!({})), Kind::AccountError);
        assert_eq!(of("DomainDNSError", json!({})), Kind::Other);
    }
}
