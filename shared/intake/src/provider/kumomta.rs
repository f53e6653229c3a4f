//! KumoMTA's log hook (webhooks.md §13): one JSON record a POST, or an array from a hook of one's own. No signature.

use preheat_core::event::{Class, Kind};
use serde_json::Value;

use super::{Adapter, Reading, powermta, shown_only};
use crate::draft::{Batch, Draft};
use crate::field::{self, Tags};
use crate::key::Key;
use crate::outcome::Reason;
use crate::reply::Reply;
use crate::{class, time};

pub(super) const ADAPTER: Adapter = Adapter { verify: shown_only, read, signs_time: false };

/// The most recipients of a record.
const RECIPIENTS_MAX: usize = 1_000;

fn read<'a>(reading: &Reading<'a>) -> Result<Batch<'a>, Reason> {
    Batch::of_json(reading.body, reading.origin, events)
}

fn events(element: &Value) -> Result<Vec<Draft>, Reason> {
    let name = field::text(element, "/type").ok_or(Reason::Shape("no `type`"))?;
    // The hook's own mail, logged by itself.
    if field::text(element, "/reception_protocol").as_deref() == Some("LogRecord") {
        return Ok(Vec::new());
    }
    let said = field::text(element, "/response/content").unwrap_or_default();
    let enhanced = enhanced(element);
    let reply = Reply::read(&said).with(field::int(element, "/response/code"), enhanced.as_deref());
    let kind = match &*name {
        "Reception" => Kind::Accepted,
        "Delivery" => Kind::Delivered,
        "Bounce" | "OOB" => Kind::Bounced(bounced(element, &reply, &said)),
        // The operator of our own MTA threw it away.
        "AdminBounce" => Kind::Bounced(Class::OwnError),
        "TransientFailure" | "Delayed" => Kind::Deferred,
        // Tried for days, and no answer for good: the address is not to blame.
        "Expiration" => Kind::Bounced(Class::Transient),
        "Feedback" => powermta::feedback(field::text(element, "/feedback_report/feedback_type").as_deref()),
        _ => Kind::Other,
    };
    let recipients = recipients(element, &name);
    recipients.into_iter().map(|recipient| draft(element, &name, kind, &reply, recipient)).collect()
}

fn draft(element: &Value, name: &str, kind: Kind, reply: &Reply, recipient: Option<String>) -> Result<Draft, Reason> {
    let text = |pointer| field::text(element, pointer);
    let (node, id, moment, tries) = (text("/nodeid"), text("/id"), text("/timestamp"), text("/num_attempts"));
    let fields =
        [Some(name), node.as_deref(), id.as_deref(), moment.as_deref(), tries.as_deref(), recipient.as_deref()];
    let key = Key::derived(&fields, element);
    let of_report = matches!(name, "Feedback" | "OOB");
    let mut tags = Tags::default();
    for pointer in ["/headers", "/meta", "/feedback_report/supplemental_trace"] {
        tags.add_at(element, pointer);
    }
    for label in ["egress_source", "egress_pool", "queue"] {
        if let Some(value) = field::text(element, &format!("/{label}")) {
            tags.add(format!("{label}={value}"));
        }
    }
    Ok(Draft {
        recipient,
        sender: field::owned(element, &["/headers/From", "/feedback_report/original_mail_from", "/sender"])
            .filter(|_| !of_report || element.pointer("/feedback_report/original_mail_from").is_some()),
        sending_ip: field::owned(element, &["/source_address/address", "/feedback_report/source_ip"]),
        message_id: message_id(element, of_report),
        // Of a report, `id` is that of the report itself.
        provider_message_id: if of_report { None } else { id.as_deref().map(str::to_owned) },
        campaign: field::owned(element, &["/meta/campaign", "/feedback_report/supplemental_trace/campaign"]),
        tags,
        diagnostic: text("/response/content").map(Into::into),
        reply: reply.clone(),
        occurred_at: time::at(element, &["/event_time", "/timestamp"])?,
        ..Draft::new(kind, key)
    })
}

/// `{class, subject, detail}`.
fn enhanced(element: &Value) -> Option<String> {
    let part = |name: &str| field::int(element, &format!("/response/enhanced_code/{name}"));
    Some(format!("{}.{}.{}", part("class")?, part("subject")?, part("detail")?))
}

/// A record's recipients: a text or a list; of a report, those of the mail that it speaks of.
fn recipients(element: &Value, name: &str) -> Vec<Option<String>> {
    let pointers: &[&str] = match name {
        "Feedback" => &[
            "/feedback_report/original_rcpto_to",
            "/feedback_report/original_rcpt_to",
            "/feedback_report/supplemental_trace/recipient",
        ],
        "OOB" => &["/feedback_report/supplemental_trace/recipient", "/recipient"],
        _ => &["/recipient"],
    };
    let lists = pointers.iter().map(|pointer| field::list(element, pointer));
    let list = lists.into_iter().find(|list| !list.is_empty()).unwrap_or_default();
    let found: Vec<_> =
        list.iter().take(RECIPIENTS_MAX).filter_map(field::as_text).map(|one| Some(one.into_owned())).collect();
    if found.is_empty() { vec![None] } else { found }
}

/// Among the logged headers, whatever their case; of a report, in the headers of the mail that it speaks of.
fn message_id(element: &Value, of_report: bool) -> Option<String> {
    if of_report {
        let original = field::text(element, "/feedback_report/original_message")?;
        let head = original.lines().take(200).take_while(|line| !line.is_empty());
        return head
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.trim().eq_ignore_ascii_case("message-id"))
            .map(|(_, value)| value.trim().to_owned());
    }
    let headers = element.get("headers")?.as_object()?;
    let found = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("message-id"));
    found.and_then(|(_, value)| field::as_text(value)).map(Into::into)
}

/// The server's own classifier, where it is configured; else the reply.
fn bounced(element: &Value, reply: &Reply, said: &str) -> Class {
    match &*field::text(element, "/bounce_classification").unwrap_or_default() {
        "InvalidRecipient" | "BadDomain" | "InactiveMailbox" => Class::Hard,
        "QuotaIssues" => Class::MailboxFull,
        "SpamBlock" | "PoorReputation" => Class::ReputationBlock,
        "SpamContent" | "ContentRelated" | "VirusRelated" | "ProhibitedAttachment" => Class::Content,
        "PolicyRelated" | "AuthenticationFailed" | "RelayDenied" | "RelayingIssues" | "ProtocolErrors" => Class::Policy,
        "TooManyConnections" | "RateLimited" | "Throttling" => Class::RateLimit,
        "RoutingErrors" | "NoAnswerFromHost" | "BadConnection" | "MessageExpired" | "DNSFailure"
        | "TransientFailure" => Class::Transient,
        "InvalidSender" | "BadConfiguration" => Class::OwnError,
        _ => class::of_reply(reply, said),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn record_types_have_their_kinds() {
        let kind = |element: Value| events(&element).unwrap()[0].kind;
        assert_eq!(kind(json!({"type": "Reception"})), Kind::Accepted);
        assert_eq!(kind(json!({"type": "TransientFailure"})), Kind::Deferred);
        assert_eq!(kind(json!({"type": "Delayed"})), Kind::Deferred);
        assert_eq!(kind(json!({"type": "Expiration"})), Kind::Bounced(Class::Transient));
        assert_eq!(kind(json!({"type": "AdminBounce"})), Kind::Bounced(Class::OwnError));
        assert_eq!(kind(json!({"type": "AdminRebind"})), Kind::Other);
        let bounce = |word: &str| {
            json!({"type": "Bounce", "bounce_classification": word,
            "response": {"code": 550, "enhanced_code": {"class": 5, "subject": 1, "detail": 1}, "content": "User unknown"}})
        };
        assert_eq!(kind(bounce("QuotaIssues")), Kind::Bounced(Class::MailboxFull));
        assert_eq!(kind(bounce("PoorReputation")), Kind::Bounced(Class::ReputationBlock));
        assert_eq!(kind(bounce("Uncategorized")), Kind::Bounced(Class::Hard));
        assert!(events(&json!({"type": "Delivery", "reception_protocol": "LogRecord"})).unwrap().is_empty());
    }

    #[test]
    fn a_list_of_recipients_is_one_event_each() {
        let drafts =
            events(&json!({"type": "Reception", "id": "1", "recipient": ["a@x.example", "b@x.example"]})).unwrap();
        assert_eq!(drafts.len(), 2);
        assert_ne!(drafts[0].key, drafts[1].key);
    }

    #[test]
    fn a_report_speaks_of_another_mail() {
        let report = json!({"type": "Feedback", "id": "report", "sender": "fbl@isp.example", "recipient": "fbl@ours.example",
            "feedback_report": {"feedback_type": "abuse", "original_rcpto_to": ["reader@isp.example"],
                "original_mail_from": "<us@ours.example>", "original_message": "From: x\r\nMessage-ID: <m@ours.example>\r\n\r\nbody"}});
        let draft = events(&report).unwrap().remove(0);
        assert_eq!(draft.kind, Kind::Complained);
        assert_eq!(draft.recipient.as_deref(), Some("reader@isp.example"));
        assert_eq!(draft.message_id.as_deref(), Some("<m@ours.example>"));
        assert_eq!(draft.provider_message_id, None);
    }
}
