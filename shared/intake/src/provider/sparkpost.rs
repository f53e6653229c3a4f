//! SparkPost (webhooks.md §6): an array of `{"msys": {class: event}}`, all numbers as text, no signature.

use preheat_core::event::{Class, Kind};
use serde_json::Value;

use super::{Adapter, Reading, ses, shown_only};
use crate::draft::{Batch, Draft};
use crate::key::Key;
use crate::outcome::Reason;
use crate::reply::Reply;
use crate::{class, field, time};

pub(super) const ADAPTER: Adapter = Adapter { verify: shown_only, read, signs_time: false };

/// Names the batch: the same in every try to deliver it.
const BATCH_HEADER: &str = "x-messagesystems-batch-id";
/// The longest name of a batch that is kept, in bytes.
const BATCH_BYTES_MAX: usize = 64;

fn read<'a>(reading: &Reading<'a>) -> Result<Batch<'a>, Reason> {
    let mut batch = Batch::of_json(reading.body, reading.origin, event)?;
    // Kept, and no guard of its own: a repeated batch is met event by event, by `event_id`. A guard that remembered batches
    // would pass over the rest of one that was stored in part.
    if let Some(id) = reading.headers.get(BATCH_HEADER).filter(|id| (1..=BATCH_BYTES_MAX).contains(&id.len())) {
        for event in &mut batch.events {
            event.correlation.tags.push(format!("batch-id={id}"));
        }
    }
    Ok(batch)
}

fn event(element: &Value) -> Result<Vec<Draft>, Reason> {
    let wrapper = element.get("msys").and_then(Value::as_object).ok_or(Reason::Shape("no `msys`"))?;
    // `[{"msys":{}}]` is the ping on creation.
    let Some((of, data)) = wrapper.iter().next() else { return Ok(Vec::new()) };
    let name = field::text(data, "/type").ok_or(Reason::Shape("no `type`"))?;
    let said = field::first(data, &["/raw_reason", "/reason"]).unwrap_or_default();
    let reply = Reply::read(&said).with(field::int(data, "/error_code"), None);
    let kind = match (of.as_str(), &*name) {
        // Inbound relaying and text messages are not mail of ours.
        ("relay_event" | "sms_event", _) => Kind::Other,
        (_, "injection") => Kind::Accepted,
        (_, "delivery") => Kind::Delivered,
        (_, "bounce" | "out_of_band") => bounced(data, &reply, &said),
        (_, "delay") => Kind::Deferred,
        (_, "policy_rejection" | "generation_rejection") => rejected(&said),
        (_, "generation_failure") => Kind::Bounced(Class::OwnError),
        (_, "spam_complaint") => match field::text(data, "/fbtype").as_deref() {
            Some("not-spam" | "auth-failure") => Kind::Other,
            _ => Kind::Complained,
        },
        (_, "open" | "initial_open" | "amp_open" | "amp_initial_open") => Kind::Opened { machine: machine(data) },
        (_, "click" | "amp_click") => Kind::Clicked,
        (_, "list_unsubscribe" | "link_unsubscribe") => Kind::Unsubscribed,
        _ => Kind::Other,
    };
    let id = field::text(data, "/event_id");
    let recipient = field::first(data, &["/raw_rcpt_to", "/rcpt_to"]);
    let message = field::first(data, &["/message_id", "/transmission_id"]);
    let moment = field::text(data, "/timestamp");
    let fields = [Some(&*name), message.as_deref(), recipient.as_deref(), moment.as_deref()];
    let mut draft = Draft::new(kind, id.as_deref().map_or_else(|| Key::derived(&fields, element), Key::given));
    draft.tags.add_at(data, "/rcpt_tags");
    draft.tags.add_at(data, "/rcpt_meta");
    draft.tags.add_at(data, "/campaign_id");
    if let Some(message) = data.get("message_id") {
        draft.tags.add_named("message_id", message);
    }
    Ok(vec![Draft {
        event_id: id.map(Into::into),
        recipient: recipient.map(Into::into),
        sender: field::owned(data, &["/friendly_from", "/msg_from"]),
        sending_ip: field::owned(data, &["/sending_ip"]),
        provider_message_id: field::owned(data, &["/transmission_id", "/message_id"]),
        campaign: field::owned(data, &["/campaign_id"]),
        diagnostic: Some(said.into_owned()),
        reply,
        occurred_at: time::at(data, &["/timestamp"])?,
        ..draft
    }])
}

fn bounced(data: &Value, reply: &Reply, said: &str) -> Kind {
    Kind::Bounced(match field::int(data, "/bounce_class") {
        Some(10 | 30) => Class::Hard,
        Some(20 | 21 | 24 | 40 | 70) => class::soft(reply, said),
        Some(22) => Class::MailboxFull,
        Some(23 | 52 | 53) => Class::Content,
        // An administrator of the sending side took it out.
        Some(25) => Class::OwnError,
        Some(50 | 51) => Class::ReputationBlock,
        Some(54) => Class::Policy,
        Some(60) => return Kind::AutoReplied,
        Some(80) => return Kind::Other,
        Some(90) => return Kind::Unsubscribed,
        Some(100) => return Kind::Challenge,
        Some(1) => Class::Undetermined,
        _ => class::of_reply(reply, said),
    })
}

/// SparkPost itself would not send: the address is on its list, or the sender did something wrong.
fn rejected(said: &str) -> Kind {
    if said.to_ascii_lowercase().contains("suppress") { Kind::Suppressed } else { Kind::Bounced(Class::OwnError) }
}

fn machine(data: &Value) -> bool {
    field::flag(data, "/is_prefetched") || ses::is_privacy_proxy(&field::text(data, "/user_agent").unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{Endpoint, Headers, Outcome, Request, Secret, receive};

    #[test]
    fn each_event_of_a_batch_says_in_which_it_came() {
        let body = json!([
            {"msys": {"message_event": {"type": "delivery", "event_id": "1"}}},
            {"msys": {"message_event": {"type": "delivery", "event_id": "2"}}},
        ])
        .to_string();
        let endpoint = Endpoint::new(preheat_core::event::Reporter::Sparkpost, "e1", vec![Secret::basic("u:p")]);
        let tags = |batch: &str| {
            let headers: Headers<'_> =
                [("Authorization", "Basic dTpw"), ("X-MessageSystems-Batch-ID", batch)].into_iter().collect();
            let request = Request::post(headers, body.as_bytes());
            let outcome = receive(&endpoint, &request, jiff::Timestamp::UNIX_EPOCH, &|_| None);
            let Outcome::Accepted(accepted) = outcome else { panic!("{outcome:?}") };
            assert!(
                accepted.events.windows(2).all(|pair| pair[0].raw_ref.is_some() && pair[0].raw_ref == pair[1].raw_ref)
            );
            accepted.events.into_iter().map(|event| event.correlation.tags).collect::<Vec<_>>()
        };
        assert_eq!(tags("b-7"), [["batch-id=b-7"], ["batch-id=b-7"]]);
        assert_eq!(tags(""), [Vec::<String>::new(), Vec::new()]);
        assert_eq!(tags(&"x".repeat(BATCH_BYTES_MAX + 1)), [Vec::<String>::new(), Vec::new()]);
    }

    #[test]
    fn bounce_classes_have_their_kinds() {
        let table = [
            ("1", Kind::Bounced(Class::Undetermined)),
            ("10", Kind::Bounced(Class::Hard)),
            ("20", Kind::Bounced(Class::Transient)),
            ("21", Kind::Bounced(Class::Transient)),
            ("22", Kind::Bounced(Class::MailboxFull)),
            ("23", Kind::Bounced(Class::Content)),
            ("24", Kind::Bounced(Class::Transient)),
            ("25", Kind::Bounced(Class::OwnError)),
            ("30", Kind::Bounced(Class::Hard)),
            ("40", Kind::Bounced(Class::Transient)),
            ("50", Kind::Bounced(Class::ReputationBlock)),
            ("51", Kind::Bounced(Class::ReputationBlock)),
            ("52", Kind::Bounced(Class::Content)),
            ("53", Kind::Bounced(Class::Content)),
            ("54", Kind::Bounced(Class::Policy)),
            ("60", Kind::AutoReplied),
            ("70", Kind::Bounced(Class::Transient)),
            ("80", Kind::Other),
            ("90", Kind::Unsubscribed),
            ("100", Kind::Challenge),
        ];
        for (class, kind) in table {
            let data = json!({"msys": {"message_event": {"type": "bounce", "bounce_class": class, "event_id": "1"}}});
            assert_eq!(event(&data).unwrap()[0].kind, kind, "{class}");
        }
    }

    #[test]
    fn the_ping_is_nothing_and_relaying_changes_nothing() {
        assert!(event(&json!({"msys": {}})).unwrap().is_empty());
        assert!(event(&json!({})).is_err());
        let relay = json!({"msys": {"relay_event": {"type": "relay_delivery", "event_id": "1"}}});
        assert_eq!(event(&relay).unwrap()[0].kind, Kind::Other);
        let listed = json!({"msys": {"gen_event": {"type": "generation_rejection", "event_id": "1",
            "reason": "554 5.7.1 recipient address suppressed due to customer policy"}}});
        assert_eq!(event(&listed).unwrap()[0].kind, Kind::Suppressed);
    }
}
