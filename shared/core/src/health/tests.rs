use jiff::civil::{Time, date};
use proptest::prelude::*;

use super::*;
use crate::day::SlotState;
use crate::id::{MailboxId, SlotId};
use crate::mailbox::Days;
use crate::placement::Finds;
use crate::visit::{Found, Placement};

const TODAY: Date = date(2026, 3, 11);

fn schedule() -> Schedule {
    Schedule::new("UTC", Time::constant(9, 0, 0, 0), Time::constant(17, 0, 0, 0), Days::WORKING).unwrap()
}

fn day(date: Date, target: u32, tally: Tally) -> DayTally {
    DayTally { target, by_provider: [(Provider::Gmail, tally)].into(), ..DayTally::new(date) }
}

fn all_inbox(sent: u32) -> Tally {
    Tally { sent, inbox: sent, read: sent, ..Tally::default() }
}

fn last(heat: u8) -> Scores {
    Scores { deliverability: heat, heat, score: 0, ready: false, estimated_ready: None, uncapped: None }
}

fn health_of(days: &[DayTally], day_index: u32, last: Option<Scores>) -> Health {
    let schedule = schedule();
    let input = HealthInput {
        days,
        today: TODAY,
        day_index,
        schedule: &schedule,
        dns_fails: false,
        counted_from: None,
        dropped_on: None,
        last,
    };
    health(&input, &HealthLimits::default())
}

#[test]
fn the_formula_of_deliverability_by_hand() {
    let limits = HealthLimits::default();
    let none = Rate::new(0, 0);
    let tally = |inbox, spam, promotions, missing| Tally { inbox, spam, promotions, missing, ..Tally::default() };
    // Nothing known: P = 8/10.
    assert_eq!(deliverability(&tally(0, 0, 0, 0), none, none, false, &limits), 86);
    // P = 98/100: 0.686 + 0.3.
    assert_eq!(deliverability(&tally(90, 0, 0, 0), none, none, false, &limits), 99);
    // P = 28/(20 + 4 + 3 + 3 + 10) = 0.7.
    assert_eq!(deliverability(&tally(20, 4, 6, 3), none, none, false, &limits), 79);
    // B = 5 %: half of its part is gone. C = 0.3 %: all of it.
    assert_eq!(deliverability(&tally(90, 0, 0, 0), Rate::new(5, 100), none, false, &limits), 91);
    assert_eq!(deliverability(&tally(90, 0, 0, 0), none, Rate::new(3, 1000), false, &limits), 84);
    assert_eq!(deliverability(&tally(0, 1000, 0, 0), Rate::new(1, 1), Rate::new(1, 1), false, &limits), 1);
    // While the domain's records fail.
    assert_eq!(deliverability(&tally(90, 0, 0, 0), none, none, true, &limits), 59);
}

#[test]
fn heat_follows_volume_up_to_eight_tenths_of_the_targets() {
    let limits = HealthLimits::default();
    let heat = |sent, of| heat(90, Rate::new(sent, of), &limits);
    assert_eq!(heat(0, 0), None);
    assert_eq!((heat(80, 100), heat(100, 100), heat(40, 100), heat(0, 100)), (Some(90), Some(90), Some(45), Some(0)));
}

#[test]
fn progress_by_hand() {
    let expected = [
        (0, 0.0),
        (1, 20.0),
        (4, 25.0),
        (7, 30.0),
        (8, 40.0),
        (14, 50.0),
        (28, 90.0),
        (29, 90.0),
        (32, 95.0),
        (35, 100.0),
        (400, 100.0),
    ];
    for (d, value) in expected {
        assert!((progress(d) - value).abs() < 1e-9, "day {d}: {}", progress(d));
    }
}

#[test]
fn estimated_ready_counts_sending_days_at_todays_heat() {
    let estimate = |day_index, heat| estimated_ready(day_index, heat, &schedule(), TODAY, &HealthLimits::default());
    // At heat 100 progress must be 80: day 22. TODAY is a Wednesday.
    assert_eq!(estimate(22, 100), Some(TODAY));
    assert_eq!(estimate(21, 100), Some(date(2026, 3, 12)));
    // Three sending days on from a Wednesday: over the weekend.
    assert_eq!(estimate(19, 100), Some(date(2026, 3, 16)));
    // At 89 it takes progress 90: day 28. At 79 nothing is enough.
    assert_eq!(estimate(27, 89), Some(date(2026, 3, 12)));
    assert_eq!(estimate(28, 79), None);
}

#[test]
fn windows_are_two_and_seven_local_days() {
    let days: Vec<DayTally> = (0..10).map(|back| day(TODAY - (back).days(), 10, all_inbox(10))).collect();
    let health = health_of(&days, 10, None);
    assert_eq!((health.day.sent, health.week.sent), (20, 70));
    assert_eq!(health.bounces.1, Window::Day);
    assert_eq!(health.inbox.to_string(), "70/70 = 100 % (95–100 %)");
    // Seven days that are over, today not among them.
    assert_eq!((health.volume.count, health.volume.of), (70, 70));
    // Fewer than 20 in 24 h: over 7 days.
    let thin: Vec<DayTally> = (0..10).map(|back| day(TODAY - (back).days(), 5, all_inbox(5))).collect();
    let health = health_of(&thin, 10, None);
    assert_eq!((health.bounces.0.of, health.bounces.1), (35, Window::Week));
}

#[test]
fn eighteen_of_twenty_shows_its_interval() {
    let tally = Tally { sent: 20, inbox: 18, spam: 2, ..Tally::default() };
    let health = health_of(&[day(TODAY, 20, tally)], 1, None);
    assert_eq!(health.inbox.to_string(), "18/20 = 90 % (70–97 %)");
}

#[test]
fn unknown_is_never_better_than_the_last_known() {
    // Before any day is over: nothing.
    assert_eq!(health_of(&[day(TODAY, 10, all_inbox(4))], 1, None).scores, None);
    // Sent, but nobody has said where it went.
    let blind: Vec<DayTally> =
        (1..8).map(|back| day(TODAY - (back).days(), 10, Tally { sent: 10, ..Tally::default() })).collect();
    assert_eq!(health_of(&blind, 8, None).scores, None);
    assert_eq!(health_of(&blind, 8, Some(last(40))).scores.unwrap().heat, 40);
    // ... and not better than it looks now.
    assert_eq!(health_of(&blind, 8, Some(last(99))).scores.unwrap().heat, 86);
}

#[test]
fn one_mail_in_spam_lifts_nothing_and_as_many_in_the_inbox_as_the_prior_do() {
    let of = |inbox, spam| {
        let tally = Tally { sent: 10, inbox, spam, ..Tally::default() };
        let days: Vec<DayTally> =
            (1..8).map(|back| day(TODAY - (back).days(), 10, if back == 1 { tally } else { all_sent(10) })).collect();
        health_of(&days, 8, Some(last(40))).scores.unwrap()
    };
    assert_eq!((of(0, 0).heat, of(0, 1).heat, of(7, 0).heat), (40, 40, 40));
    assert_eq!((of(0, 0).deliverability, of(0, 1).deliverability), (40, 40));
    assert_eq!(of(8, 0).heat, 92);
}

fn all_sent(sent: u32) -> Tally {
    Tally { sent, ..Tally::default() }
}

#[test]
fn campaigns_are_mail_as_well() {
    // 20 of warmup, none bounced; 300 attempts reported in all, 6 hard: 2 %, not 30 %.
    let mut today = day(TODAY, 20, all_inbox(20));
    (today.reported_bounces, today.reported_complaints, today.reported_attempts) = (6, 1, 300);
    let known = health_of(&[today.clone()], 5, None);
    assert_eq!((known.bounces.0, known.bounces_today), (Rate::new(6, 300), Rate::new(6, 300)));
    assert_eq!(known.complaints, Rate::new(1, 294));
    assert_eq!((known.day.sent, known.volume.of), (20, 0), "the ramp's volume is warmup's alone");
    // A platform that reports the bad alone, days after the send: warmup's own sends are the more.
    today.reported_attempts = 6;
    assert_eq!(health_of(&[today], 5, None).bounces.0, Rate::new(6, 20));
}

#[test]
fn what_a_pause_has_paid_for_is_not_counted_again() {
    let bad = Tally { sent: 20, bounced: 5, complained: 3, ..Tally::default() };
    let days = [day(date(2026, 3, 8), 20, bad), day(TODAY, 20, all_inbox(6))];
    let schedule = schedule();
    let input = HealthInput {
        days: &days,
        today: TODAY,
        day_index: 8,
        schedule: &schedule,
        dns_fails: false,
        counted_from: Some(TODAY),
        dropped_on: None,
        last: None,
    };
    let health = health(&input, &HealthLimits::default());
    assert_eq!((health.bounces.0, health.complaints), (Rate::new(0, 6), Rate::new(0, 6)));
}

#[test]
fn a_day_is_folded_from_its_slots_and_finds() {
    let (me, them, dead) = (MailboxId(1), MailboxId(2), MailboxId(3));
    let sent = SlotState::Sent { partner: them };
    let since = Timestamp::UNIX_EPOCH;
    let slots = [
        (0, sent),
        (1, sent),
        (2, sent),
        (3, SlotState::Sent { partner: dead }),
        (4, SlotState::Bounced { partner: them }),
        (5, SlotState::Rejected { partner: them }),
        (6, SlotState::Ambiguous { since, partner: them }),
        (7, SlotState::Ambiguous { since, partner: them }),
    ];
    let at = date(2026, 3, 2);
    let found = |k, placement| Found { slot: SlotId { mailbox: me, date: at, k }, placement };
    // Slot 0 was rescued and seen a second time: the first find counts.
    let mut finds = Finds::default();
    finds.note(&[
        found(0, Placement::Spam),
        found(1, Placement::Promotions),
        found(0, Placement::Inbox),
        found(6, Placement::Inbox),
    ]);
    // Slot 6 was found and left unread; slot 2 was never found, whatever is said of it.
    let slot = |k| SlotId { mailbox: me, date: at, k };
    finds.note_reads([0, 1, 2].map(slot));
    let neighbours: Neighbours = [
        (them, Neighbour { provider: Provider::Microsoft, is_searched: true }),
        (dead, Neighbour { provider: Provider::Gmail, is_searched: false }),
    ]
    .into();
    let fold = |now: &str| {
        tally_day(me, DayTally::new(at), &slots.into(), &schedule(), &finds, &neighbours, now.parse().unwrap())
    };
    let before = fold("2026-03-04T16:59:59Z").by_provider;
    let expected = Tally { sent: 5, bounced: 1, spam: 1, promotions: 1, inbox: 1, read: 2, ..Tally::default() };
    assert_eq!(before[&Provider::Microsoft], expected);
    // 48 hours after the window slot 2 is missing. What went to a mailbox that nobody visits is not.
    let after = fold("2026-03-04T17:00:00Z").by_provider;
    assert_eq!(after[&Provider::Microsoft], Tally { missing: 1, ..expected });
    assert_eq!(after[&Provider::Gmail], Tally { sent: 1, ..Tally::default() });
}

fn tally() -> impl Strategy<Value = Tally> {
    let counts = || 0_u32..60;
    (counts(), counts(), counts(), counts(), counts(), counts(), 0_u32..5, 0.0..=1.0_f64).prop_map(
        |(inbox, spam, promotions, other, missing, bounced, complained, read)| {
            let mut tally = Tally { inbox, spam, promotions, other, missing, bounced, complained, ..Tally::default() };
            tally.sent = tally.placements() + bounced;
            tally.read = (f64::from(tally.found()) * read) as u32;
            tally
        },
    )
}

/// Mail to two providers, the target, and what was reported.
type Drawn = (Tally, Tally, u32, (u32, u32, u32));

fn days() -> impl Strategy<Value = Vec<DayTally>> {
    prop::collection::vec((tally(), tally(), 0_u32..80, (0_u32..4, 0_u32..4, 0_u32..90)), 0..14).prop_map(|days| {
        let day = |back: i64, (gmail, other, target, reported): Drawn| DayTally {
            reported_bounces: reported.0,
            reported_complaints: reported.1,
            reported_attempts: reported.2,
            date: TODAY - back.days(),
            target,
            by_provider: [(Provider::Gmail, gmail), (Provider::Other, other)]
                .into_iter()
                .filter(|(_, tally)| *tally != Tally::default())
                .collect(),
        };
        (0..).zip(days).map(|(back, drawn)| day(back, drawn)).collect()
    })
}

proptest! {
    #[test]
    fn scores_stay_in_0_to_100(days in days(), day_index in 0_u32..200, known in prop::option::of(0_u8..=100)) {
        let health = health_of(&days, day_index, known.map(last));
        if let Some(scores) = health.scores {
            prop_assert!(scores.deliverability <= 100 && scores.heat <= scores.deliverability && scores.score <= scores.heat);
        }
    }

    #[test]
    fn more_spam_never_raises_a_score(
        days in days(), day_index in 1_u32..60, known in prop::option::of(0_u8..=100),
        at in 0_usize..14, more in 1_u32..40, moved: bool,
    ) {
        let known = known.map(last);
        let before = health_of(&days, day_index, known).scores;
        let mut worse = days;
        let Some(tally) = worse.get_mut(at).and_then(|day| day.by_provider.get_mut(&Provider::Gmail)) else { return Ok(()) };
        // Mails that were sent are found in spam: in place of the inbox, or of nowhere so far.
        let more = if moved { more.min(tally.inbox) } else { more };
        tally.spam += more;
        tally.inbox -= if moved { more } else { 0 };
        let (before, after) = (before, health_of(&worse, day_index, known).scores);
        if let (Some(before), Some(after)) = (before, after) {
            prop_assert!(after.deliverability <= before.deliverability);
            prop_assert!(after.heat <= before.heat && after.score <= before.score);
        }
    }

    #[test]
    fn days_are_read_as_they_were_written(days in days()) {
        let text = days_text(&days);
        prop_assert_eq!(text.parse::<DaysText>(), Ok(DaysText(days)));
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[0-9a-zGMYZOé=,]{0,40}") {
        let _ = text.parse::<DaysText>();
    }
}

#[test]
fn the_form_in_the_rows_never_changes() {
    let tally = Tally { sent: 12, inbox: 9, spam: 2, missing: 1, bounced: 0, read: 10, ..Tally::default() };
    let by_provider = [(Provider::Gmail, tally), (Provider::Other, all_inbox(7))].into();
    let days = [DayTally { target: 40, by_provider, reported_bounces: 2, ..DayTally::new(date(2026, 3, 2)) }];
    assert_eq!(days_text(&days), "1qk=40b2G12i9s2m1u1O7i7");
}
