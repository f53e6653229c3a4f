//! The daily look at every mailbox: its health, its life, its multiplier, as the governor does it.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use preheat_core::decision::Rule;
use preheat_core::health::{DayTally, Dns, HealthInput, HealthRow, Tally, health, owed};
use preheat_core::lifecycle::{Cause, Evidence, Pause, Progress, step};
use preheat_core::mailbox::{Provider, State};
use preheat_core::turn::day_so_far;

use crate::world::World;

/// Decisions of one look at most: each leads to another state, and none leads round.
const DECISIONS_MAX: usize = 4;

/// What is known of a mailbox between two looks.
pub(crate) struct Looked {
    row: HealthRow,
    today: Option<DayTally>,
    /// The first calendar day on which it was `ready`.
    pub(crate) ready_on: Option<Date>,
    /// Whether it was ever paused by a rule.
    pub(crate) was_paused: bool,
}

impl Looked {
    pub(crate) fn first(now: Timestamp) -> Self {
        Self { row: HealthRow::first(State::Warming, now), today: None, ready_on: None, was_paused: false }
    }

    /// Today's counters for a recipient's provider.
    pub(crate) fn today(&mut self, provider: Provider) -> &mut Tally {
        // The date is set by the look at the end of the day.
        self.today.get_or_insert_with(|| DayTally::new(Date::MIN)).by_provider.entry(provider).or_default()
    }

    /// Its state.
    pub(crate) fn state(&self) -> State {
        self.row.standing.state
    }
}

impl World<'_> {
    /// Looks at every mailbox at the end of a date.
    pub(crate) fn look(&mut self, date: Date, now: Timestamp) {
        for (row, looked) in self.fleet.iter().zip(&mut self.looked) {
            let mut today = looked.today.take().unwrap_or_else(|| DayTally::new(date));
            today.date = date;
            if let Some(day) = day_so_far(&row.plan, now).filter(|day| day.date == date) {
                today.target = owed(&day);
            }
            looked.row.take(vec![today]);
        }
        let half = self.config.ramp.plateau() / 2.0;
        let half_plateau_day =
            (1..=self.config.ramp.days_to_plateau()).find(|&day| self.config.ramp.volume(day) >= half);
        let mut emergencies = self.emergencies();
        for position in 0..self.fleet.len() {
            let held = emergencies.contains(&self.fleet[position].plan.plan.organisation);
            if let Some(domain) = self.look_at(position, date, now, half_plateau_day.unwrap_or(1), held) {
                emergencies.insert(domain);
            }
        }
        // An emergency pauses every mailbox of its domain.
        for position in 0..self.fleet.len() {
            if emergencies.contains(&self.fleet[position].plan.plan.organisation) {
                self.look_at(position, date, now, half_plateau_day.unwrap_or(1), true);
            }
        }
        self.count(date);
    }

    /// The domains that are paused for one of their mailboxes.
    fn emergencies(&self) -> BTreeSet<String> {
        let is_one = |looked: &Looked| looked.row.standing.pause == Some(Pause::Auto(Cause::Emergency));
        let of = self.fleet.iter().zip(&self.looked).filter(|(_, looked)| is_one(looked));
        of.map(|(row, _)| row.plan.plan.organisation.clone()).collect()
    }

    /// One look; the domain, if the mailbox is its emergency.
    fn look_at(
        &mut self,
        position: usize,
        date: Date,
        now: Timestamp,
        half_plateau_day: u32,
        domain_emergency: bool,
    ) -> Option<String> {
        let (fleet_row, looked) = (&mut self.fleet[position], &mut self.looked[position]);
        let plan = &mut fleet_row.plan;
        let limits = &self.config.limits.health;
        let mut emergency = None;
        for _ in 0..DECISIONS_MAX {
            let known = health(
                &HealthInput {
                    days: &looked.row.days,
                    today: date,
                    day_index: plan.day_index,
                    schedule: &plan.plan.schedule,
                    dns_fails: looked.row.standing.dns_fails(),
                    counted_from: looked.row.standing.counted_from,
                    dropped_on: looked.row.standing.dropped_on,
                    last: looked.row.scores,
                },
                limits,
            );
            looked.row.scores = known.scores.or(looked.row.scores);
            let evidence = Evidence {
                state: plan.state,
                says_disabled: false,
                health: Some(known),
                day_index: plan.day_index,
                half_plateau_day,
                sent: looked.row.sent(),
                dns: Dns::Passing,
                disabled: false,
                reputation: None,
                domain_emergency,
                by_hand: false,
                begun_anew: false,
                today: date,
            };
            let stepped = step(&looked.row.standing, &evidence, now, limits);
            looked.row.standing = stepped.after;
            let Some(ruling) = stepped.ruling else { break };
            plan.state = looked.row.standing.state;
            plan.percent = looked.row.standing.percent;
            match ruling.progress {
                Progress::Kept => {}
                Progress::BackTo(day) => plan.day_index = day,
                Progress::Reset => plan.day_index = 0,
            }
            if let Some((quota, carried_in)) = plan.lowered(plan.percent) {
                (plan.quota, plan.carried_in) = (quota, carried_in);
                plan.quota_percent = plan.percent;
            }
            looked.was_paused |= matches!(ruling.rule, Rule::Paused(_));
            if ruling.rule == Rule::Paused(Cause::Emergency) {
                emergency = Some(plan.plan.organisation.clone());
            }
        }
        if plan.state == State::Ready && looked.ready_on.is_none() {
            looked.ready_on = Some(date);
        }
        emergency
    }

    fn count(&mut self, date: Date) {
        let Some(day) = self.days.get_mut(&date) else { return };
        let (mut sums, mut known) = ([0_u64; 3], 0_u64);
        for looked in &self.looked {
            day.states.count(looked.state());
            if let Some(scores) = looked.row.scores {
                known += 1;
                for (sum, score) in sums.iter_mut().zip([scores.deliverability, scores.heat, scores.score]) {
                    *sum += u64::from(score);
                }
            }
        }
        #[expect(clippy::cast_precision_loss, reason = "sums of scores are far below 2^53")]
        let average = |sum: u64| (known > 0).then(|| (sum as f64 / known as f64 * 10.0).round() / 10.0);
        [day.deliverability, day.heat, day.score] = sums.map(average);
    }
}
