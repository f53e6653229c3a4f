//! The tick: read every planning row, turn the local days that are over, plan, push; then tell whose quota, or whether the whole
//! stack, has turned for the worse or the better.
//!
//! A repeat is harmless at every point: turned days are written under conditions, the same tick gives the same slots,
//! and whoever executes a slot claims it first. So a tick that dies half way is simply run again by the next one.

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt, TryStreamExt};
use jiff::Timestamp;
use jiff::civil::Date;
use preheat_core::caps::PlanLimits;
use preheat_core::condition::Sight;
use preheat_core::content::deck::Decks;
use preheat_core::content::plan::PlanId;
use preheat_core::content::tally::{Tallies, Tally};
use preheat_core::id::{MailboxId, TenantId};
use preheat_core::limits::{AlarmLimits, Limits};
use preheat_core::pairing::eligible_partners;
use preheat_core::rate::Rate;
use preheat_core::seed::Seed;
use preheat_core::summary::{Figures, Summary, so_far};
use preheat_core::suppression::Suppressed;
use preheat_core::tick::{FleetRow, HeldBack, TickInput, TickPlan, TickSummary, attempted, plan_tick};
use preheat_core::turn::{Turned, turn_day};
use preheat_store::SHARDS;
use serde::Serialize;

use crate::conditions::By;
use crate::queue::{Outgoing, Queue};
use crate::{App, AppError, conditions};

/// Shards read, and rows written, at once.
const AT_ONCE: usize = 16;

/// What a tick did.
#[derive(Debug, Clone, Serialize)]
pub struct TickReport {
    /// The tick's start.
    pub tick: Timestamp,
    /// Mailboxes read.
    pub mailboxes: usize,
    /// Rows that could not be read, each with its reason: they are left out, their neighbours are not.
    pub unreadable: Vec<String>,
    /// Local days turned.
    pub turned: usize,
    /// Days that somebody else wrote to meanwhile: the next tick turns them.
    pub turned_later: usize,
    /// Messages pushed onto `sends`.
    pub send_messages: usize,
    /// Messages pushed onto `visits`.
    pub visit_messages: usize,
    /// What the plan says of itself.
    pub summary: TickSummary,
    /// What was due and is not sent in this tick, by reason.
    pub held_back: BTreeMap<&'static str, u32>,
    /// What the local days under way have come to over all tenants, as the tick found it.
    pub so_far: Figures,
    /// The same by tenant. Not in the function's answer: a stack may have thousands.
    #[serde(skip)]
    pub tenants: Summary,
    /// Said where warmup is not configured; everything else runs on.
    pub note: Option<&'static str>,
}

/// What a tick says of a stack without mailboxes.
const NOT_CONFIGURED: &str = "there are no mailboxes: warmup is not configured, and nothing is planned";

/// Runs the tick that `now` lies in.
///
/// # Errors
/// The ledger or a queue did not answer. What was pushed stays pushed; the next tick goes on.
pub async fn fan_out(app: &App, now: Timestamp) -> Result<TickReport, AppError> {
    let tick = tick_start(now, app.limits.tick_s);
    let secrets = app.vault.secrets().await?;
    let (mut fleet, unreadable) = read_fleet(app).await?;
    let tenants: BTreeSet<TenantId> = fleet.iter().map(|row| row.plan.plan.tenant.clone()).collect();
    let mut plans = BTreeMap::new();
    let mut suppressed = Suppressed::default();
    for tenant in &tenants {
        if let Some(limits) = app.store.tenant_limits(tenant).await? {
            plans.insert(tenant.clone(), limits);
        }
        suppressed.add(tenant, app.store.suppressed(tenant).await?);
    }
    // Not optional: an opening that is planned without its deck would not be what its thread's replies continue.
    let decks = app.store.decks().await?;
    let Turns { turned, later: turned_later, tallies } =
        turn_days(app, (&secrets.seed, &decks), &mut fleet, &suppressed, &plans, now).await?;
    if let Err(error) = app.store.add_content_tallies(tick, &tallies).await {
        // Statistics only: the day goes on without them.
        tracing::warn!(%error, "uses and outcomes of conversation plans were not counted");
    }
    let budgets = app.store.turn_provider_budgets(tick, &attempted(&fleet, tick, &app.limits)).await?;
    let plan = plan_tick(&TickInput {
        now: tick,
        fleet: &fleet,
        seed: &secrets.seed,
        limits: &app.limits,
        tenants: &plans,
        provider_budgets: &budgets,
        suppressed: &suppressed,
        decks: &decks,
    });
    let (send_messages, visit_messages) = push(app, tick, &plan).await?;
    note_held_back(app, &plan.held_back).await;
    let tenants = so_far(&fleet, &app.limits.alarm, tick);
    let so_far = tenants.system();
    conditions::note(app, By::Tick, &sights(&plan.kept, &so_far, &app.limits.alarm), tick).await;
    let mut held_back = BTreeMap::new();
    for skipped in &plan.skipped {
        *held_back.entry(skipped.reason.word()).or_insert(0) += skipped.count;
    }
    Ok(TickReport {
        tick,
        mailboxes: fleet.len(),
        unreadable,
        turned,
        turned_later,
        send_messages,
        visit_messages,
        summary: plan.summary,
        held_back,
        so_far,
        tenants,
        note: fleet.is_empty().then_some(NOT_CONFIGURED),
    })
}

/// Of so many mailboxes a tick at most it is noted what kept their sends back: one write each. A cap that binds a larger fleet
/// every day is told by `quota.behind`, and by [`TickReport::held_back`].
const NOTED_MAX: usize = 1_000;

/// Notes in the rows of mailboxes whose day ends why slots were missed. Where that fails, the day's record says less.
async fn note_held_back(app: &App, held: &[HeldBack]) {
    let note = |held: &HeldBack| app.store.note_held_back(held.mailbox, held.date, held.by);
    let mut noted = futures::stream::iter(held.iter().take(NOTED_MAX).map(note)).buffer_unordered(AT_ONCE);
    while let Some(written) = noted.next().await {
        if let Err(error) = written {
            tracing::warn!(%error, "why a mailbox misses sends was not noted");
        }
    }
}

/// How the tenants' quotas and the whole stack are seen to be.
fn sights(kept: &BTreeMap<TenantId, Rate>, so_far: &Figures, limits: &AlarmLimits) -> Vec<Sight> {
    let all = kept.values().fold(Rate::default(), |sum, rate| Rate::new(sum.count + rate.count, sum.of + rate.of));
    let failed = u64::from(so_far.rejected + so_far.ambiguous);
    let failures = Rate::new(failed, failed + u64::from(so_far.sent));
    kept.iter()
        .filter_map(|(tenant, &rate)| Sight::of_quota(tenant, rate, limits))
        .chain(Sight::of_system(all, failures, limits))
        .collect()
}

/// The start of the tick that `now` lies in: ticks are aligned to the epoch, so every process agrees on them.
#[must_use]
pub fn tick_start(now: Timestamp, tick_s: u32) -> Timestamp {
    let tick_s = i64::from(tick_s.max(1));
    let second = now.as_second().div_euclid(tick_s) * tick_s;
    Timestamp::from_second(second).unwrap_or(now)
}

async fn read_fleet(app: &App) -> Result<(Vec<FleetRow>, Vec<String>), AppError> {
    let mut fleet = Vec::new();
    let mut unreadable = Vec::new();
    let mut shards = futures::stream::iter(0..SHARDS).map(|shard| app.store.shard(shard)).buffered(AT_ONCE);
    while let Some(shard) = shards.try_next().await? {
        fleet.extend(shard.rows);
        unreadable.extend(shard.unreadable.into_iter().map(|bad| bad.to_string()));
    }
    fleet.sort_unstable_by_key(|row| row.plan.plan.id);
    Ok((fleet, unreadable))
}

/// Turns every row whose local date is over, in the database and in `fleet`. A row that could not be turned stays as it is:
/// the plan sees that its date is over and leaves it for the next tick.
async fn turn_days(
    app: &App,
    (seed, decks): (&Seed, &Decks),
    fleet: &mut [FleetRow],
    suppressed: &Suppressed,
    tenants: &BTreeMap<TenantId, PlanLimits>,
    now: Timestamp,
) -> Result<Turns, AppError> {
    let partners = eligible_partners(fleet, &app.limits, suppressed);
    let limits = |tenant: &TenantId| {
        let per_mailbox = tenants.get(tenant).and_then(|plan| plan.per_mailbox_per_day);
        Limits { plan_per_mailbox_per_day: per_mailbox.or(app.limits.plan_per_mailbox_per_day), ..app.limits.clone() }
    };
    let due: Vec<(usize, _)> = fleet
        .iter()
        .zip(partners)
        .enumerate()
        .filter_map(|(i, (row, eligible))| {
            turn_day(seed, &row.plan, &row.box_row, now, eligible, &limits(&row.plan.plan.tenant))
                .map(|turned| (i, turned))
        })
        .collect();
    let rows = &*fleet;
    let written: Vec<(usize, Option<Turned>)> = futures::stream::iter(due)
        .map(|(i, turned)| async move {
            let won = app.store.turn(&rows[i], &turned).await?;
            Ok::<_, AppError>((i, won.then_some(turned)))
        })
        .buffered(AT_ONCE)
        .try_collect()
        .await?;
    let mut turns = Turns { tallies: tallies(app, (seed, decks), fleet, &written).await, ..Turns::default() };
    for (i, row) in written {
        match row {
            Some(Turned { plan, box_row, .. }) => {
                fleet[i] = FleetRow { plan, box_row };
                turns.turned += 1;
            }
            None => turns.later += 1,
        }
    }
    Ok(turns)
}

/// What turning the days gave.
#[derive(Default)]
struct Turns {
    turned: usize,
    later: usize,
    /// What the days that ended say of conversation plans.
    tallies: BTreeMap<PlanId, Tally>,
}

/// Reads uses and outcomes of conversation plans off the days that ended; `fleet` as it stood before they did, by id. What was
/// found of a day that had ended before is counted by its archive; one that cannot be read costs its count and nothing else.
async fn tallies(
    app: &App,
    (seed, decks): (&Seed, &Decks),
    fleet: &[FleetRow],
    written: &[(usize, Option<Turned>)],
) -> BTreeMap<PlanId, Tally> {
    if decks.is_empty() {
        return BTreeMap::new();
    }
    let sender = |id| fleet.binary_search_by_key(&id, |row| row.plan.plan.id).ok().map(|at| &fleet[at].plan);
    let (mut tallies, mut late) = (Tallies::new(seed, decks), Vec::new());
    for (i, turned) in written.iter().filter_map(|(i, turned)| Some((*i, turned.as_ref()?))) {
        if let Some(archive) = &turned.archive {
            tallies.add_day(&fleet[i].plan, archive);
        }
        if let Some(archive) = &turned.box_archive {
            late.append(&mut tallies.add_found(archive, sender));
        }
    }
    let days: BTreeSet<(MailboxId, Date)> = late.iter().map(|found| (found.slot.mailbox, found.slot.date)).collect();
    let mut read = futures::stream::iter(days)
        .map(|(id, date)| async move { ((id, date), app.store.archive_of(id, date).await) })
        .buffered(AT_ONCE);
    let mut archives = BTreeMap::new();
    while let Some((day, archive)) = read.next().await {
        match archive {
            Ok(archive) => archives.extend(archive.map(|archive| (day, archive))),
            Err(error) => tracing::warn!(%error, "what was found of a day that is over was not counted"),
        }
    }
    for found in &late {
        let day = archives.get(&(found.slot.mailbox, found.slot.date));
        if let Some((day, row)) = day.zip(sender(found.slot.mailbox)) {
            tallies.add_late(found, row, day);
        }
    }
    tallies.into_inner()
}

async fn push(app: &App, tick: Timestamp, plan: &TickPlan) -> Result<(usize, usize), AppError> {
    // Delays count from the tick's start, queues count from now: what a late tick lost is taken off, or the last orders
    // of the window would come after it.
    let late_s = late_s(tick, app.now());
    let sends = plan.sends.iter().map(|(delay_s, batch)| outgoing(*delay_s, late_s, batch));
    let sends = sends.collect::<Result<Vec<_>, _>>()?;
    let visits = plan.visits.iter().map(|(delay_s, order)| outgoing(*delay_s, late_s, order));
    let visits = visits.collect::<Result<Vec<_>, _>>()?;
    app.queues.push(Queue::Sends, &sends).await?;
    app.queues.push(Queue::Visits, &visits).await?;
    Ok((sends.len(), visits.len()))
}

/// Whole seconds from the tick's start to `now`.
fn late_s(tick: Timestamp, now: Timestamp) -> u32 {
    u32::try_from(now.duration_since(tick).as_secs()).unwrap_or(0)
}

fn outgoing(delay_s: u32, late_s: u32, message: &impl Serialize) -> Result<Outgoing, AppError> {
    let body = serde_json::to_string(message).map_err(crate::QueueError::from)?;
    Ok(Outgoing { delay_s: delay_s.saturating_sub(late_s), body })
}
