//! The decision of an IP's day: advance, hold, pause, resume, complete (domain.md §9). Once a local date, from 01:00 on. A look
//! out of turn, after bad events, may pause and do nothing else: [`watch`].
//!
//! Small samples lie (§7): a pause needs three bad events and a Wilson lower bound over the threshold, in the 24 hours or in
//! the seven days; on fewer the day is held, or goes on.

use std::fmt;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use super::{Cause, Counts, IpDay, IpLimits, Phase, SendingIp, Status};
use crate::rate::{Over, Rate};

/// Longest run of dates that one decision consolidates: what an outage of a month leaves behind.
pub const DAYS_MAX: usize = 31;

/// What is to be done now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Due {
    /// Nothing.
    Nothing,
    /// A pause is over in the middle of a day.
    Resume,
    /// The local date has turned: consolidate these dates, oldest first, then decide.
    Daily(Vec<Date>),
}

/// What is due of an IP at `now`.
#[must_use]
pub fn due(ip: &SendingIp, now: Timestamp, limits: &IpLimits) -> Due {
    let zone = jiff::tz::TimeZone::get(&ip.zone).unwrap_or(jiff::tz::TimeZone::UTC);
    let local = zone.to_datetime(now);
    if local.date() > ip.date && local.time() >= limits.decided_from {
        let ended = ip.date.series(1.day()).take_while(|&date| date < local.date());
        let ended: Vec<Date> = ended.collect();
        return Due::Daily(ended[ended.len().saturating_sub(DAYS_MAX)..].to_vec());
    }
    match ip.paused_until(limits) {
        Some(until) if now >= until => Due::Resume,
        Some(_) | None => Due::Nothing,
    }
}

/// One date of an IP as it is consolidated. The plan stood still since [`SendingIp::date`], so every such date is that day.
#[must_use]
pub fn consolidate(ip: &SendingIp, date: Date, counts: Counts) -> IpDay {
    IpDay { date, day: ip.day, phase: ip.phase(), quota: ip.quota(), counts }
}

/// Why it was decided as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// It was added.
    Added,
    /// The day's volume counts.
    VolumeReached,
    /// Less than half of the quota was sent.
    VolumeLow,
    /// Bounces are over the bound, for sure.
    Bounces,
    /// Complaints are over the bound, for sure.
    Complaints,
    /// A rate is over its bound on too small a sample to be sure.
    NotSure,
    /// The pause goes on.
    PauseInForce,
    /// The pause is over.
    PauseOver,
    /// The plan's last day counted.
    PlanDone,
    /// Active, and well.
    Steady,
}

/// What was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The plan begins.
    Added,
    /// On to the plan's next day.
    Advanced,
    /// The same day of the plan again.
    Held,
    /// Nothing is sent for 48 h.
    Paused,
    /// On again, one week back.
    Resumed,
    /// The plan is done.
    Completed,
    /// As it was.
    Unchanged,
}

/// Where an IP stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Its status.
    #[serde(flatten)]
    pub status: Status,
    /// Its phase.
    pub phase: Phase,
    /// Its day of the plan.
    pub day: u32,
    /// Its quota.
    pub quota: u32,
}

impl Standing {
    /// Of an IP.
    #[must_use]
    pub fn of(ip: &SendingIp) -> Self {
        Self { status: ip.status, phase: ip.phase(), day: ip.day, quota: ip.quota() }
    }
}

/// What was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// The day that ended.
    pub ended: IpDay,
    /// Bounces of the day.
    pub bounces_day: Rate,
    /// Bounces of the window.
    pub bounces_week: Rate,
    /// Complaints of the day.
    pub complaints_day: Rate,
    /// Complaints of the window.
    pub complaints_week: Rate,
}

/// A decision with everything that led to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// When.
    pub at: Timestamp,
    /// The rule that decided.
    pub rule: Rule,
    /// The rates and volumes that were looked at; none where a rule needs none.
    pub inputs: Option<Evidence>,
    /// The bounds in force.
    pub bounds: IpLimits,
    /// Where it stood.
    pub from: Standing,
    /// Where it stands.
    pub to: Standing,
    /// What was decided.
    pub result: Verdict,
    /// What an operator said to it: the reason of an override.
    pub note: Option<String>,
}

/// The decision by which an IP comes in. `note`: the reason for which the weekly limit was passed over.
#[must_use]
pub fn added(ip: &SendingIp, note: Option<String>, limits: &IpLimits) -> Decision {
    let standing = Standing::of(ip);
    Decision {
        at: ip.added_at,
        rule: Rule::Added,
        inputs: None,
        bounds: *limits,
        from: standing,
        to: standing,
        result: Verdict::Added,
        note,
    }
}

/// Decides on the local date at `now`. `days`: the consolidated days of the window, oldest first, the one that ended last.
/// The IP as it shall be, and why.
#[must_use]
pub fn decide(ip: &SendingIp, days: &[IpDay], now: Timestamp, limits: &IpLimits) -> (SendingIp, Decision) {
    let evidence = evidence(ip, days, limits);
    let (rule, result) = rule(ip, evidence.as_ref(), now, limits);
    let mut next = SendingIp { date: ip.local_date(now).max(ip.date), ..ip.clone() };
    match result {
        Verdict::Added | Verdict::Held | Verdict::Unchanged => {}
        Verdict::Advanced => next.day = ip.day.saturating_add(1),
        Verdict::Completed => {
            next.day = ip.day.saturating_add(1);
            next.status = Status::Active;
        }
        Verdict::Paused => {
            let cause = if rule == Rule::Complaints { Cause::Complaints } else { Cause::Bounces };
            next.status = Status::Paused { at: now, cause };
        }
        Verdict::Resumed => {
            next.status = Status::Warming;
            // An active IP stands right behind its plan's last day.
            let last = ip.day.min(ip.plan_days().saturating_add(1));
            next.day = last.saturating_sub(limits.step_back_days).max(1);
            next.evidence_from = next.date;
        }
    }
    let (from, to) = (Standing::of(ip), Standing::of(&next));
    let decision = Decision { at: now, rule, inputs: evidence, bounds: *limits, from, to, result, note: None };
    (next, decision)
}

/// Looks out of turn, after something bad was reported. `days`: as for [`decide`], the day that is under way last. A pause, if
/// one is due; never a step forward. The day stays the day: it is consolidated when it is over, as any other.
#[must_use]
pub fn watch(ip: &SendingIp, days: &[IpDay], now: Timestamp, limits: &IpLimits) -> Option<(SendingIp, Decision)> {
    let (next, decision) = decide(ip, days, now, limits);
    if decision.result != Verdict::Paused {
        return None;
    }
    let next = SendingIp { date: ip.date, ..next };
    Some((next, decision))
}

fn rule(ip: &SendingIp, evidence: Option<&Evidence>, now: Timestamp, limits: &IpLimits) -> (Rule, Verdict) {
    if let Some(until) = ip.paused_until(limits) {
        return if now >= until {
            (Rule::PauseOver, Verdict::Resumed)
        } else {
            (Rule::PauseInForce, Verdict::Unchanged)
        };
    }
    // Without a day that ended there is nothing to go by: nothing is grown into.
    let Some(evidence) = evidence else { return (Rule::VolumeLow, Verdict::Held) };
    let over = |rates: [Rate; 2], most| rates.map(|rate| rate.over(most, limits.events_min));
    let bounces = over([evidence.bounces_day, evidence.bounces_week], limits.bounce_max);
    let complaints = over([evidence.complaints_day, evidence.complaints_week], limits.complaint_max);
    // Complaints weigh more: where both are over, they are the reason.
    if complaints.contains(&Over::Surely) {
        return (Rule::Complaints, Verdict::Paused);
    }
    if bounces.contains(&Over::Surely) {
        return (Rule::Bounces, Verdict::Paused);
    }
    let unsure = bounces.into_iter().chain(complaints).any(|rate| rate == Over::Perhaps);
    let quota = f64::from(evidence.ended.quota);
    #[expect(clippy::cast_precision_loss, reason = "counts of mails are far below 2^53")]
    let reached = evidence.ended.counts.volume() as f64 >= limits.volume_share_min * quota;
    match ip.status {
        Status::Active => (if unsure { Rule::NotSure } else { Rule::Steady }, Verdict::Unchanged),
        Status::Warming if unsure => (Rule::NotSure, Verdict::Held),
        Status::Warming if !reached => (Rule::VolumeLow, Verdict::Held),
        Status::Warming if ip.day >= ip.plan_days() => (Rule::PlanDone, Verdict::Completed),
        Status::Warming => (Rule::VolumeReached, Verdict::Advanced),
        // Dealt with above: a pause has an end.
        Status::Paused { .. } => (Rule::PauseInForce, Verdict::Unchanged),
    }
}

fn evidence(ip: &SendingIp, days: &[IpDay], limits: &IpLimits) -> Option<Evidence> {
    let ended = *days.last()?;
    let oldest = ended.date.saturating_sub((i64::from(limits.window_days) - 1).days()).max(ip.evidence_from);
    let within = |day: &&IpDay| day.date >= oldest;
    let week = days.iter().filter(within).fold(Counts::default(), |sum, day| sum.plus(day.counts));
    let day = if within(&&ended) { ended.counts } else { Counts::default() };
    let bounces = |counts: Counts| Rate::new(counts.bounced, counts.volume());
    let complaints = |counts: Counts| Rate::new(counts.complaints, counts.heard());
    Some(Evidence {
        ended,
        bounces_day: bounces(day),
        bounces_week: bounces(week),
        complaints_day: complaints(day),
        complaints_week: complaints(week),
    })
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rule, inputs, bounds, from, to, .. } = self;
        let percent = |share: f64| 100.0 * share;
        match rule {
            Rule::Added => write!(f, "added on day {} ({}) with {} a day", to.day, to.phase, to.quota)?,
            Rule::VolumeReached => write!(f, "advanced to day {} ({}), {} a day", to.day, to.phase, to.quota)?,
            Rule::VolumeLow => write!(
                f,
                "held on day {}: under {:.0} % of the quota does not count",
                to.day,
                percent(bounds.volume_share_min)
            )?,
            Rule::Bounces => {
                write!(f, "paused for {} h: bounces over {:.1} %", bounds.pause_h, percent(bounds.bounce_max))?;
            }
            Rule::Complaints => {
                write!(f, "paused for {} h: complaints over {:.1} %", bounds.pause_h, percent(bounds.complaint_max))?;
            }
            Rule::NotSure => {
                write!(f, "held on day {}: a rate is over its bound, on too few mails to be sure", to.day)?;
            }
            Rule::PauseInForce => write!(f, "still paused")?,
            Rule::PauseOver => write!(
                f,
                "resumed after {} h, from day {} ({}) back to day {} ({}), {} a day",
                bounds.pause_h, from.day, from.phase, to.day, to.phase, to.quota
            )?,
            Rule::PlanDone => write!(f, "completed: active with {} a day", to.quota)?,
            Rule::Steady => write!(f, "active, nothing to change")?,
        }
        if let Some(Evidence { ended, bounces_day, bounces_week, complaints_day, complaints_week }) = inputs {
            let (date, sent, quota) = (ended.date, ended.counts.volume(), ended.quota);
            write!(f, "; {date}: sent {sent} of {quota}; bounces {bounces_day}, in 7 days {bounces_week}")?;
            write!(f, "; complaints {complaints_day}, in 7 days {complaints_week}")?;
        }
        match &self.note {
            Some(note) => write!(f, "; weekly limit overridden: {note}"),
            None => Ok(()),
        }
    }
}
