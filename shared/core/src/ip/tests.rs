//! The IP flow with synthetic days.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};
use proptest::prelude::*;

use super::admission::{Admission, Admitted, admission};
use super::daily::{Due, Rule, Verdict, consolidate, decide, due};
use super::overview::overview;
use super::*;

const LIMITS: IpLimits = IpLimits {
    volume_share_min: 0.5,
    bounce_max: 0.05,
    complaint_max: 0.001,
    events_min: 3,
    pause_h: 48,
    step_back_days: 7,
    window_days: 7,
    decided_from: Time::constant(1, 0, 0, 0),
    admission_days: 7,
};

fn at(date: Date, hour: i8, zone: &str) -> Timestamp {
    date.at(hour, 0, 0, 0).in_tz(zone).unwrap().timestamp()
}

/// An IP whose days are lived through one after the other.
struct Life {
    ip: SendingIp,
    days: Vec<IpDay>,
    decisions: Vec<daily::Decision>,
}

impl Life {
    fn new(mode: PlanMode) -> Self {
        let added = at(jiff::civil::date(2026, 3, 2), 8, "Europe/Berlin");
        let (ip, warnings) = SendingIp::new(
            "acme".parse().unwrap(),
            "203.0.113.7".parse().unwrap(),
            "mail.example.com".parse().unwrap(),
            "Europe/Berlin".to_owned(),
            mode.six_weeks(),
            added,
        )
        .unwrap();
        assert_eq!(warnings.is_empty(), mode == PlanMode::Smooth, "{warnings:?}");
        Self { ip, days: Vec::new(), decisions: Vec::new() }
    }

    /// Lives through the IP's date and decides at 01:00 of the next.
    fn day(&mut self, of: impl Fn(u32) -> Counts) -> (Rule, Verdict) {
        let now = at(self.ip.date.tomorrow().unwrap(), 1, "Europe/Berlin");
        let Due::Daily(dates) = due(&self.ip, now, &LIMITS) else { panic!("nothing due at {now}") };
        assert_eq!(dates, [self.ip.date]);
        self.days.push(consolidate(&self.ip, self.ip.date, of(self.ip.quota())));
        let (next, decision) = decide(&self.ip, &self.days, now, &LIMITS);
        assert!(due(&next, now, &LIMITS) == Due::Nothing, "decided twice");
        self.ip = next;
        let decided = (decision.rule, decision.result);
        self.decisions.push(decision);
        decided
    }
}

fn good(quota: u32) -> Counts {
    let sent = u64::from(quota);
    Counts {
        sent,
        delivered: sent - sent / 100,
        bounced: sent / 100,
        complaints: 0,
        opens: sent / 5,
        clicks: sent / 50,
    }
}

/// All of the quota with this share of bounces.
fn bouncing(share: f64) -> impl Fn(u32) -> Counts {
    move |quota| {
        let bounced = (f64::from(quota) * share).round() as u64;
        Counts { sent: u64::from(quota), delivered: u64::from(quota) - bounced, bounced, ..Counts::default() }
    }
}

#[test]
fn fifty_become_ten_thousand_in_six_weeks() {
    for mode in [PlanMode::Smooth, PlanMode::Exact] {
        let mut life = Life::new(mode);
        let mut quotas = vec![life.ip.quota()];
        for _ in 1..42 {
            assert_eq!(life.day(good), (Rule::VolumeReached, Verdict::Advanced));
            assert_eq!((life.ip.status, life.ip.weight()), (Status::Warming, 0));
            quotas.push(life.ip.quota());
        }
        let firsts: Vec<u32> = quotas.iter().step_by(7).copied().collect();
        assert_eq!(firsts, [50, 200, 500, 1_500, 5_000, 10_000]);
        // Week 1 to 2 is fourfold: a seventh root of it a day, and rounding.
        let factor = if mode == PlanMode::Smooth { 4_f64.powf(1.0 / 7.0) } else { 4.0 };
        for pair in quotas.windows(2) {
            assert!(f64::from(pair[1]) <= f64::from(pair[0]) * factor + 1.0, "{mode:?} leaps: {pair:?}");
        }
        assert_eq!(life.ip.phase(), Phase::Week(6));
        assert_eq!(life.day(good), (Rule::PlanDone, Verdict::Completed));
        assert_eq!((life.ip.status, life.ip.phase()), (Status::Active, Phase::Completed));
        assert_eq!((life.ip.weight(), life.ip.quota()), (100, 10_000));
        assert_eq!(life.ip.date, jiff::civil::date(2026, 4, 13), "42 days, over a change of clocks");
        assert_eq!(life.day(good), (Rule::Steady, Verdict::Unchanged));
    }
}

#[test]
fn phases_are_named_by_week() {
    let ip = Life::new(PlanMode::Smooth).ip;
    let names: Vec<String> = [1, 7, 8, 42, 43, 99].map(|day| ip.phase_on(day).to_string()).into();
    assert_eq!(names, ["week_1", "week_1", "week_2", "week_6", "completed", "completed"]);
    let json = serde_json::to_string(&[Phase::Week(3), Phase::Completed]).unwrap();
    assert_eq!(json, r#"["week_3","completed"]"#);
    assert_eq!(serde_json::from_str::<[Phase; 2]>(&json).unwrap(), [Phase::Week(3), Phase::Completed]);
}

#[test]
fn half_of_the_quota_counts_as_a_day_and_less_does_not() {
    let mut life = Life::new(PlanMode::Smooth);
    let sent = |sent| move |_| Counts { sent, ..Counts::default() };
    assert_eq!(life.day(sent(24)), (Rule::VolumeLow, Verdict::Held));
    assert_eq!((life.ip.day, life.ip.quota()), (1, 50));
    assert_eq!(life.day(sent(25)), (Rule::VolumeReached, Verdict::Advanced));
    assert_eq!(life.ip.day, 2);
    assert_eq!(life.day(|_| Counts::default()), (Rule::VolumeLow, Verdict::Held));
}

#[test]
fn a_day_with_events_but_no_sent_counts_all_the_same() {
    let mut life = Life::new(PlanMode::Smooth);
    let events = |_| Counts { sent: 0, delivered: 47, bounced: 1, opens: 9, ..Counts::default() };
    assert_eq!(life.day(events), (Rule::VolumeReached, Verdict::Advanced));
    let inputs = life.decisions[0].inputs.unwrap();
    assert_eq!(inputs.bounces_day, crate::rate::Rate::new(1, 48));
}

/// Lives through good days until the plan's day `day`.
fn until(day: u32) -> Life {
    let mut life = Life::new(PlanMode::Smooth);
    while life.ip.day < day {
        life.day(good);
    }
    life
}

#[test]
fn six_percent_of_bounces_pause_an_ip_once_the_sample_is_large_enough() {
    // 3 of 50: 6 %, but anything from 2 to 16 % may lie behind it.
    let mut life = Life::new(PlanMode::Smooth);
    assert_eq!(life.day(bouncing(0.06)), (Rule::NotSure, Verdict::Held));
    assert_eq!(life.ip.day, 1);
    // 300 of 5,000 leave no doubt.
    let mut life = until(29);
    assert_eq!(life.ip.quota(), 5_000);
    assert_eq!(life.day(bouncing(0.06)), (Rule::Bounces, Verdict::Paused));
    assert_eq!((life.ip.quota(), life.ip.weight()), (0, 0));
    assert_eq!(life.ip.status.name(), "paused");
    let decision = life.decisions.last().unwrap();
    let said = decision.to_string();
    assert!(said.starts_with("paused for 48 h: bounces over 5.0 %; 2026-03-30: sent 5000 of 5000"), "{said}");
    assert!(said.contains("bounces 300/5000 = 6.0 % (5.4–6.7 %)"), "{said}");
}

#[test]
fn a_small_rate_on_many_days_is_seen_in_the_window() {
    let mut life = until(22);
    let mut paused = None;
    for day in 1..=7 {
        // 6.5 % of 1,500 on one day: 5.4 % at least; but 5.9 % of them is not sure on a single day.
        match life.day(bouncing(0.059)) {
            (Rule::NotSure, Verdict::Held) => {}
            (Rule::Bounces, Verdict::Paused) => {
                paused = Some(day);
                break;
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(paused.is_some_and(|day| day > 1), "{paused:?}");
}

#[test]
fn one_bounce_in_nineteen_pauses_nothing() {
    let mut life = Life::new(PlanMode::Smooth);
    let (_, verdict) = life.day(|_| Counts { sent: 19, bounced: 1, delivered: 18, ..Counts::default() });
    assert_eq!(verdict, Verdict::Held, "the volume is too low, nothing else");
    let mut life = Life::new(PlanMode::Smooth);
    let (rule, verdict) = life.day(|_| Counts { sent: 30, bounced: 2, delivered: 28, ..Counts::default() });
    assert_eq!((rule, verdict), (Rule::VolumeReached, Verdict::Advanced), "two bad events decide nothing");
}

#[test]
fn complaints_pause_too() {
    let mut life = until(29);
    let counts = |complaints| move |quota: u32| Counts { complaints, ..good(quota) };
    assert_eq!(life.day(counts(6)), (Rule::NotSure, Verdict::Held));
    assert_eq!(life.day(counts(14)), (Rule::Complaints, Verdict::Paused));
    assert!(matches!(life.ip.status, Status::Paused { cause: Cause::Complaints, .. }));
}

#[test]
fn a_pause_lasts_48_hours_and_ends_one_week_back() {
    let mut life = until(30);
    assert_eq!(life.day(bouncing(0.10)).1, Verdict::Paused);
    let Status::Paused { at: paused_at, .. } = life.ip.status else { panic!("{:?}", life.ip) };
    assert_eq!(life.ip.paused_until(&LIMITS), Some(paused_at + SignedDuration::from_hours(48)));
    assert_eq!(life.day(|_| Counts::default()), (Rule::PauseInForce, Verdict::Unchanged));
    assert_eq!(life.day(|_| Counts::default()), (Rule::PauseOver, Verdict::Resumed));
    assert_eq!((life.ip.day, life.ip.phase()), (23, Phase::Week(4)), "day 30 of week 5, one week back");
    assert_eq!(life.ip.status, Status::Warming);
    // What led to the pause does not lead to the next.
    assert_eq!(life.day(good), (Rule::VolumeReached, Verdict::Advanced));
    // From the first week there is nothing further back.
    let mut life = until(3);
    life.day(|_| Counts { sent: 500, bounced: 200, delivered: 300, ..Counts::default() });
    life.day(|_| Counts::default());
    life.day(|_| Counts::default());
    assert_eq!((life.ip.day, life.ip.status), (1, Status::Warming));
}

#[test]
fn an_active_ip_is_watched_and_comes_back_in_the_last_week() {
    let mut life = until(42);
    life.day(good);
    assert_eq!(life.ip.status, Status::Active);
    assert_eq!(life.day(|_| Counts { sent: 3, ..Counts::default() }).1, Verdict::Unchanged, "it may rest");
    assert_eq!(life.day(bouncing(0.07)).1, Verdict::Paused);
    life.day(|_| Counts::default());
    assert_eq!(life.day(|_| Counts::default()).1, Verdict::Resumed);
    assert_eq!((life.ip.phase(), life.ip.weight()), (Phase::Week(6), 0));
}

#[test]
fn an_outage_of_the_program_advances_by_one_day_at_most() {
    let life = until(10);
    let now = at(life.ip.date.saturating_add(4.days()), 1, "Europe/Berlin");
    let Due::Daily(dates) = due(&life.ip, now, &LIMITS) else { panic!() };
    assert_eq!(dates.len(), 4);
    let days: Vec<IpDay> = dates.iter().map(|&date| consolidate(&life.ip, date, good(life.ip.quota()))).collect();
    let (next, _) = decide(&life.ip, &days, now, &LIMITS);
    assert_eq!((next.day, next.date), (11, dates[3].tomorrow().unwrap()));
}

#[test]
fn nothing_is_decided_before_one_o_clock_local_time() {
    let ip = Life::new(PlanMode::Smooth).ip;
    let tomorrow = ip.date.tomorrow().unwrap();
    assert_eq!(due(&ip, at(tomorrow, 0, "Europe/Berlin"), &LIMITS), Due::Nothing);
    assert_eq!(due(&ip, at(tomorrow, 1, "Europe/Berlin"), &LIMITS), Due::Daily(vec![ip.date]));
    // Over the night in which 02:00 does not exist a pause of 48 h ends at 02:00: not cut short, and not a day late.
    let status = Status::Paused { at: at(jiff::civil::date(2026, 3, 28), 1, "Europe/Berlin"), cause: Cause::Bounces };
    let paused = SendingIp { status, date: jiff::civil::date(2026, 3, 30), ..ip };
    assert_eq!(due(&paused, at(paused.date, 1, "Europe/Berlin"), &LIMITS), Due::Nothing);
    assert_eq!(due(&paused, at(paused.date, 2, "Europe/Berlin"), &LIMITS), Due::Resume);
}

#[test]
fn one_domain_or_ip_a_week() {
    let now = at(jiff::civil::date(2026, 3, 2), 8, "UTC");
    let none = Admitted::default();
    assert_eq!(admission(&none, now, &LIMITS), Admission::Open);
    let one = none.and_one(now);
    let week = SignedDuration::from_hours(24 * 7);
    let wait = Admission::Wait { last_at: now, until: now + week };
    assert_eq!(admission(&one, now + week - SignedDuration::from_secs(1), &LIMITS), wait);
    assert_eq!(admission(&one, now + week, &LIMITS), Admission::Open);
    assert_eq!(one.and_one(now - week).last_at, Some(now), "a clock set back opens no door");
}

#[test]
fn the_overview_adds_up() {
    let mut active = until(42);
    active.day(good);
    let (fresh, mut paused) = (Life::new(PlanMode::Smooth), until(36));
    paused.day(bouncing(0.2));
    let all = overview([&active.ip, &fresh.ip, &paused.ip], &LIMITS);
    assert_eq!((all.active, all.warming, all.paused, all.daily_capacity), (1, 1, 1, 10_050));
    assert_eq!((all.ips[1].day, all.ips[1].plan_days, all.ips[1].quota_today), (1, 42, 50));
    assert!(all.ips[2].paused_until.is_some());
}

#[test]
fn what_sends_no_mail_is_refused() {
    let new = |address: &str, zone: &str, ramp: &str| {
        let (address, ramp) = (address.parse().unwrap(), ramp.parse().unwrap());
        SendingIp::new(
            "a".parse().unwrap(),
            address,
            "a.example".parse().unwrap(),
            zone.to_owned(),
            ramp,
            Timestamp::UNIX_EPOCH,
        )
    };
    for address in ["0.0.0.0", "127.0.0.1", "224.0.0.1", "255.255.255.255", "::", "::1", "ff02::1", "::ffff:127.0.0.1"]
    {
        assert!(matches!(new(address, "UTC", "ip-six-week"), Err(NewIpError::Address(_))), "{address}");
    }
    assert_eq!(new("::ffff:203.0.113.7", "UTC", "ip-six-week").unwrap().0.address.to_string(), "203.0.113.7");
    assert!(matches!(new("203.0.113.7", "Middle/Earth", "ip-six-week"), Err(NewIpError::Zone(_))));
    assert!(matches!(new("203.0.113.7", "UTC", "weekly:200,50"), Err(NewIpError::Ramp(_))));
}

fn any_counts() -> impl Strategy<Value = Counts> {
    (0..20_000_u64, 0..20_000_u64, 0..2_000_u64, 0..50_u64).prop_map(|(sent, delivered, bounced, complaints)| Counts {
        sent,
        delivered,
        bounced,
        complaints,
        ..Counts::default()
    })
}

proptest! {
    #[test]
    fn whatever_is_reported_the_plan_never_leaps_and_no_pause_is_cut_short(days in proptest::collection::vec(any_counts(), 1..80)) {
        let mut life = Life::new(PlanMode::Smooth);
        for counts in days {
            let before = life.ip.clone();
            life.day(|_| counts);
            let ip = &life.ip;
            prop_assert!(ip.day <= before.day + 1 && (1..=43).contains(&ip.day));
            prop_assert!(ip.quota() <= 10_000);
            prop_assert_eq!(ip.weight() == 100, ip.status == Status::Active);
            prop_assert!((ip.phase() == Phase::Completed) || ip.status != Status::Active);
            if let (Status::Paused { at, .. }, Status::Warming) = (before.status, ip.status) {
                let resumed = life.decisions.last().unwrap().at;
                prop_assert!(resumed.duration_since(at) >= SignedDuration::from_hours(48));
                prop_assert!(ip.day < before.day || ip.day == 1);
            }
            let leapt = matches!((before.status, ip.status), (Status::Paused { .. }, Status::Active));
            prop_assert!(!leapt);
            let json = serde_json::to_string(ip).unwrap();
            prop_assert_eq!(&serde_json::from_str::<SendingIp>(&json).unwrap(), ip);
            let decision = life.decisions.last().unwrap();
            let json = serde_json::to_string(decision).unwrap();
            prop_assert_eq!(&serde_json::from_str::<daily::Decision>(&json).unwrap().result, &decision.result);
        }
    }
}

#[test]
fn a_look_out_of_turn_pauses_and_never_advances() {
    let mut life = Life::new(PlanMode::Smooth);
    life.day(good);
    let noon = at(life.ip.date, 12, "Europe/Berlin");
    let with_today = |counts: Counts| {
        let mut days = life.days.clone();
        days.push(consolidate(&life.ip, life.ip.date, counts));
        days
    };
    let quota = life.ip.quota();
    assert_eq!(daily::watch(&life.ip, &with_today(good(quota)), noon, &LIMITS), None, "reached, and yet no step");
    let two = Counts { sent: 4, delivered: 2, bounced: 2, ..Counts::default() };
    assert_eq!(daily::watch(&life.ip, &with_today(two), noon, &LIMITS), None, "two bounces");
    let (next, decision) = daily::watch(&life.ip, &with_today(bouncing(0.4)(quota)), noon, &LIMITS).unwrap();
    assert_eq!((decision.rule, decision.result), (Rule::Bounces, Verdict::Paused));
    assert_eq!((next.quota(), next.date, next.day), (0, life.ip.date, life.ip.day));
    // The day is consolidated when it is over, as any other.
    let night = at(life.ip.date.tomorrow().unwrap(), 1, "Europe/Berlin");
    assert_eq!(due(&next, night, &LIMITS), Due::Daily(vec![life.ip.date]));
}
