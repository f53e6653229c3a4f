//! Does warming work? The inbox rate of warmed mailboxes against that of the held-out controls, with its confidence
//! interval (domain.md §6; lessons.md, 20).
//!
//! It says what the numbers say, whichever way they come out, and says nothing where the sample cannot carry it. What it
//! assumes stands in the report: mails of one mailbox share its reputation, so they are not quite independent, and with
//! few mailboxes in an arm the true interval is wider than the one shown.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use crate::control::Arm;
use crate::facts::Facts;
use crate::mailbox::Role;
use crate::placement::{Counts, Finds};
use crate::rate::Rate;

/// With fewer mails of known fate in an arm nothing is concluded. Ours.
pub const MAILS_MIN: u64 = 100;
/// With fewer mailboxes in an arm nothing is concluded: one bad mailbox would be the whole difference. Ours.
pub const MAILBOXES_MIN: u32 = 3;

/// One side of the comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Side {
    /// Mailboxes that sent in it.
    pub mailboxes: u32,
    /// Where their mails were found.
    pub counts: Counts,
}

/// What the comparison allows one to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Nobody is held out: there is nothing to compare with.
    NoControls,
    /// Too few mails or mailboxes on one side.
    TooFew,
    /// The interval lies above zero: warmed mailboxes reach the inbox more often.
    Better,
    /// The interval lies below zero: warmed mailboxes reach the inbox less often.
    Worse,
    /// The interval holds zero: no difference is shown. That is not the same as "there is none".
    NotShown,
}

/// The comparison.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Lift {
    /// Mailboxes that are warmed.
    pub exchange: Side,
    /// Mailboxes that are held out.
    pub control: Side,
    /// Inbox rate of the warmed less that of the controls, −1 to 1; `None`: one of them is unknown.
    pub difference: Option<f64>,
    /// Its 95 % interval.
    pub interval: (f64, f64),
    /// What that allows one to say.
    pub verdict: Verdict,
}

impl Lift {
    /// Compares the two.
    #[must_use]
    pub fn of(exchange: Side, control: Side) -> Self {
        let (warmed, held) = (exchange.counts.inbox_rate(), control.counts.inbox_rate());
        let difference = warmed.share().zip(held.share()).map(|(warmed, held)| warmed - held);
        let interval = difference_interval(warmed, held);
        let few = |side: &Side, rate: Rate| side.mailboxes < MAILBOXES_MIN || rate.of < MAILS_MIN;
        let verdict = if control.mailboxes == 0 {
            Verdict::NoControls
        } else if few(&exchange, warmed) || few(&control, held) {
            Verdict::TooFew
        } else if interval.0 > 0.0 {
            Verdict::Better
        } else if interval.1 < 0.0 {
            Verdict::Worse
        } else {
            Verdict::NotShown
        };
        Self { exchange, control, difference, interval, verdict }
    }
}

/// Compares the warmed with the held-out over their days from `since` on that are over. Which arm a mailbox was in stands in
/// each day. Left out: seeds, which are not warmed, and mailboxes that their owners only measure, which chance did not draw.
#[must_use]
pub fn compare<'a>(facts: impl IntoIterator<Item = &'a Facts>, finds: &Finds, since: Date, now: Timestamp) -> Lift {
    let (mut exchange, mut control) = (Side::default(), Side::default());
    for one in facts.into_iter().filter(|one| one.row.plan.plan.role == Role::Sender) {
        let mut arms = BTreeSet::new();
        for day in one.days.iter().filter(|day| day.date >= since) {
            let side = match day.arm {
                Arm::Exchange => &mut exchange,
                Arm::Control => &mut control,
                Arm::Measure => continue,
            };
            for mail in one.mails(std::slice::from_ref(day)) {
                side.counts.add(finds.outcome(&mail, now));
                side.mailboxes += u32::from(arms.insert(day.arm));
            }
        }
    }
    Lift::of(exchange, control)
}

/// The 95 % interval of `a − b`, each −1 to 1, from the Wilson intervals of the two; with no sample: everything is possible.
///
/// Source: R. G. Newcombe, *Interval estimation for the difference between independent proportions: comparison of eleven
/// methods*, Statistics in Medicine 17 (1998), 873–890, method 10 ("hybrid score", without continuity correction).
#[must_use]
pub fn difference_interval(a: Rate, b: Rate) -> (f64, f64) {
    let (Some(p), Some(q)) = (a.share(), b.share()) else { return (-1.0, 1.0) };
    let ((a_lower, a_upper), (b_lower, b_upper)) = (a.interval(), b.interval());
    let lower = (p - q) - ((p - a_lower).powi(2) + (b_upper - q).powi(2)).sqrt();
    let upper = (p - q) + ((a_upper - p).powi(2) + (q - b_lower).powi(2)).sqrt();
    (lower.max(-1.0), upper.min(1.0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::day::SlotState;
    use crate::id::{MailboxId, SlotId};
    use crate::turn::{BoxArchive, DayArchive, day_so_far};
    use crate::visit::{Found, Placement};

    /// Newcombe's own examples (table II of the paper, method 10).
    #[test]
    fn the_interval_is_that_of_the_paper() {
        let cases = [
            ((56, 70), (48, 80), (0.0524, 0.3339)),
            ((9, 10), (3, 10), (0.1705, 0.8090)),
            ((6, 7), (2, 7), (0.0582, 0.8062)),
            ((5, 56), (0, 29), (-0.0381, 0.1926)),
            ((0, 10), (0, 20), (-0.1611, 0.2775)),
            ((0, 10), (0, 10), (-0.2775, 0.2775)),
            ((10, 10), (0, 20), (0.6791, 1.0)),
            ((10, 10), (0, 10), (0.6075, 1.0)),
        ];
        for ((a, of_a), (b, of_b), (lower, upper)) in cases {
            let (low, high) = difference_interval(Rate::new(a, of_a), Rate::new(b, of_b));
            let shown = format!("{a}/{of_a} − {b}/{of_b}: {low:.4} to {high:.4}");
            assert!((low - lower).abs() < 1e-4 && (high - upper).abs() < 1e-4, "{shown}");
        }
    }

    #[test]
    fn each_day_counts_in_the_arm_it_was_in() {
        let monday = jiff::civil::date(2026, 3, 2);
        let mailbox = |id: u32, arms: [Arm; 2], placement| {
            let row = crate::tick::simulation::row(
                id,
                "d.example",
                crate::mailbox::Provider::Other,
                "table:4".parse().unwrap(),
            );
            let mut found = Vec::new();
            let days = [monday, monday.tomorrow().unwrap()].into_iter().zip(arms).map(|(date, arm)| {
                let mut plan = row.plan.clone();
                (plan.date, plan.quota, plan.used) = (Some(date), 2, 2);
                plan.slots = (0..2).map(|k| (k, SlotState::Sent { partner: MailboxId(9) })).collect();
                found.extend((0..2).map(|k| Found { slot: SlotId { mailbox: MailboxId(id), date, k }, placement }));
                DayArchive { arm, ..day_so_far(&plan, "2026-03-05T00:00:00Z".parse().unwrap()).unwrap() }
            });
            let days: Vec<DayArchive> = days.collect();
            let archive = BoxArchive {
                mailbox: MailboxId(9),
                date: monday,
                found,
                left_over: None,
                read: String::new(),
                read_late: Vec::new(),
            };
            Facts { row, days, finds: vec![archive] }
        };
        let facts = [
            mailbox(1, [Arm::Exchange, Arm::Exchange], Placement::Inbox),
            mailbox(2, [Arm::Exchange, Arm::Control], Placement::Spam),
            mailbox(3, [Arm::Measure, Arm::Measure], Placement::Spam),
        ];
        let finds = crate::facts::finds_of(&facts, &crate::limits::EngageLimits::default());
        let lift = |since| compare(&facts, &finds, since, "2026-03-09T00:00:00Z".parse().unwrap());
        let both = lift(monday);
        assert_eq!((both.exchange.mailboxes, both.exchange.counts.inbox, both.exchange.counts.spam), (2, 4, 2));
        assert_eq!((both.control.mailboxes, both.control.counts.spam), (1, 2));
        let tuesday = lift(monday.tomorrow().unwrap());
        assert_eq!((tuesday.exchange.mailboxes, tuesday.exchange.counts.found(), tuesday.control.mailboxes), (1, 2, 1));
    }

    fn side(mailboxes: u32, inbox: u32, spam: u32) -> Side {
        Side { mailboxes, counts: Counts { inbox, spam, ..Counts::default() } }
    }

    #[test]
    fn it_is_honest_whichever_way_it_comes_out() {
        let verdict = |exchange, control| Lift::of(exchange, control).verdict;
        assert_eq!(verdict(side(20, 950, 50), side(5, 160, 40)), Verdict::Better);
        assert_eq!(verdict(side(20, 800, 200), side(5, 190, 10)), Verdict::Worse);
        assert_eq!(verdict(side(20, 900, 100), side(5, 178, 22)), Verdict::NotShown);
        assert_eq!(verdict(side(20, 900, 100), side(5, 19, 1)), Verdict::TooFew, "20 mails");
        assert_eq!(verdict(side(20, 950, 50), side(2, 160, 40)), Verdict::TooFew, "two mailboxes");
        assert_eq!(verdict(side(20, 900, 100), side(0, 0, 0)), Verdict::NoControls);
        let unknown = Lift::of(side(3, 0, 0), side(3, 0, 0));
        assert_eq!((unknown.difference, unknown.interval), (None, (-1.0, 1.0)), "unknown is not zero");
    }

    proptest! {
        #[test]
        fn the_interval_holds_the_difference_and_turns_with_its_sides(
            a in 1_u64..5_000, b in 1_u64..5_000, p in 0.0..=1.0_f64, q in 0.0..=1.0_f64,
        ) {
            let (a, b) = (Rate::new((a as f64 * p) as u64, a), Rate::new((b as f64 * q) as u64, b));
            let (lower, upper) = difference_interval(a, b);
            let difference = a.share().unwrap() - b.share().unwrap();
            prop_assert!(-1.0 <= lower && lower <= difference && difference <= upper && upper <= 1.0);
            let (turned_lower, turned_upper) = difference_interval(b, a);
            prop_assert!((turned_lower + upper).abs() < 1e-9 && (turned_upper + lower).abs() < 1e-9);
        }
    }
}
