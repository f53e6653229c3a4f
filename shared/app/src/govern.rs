//! Governing: looks at the health of mailboxes, decides (core), keeps the decisions, carries them out, tells.
//!
//! - [`due`], every five minutes: mailboxes and sending IPs of which something bad was reported, and each quarter of an hour those whose bounces are
//!   watched. Placements as they were last known.
//! - [`hourly`]: the whole fleet. Placements are known on the recipients' side, so they are turned round in memory: 64 + 16
//!   queries for the rows, two a mailbox for its last days; no mail costs a write. A mailbox's row is written when something
//!   about it changed, and once a day, as its roll-up.
//! - What others do once a day is called in [`daily`], and nowhere else.
//!
//! A repeat is harmless, two at once are, and a kill anywhere is: see the four steps of a decision in the store's `decision`.
//! A mailbox that cannot be read or decided on never costs its neighbours, nor does any other row: each is left out, named, and
//! what was last known of it holds.

pub mod daily;
mod decide;
mod evidence;
mod tell;

use std::collections::BTreeMap;

use futures::{StreamExt, TryStreamExt};
use jiff::Timestamp;
use preheat_core::counters::Subject;
use preheat_core::decision::Decision;
use preheat_core::domain;
use preheat_core::health::HealthRow;
use preheat_core::id::{MailboxId, TenantId};
use preheat_core::lifecycle::{Cause, Pause};
use preheat_core::mailbox::State;
use preheat_core::message::Look;
use preheat_core::spam::RecentSpam;
use preheat_core::tick::FleetRow;
use preheat_core::tier::Tier;
use preheat_store::{HEALTH_PARTS, HealthSeen, Look as Wish, SHARDS};
use serde::Serialize;

use crate::conditions::By;
use crate::{App, AppError, conditions, ips};
use decide::{Mailbox, Seen, look_at};
use evidence::Ground;

/// Rows, parts or mailboxes worked on at once.
const AT_ONCE: usize = 16;
/// How often a mailbox whose bounces are watched is looked at: four times an hour.
const WATCH_EVERY_S: i64 = 900;

/// What a run did.
#[derive(Debug, Clone, Default, Serialize)]
pub struct GovernReport {
    /// Mailboxes looked at.
    pub looked: usize,
    /// What was decided, oldest first.
    #[serde(skip)]
    pub decisions: Vec<Decision>,
    /// How many decisions that were.
    pub decided: usize,
    /// Mailboxes that were left alone, each with the reason: the next run looks again.
    pub failed: Vec<String>,
    /// Work of the day that was not done, each with the reason: the next hour tries again.
    pub chores_failed: Vec<String>,
}

impl GovernReport {
    /// Whether there is nothing to say of it: nothing was decided, and nothing failed.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.decisions.is_empty() && self.failed.is_empty() && self.chores_failed.is_empty()
    }

    fn add(&mut self, id: MailboxId, outcome: Result<Seen, AppError>) -> Option<Seen> {
        self.looked += 1;
        match outcome {
            Ok(mut seen) => {
                self.decided += seen.decisions.len();
                self.decisions.append(&mut seen.decisions);
                Some(seen)
            }
            Err(error) => {
                tracing::error!(mailbox = %id, %error, "its health was not looked at");
                self.failed.push(format!("{id}: {error}"));
                None
            }
        }
    }

    fn join(&mut self, other: Self) {
        self.looked += other.looked;
        self.decided += other.decided;
        self.decisions.extend(other.decisions);
        self.failed.extend(other.failed);
        self.chores_failed.extend(other.chores_failed);
    }
}

/// One run, as a schedule asks for it: what is due, or the whole fleet and then whatever of the day's work is not done yet.
/// `look_up` asks the DNS of a domain.
///
/// # Errors
/// The ledger's rows cannot be read: nothing was decided.
pub async fn govern(
    app: &App,
    look: Look,
    look_up: impl AsyncFn(&domain::Subject) -> domain::Report,
    now: Timestamp,
) -> Result<GovernReport, AppError> {
    match look {
        Look::Due => Box::pin(due(app, now)).await,
        Look::Hourly | Look::Daily => {
            let mut report = Box::pin(hourly(app, now)).await?;
            report.chores_failed = Box::pin(daily::chores(app, look_up, now)).await;
            Ok(report)
        }
    }
}

/// Looks at the whole fleet.
///
/// # Errors
/// The ledger's rows cannot be read: nothing was decided.
pub async fn hourly(app: &App, now: Timestamp) -> Result<GovernReport, AppError> {
    let (fleet, unreadable) = fleet(app).await?;
    let (mut health, bad) = health_rows(app).await?;
    let ground = Ground::of_fleet(app, &fleet, now).await?;
    let mut report = GovernReport { failed: unreadable, ..GovernReport::default() };
    report.failed.extend(bad.iter().map(|(id, reason)| format!("{id}: {reason}")));
    report.failed.extend(ground.unreadable.iter().cloned());
    let emergencies = emergencies(&fleet, &health);
    let mailboxes: Vec<Mailbox> = fleet
        .iter()
        .filter(|row| !bad.contains_key(&row.plan.plan.id))
        .map(|row| Mailbox {
            row: row.plan.clone(),
            seen: health.remove(&row.plan.plan.id),
            domain_emergency: emergencies.get(&domain_of(row)).is_some_and(|id| *id != row.plan.plan.id),
        })
        .collect();
    let mut looks = futures::stream::iter(mailboxes)
        .map(|mailbox| {
            let ground = &ground;
            async move { (mailbox.row.plan.id, look_at(app, ground, mailbox, now).await) }
        })
        .buffered(AT_ONCE);
    let (mut spreading, mut spam) = (Vec::new(), RecentSpam::new(&app.limits.alarm));
    while let Some((id, outcome)) = looks.next().await {
        let Some(seen) = report.add(id, outcome) else { continue };
        spam.add(&seen.row, &seen.days, now);
        spreading.extend(Some(seen).filter(|seen| seen.health.row.spreading.is_some()));
    }
    drop(looks);
    conditions::note(app, By::Governor, &spam.sights().collect::<Vec<_>>(), now).await;
    for seen in spreading {
        report.join(Box::pin(spread(app, &ground, &fleet, seen, now)).await?);
    }
    Ok(report)
}

/// Looks at those of whom something bad was reported, and at those that are watched.
///
/// # Errors
/// The ledger did not answer.
pub async fn due(app: &App, now: Timestamp) -> Result<GovernReport, AppError> {
    let mut report = GovernReport::default();
    let mut ids: BTreeMap<MailboxId, Option<HealthSeen>> = BTreeMap::new();
    let looks = app.store.looks().await?;
    report.failed.extend(looks.unreadable.iter().map(ToString::to_string));
    for look in &looks.due {
        if let Subject::Mailbox(id) = look.subject {
            ids.insert(id, None);
        }
    }
    look_at_ips(app, &looks.due, &mut report, now).await?;
    // The schedule has no memory: the run nearest behind each quarter looks at those that are watched.
    if now.as_second().rem_euclid(WATCH_EVERY_S) < WATCH_EVERY_S / 3 {
        let (health, _) = health_rows(app).await?;
        let watched = health.into_iter().filter(|(_, seen)| seen.row.standing.tier >= Tier::Warning);
        ids.extend(watched.filter(|(_, seen)| seen.row.standing.state.sends()).map(|(id, seen)| (id, Some(seen))));
    }
    for (id, seen) in ids {
        match Box::pin(due_one(app, id, seen, now)).await {
            Ok(of_one) => report.join(of_one),
            Err(error) => {
                report.add(id, Err(error));
                continue;
            }
        }
        // After everything: a run that dies before is made again.
        if let Some(look) = looks.due.iter().find(|look| look.subject == Subject::Mailbox(id)) {
            app.store.looked(look, now).await?;
        }
    }
    Ok(report)
}

/// Looks at sending IPs of which something bad was reported, and puts every wish aside that is for neither them nor mailboxes.
async fn look_at_ips(app: &App, looks: &[Wish], report: &mut GovernReport, now: Timestamp) -> Result<(), AppError> {
    for look in looks {
        match &look.subject {
            // After its own look.
            Subject::Mailbox(_) => continue,
            Subject::Ip(tenant, address) => {
                report.looked += 1;
                if let Err(error) = Box::pin(ips::look(app, tenant, *address, now)).await {
                    tracing::error!(%address, %error, "a sending IP was not looked at");
                    report.failed.push(format!("{address}: {error}"));
                    continue;
                }
            }
            Subject::Tenant(_) | Subject::Domain(..) | Subject::Campaign(..) => {}
        }
        app.store.looked(look, now).await?;
    }
    Ok(())
}

/// One look out of turn. At a mailbox that is gone there is nothing to look.
async fn due_one(app: &App, id: MailboxId, seen: Option<HealthSeen>, now: Timestamp) -> Result<GovernReport, AppError> {
    let mut report = GovernReport::default();
    let Some(row) = app.store.plan_row(id).await? else { return Ok(report) };
    let seen = match seen {
        Some(seen) => Some(seen),
        None => app.store.health(id).await?,
    };
    let ground = Ground::of_one(app, &row, now).await?;
    report.failed.extend(ground.unreadable.iter().cloned());
    // Whether its domain's emergency is over is seen by the look at everybody.
    let domain_emergency =
        seen.as_ref().is_some_and(|seen| seen.row.standing.pause == Some(Pause::Auto(Cause::Domain)));
    let mailbox = Mailbox { row, seen, domain_emergency };
    let seen = look_at(app, &ground, mailbox, now).await?;
    let Some(seen) = report.add(id, Ok(seen)) else { return Ok(report) };
    if seen.health.row.spreading.is_some() {
        let (fleet, _) = fleet(app).await?;
        report.join(Box::pin(spread(app, &ground, &fleet, seen, now)).await?);
    }
    Ok(report)
}

/// A domain of a tenant.
type DomainKey = (TenantId, String);

fn domain_of(row: &FleetRow) -> DomainKey {
    (row.plan.plan.tenant.clone(), row.plan.plan.address.domain().to_owned())
}

/// The domains that are paused, each with a mailbox that is paused as its emergency.
fn emergencies(fleet: &[FleetRow], health: &BTreeMap<MailboxId, HealthSeen>) -> BTreeMap<DomainKey, MailboxId> {
    let is_one = |row: &&FleetRow| {
        let seen = health.get(&row.plan.plan.id);
        let pause = seen.and_then(|seen| seen.row.standing.pause);
        row.plan.state == State::Paused && !row.plan.by_hand && pause == Some(Pause::Auto(Cause::Emergency))
    };
    fleet.iter().filter(is_one).map(|row| (domain_of(row), row.plan.plan.id)).collect()
}

/// An emergency reaches every mailbox of the tenant's domain that sends, or is about to begin. Those that are paused already
/// stay as they are.
async fn spread(
    app: &App,
    ground: &Ground,
    fleet: &[FleetRow],
    from: Seen,
    now: Timestamp,
) -> Result<GovernReport, AppError> {
    let mut report = GovernReport::default();
    let plan = &from.row.plan;
    let same_domain = |row: &&FleetRow| {
        let other = &row.plan.plan;
        other.id != plan.id && other.tenant == plan.tenant && other.address.domain() == plan.address.domain()
    };
    for row in fleet.iter().filter(same_domain) {
        let id = row.plan.plan.id;
        let Some(row) = app.store.plan_row(id).await? else { continue };
        if !row.state.sends() && row.state != State::New {
            continue;
        }
        let seen = app.store.health(id).await?;
        let mailbox = Mailbox { row, seen, domain_emergency: true };
        report.add(id, look_at(app, ground, mailbox, now).await);
    }
    // Only when all of them were reached; else the next look goes on.
    if report.failed.is_empty() {
        let row = HealthRow { spreading: None, ..from.health.row.clone() };
        app.store.put_health(plan.id, &from.health, row).await?;
    }
    Ok(report)
}

async fn fleet(app: &App) -> Result<(Vec<FleetRow>, Vec<String>), AppError> {
    let (mut rows, mut unreadable) = (Vec::new(), Vec::new());
    let mut shards = futures::stream::iter(0..SHARDS).map(|shard| app.store.shard(shard)).buffered(AT_ONCE);
    while let Some(shard) = shards.try_next().await? {
        rows.extend(shard.rows);
        unreadable.extend(shard.unreadable.into_iter().map(|bad| bad.to_string()));
    }
    rows.sort_unstable_by_key(|row: &FleetRow| row.plan.plan.id);
    Ok((rows, unreadable))
}

type Bad = BTreeMap<MailboxId, String>;

async fn health_rows(app: &App) -> Result<(BTreeMap<MailboxId, HealthSeen>, Bad), AppError> {
    let (mut rows, mut bad) = (BTreeMap::new(), Bad::new());
    let mut parts = futures::stream::iter(0..HEALTH_PARTS).map(|part| app.store.health_part(part)).buffered(AT_ONCE);
    while let Some(part) = parts.try_next().await? {
        rows.extend(part.rows);
        bad.extend(part.unreadable.into_iter().map(|(id, row)| (id, row.to_string())));
    }
    Ok((rows, bad))
}
