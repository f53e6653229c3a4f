//! Unisender Go (webhooks.md §17): events nested by user, or one alone; `auth` is the MD5 of the raw body with the API key in its
//! place.

use preheat_core::event::{Class, Kind, Signature};
use serde_json::Value;

use super::{Adapter, Reading, Visit, ses};
use crate::draft::{Batch, Draft};
use crate::key::Key;
use crate::outcome::{Reason, Refusal};
use crate::reply::Reply;
use crate::{class, field, salvage, seal, time};

pub(super) const ADAPTER: Adapter = Adapter { verify, read, signs_time: false };

fn verify(visit: &Visit<'_>) -> Result<Signature, Refusal> {
    let parts = split(visit.body);
    visit.signed(|key| {
        let (before, given, after) = parts.ok_or(Refusal::Missing)?;
        let wanted = seal::md5_hex(&[before, key.as_bytes(), after]);
        if seal::same(given, wanted.as_bytes()) { Ok(()) } else { Err(Refusal::Mismatch) }
    })
}

/// The body around the value of its top-level `auth`, and that value: 32 hex digits that stand in the body once.
fn split(body: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let auth = salvage::text(body, "auth")?;
    let auth = auth.as_bytes();
    if auth.len() != 32 || !auth.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
        return None;
    }
    let mut found = body.windows(auth.len()).enumerate().filter(|(_, window)| *window == auth).map(|(at, _)| at);
    let at = found.next()?;
    // Twice would leave it open which one was replaced.
    if found.next().is_some() {
        return None;
    }
    Some((&body[..at], &body[at..at + auth.len()], &body[at + auth.len()..]))
}

fn read<'a>(reading: &Reading<'a>) -> Result<Batch<'a>, Reason> {
    let Some(users) = salvage::member(reading.body, "events_by_user") else {
        return Batch::of_json(reading.body, reading.origin, |body| event(body, body));
    };
    if !users.starts_with(b"[") {
        return Err(Reason::Shape("`events_by_user` is no array"));
    }
    let events = salvage::parts(users).filter_map(|user| salvage::member(user, "events")).flat_map(salvage::parts);
    Batch::of_parts(events, reading.origin, |_, element| {
        event(element, element.get("event_data").unwrap_or(&Value::Null))
    })
}

fn event(element: &Value, data: &Value) -> Result<Vec<Draft>, Reason> {
    let name = field::text(element, "/event_name").ok_or(Reason::Shape("no `event_name`"))?;
    let status = field::text(data, "/status").unwrap_or_default();
    let word = field::text(data, "/delivery_info/delivery_status").unwrap_or_default();
    let response = field::text(data, "/delivery_info/destination_response");
    let said = response.as_deref().unwrap_or(&word);
    let reply = Reply::read(said);
    let kind = match (&*name, &*status) {
        ("transactional_email_status", "sent") => Kind::Accepted,
        ("transactional_email_status", "delivered") => Kind::Delivered,
        ("transactional_email_status", "opened") => {
            let agent = field::text(data, "/delivery_info/user_agent").unwrap_or_default();
            Kind::Opened { machine: ses::is_privacy_proxy(&agent) }
        }
        ("transactional_email_status", "clicked") => Kind::Clicked,
        ("transactional_email_status", "unsubscribed") => Kind::Unsubscribed,
        // Not for good: Unisender tries again.
        ("transactional_email_status", "soft_bounced") => Kind::Deferred,
        ("transactional_email_status", "hard_bounced") => bounced(&word, &reply, said),
        ("transactional_email_status", "spam") => Kind::Complained,
        // Among them transactional_spam_block: a provider's block of the whole domain, of no one mail.
        _ => Kind::Other,
    };
    let job = field::text(data, "/job_id");
    let email = field::text(data, "/email");
    let moment = field::first(data, &["/event_time", "/block_time"]);
    let url = field::text(data, "/url");
    let fields = [Some(&*name), Some(&*status), job.as_deref(), email.as_deref(), moment.as_deref(), url.as_deref()];
    let mut draft = Draft::new(kind, Key::derived(&fields, data));
    draft.tags.add_at(data, "/metadata");
    draft.tags.add_at(data, "/tags");
    Ok(vec![Draft {
        recipient: email.map(Into::into),
        sending_ip: field::owned(data, &["/delivery_info/sending_ip"]),
        provider_message_id: job.map(Into::into),
        campaign: field::owned(data, &["/metadata/campaign_id"]),
        diagnostic: Some(said.to_owned()),
        reply,
        occurred_at: time::at(data, &["/event_time", "/block_time"])?,
        ..draft
    }])
}

fn bounced(word: &str, reply: &Reply, said: &str) -> Kind {
    Kind::Bounced(match word {
        "err_user_unknown" | "err_user_inactive" | "err_domain_inactive" | "err_domain_unknown" | "err_not_exist" => {
            Class::Hard
        }
        "err_mailbox_full" => Class::MailboxFull,
        "err_spam_rejected" | "err_spam_folder" | "err_spam_skipped" => Class::ReputationBlock,
        "err_too_large" | "err_attach_denied" => Class::Content,
        "err_dest_misconfigured" | "err_will_retry" | "err_resend" | "err_delivery_failed" => class::soft(reply, said),
        "err_unsubscribed" | "err_blacklisted" | "err_skip_letter" | "err_mailbox_discarded" => {
            return Kind::Suppressed;
        }
        "err_src_invalid" | "err_sender_denied" | "err_unable_send" => Class::OwnError,
        _ => class::of_reply(reply, said),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_body_is_split_around_its_one_auth() {
        let auth = "0123456789abcdef0123456789abcdef";
        let body = format!("{{\"auth\":\"{auth}\",\"x\":1}}");
        let (before, given, after) = split(body.as_bytes()).unwrap();
        assert_eq!((before, given, after), (&b"{\"auth\":\""[..], auth.as_bytes(), &b"\",\"x\":1}"[..]));
        for bad in [
            format!("{{\"auth\":\"{auth}\",\"x\":\"{auth}\"}}"),
            format!("{{\"auth\":\"{}\"}}", auth.to_uppercase()),
            "{\"auth\":\"{\"}".to_owned(),
            "{\"auth\":null}".to_owned(),
            "{\"auth\":[]}".to_owned(),
            format!("{{\"deep\":{{\"auth\":\"{auth}\"}}}}"),
            "[]".to_owned(),
        ] {
            assert_eq!(split(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn statuses_have_their_kinds() {
        let of = |status: &str, word: &str| {
            let data = json!({"status": status, "email": "a@b.example", "delivery_info": {"delivery_status": word}});
            event(&json!({"event_name": "transactional_email_status"}), &data).unwrap()[0].kind
        };
        assert_eq!(of("sent", ""), Kind::Accepted);
        assert_eq!(of("soft_bounced", "err_mailbox_full"), Kind::Deferred);
        assert_eq!(of("hard_bounced", "err_user_unknown"), Kind::Bounced(Class::Hard));
        assert_eq!(of("hard_bounced", "err_spam_rejected"), Kind::Bounced(Class::ReputationBlock));
        assert_eq!(of("hard_bounced", "err_unsubscribed"), Kind::Suppressed);
        assert_eq!(of("spam", ""), Kind::Complained);
        assert_eq!(of("subscribed", ""), Kind::Other);
        let block = event(&json!({"event_name": "transactional_spam_block"}), &json!({"domain": "x.example"}));
        assert_eq!(block.unwrap()[0].kind, Kind::Other);
    }
}
