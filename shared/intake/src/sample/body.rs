//! Bodies in each provider's own words, unsigned.

use preheat_core::event::Reporter;
use serde_json::{Value, json};

use super::{Happening, Scene};
use crate::endpoint::Endpoint;
use crate::key::hash;

/// Whether the provider posts arrays.
pub(super) fn is_batch(provider: Reporter) -> bool {
    matches!(
        provider,
        Reporter::Sendgrid
            | Reporter::Sparkpost
            | Reporter::Brevo
            | Reporter::Mailjet
            | Reporter::Mandrill
            | Reporter::Powermta
            | Reporter::Kumomta
            | Reporter::Mailtrap
            | Reporter::UnisenderGo
    )
}

/// The body. For Mandrill the value of its form field, for SNS the inner message.
pub(super) fn of(endpoint: &Endpoint, scenes: &[Scene<'_>]) -> Option<Value> {
    let provider = endpoint.provider;
    let elements: Option<Vec<Value>> = scenes.iter().map(|scene| element(provider, scene)).collect();
    let elements = elements?;
    if !is_batch(provider) {
        return elements.into_iter().next();
    }
    Some(match provider {
        Reporter::Mailtrap => json!({ "events": elements }),
        Reporter::UnisenderGo => json!({ "events_by_user": [{ "user_id": 1, "events": elements }] }),
        _ => Value::Array(elements),
    })
}

/// A word for what happened, of three.
fn word<'a>(scene: &Scene<'_>, delivered: &'a str, bounced: &'a str, complained: &'a str) -> &'a str {
    match scene.happening {
        Happening::Delivered => delivered,
        Happening::HardBounce => bounced,
        Happening::Complaint => complained,
    }
}

const GONE: &str = "550 5.1.1 The email account that you tried to reach does not exist";

fn element(provider: Reporter, scene: &Scene<'_>) -> Option<Value> {
    let &Scene { happening, recipient, message_id, id, at } = scene;
    let wire_id = format!("<{message_id}>");
    let (seconds, milliseconds, text) = (at.as_second(), at.as_millisecond(), at.to_string());
    Some(match provider {
        Reporter::Ses => ses(scene),
        Reporter::Sendgrid => json!({"email": recipient, "timestamp": seconds, "smtp-id": wire_id, "sg_event_id": id,
            "sg_message_id": format!("{id}.filter1"), "event": word(scene, "delivered", "bounce", "spamreport"),
            "type": "bounce", "status": "5.1.1", "reason": GONE, "category": ["preheat test"]}),
        Reporter::Mailgun => json!({"event-data": {"event": word(scene, "delivered", "failed", "complained"),
            "severity": "permanent", "reason": "bounce", "id": id, "timestamp": seconds, "recipient": recipient,
            "delivery-status": {"code": word(scene, "250", "550", "250").parse::<u16>().ok(), "message": GONE},
            "message": {"headers": {"message-id": message_id}}}}),
        Reporter::Postmark => {
            json!({"RecordType": word(scene, "Delivery", "Bounce", "SpamComplaint"), "ID": hash(&[id]),
            "Type": word(scene, "", "HardBounce", "SpamComplaint"), "TypeCode": word(scene, "0", "1", "100001").parse::<u32>().ok(),
            "MessageID": id, "Recipient": recipient, "Email": recipient, "DeliveredAt": text, "BouncedAt": text,
            "Details": word(scene, "250 OK", GONE, ""), "Tag": "preheat test"})
        }
        Reporter::Sparkpost => {
            json!({"msys": {"message_event": {"type": word(scene, "delivery", "bounce", "spam_complaint"),
            "bounce_class": "10", "event_id": id, "rcpt_to": recipient, "raw_rcpt_to": recipient, "transmission_id": id,
            "timestamp": seconds.to_string(), "raw_reason": word(scene, "", GONE, "")}}})
        }
        Reporter::Resend | Reporter::StandardWebhooks => json!({
            "type": word(scene, "email.delivered", "email.bounced", "email.complained"), "created_at": text,
            "data": {"email_id": id, "message_id": wire_id, "to": [recipient],
                "bounce": {"type": "Permanent", "subType": "General", "message": GONE}}}),
        Reporter::Brevo => {
            json!({"event": word(scene, "delivered", "hard_bounce", "spam"), "email": recipient, "id": 1,
            "message-id": wire_id, "ts_epoch": milliseconds, "ts_event": seconds, "reason": word(scene, "sent", GONE, ""),
            "link": id})
        }
        Reporter::Mailjet => json!({"event": word(scene, "sent", "bounce", "spam"), "time": seconds, "MessageID": id,
            "email": recipient, "hard_bounce": happening == Happening::HardBounce, "error_related_to": "recipient",
            "error": "user unknown", "comment": GONE, "CustomID": message_id}),
        Reporter::Mandrill => {
            json!({"event": word(scene, "delivered", "hard_bounce", "spam"), "_id": id, "ts": seconds,
            "msg": {"_id": id, "email": recipient, "bounce_description": "bad_mailbox", "diag": GONE}})
        }
        Reporter::Mailwizz => json!({"event": word(scene, "delivered", "bounced", "complained"), "subscriber_uid": id,
            "campaign_uid": "preheat-test", "email": recipient, "timestamp": text, "bounce_type": "hard", "bounce_message": GONE}),
        Reporter::Powermta => {
            json!({"type": word(scene, "d", "b", "f"), "timeLogged": seconds.to_string(), "rcpt": recipient,
            "orig": "", "bounceCat": "bad-mailbox", "dsnStatus": word(scene, "2.0.0", "5.1.1 (bad destination mailbox address)", ""),
            "dsnDiag": word(scene, "smtp;250 2.0.0 OK", "smtp;550 5.1.1 User unknown", ""), "feedbackType": "abuse",
            "envId": id, "header_Message-Id": wire_id})
        }
        Reporter::Kumomta => {
            json!({"type": word(scene, "Delivery", "Bounce", "Feedback"), "id": id, "recipient": recipient,
            "timestamp": seconds, "num_attempts": 0, "nodeid": "test", "bounce_classification": "InvalidRecipient",
            "feedback_report": {"feedback_type": "abuse", "original_rcpto_to": [recipient]},
            "response": {"code": 550, "enhanced_code": {"class": 5, "subject": 1, "detail": 1}, "content": "User unknown"},
            "headers": {"Message-ID": wire_id}, "meta": {}})
        }
        Reporter::Smartlead => {
            json!({"event_type": word(scene, "EMAIL_SENT", "EMAIL_BOUNCE", "EMAIL_BOUNCE"), "stats_id": id,
            "sl_lead_email": recipient, "campaign_id": 1, "event_timestamp": text, "bounce_message": {"text": GONE},
            "sent_message": {"message_id": wire_id}})
        }
        Reporter::Instantly => json!({"event_type": word(scene, "email_sent", "email_bounced", "email_bounced"),
            "timestamp": text, "lead_email": recipient, "email_id": id, "campaign_id": "preheat-test", "step": 1}),
        Reporter::Postal => {
            json!({"event": word(scene, "MessageSent", "MessageDeliveryFailed", "MessageDeliveryFailed"),
            "timestamp": seconds, "uuid": id, "payload": {"status": word(scene, "Sent", "HardFail", "HardFail"),
                "output": word(scene, "250 2.0.0 OK", GONE, GONE), "message": {"id": 1, "direction": "outgoing",
                "message_id": message_id, "to": recipient}}})
        }
        Reporter::Mailersend => {
            let name = word(scene, "delivered", "hard_bounced", "spam_complaint");
            json!({"type": format!("activity.{name}"), "data": {"id": id, "type": name, "created_at": text,
                "email": {"message": {"id": id}, "recipient": {"email": recipient}, "tags": []}, "morph": {"reason": GONE}}})
        }
        Reporter::Mailtrap => {
            json!({"event": word(scene, "delivery", "bounce", "spam"), "event_id": id, "message_id": id,
            "email": recipient, "timestamp": seconds, "response": GONE, "response_code": 550, "bounce_category": "hard"})
        }
        Reporter::UnisenderGo => json!({"event_name": "transactional_email_status", "event_data": {
            "status": word(scene, "delivered", "hard_bounced", "spam"), "job_id": id, "email": recipient,
            "event_time": at.strftime("%Y-%m-%d %H:%M:%S").to_string(),
            "delivery_info": {"delivery_status": "err_user_unknown", "destination_response": GONE}}}),
        Reporter::Mailbox => return None,
    })
}

fn ses(scene: &Scene<'_>) -> Value {
    let &Scene { recipient, message_id, id, at, .. } = scene;
    json!({
        "eventType": word(scene, "Delivery", "Bounce", "Complaint"),
        "mail": {"messageId": id, "source": "test@sender.example", "destination": [recipient],
            "commonHeaders": {"messageId": format!("<{message_id}>")}},
        "delivery": {"timestamp": at.to_string(), "recipients": [recipient], "smtpResponse": "250 2.0.0 OK"},
        "bounce": {"bounceType": "Permanent", "bounceSubType": "General", "feedbackId": id, "timestamp": at.to_string(),
            "bouncedRecipients": [{"emailAddress": recipient, "status": "5.1.1", "diagnosticCode": format!("smtp; {GONE}")}]},
        "complaint": {"feedbackId": id, "timestamp": at.to_string(), "complaintFeedbackType": "abuse",
            "complainedRecipients": [{"emailAddress": recipient}]},
    })
}
