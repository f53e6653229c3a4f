//! Mailtrap (webhooks.md §17): `{"events": […]}`, no signature that its samples show.

use preheat_core::event::{Class, Kind};
use serde_json::Value;

use super::{Adapter, Reading, shown_only};
use crate::draft::{Batch, Draft};
use crate::key::Key;
use crate::outcome::Reason;
use crate::reply::Reply;
use crate::{class, field, salvage, time};

pub(super) const ADAPTER: Adapter = Adapter { verify: shown_only, read, signs_time: false };

fn read<'a>(reading: &Reading<'a>) -> Result<Batch<'a>, Reason> {
    match salvage::member(reading.body, "events") {
        Some(events) if events.starts_with(b"[") => Batch::of_json(events, reading.origin, event),
        Some(_) => Err(Reason::Shape("`events` is no array")),
        // A single event, or an array without its wrapper.
        None => Batch::of_json(reading.body, reading.origin, event),
    }
}

fn event(element: &Value) -> Result<Vec<Draft>, Reason> {
    let name = field::text(element, "/event").ok_or(Reason::Shape("no `event`"))?;
    let said = field::first(element, &["/response", "/reason"]).unwrap_or_default();
    let reply = Reply::read(&said).with(field::int(element, "/response_code"), None);
    let kind = match &*name {
        "delivery" => Kind::Delivered,
        "bounce" => Kind::Bounced(bounced(element, &reply, &said)),
        "soft bounce" | "soft_bounce" => Kind::Bounced(class::soft(&reply, &said)),
        "reject" => Kind::Suppressed,
        // Sending is held back by Mailtrap, and taken up again.
        "suspension" => Kind::Deferred,
        "spam" => Kind::Complained,
        "unsubscribe" => Kind::Unsubscribed,
        "open" => Kind::Opened { machine: false },
        "click" => Kind::Clicked,
        _ => Kind::Other,
    };
    let id = field::text(element, "/event_id");
    let message = field::text(element, "/message_id");
    let email = field::text(element, "/email");
    let moment = field::text(element, "/timestamp");
    let fields = [Some(&*name), message.as_deref(), email.as_deref(), moment.as_deref()];
    let mut draft = Draft::new(kind, id.as_deref().map_or_else(|| Key::derived(&fields, element), Key::given));
    draft.tags.add_at(element, "/category");
    draft.tags.add_at(element, "/custom_variables");
    Ok(vec![Draft {
        event_id: id.map(Into::into),
        recipient: email.map(Into::into),
        provider_message_id: message.map(Into::into),
        diagnostic: Some(said.to_string()),
        reply,
        occurred_at: time::at(element, &["/timestamp"])?,
        ..draft
    }])
}

/// `bounce` is final, but not always the address's fault.
fn bounced(element: &Value, reply: &Reply, said: &str) -> Class {
    let category = field::text(element, "/bounce_category").unwrap_or_default().to_ascii_lowercase();
    match category.replace(['-', '_', ' '], "").as_str() {
        "hard" | "badmailbox" | "baddomain" | "inactivemailbox" | "invalidrecipient" => Class::Hard,
        "spam" | "spamrelated" | "spamblock" => Class::ReputationBlock,
        "spamcontent" | "contentrelated" | "virusrelated" => Class::Content,
        "quotaissues" | "mailboxfull" => Class::MailboxFull,
        "policyrelated" | "policy" => Class::Policy,
        "greylisting" | "transient" | "dnsfailure" => Class::Transient,
        _ => class::of_reply(reply, said),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_have_their_kinds() {
        let table = [
            (json!({"event": "delivery"}), Kind::Delivered),
            (json!({"event": "bounce", "bounce_category": "hard", "response_code": 550}), Kind::Bounced(Class::Hard)),
            (json!({"event": "bounce", "bounce_category": "spam"}), Kind::Bounced(Class::ReputationBlock)),
            (json!({"event": "bounce", "response": "550 5.1.1 user unknown"}), Kind::Bounced(Class::Hard)),
            (json!({"event": "soft bounce", "bounce_category": "greylisting"}), Kind::Bounced(Class::Transient)),
            (json!({"event": "reject"}), Kind::Suppressed),
            (json!({"event": "suspension"}), Kind::Deferred),
            (json!({"event": "spam"}), Kind::Complained),
            (json!({"event": "unsubscribe"}), Kind::Unsubscribed),
            (json!({"event": "something"}), Kind::Other),
        ];
        for (element, kind) in table {
            assert_eq!(event(&element).unwrap()[0].kind, kind, "{element}");
        }
    }
}
