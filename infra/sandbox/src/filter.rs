//! A provider's spam filter: what it remembers of each sender and what it makes of the next mail.
//!
//! The numbers are ours, chosen so that a new sender meets 10–25 % junk and that a few weeks of read, rescued and
//! answered mail bring it near 1 %; they model no provider's real filter.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

/// What a recipient did with a mail, as far as the filter cares. The value is the bit in [`crate::message`]'s deeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deed {
    Read = 1,
    Flagged = 2,
    Answered = 4,
    Rescued = 8,
    Complained = 16,
}

impl Deed {
    /// Points of trust.
    fn points(self) -> f64 {
        match self {
            Self::Read => 0.1,
            Self::Flagged => 0.3,
            Self::Answered => 0.8,
            Self::Rescued => 1.5,
            Self::Complained => -6.0,
        }
    }
}

/// Where a delivered mail was put.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Placement {
    /// The INBOX.
    Inbox,
    /// Junk.
    Spam,
    /// A Gmail category tab.
    Promotions,
}

/// Points of trust that bring the share of junk down to 37 % of the first value.
const TRUST_SCALE: f64 = 10.0;
/// How much of a mailbox's trust its whole domain shares.
const DOMAIN_SHARE: f64 = 0.25;
/// Least share of junk, whatever the trust.
const JUNK_FLOOR: f64 = 0.008;
/// Mails a day to this provider that nobody calls a burst.
const QUIET_VOLUME: f64 = 12.0;

#[derive(Debug, Clone, Default)]
struct Reputation {
    trust: f64,
    /// UTC day number of `today`'s count.
    day: i64,
    today: u32,
    /// Usual mails a day: an average over past sending days that forgets half in about three.
    usual: f64,
}

impl Reputation {
    /// Counts one mail on `day`, and closes the days before it.
    fn count(&mut self, day: i64) {
        if day != self.day {
            self.usual += 0.25 * (f64::from(self.today) - self.usual);
            self.day = day;
            self.today = 0;
        }
        self.today += 1;
    }

    /// Extra share of junk for volume far over the usual: 0 up to 2.5 times, then 0.15 for each time more.
    fn burst(&self) -> f64 {
        let ratio = f64::from(self.today) / self.usual.max(QUIET_VOLUME);
        (0.15 * (ratio - 2.5)).clamp(0.0, 0.6)
    }
}

/// What one provider remembers of senders.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    mailboxes: BTreeMap<String, Reputation>,
    domains: BTreeMap<String, f64>,
    /// Pairs (recipient, sender) in which the recipient answered or rescued: known correspondents.
    known: std::collections::BTreeSet<(String, String)>,
    /// Senders whose mail all goes to junk until a time.
    streaks: BTreeMap<String, Timestamp>,
}

/// The UTC day of a moment, counted from 1970.
pub(crate) fn day_of(at: Timestamp) -> i64 {
    at.as_second().div_euclid(86_400)
}

impl Filter {
    /// Counts a mail and gives the shares of (junk, promotions) for its placement.
    pub(crate) fn weigh(&mut self, at_first: (f64, f64), sender: &str, recipient: &str, now: Timestamp) -> (f64, f64) {
        let domain = sender.rsplit_once('@').map_or("", |(_, domain)| domain);
        let shared = self.domains.get(domain).copied().unwrap_or(0.0);
        let reputation = self.mailboxes.entry(sender.to_owned()).or_default();
        reputation.count(day_of(now));
        if self.streaks.get(sender).is_some_and(|&until| now < until) {
            return (1.0, 0.0);
        }
        let trust = reputation.trust + DOMAIN_SHARE * shared;
        let fading = (-trust / TRUST_SCALE).exp();
        let mut junk = (at_first.0 * fading).max(JUNK_FLOOR) + reputation.burst();
        if self.known.contains(&(recipient.to_owned(), sender.to_owned())) {
            junk *= 0.4;
        }
        (junk.min(0.95), at_first.1 * fading.min(1.0))
    }

    /// Learns from what `recipient` did with a mail of `sender`.
    pub(crate) fn learn(&mut self, deed: Deed, sender: &str, recipient: &str) {
        let domain = sender.rsplit_once('@').map_or("", |(_, domain)| domain);
        self.mailboxes.entry(sender.to_owned()).or_default().trust += deed.points();
        *self.domains.entry(domain.to_owned()).or_default() += deed.points();
        match deed {
            Deed::Answered | Deed::Rescued => {
                self.known.insert((recipient.to_owned(), sender.to_owned()));
            }
            Deed::Complained => {
                self.known.remove(&(recipient.to_owned(), sender.to_owned()));
            }
            Deed::Read | Deed::Flagged => {}
        }
    }

    /// All mail of `sender` goes to junk until `until`.
    pub(crate) fn streak(&mut self, sender: &str, until: Timestamp) {
        self.streaks.insert(sender.to_owned(), until);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT_FIRST: (f64, f64) = (0.2, 0.08);

    fn at(day: i64) -> Timestamp {
        Timestamp::from_second(day * 86_400 + 36_000).unwrap()
    }

    #[test]
    fn a_new_sender_meets_junk_and_warming_lowers_it() {
        let mut filter = Filter::default();
        let (junk, promotions) = filter.weigh(AT_FIRST, "a@x.test", "b@y.test", at(1));
        assert!((0.10..=0.25).contains(&junk), "{junk}");
        assert!(promotions > 0.05);
        for _ in 0..20 {
            filter.learn(Deed::Read, "a@x.test", "c@y.test");
            filter.learn(Deed::Rescued, "a@x.test", "c@y.test");
        }
        let (later, tab) = filter.weigh(AT_FIRST, "a@x.test", "b@y.test", at(9));
        assert!(later < 0.02 && tab < 0.01, "{later} {tab}");
        // The domain's other mailboxes gain a little, strangers nothing.
        assert!(filter.weigh(AT_FIRST, "other@x.test", "b@y.test", at(9)).0 < 0.2);
        assert!(filter.weigh(AT_FIRST, "a@z.test", "b@y.test", at(9)).0 >= 0.2);
    }

    #[test]
    fn a_jump_in_volume_costs_placement_and_complaints_cost_trust() {
        let mut filter = Filter::default();
        let mut last = 0.0;
        for _ in 0..80 {
            last = filter.weigh(AT_FIRST, "a@x.test", "b@y.test", at(1)).0;
        }
        assert!(last > 0.6, "{last}");
        let calm = filter.weigh(AT_FIRST, "a@x.test", "b@y.test", at(2)).0;
        assert!(calm < 0.3, "{calm}");
        filter.learn(Deed::Complained, "a@x.test", "b@y.test");
        assert!(filter.weigh(AT_FIRST, "a@x.test", "b@y.test", at(2)).0 > calm);
    }

    #[test]
    fn a_streak_ends() {
        let mut filter = Filter::default();
        filter.streak("a@x.test", at(3));
        assert!(filter.weigh(AT_FIRST, "a@x.test", "b@y.test", at(2)).0 > 0.99);
        assert!(filter.weigh(AT_FIRST, "a@x.test", "b@y.test", at(4)).0 < 0.99);
    }
}
