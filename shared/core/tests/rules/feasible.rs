//! §4: whether a configuration can be met, with its arithmetic.

use jiff::civil::{Time, time};
use preheat_core::feasibility::{Constraint, Demand, Feasibility, feasible};
use preheat_core::limits::Limits;

fn demand() -> Demand {
    Demand {
        mailboxes: 1_000,
        daily: 30,
        window: (time(9, 0, 0, 0), time(17, 0, 0, 0)),
        hourly_cap: 10_000,
        minute_cap: None,
        daily_cap: None,
        provider_per_day: None,
    }
}

fn judged(change: impl FnOnce(&mut Demand)) -> Feasibility {
    let mut demand = demand();
    change(&mut demand);
    feasible(&demand, &Limits::default())
}

/// The example that domain.md says it must catch.
#[test]
fn a_cap_that_cannot_hold_the_promised_quota() {
    let verdict = judged(|d| (d.mailboxes, d.hourly_cap) = (100_000, 50_000));
    assert!(!verdict.ok);
    assert_eq!(verdict.binding, Constraint::HourlyCap);
    assert_eq!(
        verdict.lines.last().unwrap(),
        "hour: 100,000 mailboxes x 30 a day = 3,000,000; / 8 h = 375,000 an hour; the cap is 50,000: cannot hold: 7.5 times too much"
    );
}

#[test]
fn the_bound_is_sharp() {
    assert!(judged(|d| (d.mailboxes, d.hourly_cap) = (100_000, 375_000)).ok);
    assert!(!judged(|d| (d.mailboxes, d.hourly_cap) = (100_000, 374_999)).ok);
    assert!(judged(|d| (d.mailboxes, d.minute_cap) = (1_600, Some(100))).ok);
    assert!(!judged(|d| (d.mailboxes, d.minute_cap) = (1_601, Some(100))).ok, "100.06 a minute");
}

#[test]
fn each_constraint_binds_in_its_turn() {
    let binding = |change: fn(&mut Demand)| {
        let verdict = judged(change);
        (verdict.ok, verdict.binding)
    };
    assert_eq!(binding(|_| {}), (true, Constraint::Inbound));
    assert_eq!(binding(|d| d.window = (time(17, 0, 0, 0), time(9, 0, 0, 0))), (false, Constraint::Window));
    assert_eq!(binding(|d| d.mailboxes = 30), (false, Constraint::Partners));
    assert_eq!(binding(|d| d.mailboxes = 31), (true, Constraint::Partners));
    assert_eq!(binding(|d| (d.mailboxes, d.daily) = (2, 1)), (false, Constraint::Partners));
    assert_eq!(binding(|d| (d.daily, d.hourly_cap) = (61, 1_000_000)), (false, Constraint::Inbound));
    assert_eq!(binding(|d| d.window = (time(9, 0, 0, 0), time(9, 30, 0, 0))), (false, Constraint::HourlyCap));
    assert_eq!(
        binding(|d| (d.window, d.hourly_cap) = ((time(9, 0, 0, 0), time(9, 30, 0, 0)), 1_000_000)),
        (false, Constraint::Spacing)
    );
    assert_eq!(binding(|d| d.provider_per_day = Some(20)), (false, Constraint::Provider));
    assert_eq!(binding(|d| d.daily_cap = Some(20_000)), (false, Constraint::DailyCap));
    assert_eq!(binding(|d| d.minute_cap = Some(10)), (false, Constraint::MinuteCap));
}

#[test]
fn every_line_shows_its_arithmetic() {
    let verdict = judged(|d| {
        d.window = (time(9, 0, 0, 0), time(16, 30, 0, 0));
        (d.minute_cap, d.daily_cap, d.provider_per_day) = (Some(500), Some(30_000), Some(2_000));
    });
    let mut lines = verdict.lines.clone();
    lines.sort();
    assert_eq!(
        lines,
        [
            "day: 1,000 mailboxes x 30 a day = 30,000; the cap is 30,000: fits, 100 % used",
            "hour: 1,000 mailboxes x 30 a day = 30,000; / 7.5 h = 4,000 an hour; the cap is 10,000: fits, 40 % used",
            "inbound: who sends 30 a day receives as many; 60 are allowed: fits, 50 % used",
            "minute: 1,000 mailboxes x 30 a day = 30,000; / 7.5 h = 67 a minute; the cap is 500: fits, 13 % used",
            "partners: 30 a day to different mailboxes; 1,000 mailboxes leave 999: fits, 3 % used",
            "provider: 30 a mailbox and day; it takes 2,000: fits, 2 % used",
            "spacing: 70 s between two sends; 7.5 h hold 385: fits, 8 % used",
        ]
    );
    assert_eq!((verdict.ok, verdict.binding), (true, Constraint::DailyCap));
    let nothing = judged(|d| d.window = (Time::midnight(), Time::midnight()));
    assert_eq!(nothing.lines, ["window: 00:00 to 00:00 holds no time"]);
}

#[test]
fn figures_of_any_size_do_not_overflow() {
    let verdict = judged(|d| (d.mailboxes, d.daily, d.hourly_cap) = (u64::MAX, u32::MAX, u64::MAX));
    assert!(!verdict.ok);
    assert!(judged(|d| (d.mailboxes, d.daily) = (u64::MAX, 0)).ok);
}
