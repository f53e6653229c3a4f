//! Which plan a thread has: the deck of a local date, dealt before that date begins anywhere, and never changed.
//!
//! A thread's plan follows from its first slot and the deck of that slot's date. So planning a tick twice gives the same
//! orders, a reply weeks later finds the plan of its opening without anything being carried along, and no row, token or
//! header has to hold it. A deck is made of the least used plans; how many threads of a day each may begin is bounded,
//! and what the plans cannot carry goes to the library itself, which makes a conversation of its own for every thread.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use super::Language;
use super::plan::{Plan, PlanId};
use crate::id::{SlotId, day_number};
use crate::seed::Seed;

/// Plans of a language in a deck, at most.
pub const HAND_MAX: usize = 40;
/// A plan begins no thread after so many days.
pub const PLAN_DAYS_MAX: i32 = 60;
/// A deck is kept so many days. A thread of five replies, each up to 2 days and a weekend late, is over in 25.
pub const DECK_DAYS: i64 = 30;

/// What may be said on one local date, by language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deck {
    /// The local date of the openings it is for.
    pub date: Date,
    /// By language.
    pub hands: BTreeMap<Language, Hand>,
}

/// The plans of one language, each with its share of the day's threads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hand {
    /// Into how many lots the day's threads are divided; at least the sum of all shares.
    pub lots: u32,
    /// Plans and their lots. What is left belongs to the library.
    pub plans: Vec<(PlanId, u32)>,
}

/// The decks of the last weeks, by date.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decks(BTreeMap<Date, Deck>);

/// The number of a thread: from it everything follows that is said in it.
#[must_use]
pub fn thread(seed: &Seed, root: SlotId) -> u64 {
    seed.hash64("thread", &parts(root))
}

fn parts(root: SlotId) -> [u64; 3] {
    [u64::from(root.mailbox.0), u64::from(day_number(root.date)), u64::from(root.k)]
}

/// The first date that has not begun anywhere on earth at `now`: a deck is dealt for it or a later one only, as a thread
/// that began without a deck must not find one afterwards.
#[must_use]
pub fn next_open_date(now: Timestamp) -> Date {
    // The easternmost zone is 14 hours ahead; one more for clocks that disagree.
    let east = now.saturating_add(SignedDuration::from_hours(15)).unwrap_or(now);
    let begun = east.to_zoned(jiff::tz::TimeZone::UTC).date();
    begun.saturating_add(1.day())
}

impl Deck {
    /// Deals the deck of a date: for each language of `openings` (how many are expected that day) the least used plans,
    /// the newest first among equals, until they can carry that many threads.
    #[must_use]
    pub fn deal(date: Date, plans: &[Plan], openings: &BTreeMap<Language, u32>) -> Self {
        let hands =
            openings.iter().map(|(&language, &openings)| (language, Hand::deal(date, plans, language, openings)));
        Self { date, hands: hands.filter(|(_, hand)| !hand.plans.is_empty()).collect() }
    }

    /// The plan of a thread that was begun in `language` on this date; `None`: the library.
    #[must_use]
    pub fn plan_of(&self, seed: &Seed, root: SlotId, language: Language) -> Option<PlanId> {
        let hand = self.hands.get(&language)?;
        let lot = seed.hash64("deck", &parts(root)) % u64::from(hand.lots.max(1));
        let mut end = 0_u64;
        let dealt = hand.plans.iter().find(|(_, lots)| {
            end += u64::from(*lots);
            lot < end
        });
        dealt.map(|(id, _)| *id)
    }
}

impl Hand {
    fn deal(date: Date, plans: &[Plan], language: Language, openings: u32) -> Self {
        let age = |plan: &Plan| date.since(plan.id.made).map_or(i32::MAX, |span| span.get_days());
        let fits =
            |plan: &&Plan| plan.id.language == language && plan.is_in_use() && (0..=PLAN_DAYS_MAX).contains(&age(plan));
        let mut fitting: Vec<&Plan> = plans.iter().filter(fits).collect();
        fitting.sort_by_key(|plan| (plan.uses, Reverse(plan.id.made), plan.id.n));
        let mut hand = Self { lots: 0, plans: Vec::new() };
        for plan in fitting.into_iter().take(HAND_MAX) {
            if hand.lots >= openings {
                break;
            }
            let lots = plan.threads_per_day();
            hand.plans.push((plan.id, lots));
            hand.lots = hand.lots.saturating_add(lots);
        }
        hand.lots = hand.lots.max(openings);
        hand
    }
}

impl Decks {
    /// The plan of a thread that was begun in `language`; `None`: the library.
    #[must_use]
    pub fn plan_of(&self, seed: &Seed, root: SlotId, language: Language) -> Option<PlanId> {
        self.0.get(&root.date)?.plan_of(seed, root, language)
    }

    /// The deck of a date.
    #[must_use]
    pub fn get(&self, date: Date) -> Option<&Deck> {
        self.0.get(&date)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<Deck> for Decks {
    fn from_iter<I: IntoIterator<Item = Deck>>(decks: I) -> Self {
        Self(decks.into_iter().map(|deck| (deck.date, deck)).collect())
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::super::plan::Script;
    use super::*;
    use crate::id::MailboxId;

    const DAY: Date = date(2026, 3, 10);

    fn plan(day: i8, language: Language, n: u16, uses: u64) -> Plan {
        let id = PlanId { made: date(2026, 3, day), language, n };
        Plan { uses, ..Plan::new(id, Script::Theme(u64::from(n))) }
    }
    fn root(mailbox: u32, k: u16) -> SlotId {
        SlotId { mailbox: MailboxId(mailbox), date: DAY, k }
    }
    fn german(openings: u32) -> BTreeMap<Language, u32> {
        [(Language::De, openings)].into()
    }

    #[test]
    fn the_least_used_plans_are_dealt_and_the_newest_first() {
        let plans = [
            plan(1, Language::De, 0, 9),
            plan(2, Language::De, 0, 0),
            plan(9, Language::De, 0, 0),
            plan(9, Language::Fr, 0, 0),
        ];
        let names = |openings| {
            let hand = Deck::deal(DAY, &plans, &german(openings)).hands.remove(&Language::De).unwrap();
            hand.plans.iter().map(|(id, _)| id.made.day()).collect::<Vec<_>>()
        };
        assert_eq!((names(5), names(6), names(1_000)), (vec![9], vec![9, 2], vec![9, 2, 1]));
    }

    #[test]
    fn what_is_retired_old_or_from_tomorrow_is_not_dealt() {
        let retired = Plan { retired: Some(DAY), ..plan(2, Language::De, 2, 0) };
        let mut old = plan(1, Language::De, 3, 0);
        old.id.made = date(2026, 1, 8);
        let plans = [retired, old, plan(11, Language::De, 4, 0)];
        assert!(Deck::deal(DAY, &plans, &german(100)).hands.is_empty());
    }

    /// A plan's share of a day is bounded however large the fleet: the rest is the library's.
    #[test]
    fn no_plan_begins_more_threads_than_it_may() {
        let plans: Vec<Plan> = (0..5).map(|n| plan(9, Language::De, n, 0)).collect();
        for openings in [25_u32, 3_000] {
            let deck = Deck::deal(DAY, &plans, &german(openings));
            let mut uses: BTreeMap<Option<PlanId>, u32> = BTreeMap::new();
            for k in 0..openings {
                let root = root(k % 100, u16::try_from(k / 100).unwrap());
                *uses.entry(deck.plan_of(&Seed::new([5; 32]), root, Language::De)).or_default() += 1;
            }
            let library = uses.remove(&None).unwrap_or(0);
            assert!(uses.values().all(|&uses| uses <= 15), "{openings}: {uses:?}");
            assert!(library >= openings.saturating_sub(50), "{openings}: {library} by the library");
        }
    }

    #[test]
    fn other_dates_and_languages_have_the_library() {
        let decks: Decks = [Deck::deal(DAY, &[plan(9, Language::De, 0, 0)], &german(1))].into_iter().collect();
        let seed = Seed::new([5; 32]);
        assert!(decks.plan_of(&seed, root(1, 1), Language::De).is_some());
        assert_eq!(decks.plan_of(&seed, root(1, 1), Language::Fr), None);
        let tomorrow = SlotId { date: date(2026, 3, 11), ..root(1, 1) };
        assert_eq!(decks.plan_of(&seed, tomorrow, Language::De), None);
        assert_eq!(Decks::default().plan_of(&seed, root(1, 1), Language::De), None);
    }

    proptest! {
        /// A deck is for a date of which no mailbox has seen a moment.
        #[test]
        fn a_deck_is_dealt_before_its_date_begins(second in 0..4_000_000_000_i64, zone in prop::sample::select(vec![
            "Pacific/Kiritimati", "Pacific/Apia", "Asia/Kathmandu", "Europe/Berlin", "America/New_York", "Pacific/Niue",
        ])) {
            let now = Timestamp::from_second(second).unwrap();
            let zone = jiff::tz::TimeZone::get(zone).unwrap();
            let local = now.to_zoned(zone).date();
            prop_assert!(next_open_date(now) > local);
            prop_assert!(next_open_date(now) <= local.saturating_add(3.days()));
        }

        #[test]
        fn a_deck_reads_back(uses in prop::collection::vec(0..9_u64, 0..50), openings in 0..500_u32) {
            let plans: Vec<Plan> = (0..).zip(uses).map(|(n, uses)| plan(9, Language::De, n, uses)).collect();
            let deck = Deck::deal(DAY, &plans, &german(openings));
            let json = serde_json::to_string(&deck).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Deck>(&json).unwrap(), &deck);
            for hand in deck.hands.values() {
                prop_assert!(hand.plans.len() <= HAND_MAX);
                prop_assert!(hand.plans.iter().map(|(_, lots)| lots).sum::<u32>() <= hand.lots);
            }
        }
    }
}
