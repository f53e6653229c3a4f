//! What is counted of the events of one subject and local day, and the rates that are read from it (domain.md §7,
//! webhooks.md §19).
//!
//! Counters count *mails*, each at most once a counter, so that a second click or a doubled report changes nothing; which
//! of them a mail counts for is decided in [`crate::merge`]. They are additive: a week is the sum of its days.

use std::fmt;
use std::iter::Sum;
use std::net::IpAddr;
use std::ops::AddAssign;
use std::str::FromStr;

use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};

use crate::event::{Class, Kind};
use crate::id::{IdError, MailboxId, TenantId};
use crate::rate::Rate;

/// A counter. Its order is that of [`Count::ALL`], and decides where nothing else does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Count {
    /// The platform took the mail.
    Accepted,
    /// It was put off at least once.
    Deferred,
    /// It was delivered, and did not come back later.
    Delivered,
    /// It bounced: the address or its domain is bad.
    Hard,
    /// It bounced: the mailbox is full.
    MailboxFull,
    /// It bounced: a passing trouble.
    Transient,
    /// It bounced: too many, too fast.
    RateLimit,
    /// It bounced: the sender's reputation.
    ReputationBlock,
    /// It bounced: a rule of the recipient's side.
    Policy,
    /// It bounced: this very mail.
    Content,
    /// It bounced: a fault of our own.
    OwnError,
    /// It bounced, and nobody said why.
    Undetermined,
    /// The recipient called it spam.
    Complained,
    /// A person opened it.
    Opened,
    /// A machine loaded its pixel: says nothing of a person.
    MachineOpened,
    /// A link in it was followed.
    Clicked,
    /// The recipient wants no more.
    Unsubscribed,
    /// The platform did not try it.
    Suppressed,
    /// A person answered.
    Replied,
    /// A program answered.
    AutoReplied,
    /// The recipient's side wants a proof.
    Challenge,
    /// The sending account was in trouble.
    AccountError,
    /// Something else was reported.
    Other,
    /// Nothing led from it to a mailbox, an address of ours or a campaign. Counted besides what was reported.
    Uncorrelated,
}

impl Count {
    /// All of them, in their order.
    pub const ALL: [Self; 24] = [
        Self::Accepted,
        Self::Deferred,
        Self::Delivered,
        Self::Hard,
        Self::MailboxFull,
        Self::Transient,
        Self::RateLimit,
        Self::ReputationBlock,
        Self::Policy,
        Self::Content,
        Self::OwnError,
        Self::Undetermined,
        Self::Complained,
        Self::Opened,
        Self::MachineOpened,
        Self::Clicked,
        Self::Unsubscribed,
        Self::Suppressed,
        Self::Replied,
        Self::AutoReplied,
        Self::Challenge,
        Self::AccountError,
        Self::Other,
        Self::Uncorrelated,
    ];

    /// Its name, in rows and exports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Deferred => "deferred",
            Self::Delivered => "delivered",
            Self::Hard => "hard",
            Self::MailboxFull => "mailbox_full",
            Self::Transient => "transient",
            Self::RateLimit => "rate_limit",
            Self::ReputationBlock => "reputation_block",
            Self::Policy => "policy",
            Self::Content => "content",
            Self::OwnError => "own_error",
            Self::Undetermined => "undetermined",
            Self::Complained => "complained",
            Self::Opened => "opened",
            Self::MachineOpened => "machine_opened",
            Self::Clicked => "clicked",
            Self::Unsubscribed => "unsubscribed",
            Self::Suppressed => "suppressed",
            Self::Replied => "replied",
            Self::AutoReplied => "auto_replied",
            Self::Challenge => "challenge",
            Self::AccountError => "account_error",
            Self::Other => "other",
            Self::Uncorrelated => "uncorrelated",
        }
    }

    /// The counter of a [`Count::name`].
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|count| count.name() == name)
    }

    /// What an event is counted as.
    #[must_use]
    pub fn of(kind: Kind) -> Self {
        match kind {
            Kind::Accepted => Self::Accepted,
            Kind::Deferred => Self::Deferred,
            Kind::Delivered => Self::Delivered,
            Kind::Bounced(class) => Self::bounce(class),
            Kind::Complained => Self::Complained,
            Kind::Opened { machine: false } => Self::Opened,
            Kind::Opened { machine: true } => Self::MachineOpened,
            Kind::Clicked => Self::Clicked,
            Kind::Unsubscribed => Self::Unsubscribed,
            Kind::Suppressed => Self::Suppressed,
            Kind::Replied => Self::Replied,
            Kind::AutoReplied => Self::AutoReplied,
            Kind::Challenge => Self::Challenge,
            Kind::AccountError => Self::AccountError,
            Kind::Other => Self::Other,
        }
    }

    fn bounce(class: Class) -> Self {
        match class {
            Class::Hard => Self::Hard,
            Class::MailboxFull => Self::MailboxFull,
            Class::Transient => Self::Transient,
            Class::RateLimit => Self::RateLimit,
            Class::ReputationBlock => Self::ReputationBlock,
            Class::Policy => Self::Policy,
            Class::Content => Self::Content,
            Class::OwnError => Self::OwnError,
            Class::Undetermined => Self::Undetermined,
        }
    }

    /// Whether it is a bounce that does not condemn the address.
    #[must_use]
    pub fn is_soft(self) -> bool {
        Self::SOFT.contains(&self)
    }

    const SOFT: [Self; 8] = [
        Self::MailboxFull,
        Self::Transient,
        Self::RateLimit,
        Self::ReputationBlock,
        Self::Policy,
        Self::Content,
        Self::OwnError,
        Self::Undetermined,
    ];

    fn index(self) -> usize {
        self as usize
    }
}

/// The counters of a subject over one or several days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    counts: [u64; Count::ALL.len()],
}

impl Counters {
    /// How many mails.
    #[must_use]
    pub fn get(&self, count: Count) -> u64 {
        // A `Count` is an index into an array of as many.
        self.counts.get(count.index()).copied().unwrap_or(0)
    }

    /// Counts so many more.
    pub fn add(&mut self, count: Count, mails: u64) {
        if let Some(slot) = self.counts.get_mut(count.index()) {
            *slot = slot.saturating_add(mails);
        }
    }

    /// Bounces that condemn no address, of every class.
    #[must_use]
    pub fn soft(&self) -> u64 {
        Count::SOFT.iter().map(|&count| self.get(count)).sum()
    }

    /// Mails that the recipient's side has decided on: delivered, or bounced for any reason but a fault of our own.
    #[must_use]
    pub fn attempts(&self) -> u64 {
        self.get(Count::Delivered) + self.get(Count::Hard) + self.soft() - self.get(Count::OwnError)
    }

    /// Hard bounces among the attempts (webhooks.md §19).
    #[must_use]
    pub fn bounce_rate(&self) -> Rate {
        Rate::new(self.get(Count::Hard), self.attempts())
    }

    /// Complaints among the delivered.
    #[must_use]
    pub fn complaint_rate(&self) -> Rate {
        Rate::new(self.get(Count::Complained), self.get(Count::Delivered))
    }

    /// Mails that say: too much, too fast.
    #[must_use]
    pub fn throttle_signals(&self) -> u64 {
        self.get(Count::RateLimit) + self.get(Count::ReputationBlock)
    }

    /// Whether nothing at all was counted: a day with any event is kept, one without `sent` included.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.counts.iter().all(|&count| count == 0)
    }

    /// What is not zero, in its order.
    pub fn iter(&self) -> impl Iterator<Item = (Count, u64)> + '_ {
        Count::ALL.into_iter().map(|count| (count, self.get(count))).filter(|(_, mails)| *mails > 0)
    }
}

impl AddAssign for Counters {
    fn add_assign(&mut self, more: Self) {
        for (count, mails) in more.iter() {
            self.add(count, mails);
        }
    }
}

impl Sum for Counters {
    fn sum<I: Iterator<Item = Self>>(days: I) -> Self {
        days.fold(Self::default(), |mut sum, day| {
            sum += day;
            sum
        })
    }
}

impl Serialize for Counters {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (count, mails) in self.iter() {
            map.serialize_entry(count.name(), &mails)?;
        }
        map.end()
    }
}

/// Whose counters. Everything but a mailbox, whose number is the stack's, is a tenant's own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// A mailbox that sends.
    Mailbox(MailboxId),
    /// A sending IP.
    Ip(TenantId, IpAddr),
    /// A domain that is sent from, lower case.
    Domain(TenantId, String),
    /// All of a tenant.
    Tenant(TenantId),
    /// A campaign on its platform, by its name there.
    Campaign(TenantId, String),
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mailbox(id) => write!(f, "mailbox/{id}"),
            Self::Ip(tenant, ip) => write!(f, "ip/{tenant}/{ip}"),
            Self::Domain(tenant, domain) => write!(f, "domain/{tenant}/{domain}"),
            Self::Tenant(tenant) => write!(f, "tenant/{tenant}"),
            Self::Campaign(tenant, name) => write!(f, "campaign/{tenant}/{name}"),
        }
    }
}

impl FromStr for Subject {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        let refuse = || IdError::Name(text.to_owned());
        let (kind, rest) = text.split_once('/').ok_or_else(refuse)?;
        let pair = || rest.split_once('/').ok_or_else(refuse);
        match kind {
            "mailbox" => Ok(Self::Mailbox(rest.parse()?)),
            "tenant" => Ok(Self::Tenant(rest.parse()?)),
            "ip" => {
                let (tenant, ip) = pair()?;
                Ok(Self::Ip(tenant.parse()?, ip.parse().map_err(|_| refuse())?))
            }
            "domain" => {
                let (tenant, domain) = pair()?;
                Ok(Self::Domain(tenant.parse()?, domain.to_owned()))
            }
            "campaign" => {
                let (tenant, name) = pair()?;
                Ok(Self::Campaign(tenant.parse()?, name.to_owned()))
            }
            _ => Err(refuse()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_counter_stands_at_its_place_and_reads_back() {
        for (index, count) in Count::ALL.into_iter().enumerate() {
            assert_eq!((count.index(), Count::named(count.name())), (index, Some(count)));
            assert_eq!(serde_json::to_string(&count).unwrap(), format!("\"{}\"", count.name()));
        }
    }

    #[test]
    fn deferrals_suppressions_auto_replies_and_own_faults_are_no_bounces() {
        let mut counters = Counters::default();
        counters.add(Count::Delivered, 18);
        for count in [Count::Deferred, Count::Suppressed, Count::AutoReplied, Count::OwnError, Count::Challenge] {
            counters.add(count, 7);
        }
        assert_eq!(counters.bounce_rate(), Rate::new(0, 18));
        counters.add(Count::Hard, 1);
        counters.add(Count::MailboxFull, 1);
        assert_eq!(counters.bounce_rate(), Rate::new(1, 20));
        assert_eq!(counters.throttle_signals(), 0);
    }

    #[test]
    fn a_week_is_the_sum_of_its_days() {
        let day = |hard| {
            let mut day = Counters::default();
            day.add(Count::Hard, hard);
            day.add(Count::Clicked, 1);
            day
        };
        let week: Counters = (0..7).map(day).sum();
        assert_eq!(week.iter().collect::<Vec<_>>(), [(Count::Hard, 21), (Count::Clicked, 7)]);
        assert_eq!(serde_json::to_string(&week).unwrap(), r#"{"hard":21,"clicked":7}"#);
        assert!(!week.is_empty() && Counters::default().is_empty());
    }

    #[test]
    fn subjects_read_back() {
        let acme: TenantId = "acme".parse().unwrap();
        for subject in [
            Subject::Mailbox(MailboxId(46)),
            Subject::Ip(acme.clone(), "2001:db8::1".parse().unwrap()),
            Subject::Domain(acme.clone(), "example.com".to_owned()),
            Subject::Campaign(acme.clone(), "q1/a b".to_owned()),
            Subject::Tenant(acme),
        ] {
            assert_eq!(subject.to_string().parse(), Ok(subject));
        }
        assert!("mailbox/7".parse::<Subject>().is_err() && "ip/acme/x".parse::<Subject>().is_err());
    }
}
