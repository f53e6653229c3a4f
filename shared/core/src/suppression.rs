//! Whom nobody of a tenant may write to any more, and why (domain.md §10): hard bounce, complaint and unsubscription for
//! ever, the third soft bounce as if it were hard.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::event::{Class, Kind};
use crate::id::{Address, TenantId};

/// So many mails that bounced softly off one address count as a hard bounce. 3: domain.md §10.
pub const SOFT_MAX: u32 = 3;
/// Within so many days: an address whose mailbox was full in spring and in autumn is not dead. Ours.
pub const SOFT_WITHIN_DAYS: i64 = 30;

/// Why an address is suppressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The address or its domain is bad.
    Hard,
    /// It bounced softly [`SOFT_MAX`] times.
    Soft,
    /// Its owner called a mail spam.
    Complaint,
    /// Its owner wants no more.
    Unsubscribed,
    /// An operator said so.
    ByHand,
    /// It stood in a list that was imported.
    Imported,
}

impl Reason {
    const ALL: [Self; 6] = [Self::Hard, Self::Soft, Self::Complaint, Self::Unsubscribed, Self::ByHand, Self::Imported];

    /// The name in rows and lists.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Hard => "hard",
            Self::Soft => "soft",
            Self::Complaint => "complaint",
            Self::Unsubscribed => "unsubscribed",
            Self::ByHand => "by-hand",
            Self::Imported => "imported",
        }
    }

    /// Why an event suppresses its recipient at once, if it does. What a platform did not try because of its own list
    /// ([`Kind::Suppressed`]) is no new signal.
    #[must_use]
    pub fn of(kind: Kind) -> Option<Self> {
        match kind {
            Kind::Bounced(Class::Hard) => Some(Self::Hard),
            Kind::Complained => Some(Self::Complaint),
            Kind::Unsubscribed => Some(Self::Unsubscribed),
            _ => None,
        }
    }
}

/// The suppressed addresses of tenants. A list is its tenant's own: what one has learned of an address keeps nobody else from
/// writing to it, or a tenant could report its rivals' mailboxes out of their own pools.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Suppressed(BTreeMap<TenantId, BTreeSet<Address>>);

impl Suppressed {
    /// Adds addresses to a tenant's list.
    pub fn add(&mut self, tenant: &TenantId, addresses: impl IntoIterator<Item = Address>) {
        let mut addresses = addresses.into_iter().peekable();
        if addresses.peek().is_some() {
            self.0.entry(tenant.clone()).or_default().extend(addresses);
        }
    }

    /// Whether an address is on a tenant's list.
    #[must_use]
    pub fn holds(&self, tenant: &TenantId, address: &Address) -> bool {
        self.0.get(tenant).is_some_and(|list| list.contains(address))
    }

    /// Whether no list holds anything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each tenant with its list, where it has one.
    pub fn lists(&self) -> impl Iterator<Item = (&TenantId, &BTreeSet<Address>)> {
        self.0.iter()
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that no reason has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no reason: hard, soft, complaint, unsubscribed, by-hand or imported")]
pub struct UnknownReason(pub String);

impl FromStr for Reason {
    type Err = UnknownReason;
    fn from_str(text: &str) -> Result<Self, UnknownReason> {
        Self::ALL.into_iter().find(|reason| reason.name() == text).ok_or_else(|| UnknownReason(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_read_back() {
        for reason in Reason::ALL {
            assert_eq!(reason.name().parse(), Ok(reason));
        }
    }

    #[test]
    fn only_what_the_recipient_or_its_server_says_for_good_suppresses() {
        assert_eq!(Reason::of(Kind::Bounced(Class::Hard)), Some(Reason::Hard));
        assert_eq!(Reason::of(Kind::Complained), Some(Reason::Complaint));
        assert_eq!(Reason::of(Kind::Unsubscribed), Some(Reason::Unsubscribed));
        for kind in [
            Kind::Suppressed,
            Kind::Bounced(Class::ReputationBlock),
            Kind::Bounced(Class::MailboxFull),
            Kind::Bounced(Class::OwnError),
            Kind::Deferred,
            Kind::AutoReplied,
        ] {
            assert_eq!(Reason::of(kind), None, "{kind:?}");
        }
    }
}
