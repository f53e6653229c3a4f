//! Mailjet (webhooks.md §9): an array (version 2) or one object; no signature; only 200 is success.

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
    let name = field::text(element, "/event").ok_or(Reason::Shape("no `event`"))?;
    let said = said(element);
    let reply = Reply::read(field::first(element, &["/comment", "/smtp_reply"]).as_deref().unwrap_or_default());
    let kind = match &*name {
        // Mailjet's word for: the recipient's server took it.
        "sent" => Kind::Delivered,
        "open" => Kind::Opened { machine: ses::is_privacy_proxy(&field::text(element, "/agent").unwrap_or_default()) },
        "click" => Kind::Clicked,
        "bounce" if field::flag(element, "/hard_bounce") => Kind::Bounced(Class::Hard),
        "bounce" => Kind::Bounced(soft(element, &reply)),
        "blocked" => blocked(element),
        "spam" => Kind::Complained,
        "unsub" => Kind::Unsubscribed,
        _ => Kind::Other,
    };
    let message = field::text(element, "/MessageID");
    let email = field::text(element, "/email");
    let moment = field::text(element, "/time");
    let url = field::text(element, "/url");
    let fields = [Some(&*name), message.as_deref(), email.as_deref(), moment.as_deref(), url.as_deref()];
    let mut draft = Draft::new(kind, Key::derived(&fields, element));
    for pointer in ["/CustomID", "/Payload"] {
        draft.tags.add_at(element, pointer);
    }
    Ok(vec![Draft {
        recipient: email.map(Into::into),
        provider_message_id: message.map(Into::into),
        campaign: field::owned(element, &["/customcampaign", "/mj_campaign_id"]).filter(|id| id != "0"),
        diagnostic: Some(said),
        reply,
        occurred_at: time::at(element, &["/time"])?,
        ..draft
    }])
}

/// All that is said of the cause, in one line.
fn said(element: &Value) -> String {
    let parts = ["/error_related_to", "/error", "/comment", "/smtp_reply", "/source"];
    parts.iter().filter_map(|pointer| field::text(element, pointer)).collect::<Vec<_>>().join(": ")
}

fn words(element: &Value) -> (String, String) {
    let word = |pointer| field::text(element, pointer).unwrap_or_default().to_ascii_lowercase();
    (word("/error_related_to"), word("/error"))
}

fn soft(element: &Value, reply: &Reply) -> Class {
    // The server's own words are the more exact ones.
    if let Some(comment) = field::text(element, "/comment") {
        match class::of_reply(reply, &comment) {
            Class::Undetermined | Class::Hard | Class::Transient => {}
            class => return class,
        }
    }
    let (related, error) = words(element);
    match (related.as_str(), error.as_str()) {
        (_, "quota exceeded") => Class::MailboxFull,
        ("content", _) | (_, "content blocked") => Class::Content,
        (_, "policy issue" | "relay/access denied" | "blacklisted") | ("policy issue", _) => Class::Policy,
        ("spam", _) | (_, "sender blocked") => Class::ReputationBlock,
        ("mailjet", _) => Class::OwnError,
        _ => Class::Transient,
    }
}

/// Mailjet did not send: the address is on its list, or the mail or sender is at fault.
fn blocked(element: &Value) -> Kind {
    let (related, error) = words(element);
    match (related.as_str(), error.as_str()) {
        ("content", _) | (_, "content blocked") => Kind::Bounced(Class::Content),
        (_, "policy issue") | ("policy issue", _) => Kind::Bounced(Class::Policy),
        ("spam", _) | (_, "sender blocked") => Kind::Bounced(Class::ReputationBlock),
        _ => Kind::Suppressed,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn words_have_their_kinds() {
        let of = |name: &str, hard: bool, related: &str, error: &str| {
            let element = json!({"event": name, "time": 1, "MessageID": 104_427_216_766_056_450_u64, "hard_bounce": hard,
                "error_related_to": related, "error": error});
            event(&element).unwrap()[0].kind
        };
        let table = [
            (of("sent", false, "", ""), Kind::Delivered),
            (of("bounce", true, "recipient", "user unknown"), Kind::Bounced(Class::Hard)),
            (of("bounce", false, "recipient", "quota exceeded"), Kind::Bounced(Class::MailboxFull)),
            (of("bounce", false, "domain", "greylisted"), Kind::Bounced(Class::Transient)),
            (of("bounce", false, "spam", "sender blocked"), Kind::Bounced(Class::ReputationBlock)),
            (of("bounce", false, "spam", "policy issue"), Kind::Bounced(Class::Policy)),
            (of("bounce", false, "content", "content blocked"), Kind::Bounced(Class::Content)),
            (of("bounce", false, "system", "connection issue"), Kind::Bounced(Class::Transient)),
            (of("blocked", false, "mailjet", "preblocked"), Kind::Suppressed),
            (of("blocked", false, "domain", "typofix"), Kind::Suppressed),
            (of("blocked", false, "spam", "policy issue"), Kind::Bounced(Class::Policy)),
            (of("spam", false, "", ""), Kind::Complained),
            (of("unsub", false, "", ""), Kind::Unsubscribed),
            (of("parseapi", false, "", ""), Kind::Other),
        ];
        for (k, (found, expected)) in table.into_iter().enumerate() {
            assert_eq!(found, expected, "row {k}");
        }
    }

    #[test]
    fn a_64_bit_id_keeps_all_its_digits() {
        let element = json!({"event": "sent", "MessageID": 104_427_216_766_056_450_u64});
        assert_eq!(event(&element).unwrap()[0].provider_message_id.as_deref(), Some("104427216766056450"));
    }
}
