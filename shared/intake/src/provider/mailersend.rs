//! MailerSend (webhooks.md §17): one object; hex HMAC-SHA256 over the raw body.

use preheat_core::event::{Class, Kind, Signature};
use serde_json::Value;

use super::{Adapter, Reading, Visit};
use crate::draft::{Batch, Draft};
use crate::key::Key;
use crate::outcome::{Reason, Refusal};
use crate::reply::Reply;
use crate::{class, field, seal, time};

pub(super) const ADAPTER: Adapter = Adapter { verify, read, signs_time: false };

fn verify(visit: &Visit<'_>) -> Result<Signature, Refusal> {
    visit.signed(|key| {
        let given = visit.headers.get("signature").ok_or(Refusal::Missing)?.to_ascii_lowercase();
        let wanted = seal::hex(seal::hmac_sha256(key.as_bytes(), &[visit.body]).as_ref());
        if seal::same(given.as_bytes(), wanted.as_bytes()) { Ok(()) } else { Err(Refusal::Mismatch) }
    })
}

fn read<'a>(reading: &Reading<'a>) -> Result<Batch<'a>, Reason> {
    Batch::of_json(reading.body, reading.origin, event)
}

fn event(element: &Value) -> Result<Vec<Draft>, Reason> {
    let name = field::first(element, &["/data/type", "/type"]).ok_or(Reason::Shape("no `type`"))?;
    let name = name.strip_prefix("activity.").unwrap_or(&name);
    let said = field::first(element, &["/data/morph/readable_reason", "/data/morph/reason", "/data/morph/description"]);
    let said = said.unwrap_or_default();
    let reply = Reply::read(&said);
    let kind = match name {
        "sent" => Kind::Accepted,
        "delivered" => Kind::Delivered,
        "deferred" => Kind::Deferred,
        "soft_bounced" => Kind::Bounced(class::soft(&reply, &said)),
        "hard_bounced" => Kind::Bounced(Class::Hard),
        "opened" | "opened_unique" => Kind::Opened { machine: false },
        "clicked" | "clicked_unique" => Kind::Clicked,
        "unsubscribed" => Kind::Unsubscribed,
        "spam_complaint" => Kind::Complained,
        _ => Kind::Other,
    };
    let id = field::text(element, "/data/id");
    let message = field::text(element, "/data/email/message/id");
    let moment = field::first(element, &["/data/created_at", "/created_at"]);
    let fields = [Some(name), message.as_deref(), moment.as_deref()];
    let mut draft = Draft::new(kind, id.as_deref().map_or_else(|| Key::derived(&fields, element), Key::given));
    draft.tags.add_at(element, "/data/email/tags");
    for header in field::list(element, "/data/email/headers") {
        if let (Some(name), Some(value)) = (field::text(header, "/name"), header.get("value")) {
            draft.tags.add_named(&name, value);
        }
    }
    Ok(vec![Draft {
        event_id: id.map(Into::into),
        recipient: field::owned(element, &["/data/email/recipient/email"]),
        sender: field::owned(element, &["/data/email/from"]),
        provider_message_id: message.map(Into::into),
        diagnostic: Some(said.to_string()),
        reply,
        occurred_at: time::at(element, &["/data/created_at", "/created_at"])?,
        ..draft
    }])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_have_their_kinds() {
        let table = [
            ("sent", Kind::Accepted),
            ("delivered", Kind::Delivered),
            ("soft_bounced", Kind::Bounced(Class::Transient)),
            ("hard_bounced", Kind::Bounced(Class::Hard)),
            ("opened_unique", Kind::Opened { machine: false }),
            ("clicked", Kind::Clicked),
            ("unsubscribed", Kind::Unsubscribed),
            ("spam_complaint", Kind::Complained),
            ("survey_opened", Kind::Other),
        ];
        for (name, kind) in table {
            let with_both = json!({"type": format!("activity.{name}"), "data": {"type": name, "id": "1"}});
            let outer_only = json!({"type": format!("activity.{name}"), "data": {"id": "1"}});
            for element in [with_both, outer_only] {
                assert_eq!(event(&element).unwrap()[0].kind, kind, "{element}");
            }
        }
    }
}
