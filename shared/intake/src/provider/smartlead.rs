//! Smartlead (webhooks.md §14): one object, a static `secret_key` inside. Two pages of the vendor name events and fields
//! differently: both are read.

use preheat_core::event::{Class, Kind, Signature};
use serde_json::Value;

use super::{Adapter, Reading, Visit};
use crate::draft::{Batch, Draft};
use crate::key::Key;
use crate::outcome::{Reason, Refusal};
use crate::reply::Reply;
use crate::{class, field, salvage, seal, time};

pub(super) const ADAPTER: Adapter = Adapter { verify, read, signs_time: false };

/// A secret in the body is shown, not signed: it proves no more than basic auth.
fn verify(visit: &Visit<'_>) -> Result<Signature, Refusal> {
    if visit.endpoint.keys().next().is_none() {
        return visit.shown();
    }
    let given = salvage::text(visit.body, "secret_key");
    visit.signed(|key| {
        let given = given.as_deref().ok_or(Refusal::Missing)?;
        if !key.is_empty() && seal::same(given.as_bytes(), key.as_bytes()) { Ok(()) } else { Err(Refusal::Mismatch) }
    })?;
    Ok(Signature::Basic)
}

fn read<'a>(reading: &Reading<'a>) -> Result<Batch<'a>, Reason> {
    Batch::of_json(reading.body, reading.origin, event)
}

fn event(element: &Value) -> Result<Vec<Draft>, Reason> {
    let name =
        field::first(element, &["/event_type", "/event"]).ok_or(Reason::Shape("neither `event_type` nor `event`"))?;
    // FIRST_EMAIL_SENT comes beside the EMAIL_SENT of the same mail: under one name they are one event.
    let name = match &*name.to_ascii_uppercase() {
        "FIRST_EMAIL_SENT" => "EMAIL_SENT".to_owned(),
        other => other.to_owned(),
    };
    let said = field::first(
        element,
        &["/bounce_message/text", "/bounce_reply_email_body", "/bounce_reason", "/bounce_message"],
    );
    let said = said.unwrap_or_default();
    let reply = Reply::read(&said);
    let kind = match name.as_str() {
        "EMAIL_SENT" => Kind::Accepted,
        "EMAIL_OPEN" | "EMAIL_OPENED" => Kind::Opened { machine: false },
        "EMAIL_LINK_CLICK" | "EMAIL_CLICKED" => Kind::Clicked,
        "EMAIL_REPLY" | "EMAIL_REPLIED" | "UNTRACKED_REPLIES" => Kind::Replied,
        "EMAIL_BOUNCE" | "EMAIL_BOUNCED" => Kind::Bounced(bounced(element, &reply, &said)),
        "LEAD_UNSUBSCRIBED" | "EMAIL_UNSUBSCRIBED" => Kind::Unsubscribed,
        // On neither of the vendor's lists, but its meaning would be plain.
        "SPAM_COMPLAINT" => Kind::Complained,
        _ => Kind::Other,
    };
    const TIMES: [&str; 4] = ["/event_timestamp", "/timestamp", "/time_replied", "/time_sent"];
    let stats = field::first(element, &["/stats_id", "/lead_id", "/sl_email_lead_id"]);
    let message = field::first(element, &["/sent_message/message_id", "/message_id"]);
    let moment = field::first(element, &TIMES);
    let fields = [Some(name.as_str()), stats.as_deref(), moment.as_deref(), message.as_deref()];
    let mut draft = Draft::new(kind, Key::derived(&fields, element));
    for label in ["stats_id", "sequence_number", "sl_email_lead_map_id", "client_id", "lead_id"] {
        if let Some(value) = field::text(element, &format!("/{label}")) {
            draft.tags.add(format!("{label}={value}"));
        }
    }
    Ok(vec![Draft {
        // In replies `to_email` may be our own mailbox: the lead's own field comes first.
        recipient: field::owned(element, &["/sl_lead_email", "/lead_email", "/to_email"]),
        sender: field::owned(element, &["/from_email", "/email_account"]),
        message_id: message.as_deref().map(str::to_owned),
        provider_message_id: field::owned(element, &["/stats_id"]),
        campaign: field::owned(element, &["/campaign_id"]),
        diagnostic: Some(said.to_string()),
        reply,
        occurred_at: time::at(element, &TIMES)?,
        ..draft
    }])
}

fn bounced(element: &Value, reply: &Reply, said: &str) -> Class {
    if field::flag(element, "/is_sender_originated_bounce") { Class::OwnError } else { class::of_reply(reply, said) }
}

#[cfg(test)]
mod tests {
    use preheat_core::event::Reporter;
    use serde_json::json;

    use super::*;
    use crate::endpoint::{Endpoint, Secret};
    use crate::request::Headers;

    #[test]
    fn both_forms_are_read() {
        let table = [
            (json!({"event_type": "EMAIL_SENT"}), Kind::Accepted),
            (json!({"event": "EMAIL_OPENED"}), Kind::Opened { machine: false }),
            (json!({"event_type": "EMAIL_OPEN"}), Kind::Opened { machine: false }),
            (json!({"event": "EMAIL_REPLIED"}), Kind::Replied),
            (json!({"event_type": "EMAIL_REPLY"}), Kind::Replied),
            (
                json!({"event_type": "EMAIL_BOUNCE", "bounce_message": {"text": "550 5.1.1 user unknown"}}),
                Kind::Bounced(Class::Hard),
            ),
            (
                json!({"event_type": "EMAIL_BOUNCE", "is_sender_originated_bounce": true,
                "bounce_message": {"text": "550 5.1.1 user unknown"}}),
                Kind::Bounced(Class::OwnError),
            ),
            (json!({"event": "EMAIL_UNSUBSCRIBED"}), Kind::Unsubscribed),
            (json!({"event_type": "CAMPAIGN_STATUS_CHANGED"}), Kind::Other),
        ];
        for (element, kind) in table {
            assert_eq!(event(&element).unwrap()[0].kind, kind, "{element}");
        }
    }

    #[test]
    fn the_first_mail_is_counted_once() {
        let sent = |name: &str| {
            let element = json!({"event_type": name, "stats_id": "s", "event_timestamp": "2026-01-15T14:23:11Z",
                "sent_message": {"message_id": "<m@x>"}});
            event(&element).unwrap().remove(0).key
        };
        assert_eq!(sent("EMAIL_SENT"), sent("FIRST_EMAIL_SENT"));
    }

    #[test]
    fn the_secret_in_the_body_must_match() {
        let endpoint = Endpoint::new(Reporter::Smartlead, "e1", vec![Secret::key("old"), Secret::key("new")]);
        let check = |body: &str| {
            let headers = Headers::default();
            verify(&Visit {
                endpoint: &endpoint,
                headers: &headers,
                body: body.as_bytes(),
                now: jiff::Timestamp::UNIX_EPOCH,
            })
        };
        assert_eq!(check("{\"secret_key\":\"new\"}"), Ok(Signature::Basic));
        assert_eq!(check("{\"secret_key\":\"neW\"}"), Err(Refusal::Mismatch));
        assert_eq!(check("{}"), Err(Refusal::Missing));
    }
}
