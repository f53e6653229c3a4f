//! Amazon SES's event object (webhooks.md §1), however it was carried: SNS, EventBridge, a queue around either.

use jiff::Timestamp;
use preheat_core::event::{Class, Kind};
use serde_json::Value;

use crate::draft::Draft;
use crate::field::{self, Tags};
use crate::key::Key;
use crate::outcome::Reason;
use crate::reply::Reply;
use crate::{class, time};

/// The most recipients of one mail (SES takes 50).
const RECIPIENTS_MAX: usize = 1_000;

/// What the carrier adds.
pub(super) struct Context {
    /// SNS's MessageId, EventBridge's id.
    pub(super) delivery_id: Option<String>,
    /// The carrier's own time, for events that have none.
    pub(super) fallback_time: Option<Timestamp>,
}

/// One of an event's recipients, and what the server said of it.
struct Part {
    recipient: Option<String>,
    kind: Kind,
    reply: Reply,
    said: Option<String>,
    /// Recipients of whom one did it, and nobody says which.
    candidates: Vec<String>,
}

impl Part {
    fn plain(kind: Kind, recipient: Option<String>) -> Self {
        Self { recipient, kind, reply: Reply::default(), said: None, candidates: Vec::new() }
    }
}

/// The events of an SES event object: one a recipient, and one for a complaint, of whichever recipient it is.
pub(super) fn events(body: &Value, context: &Context) -> Result<Vec<Draft>, Reason> {
    if !body.is_object() {
        return Err(Reason::Shape("SES's event is no object"));
    }
    let Some(name) = field::first(body, &["/eventType", "/notificationType"]) else {
        // Inbound mail handed to Lambda, and other things of AWS.
        return Ok(vec![foreign(context, body)]);
    };
    let object = body.get(object_of(&name)).unwrap_or(&Value::Null);
    let parts = parts(&name, body, object);
    let occurred_at = time::at(object, &["/timestamp"])?.or(match &*name {
        "Send" | "Reject" => time::at(body, &["/mail/timestamp"])?,
        _ => None,
    });
    let message = field::text(body, "/mail/messageId");
    let feedback = field::text(object, "/feedbackId");
    let mut drafts = Vec::with_capacity(parts.len());
    for part in parts {
        let recipient = part.recipient.as_deref();
        // The same event may come through two carriers, or twice through one, so its own fields make the key. Without an id
        // of the mail, the carrier's id does.
        let key = match (&feedback, &message, &context.delivery_id) {
            (Some(id), _, _) => Key::given_for(id, recipient.unwrap_or_default()),
            (None, Some(id), _) => {
                let moment = occurred_at.map(|at| at.to_string());
                let link = field::text(object, "/link");
                Key::derived(&[Some(&name), Some(id), moment.as_deref(), recipient, link.as_deref()], body)
            }
            (None, None, Some(id)) => Key::given_for(id, recipient.unwrap_or_default()),
            (None, None, None) => Key::derived(&[Some(&name), recipient], body),
        };
        drafts.push(Draft {
            event_id: context.delivery_id.clone(),
            recipient: part.recipient,
            sender: field::owned(body, &["/mail/source"]),
            // The wire Message-ID that we set, before SES put its own in its place.
            message_id: field::owned(body, &["/mail/commonHeaders/messageId"]),
            provider_message_id: message.as_deref().map(str::to_owned),
            campaign: field::owned(body, &["/mail/tags/campaign/0", "/mail/tags/campaign_id/0"]),
            tags: tags(body, part.candidates),
            reply: part.reply,
            diagnostic: part.said,
            occurred_at: occurred_at.or(context.fallback_time),
            ..Draft::new(part.kind, key)
        });
    }
    Ok(drafts)
}

/// What came the way of SES's events and is none: kept, changes nothing.
pub(super) fn foreign(context: &Context, body: &Value) -> Draft {
    let key = context.delivery_id.as_deref().map_or_else(|| Key::derived(&[None], body), Key::given);
    Draft { event_id: context.delivery_id.clone(), occurred_at: context.fallback_time, ..Draft::new(Kind::Other, key) }
}

fn object_of(name: &str) -> &'static str {
    match name {
        "Send" => "send",
        "Delivery" => "delivery",
        "Bounce" => "bounce",
        "Complaint" => "complaint",
        "Reject" => "reject",
        "Open" => "open",
        "Click" => "click",
        "Rendering Failure" => "failure",
        "DeliveryDelay" => "deliveryDelay",
        "Subscription" => "subscription",
        _ => "",
    }
}

fn parts(name: &str, body: &Value, object: &Value) -> Vec<Part> {
    let destinations = field::list(body, "/mail/destination");
    match name {
        "Bounce" => each(object, "/bouncedRecipients", |recipient| bounced(object, recipient)),
        "Complaint" => vec![complained(object)],
        "DeliveryDelay" => each(object, "/delayedRecipients", |recipient| delayed(object, recipient)),
        "Delivery" => {
            let said = field::owned(object, &["/smtpResponse"]);
            let recipients = field::list(object, "/recipients");
            every(if recipients.is_empty() { destinations } else { recipients }, |recipient| Part {
                reply: Reply::read(said.as_deref().unwrap_or_default()),
                said: said.clone(),
                ..Part::plain(Kind::Delivered, recipient)
            })
        }
        "Send" => every(destinations, |recipient| Part::plain(Kind::Accepted, recipient)),
        // A virus, found by SES before it sent.
        "Reject" => every(destinations, |recipient| Part {
            said: field::owned(object, &["/reason"]),
            ..Part::plain(Kind::Bounced(Class::Content), recipient)
        }),
        "Rendering Failure" => every(destinations, |recipient| Part {
            said: field::owned(object, &["/errorMessage"]),
            ..Part::plain(Kind::Bounced(Class::OwnError), recipient)
        }),
        "Open" => {
            let machine = is_privacy_proxy(&field::text(object, "/userAgent").unwrap_or_default());
            vec![Part::plain(Kind::Opened { machine }, only(destinations))]
        }
        "Click" => vec![Part::plain(Kind::Clicked, only(destinations))],
        "Subscription" => vec![Part::plain(subscription(object), only(destinations))],
        _ => vec![Part::plain(Kind::Other, only(destinations))],
    }
}

fn each(object: &Value, pointer: &str, part: impl Fn(&Value) -> Part) -> Vec<Part> {
    let list = field::list(object, pointer);
    if list.is_empty() { vec![part(&Value::Null)] } else { list.iter().take(RECIPIENTS_MAX).map(part).collect() }
}

fn every(list: &[Value], part: impl Fn(Option<String>) -> Part) -> Vec<Part> {
    if list.is_empty() {
        return vec![part(None)];
    }
    list.iter().take(RECIPIENTS_MAX).map(|one| part(field::as_text(one).map(Into::into))).collect()
}

/// Opens and clicks name no recipient: it is known only where there is one.
fn only(destinations: &[Value]) -> Option<String> {
    match destinations {
        [single] => field::as_text(single).map(Into::into),
        _ => None,
    }
}

fn bounced(object: &Value, recipient: &Value) -> Part {
    let kind = field::text(object, "/bounceType").unwrap_or_default();
    let sub_type = field::text(object, "/bounceSubType").unwrap_or_default();
    let diagnostic = field::owned(recipient, &["/diagnosticCode"]);
    let said = diagnostic.unwrap_or_else(|| format!("{kind}: {sub_type}"));
    let reply = Reply::read(&said).with(None, field::text(recipient, "/status").as_deref());
    Part {
        recipient: field::owned(recipient, &["/emailAddress"]),
        reply: reply.clone(),
        said: Some(said.clone()),
        ..Part::plain(class::of_ses(&kind, &sub_type, &reply, &said), None)
    }
}

/// One complaint. The receiver often hides who complained, and SES then names everybody at that receiver's domain the mail went
/// to: none of them is suppressed for what another did.
fn complained(object: &Value) -> Part {
    let kind = if field::text(object, "/complaintSubType").as_deref() == Some("OnAccountSuppressionList") {
        Kind::Suppressed
    } else {
        match field::text(object, "/complaintFeedbackType").as_deref() {
            // The recipient moved it out of spam; a DMARC report. Neither is a complaint.
            Some("not-spam" | "auth-failure") => Kind::Other,
            _ => Kind::Complained,
        }
    };
    let listed = field::list(object, "/complainedRecipients").iter().take(RECIPIENTS_MAX);
    let mut candidates: Vec<String> = listed.filter_map(|one| field::owned(one, &["/emailAddress"])).collect();
    let recipient = if candidates.len() == 1 { candidates.pop() } else { None };
    Part { said: field::owned(object, &["/complaintFeedbackType"]), candidates, ..Part::plain(kind, recipient) }
}

fn delayed(object: &Value, recipient: &Value) -> Part {
    let said = field::owned(recipient, &["/diagnosticCode"]).or_else(|| field::owned(object, &["/delayType"]));
    let status = field::text(recipient, "/status");
    Part {
        reply: Reply::read(said.as_deref().unwrap_or_default()).with(None, status.as_deref()),
        said,
        ..Part::plain(Kind::Deferred, field::owned(recipient, &["/emailAddress"]))
    }
}

fn subscription(object: &Value) -> Kind {
    let all = field::flag(object, "/newTopicPreferences/unsubscribeAll");
    let topics = field::list(object, "/newTopicPreferences/topicSubscriptionStatus");
    let mut statuses = topics.iter().filter_map(|topic| field::text(topic, "/subscriptionStatus"));
    if all || statuses.any(|status| status.eq_ignore_ascii_case("OptOut")) { Kind::Unsubscribed } else { Kind::Other }
}

/// Apple's Mail Privacy Protection loads every image, read or not, and calls itself just this.
pub(super) fn is_privacy_proxy(user_agent: &str) -> bool {
    user_agent.trim() == "Mozilla/5.0"
}

fn tags(body: &Value, candidates: Vec<String>) -> Tags {
    let mut tags = Tags::default();
    for header in field::list(body, "/mail/headers") {
        if let (Some(name), Some(value)) = (field::text(header, "/name"), field::text(header, "/value")) {
            let own = name.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("x-"));
            let of_ses = name.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("x-ses-"));
            if own && !of_ses {
                tags.add(format!("{name}={value}"));
            }
        }
    }
    tags.add_at(body, "/mail/tags");
    for candidate in candidates {
        tags.add(format!("candidate={candidate}"));
    }
    tags
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NONE: Context = Context { delivery_id: None, fallback_time: None };

    #[test]
    fn a_bounce_is_one_event_a_recipient_with_keys_of_their_own() {
        let body = json!({"eventType": "Bounce", "mail": {"messageId": "m", "tags": {"campaign": ["c1"]}},
            "bounce": {"bounceType": "Permanent", "bounceSubType": "General", "feedbackId": "f",
                "timestamp": "2026-01-15T14:23:11Z", "bouncedRecipients": [
                {"emailAddress": "a@x.example", "status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 gone"},
                {"emailAddress": "b@x.example"}]}});
        let drafts = events(&body, &NONE).unwrap();
        assert_eq!(drafts.len(), 2);
        assert!(drafts.iter().all(|draft| draft.kind == Kind::Bounced(Class::Hard)));
        assert_ne!(drafts[0].key, drafts[1].key);
        assert_eq!(drafts[0].reply, Reply { code: Some(550), enhanced: Some("5.1.1".to_owned()) });
        assert_eq!(drafts[1].diagnostic.as_deref(), Some("Permanent: General"));
        assert_eq!(drafts[0].campaign.as_deref(), Some("c1"));
    }

    #[test]
    fn a_complaint_of_one_among_several_is_one_and_nobodys() {
        let complaint = |recipients: &[&str]| {
            let list: Vec<Value> = recipients.iter().map(|one| json!({"emailAddress": one})).collect();
            let body = json!({"eventType": "Complaint", "mail": {"messageId": "m", "tags": {"campaign": ["c1"]}},
                "complaint": {"feedbackId": "f", "complaintFeedbackType": "abuse", "complainedRecipients": list}});
            let mut drafts = events(&body, &NONE).unwrap();
            assert_eq!(drafts.len(), 1);
            let draft = drafts.remove(0);
            assert_eq!(draft.kind, Kind::Complained);
            (draft.recipient, draft.tags.into_vec())
        };
        assert_eq!(complaint(&["a@x.example"]), (Some("a@x.example".to_owned()), vec!["campaign=c1".to_owned()]));
        let tags = ["campaign=c1", "candidate=a@x.example", "candidate=b@x.example"].map(str::to_owned);
        assert_eq!(complaint(&["a@x.example", "b@x.example"]), (None, tags.to_vec()));
        assert_eq!(complaint(&[]), (None, vec!["campaign=c1".to_owned()]));
    }

    #[test]
    fn the_same_event_has_the_same_key_through_either_carrier() {
        let body = json!({"eventType": "Delivery", "mail": {"messageId": "m"},
            "delivery": {"timestamp": "2026-01-15T14:23:11Z", "recipients": ["a@x.example"]}});
        let through = |id: &str| {
            let context = Context { delivery_id: Some(id.to_owned()), fallback_time: None };
            events(&body, &context).unwrap().remove(0).key
        };
        assert_eq!(through("sns-message"), through("eventbridge-event"));
    }

    #[test]
    fn names_have_their_kinds() {
        let kind = |body: Value| events(&body, &NONE).unwrap()[0].kind;
        assert_eq!(kind(json!({"eventType": "Send"})), Kind::Accepted);
        assert_eq!(kind(json!({"eventType": "Reject"})), Kind::Bounced(Class::Content));
        assert_eq!(kind(json!({"eventType": "DeliveryDelay"})), Kind::Deferred);
        assert_eq!(kind(json!({"eventType": "Rendering Failure"})), Kind::Bounced(Class::OwnError));
        assert_eq!(kind(json!({"notificationType": "Complaint"})), Kind::Complained);
        assert_eq!(kind(json!({"notificationType": "Received"})), Kind::Other);
        let spam_not = json!({"eventType": "Complaint", "complaint": {"complaintFeedbackType": "not-spam"}});
        assert_eq!(kind(spam_not), Kind::Other);
        let apple = json!({"eventType": "Open", "open": {"userAgent": "Mozilla/5.0"}});
        assert_eq!(kind(apple), Kind::Opened { machine: true });
        let out =
            json!({"eventType": "Subscription", "subscription": {"newTopicPreferences": {"unsubscribeAll": true}}});
        assert_eq!(kind(out), Kind::Unsubscribed);
    }

    #[test]
    fn an_open_of_a_mail_to_two_is_nobodys() {
        let open = |to: Value| json!({"eventType": "Open", "mail": {"destination": to}, "open": {}});
        let recipient = |body: Value| events(&body, &NONE).unwrap().remove(0).recipient;
        assert_eq!(recipient(open(json!(["a@x.example"]))).as_deref(), Some("a@x.example"));
        assert_eq!(recipient(open(json!(["a@x.example", "b@x.example"]))), None);
    }
}
