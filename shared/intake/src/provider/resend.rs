//! Resend (webhooks.md §7): Svix's signature, SES's vocabulary of bounces.

use preheat_core::event::{Class, Kind};
use serde_json::Value;

use super::{Adapter, Reading, ses, standard};
use crate::draft::{Batch, Draft};
use crate::field::Tags;
use crate::key::Key;
use crate::outcome::Reason;
use crate::reply::Reply;
use crate::{class, field, time};

pub(super) const ADAPTER: Adapter = Adapter { verify: standard::verify, read, signs_time: true };

fn read<'a>(reading: &Reading<'a>) -> Result<Batch<'a>, Reason> {
    let id = standard::id(reading.headers);
    Batch::of_json_at(reading.body, reading.origin, |position, element| {
        // One event a delivery is what is documented. Of several, each has the id, and from the second on its place beside it.
        let id = id.map(|id| if position == 0 { id.to_owned() } else { format!("{id}/{position}") });
        event(element, id.as_deref())
    })
}

/// An event; `id` is the delivery's, the same over all retries.
pub(super) fn event(element: &Value, id: Option<&str>) -> Result<Vec<Draft>, Reason> {
    let name = field::text(element, "/type").ok_or(Reason::Shape("no `type`"))?;
    let data = element.get("data").unwrap_or(&Value::Null);
    let said = field::first(data, &["/bounce/message", "/failed/reason", "/suppressed/message"]).unwrap_or_default();
    let reply = Reply::read(&said);
    let kind = match &*name {
        "email.sent" => Kind::Accepted,
        "email.delivered" => Kind::Delivered,
        "email.delivery_delayed" => Kind::Deferred,
        "email.bounced" => {
            let word = |pointer: &str| field::text(data, pointer).unwrap_or_default();
            class::of_ses(&word("/bounce/type"), &word("/bounce/subType"), &reply, &said)
        }
        "email.complained" => Kind::Complained,
        "email.opened" => {
            Kind::Opened { machine: ses::is_privacy_proxy(&field::text(data, "/open/userAgent").unwrap_or_default()) }
        }
        "email.clicked" => Kind::Clicked,
        "email.failed" => Kind::Bounced(Class::OwnError),
        "email.suppressed" => Kind::Suppressed,
        _ => Kind::Other,
    };
    let email = field::text(data, "/email_id");
    let created = field::text(element, "/created_at");
    let link = field::text(data, "/click/link");
    let fields = [Some(&*name), email.as_deref(), created.as_deref(), link.as_deref()];
    let key = id.map_or_else(|| Key::derived(&fields, element), Key::given);
    Ok(vec![Draft {
        event_id: id.map(str::to_owned),
        recipient: recipient(data),
        sender: field::owned(data, &["/from"]),
        message_id: field::owned(data, &["/message_id"]),
        provider_message_id: email.map(Into::into),
        campaign: field::owned(data, &["/broadcast_id"]),
        tags: tags(data),
        diagnostic: Some(said.into_owned()),
        reply,
        occurred_at: time::at(element, &["/data/click/timestamp", "/data/open/timestamp", "/created_at"])?,
        ..Draft::new(kind, key)
    }])
}

/// Resend names all recipients of the mail and not the one that the event is of: with several, it is nobody's.
fn recipient(data: &Value) -> Option<String> {
    match field::list(data, "/to") {
        [single] => field::as_text(single).map(Into::into),
        _ => None,
    }
}

/// An object, or a list of `{name, value}`; and the headers that we set.
fn tags(data: &Value) -> Tags {
    let mut tags = Tags::default();
    for pointer in ["/tags", "/headers"] {
        match data.pointer(pointer) {
            Some(Value::Array(pairs)) => {
                for pair in pairs.iter().take(field::TAGS_MAX) {
                    match (field::text(pair, "/name"), pair.get("value")) {
                        (Some(name), Some(value)) => tags.add_named(&name, value),
                        _ => tags.add_value(pair),
                    }
                }
            }
            Some(other) => tags.add_value(other),
            None => {}
        }
    }
    tags
}

#[cfg(test)]
mod tests {
    use preheat_core::event::{Reporter, Signature};
    use serde_json::json;

    use super::*;
    use crate::draft::Origin;

    #[test]
    fn names_have_their_kinds() {
        let table = [
            (json!({"type": "email.sent"}), Kind::Accepted),
            (json!({"type": "email.scheduled"}), Kind::Other),
            (json!({"type": "email.delivery_delayed"}), Kind::Deferred),
            (
                json!({"type": "email.bounced", "data": {"bounce": {"type": "Permanent", "subType": "General"}}}),
                Kind::Bounced(Class::Hard),
            ),
            (
                json!({"type": "email.bounced", "data": {"bounce": {"type": "Permanent", "subType": "Suppressed"}}}),
                Kind::Suppressed,
            ),
            (
                json!({"type": "email.bounced", "data": {"bounce": {"type": "Transient", "subType": "MailboxFull"}}}),
                Kind::Bounced(Class::MailboxFull),
            ),
            (json!({"type": "email.failed", "data": {"failed": {"reason": "quota"}}}), Kind::Bounced(Class::OwnError)),
            (json!({"type": "email.suppressed"}), Kind::Suppressed),
            (json!({"type": "contact.created"}), Kind::Other),
        ];
        for (element, kind) in table {
            assert_eq!(event(&element, Some("msg_1")).unwrap()[0].kind, kind, "{element}");
        }
    }

    #[test]
    fn every_element_of_an_array_is_an_event_of_its_own() {
        let headers: crate::request::Headers<'_> = [("svix-id", "msg_1")].into_iter().collect();
        let keys = |body: &str| {
            let origin = Origin {
                provider: Reporter::Resend,
                account: "e1",
                received_at: jiff::Timestamp::UNIX_EPOCH,
                signature: Signature::Verified,
                event_age_checked: false,
                delivery: crate::draft::Delivery::of(b""),
            };
            let batch = read(&Reading { headers: &headers, body: body.as_bytes(), origin }).unwrap();
            batch.events.into_iter().map(|event| event.dedupe_key).collect::<Vec<_>>()
        };
        let sent = r#"{"type":"email.sent"}"#;
        assert_eq!(keys(sent), ["msg_1"]);
        assert_eq!(keys(&format!("[{sent},{sent},{sent}]")), ["msg_1", "msg_1/1", "msg_1/2"]);
    }

    #[test]
    fn tags_are_an_object_or_a_list() {
        let data = json!({"tags": [{"name": "campaign", "value": "c1"}], "headers": [{"name": "X-Entity-Ref-ID", "value": "t"}]});
        assert_eq!(tags(&data).into_vec(), ["campaign=c1", "X-Entity-Ref-ID=t"]);
        assert_eq!(tags(&json!({"tags": {"a": "b"}})).into_vec(), ["a=b"]);
    }
}
