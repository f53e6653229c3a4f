//! What a mail is called in its events, so that those of one mail meet, whoever reports them.
//!
//! A bounce can be told twice: by a platform's webhook, under the platform's own id of the mail, and by a notification in the
//! sender's mailbox, under the wire's Message-ID. Counted under one name each it would be two bounces. So a mail has all the
//! names that any of its events gives it, and whoever stores events joins what stands under them.

use crate::event::{Event, Reporter};
use crate::id::{SlotId, TenantId};

/// A name of a mail. Two events that share one speak of the same mail.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct MailName(Vec<String>);

impl MailName {
    fn new(parts: &[&str]) -> Self {
        Self(parts.iter().map(|&part| part.to_owned()).collect())
    }

    /// Its parts, whose borders count.
    #[must_use]
    pub fn parts(&self) -> Vec<&str> {
        self.0.iter().map(String::as_str).collect()
    }
}

/// The names that an event gives its mail, the surest first; none: the event speaks of no mail, and stands for itself.
///
/// - The slot of a warmup token that was verified: a slot is one mail to one recipient, whatever ids a relay gave it.
/// - The platform's own id and the wire's Message-ID, each with the recipient: one id may go to several. An id of a platform
///   is its account's; a Message-ID is the tenant's, so that a platform and a mailbox can speak of the same mail. An MTA and a
///   mailbox have an own id of the *report*, which names the mail only where nothing else does.
#[must_use]
pub fn names(tenant: &TenantId, event: &Event, slot: Option<&SlotId>) -> Vec<MailName> {
    let recipient = event.recipient.as_deref().unwrap_or_default();
    let wire = event.message_id.as_deref().map(|id| MailName::new(&["wire", tenant.as_str(), id, recipient]));
    let own = event.provider_message_id.as_deref();
    let own = own.map(|id| MailName::new(&["own", event.provider.name(), &event.account, id, recipient]));
    let is_of_report = matches!(event.provider, Reporter::Powermta | Reporter::Kumomta | Reporter::Mailbox);
    let ids = if is_of_report { [wire.or(own), None] } else { [own, wire] };
    let slot = slot.map(|slot| MailName::new(&["slot", tenant.as_str(), &slot.to_string()]));
    slot.into_iter().chain(ids.into_iter().flatten()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Class, Correlation, Kind, Signature};

    fn event(provider: Reporter, own: Option<&str>, wire: Option<&str>) -> Event {
        Event {
            provider,
            account: provider.name().to_owned(),
            provider_event_id: None,
            dedupe_key: "k".to_owned(),
            kind: Kind::Bounced(Class::Hard),
            recipient: Some("bob@there.example".to_owned()),
            sender: None,
            sending_ip: None,
            message_id: wire.map(str::to_owned),
            provider_message_id: own.map(str::to_owned),
            correlation: Correlation::default(),
            smtp_code: None,
            enhanced_code: None,
            diagnostic: None,
            occurred_at: jiff::Timestamp::UNIX_EPOCH,
            received_at: jiff::Timestamp::UNIX_EPOCH,
            signature: Signature::Verified,
            raw_ref: None,
        }
    }

    fn share(a: &[MailName], b: &[MailName]) -> bool {
        a.iter().any(|name| b.contains(name))
    }

    #[test]
    fn a_platform_and_a_mailbox_meet_by_the_message_id_and_two_tenants_never() {
        let (acme, other) = ("acme".parse().unwrap(), "other".parse().unwrap());
        let webhook = names(&acme, &event(Reporter::Sendgrid, Some("sg1"), Some("m@acme.example")), None);
        let notification = event(Reporter::Mailbox, Some("report"), Some("m@acme.example"));
        assert!(share(&webhook, &names(&acme, &notification, None)));
        assert!(!share(&webhook, &names(&other, &notification, None)));
        let without_wire = names(&acme, &event(Reporter::Sendgrid, Some("sg1"), None), None);
        assert!(share(&webhook, &without_wire), "the platform's own events meet by its own id");
        assert!(!share(&without_wire, &names(&acme, &event(Reporter::Mailgun, Some("sg1"), None), None)));
    }

    #[test]
    fn a_slot_meets_itself_under_whatever_id_and_recipient() {
        let acme = "acme".parse().unwrap();
        let slot = "mb-7/2026-03-02/3".parse().unwrap();
        let webhook = names(&acme, &event(Reporter::Ses, Some("0101"), Some("0101@amazonses.example")), Some(&slot));
        let mut complaint = event(Reporter::Mailbox, None, Some("token@acme.example"));
        complaint.recipient = None;
        assert!(share(&webhook, &names(&acme, &complaint, Some(&slot))));
        assert!(!share(&webhook, &names(&acme, &complaint, None)));
    }

    #[test]
    fn an_mtas_own_id_is_of_its_report() {
        let acme = "acme".parse().unwrap();
        let named = |own, wire| names(&acme, &event(Reporter::Powermta, own, wire), None);
        assert_eq!(named(Some("a"), Some("w")), named(Some("b"), Some("w")));
        assert_eq!(named(Some("a"), None).len(), 1);
        assert!(named(None, None).is_empty());
    }
}
