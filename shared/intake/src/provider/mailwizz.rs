//! MailWizz (webhooks.md §11): stock opens and clicks, and the early shape of this product. No signature: the URL is the secret.
//!
//! `ip_address` is the reader's in both, and never taken for the address that the mail left from.

use preheat_core::event::{Class, Kind};
use serde_json::Value;

use super::{Adapter, Reading, ses, shown_only};
use crate::draft::{Batch, Draft};
use crate::key::Key;
use crate::outcome::Reason;
use crate::reply::Reply;
use crate::{class, field, time};

pub(super) const ADAPTER: Adapter = Adapter { verify: shown_only, read, signs_time: false };

fn read<'a>(reading: &Reading<'a>) -> Result<Batch<'a>, Reason> {
    Batch::of_json(reading.body, reading.origin, event)
}

fn event(element: &Value) -> Result<Vec<Draft>, Reason> {
    let stock = element.get("event").is_some_and(Value::is_object);
    let name = field::first(element, &["/event/type", "/event"]).ok_or(Reason::Shape("no `event`"))?;
    let said = field::first(element, &["/bounce_message", "/message"]).unwrap_or_default();
    let reply = Reply::read(&said);
    let agent = field::first(element, &["/event/user_agent", "/user_agent"]).unwrap_or_default();
    let kind = match &*name {
        "delivered" => Kind::Delivered,
        "open" | "opened" => Kind::Opened { machine: ses::is_privacy_proxy(&agent) },
        "click" | "clicked" => Kind::Clicked,
        "bounced" => Kind::Bounced(match field::text(element, "/bounce_type").as_deref() {
            Some("hard") => Class::Hard,
            Some("soft") => class::soft(&reply, &said),
            Some("internal") => Class::OwnError,
            _ => class::of_reply(&reply, &said),
        }),
        "complained" => Kind::Complained,
        "unsubscribed" => Kind::Unsubscribed,
        _ => Kind::Other,
    };
    let attribute = |of: &str, name: &str| {
        let nested = format!("/{of}/attributes/{name}");
        field::owned(element, &[&nested, &format!("/{name}")])
    };
    let (campaign, subscriber) = (attribute("campaign", "campaign_uid"), attribute("subscriber", "subscriber_uid"));
    let times: &[&str] = if stock { &["/event/date_added", "/timestamp"] } else { &["/timestamp"] };
    let moment = field::first(element, times);
    let url = field::first(element, &["/event/url", "/url"]);
    let fields = [Some(&*name), campaign.as_deref(), subscriber.as_deref(), moment.as_deref(), url.as_deref()];
    let mut draft = Draft::new(kind, Key::derived(&fields, element));
    if let Some(subscriber) = subscriber {
        draft.tags.add(format!("subscriber_uid={subscriber}"));
    }
    if let Some(list) = attribute("list", "list_uid") {
        draft.tags.add(format!("list_uid={list}"));
    }
    Ok(vec![Draft {
        recipient: attribute("subscriber", "email"),
        message_id: field::owned(element, &["/message_id"]),
        campaign,
        diagnostic: Some(said.into_owned()),
        reply,
        // Stock `date_added` is in the server's own zone at times; its `timestamp` is not.
        occurred_at: time::at(element, if stock { &["/timestamp", "/event/date_added"] } else { &["/timestamp"] })?,
        ..draft
    }])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn both_shapes_are_read() {
        let stock = json!({"event": {"type": "click", "ip_address": "192.0.2.9", "user_agent": "x", "url": "https://x.example",
            "date_added": "2026-01-15 14:23:11"}, "timestamp": 1_768_486_991,
            "subscriber": {"attributes": {"subscriber_uid": "s", "email": "A@b.example"}},
            "campaign": {"attributes": {"campaign_uid": "c"}}});
        let draft = event(&stock).unwrap().remove(0);
        assert_eq!((draft.kind, draft.campaign.as_deref()), (Kind::Clicked, Some("c")));
        assert_eq!(draft.recipient.as_deref(), Some("A@b.example"));
        assert_eq!(draft.sending_ip, None, "the reader's address is not the sender's");
        let early = |kind: &str| {
            json!({"event": "bounced", "subscriber_uid": "s", "campaign_uid": "c", "email": "a@b.example",
            "ip_address": "192.0.2.9", "bounce_type": kind, "bounce_message": "552 5.2.2 over quota"})
        };
        let class = |kind| event(&early(kind)).unwrap()[0].kind;
        assert_eq!(class("hard"), Kind::Bounced(Class::Hard));
        assert_eq!(class("soft"), Kind::Bounced(Class::MailboxFull));
        assert_eq!(class("internal"), Kind::Bounced(Class::OwnError));
    }
}
