//! One test a row of the table of transitions, then what must hold whatever happens.

use jiff::ToSpan;
use jiff::civil::{Time, date};
use proptest::prelude::*;

use super::*;
use crate::day::SlotState;
use crate::health::{DayTally, HealthInput, Neighbour, Reputation, Scores, Tally, health, tally_day};
use crate::id::{MailboxId, SlotId};
use crate::mailbox::{Days, Provider, Schedule};
use crate::placement::Finds;
use crate::rate::Rate;
use crate::slots::Slots;
use crate::visit::{Found, Placement};

const NOW: &str = "2026-03-11T12:00:00Z";
const TODAY: Date = date(2026, 3, 11);

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

fn hours(hours: i64) -> SignedDuration {
    SignedDuration::from_hours(hours)
}

fn scores(heat: u8) -> Scores {
    Scores { deliverability: heat, heat, score: heat, ready: heat >= 80, estimated_ready: None, uncapped: None }
}

/// Health by its scores and rates, as if all else were well.
fn well(heat: u8) -> Health {
    let schedule = Schedule::new("UTC", Time::midnight(), Time::constant(23, 0, 0, 0), Days::ALL).unwrap();
    let tally = Tally { sent: 60, inbox: 60, read: 60, ..Tally::default() };
    let days = [DayTally { target: 60, by_provider: [(Provider::Gmail, tally)].into(), ..DayTally::new(TODAY) }];
    let input = HealthInput {
        days: &days,
        today: TODAY,
        day_index: 20,
        schedule: &schedule,
        dns_fails: false,
        counted_from: None,
        dropped_on: None,
        last: None,
    };
    let reputation = Some(Reputation { deliverability: heat, heat });
    Health { scores: Some(scores(heat)), reputation, ..health(&input, &HealthLimits::default()) }
}

fn bouncing(count: u64, of: u64) -> Health {
    let mut health = well(90);
    health.bounces.0 = Rate::new(count, of);
    health.bounces_today = Rate::new(count, of);
    health
}

fn evidence(state: State, health: Option<Health>) -> Evidence {
    Evidence {
        state,
        says_disabled: false,
        health,
        day_index: 20,
        half_plateau_day: 11,
        sent: 400,
        dns: Dns::Passing,
        disabled: false,
        reputation: None,
        domain_emergency: false,
        by_hand: false,
        begun_anew: false,
        today: TODAY,
    }
}

fn since(state: State, ago: SignedDuration) -> Standing {
    Standing::first(state, now() - ago)
}

fn look(standing: &Standing, evidence: &Evidence) -> Step {
    step(standing, evidence, now(), &HealthLimits::default())
}

fn rule(standing: &Standing, evidence: &Evidence) -> Option<(State, Rule)> {
    let step = look(standing, evidence);
    step.ruling.map(|ruling| (step.after.state, ruling.rule))
}

#[test]
fn new_becomes_warming_when_a_visit_found_that_its_credentials_work() {
    let standing = since(State::New, hours(1));
    assert_eq!(rule(&standing, &evidence(State::New, None)), None);
    let step = look(&standing, &evidence(State::Warming, None));
    assert_eq!((step.after.state, step.after.since), (State::Warming, now()));
    let ruling = step.ruling.unwrap();
    assert_eq!((ruling.rule, ruling.observed), (Rule::CredentialsWork, true));
}

#[test]
fn new_becomes_error_when_they_do_not_and_is_tried_again_with_back_off() {
    let mut standing = since(State::New, hours(1));
    for (nth, wait) in [(1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, 24), (7, 24)] {
        let refused = look(&standing, &evidence(State::Error, None)).after;
        assert_eq!((refused.state, refused.refusals), (State::Error, nth));
        assert_eq!(refused.retry_at, Some(now() + hours(wait)));
        assert_eq!(rule(&refused, &evidence(State::Error, None)), None, "not before its time");
        let later = step(&refused, &evidence(State::Error, None), now() + hours(wait), &HealthLimits::default());
        assert_eq!((later.after.state, later.ruling.unwrap().rule), (State::New, Rule::TriedAgain));
        standing = later.after;
    }
    let works = look(&standing, &evidence(State::Warming, None)).after;
    assert_eq!((works.state, works.refusals), (State::Warming, 0));
}

#[test]
fn new_becomes_error_when_its_domain_fails_beyond_its_grace() {
    let standing = since(State::New, hours(100));
    let failing = |ago| Evidence { dns: Dns::Failing { since: now() - hours(ago) }, ..evidence(State::New, None) };
    assert_eq!(rule(&standing, &failing(71)), None);
    assert_eq!(rule(&standing, &failing(72)), Some((State::Error, Rule::DnsFails)));
    // A look-up that failed says nothing.
    assert_eq!(rule(&standing, &Evidence { dns: Dns::Unknown, ..evidence(State::New, None) }), None);
}

/// domain.md §7: unknown health is never read as healthy. Its grace is that of a domain that fails.
#[test]
fn new_becomes_error_when_nobody_could_look_its_domain_up_and_begins_once_somebody_can() {
    let unknown = |state| Evidence { dns: Dns::Unknown, ..evidence(state, None) };
    let limits = HealthLimits::default();
    let at =
        |standing: &Standing, evidence: &Evidence, hour: i64| step(standing, evidence, now() + hours(hour), &limits);
    let first = at(&since(State::New, hours(0)), &unknown(State::New), 0).after;
    assert_eq!((first.state, first.dns_unknown_since), (State::New, Some(now())));
    let within = at(&first, &unknown(State::New), 71);
    assert_eq!((within.ruling, within.after.dns_unknown_since), (None, Some(now())), "counted from the first look");
    let barred = at(&first, &unknown(State::New), 72);
    assert_eq!((barred.after.state, barred.ruling.map(|ruling| ruling.rule)), (State::Error, Some(Rule::DnsFails)));
    // It is not tried again while that is so, and is as soon as anything is known that does not fail.
    assert_eq!(at(&barred.after, &unknown(State::Error), 100).ruling, None);
    let known = at(&barred.after, &evidence(State::Error, None), 101);
    assert_eq!((known.after.state, known.after.dns_unknown_since), (State::New, None));
    // Who sends already goes on: not to know is no failure.
    let warming = at(&since(State::Warming, hours(0)), &unknown(State::Warming), 500);
    assert_eq!((warming.ruling, warming.after.dns_unknown_since), (None, None));
}

#[test]
fn warming_becomes_ready_when_all_six_hold() {
    let standing = since(State::Warming, hours(500));
    let good = Evidence { day_index: 14, sent: 200, ..evidence(State::Warming, Some(well(85))) };
    assert_eq!(rule(&standing, &good), Some((State::Ready, Rule::Ready)));
    let with = |change: &dyn Fn(&mut Health)| {
        let mut health = well(85);
        change(&mut health);
        Evidence { health: Some(health), ..good.clone() }
    };
    let edge = with(&|health| {
        health.bounces.0 = Rate::new(2, 100);
        health.complaints = Rate::new(1, 1000);
        health.read = Rate::new(15, 100);
    });
    // At 2 % the multiplier is that of a warning; it is ready all the same.
    assert_eq!(rule(&standing, &edge), Some((State::Ready, Rule::Ready)));
    let short = [
        Evidence { day_index: 13, ..good.clone() },
        Evidence { sent: 199, ..good.clone() },
        Evidence { health: None, ..good.clone() },
        with(&|health| health.scores = Some(scores(84))),
        with(&|health| (health.scores, health.reputation) = (None, None)),
        with(&|health| health.complaints = Rate::new(2, 1000)),
        with(&|health| health.read = Rate::new(14, 100)),
        with(&|health| health.read = Rate::new(0, 0)),
    ];
    for evidence in short {
        assert_eq!(rule(&standing, &evidence), None, "{evidence:?}");
    }
    let bounces = with(&|health| health.bounces.0 = Rate::new(3, 100));
    assert_eq!(look(&standing, &bounces).after.state, State::Warming);
}

#[test]
fn warming_becomes_degraded_at_heat_under_60_with_20_placements() {
    let standing = since(State::Warming, hours(500));
    let at = |heat, placements| {
        let mut health = well(heat);
        health.placements_since_drop = placements;
        evidence(State::Warming, Some(health))
    };
    let step = look(&standing, &at(59, 20));
    assert_eq!((step.after.state, step.after.percent), (State::Degraded, 50));
    assert_eq!(step.ruling.unwrap().rule, Rule::Degraded);
    assert_eq!(rule(&standing, &at(60, 20)), None);
    assert_eq!(rule(&standing, &at(59, 19)), None);
    assert_eq!(rule(&standing, &evidence(State::Warming, None)), None);
}

#[test]
fn ready_becomes_warming_from_half_its_plateau_when_reputation_drops() {
    let standing = since(State::Ready, hours(500));
    let step = look(&standing, &evidence(State::Ready, Some(well(59))));
    assert_eq!(step.after.state, State::Warming);
    let ruling = step.ruling.unwrap();
    assert_eq!((ruling.rule, ruling.progress), (Rule::ReputationDrop, Progress::BackTo(11)));
    assert_eq!(rule(&standing, &evidence(State::Ready, Some(well(60)))), None);
    assert_eq!(rule(&standing, &evidence(State::Ready, None)), None);
}

#[test]
fn degraded_becomes_warming_after_seven_days_in_a_row() {
    let mut standing = since(State::Degraded, hours(1));
    standing.percent = 50;
    let on = |standing: &Standing, days: i64, health: Option<Health>| {
        let today = TODAY + jiff::Span::new().days(days);
        let evidence = Evidence { today, ..evidence(State::Degraded, health) };
        step(standing, &evidence, now() + hours(24 * days), &HealthLimits::default())
    };
    for day in 0..6 {
        // Several looks a day count once.
        standing = on(&on(&standing, day, Some(well(60))).after, day, Some(well(70))).after;
        assert_eq!((standing.state, standing.well_days), (State::Degraded, u32::try_from(day).unwrap() + 1));
    }
    let seventh = on(&standing, 6, Some(well(60)));
    assert_eq!((seventh.after.state, seventh.after.percent), (State::Warming, 100));
    assert_eq!(seventh.ruling.unwrap().rule, Rule::Recovered);
    // A bad day, a day that nobody knows of: it begins again.
    assert_eq!(on(&standing, 6, Some(well(59))).after.well_days, 0);
    assert_eq!(on(&standing, 6, None).after.well_days, 6);
    assert_eq!(on(&on(&standing, 6, None).after, 7, Some(well(60))).after.well_days, 1);
}

#[test]
fn degraded_becomes_retired_after_30_days_without_that() {
    let low = evidence(State::Degraded, Some(well(50)));
    let at = |days: i64| Standing { percent: 50, ..since(State::Degraded, hours(24 * days)) };
    assert_eq!(rule(&at(29), &low), None);
    assert_eq!(rule(&at(30), &low), Some((State::Retired, Rule::NotRecovered)));
}

#[test]
fn any_live_mailbox_is_paused_by_hand_and_only_by_hand_goes_on() {
    for state in [State::New, State::Warming, State::Ready, State::Degraded, State::Error] {
        let step = look(&since(state, hours(9)), &evidence(State::Paused, Some(well(90))));
        assert_eq!((step.after.state, step.after.pause), (State::Paused, Some(Pause::Hand)));
        assert_eq!(step.ruling.unwrap().rule, Rule::PausedByHand);
        let stopped = Evidence { begun_anew: true, ..evidence(State::Paused, None) };
        assert_eq!(rule(&since(State::Warming, hours(9)), &stopped), Some((State::Paused, Rule::Stopped)));
        let later = step.after;
        let weeks = super::step(
            &later,
            &evidence(State::Paused, Some(well(99))),
            now() + hours(2_000),
            &HealthLimits::default(),
        );
        assert_eq!((weeks.after.state, weeks.ruling), (State::Paused, None));
        assert_eq!(
            rule(&later, &evidence(State::Warming, Some(well(90)))),
            Some((State::Warming, Rule::ResumedByHand))
        );
    }
}

#[test]
fn each_cause_pauses_by_itself() {
    let with = |change: &dyn Fn(&mut Evidence)| {
        let mut evidence = evidence(State::Warming, Some(well(90)));
        change(&mut evidence);
        evidence
    };
    let complaining = |count, of| {
        let mut health = well(90);
        health.complaints = Rate::new(count, of);
        health
    };
    let standing = since(State::Warming, hours(9));
    let paused = |evidence: &Evidence| match look(&standing, evidence).after.pause {
        Some(Pause::Auto(cause)) => Some(cause),
        Some(Pause::Hand) | None => None,
    };
    // 95 in 1,000 is 9.5 %, but its lower bound is 7.8 %.
    assert_eq!(paused(&with(&|evidence| evidence.health = Some(bouncing(95, 1_000)))), None);
    assert_eq!(paused(&with(&|evidence| evidence.health = Some(bouncing(9_500, 100_000)))), Some(Cause::Bounces));
    assert_eq!(paused(&with(&|evidence| evidence.health = Some(bouncing(20, 100)))), Some(Cause::Emergency));
    assert_eq!(paused(&with(&|evidence| evidence.health = Some(complaining(3, 100)))), Some(Cause::Complaints));
    assert_eq!(paused(&with(&|evidence| evidence.health = Some(complaining(1, 100)))), None);
    assert_eq!(paused(&with(&|evidence| evidence.reputation = Some(49))), Some(Cause::Reputation));
    assert_eq!(paused(&with(&|evidence| evidence.reputation = Some(50))), None);
    assert_eq!(paused(&with(&|evidence| evidence.domain_emergency = true)), Some(Cause::Domain));
    // Heat low for a day, in `ready`: before that it drops to warming.
    let low = Standing { low_since: Some(now() - hours(24)), ..since(State::Ready, hours(30)) };
    assert_eq!(rule(&low, &evidence(State::Ready, Some(well(59)))), Some((State::Paused, Rule::Paused(Cause::Heat))));
}

#[test]
fn one_bounce_in_19_pauses_nothing_and_three_halve_the_volume() {
    let standing = since(State::Warming, hours(9));
    let one = look(&standing, &evidence(State::Warming, Some(bouncing(1, 19))));
    assert_eq!((one.after.state, one.after.tier, one.after.percent), (State::Warming, Tier::Warning, 75));
    let three = look(&standing, &evidence(State::Warming, Some(bouncing(3, 19))));
    assert_eq!((three.after.state, three.after.tier, three.after.percent), (State::Warming, Tier::Critical, 50));
    assert_eq!(three.ruling.unwrap().rule, Rule::Tier);
    let calm = Evidence { day_index: 9, ..evidence(State::Warming, Some(bouncing(0, 40))) };
    let calm = look(&three.after, &calm);
    assert_eq!((calm.after.percent, calm.ruling.unwrap().rule), (100, Rule::Tier));
}

#[test]
fn an_automatic_pause_ends_after_48_hours_a_ramp_week_back_if_its_cause_is_gone() {
    let paused = |cause, ago| Standing {
        pause: Some(Pause::Auto(cause)),
        tier: Tier::Pause,
        percent: 50,
        ..since(State::Paused, hours(ago))
    };
    let calm = evidence(State::Paused, Some(bouncing(0, 0)));
    assert_eq!(rule(&paused(Cause::Bounces, 47), &calm), None);
    let step = look(&paused(Cause::Bounces, 48), &calm);
    // Half its volume: it was paused, so that it has no bounces proves nothing.
    assert_eq!((step.after.state, step.after.percent, step.after.pause), (State::Warming, 50, None));
    assert_eq!(step.after.counted_from, Some(TODAY));
    let ruling = step.ruling.unwrap();
    assert_eq!((ruling.rule, ruling.progress), (Rule::Resumed, Progress::BackTo(13)));
    // The cause is still there, or nobody knows.
    assert_eq!(rule(&paused(Cause::Bounces, 99), &evidence(State::Paused, Some(bouncing(1, 1)))), None);
    assert_eq!(rule(&paused(Cause::Bounces, 99), &evidence(State::Paused, None)), None);
    assert_eq!(rule(&paused(Cause::Heat, 99), &evidence(State::Paused, Some(well(59)))), None);
    assert_eq!(rule(&paused(Cause::Reputation, 99), &calm), None, "no reputation is not a good one");
    // In the first week there is no week to go back.
    let young = Evidence { day_index: 3, ..calm };
    assert_eq!(look(&paused(Cause::Bounces, 48), &young).ruling.unwrap().progress, Progress::BackTo(1));
}

#[test]
fn refused_credentials_and_a_disabled_mailbox_are_errors_at_once() {
    for state in [State::Warming, State::Ready, State::Degraded] {
        let standing = since(state, hours(9));
        let step = look(&standing, &evidence(State::Error, Some(well(90))));
        assert_eq!((step.after.state, step.ruling.unwrap().rule), (State::Error, Rule::CredentialsRefused));
        assert_eq!(step.after.retry_at, None, "a live one is not tried again by itself: no hammering");
        let disabled = Evidence { disabled: true, ..evidence(state, Some(well(90))) };
        assert_eq!(rule(&standing, &disabled), Some((State::Error, Rule::Disabled)));
    }
    let said = Evidence { says_disabled: says_disabled("535 5.7.8 Account disabled"), ..evidence(State::Error, None) };
    assert_eq!(rule(&since(State::Warming, hours(9)), &said), Some((State::Error, Rule::Disabled)));
}

#[test]
fn a_mailbox_disabled_for_over_a_day_is_retired() {
    let disabled = |ago| Standing { disabled: true, ..since(State::Error, hours(ago)) };
    assert_eq!(rule(&disabled(23), &evidence(State::Error, None)), None);
    assert_eq!(rule(&disabled(24), &evidence(State::Error, None)), Some((State::Retired, Rule::DisabledTooLong)));
    assert_eq!(rule(&since(State::Error, hours(900)), &evidence(State::Error, None)), None);
}

#[test]
fn a_domain_that_fails_within_its_grace_takes_nobody_out_of_service() {
    let schedule = Schedule::new("UTC", Time::midnight(), Time::constant(23, 0, 0, 0), Days::ALL).unwrap();
    let tally = Tally { sent: 30, inbox: 30, read: 30, ..Tally::default() };
    let day = |back: i64| DayTally {
        target: 30,
        by_provider: [(Provider::Gmail, tally)].into(),
        ..DayTally::new(TODAY - jiff::Span::new().days(back))
    };
    let days: Vec<DayTally> = (0..9).map(day).collect();
    let failing = |last| {
        let input = HealthInput {
            days: &days,
            today: TODAY,
            day_index: 40,
            schedule: &schedule,
            dns_fails: true,
            counted_from: None,
            dropped_on: None,
            last,
        };
        health(&input, &HealthLimits::default())
    };
    let first = failing(None);
    assert_eq!((first.scores.unwrap().heat, first.scores.unwrap().ready), (59, false), "what is shown is capped");
    // Also by what was remembered of it.
    let second = failing(first.scores);
    assert_eq!(second.reputation, first.reputation);
    for state in [State::Ready, State::Warming, State::Degraded] {
        let failing =
            Evidence { dns: Dns::Failing { since: now() - hours(2) }, ..evidence(state, Some(second.clone())) };
        let after = look(&since(state, hours(500)), &failing).after;
        assert_eq!((after.state, after.low_since), (state, None));
    }
    // But nothing becomes ready while its domain fails.
    assert_eq!(rule(&since(State::Warming, hours(500)), &evidence(State::Warming, Some(second))), None);
}

#[test]
fn volume_alone_degrades_nobody() {
    let with = |deliverability, heat| Health { reputation: Some(Reputation { deliverability, heat }), ..well(heat) };
    for state in [State::Warming, State::Ready, State::Degraded] {
        let thin = evidence(state, Some(with(85, 10)));
        let mut standing = since(state, hours(500));
        standing.percent = if state == State::Degraded { 50 } else { 100 };
        assert_eq!(rule(&standing, &thin), None, "{state:?}");
        assert_eq!(look(&standing, &thin).after.low_since, None);
    }
    let poor = evidence(State::Ready, Some(with(84, 10)));
    assert_eq!(rule(&since(State::Ready, hours(500)), &poor), Some((State::Warming, Rule::ReputationDrop)));
}

#[test]
fn a_drop_from_ready_is_one_step_and_the_next_takes_new_placements() {
    let mut low = well(59);
    low.placements_since_drop = 100;
    let dropped = look(&since(State::Ready, hours(500)), &evidence(State::Ready, Some(low))).after;
    assert_eq!((dropped.state, dropped.dropped_on), (State::Warming, Some(TODAY)));
    // The same evidence, read again: every placement is of mail that was sent before the drop.
    let tally = Tally { sent: 40, inbox: 10, spam: 30, ..Tally::default() };
    let schedule = Schedule::new("UTC", Time::midnight(), Time::constant(23, 0, 0, 0), Days::ALL).unwrap();
    let on = |back: i64| DayTally {
        target: 40,
        by_provider: [(Provider::Gmail, tally)].into(),
        ..DayTally::new(TODAY - jiff::Span::new().days(back))
    };
    let health_at = |today, days: &[DayTally]| {
        let input = HealthInput {
            days,
            today,
            day_index: 20,
            schedule: &schedule,
            dns_fails: false,
            counted_from: None,
            dropped_on: dropped.dropped_on,
            last: None,
        };
        health(&input, &HealthLimits::default())
    };
    let same = evidence(State::Warming, Some(health_at(TODAY, &[on(0), on(1), on(2)])));
    assert_eq!(rule(&dropped, &same), None);
    let tomorrow = TODAY + jiff::Span::new().days(1);
    let next = health_at(tomorrow, &[on(-1), on(0), on(1)]);
    let next = Evidence { today: tomorrow, ..evidence(State::Warming, Some(next)) };
    assert_eq!(rule(&dropped, &next), Some((State::Degraded, Rule::Degraded)));
}

#[test]
fn a_tier_that_changes_is_decided_also_where_it_changes_no_multiplier() {
    let standing = Standing { percent: 50, ..since(State::Degraded, hours(9)) };
    let worse = look(&standing, &evidence(State::Degraded, Some(bouncing(3, 50))));
    assert_eq!((worse.after.tier, worse.after.percent), (Tier::Critical, 50));
    assert_eq!(worse.ruling.unwrap().rule, Rule::Tier);
    assert_eq!(look(&worse.after, &evidence(State::Degraded, Some(bouncing(3, 50)))).ruling, None);
}

#[test]
fn each_further_automatic_pause_lasts_twice_as_long() {
    let limits = HealthLimits::default();
    let bad = |state| evidence(state, Some(bouncing(20, 100)));
    let on = |days: i64, state, health: Health| {
        let at = now() + hours(24 * days);
        (Evidence { today: TODAY + jiff::Span::new().days(days), ..evidence(state, Some(health)) }, at)
    };
    let (mut standing, mut day) = (since(State::Warming, hours(9)), 0);
    for (nth, days) in [(1, 2), (2, 4), (3, 8), (4, 8)] {
        let (evidence, at) = on(day, State::Warming, bouncing(20, 100));
        standing = step(&standing, &evidence, at, &limits).after;
        assert_eq!((standing.state, standing.pauses), (State::Paused, nth));
        let (early, at) = on(day + days - 1, State::Paused, bouncing(0, 0));
        assert_eq!(step(&standing, &early, at, &limits).ruling, None, "{nth}");
        day += days;
        let (late, at) = on(day, State::Paused, bouncing(0, 0));
        standing = step(&standing, &late, at, &limits).after;
        assert_eq!((standing.state, standing.percent), (State::Warming, 50));
        day += 1;
    }
    // Without a sample, and with a bad one, half stays half; with a clean one it is over.
    let (small, at) = on(day, State::Warming, bouncing(0, 19));
    let small = Evidence { day_index: 9, ..small };
    assert_eq!(step(&standing, &small, at, &limits).after.percent, 50);
    let (clean, at) = on(day, State::Warming, bouncing(0, 20));
    let clean = Evidence { day_index: 9, ..clean };
    let clean = step(&standing, &clean, at, &limits);
    assert_eq!((clean.after.percent, clean.after.unproven, clean.ruling.unwrap().rule), (100, false, Rule::Tier));
    // Long after the last one a pause is the first again.
    let later = Standing { paused_on: Some(TODAY - jiff::Span::new().days(15)), pauses: 3, ..clean.after };
    assert_eq!(look(&later, &bad(State::Warming)).after.pauses, 1);
}

#[test]
fn a_domain_stays_paused_while_its_emergency_is() {
    let emergency = |state| Evidence { domain_emergency: true, ..evidence(state, Some(well(90))) };
    let paused = look(&since(State::Warming, hours(9)), &emergency(State::Warming)).after;
    assert_eq!((paused.pause, paused.pauses), (Some(Pause::Auto(Cause::Domain)), 0));
    let old = Standing { since: now() - hours(500), ..paused };
    assert_eq!(rule(&old, &emergency(State::Paused)), None);
    let over = look(&old, &evidence(State::Paused, Some(well(90)))).after;
    assert_eq!((over.state, over.percent), (State::Warming, 100));
    // A new one does not begin meanwhile, and is new again afterwards: it was never logged in to.
    let new = look(&since(State::New, hours(1)), &emergency(State::New)).after;
    assert_eq!((new.state, new.pause), (State::Paused, Some(Pause::Auto(Cause::Domain))));
    let new = Standing { since: now() - hours(500), ..new };
    let over = Evidence { day_index: 0, ..evidence(State::Paused, None) };
    assert_eq!(rule(&new, &over), None, "nobody knows");
    let over = Evidence { day_index: 0, ..evidence(State::Paused, Some(well(90))) };
    assert_eq!(rule(&new, &over), Some((State::New, Rule::Resumed)));
}

#[test]
fn a_person_takes_an_automatic_pause_over_and_a_stop_begins_anew_from_any_state() {
    let auto = Standing { pause: Some(Pause::Auto(Cause::Bounces)), ..since(State::Paused, hours(100)) };
    let by_hand = Evidence { by_hand: true, ..evidence(State::Paused, Some(bouncing(0, 0))) };
    let taken = look(&auto, &by_hand);
    assert_eq!(taken.after.pause, Some(Pause::Hand));
    let ruling = taken.ruling.unwrap();
    assert_eq!((ruling.rule, ruling.observed), (Rule::PausedByHand, true));
    assert_eq!(look(&taken.after, &by_hand).ruling, None);
    let stop = Evidence { begun_anew: true, day_index: 0, ..by_hand };
    for state in [State::New, State::Warming, State::Error, State::Paused] {
        let standing = Standing { pauses: 3, unproven: true, ..since(state, hours(100)) };
        for standing in [standing.clone(), Standing { pause: auto.pause, ..standing }] {
            let stopped = look(&standing, &stop);
            assert_eq!((stopped.after.pause, stopped.after.pauses), (Some(Pause::Hand), 0));
            assert_eq!((stopped.after.unproven, stopped.ruling.unwrap().rule), (false, Rule::Stopped));
        }
    }
}

#[test]
fn a_domain_that_fails_beyond_its_grace_stops_sending_and_nothing_else() {
    let standing = since(State::Warming, hours(100));
    let failing =
        Evidence { dns: Dns::Failing { since: now() - hours(73) }, ..evidence(State::Warming, Some(well(70))) };
    let stopped = look(&standing, &failing);
    assert_eq!((stopped.after.state, stopped.after.percent), (State::Warming, 0));
    assert_eq!(stopped.ruling.unwrap().rule, Rule::DomainSending);
    // A look-up that fails gives nothing back.
    let unknown = Evidence { dns: Dns::Unknown, ..failing.clone() };
    assert_eq!(look(&stopped.after, &unknown).after.percent, 0);
    let back = look(&stopped.after, &Evidence { dns: Dns::Passing, ..failing });
    assert_eq!((back.after.percent, back.ruling.unwrap().rule), (100, Rule::DomainSending));
}

const STATES: [State; 7] =
    [State::New, State::Warming, State::Ready, State::Degraded, State::Paused, State::Error, State::Retired];

/// Anything that may be known at a look: mostly the state that the last one left, sometimes what others did.
#[derive(Debug, Clone)]
struct Seen {
    after_hours: i64,
    by_others: Option<State>,
    heat: Option<u8>,
    bounces: (u64, u64),
    complaints: (u64, u64),
    dns: u8,
    disabled: bool,
    reputation: Option<u8>,
    domain_emergency: bool,
    by_hand: bool,
}

fn seen() -> impl Strategy<Value = Seen> {
    let others = prop_oneof![
        6 => Just(None),
        1 => prop::sample::select(vec![State::Warming, State::Error, State::Paused]).prop_map(Some),
    ];
    let rates = ((0_u64..12, 0_u64..120), (0_u64..6, 0_u64..400));
    let rare = || prop::bool::weighted(0.05);
    let rest = (0_u8..3, rare(), prop::option::of(0_u8..100), rare(), rare());
    (1_i64..40, others, prop::option::of(0_u8..=100), rates, rest).prop_map(
        |(
            after_hours,
            by_others,
            heat,
            (bounces, complaints),
            (dns, disabled, reputation, domain_emergency, by_hand),
        )| Seen {
            after_hours,
            by_others,
            heat,
            bounces,
            complaints,
            dns,
            disabled,
            reputation,
            domain_emergency,
            by_hand,
        },
    )
}

impl Seen {
    fn evidence(&self, state: State, at: Timestamp) -> Evidence {
        let health = self.heat.map(|heat| {
            let mut health = well(heat);
            health.bounces.0 = Rate::new(self.bounces.0, self.bounces.1);
            health.bounces_today = health.bounces.0;
            health.complaints = Rate::new(self.complaints.0, self.complaints.1);
            health
        });
        let dns = match self.dns {
            0 => Dns::Unknown,
            1 => Dns::Passing,
            _ => Dns::Failing { since: at - hours(80) },
        };
        let today = at.to_zoned(jiff::tz::TimeZone::UTC).date();
        Evidence {
            dns,
            disabled: self.disabled,
            reputation: self.reputation,
            domain_emergency: self.domain_emergency,
            today,
            by_hand: state == State::Paused && self.by_hand,
            ..evidence(state, health)
        }
    }
}

proptest! {
    #[test]
    fn whatever_is_seen_pauses_hold_and_retirement_is_for_good(
        first in prop::sample::select(STATES.to_vec()), history in prop::collection::vec(seen(), 1..80),
    ) {
        let limits = HealthLimits::default();
        let (mut at, mut standing) = (now(), Standing::first(first, now()));
        for seen in &history {
            at += hours(seen.after_hours);
            // Nobody but a person takes a mailbox out of `paused` or `retired`; here nobody does.
            let may = |state| match standing.state {
                State::Paused | State::Retired => false,
                State::New | State::Warming | State::Ready | State::Degraded | State::Error => {
                    state == State::Paused || state == State::Error || standing.state == State::New
                }
            };
            let state = seen.by_others.filter(|&state| may(state)).unwrap_or(standing.state);
            let step = step(&standing, &seen.evidence(state, at), at, &limits);
            let (before, after) = (&standing, &step.after);
            // Every change of state or multiplier is a decision, and nothing else is.
            let changed = before.state != after.state || before.percent != after.percent;
            prop_assert!(!changed || step.ruling.is_some());
            if before.state == State::Retired {
                prop_assert_eq!(after.state, State::Retired);
            }
            if before.state == State::Paused && after.state != State::Paused {
                let by_hand = before.pause == Some(Pause::Hand);
                let error = after.state == State::Error;
                prop_assert!(error || (!by_hand && at.duration_since(before.since) >= hours(48)), "{:?}", before);
            }
            prop_assert_eq!(after.pause.is_some(), after.state == State::Paused);
            prop_assert!([0, 50, 75, 100].contains(&after.percent));
            // Unknown health moves nobody to where it would be trusted more.
            if seen.heat.is_none() && state == before.state {
                let better = matches!(after.state, State::Ready) && before.state != State::Ready;
                let recovered = before.state == State::Degraded && after.state == State::Warming;
                prop_assert!(!better && !recovered);
            }
            standing = step.after;
        }
    }

    #[test]
    fn looking_twice_at_once_decides_nothing_more_than_once(
        first in prop::sample::select(STATES.to_vec()), seen in seen(),
    ) {
        let limits = HealthLimits::default();
        let standing = Standing::first(first, now() - hours(100));
        let once = step(&standing, &seen.evidence(first, now()), now(), &limits);
        // What follows a decision at once may be another one (ready, then low); after three looks there is rest.
        let mut last = once;
        for _ in 0..3 {
            last = step(&last.after, &seen.evidence(last.after.state, now()), now(), &limits);
        }
        prop_assert_eq!(last.ruling, None, "{:?}", last.after);
    }

    #[test]
    fn a_standing_is_read_as_it_was_written(first in prop::sample::select(STATES.to_vec()), history in prop::collection::vec(seen(), 1..10)) {
        let mut standing = Standing::first(first, now());
        for seen in history {
            standing = step(&standing, &seen.evidence(standing.state, now()), now(), &HealthLimits::default()).after;
            let json = serde_json::to_string(&standing).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Standing>(&json).unwrap(), &standing);
        }
    }
}

/// domain.md §7: read rate ≥ 15 %. Counted is what was seen read, so recipients that are only written to are no proof of warmth.
#[test]
fn a_mailbox_whose_mail_is_found_and_never_read_does_not_become_ready() {
    let (me, them) = (MailboxId(1), MailboxId(2));
    let neighbours = [(them, Neighbour { provider: Provider::Gmail, is_searched: true })].into();
    let schedule = Schedule::new("UTC", Time::midnight(), Time::constant(23, 0, 0, 0), Days::ALL).unwrap();
    let is_ready = |read_of_forty: u16| {
        let mut finds = Finds::default();
        let days: Vec<DayTally> = (1..=7_i64)
            .map(|ago| {
                let date = TODAY.saturating_sub(ago.days());
                let slot = |k| SlotId { mailbox: me, date, k };
                let found = |k| Found { slot: slot(k), placement: Placement::Inbox };
                finds.note(&(0..40).map(found).collect::<Vec<_>>());
                finds.note_reads((0..read_of_forty).map(slot));
                let slots: Slots = (0..40).map(|k| (k, SlotState::Sent { partner: them })).collect();
                let day = DayTally { target: 40, ..DayTally::new(date) };
                tally_day(me, day, &slots, &schedule, &finds, &neighbours, now())
            })
            .collect();
        let input = HealthInput {
            days: &days,
            today: TODAY,
            day_index: 20,
            schedule: &schedule,
            dns_fails: false,
            counted_from: None,
            dropped_on: None,
            last: None,
        };
        let known = health(&input, &HealthLimits::default());
        let evidence = Evidence { day_index: 20, sent: 280, ..evidence(State::Warming, Some(known)) };
        rule(&since(State::Warming, hours(500)), &evidence) == Some((State::Ready, Rule::Ready))
    };
    assert_eq!([0, 5, 6, 40].map(is_ready), [false, false, true, true], "6 of 40 are 15 %");
}
