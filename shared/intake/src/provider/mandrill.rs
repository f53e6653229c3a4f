//! Mailchimp Transactional, Mandrill (webhooks.md §10): form data with an array inside, HMAC-SHA1 over URL and fields.

use preheat_core::event::{Class, Kind, Signature};
use serde_json::Value;

use super::{Adapter, Reading, Visit, ses};
use crate::draft::{Batch, Draft};
use crate::form::{self, Form};
use crate::key::Key;
use crate::outcome::{Reason, Refusal};
use crate::reply::Reply;
use crate::{class, field, seal, time};

pub(super) const ADAPTER: Adapter = Adapter { verify, read, signs_time: false };

/// What Mandrill signs its test POST with while the webhook is being made, and has no key yet. Public: only an empty batch is
/// taken under it.
const TEST_KEY: &str = "test-webhook";
const FIELD: &str = "mandrill_events";

fn verify(visit: &Visit<'_>) -> Result<Signature, Refusal> {
    let form = Form::read(visit.body).ok();
    let check = |key: &str| {
        let given = visit.headers.get("x-mandrill-signature").ok_or(Refusal::Missing)?;
        let given = seal::base64(given).ok_or(Refusal::Mismatch)?;
        let url = visit.endpoint.url.as_deref().ok_or(Refusal::NoSecret)?;
        let form = form.as_ref().ok_or(Refusal::Mismatch)?;
        let mut fields: Vec<(&str, &str)> = form.iter().collect();
        fields.sort_unstable();
        let mut parts = vec![url.as_bytes()];
        parts.extend(fields.iter().flat_map(|(name, value)| [name.as_bytes(), value.as_bytes()]));
        if seal::same(seal::hmac_sha1(key.as_bytes(), &parts).as_ref(), &given) {
            Ok(())
        } else {
            Err(Refusal::Mismatch)
        }
    };
    let empty = form.as_ref().and_then(|form| form.get(&[FIELD])).is_some_and(|events| events.trim() == "[]");
    match visit.signed(check) {
        Err(Refusal::Mismatch | Refusal::NoSecret) if empty && check(TEST_KEY).is_ok() => Ok(Signature::None),
        outcome => outcome,
    }
}

fn read<'a>(reading: &Reading<'a>) -> Result<Batch<'a>, Reason> {
    // The decoded value alone is what is kept of old deliveries, and read again.
    if !form::is_form(reading.body) {
        return Batch::of_json(reading.body, reading.origin, event);
    }
    let form = Form::read(reading.body)?;
    let events = form.get(&[FIELD]).ok_or(Reason::Shape("no `mandrill_events`"))?;
    Batch::of_json(events.as_bytes(), reading.origin, event)
}

fn event(element: &Value) -> Result<Vec<Draft>, Reason> {
    // Changes of Mandrill's own lists have a `type` in place of an `event`.
    let name = field::first(element, &["/event", "/type"]).ok_or(Reason::Shape("neither `event` nor `type`"))?;
    let description = field::text(element, "/msg/bounce_description");
    let diag = field::text(element, "/msg/diag");
    let said = [description.as_deref(), diag.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(": ");
    let reply = Reply::read(diag.as_deref().unwrap_or_default());
    let kind = match &*name {
        "send" => Kind::Accepted,
        "delivered" => Kind::Delivered,
        "deferral" => Kind::Deferred,
        "hard_bounce" => Kind::Bounced(Class::Hard),
        "soft_bounce" if description.as_deref() == Some("mailbox_full") => Kind::Bounced(Class::MailboxFull),
        "soft_bounce" => Kind::Bounced(class::soft(&reply, &said)),
        "reject" => Kind::Suppressed,
        "open" => {
            Kind::Opened { machine: ses::is_privacy_proxy(&field::text(element, "/user_agent").unwrap_or_default()) }
        }
        "click" => Kind::Clicked,
        "spam" => Kind::Complained,
        "unsub" => Kind::Unsubscribed,
        _ => Kind::Other,
    };
    let id = field::first(element, &["/_id", "/msg/_id"]);
    let moment = field::text(element, "/ts");
    let url = field::text(element, "/url");
    let email = field::first(element, &["/msg/email", "/reject/email", "/entry/email"]);
    let fields = [Some(&*name), id.as_deref(), moment.as_deref(), url.as_deref(), email.as_deref()];
    let mut draft = Draft::new(kind, Key::derived(&fields, element));
    draft.tags.add_at(element, "/msg/tags");
    draft.tags.add_at(element, "/msg/metadata");
    Ok(vec![Draft {
        recipient: email.map(Into::into),
        sender: field::owned(element, &["/msg/sender"]),
        sending_ip: field::list(element, "/msg/smtp_events")
            .last()
            .and_then(|last| field::owned(last, &["/source_ip"])),
        provider_message_id: field::owned(element, &["/msg/_id", "/_id"]),
        campaign: field::owned(element, &["/msg/metadata/campaign", "/msg/metadata/campaign_id"]),
        diagnostic: Some(said),
        reply,
        occurred_at: time::at(element, &["/ts"])?,
        ..draft
    }])
}

#[cfg(test)]
mod tests {
    use preheat_core::event::Reporter;
    use serde_json::json;

    use super::*;
    use crate::endpoint::{Endpoint, Secret};
    use crate::request::Headers;

    fn check(body: &str, signed_with: &str) -> Result<Signature, Refusal> {
        let url = "https://u:p@hooks.example/hooks/mandrill/1?x=1";
        let decoded: Vec<(String, String)> = form_urlencoded::parse(body.as_bytes()).into_owned().collect();
        let mut text = url.to_owned();
        decoded.iter().for_each(|(name, value)| text.push_str(&format!("{name}{value}")));
        let signature = seal::to_base64(seal::hmac_sha1(signed_with.as_bytes(), &[text.as_bytes()]).as_ref());
        let headers: Headers<'_> = [("X-Mandrill-Signature", signature.as_str())].into_iter().collect();
        let mut endpoint = Endpoint::new(Reporter::Mandrill, "e1", vec![Secret::key("test key")]);
        endpoint.url = Some(url.to_owned());
        verify(&Visit {
            endpoint: &endpoint,
            headers: &headers,
            body: body.as_bytes(),
            now: jiff::Timestamp::UNIX_EPOCH,
        })
    }

    #[test]
    fn url_and_decoded_fields_are_signed() {
        let body = "mandrill_events=%5B%7B%22event%22%3A+%22send%22%7D%5D";
        assert_eq!(check(body, "test key"), Ok(Signature::Verified));
        assert_eq!(check(body, "other"), Err(Refusal::Mismatch));
    }

    #[test]
    fn the_public_test_key_opens_for_nothing_but_the_empty_batch() {
        assert_eq!(check("mandrill_events=%5B%5D", TEST_KEY), Ok(Signature::None));
        assert_eq!(check("mandrill_events=%5B%7B%7D%5D", TEST_KEY), Err(Refusal::Mismatch));
    }

    #[test]
    fn names_have_their_kinds() {
        let kind = |element: Value| event(&element).unwrap()[0].kind;
        assert_eq!(kind(json!({"event": "hard_bounce"})), Kind::Bounced(Class::Hard));
        let full = json!({"event": "soft_bounce", "msg": {"bounce_description": "mailbox_full"}});
        assert_eq!(kind(full), Kind::Bounced(Class::MailboxFull));
        assert_eq!(
            kind(json!({"event": "soft_bounce", "msg": {"bounce_description": "general"}})),
            Kind::Bounced(Class::Transient)
        );
        assert_eq!(kind(json!({"event": "reject"})), Kind::Suppressed);
        assert_eq!(kind(json!({"type": "denylist", "action": "add", "reject": {"email": "a@b"}})), Kind::Other);
        assert_eq!(kind(json!({"event": "inbound"})), Kind::Other);
    }
}
