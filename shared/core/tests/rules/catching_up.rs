//! §4: what is due in a tick, and how what was missed is made up for.

use jiff::civil::{Date, date};
use jiff::{Timestamp, ToSpan};
use preheat_core::catchup::{DueNow, completion, due, is_behind};
use preheat_core::day::{PlanRow, SlotState};
use preheat_core::id::MailboxId;
use preheat_core::limits::Limits;
use preheat_core::mailbox::{Role, State};
use preheat_core::turn::turn_day;
use preheat_core::visit::BoxRow;
use proptest::prelude::*;

use crate::fixture::{PARTNER, at, fresh_row, plan, row_on, run_day, seed, settle, slots_of, ticks};

const MONDAY: Date = Date::constant(2026, 3, 2);
const SENT: SlotState = SlotState::Sent { partner: PARTNER };
const REFUSED: SlotState = SlotState::Rejected { partner: PARTNER };

fn row(mailbox: u32, quota: u32) -> PlanRow {
    let mut row = row_on(MONDAY, 30, quota, 0);
    row.plan.id = MailboxId(mailbox);
    row
}

/// How many slots of the row's day have their time in this tick.
fn natural(row: &PlanRow, (start, end): (Timestamp, Timestamp)) -> u32 {
    let slots = slots_of(row);
    let mut count = 0;
    for k in 0..u16::try_from(row.quota).unwrap() {
        count += u32::from((start..end).contains(&slots.time(k)));
    }
    count
}

/// The number of sends that the bound allows over a stretch of the 8-hour window.
fn twice_the_normal_rate(quota: u32, stretch_s: i64) -> f64 {
    2.0 * f64::from(quota) * (stretch_s as f64 / 28_800.0)
}

#[test]
fn an_ordinary_day_sends_every_slot_in_its_own_tick() {
    let mut row = row(1, 40);
    let slots = slots_of(&row);
    for (start, told) in run_day(&mut row, &Limits::default(), |_, _| Some(SENT)) {
        assert_eq!((told.behind, told.deficit), (0, 0.0));
        for k in told.ks {
            assert!((start..start + 15.minutes()).contains(&slots.time(k)));
        }
    }
    assert_eq!(row.used, 40);
}

#[test]
fn the_most_overdue_slot_goes_first() {
    let row = row(1, 40);
    let slots = slots_of(&row);
    let told = due(&slots, &row, at("2026-03-02T12:00:00Z"), at("2026-03-02T12:15:00Z"), &Limits::default());
    assert!(told.ks.len() > 1);
    assert!(told.ks.windows(2).all(|pair| slots.time(pair[0]) <= slots.time(pair[1])));
    let first = (0..40).min_by_key(|&k| slots.time(k)).unwrap();
    assert_eq!(told.ks[0], first);
}

#[test]
fn figures_by_hand() {
    let mut row = row(1, 40);
    let slots = slots_of(&row);
    let noon = at("2026-03-02T12:00:00Z");
    let passed: Vec<u16> = (0..40).filter(|&k| slots.time(k) < noon).collect();
    let expected = u32::try_from(passed.len()).unwrap();
    for &k in &passed[4..] {
        settle(&mut row, k, SENT);
    }
    let told = due(&slots, &row, noon, noon + 15.minutes(), &Limits::default());
    assert_eq!((told.behind, told.expected, told.deficit), (4, expected, 4.0 / 40.0));
}

#[test]
fn rows_that_have_nothing_to_do_say_so() {
    let limits = Limits::default();
    let idle = row(1, 40);
    let slots = slots_of(&idle);
    let told = |row: &PlanRow, tick: &str| due(&slots, row, at(tick), at(tick) + 15.minutes(), &limits);
    assert_eq!(told(&idle, "2026-03-02T08:45:00Z"), DueNow::default(), "before the window");
    let after = told(&idle, "2026-03-02T17:00:00Z");
    assert_eq!((after.ks.len(), after.behind, after.expected, after.deficit), (0, 40, 40, 1.0), "after the window");
    let other_day = PlanRow { date: Some(date(2026, 3, 3)), ..idle.clone() };
    assert_eq!(told(&other_day, "2026-03-02T12:00:00Z"), DueNow::default());
    let nothing_owed = PlanRow { quota: 0, ..idle.clone() };
    assert_eq!(told(&nothing_owed, "2026-03-02T12:00:00Z"), DueNow::default());
    for state in [State::New, State::Paused, State::Error, State::Retired] {
        let stopped = PlanRow { state, ..idle.clone() };
        let told = told(&stopped, "2026-03-02T12:00:00Z");
        assert!(told.ks.is_empty() && told.behind > 0, "{state:?}");
    }
}

/// A seed has slots to reply in, but is never behind.
#[test]
fn a_seed_is_never_behind() {
    let mut row = row(1, 40);
    row.plan.role = Role::Seed;
    let told = due(&slots_of(&row), &row, at("2026-03-02T12:00:00Z"), at("2026-03-02T12:15:00Z"), &Limits::default());
    assert_eq!((told.behind, told.expected, told.deficit), (0, 0, 0.0));
    assert!(!told.ks.is_empty());
}

/// One attempt in fifty fails, for a month: what is done comes to 99.5 % of what was owed, and nobody is over quota.
#[test]
fn a_month_with_two_per_cent_of_faults_fills_its_quotas() {
    let limits = Limits::default();
    for mailbox in 0..20 {
        let mut row = fresh_row(plan("conservative"));
        row.plan.id = MailboxId(mailbox);
        let (mut owed, mut sent, mut attempts) = (0, 0, 0);
        for day in 0..42_i64 {
            let midnight = at("2026-03-02T00:00:00Z") + (24 * day).hours();
            let Some(turned) = turn_day(&seed(), &row, &BoxRow::default(), midnight, 1_000, &limits) else { continue };
            row = turned.plan;
            if row.date.unwrap() != row.plan.schedule.local_date(midnight) {
                continue;
            }
            run_day(&mut row, &limits, |_, _| {
                attempts += 1;
                (attempts % 50 != 0).then_some(SENT)
            });
            owed += row.quota - row.carried_in;
            sent += row.sent();
            assert!(row.used <= row.quota);
        }
        assert!(f64::from(sent) >= 0.995 * f64::from(owed), "mailbox {mailbox}: {sent} of {owed}");
    }
}

/// Everything that counts against the quota leaves no room, whatever became of it.
#[test]
fn claims_and_ambiguous_slots_take_their_place() {
    let limits = Limits::default();
    let mut row = row(1, 3);
    let since = at("2026-03-02T09:30:00Z");
    settle(&mut row, 0, SlotState::Ambiguous { since, partner: PARTNER });
    settle(&mut row, 1, SlotState::Claimed { fence: 1, expires_at: since, partner: PARTNER });
    let told = run_day(&mut row, &limits, |_, _| Some(SENT));
    assert_eq!(told.iter().map(|(_, told)| told.ks.len()).sum::<usize>(), 1);
}

/// A refused slot gives its quota back: another of the same day takes its place, for a quarter of the quota at most.
#[test]
fn refused_slots_are_replaced_within_bounds() {
    let limits = Limits::default();
    // The first three are refused: three more take their place.
    let mut some = row(1, 40);
    run_day(&mut some, &limits, |_, k| Some(if k < 3 { REFUSED } else { SENT }));
    assert_eq!((some.used, some.slots.len()), (40, 43));
    // Everything is refused: 40 and 10 more, then it stops.
    let mut all = row(1, 40);
    run_day(&mut all, &limits, |_, _| Some(REFUSED));
    assert_eq!((all.used, all.slots.len()), (0, 50));
    // A small day has one replacement.
    let mut small = row(1, 2);
    run_day(&mut small, &limits, |_, _| Some(REFUSED));
    assert_eq!(small.slots.len(), 3);
}

/// An outage until noon: what it kept back is sent by the evening, spread, and not in a burst.
#[test]
fn an_outage_until_noon_is_made_up_for_without_a_burst() {
    let mut row = row(1, 40);
    let told = run_day(&mut row, &Limits::default(), |tick, _| (tick >= at("2026-03-02T12:00:00Z")).then_some(SENT));
    assert_eq!(row.used, 40);
    let sends: Vec<(Timestamp, usize)> = told
        .iter()
        .filter(|(tick, _)| *tick >= at("2026-03-02T12:00:00Z"))
        .map(|(tick, told)| (*tick, told.ks.len()))
        .collect();
    assert!(sends.iter().all(|&(_, sent)| sent <= 4), "{sends:?}");
    let noon_hour: usize = sends.iter().take(4).map(|&(_, sent)| sent).sum();
    assert!((5..=11).contains(&noon_hour), "40 a day are 5 an hour; twice that, and one for the fraction: {noon_hour}");
}

/// What the tick before the last could not send still goes out: the last tick holds no slot of its own.
#[test]
fn trouble_late_in_the_day_has_a_tick_to_mend() {
    let limits = Limits::default();
    let mut carried = 0;
    for mailbox in 0..200 {
        let mut row = row(mailbox, 40);
        assert_eq!(natural(&row, (at("2026-03-02T16:45:00Z"), at("2026-03-02T17:00:00Z"))), 0);
        let failing = at("2026-03-02T16:30:00Z");
        run_day(&mut row, &limits, |tick, _| (tick != failing).then_some(SENT));
        carried += 40 - row.used;
    }
    // 40 a day allow two or three in the last tick; by chance a few mailboxes had more in the one that failed.
    assert!(carried <= 10, "{carried} of some 240 that failed were left for the next day");
}

#[test]
fn completion_by_hand() {
    let limits = Limits::default();
    for (done, expected, ratio, behind) in [
        (0, 0, 1.0, false),
        (0, 2, 0.0, false),
        (0, 3, 0.0, true),
        (8, 10, 0.8, false),
        (7, 10, 0.7, true),
        (10, 10, 1.0, false),
    ] {
        assert_eq!(
            (completion(done, expected), is_behind(done, expected, &limits)),
            (ratio, behind),
            "{done}/{expected}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Whatever fails when: inside the window, no slot twice, never over quota; planning a tick again gives the same; over
    /// any stretch no more than twice the normal rate, beyond what the day's own curve holds there by chance.
    #[test]
    fn catch_up_never_passes_twice_the_normal_rate(
        mailbox in 0_u32..100_000, quota in 1_u32..150, failing in prop::collection::vec(any::<bool>(), 32), late in 0_u8..32,
    ) {
        let limits = Limits::default();
        let mut row = row(mailbox, quota);
        if late > 16 {
            let begun = at("2026-03-02T09:00:00Z") + (i64::from(late - 16) * 10).minutes();
            row.begun_at = Some(begun);
            let slots = slots_of(&row);
            row.quota = u32::try_from((0..u16::try_from(quota).unwrap()).filter(|&k| slots.time(k) >= begun).count()).unwrap();
            prop_assume!(row.quota > 0);
        }
        let slots = slots_of(&row);
        let (open, close) = slots.window();
        let begun = row.begun_at.unwrap_or(open);
        let day: Vec<_> = ticks(&row).collect();
        let mut sends = Vec::new();
        for &(start, end) in &day {
            let told = due(&slots, &row, start, end, &limits);
            prop_assert_eq!(&due(&slots, &row, start, end, &limits), &told);
            prop_assert!(told.ks.is_empty() || (start < close && end > begun));
            let fails = start >= open && start < close
                && failing[usize::try_from((start.as_second() - open.as_second()) / 900).unwrap()];
            for &k in told.ks.iter().filter(|_| !fails) {
                prop_assert!(slots.time(k) < end && slots.time(k) >= begun);
                settle(&mut row, k, SENT);
            }
            prop_assert!(row.used <= row.quota);
            let own = (0..=u16::MAX).map(|k| slots.time(k)).filter(|&at| at >= begun).take(row.quota as usize)
                .filter(|at| (start..end).contains(at)).count();
            let stretch_s = (end.min(close).as_second() - start.max(begun).as_second()).max(0);
            sends.push((told.ks.len(), own, stretch_s));
        }
        let rest = (close.as_second() - begun.as_second()) as f64 / 28_800.0;
        for from in 0..sends.len() {
            let (mut made, mut chance, mut stretch_s) = (0.0, 0.0, 0);
            for &(sent, own, tick_s) in &sends[from..] {
                made += sent as f64;
                stretch_s += tick_s;
                chance += (own as f64 - (twice_the_normal_rate(row.quota, tick_s) / rest).floor()).max(0.0);
                let bound = twice_the_normal_rate(row.quota, stretch_s) / rest + 1.0 + chance;
                prop_assert!(made <= bound + 1e-6, "{} sends in {} s, {} allowed", made, stretch_s, bound);
            }
        }
    }

    /// An outage over the first two fifths of the window leaves no slot unsent.
    #[test]
    fn a_morning_outage_is_made_up_for(mailbox in 0_u32..100_000, quota in 10_u32..150) {
        let mut row = row(mailbox, quota);
        run_day(&mut row, &Limits::default(), |tick, _| (tick >= at("2026-03-02T12:15:00Z")).then_some(SENT));
        // The bound's steps are whole sends: one may find the last of them taken, and goes over to the next day.
        prop_assert!(row.used + 1 >= quota, "{} of {quota}", row.used);
    }

    /// Raising the quota in mid-day moves no slot: nothing that was due is put off, and nothing becomes due that is not
    /// new.
    #[test]
    fn raising_the_quota_takes_nothing_back(mailbox: u32, low in 1_u32..60, more in 1_u32..60, tick in 0_i64..32) {
        let (small, large) = (row(mailbox, low), row(mailbox, low + more));
        // Without the bound, `ks` is everything that is due: the bound itself grows with the quota.
        let unbounded = Limits { catchup_factor: 1e6, ..Limits::default() };
        let start = at("2026-03-02T09:00:00Z") + (tick * 15).minutes();
        let due_in_whole_day_ticks = |row: &PlanRow| due(&slots_of(row), row, start, start + 8.hours(), &unbounded).ks;
        let (before, after) = (due_in_whole_day_ticks(&small), due_in_whole_day_ticks(&large));
        let kept: Vec<u16> = after.iter().copied().filter(|&k| u32::from(k) < low).collect();
        prop_assert_eq!(before, kept);
    }
}
