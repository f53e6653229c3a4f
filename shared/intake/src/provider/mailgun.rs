//! Mailgun (webhooks.md §4): HMAC-SHA256 over timestamp and token, in the body; JSON, and the form of before 2018.

use preheat_core::event::{Class, Kind, Signature};
use serde_json::{Value, json};

use super::{AHEAD_S, Adapter, Reading, Visit};
use crate::draft::{Batch, Draft};
use crate::form::{self, Form};
use crate::key::Key;
use crate::outcome::{Reason, Refusal};
use crate::reply::Reply;
use crate::{aside, class, field, salvage, seal, time};

pub(super) const ADAPTER: Adapter = Adapter { verify, read, signs_time: true };

/// How long after its timestamp a request is taken, in seconds: 8 h of retries and some slack. The token is the event's key, so
/// a replay within it finds itself stored.
const AGE_MAX_S: i64 = 9 * 3_600;

/// What Mailgun itself puts into the old form; all else is a custom variable.
const LEGACY_BUILT_IN: &[&str] = &[
    "event",
    "recipient",
    "domain",
    "timestamp",
    "token",
    "signature",
    "code",
    "error",
    "notification",
    "reason",
    "description",
    "message-headers",
    "message-id",
    "x-mailgun-sid",
    "x-mailgun-tag",
    "tag",
    "attachment-count",
    "url",
    "ip",
    "country",
    "region",
    "city",
    "user-agent",
    "device-type",
    "client-type",
    "client-name",
    "client-os",
    "campaign-id",
    "campaign-name",
    "mailing-list",
    "body-plain",
    "body-html",
    "body-mime",
    "sender",
    "subject",
    "from",
    "stripped-text",
    "stripped-html",
    "stripped-signature",
    "content-id-map",
    "h",
    "attachments",
    "my-var",
];

/// The three signed fields, wherever the body has them.
struct Signed {
    timestamp: String,
    token: String,
    signature: String,
}

fn signed_of(body: &[u8]) -> Option<Signed> {
    if form::is_form(body) {
        let field = |name: &str| form::field(body, name);
        return Some(Signed { timestamp: field("timestamp")?, token: field("token")?, signature: field("signature")? });
    }
    let signed = salvage::member(body, "signature")?;
    let field = |name: &str| salvage::text(signed, name);
    Some(Signed { timestamp: field("timestamp")?, token: field("token")?, signature: field("signature")? })
}

fn verify(visit: &Visit<'_>) -> Result<Signature, Refusal> {
    let signed = signed_of(visit.body);
    visit.signed(|key| {
        let Signed { timestamp, token, signature } = signed.as_ref().ok_or(Refusal::Missing)?;
        visit.fresh(timestamp.parse().ok(), AGE_MAX_S, AHEAD_S)?;
        let mac = seal::hmac_sha256(key.as_bytes(), &[timestamp.as_bytes(), token.as_bytes()]);
        let wanted = seal::hex(mac.as_ref());
        if seal::same(wanted.as_bytes(), signature.to_ascii_lowercase().as_bytes()) {
            Ok(())
        } else {
            Err(Refusal::Mismatch)
        }
    })
}

fn read<'a>(reading: &Reading<'a>) -> Result<Batch<'a>, Reason> {
    if form::is_form(reading.body) {
        let form = Form::read(reading.body)?;
        let mut batch = Batch::new(reading.origin);
        batch.take(0, legacy(&form), || aside::of_body(reading.body))?;
        return Ok(batch);
    }
    Batch::of_json(reading.body, reading.origin, event)
}

fn event(element: &Value) -> Result<Vec<Draft>, Reason> {
    let data = element.get("event-data").ok_or(Reason::Shape("no `event-data`"))?;
    let name = field::text(data, "/event").ok_or(Reason::Shape("no `event`"))?;
    let said = field::first(data, &["/delivery-status/message", "/delivery-status/description", "/reject/reason"]);
    let said = said.unwrap_or_default();
    let code = field::int(data, "/delivery-status/code");
    let reply = Reply::read(&said).with(code, field::text(data, "/delivery-status/enhanced-code").as_deref());
    let kind = match &*name {
        "accepted" => Kind::Accepted,
        // Mailgun itself would not take it: a domain not verified, a sandbox.
        "rejected" => Kind::Bounced(Class::OwnError),
        "delivered" => Kind::Delivered,
        "failed" => failed(data, code, &reply, &said),
        "opened" => Kind::Opened { machine: field::text(data, "/client-info/bot").is_some() },
        "clicked" => Kind::Clicked,
        "unsubscribed" => Kind::Unsubscribed,
        "complained" => Kind::Complained,
        _ => Kind::Other,
    };
    let id = field::text(data, "/id");
    let token = field::text(element, "/signature/token");
    let stamp = field::text(data, "/timestamp");
    let key = token
        .as_deref()
        .map_or_else(|| Key::derived(&[Some(&name), id.as_deref(), stamp.as_deref()], element), Key::given);
    let mut draft = Draft::new(kind, key);
    draft.tags.add_at(data, "/tags");
    draft.tags.add_at(data, "/user-variables");
    Ok(vec![Draft {
        event_id: id.map(Into::into),
        recipient: field::owned(data, &["/recipient", "/message/headers/to", "/envelope/targets"]),
        sender: field::owned(data, &["/envelope/sender", "/message/headers/from"]),
        sending_ip: field::owned(data, &["/envelope/sending-ip"]),
        message_id: field::owned(data, &["/message/headers/message-id"]),
        campaign: field::owned(data, &["/campaigns/0/id"]),
        diagnostic: Some(said.into_owned()),
        reply,
        occurred_at: time::at(data, &["/timestamp"])?,
        ..draft
    }])
}

fn failed(data: &Value, code: Option<i64>, reply: &Reply, said: &str) -> Kind {
    let reason = field::text(data, "/reason").unwrap_or_default();
    // 605, 606, 607, 625: the address is on Mailgun's list, nothing was sent.
    if reason.starts_with("suppress-") || matches!(code, Some(605..=607 | 625)) {
        return Kind::Suppressed;
    }
    if field::text(data, "/severity").as_deref() == Some("temporary") {
        return Kind::Deferred;
    }
    let class = match (&*reason, class::of_reply(reply, said)) {
        ("old", Class::Hard | Class::Undetermined) => Class::Transient,
        ("espblock", Class::Hard | Class::Undetermined) => Class::ReputationBlock,
        // For good, and neither address nor domain is named: a block.
        (_, Class::Undetermined) => Class::Policy,
        (_, class) => class,
    };
    Kind::Bounced(class)
}

fn legacy(form: &Form) -> Result<Vec<Draft>, Reason> {
    let name = form.get(&["event"]).unwrap_or_default().to_ascii_lowercase();
    if name.is_empty() && form.get(&["token"]).is_none() {
        return Err(Reason::Shape("neither `event` nor `token`"));
    }
    let code = form.get(&["code"]).unwrap_or_default();
    let said = form.get(&["error", "notification", "description"]).unwrap_or_default();
    let reply = Reply::read(said).with(code.parse().ok(), Some(code));
    let reason = form.get(&["reason"]).unwrap_or_default();
    let kind = match name.as_str() {
        "delivered" => Kind::Delivered,
        // "hardfail" here means that an earlier hard failure put the address onto the list.
        "dropped" if reason == "old" => Kind::Bounced(Class::Transient),
        "dropped" => Kind::Suppressed,
        "bounced" => Kind::Bounced(match class::of_reply(&reply, said) {
            Class::Undetermined => Class::Policy,
            class => class,
        }),
        "complained" => Kind::Complained,
        "unsubscribed" => Kind::Unsubscribed,
        "clicked" => Kind::Clicked,
        "opened" => Kind::Opened { machine: false },
        // An inbound route posted here by mistake has no `event` at all.
        _ => Kind::Other,
    };
    let token = form.get(&["token"]);
    let fields = [Some(name.as_str()), form.get(&["recipient"]), form.get(&["timestamp"]), form.get(&["url"])];
    let mut draft = Draft::new(kind, token.map_or_else(|| Key::derived(&fields, &json!(name)), Key::given));
    for name in ["tag", "X-Mailgun-Tag"] {
        form.all(name).for_each(|tag| draft.tags.add(tag));
    }
    for (name, value) in form.iter() {
        if !LEGACY_BUILT_IN.contains(&name.to_ascii_lowercase().as_str()) && value.len() < 1_000 {
            draft.tags.add(format!("{name}={value}"));
        }
    }
    let stamp = form.get(&["timestamp"]);
    Ok(vec![Draft {
        recipient: form.get(&["recipient"]).map(str::to_owned),
        message_id: form.get(&["Message-Id", "message-id"]).map(str::to_owned),
        campaign: form.get(&["campaign-id"]).map(str::to_owned),
        diagnostic: Some(said.to_owned()),
        reply,
        occurred_at: stamp
            .map(|text| time::from_text(text).ok_or_else(|| Reason::Time(text.chars().take(64).collect())))
            .transpose()?,
        ..draft
    }])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_have_their_kinds() {
        let failed = |severity: &str, reason: &str, code: i64, message: &str| {
            let data = json!({"event": "failed", "severity": severity, "reason": reason,
                "delivery-status": {"code": code, "message": message}});
            event(&json!({"signature": {"token": "t"}, "event-data": data})).unwrap()[0].kind
        };
        assert_eq!(failed("permanent", "bounce", 550, "5.1.1 No such user"), Kind::Bounced(Class::Hard));
        assert_eq!(failed("permanent", "bounce", 550, "No Such User Here"), Kind::Bounced(Class::Hard));
        assert_eq!(failed("permanent", "generic", 554, ""), Kind::Bounced(Class::Policy));
        assert_eq!(failed("permanent", "old", 602, "Too old"), Kind::Bounced(Class::Transient));
        assert_eq!(failed("permanent", "suppress-bounce", 605, ""), Kind::Suppressed);
        assert_eq!(failed("permanent", "generic", 607, ""), Kind::Suppressed);
        assert_eq!(failed("temporary", "greylisted", 450, "Greylisted"), Kind::Deferred);
    }

    #[test]
    fn a_form_that_is_no_event_is_kept_whole_but_for_its_proof() {
        let headers = crate::request::Headers::default();
        let origin = crate::draft::Origin {
            provider: preheat_core::event::Reporter::Mailgun,
            account: "e1",
            received_at: jiff::Timestamp::UNIX_EPOCH,
            signature: Signature::Verified,
            event_age_checked: false,
            delivery: crate::draft::Delivery::of(b""),
        };
        let kept = |body: &str| {
            let batch = read(&Reading { headers: &headers, body: body.as_bytes(), origin }).unwrap();
            batch.quarantined.into_iter().map(|bad| bad.raw).collect::<Vec<_>>()
        };
        let body =
            |recipient: &str| format!("event=bounced&timestamp=soon&token=t&signature=s3cret&recipient={recipient}");
        assert_eq!(kept(&body("a")), ["event=bounced&timestamp=soon&token=t&signature=…&recipient=a"]);
        assert_ne!(kept(&body("a")), kept(&body("b")));
    }

    #[test]
    fn the_old_form_is_read() {
        let form =
            Form::read(b"event=bounced&code=550&error=5.1.1+gone&recipient=A%40b.example&timestamp=1&token=t&v=1")
                .unwrap();
        let draft = &legacy(&form).unwrap()[0];
        assert_eq!(draft.kind, Kind::Bounced(Class::Hard));
        assert_eq!(draft.reply.code, Some(550));
        assert!(legacy(&Form::read(b"garbage").unwrap()).is_err());
    }
}
