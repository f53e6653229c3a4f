//! Brevo (webhooks.md §8): one object, or an array of up to 500; no signature.
//!
//! Brevo throws an event away on any 4xx but 429 and on any 5xx, so what is authenticated is answered 200, and what was not
//! stored 429 ([`outcome`](crate::outcome)).

use preheat_core::event::{Class, Kind};
use serde_json::Value;

use super::{Adapter, Reading, shown_only};
use crate::draft::{Batch, Draft};
use crate::field::{self, Tags};
use crate::key::Key;
use crate::outcome::Reason;
use crate::reply::Reply;
use crate::{class, time};

pub(super) const ADAPTER: Adapter = Adapter { verify: shown_only, read, signs_time: false };

fn read<'a>(reading: &Reading<'a>) -> Result<Batch<'a>, Reason> {
    Batch::of_json(reading.body, reading.origin, event)
}

fn event(element: &Value) -> Result<Vec<Draft>, Reason> {
    let name = field::text(element, "/event").ok_or(Reason::Shape("no `event`"))?;
    let said = field::text(element, "/reason").unwrap_or_default();
    let reply = Reply::read(&said);
    // Payloads say `hard_bounce`, the webhook's own settings `hardBounce`: both are met.
    let kind = match name.to_ascii_lowercase().replace(['_', ' '], "").as_str() {
        "request" | "sent" => Kind::Accepted,
        "delivered" => Kind::Delivered,
        "deferred" => Kind::Deferred,
        "softbounce" => Kind::Bounced(class::soft(&reply, &said)),
        "hardbounce" | "invalidemail" | "invalid" => Kind::Bounced(Class::Hard),
        "blocked" => blocked(&reply, &said),
        "error" => Kind::Bounced(Class::OwnError),
        "spam" | "complaint" => Kind::Complained,
        "opened" | "uniqueopened" | "open" => Kind::Opened { machine: false },
        "proxyopen" | "uniqueproxyopen" | "loadedbyproxy" => Kind::Opened { machine: true },
        "click" | "clicked" | "uniqueclick" => Kind::Clicked,
        "unsubscribed" | "unsubscribe" => Kind::Unsubscribed,
        _ => Kind::Other,
    };
    let message = field::text(element, "/message-id");
    let email = field::text(element, "/email");
    let link = field::text(element, "/link");
    let moment = field::first(element, &["/ts_epoch", "/s_epoch", "/ts_event", "/ts", "/date"]);
    let campaign = field::first(element, &["/camp_id", "/campaign_id"]);
    let fields = [
        Some(&*name),
        message.as_deref().or(campaign.as_deref()),
        email.as_deref(),
        moment.as_deref(),
        link.as_deref(),
    ];
    let key = Key::derived(&fields, element);
    Ok(vec![Draft {
        recipient: email.map(Into::into),
        sender: field::owned(element, &["/sender_email"]),
        sending_ip: field::owned(element, &["/sending_ip"]),
        message_id: message.map(Into::into),
        campaign: campaign.map(Into::into),
        tags: tags(element),
        diagnostic: Some(said.into_owned()),
        reply,
        occurred_at: occurred_at(element)?,
        ..Draft::new(kind, key)
    }])
}

/// Brevo's own list, unless a server's reply stands in the reason.
fn blocked(reply: &Reply, said: &str) -> Kind {
    match reply.code {
        Some(400..) => Kind::Bounced(class::of_reply(reply, said)),
        _ => Kind::Suppressed,
    }
}

/// `ts_epoch` is the one safe time, in milliseconds; where it is in seconds (some events), `ts_event` is the event's. `date`
/// is in the account's zone, which nobody tells us: it is not used.
fn occurred_at(element: &Value) -> Result<Option<jiff::Timestamp>, Reason> {
    let in_milliseconds = |pointer: &str| field::int(element, pointer).is_some_and(|epoch| epoch >= 100_000_000_000);
    for pointer in ["/ts_epoch", "/s_epoch"] {
        if in_milliseconds(pointer) {
            return time::at(element, &[pointer]);
        }
    }
    time::at(element, &["/ts_event", "/ts_epoch", "/ts"])
}

fn tags(element: &Value) -> Tags {
    let mut tags = Tags::default();
    for pointer in ["/tags", "/tag"] {
        tags.add_at(element, pointer);
    }
    if let Some(custom) = field::text(element, "/X-Mailin-custom") {
        match field::inner_json(&custom) {
            Some(inner) => tags.add_value(&inner),
            None => tags.add(format!("X-Mailin-custom={custom}")),
        }
    }
    tags
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_have_their_kinds() {
        let table = [
            ("request", Kind::Accepted),
            ("sent", Kind::Accepted),
            ("delivered", Kind::Delivered),
            ("deferred", Kind::Deferred),
            ("soft_bounce", Kind::Bounced(Class::Transient)),
            ("softBounce", Kind::Bounced(Class::Transient)),
            ("hard_bounce", Kind::Bounced(Class::Hard)),
            ("invalid_email", Kind::Bounced(Class::Hard)),
            ("blocked", Kind::Suppressed),
            ("error", Kind::Bounced(Class::OwnError)),
            ("spam", Kind::Complained),
            ("complaint", Kind::Complained),
            ("unique_opened", Kind::Opened { machine: false }),
            ("unique_proxy_open", Kind::Opened { machine: true }),
            ("click", Kind::Clicked),
            ("unsubscribe", Kind::Unsubscribed),
            ("list_addition", Kind::Other),
        ];
        for (name, kind) in table {
            assert_eq!(event(&json!({"event": name, "email": "a@b.example"})).unwrap()[0].kind, kind, "{name}");
        }
    }

    #[test]
    fn the_safe_time_is_taken() {
        let at = |element: Value| event(&element).unwrap()[0].occurred_at.map(jiff::Timestamp::as_second);
        let all = json!({"event": "x", "date": "2018-03-06 11:10:23", "ts": 1, "ts_event": 2, "ts_epoch": 1_520_363_423_000_i64});
        assert_eq!(at(all), Some(1_520_363_423));
        assert_eq!(
            at(json!({"event": "x", "ts": 1, "ts_event": 1_604_933_654, "ts_epoch": 1_604_933_623})),
            Some(1_604_933_654)
        );
        assert_eq!(at(json!({"event": "x", "date": "2018-03-06 11:10:23"})), None);
    }
}
