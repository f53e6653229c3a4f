//! The life of a mailbox: every transition, a total function of where it stands, the evidence, and the time
//! (domain.md §7).
//!
//! | from | to | rule | when |
//! |---|---|---|---|
//! | `new` | `warming` | credentials work | a visit logged in to both servers; DNS passes or is within its grace |
//! | `new` | `error` | credentials refused, DNS fails | they do not; tried again with back-off: `error` → `new` |
//! | `new` | `error` | DNS fails | nobody could look its domain up for as long as that grace |
//! | `warming` | `ready` | ready | 14 days; heat ≥ 85; 200 sent; bounces ≤ 2 %; complaints ≤ 0.1 %; read ≥ 15 % |
//! | `warming` | `degraded` | degraded | reputation lost (heat < 60) with 20 or more placements |
//! | `ready` | `warming` | reputation drop | reputation lost: on the ramp as of half the plateau |
//! | `degraded` | `warming` | recovered | 7 days in a row without that |
//! | `degraded` | `retired` | not recovered | 30 days without that |
//! | any live | `paused` | by hand, or a cause of [`Cause`] | progress is kept; a stop resets it |
//! | `new` | `paused` | paused: domain | another mailbox of its domain is an emergency |
//! | `paused` (auto) | `warming`, or `new` if it never had a day | resumed | after 48 h, if the cause is gone: one ramp week back |
//! | any live | `error` | credentials refused, disabled | at once |
//! | `error` | `retired` | disabled for a day | disabled for over 24 h |
//!
//! Decisions where domain.md is silent, or says two things:
//! - Where two rules hold at once the harder goes first: error, pause, then the rest.
//! - **Volume alone loses no reputation.** domain.md's heat is deliverability times volume, and its transitions say "heat < 60":
//!   read to the letter, a mailbox whose mail lands well is degraded for having sent little, sends half of that, and is retired.
//!   So reputation is lost where heat is low *and* deliverability is not as good as `ready` asks for
//!   ([`crate::health::Reputation::is_low`]). The cap of a failing domain is left out of both: its 72 h of grace would be none.
//! - A drop from `ready` and the step to `degraded` are two steps: for the second one placements are counted anew from the day
//!   after the drop, so that half the plateau is tried, and one bad week is not judged twice.
//! - "Heat < 60 in `ready` for 24 h" pauses, heat < 60 in `ready` drops to `warming` at once: so the pause is for a
//!   mailbox whose heat had been low for a day before anybody looked, or that was set to `ready` by hand all the same.
//! - The state `ready` follows this table. The warmup score's bar (≥ 80) is what is shown and forecast as
//!   "ready"; it moves nobody.
//! - Other processes change states, too: a visit finds credentials that work or are refused, a person pauses. What the
//!   planning row says is adopted, and recorded as a decision of theirs.
//! - The cause of a bounce pause is gone when today and yesterday hold no bounce; from the resume on, bounces and complaints are
//!   counted anew: what a pause has paid for does not pause again. But a paused mailbox has no bounces because it sends nothing.
//!   So it goes on at half its volume until a sample is clean, and each further automatic pause within 14 days lasts twice as
//!   long as the one before, to at most 8 days.
//! - While the mailbox that is a domain's emergency is paused for it, so is every other of the domain, whatever it is resumed by.
//! - A domain that fails for over 72 h stops its mailboxes from sending (multiplier 0) and leaves their state alone, so that
//!   they go on receiving.
//! - A new domain that was never looked up is within its grace for as long as one that fails is: its first look-up follows the
//!   import within the hour. After that unknown is no pass, and nothing *begins* on it; what sends already goes on.
//! - Unknown health moves nobody, and changes no multiplier.
//!
//! May not know how anything is stored or told.

mod standing;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::decision::Rule;
use crate::health::{Dns, Health};
use crate::limits::HealthLimits;
use crate::mailbox::State;
use crate::tier::{Tier, complaints_pause};

pub use standing::{Cause, Pause, Standing};

/// What is known of a mailbox now.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    /// Its state, as its planning row says.
    pub state: State,
    /// Whether the reason of that state speaks of a disabled mailbox.
    pub says_disabled: bool,
    /// Its health; `None`: unknown.
    pub health: Option<Health>,
    /// Its day index.
    pub day_index: u32,
    /// The first day index on which its ramp is at half its plateau.
    pub half_plateau_day: u32,
    /// Sends since warmup began.
    pub sent: u32,
    /// Its domain's records.
    pub dns: Dns,
    /// A provider's or platform's API says that the mailbox is disabled.
    pub disabled: bool,
    /// The lowest reputation that a provider gives it, 0–100; `None`: nobody says.
    pub reputation: Option<u8>,
    /// Another mailbox of the tenant's domain is an emergency, and paused for it.
    pub domain_emergency: bool,
    /// It is paused, and by a person.
    pub by_hand: bool,
    /// A person has begun its warmup anew since the last look.
    pub begun_anew: bool,
    /// Its local date.
    pub today: Date,
}

/// What happens to the day index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Progress {
    /// It stays.
    Kept,
    /// It goes back to this one.
    BackTo(u32),
    /// Warmup begins anew.
    Reset,
}

/// What was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ruling {
    /// By which rule.
    pub rule: Rule,
    /// Whether somebody else has done it already: there is nothing to apply.
    pub observed: bool,
    /// What happens to the day index.
    pub progress: Progress,
}

/// One look.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Where the mailbox stands afterwards.
    pub after: Standing,
    /// What was decided, if anything was.
    pub ruling: Option<Ruling>,
}

/// One look at a mailbox. At most one thing is decided; whoever wants all looks again.
#[must_use]
pub fn step(before: &Standing, evidence: &Evidence, now: Timestamp, limits: &HealthLimits) -> Step {
    let is_taken_over = evidence.by_hand && matches!(before.pause, Some(Pause::Auto(_)));
    let is_stopped = evidence.begun_anew && evidence.state == State::Paused;
    if evidence.state != before.state || is_taken_over || is_stopped {
        return adopt(before, evidence, now, limits);
    }
    let standing = noted(before, evidence, now, limits);
    let at = Look { evidence, now, limits };
    let moved = match standing.state {
        State::New => at.beginning(&standing),
        State::Warming => at.hard(&standing).or_else(|| at.warming(&standing)),
        State::Ready => at.hard(&standing).or_else(|| at.ready(&standing)),
        State::Degraded => at.hard(&standing).or_else(|| at.degraded(&standing)),
        State::Paused => at.paused(&standing),
        State::Error => at.error(&standing),
        // Only a person leads out of here.
        State::Retired => None,
    };
    let (mut after, mut ruling) = match moved {
        Some((after, rule, progress)) => (after, Some(Ruling { rule, observed: false, progress })),
        None => (standing, None),
    };
    let percent = at.percent(&after);
    let (is_other, is_retiered) = (percent != after.percent, after.state.sends() && after.tier != before.tier);
    if is_other || is_retiered {
        if ruling.is_none() {
            let dns_speaks = is_other && (percent == 0 || after.percent == 0);
            let rule = if dns_speaks { Rule::DomainSending } else { Rule::Tier };
            ruling = Some(Ruling { rule, observed: false, progress: Progress::Kept });
        }
        after.percent = percent;
    }
    Step { after, ruling }
}

/// Takes over what somebody else has decided.
fn adopt(before: &Standing, evidence: &Evidence, now: Timestamp, limits: &HealthLimits) -> Step {
    let at = Look { evidence, now, limits };
    let standing = before.clone();
    let was_new = before.state == State::New;
    let (after, rule) = match evidence.state {
        State::New => (Standing { refusals: 0, ..standing.into_state(State::New, now) }, Rule::SetByHand),
        State::Warming if was_new => {
            (Standing { refusals: 0, ..standing.into_state(State::Warming, now) }, Rule::CredentialsWork)
        }
        State::Warming if before.state == State::Paused => {
            (standing.into_state(State::Warming, now).forgiven(evidence.today), Rule::ResumedByHand)
        }
        State::Warming => (standing.into_state(State::Warming, now), Rule::SetByHand),
        State::Ready => (standing.into_state(State::Ready, now), Rule::SetByHand),
        State::Degraded => (standing.into_state(State::Degraded, now), Rule::SetByHand),
        State::Paused if evidence.begun_anew => {
            let anew = Standing { pauses: 0, paused_on: None, unproven: false, ..standing };
            (anew.paused(Pause::Hand, now).forgiven(evidence.today), Rule::Stopped)
        }
        State::Paused => (standing.paused(Pause::Hand, now), Rule::PausedByHand),
        State::Error if evidence.says_disabled => {
            (Standing { disabled: true, ..standing.into_state(State::Error, now) }, Rule::Disabled)
        }
        State::Error if was_new => {
            let (after, rule, _) = at.refused(&standing, Rule::CredentialsRefused);
            (after, rule)
        }
        State::Error => (standing.into_state(State::Error, now), Rule::CredentialsRefused),
        State::Retired => (standing.into_state(State::Retired, now), Rule::SetByHand),
    };
    Step { after, ruling: Some(Ruling { rule, observed: true, progress: Progress::Kept }) }
}

/// What a look notes before it decides anything.
fn noted(before: &Standing, evidence: &Evidence, now: Timestamp, limits: &HealthLimits) -> Standing {
    let mut standing = before.clone().with_dns(evidence.dns);
    let is_unknown = evidence.dns == Dns::Unknown && matches!(standing.state, State::New | State::Error);
    standing.dns_unknown_since = is_unknown.then(|| before.dns_unknown_since.unwrap_or(now));
    let Some(health) = &evidence.health else { return standing };
    // What does not send keeps what was known: nothing new is learned of it.
    if let Some(tier) = Tier::of(health.bounces.0, limits).filter(|_| standing.state.sends()) {
        standing.tier = tier;
    }
    standing.unproven &= !(standing.state.sends() && is_clean(health, standing.tier, limits));
    let Some(reputation) = health.reputation else { return standing };
    if reputation.is_low(limits) {
        standing.low_since = standing.low_since.or(Some(now));
        (standing.well_days, standing.well_on) = (0, None);
        return standing;
    }
    standing.low_since = None;
    if standing.state == State::Degraded && standing.well_on.is_none_or(|last| last < evidence.today) {
        let in_a_row = standing.well_on.is_none_or(|last| last.tomorrow().ok() == Some(evidence.today));
        standing.well_days = if in_a_row { standing.well_days + 1 } else { 1 };
        standing.well_on = Some(evidence.today);
    }
    standing
}

/// Whether what was sent since a pause is a sample, and nothing is wrong with it.
fn is_clean(health: &Health, tier: Tier, limits: &HealthLimits) -> bool {
    let is_sample = health.bounces.0.of >= u64::from(limits.day_sample_min);
    is_sample && tier == Tier::Normal && !complaints_pause(health.complaints, limits)
}

/// A standing, by which rule, and what happens to progress.
type Moved = (Standing, Rule, Progress);

struct Look<'a> {
    evidence: &'a Evidence,
    now: Timestamp,
    limits: &'a HealthLimits,
}

impl Look<'_> {
    /// Whether its reputation counts as lost; `None`: unknown.
    fn is_low(&self) -> Option<bool> {
        Some(self.evidence.health.as_ref()?.reputation?.is_low(self.limits))
    }

    fn for_hours(&self, since: Timestamp, hours: u32) -> bool {
        self.now.duration_since(since) >= SignedDuration::from_hours(i64::from(hours))
    }

    fn dns_out_of_grace(&self, standing: &Standing) -> bool {
        standing.dns_failing_since.is_some_and(|since| self.for_hours(since, self.limits.dns_grace_hours))
    }

    /// Whether a mailbox may not begin for its domain: it fails beyond its grace, or nobody could look it up for as long.
    fn dns_bars(&self, standing: &Standing) -> bool {
        let grace = self.limits.dns_grace_hours;
        self.dns_out_of_grace(standing) || standing.dns_unknown_since.is_some_and(|since| self.for_hours(since, grace))
    }

    /// The health multiplier: nothing while the domain fails beyond its grace, else the lower of tier's and state's. It
    /// waits while the mailbox does not send.
    fn percent(&self, standing: &Standing) -> u8 {
        let by_state = match standing.state {
            State::Degraded => self.limits.critical_percent,
            State::Warming | State::Ready => 100,
            State::New | State::Paused | State::Error | State::Retired => return standing.percent,
        };
        if self.dns_out_of_grace(standing) {
            return 0;
        }
        let by_trust = if standing.unproven { self.limits.critical_percent } else { 100 };
        standing.tier.percent(self.limits).min(by_state).min(by_trust)
    }

    /// A new mailbox begins with a visit; here only what keeps it from that.
    fn beginning(&self, standing: &Standing) -> Option<Moved> {
        if self.evidence.domain_emergency {
            return Some(self.pausing(standing, Cause::Domain));
        }
        self.dns_bars(standing).then(|| self.refused(standing, Rule::DnsFails))
    }

    fn pausing(&self, standing: &Standing, cause: Cause) -> Moved {
        let at = (self.evidence.today, self.now);
        (standing.clone().paused_for(cause, at, self.limits), Rule::Paused(cause), Progress::Kept)
    }

    /// What stops a mailbox that sends, whatever else is true of it.
    fn hard(&self, standing: &Standing) -> Option<Moved> {
        if let Some(moved) = self.disabled(standing) {
            return Some(moved);
        }
        let cause = if self.evidence.domain_emergency { Some(Cause::Domain) } else { self.cause(standing) };
        cause.map(|cause| self.pausing(standing, cause))
    }

    fn disabled(&self, standing: &Standing) -> Option<Moved> {
        let into = || Standing { disabled: true, ..standing.clone().into_state(State::Error, self.now) };
        self.evidence.disabled.then(|| (into(), Rule::Disabled, Progress::Kept))
    }

    /// The cause for a pause that holds now.
    fn cause(&self, standing: &Standing) -> Option<Cause> {
        let known = self.evidence.health.as_ref();
        if known.is_some() {
            match standing.tier {
                Tier::Emergency => return Some(Cause::Emergency),
                Tier::Pause => return Some(Cause::Bounces),
                Tier::Normal | Tier::Warning | Tier::Critical => {}
            }
        }
        if known.is_some_and(|health| complaints_pause(health.complaints, self.limits)) {
            return Some(Cause::Complaints);
        }
        if self.evidence.reputation.is_some_and(|reputation| reputation < self.limits.reputation_min) {
            return Some(Cause::Reputation);
        }
        let low = standing.low_since.is_some_and(|since| self.for_hours(since, self.limits.low_heat_hours));
        (standing.state == State::Ready && low && self.is_low().is_some()).then_some(Cause::Heat)
    }

    fn warming(&self, standing: &Standing) -> Option<Moved> {
        let health = self.evidence.health.as_ref()?;
        if health.reputation?.is_low(self.limits) && health.placements_since_drop >= self.limits.degrade_placements {
            return Some((standing.clone().into_state(State::Degraded, self.now), Rule::Degraded, Progress::Kept));
        }
        // As it is shown: while its domain fails nothing becomes ready.
        let heat = health.scores?.heat;
        let at_most = |rate: crate::rate::Rate, most: f64| rate.share().is_some_and(|share| share <= most);
        let limits = self.limits;
        let ready = self.evidence.day_index >= limits.ready_days
            && heat >= limits.ready_heat
            && self.evidence.sent >= limits.ready_sent
            && at_most(health.bounces.0, limits.ready_bounce_max)
            && at_most(health.complaints, limits.ready_complaint_max)
            && health.read.share().is_some_and(|share| share >= limits.ready_read);
        ready.then(|| (standing.clone().into_state(State::Ready, self.now), Rule::Ready, Progress::Kept))
    }

    fn ready(&self, standing: &Standing) -> Option<Moved> {
        self.is_low()?.then(|| {
            let half = self.evidence.half_plateau_day;
            let progress = if half < self.evidence.day_index { Progress::BackTo(half) } else { Progress::Kept };
            let after = standing.clone().into_state(State::Warming, self.now);
            (Standing { dropped_on: Some(self.evidence.today), ..after }, Rule::ReputationDrop, progress)
        })
    }

    fn degraded(&self, standing: &Standing) -> Option<Moved> {
        if standing.well_days >= self.limits.recover_days && self.is_low().is_some() {
            return Some((standing.clone().into_state(State::Warming, self.now), Rule::Recovered, Progress::Kept));
        }
        let retired = self.for_hours(standing.since, 24 * self.limits.retire_days);
        retired.then(|| (standing.clone().into_state(State::Retired, self.now), Rule::NotRecovered, Progress::Kept))
    }

    fn paused(&self, standing: &Standing) -> Option<Moved> {
        if let Some(moved) = self.disabled(standing) {
            return Some(moved);
        }
        let cause = match standing.pause {
            Some(Pause::Auto(cause)) => cause,
            Some(Pause::Hand) | None => return None,
        };
        if !self.for_hours(standing.since, standing.pause_hours(self.limits)) || !self.is_gone(cause, standing) {
            return None;
        }
        let day = self.evidence.day_index;
        // It never had a day: whether its logins work nobody knows.
        let (state, progress) = match day {
            0 => (State::New, Progress::Kept),
            day => (State::Warming, Progress::BackTo(day.saturating_sub(self.limits.roll_back_days).max(1))),
        };
        let unproven = match cause {
            Cause::Bounces | Cause::Emergency | Cause::Complaints => true,
            Cause::Domain | Cause::Heat | Cause::Reputation => standing.unproven,
        };
        let after = standing.clone().into_state(state, self.now).forgiven(self.evidence.today);
        Some((Standing { unproven, ..after }, Rule::Resumed, progress))
    }

    /// Whether the cause of a pause is gone. What is not known is not gone.
    fn is_gone(&self, cause: Cause, standing: &Standing) -> bool {
        let Some(health) = &self.evidence.health else { return false };
        match cause {
            Cause::Bounces | Cause::Emergency => health.bounces_today.count == 0,
            Cause::Domain => !self.evidence.domain_emergency && standing.tier < Tier::Pause,
            Cause::Complaints => !complaints_pause(health.complaints, self.limits),
            Cause::Heat => self.is_low() == Some(false),
            Cause::Reputation => self.evidence.reputation.is_some_and(|known| known >= self.limits.reputation_min),
        }
    }

    fn error(&self, standing: &Standing) -> Option<Moved> {
        let hours = self.limits.disabled_hours;
        if standing.disabled && self.for_hours(standing.since, hours) {
            let after = standing.clone().into_state(State::Retired, self.now);
            return Some((after, Rule::DisabledTooLong, Progress::Kept));
        }
        let due = standing.retry_at.is_some_and(|at| at <= self.now) && !self.dns_bars(standing);
        due.then(|| (standing.clone().into_state(State::New, self.now), Rule::TriedAgain, Progress::Kept))
    }

    /// A new mailbox that cannot begin: tried again after a wait that doubles.
    fn refused(&self, standing: &Standing, rule: Rule) -> Moved {
        let doubled = self.limits.retry_first_hours.saturating_mul(1 << standing.refusals.min(16));
        let hours = i64::from(doubled.min(self.limits.retry_max_hours));
        let after = Standing {
            refusals: standing.refusals.saturating_add(1),
            retry_at: self.now.saturating_add(SignedDuration::from_hours(hours)).ok(),
            ..standing.clone().into_state(State::Error, self.now)
        };
        (after, rule, Progress::Kept)
    }
}

/// Whether the reason of an error speaks of a mailbox that is disabled, and not of a wrong password.
#[must_use]
pub fn says_disabled(reason: &str) -> bool {
    const WORDS: [&str; 6] =
        ["disabled", "suspended", "deactivated", "account is locked", "account has been blocked", "5.2.1"];
    let reason = reason.to_lowercase();
    WORDS.iter().any(|word| reason.contains(word))
}

#[cfg(test)]
mod tests;
