//! Where mails were found, by pair of providers: a fold over what was sent and what recipients found (domain.md §1, §6).
//!
//! Counts are never kept beside the facts: they are folded from days and finds whenever somebody asks, so they cannot
//! drift from them. A mail that two visits found counts where it was found first. May not decide anything on a rate.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use jiff::Timestamp;
use serde::Serialize;

use crate::day::SlotState;
use crate::id::{MailboxId, SlotId};
use crate::limits::EngageLimits;
use crate::mailbox::Provider;
use crate::rate::Rate;
use crate::slots::Slots;
use crate::turn::{BoxArchive, DayArchive};
use crate::visit::{BoxRow, Found, Placement};

/// A mail that a server took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SentMail {
    /// Which send.
    pub slot: SlotId,
    /// To whom.
    pub to: MailboxId,
    /// It was sent by this moment: the time of a send is not kept, so this is the end of its window.
    pub by: Timestamp,
}

/// What became of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// A visit found it.
    Found(Placement),
    /// Nobody found it within 48 h, or what is configured.
    Missing,
    /// Nobody has found it, and it is too early to call it missing.
    Open,
}

impl Outcome {
    /// The outcome of a mail by `now`, given where it was found first.
    #[must_use]
    pub fn of(found: Option<Placement>, sent_by: Timestamp, now: Timestamp, limits: &EngageLimits) -> Self {
        match found {
            Some(placement) => Self::Found(placement),
            None if now.duration_since(sent_by) >= limits.missing_after() => Self::Missing,
            None => Self::Open,
        }
    }
}

/// How many mails ended where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Counts {
    /// In the inbox proper.
    pub inbox: u32,
    /// In spam.
    pub spam: u32,
    /// In a category tab.
    pub promotions: u32,
    /// In another folder.
    pub other: u32,
    /// Not found 48 h after the send.
    pub missing: u32,
    /// Not found yet.
    pub open: u32,
}

impl Counts {
    /// Counts one mail.
    pub fn add(&mut self, outcome: Outcome) {
        *match outcome {
            Outcome::Found(Placement::Inbox) => &mut self.inbox,
            Outcome::Found(Placement::Spam) => &mut self.spam,
            Outcome::Found(Placement::Promotions) => &mut self.promotions,
            Outcome::Found(Placement::Other) => &mut self.other,
            Outcome::Missing => &mut self.missing,
            Outcome::Open => &mut self.open,
        } += 1;
    }

    /// Mails found, wherever.
    #[must_use]
    pub fn found(&self) -> u32 {
        self.inbox + self.spam + self.promotions + self.other
    }

    /// The share that reached the inbox proper, of all whose fate is known. A mail in another folder is left out: a rule
    /// of its owner's put it there, and nobody can tell what the provider thought of it.
    #[must_use]
    pub fn inbox_rate(&self) -> Rate {
        Rate::new(self.inbox.into(), u64::from(self.inbox + self.spam + self.promotions) + u64::from(self.missing))
    }

    /// The share in spam, of those that a provider placed before a visit's eyes.
    #[must_use]
    pub fn spam_rate(&self) -> Rate {
        Rate::new(self.spam.into(), (self.inbox + self.spam + self.promotions).into())
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, more: Self) {
        self.inbox += more.inbox;
        self.spam += more.spam;
        self.promotions += more.promotions;
        self.other += more.other;
        self.missing += more.missing;
        self.open += more.open;
    }
}

/// Where each mail was found first.
#[derive(Debug, Clone, Default)]
pub struct Finds {
    /// What says when a mail that is not among them is missing.
    limits: EngageLimits,
    first: BTreeMap<SlotId, (Placement, Read)>,
}

/// Whether a mail was seen read.
type Read = bool;

impl Finds {
    /// Nothing yet.
    #[must_use]
    pub fn new(limits: &EngageLimits) -> Self {
        Self { limits: *limits, first: BTreeMap::new() }
    }

    /// Notes finds in the order of finding; a later find of the same mail changes nothing.
    pub fn note<'a>(&mut self, found: impl IntoIterator<Item = &'a Found>) {
        for one in found {
            self.first.entry(one.slot).or_insert((one.placement, false));
        }
    }

    /// Notes everything that one mailbox found: its archives, oldest first, then the day that is going on.
    pub fn note_mailbox(&mut self, archives: &[BoxArchive], row: &BoxRow) {
        for archive in archives {
            self.note(&archive.found);
            self.note_reads(archive.reads());
        }
        self.note(&row.found[(row.found_before as usize).min(row.found.len())..]);
        self.note_reads(row.read.iter().copied());
    }

    /// Notes mails that were seen read. One that was not found before, or too long ago, is left out.
    pub fn note_reads(&mut self, read: impl IntoIterator<Item = SlotId>) {
        for slot in read {
            if let Some((_, is_read)) = self.first.get_mut(&slot) {
                *is_read = true;
            }
        }
    }

    /// Where a mail was found first.
    #[must_use]
    pub fn of(&self, slot: SlotId) -> Option<Placement> {
        self.first.get(&slot).map(|(placement, _)| *placement)
    }

    /// Whether a mail was found, and seen read since.
    #[must_use]
    pub fn is_read(&self, slot: SlotId) -> bool {
        self.first.get(&slot).is_some_and(|(_, is_read)| *is_read)
    }

    /// What became of a mail by `now`.
    #[must_use]
    pub fn outcome(&self, mail: &SentMail, now: Timestamp) -> Outcome {
        Outcome::of(self.of(mail.slot), mail.by, now, &self.limits)
    }
}

/// The mails of a day's slots that a server took; `by`: the end of the day's window.
pub fn sent_of<'a>(
    mailbox: MailboxId,
    date: jiff::civil::Date,
    slots: &'a Slots,
    by: Timestamp,
) -> impl Iterator<Item = SentMail> + 'a {
    slots.iter().filter_map(move |(&k, state)| match *state {
        SlotState::Sent { partner } => Some(SentMail { slot: SlotId { mailbox, date, k }, to: partner, by }),
        SlotState::Claimed { .. }
        | SlotState::Rejected { .. }
        | SlotState::Bounced { .. }
        | SlotState::Ambiguous { .. } => None,
    })
}

/// The mails of a day that is over. `window_ends` is the end of its window.
pub fn sent_on(day: &DayArchive, window_ends: Timestamp) -> impl Iterator<Item = SentMail> + '_ {
    sent_of(day.mailbox, day.date, &day.slots, window_ends)
}

/// Sender's provider, recipient's provider.
pub type Pair = (Provider, Provider);

/// Placements by pair. A mail to or from a mailbox that is not there any more is left out: nobody knows its provider.
#[must_use]
pub fn by_pair(
    mails: impl IntoIterator<Item = SentMail>,
    finds: &Finds,
    provider_of: impl Fn(MailboxId) -> Option<Provider>,
    now: Timestamp,
) -> BTreeMap<Pair, Counts> {
    let mut pairs: BTreeMap<Pair, Counts> = BTreeMap::new();
    for mail in mails {
        if let (Some(from), Some(to)) = (provider_of(mail.slot.mailbox), provider_of(mail.to)) {
            pairs.entry((from, to)).or_default().add(finds.outcome(&mail, now));
        }
    }
    pairs
}

/// What servers refused at once because the address is bad, of what they took or refused so, by pair of providers.
#[must_use]
pub fn refused_by_pair<'a>(
    days: impl IntoIterator<Item = &'a DayArchive>,
    provider_of: impl Fn(MailboxId) -> Option<Provider>,
) -> BTreeMap<Pair, Rate> {
    let mut pairs: BTreeMap<Pair, Rate> = BTreeMap::new();
    for (day, state) in days.into_iter().flat_map(|day| day.slots.values().map(move |state| (day, state))) {
        let refused = match state {
            SlotState::Sent { .. } => 0,
            SlotState::Bounced { .. } => 1,
            SlotState::Claimed { .. } | SlotState::Rejected { .. } | SlotState::Ambiguous { .. } => continue,
        };
        if let (Some(from), Some(to)) = (provider_of(day.mailbox), provider_of(state.partner())) {
            let rate = pairs.entry((from, to)).or_default();
            *rate = Rate::new(rate.count + refused, rate.of + 1);
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    const PLACEMENTS: [Placement; 4] = [Placement::Inbox, Placement::Spam, Placement::Promotions, Placement::Other];

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }
    fn mail(from: u32, to: u32, k: u16) -> SentMail {
        let slot = SlotId { mailbox: MailboxId(from), date: date(2026, 3, 2), k };
        SentMail { slot, to: MailboxId(to), by: at("2026-03-02T17:00:00Z") }
    }
    fn provider(id: MailboxId) -> Option<Provider> {
        [None, Some(Provider::Gmail), Some(Provider::Microsoft), Some(Provider::Other)].get(id.0 as usize).copied()?
    }

    #[test]
    fn a_mail_is_missing_after_48_hours_and_not_before() {
        let sent_by = at("2026-03-02T17:00:00Z");
        let of = |found, now| Outcome::of(found, sent_by, at(now), &EngageLimits::default());
        assert_eq!(of(None, "2026-03-04T16:59:59Z"), Outcome::Open);
        assert_eq!(of(None, "2026-03-04T17:00:00Z"), Outcome::Missing);
        let found = Some(Placement::Spam);
        assert_eq!(of(found, "2026-03-09T00:00:00Z"), Outcome::Found(Placement::Spam), "late");
    }

    #[test]
    fn pairs_are_told_apart_and_the_first_find_counts() {
        let mails = [mail(1, 2, 0), mail(1, 2, 1), mail(2, 1, 0), mail(1, 3, 2), mail(1, 0, 3), mail(9, 1, 0)];
        let found = |mail: &SentMail, placement| Found { slot: mail.slot, placement };
        let mut finds = Finds::default();
        finds.note(&[found(&mails[0], Placement::Spam), found(&mails[0], Placement::Inbox)]);
        finds.note(&[found(&mails[2], Placement::Promotions)]);
        let pairs = by_pair(mails, &finds, provider, at("2026-03-05T00:00:00Z"));
        let (gmail, microsoft, other) = (Provider::Gmail, Provider::Microsoft, Provider::Other);
        assert_eq!(pairs[&(gmail, microsoft)], Counts { spam: 1, missing: 1, ..Counts::default() });
        assert_eq!(pairs[&(microsoft, gmail)], Counts { promotions: 1, ..Counts::default() });
        assert_eq!(pairs[&(gmail, other)], Counts { missing: 1, ..Counts::default() });
        assert_eq!(pairs.len(), 3, "a mailbox that is gone has no provider");
    }

    #[test]
    fn a_bounce_belongs_to_the_pair_of_its_providers() {
        let to = MailboxId;
        let states = [
            SlotState::Sent { partner: to(2) },
            SlotState::Bounced { partner: to(2) },
            SlotState::Bounced { partner: to(3) },
            SlotState::Rejected { partner: to(2) },
            SlotState::Ambiguous { since: at("2026-03-02T12:00:00Z"), partner: to(2) },
            SlotState::Bounced { partner: to(0) },
        ];
        let day = DayArchive {
            mailbox: MailboxId(1),
            date: date(2026, 3, 2),
            day_index: 3,
            target: 6,
            carried_in: 0,
            carried_out: 0,
            missed: BTreeMap::new(),
            given_up: 0,
            replies: Vec::new(),
            arm: crate::control::Arm::Exchange,
            slots: (0..).zip(states).collect(),
        };
        let pairs = refused_by_pair(&[day], provider);
        let (gmail, microsoft, other) = (Provider::Gmail, Provider::Microsoft, Provider::Other);
        let expected = [((gmail, microsoft), Rate::new(1, 2)), ((gmail, other), Rate::new(1, 1))];
        assert_eq!(pairs, expected.into());
    }

    #[test]
    fn rates_show_their_sample() {
        let counts = Counts { inbox: 18, spam: 2, other: 5, open: 7, ..Counts::default() };
        assert_eq!(counts.inbox_rate().to_string(), "18/20 = 90 % (70–97 %)");
        assert_eq!(counts.spam_rate(), Rate::new(2, 20));
        assert_eq!(Counts { open: 3, ..Counts::default() }.inbox_rate().share(), None, "unknown is not zero");
    }

    proptest! {
        #[test]
        fn every_mail_counts_once_and_spam_never_raises_the_inbox_rate(
            drawn in prop::collection::vec((1..4_u32, 1..4_u32, prop::option::of(0..4_usize)), 1..60),
        ) {
            let mails: Vec<SentMail> = drawn.iter().zip(0..).map(|(&(from, to, _), k)| mail(from, to, k)).collect();
            let placed = |all_spam: bool| {
                let mut finds = Finds::default();
                for (mail, (_, _, draw)) in mails.iter().zip(&drawn) {
                    if let Some(at) = draw {
                        let placement = if all_spam { Placement::Spam } else { PLACEMENTS[*at] };
                        finds.note(&[Found { slot: mail.slot, placement }]);
                    }
                }
                let mut sum = Counts::default();
                by_pair(mails.clone(), &finds, provider, at("2026-03-05T00:00:00Z")).into_values().for_each(|c| sum += c);
                sum
            };
            let (drawn_so, all_spam) = (placed(false), placed(true));
            prop_assert_eq!((drawn_so.found() + drawn_so.missing) as usize, mails.len());
            prop_assert!(all_spam.inbox_rate().share().unwrap() <= drawn_so.inbox_rate().share().unwrap_or(1.0));
        }
    }
}
