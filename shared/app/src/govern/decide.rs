//! One look at one mailbox: fold, decide (core), and take each decision its four steps (see the store's `decision`).

use jiff::{SignedDuration, Timestamp};
use preheat_core::day::PlanRow;
use preheat_core::decision::{About, Decision, Entered, record};
use preheat_core::health::{DayTally, HealthRow};
use preheat_core::lifecycle::{Pause, step};
use preheat_core::mailbox::State;
use preheat_store::{CarriedOut, HealthSeen, StateNote};

use super::evidence::{Given, Ground, reported};
use super::tell::{changes, lasting};
use crate::{App, AppError};

/// Turns of one look, at most: a decision, what follows from it at once, and a reading again before each.
const TURNS_MAX: usize = 6;

/// The process that made a decision is dead after so long, and nobody is about to carry it out: a function lives 15 minutes at
/// most.
const ABANDONED_AFTER: SignedDuration = SignedDuration::from_mins(20);

/// A mailbox that is looked at.
pub(super) struct Mailbox {
    /// Its planning row, perhaps a little old.
    pub(super) row: PlanRow,
    /// Its health row, perhaps a little old; `None`: there is none yet.
    pub(super) seen: Option<HealthSeen>,
    /// Whether another mailbox of its domain is an emergency.
    pub(super) domain_emergency: bool,
}

/// A mailbox that was looked at.
pub(super) struct Seen {
    /// Its planning row.
    pub(super) row: PlanRow,
    /// Its health row.
    pub(super) health: HealthSeen,
    /// Its last days, folded anew; nothing if it was decided on until the end.
    pub(super) days: Vec<DayTally>,
    /// What was decided, carried out and told.
    pub(super) decisions: Vec<Decision>,
}

impl Seen {
    /// Whether a decision was carried out whose process died before it was told.
    fn is_unfinished(&self) -> bool {
        self.row.decided > self.health.row.seq
    }
}

/// Looks at a mailbox.
pub(super) async fn look_at(app: &App, ground: &Ground, mailbox: Mailbox, now: Timestamp) -> Result<Seen, AppError> {
    let Mailbox { row, seen, domain_emergency } = mailbox;
    let at = Looker { app, ground, domain_emergency, now };
    let health = seen.unwrap_or_else(|| at.absent(row.state));
    let mut look = Seen { row, health, days: Vec::new(), decisions: Vec::new() };
    let mut is_fresh = false;
    for _ in 0..TURNS_MAX {
        let (noted, decided) = at.consider(&look).await?;
        if decided.is_none() && !look.is_unfinished() {
            return at.keep(look, noted).await;
        }
        if !is_fresh {
            // What was read may be a little old: whatever is decided is decided on what is so now.
            let Some(fresh) = at.read_again(look.row.plan.id, &mut look.decisions).await? else { return Ok(look) };
            (look, is_fresh) = (fresh, true);
            continue;
        }
        let stored = match decided {
            Some(decided) if !look.is_unfinished() => at.store_decision(&look, &decided).await?,
            Some(_) | None => app.store.decision(look.row.plan.id, look.row.decided).await?,
        };
        let Some(stored) = stored else { return Ok(look) };
        if !at.take_through(&mut look, stored, noted).await? {
            return Ok(look);
        }
        is_fresh = false;
    }
    Ok(look)
}

/// A mailbox that was imported and visited before its first look: what the visit found is told.
fn first_state(state: State) -> State {
    match state {
        State::Warming | State::Error => State::New,
        State::New | State::Ready | State::Degraded | State::Paused | State::Retired => state,
    }
}

struct Looker<'a> {
    app: &'a App,
    ground: &'a Ground,
    domain_emergency: bool,
    now: Timestamp,
}

impl Looker<'_> {
    fn absent(&self, state: State) -> HealthSeen {
        HealthSeen::absent(HealthRow::first(first_state(state), self.now))
    }

    /// What the health row is to say, and what is to be decided, if anything is.
    async fn consider(&self, look: &Seen) -> Result<(HealthRow, Option<Decision>), AppError> {
        let (app, row, limits) = (self.app, &look.row, &self.app.limits.health);
        let (mut noted, begun_anew) = self.with_days(look).await?;
        let before = noted.standing.clone();
        // Somebody else has done something: why?
        let is_theirs = row.state != before.state || (row.by_hand && before.pause != Some(Pause::Hand)) || begun_anew;
        let note = if is_theirs { app.store.state_note(row.plan.id).await? } else { StateNote::default() };
        let reason = note.reason.as_deref();
        let given = Given { reason, domain_emergency: self.domain_emergency, begun_anew };
        let evidence = self.ground.evidence(app, row, &noted, given, self.now);
        noted.scores = evidence.health.as_ref().and_then(|health| health.scores).or(noted.scores);
        let step = step(&before, &evidence, self.now, limits);
        let Some(ruling) = step.ruling else {
            noted.standing = step.after;
            return Ok((noted, None));
        };
        let about = About {
            tenant: &row.plan.tenant,
            mailbox: row.plan.id,
            address: row.plan.address.as_str(),
            seq: look.health.row.seq + 1,
            reason,
            entered: note.since.map(|at| Entered { at, told: note.told }),
        };
        let decision = record(about, ruling, &before, &step.after, &evidence, self.now, limits);
        Ok((noted, Some(decision)))
    }

    /// The health row with the last days folded anew, and whether its warmup was begun anew since it was written. Counters of events are read once a day, while something was reported
    /// lately, and out of turn, which is when somebody reported something.
    async fn with_days(&self, look: &Seen) -> Result<(HealthRow, bool), AppError> {
        let (row, mut noted) = (&look.row, look.health.row.clone());
        let begun_anew = noted.begin_anew(row.counts_from);
        let today = Some(row.plan.schedule.local_date(self.now));
        let is_whole = self.ground.sees_placements();
        let lately =
            noted.days.iter().any(|day| day.reported_attempts + day.reported_bounces + day.reported_complaints > 0);
        if lately || !is_whole || noted.rolled_to != today {
            noted.take(reported(self.app, row, &noted, self.now).await?);
        }
        let folded = self.ground.fold(row, &noted, self.now);
        noted.take(folded);
        if is_whole {
            noted.rolled_to = today;
        }
        Ok((noted, begun_anew))
    }

    /// Nothing is to be decided. What lasts is told, once a day. What was noted is written if the mailbox stands otherwise, once a day as the roll-up of its days,
    /// and when something was reported out of turn.
    async fn keep(&self, mut look: Seen, noted: HealthRow) -> Result<Seen, AppError> {
        if self.ground.sees_placements() && look.decisions.is_empty() {
            self.app.tell(&lasting(&look.row, &noted.standing, self.now)).await?;
        }
        look.days.clone_from(&noted.days);
        let seen = &look.health.row;
        let changed = noted.standing != seen.standing
            || noted.rolled_to != seen.rolled_to
            || noted.counts_from != seen.counts_from;
        let reported = !self.ground.sees_placements() && noted.days != seen.days;
        if (changed || reported || look.health.is_absent())
            && let Some(written) = self.app.store.put_health(look.row.plan.id, &look.health, noted).await?
        {
            look.health = written;
        }
        Ok(look)
    }

    /// Both rows, strongly consistent; `None`: the mailbox is gone.
    async fn read_again(
        &self,
        id: preheat_core::id::MailboxId,
        decisions: &mut Vec<Decision>,
    ) -> Result<Option<Seen>, AppError> {
        let Some(row) = self.app.store.plan_row(id).await? else { return Ok(None) };
        let health = self.app.store.health(id).await?.unwrap_or_else(|| self.absent(row.state));
        Ok(Some(Seen { row, health, days: Vec::new(), decisions: std::mem::take(decisions) }))
    }

    /// Step 1. The decision that holds the number: this one, or the same of a run that died. One that was never carried out is
    /// void if it is not what would be decided now, or so old that it would be carried out late: what it says of time, such
    /// as how long a pause lasts, is counted from when it was made.
    async fn store_decision(&self, look: &Seen, decided: &Decision) -> Result<Option<Decision>, AppError> {
        let stored = self.app.store.decide(decided).await?;
        let what = |one: &Decision| (one.rule, one.observed, one.from, one.to, one.percent);
        // Nothing of it was told: that comes after it was carried out. What others did is told without that.
        let is_late = !stored.observed && self.now.duration_since(stored.at) >= ABANDONED_AFTER;
        if look.row.decided >= stored.seq || stored.void || (what(&stored) == what(decided) && !is_late) {
            return Ok(Some(stored));
        }
        self.app.store.void(&stored).await?;
        Ok(Some(Decision { void: true, ..stored }))
    }

    /// Steps 2 to 4. Whether to go on: not if the mailbox is gone, or somebody else was faster.
    async fn take_through(&self, look: &mut Seen, decision: Decision, noted: HealthRow) -> Result<bool, AppError> {
        let (app, id) = (self.app, look.row.plan.id);
        let mut done = noted;
        done.seq = decision.seq;
        let mut is_void = decision.void;
        if !is_void && !decision.observed {
            match app.store.carry_out(&decision).await? {
                CarriedOut::Done => {}
                CarriedOut::Gone => return Ok(false),
                CarriedOut::Overtaken => {
                    app.store.void(&decision).await?;
                    is_void = true;
                }
            }
        }
        if !is_void {
            if decision.is_emergency() {
                app.store.open_investigation(&decision, look.row.plan.address.domain()).await?;
                done.spreading = Some(decision.seq);
            }
            app.tell(&changes(&decision)).await?;
            done.standing = decision.after.clone();
        }
        let Some(written) = app.store.put_health(id, &look.health, done).await? else { return Ok(false) };
        look.health = written;
        if !is_void {
            tracing::info!(mailbox = %id, rule = decision.rule.name(), to = ?decision.to, "decided");
            look.decisions.push(decision);
        }
        Ok(true)
    }
}
