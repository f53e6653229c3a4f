//! Postmark (webhooks.md §5): one object a POST, no signature.

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
    let record = match field::text(element, "/RecordType") {
        Some(record) => record,
        // Old servers leave it out of bounces; inbound mail never had it.
        None if element.get("TypeCode").is_some() => "Bounce".into(),
        None if element.get("MessageID").is_some() => "Inbound".into(),
        None => return Err(Reason::Shape("neither `RecordType` nor `MessageID`")),
    };
    let said = field::first(element, &["/Details", "/Description"]).unwrap_or_default();
    let reply = Reply::read(&said);
    let kind = match &*record {
        "Delivery" => Kind::Delivered,
        "Bounce" => bounced(element, &reply, &said),
        "SpamComplaint" => Kind::Complained,
        "Open" => {
            Kind::Opened { machine: ses::is_privacy_proxy(&field::text(element, "/UserAgent").unwrap_or_default()) }
        }
        "Click" => Kind::Clicked,
        "SubscriptionChange" => subscription(element),
        _ => Kind::Other,
    };
    const TIMES: [&str; 4] = ["/DeliveredAt", "/BouncedAt", "/ReceivedAt", "/ChangedAt"];
    let message = field::text(element, "/MessageID");
    let recipient = field::first(element, &["/Recipient", "/Email"]);
    let id = field::text(element, "/ID").filter(|_| matches!(&*record, "Bounce" | "SpamComplaint"));
    let key = match &id {
        Some(id) => Key::given(&format!("{record}-{id}")),
        None => {
            let moment = field::first(element, &TIMES);
            let link = field::text(element, "/OriginalLink");
            let fields = [Some(&*record), message.as_deref(), recipient.as_deref(), moment.as_deref(), link.as_deref()];
            Key::derived(&fields, element)
        }
    };
    let mut draft = Draft::new(kind, key);
    draft.tags.add_at(element, "/Tag");
    draft.tags.add_at(element, "/Metadata");
    Ok(vec![Draft {
        event_id: id.map(Into::into),
        recipient: recipient.map(Into::into),
        sender: field::owned(element, &["/From"]),
        provider_message_id: message.map(Into::into),
        diagnostic: Some(said.into_owned()),
        reply,
        occurred_at: time::at(element, &TIMES)?,
        ..draft
    }])
}

fn bounced(element: &Value, reply: &Reply, said: &str) -> Kind {
    let by_name = |name: &str| match name {
        "HardBounce" => Some(1),
        "Transient" => Some(2),
        "Unsubscribe" => Some(16),
        "Subscribe" => Some(32),
        "AutoResponder" => Some(64),
        "AddressChange" => Some(128),
        "DnsError" => Some(256),
        "SpamNotification" => Some(512),
        "OpenRelayTest" => Some(1_024),
        "SoftBounce" => Some(4_096),
        "VirusNotification" => Some(8_192),
        "ChallengeVerification" | "MailFrontier Matador." => Some(16_384),
        "BadEmailAddress" => Some(100_000),
        "SpamComplaint" => Some(100_001),
        "ManuallyDeactivated" => Some(100_002),
        "Unconfirmed" => Some(100_003),
        "Blocked" => Some(100_006),
        "SMTPApiError" => Some(100_007),
        "InboundError" => Some(100_008),
        "DMARCPolicy" => Some(100_009),
        "TemplateRenderingFailed" => Some(100_010),
        _ => None,
    };
    let code = field::int(element, "/TypeCode").or_else(|| by_name(&field::text(element, "/Type").unwrap_or_default()));
    match code {
        Some(1 | 100_000) => Kind::Bounced(Class::Hard),
        Some(2) => Kind::Deferred,
        Some(16) => Kind::Unsubscribed,
        Some(64 | 128) => Kind::AutoReplied,
        Some(256 | 4_096 | 100_007) => Kind::Bounced(class::soft(reply, said)),
        Some(512) => Kind::Bounced(Class::ReputationBlock),
        Some(8_192) => Kind::Bounced(Class::Content),
        Some(16_384) => Kind::Challenge,
        Some(100_001) => Kind::Complained,
        Some(100_002 | 100_003) => Kind::Suppressed,
        // The recipient's ISP blocks: by reputation, unless its words say something else.
        Some(100_006) => Kind::Bounced(match class::of_reply(reply, said) {
            Class::Hard | Class::Undetermined | Class::Transient | Class::MailboxFull => Class::ReputationBlock,
            class => class,
        }),
        // Our own domain's DMARC forbids this mail.
        Some(100_009) => Kind::Bounced(Class::Policy),
        Some(100_010) => Kind::Bounced(Class::OwnError),
        Some(32 | 1_024 | 100_008) => Kind::Other,
        _ => Kind::Bounced(Class::Undetermined),
    }
}

fn subscription(element: &Value) -> Kind {
    if !field::flag(element, "/SuppressSending") {
        return Kind::Other;
    }
    match field::text(element, "/SuppressionReason").as_deref() {
        // The bounce and the complaint come as events of their own: this one says nothing new.
        Some("HardBounce" | "SpamComplaint") => Kind::Suppressed,
        _ => Kind::Unsubscribed,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn type_codes_have_their_kinds() {
        let table = [
            (1, Kind::Bounced(Class::Hard)),
            (2, Kind::Deferred),
            (16, Kind::Unsubscribed),
            (32, Kind::Other),
            (64, Kind::AutoReplied),
            (128, Kind::AutoReplied),
            (256, Kind::Bounced(Class::Transient)),
            (512, Kind::Bounced(Class::ReputationBlock)),
            (1_024, Kind::Other),
            (2_048, Kind::Bounced(Class::Undetermined)),
            (4_096, Kind::Bounced(Class::Transient)),
            (8_192, Kind::Bounced(Class::Content)),
            (16_384, Kind::Challenge),
            (100_000, Kind::Bounced(Class::Hard)),
            (100_001, Kind::Complained),
            (100_002, Kind::Suppressed),
            (100_003, Kind::Suppressed),
            (100_006, Kind::Bounced(Class::ReputationBlock)),
            (100_007, Kind::Bounced(Class::Transient)),
            (100_008, Kind::Other),
            (100_009, Kind::Bounced(Class::Policy)),
            (100_010, Kind::Bounced(Class::OwnError)),
        ];
        for (code, kind) in table {
            let element = json!({"RecordType": "Bounce", "TypeCode": code, "ID": 7});
            assert_eq!(event(&element).unwrap()[0].kind, kind, "{code}");
        }
    }

    #[test]
    fn a_suppression_is_an_unsubscription_only_if_somebody_wanted_it() {
        let change = |suppress: bool, reason: &str| {
            let element = json!({"RecordType": "SubscriptionChange", "MessageID": "m", "SuppressSending": suppress,
                "SuppressionReason": reason});
            event(&element).unwrap()[0].kind
        };
        assert_eq!(change(true, "ManualSuppression"), Kind::Unsubscribed);
        assert_eq!(change(true, "HardBounce"), Kind::Suppressed);
        assert_eq!(change(false, ""), Kind::Other);
    }
}
