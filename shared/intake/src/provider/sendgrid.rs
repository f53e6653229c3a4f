//! Twilio SendGrid's event webhook (webhooks.md §3): ECDSA over timestamp and raw body; always an array.

use preheat_core::event::{Class, Kind, Signature};
use serde_json::Value;

use super::{AHEAD_S, Adapter, Reading, Visit};
use crate::draft::{Batch, Draft};
use crate::key::Key;
use crate::outcome::{Reason, Refusal};
use crate::reply::Reply;
use crate::{class, field, seal, time};

pub(super) const ADAPTER: Adapter = Adapter { verify, read, signs_time: true };

/// How long after its timestamp a request is taken, in seconds. Retries go on for 24 h, and whether they are signed anew is not
/// documented; `sg_event_id` catches repeats.
const AGE_MAX_S: i64 = 25 * 3_600;

/// What SendGrid itself puts at the top level of an event; all else is a custom argument.
const BUILT_IN: &[&str] = &[
    "email",
    "timestamp",
    "event",
    "sg_event_id",
    "sg_message_id",
    "smtp-id",
    "category",
    "type",
    "status",
    "reason",
    "bounce_classification",
    "tls",
    "ip",
    "response",
    "attempt",
    "useragent",
    "sg_machine_open",
    "url",
    "url_offset",
    "asm_group_id",
    "cert_err",
    "send_at",
    "sg_content_type",
    "sg_user_id",
    "sg_template_id",
    "sg_template_name",
    "marketing_campaign_id",
    "marketing_campaign_name",
    "marketing_campaign_version",
    "marketing_campaign_split_id",
    "singlesend_id",
    "singlesend_name",
    "template_id",
    "phase_id",
    "pool",
    "newsletter",
    "nlvx",
    "domain",
];

fn verify(visit: &Visit<'_>) -> Result<Signature, Refusal> {
    visit.signed(|key| {
        let signature = visit.headers.get("x-twilio-email-event-webhook-signature").ok_or(Refusal::Missing)?;
        let timestamp = visit.headers.get("x-twilio-email-event-webhook-timestamp").ok_or(Refusal::Missing)?;
        let signature = seal::base64(signature).ok_or(Refusal::Mismatch)?;
        visit.fresh(timestamp.parse().ok(), AGE_MAX_S, AHEAD_S)?;
        let message = [timestamp.as_bytes(), visit.body].concat();
        seal::ecdsa_p256(&seal::public_key(key)?, &message, &signature)
    })
}

fn read<'a>(reading: &Reading<'a>) -> Result<Batch<'a>, Reason> {
    Batch::of_json(reading.body, reading.origin, event)
}

fn event(element: &Value) -> Result<Vec<Draft>, Reason> {
    let name = field::text(element, "/event").ok_or(Reason::Shape("no `event`"))?;
    let said = field::first(element, &["/reason", "/response"]).unwrap_or_default();
    let reply = Reply::read(&said).with(None, field::text(element, "/status").as_deref());
    let kind = match &*name {
        "processed" => Kind::Accepted,
        "deferred" => Kind::Deferred,
        "delivered" => Kind::Delivered,
        "bounce" | "blocked" => Kind::Bounced(bounce(&name, element, &reply, &said)),
        "dropped" => Kind::Suppressed,
        "open" => Kind::Opened { machine: field::flag(element, "/sg_machine_open") },
        "click" => Kind::Clicked,
        "spamreport" => Kind::Complained,
        "unsubscribe" | "group_unsubscribe" => Kind::Unsubscribed,
        _ => Kind::Other,
    };
    let id = field::text(element, "/sg_event_id");
    let email = field::text(element, "/email");
    let time = field::text(element, "/timestamp");
    let smtp_id = field::text(element, "/smtp-id");
    let url = field::text(element, "/url");
    let key = id.as_deref().map_or_else(
        || Key::derived(&[Some(&name), email.as_deref(), time.as_deref(), smtp_id.as_deref(), url.as_deref()], element),
        Key::given,
    );
    let mut draft = Draft::new(kind, key);
    draft.tags.add_at(element, "/category");
    for (name, value) in element.as_object().into_iter().flatten() {
        if !BUILT_IN.contains(&name.as_str()) {
            draft.tags.add_named(name, value);
        }
    }
    Ok(vec![Draft {
        event_id: id.map(Into::into),
        recipient: email.map(Into::into),
        // The address that the mail left from, on those events that have to do with delivery; else it is the reader's.
        sending_ip: matches!(&*name, "delivered" | "deferred" | "bounce" | "blocked")
            .then(|| field::owned(element, &["/ip"]))
            .flatten(),
        message_id: smtp_id.map(Into::into),
        provider_message_id: field::text(element, "/sg_message_id")
            .map(|id| id.split('.').next().unwrap_or_default().to_owned()),
        campaign: field::owned(element, &["/marketing_campaign_id", "/singlesend_id"]),
        diagnostic: Some(said.into_owned()),
        reply,
        occurred_at: time::at(element, &["/timestamp"])?,
        ..draft
    }])
}

fn bounce(name: &str, element: &Value, reply: &Reply, said: &str) -> Class {
    let blocked = name == "blocked" || field::text(element, "/type").as_deref() == Some("blocked");
    let classification = field::text(element, "/bounce_classification").unwrap_or_default().to_ascii_lowercase();
    let of_address = reply.enhanced.as_deref().is_some_and(|code| code.starts_with("5.1."));
    let class = match classification.as_str() {
        _ if of_address && !blocked => Class::Hard,
        "invalid address" => Class::Hard,
        "reputation" => Class::ReputationBlock,
        "content" => Class::Content,
        "frequency or volume too high" => Class::RateLimit,
        "technical" | "mailbox unavailable" => class::soft(reply, said),
        _ => class::of_reply(reply, said),
    };
    match class {
        // "blocked" says that the address is not to blame: it is neither suppressed for it, nor does it count among the soft
        // bounces that suppress it in the end.
        Class::Hard | Class::Undetermined | Class::Transient | Class::MailboxFull | Class::OwnError if blocked => {
            Class::Policy
        }
        class => class,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn kind(element: &Value) -> Kind {
        event(element).unwrap()[0].kind
    }

    #[test]
    fn bounces_have_their_classes() {
        let bounce = |kind: &str, status: &str, word: &str| json!({"event": "bounce", "type": kind, "status": status, "bounce_classification": word, "reason": ""});
        let table = [
            (bounce("bounce", "5.1.1", ""), Class::Hard),
            (bounce("bounce", "5.0.0", "Invalid Address"), Class::Hard),
            (bounce("bounce", "5.2.2", "Mailbox Unavailable"), Class::MailboxFull),
            (bounce("bounce", "5.0.0", "Mailbox Unavailable"), Class::Transient),
            (bounce("bounce", "5.7.1", "Reputation"), Class::ReputationBlock),
            (bounce("bounce", "5.7.1", "Content"), Class::Content),
            (bounce("blocked", "4.0.0", "Frequency or Volume Too High"), Class::RateLimit),
            (bounce("bounce", "5.1.1", "Mailbox Unavailable"), Class::Hard),
            (bounce("bounce", "5.1.1", "Technical"), Class::Hard),
            (bounce("bounce", "5.1.10", "Unclassified"), Class::Hard),
            (bounce("bounce", "5.10.1", "Technical"), Class::Transient),
        ];
        for (element, class) in table {
            assert_eq!(kind(&element), Kind::Bounced(class), "{element}");
        }
    }

    #[test]
    fn what_is_blocked_is_never_laid_to_the_address() {
        let words = ["", "Invalid Address", "Technical", "Mailbox Unavailable", "Unclassified"];
        for (word, status) in
            words.into_iter().flat_map(|word| ["", "5.1.1", "5.2.2", "4.2.1", "5.0.0"].map(|status| (word, status)))
        {
            let element =
                json!({"event": "bounce", "type": "blocked", "status": status, "bounce_classification": word});
            assert_eq!(kind(&element), Kind::Bounced(Class::Policy), "{element}");
            let element = json!({"event": "blocked", "status": status, "bounce_classification": word});
            assert_eq!(kind(&element), Kind::Bounced(Class::Policy), "{element}");
        }
        let listed = json!({"event": "bounce", "type": "blocked", "reason": "550 5.7.1 blocked using a blacklist", "status": "5.7.1"});
        assert_eq!(kind(&listed), Kind::Bounced(Class::ReputationBlock));
    }

    #[test]
    fn names_have_their_kinds() {
        let table = [
            ("processed", Kind::Accepted),
            ("deferred", Kind::Deferred),
            ("delivered", Kind::Delivered),
            ("dropped", Kind::Suppressed),
            ("open", Kind::Opened { machine: false }),
            ("click", Kind::Clicked),
            ("spamreport", Kind::Complained),
            ("unsubscribe", Kind::Unsubscribed),
            ("group_unsubscribe", Kind::Unsubscribed),
            ("group_resubscribe", Kind::Other),
            ("something_new", Kind::Other),
        ];
        for (name, expected) in table {
            assert_eq!(kind(&json!({"event": name})), expected, "{name}");
        }
        assert_eq!(kind(&json!({"event": "open", "sg_machine_open": true})), Kind::Opened { machine: true });
        assert!(event(&json!({"email": "a@b"})).is_err());
    }
}
