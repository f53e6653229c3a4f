//! §3: the window in every zone on every odd date, and the times of slots inside it.

use jiff::civil::{Date, Time, date, time};
use jiff::tz::{TimeZone, db};
use jiff::{Timestamp, ToSpan};
use preheat_core::id::{MailboxId, SlotId};
use preheat_core::limits::Limits;
use preheat_core::mailbox::{Days, Schedule};
use preheat_core::schedule::ScheduleError;
use preheat_core::seed::Seed;
use preheat_core::slot::{ACTIVITY, CLOSING_S, DaySlots, slot_time};
use preheat_core::turn::turn_day;
use preheat_core::visit::BoxRow;
use proptest::prelude::*;

use crate::fixture;

fn schedule(zone: &str, start: Time, end: Time) -> Schedule {
    Schedule::new(zone, start, end, Days::ALL).unwrap()
}

fn utc(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Every zone that the bundled database names.
fn zones() -> Vec<String> {
    db().available()
        .map(|name| name.to_string())
        .filter(|name| Schedule::new(name, time(9, 0, 0, 0), time(17, 0, 0, 0), Days::ALL).is_ok())
        .collect()
}

/// The local dates around every change of a zone's clock between two years, and some that are odd everywhere.
fn odd_dates(zone: &TimeZone, from: i16, to: i16) -> Vec<Date> {
    let start = date(from, 1, 1).to_zoned(TimeZone::UTC).unwrap().timestamp();
    let end = date(to, 12, 31).to_zoned(TimeZone::UTC).unwrap().timestamp();
    let mut dates: Vec<Date> = zone
        .following(start)
        .take_while(|change| change.timestamp() < end)
        .flat_map(|change| {
            let day = zone.to_datetime(change.timestamp()).date();
            [day.yesterday().unwrap(), day, day.tomorrow().unwrap()]
        })
        .collect();
    dates.extend([date(2024, 2, 29), date(2028, 2, 29), date(2026, 12, 31), date(2027, 1, 1), date(2011, 12, 30)]);
    dates.sort();
    dates.dedup();
    dates
}

/// What a wall clock in the zone shows at this instant.
fn wall(zone: &TimeZone, at: Timestamp) -> (Date, Time) {
    let shown = zone.to_datetime(at);
    (shown.date(), shown.time())
}

const WINDOWS: [(Time, Time); 9] = [
    (Time::constant(9, 0, 0, 0), Time::constant(17, 0, 0, 0)),
    (Time::constant(0, 0, 0, 0), Time::constant(23, 59, 59, 0)),
    (Time::constant(0, 0, 0, 0), Time::constant(0, 15, 0, 0)),
    (Time::constant(0, 15, 0, 0), Time::constant(1, 30, 0, 0)),
    (Time::constant(1, 0, 0, 0), Time::constant(2, 30, 0, 0)),
    (Time::constant(2, 0, 0, 0), Time::constant(3, 0, 0, 0)),
    (Time::constant(2, 30, 0, 0), Time::constant(6, 0, 0, 0)),
    (Time::constant(22, 45, 0, 0), Time::constant(23, 15, 0, 0)),
    (Time::constant(23, 30, 0, 0), Time::constant(23, 59, 0, 0)),
];

/// Never outside the window, whatever the zone and date: the window's own ends, slots in it, and every quarter hour.
#[test]
fn no_slot_is_outside_the_window_in_any_zone_on_any_odd_date() {
    let seed = Seed::new([7; 32]);
    let zones = zones();
    assert!(zones.len() > 500, "the bundled database is there: {} zones", zones.len());
    let mut checked = 0_u64;
    for name in &zones {
        let zone = TimeZone::get(name).unwrap();
        for date in odd_dates(&zone, 1985, 2030) {
            for (start, end) in WINDOWS {
                let schedule = schedule(name, start, end);
                let Some((open, close)) = schedule.window_on(date) else { continue };
                let inside = |at: Timestamp| {
                    let (on, shown) = wall(&zone, at);
                    assert!(
                        on == date && shown >= start && shown < end,
                        "{name} {date} {start}-{end}: {at} is {on} {shown}"
                    );
                };
                assert!(open < close);
                inside(open);
                inside(close - 1.nanosecond());
                let slots = DaySlots::new(&seed, &schedule, MailboxId(5), date).unwrap();
                for k in 0..6 {
                    inside(slots.time(k));
                    checked += 1;
                }
                let mut at = open;
                while at < close {
                    inside(at);
                    at += 15.minutes();
                }
            }
        }
    }
    assert!(checked > 1_000_000, "only {checked} slots were looked at");
}

/// A day off is the only day without a window of 8 hours by the wall clock in the middle of the day: DST swallows none.
#[test]
fn a_working_window_exists_on_every_date_that_exists() {
    for name in zones() {
        let zone = TimeZone::get(&name).unwrap();
        let schedule = schedule(&name, time(9, 0, 0, 0), time(17, 0, 0, 0));
        for date in odd_dates(&zone, 2000, 2030) {
            let exists = zone.to_datetime(schedule.day_bounds(date).0).date() == date;
            assert_eq!(schedule.is_sending_day(date), exists, "{name} {date}");
        }
    }
}

/// Neither skips nor repeats a day: the bounds of consecutive dates meet, and the date of an instant between them is it.
#[test]
fn days_follow_one_another_without_gap_or_overlap() {
    for name in zones() {
        let zone = TimeZone::get(&name).unwrap();
        let schedule = schedule(&name, time(9, 0, 0, 0), time(17, 0, 0, 0));
        for date in odd_dates(&zone, 2000, 2030) {
            let (first, next) = schedule.day_bounds(date);
            assert_eq!(next, schedule.day_bounds(date.tomorrow().unwrap()).0, "{name} {date}");
            assert_eq!(schedule.local_date(first) == date, first < next, "{name} {date}");
        }
    }
}

/// A leap year, date by date, in every zone: 262 working days, each with its window at the hours the wall clock shows.
#[test]
fn a_leap_year_has_all_its_working_days_in_every_zone() {
    for name in zones() {
        let zone = TimeZone::get(&name).unwrap();
        let schedule = Schedule::new(&name, time(9, 0, 0, 0), time(17, 0, 0, 0), Days::WORKING).unwrap();
        let mut sending = 0;
        for date in date(2024, 1, 1).series(1.day()).take(366) {
            let Some((open, close)) = schedule.window_on(date) else { continue };
            sending += 1;
            assert_eq!(wall(&zone, open), (date, time(9, 0, 0, 0)), "{name}");
            assert_eq!(wall(&zone, close), (date, time(17, 0, 0, 0)), "{name}");
        }
        assert_eq!(sending, 262, "{name}");
    }
}

/// Tick by tick over every change of the clock: the local day turns once a date, in order, and no date is left out.
#[test]
fn the_day_turns_once_a_date_over_every_clock_change() {
    // Jumps at midnight and just after it, back over midnight, by half an hour, by a whole day; and the usual ones.
    let zones = [
        "Europe/Berlin",
        "America/New_York",
        "Africa/Cairo",
        "Asia/Beirut",
        "America/Sao_Paulo",
        "America/Havana",
        "America/St_Johns",
        "Australia/Lord_Howe",
        "Pacific/Apia",
        "Pacific/Kwajalein",
        "Antarctica/Troll",
        "Asia/Gaza",
    ];
    let limits = Limits::default();
    for name in zones {
        let zone = TimeZone::get(name).unwrap();
        let mut plan = fixture::plan("conservative");
        plan.schedule = schedule(name, time(9, 0, 0, 0), time(17, 0, 0, 0));
        let from = date(1990, 1, 1).to_zoned(TimeZone::UTC).unwrap().timestamp();
        let until = date(2030, 1, 1).to_zoned(TimeZone::UTC).unwrap().timestamp();
        for change in zone.following(from).take_while(|change| change.timestamp() < until) {
            let (mut row, mut box_row) = (fixture::fresh_row(plan.clone()), BoxRow::default());
            let mut turns = Vec::new();
            let mut now = change.timestamp() - 60.hours();
            while now < change.timestamp() + 60.hours() {
                if let Some(turned) = turn_day(&Seed::new([1; 32]), &row, &box_row, now, 100, &limits) {
                    // Only a first day whose window is over turns the box alone.
                    let begun = turned.plan.date.is_some();
                    assert!(!begun || turned.plan.date == turned.box_row.date, "{name}: both rows turn together");
                    (row, box_row) = (turned.plan, turned.box_row);
                    row.used = u32::from(begun); // Something was sent: the day counts.
                    turns.extend(row.date.map(|date| (date, row.day_index)));
                }
                now += 15.minutes();
            }
            let exists = |date: &Date| plan.schedule.is_sending_day(*date);
            let first = turns[0].0;
            let expected: Vec<(Date, u32)> = first.series(1.day()).filter(exists).zip(1..).take(turns.len()).collect();
            assert_eq!(turns, expected, "{name} {}", change.timestamp());
            assert!(turns.len() >= 5, "{name}: {turns:?}");
        }
    }
}

#[test]
fn windows_at_clock_changes_by_hand() {
    let at = |zone, start: (i8, i8), end: (i8, i8), date: Date| {
        schedule(zone, time(start.0, start.1, 0, 0), time(end.0, end.1, 0, 0)).window_on(date)
    };
    let window = |open: &str, close: &str| Some((utc(open), utc(close)));
    // A plain day, and both sides of DST: the wall clock rules.
    assert_eq!(
        at("Europe/Berlin", (9, 0), (17, 0), date(2026, 3, 27)),
        window("2026-03-27T08:00:00Z", "2026-03-27T16:00:00Z")
    );
    assert_eq!(
        at("Europe/Berlin", (9, 0), (17, 0), date(2026, 3, 30)),
        window("2026-03-30T07:00:00Z", "2026-03-30T15:00:00Z")
    );
    // Spring, 02:00 → 03:00 = 01:00Z: an end that is jumped over is the jump.
    assert_eq!(
        at("Europe/Berlin", (2, 30), (6, 0), date(2026, 3, 29)),
        window("2026-03-29T01:00:00Z", "2026-03-29T04:00:00Z")
    );
    assert_eq!(
        at("Europe/Berlin", (1, 0), (2, 30), date(2026, 3, 29)),
        window("2026-03-29T00:00:00Z", "2026-03-29T01:00:00Z")
    );
    assert_eq!(at("Europe/Berlin", (2, 0), (3, 0), date(2026, 3, 29)), None);
    // Autumn, 03:00 → 02:00 = 01:00Z: start at its second showing, end at its first.
    assert_eq!(
        at("Europe/Berlin", (2, 30), (6, 0), date(2026, 10, 25)),
        window("2026-10-25T01:30:00Z", "2026-10-25T05:00:00Z")
    );
    assert_eq!(
        at("Europe/Berlin", (1, 0), (2, 30), date(2026, 10, 25)),
        window("2026-10-24T23:00:00Z", "2026-10-25T00:30:00Z")
    );
    assert_eq!(
        at("Europe/Berlin", (2, 15), (2, 45), date(2026, 10, 25)),
        window("2026-10-25T00:15:00Z", "2026-10-25T00:45:00Z")
    );
    assert_eq!(
        at("Europe/Berlin", (0, 0), (23, 0), date(2026, 10, 25)),
        window("2026-10-24T22:00:00Z", "2026-10-25T22:00:00Z")
    );
    // A clock that jumps at midnight (Cairo, 2026-04-24 00:00 → 01:00 = 2026-04-23T22:00Z).
    assert_eq!(
        at("Africa/Cairo", (0, 0), (1, 30), date(2026, 4, 24)),
        window("2026-04-23T22:00:00Z", "2026-04-23T22:30:00Z")
    );
    // Half an hour of DST (Lord Howe, 2026-10-04 02:00 → 02:30 = 2026-10-03T15:30Z).
    assert_eq!(
        at("Australia/Lord_Howe", (2, 15), (3, 0), date(2026, 10, 4)),
        window("2026-10-03T15:30:00Z", "2026-10-03T16:00:00Z")
    );
    // A date that never was.
    assert_eq!(at("Pacific/Apia", (9, 0), (17, 0), date(2011, 12, 30)), None);
    assert_eq!(
        at("Pacific/Apia", (9, 0), (17, 0), date(2011, 12, 31)),
        window("2011-12-30T19:00:00Z", "2011-12-31T03:00:00Z")
    );
    assert_eq!(
        at("Pacific/Apia", (9, 0), (17, 0), date(2011, 12, 29)),
        window("2011-12-29T19:00:00Z", "2011-12-30T03:00:00Z")
    );
}

#[test]
fn days_off_have_no_window() {
    let working = Schedule::new("Asia/Tokyo", time(9, 0, 0, 0), time(17, 0, 0, 0), Days::WORKING).unwrap();
    let sending: Vec<bool> = (2..9).map(|day| working.is_sending_day(date(2026, 3, day))).collect(); // from a Monday on
    assert_eq!(sending, [true, true, true, true, true, false, false]);
}

#[test]
fn the_local_date_is_the_zones() {
    let now = utc("2026-03-02T23:30:00Z");
    let on = |zone| schedule(zone, time(9, 0, 0, 0), time(17, 0, 0, 0)).local_date(now);
    assert_eq!(on("Pacific/Kiritimati"), date(2026, 3, 3));
    assert_eq!(on("Europe/London"), date(2026, 3, 2));
    assert_eq!(on("Pacific/Pago_Pago"), date(2026, 3, 2));
}

#[test]
fn a_schedule_that_cannot_be_met_is_refused() {
    let new = |zone, start, end, days| Schedule::new(zone, start, end, days).unwrap_err();
    let (nine, five) = (time(9, 0, 0, 0), time(17, 0, 0, 0));
    assert_eq!(new("Mars/Olympus", nine, five, Days::ALL), ScheduleError::Zone("Mars/Olympus".into()));
    assert_eq!(new("", nine, five, Days::ALL), ScheduleError::Zone(String::new()));
    assert_eq!(new("UTC", five, nine, Days::ALL), ScheduleError::Window { start: five, end: nine });
    assert_eq!(new("UTC", nine, nine, Days::ALL), ScheduleError::Window { start: nine, end: nine });
    assert_eq!(
        new("UTC", nine, time(9, 14, 59, 0), Days::ALL),
        ScheduleError::Window { start: nine, end: time(9, 14, 59, 0) }
    );
    assert_eq!(new("UTC", nine, five, Days(0)), ScheduleError::Days);
    assert_eq!(new("UTC", nine, five, Days(0x80)), ScheduleError::Days);
    assert!(Schedule::new("UTC", nine, time(9, 15, 0, 0), Days(1)).is_ok());
}

/// A row whose zone this database does not know sends nothing, and breaks nothing.
#[test]
fn an_unknown_zone_in_a_row_has_no_window() {
    let schedule =
        Schedule { zone: "Mars/Olympus".into(), start: time(9, 0, 0, 0), end: time(17, 0, 0, 0), days: Days::ALL };
    assert_eq!(schedule.window_on(date(2026, 3, 2)), None);
    assert_eq!(schedule.local_date(utc("2026-03-02T23:30:00Z")), date(2026, 3, 2));
}

/// The curve's shape, over many slots: each sixteenth holds its share, starts and ends slow, dips at midday.
#[test]
fn the_activity_curve_has_a_slow_start_a_dip_at_midday_and_a_slow_end() {
    assert_eq!(ACTIVITY.iter().map(|&share| u32::from(share)).sum::<u32>(), 100);
    let schedule = schedule("UTC", time(9, 0, 0, 0), time(17, 0, 0, 0));
    let mut counts = [0_u32; 16];
    let span_s = 8 * 3600 - CLOSING_S;
    for mailbox in 0..500 {
        let slots = DaySlots::new(&Seed::new([1; 32]), &schedule, MailboxId(mailbox), date(2026, 3, 2)).unwrap();
        for k in 0..200 {
            let offset_s = slots.time(k).as_second() - slots.window().0.as_second();
            assert!((0..span_s).contains(&offset_s));
            counts[usize::try_from(offset_s * 16 / span_s).unwrap()] += 1;
        }
    }
    for (sixteenth, (&count, &share)) in counts.iter().zip(&ACTIVITY).enumerate() {
        let expected = f64::from(share) * 1_000.0; // of 100,000 slots
        let off = (f64::from(count) - expected).abs() / expected;
        assert!(off < 0.06, "sixteenth {sixteenth}: {count} slots, {expected} expected");
    }
    let share = |from: usize, to: usize| counts[from..to].iter().sum::<u32>();
    assert!(share(0, 2) < share(4, 6) && share(14, 16) < share(10, 12), "slow start, slow end");
    assert!(share(7, 9) < share(5, 7) && share(7, 9) < share(9, 11), "a dip at midday");
}

/// Literal times: if these change, every mailbox's running day changes with them.
#[test]
fn slot_times_are_pinned() {
    let schedule = schedule("Europe/Berlin", time(9, 0, 0, 0), time(17, 0, 0, 0));
    let slots = DaySlots::new(&Seed::new([0; 32]), &schedule, MailboxId(1), date(2026, 3, 2)).unwrap();
    let times: Vec<String> = (0..4).map(|k| slots.time(k).to_string()).collect();
    assert_eq!(times, PINNED);
}
const PINNED: [&str; 4] =
    ["2026-03-02T08:32:35Z", "2026-03-02T11:25:32Z", "2026-03-02T12:39:10Z", "2026-03-02T09:52:07Z"];

proptest! {
    /// Raising a target moves no slot; planning twice gives the same; alone or with its day, a slot has one time.
    #[test]
    fn a_slot_has_one_time(key: [u8; 32], mailbox: u32, day in 0_i32..20_000, n in 1_u16..200, m in 1_u16..200,
                           zone_at: prop::sample::Index, start in 0_i8..22, hours in 1_i8..12) {
        let zones = zones();
        let end = (start + hours).min(23);
        let schedule = schedule(zone_at.get(&zones).as_str(), time(start, 0, 0, 0), time(end, 0, 0, 0));
        let date = date(1990, 1, 1).checked_add(day.days()).unwrap();
        let plan = |count: u16| -> Option<Vec<Timestamp>> {
            let slots = DaySlots::new(&Seed::new(key), &schedule, MailboxId(mailbox), date)?;
            Some((0..count).map(|k| slots.time(k)).collect())
        };
        let (low, high) = (plan(n.min(m)), plan(n.max(m)));
        let Some((low, high)) = low.zip(high) else { return Ok(()) };
        prop_assert_eq!(&low[..], &high[..low.len()]);
        prop_assert_eq!(&plan(n.max(m)).unwrap(), &high);
        for (k, &at) in (0..).zip(&high) {
            let slot = SlotId { mailbox: MailboxId(mailbox), date, k };
            prop_assert_eq!(slot_time(&Seed::new(key), &schedule, slot), Some(at));
            let (on, shown) = wall(&schedule.time_zone().unwrap(), at);
            prop_assert!(on == date && shown >= schedule.start && shown < schedule.end);
        }
    }

    /// What a mailbox's day looks like tells nothing of the next mailbox's or date's.
    #[test]
    fn other_mailboxes_dates_and_seeds_have_other_times(key: [u8; 32], mailbox in 0_u32..u32::MAX) {
        let schedule = schedule("UTC", time(9, 0, 0, 0), time(17, 0, 0, 0));
        let day = |key, mailbox, date| -> Vec<Timestamp> {
            let slots = DaySlots::new(&Seed::new(key), &schedule, MailboxId(mailbox), date).unwrap();
            (0..20).map(|k| slots.time(k)).collect()
        };
        let mut other = key;
        other[0] ^= 1;
        let here = day(key, mailbox, date(2026, 3, 2));
        prop_assert_ne!(&here, &day(key, mailbox + 1, date(2026, 3, 2)));
        prop_assert_ne!(&here, &day(other, mailbox, date(2026, 3, 2)));
        let offsets = |times: &[Timestamp]| times.iter().map(|at| at.as_second().rem_euclid(86_400)).collect::<Vec<_>>();
        prop_assert_ne!(offsets(&here), offsets(&day(key, mailbox, date(2026, 3, 3))));
    }
}
