//! The plan of a tick: which slots are sent in the next 15 minutes, to whom, at which second, and which mailboxes are
//! visited (domain.md §3–§6).
//!
//! A pure function of the rows: planning the same tick twice gives the same orders with the same slot ids, so a repeat
//! costs nothing. Slots are served one by one, the most behind mailbox first over the whole fleet; each takes its room
//! under every cap, a second, and a partner, or says what was missing. Consumers choose nothing.
//!
//! May not write or ask anything: the caller reads the rows, turns days that are over, and pushes what is planned.

mod due;
pub(crate) mod fleet;
mod seconds;
#[cfg(test)]
pub(crate) mod simulation;
mod skip;
#[cfg(test)]
mod tests;
mod visits;

use std::cell::OnceCell;
use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::backoff::ProviderBudget;
use crate::caps::{
    Asker, Minutes, OrganisationRoom, PlanLimits, ProviderRoom, TenantBudget, TickBudget, provider_index,
};
use crate::content::deck::Decks;
use crate::day::PlanRow;
use crate::id::{MailboxId, SlotId, TenantId};
use crate::limits::Limits;
use crate::mailbox::{Provider, Role};
use crate::message::{Content, SendBatch, SendOrder, VERSION, VisitOrder};
use crate::pairing::Pairing;
use crate::rate::Rate;
use crate::seed::Seed;
use crate::suppression::Suppressed;
use crate::tick::due::{Due, Request, requests};
use crate::tick::fleet::{ById, Names, Today, Traffic};
use crate::visit::BoxRow;

pub use crate::tick::skip::{HELD_BACK, HeldBack, HeldBy, SkipReason, Skipped};

/// The hot rows of one mailbox.
#[derive(Debug, Clone, PartialEq)]
pub struct FleetRow {
    /// What is configured, and how its local day stands.
    pub plan: PlanRow,
    /// What it has received.
    pub box_row: BoxRow,
}

/// Everything that a tick's plan depends on.
#[derive(Debug, Clone, Copy)]
pub struct TickInput<'a> {
    /// Start of the tick, a multiple of `limits.tick_s` since the epoch.
    pub now: Timestamp,
    /// Every mailbox, its day turned where that was over. In any order; each once.
    pub fleet: &'a [FleetRow],
    /// Where chance comes from.
    pub seed: &'a Seed,
    /// The configurable numbers.
    pub limits: &'a Limits,
    /// Plans of tenants; a tenant without one has no limit of its own.
    pub tenants: &'a BTreeMap<TenantId, PlanLimits>,
    /// What providers are given after trouble; one that is not named is given everything.
    pub provider_budgets: &'a BTreeMap<Provider, ProviderBudget>,
    /// Addresses that a tenant's mailboxes do not write to.
    pub suppressed: &'a Suppressed,
    /// Which plans threads have, by the date they were begun.
    pub decks: &'a Decks,
}

/// What a tick does.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TickPlan {
    /// Delay in seconds within the tick, and the message, for queue `sends`. In order of delay and mailbox.
    pub sends: Vec<(u32, SendBatch)>,
    /// Delay in seconds within the tick, and the message, for queue `visits`. In order of delay and mailbox.
    pub visits: Vec<(u32, VisitOrder)>,
    /// What was due and is not sent, with the reason. In order of mailbox.
    pub skipped: Vec<Skipped>,
    /// Mailboxes whose day ends with slots that this tick kept back. In order of mailbox.
    pub held_back: Vec<HeldBack>,
    /// How far each tenant's mailboxes have come with what was expected of them by now.
    pub kept: BTreeMap<TenantId, Rate>,
    /// The plan in numbers.
    pub summary: TickSummary,
}

/// The plan in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct TickSummary {
    /// Mailboxes that were looked at.
    pub mailboxes: u32,
    /// Slots due in this tick, overdue ones within the pace of catch-up included.
    pub due: u32,
    /// Of them, planned: openings and replies.
    pub planned: u32,
    /// Of those planned, first mails of a thread.
    pub openings: u32,
    /// Of those planned, replies.
    pub replies: u32,
    /// Slots behind over the whole fleet: their time has passed, and they have no outcome.
    pub behind: u32,
    /// Due and not planned because of a cap.
    pub capped: u32,
    /// Due and not planned for want of a partner.
    pub partnerless: u32,
    /// Due and not planned as the day's row has not been turned, or the rest of the tick is too short.
    pub deferred: u32,
    /// Planned, by provider of the sender, in the order of [`provider_index`]: what a provider's deferrals are
    /// measured against.
    pub planned_by_provider: [u32; 5],
    /// The fullest minute, in sends.
    pub minute_peak: u32,
    /// Candidates looked at for partners: what pairing cost.
    pub looks: u64,
    /// Visits planned.
    pub visits: u32,
    /// Ambiguous sends that these visits search for.
    pub searches: u32,
}

/// Plans one tick. Never fails: what cannot be planned stands in `skipped`, and its neighbours go on.
#[must_use]
pub fn plan_tick(input: &TickInput<'_>) -> TickPlan {
    let by_id = ById::new(input.fleet);
    let today = Today::of_all(input.fleet, input.now);
    // Most ticks of a day and a week have nothing to send: what only sends need is worked out when the first one asks.
    let (traffic, pairing) = (OnceCell::new(), OnceCell::new());
    let traffic = || traffic.get_or_init(|| Traffic::new(input.fleet, &by_id, &today));
    let eligible = |mailbox| pairing.get_or_init(|| Pairing::new(input, traffic(), &today)).eligible(mailbox);
    let Request { dues, skipped, behind, kept } = requests(input, eligible, &today);
    let (mut plan, skipped) = match pairing.into_inner() {
        Some(pairing) => Planner::new(input, &by_id, pairing, &dues, skipped).served(dues),
        None => (TickPlan::default(), skipped),
    };
    plan.summary.mailboxes = u32::try_from(input.fleet.len()).unwrap_or(u32::MAX);
    plan.summary.behind = behind;
    plan.kept = kept.by_tenant();
    plan.held_back = skip::held_back(input, &today, &skipped);
    let whose = |(mailbox, reason): (usize, SkipReason)| (input.fleet[mailbox].plan.plan.id, reason);
    plan.skipped = skip::grouped(skipped.into_iter().map(whose).collect(), &mut plan.summary);
    plan.sends.sort_unstable_by_key(|(delay_s, batch)| (*delay_s, batch.mailbox, batch.orders.first().map(|o| o.slot)));
    plan.visits = visits::plan(input, &by_id, traffic, &today);
    plan.summary.visits = u32::try_from(plan.visits.len()).unwrap_or(u32::MAX);
    plan.summary.searches = plan.visits.iter().map(|(_, order)| u32::try_from(order.search.len()).unwrap_or(0)).sum();
    plan
}

/// How many mailboxes of each provider tried to send in the tick before `now`: what a provider's deferrals are measured
/// against ([`crate::backoff::ProviderReport::planned`]), read from the rows, so that nothing is written for it.
#[must_use]
pub fn attempted(fleet: &[FleetRow], now: Timestamp, limits: &Limits) -> BTreeMap<Provider, u32> {
    let since = now.saturating_sub(SignedDuration::from_secs(i64::from(limits.tick_s))).unwrap_or(now);
    let mut attempted = BTreeMap::new();
    for row in fleet.iter().filter(|row| row.plan.last_claim_at.is_some_and(|claim| (since..now).contains(&claim))) {
        *attempted.entry(row.plan.plan.provider).or_insert(0) += 1;
    }
    attempted
}

/// The tick's budget, and which part of it each mailbox asks.
struct FleetBudget {
    budget: TickBudget,
    /// By position in the fleet.
    askers: Vec<Asker>,
}

fn budget(input: &TickInput<'_>, dues: &[Due]) -> FleetBudget {
    let mut due = [0_u32; 5];
    for one in dues {
        due[provider_index(input.fleet[one.mailbox].plan.plan.provider)] += one.count();
    }
    let whole = ProviderBudget::default();
    let providers = [Provider::Gmail, Provider::Microsoft, Provider::Yahoo, Provider::Zoho, Provider::Other];
    let rooms = providers.map(|provider| {
        let budget = input.provider_budgets.get(&provider).unwrap_or(&whole);
        ProviderRoom::new(provider, budget, due[provider_index(provider)], input.now)
    });
    let (mut names, mut used) = (Names::default(), Vec::new());
    let mut tenants = Vec::with_capacity(input.fleet.len());
    for row in input.fleet {
        let tenant = names.number(row.plan.plan.tenant.as_str()) as usize;
        if tenant == used.len() {
            used.push((&row.plan.plan.tenant, 0_u32));
        }
        used[tenant].1 = used[tenant].1.saturating_add(row.plan.used);
        tenants.push(tenant);
    }
    let (rooms_of, organisations) = organisation_rooms(input, &tenants);
    let askers = input.fleet.iter().zip(&tenants).zip(&rooms_of).map(|((row, &tenant), &organisation)| Asker {
        tenant,
        provider: row.plan.plan.provider,
        organisation,
    });
    let askers = askers.collect();
    let unlimited = PlanLimits::default();
    let tick_s = input.limits.tick_s;
    let tenants = used.into_iter().map(|(tenant, used)| {
        TenantBudget::new(input.tenants.get(tenant).unwrap_or(&unlimited), used, input.now, tick_s)
    });
    let minutes = Minutes::new(input.limits.system_per_minute, tick_s);
    let tick = (input.now, tick_s);
    let budget = TickBudget::new(input.limits.system_per_hour, minutes, tick, tenants.collect(), rooms, organisations);
    FleetBudget { budget, askers }
}

/// One organisation's share of a pool's traffic (domain.md §4) holds where tenants share the pool: in a tenant's own
/// pool nobody is crowded out. It can be held only where enough organisations are left to carry the rest, so a pool of
/// fewer than `1 / share + 1` of them has no such cap. Gives each mailbox its organisation's room, if it has one.
fn organisation_rooms(input: &TickInput<'_>, tenants: &[usize]) -> (Vec<Option<usize>>, Vec<OrganisationRoom>) {
    struct Organisation {
        pool: u32,
        quota: u32,
        used: u32,
    }
    let mut rooms_of = vec![None; input.fleet.len()];
    let share = input.limits.organisation_share_max;
    if !(share > 0.0 && share < 1.0) || tenants.iter().all(|&tenant| tenant == 0) {
        return (rooms_of, Vec::new());
    }
    let mut pools = Names::default();
    let mut numbers: BTreeMap<(u32, &str), usize> = BTreeMap::new();
    let mut organisations: Vec<Organisation> = Vec::new();
    // A pool's first tenant, whether it has another one, its quota and how many organisations it has.
    let mut pool_sums: Vec<(usize, bool, u32, u32)> = Vec::new();
    for ((row, &tenant), room) in input.fleet.iter().zip(tenants).zip(&mut rooms_of) {
        let plan = &row.plan.plan;
        let pool = pools.number(plan.pool.as_str());
        if pool as usize == pool_sums.len() {
            pool_sums.push((tenant, false, 0, 0));
        }
        let sums = &mut pool_sums[pool as usize];
        let number = *numbers.entry((pool, plan.organisation.as_str())).or_insert_with(|| {
            organisations.push(Organisation { pool, quota: 0, used: 0 });
            sums.3 += 1;
            organisations.len() - 1
        });
        sums.1 |= sums.0 != tenant;
        sums.2 = sums.2.saturating_add(row.plan.quota);
        organisations[number].quota = organisations[number].quota.saturating_add(row.plan.quota);
        organisations[number].used = organisations[number].used.saturating_add(row.plan.used);
        *room = Some(number);
    }
    let enforced = |pool: u32| {
        let (_, shared, _, count) = pool_sums[pool as usize];
        shared && f64::from(count) >= 1.0 / share + 1.0
    };
    for room in &mut rooms_of {
        *room = room.filter(|&number| enforced(organisations[number].pool));
    }
    let rooms = organisations.iter().map(|organisation| {
        // share = own / (own + rest), so own may be rest · share / (1 − share).
        let rest = f64::from(pool_sums[organisation.pool as usize].2.saturating_sub(organisation.quota));
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a u32; saturates")]
        let per_day = (rest * share / (1.0 - share)) as u32;
        OrganisationRoom::new(per_day, organisation.used)
    });
    let rooms = rooms.collect();
    (rooms_of, rooms)
}

/// Serves slots one by one.
struct Planner<'a> {
    input: &'a TickInput<'a>,
    by_id: &'a ById,
    pairing: Pairing,
    budget: FleetBudget,
    plan: TickPlan,
    skipped: Vec<(usize, SkipReason)>,
}

impl<'a> Planner<'a> {
    fn new(
        input: &'a TickInput<'a>,
        by_id: &'a ById,
        pairing: Pairing,
        dues: &[Due],
        skipped: Vec<(usize, SkipReason)>,
    ) -> Self {
        Self { input, by_id, pairing, budget: budget(input, dues), plan: TickPlan::default(), skipped }
    }

    /// The plan of the sends, and what is skipped.
    fn served(mut self, dues: Vec<Due>) -> (TickPlan, Vec<(usize, SkipReason)>) {
        self.serve(dues);
        self.plan.summary.minute_peak = self.budget.budget.minutes.peak();
        (self.plan, self.skipped)
    }

    /// Serves every slot that is due, the one of the most behind mailbox first. A mailbox that is given one is less
    /// behind by that much, so that a short supply is spread.
    fn serve(&mut self, mut dues: Vec<Due>) {
        let mut order: Vec<(f64, MailboxId, u16, u32)> = Vec::new();
        for (due, index) in dues.iter().zip(0_u32..) {
            self.plan.summary.due += due.count();
            let id = self.input.fleet[due.mailbox].plan.plan.id;
            order.extend((0..due.slots.len()).zip(0_u16..).map(|(j, nth)| (due.deficit_before(j), id, nth, index)));
        }
        order.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then_with(|| (a.1, a.2).cmp(&(b.1, b.2))));
        for (_, _, j, index) in order {
            let due = &mut dues[index as usize];
            let mailbox = due.mailbox;
            if let Err(reason) = self.serve_one(due, usize::from(j)) {
                self.skipped.push((mailbox, reason));
            }
        }
    }

    fn serve_one(&mut self, due: &mut Due, j: usize) -> Result<(), SkipReason> {
        let asker = self.budget.askers[due.mailbox];
        self.budget.budget.check(asker).map_err(SkipReason::Cap)?;
        let at_s = due.second(j, self.input, &self.budget.budget.minutes).ok_or(SkipReason::Cap(
            crate::caps::Cap::SystemMinute { per_minute: self.input.limits.system_per_minute },
        ))?;
        let row = &self.input.fleet[due.mailbox];
        let slot = due.slot(j);
        if due.written.is_none() {
            due.written = Some(written(row, self.by_id));
        }
        let at = self.at(at_s);
        let (partner, content) = match self.reply(due, at) {
            Some(found) => found,
            None if row.plan.plan.role == Role::Seed => return Err(SkipReason::NoReply),
            None => (self.opening(due, slot)?, Content::Opening),
        };
        self.budget.budget.take(asker);
        self.budget.budget.minutes.take(at_s);
        self.pairing.take(partner);
        due.planned(at_s, partner, &content);
        self.order(row, slot, partner, at_s, due.not_after, content);
        Ok(())
    }

    /// The first reply that is due by `at` and may be sent now.
    fn reply(&self, due: &Due, at: Timestamp) -> Option<(usize, Content)> {
        let row = &self.input.fleet[due.mailbox];
        let written = due.written.as_deref().unwrap_or_default();
        // Most wait for another hour or day: their chains need not be fetched from memory.
        let due_now = row.box_row.pending.iter().filter(|reply| reply.due_at <= at);
        let fits = due_now.filter_map(|reply| {
            let parent = reply.parent()?;
            let depth = usize::from(self.input.limits.engage.replies_max.min(crate::engage::DEPTH_MAX));
            let fresh =
                reply.chain.len() <= depth && !due.replied.contains(&parent) && !row.plan.replied.contains_key(&parent);
            let partner = fresh.then(|| self.by_id.get(parent.mailbox)).flatten()?;
            self.pairing.may_reply(due.mailbox, partner, written).then_some((reply, partner))
        });
        let (reply, partner) = fits.min_by_key(|(reply, _)| (reply.due_at, reply.parent()))?;
        let content = Content::Reply { chain: reply.chain.clone(), rewritten_id: reply.rewritten_id.clone() };
        Some((partner, content))
    }

    fn opening(&mut self, due: &Due, slot: SlotId) -> Result<usize, SkipReason> {
        let choice = self.pairing.choose(due.mailbox, slot, due.written.as_deref().unwrap_or_default());
        self.plan.summary.looks += u64::from(choice.looks);
        choice.partner.ok_or(SkipReason::NoPartner(choice.refused))
    }

    fn order(
        &mut self,
        row: &FleetRow,
        slot: SlotId,
        partner: usize,
        at_s: u32,
        not_after: Timestamp,
        content: Content,
    ) {
        let to = &self.input.fleet[partner].plan.plan;
        let summary = &mut self.plan.summary;
        summary.planned += 1;
        match content {
            Content::Opening => summary.openings += 1,
            Content::Reply { .. } => summary.replies += 1,
        }
        summary.planned_by_provider[provider_index(row.plan.plan.provider)] += 1;
        let due_at = self.at(at_s);
        let plan = &row.plan.plan;
        let root = match &content {
            Content::Opening => slot,
            Content::Reply { chain, .. } => chain.first().copied().unwrap_or(slot),
        };
        let began = self.by_id.get(root.mailbox).map_or(plan, |at| &self.input.fleet[at].plan.plan);
        let language = began.language;
        let thread_plan = self.input.decks.plan_of(self.input.seed, root, language);
        let to = (to.id, to.address.clone());
        let order =
            SendOrder { slot, partner: to.0, to: to.1, due_at, not_after, content, language, plan: thread_plan };
        let batch = SendBatch { v: VERSION, tenant: plan.tenant.clone(), mailbox: plan.id, orders: vec![order] };
        self.plan.sends.push((at_s, batch));
    }

    fn at(&self, at_s: u32) -> Timestamp {
        later(self.input.now, at_s)
    }
}

/// So many seconds after a moment.
fn later(now: Timestamp, by_s: u32) -> Timestamp {
    now.saturating_add(SignedDuration::from_secs(i64::from(by_s))).unwrap_or(now)
}

/// Whom a mailbox has written to on the current date, once for each mail, by position.
fn written(row: &FleetRow, by_id: &ById) -> Vec<u32> {
    let positions = row.plan.slots.values().filter_map(|state| by_id.get(state.partner()));
    positions.filter_map(|position| u32::try_from(position).ok()).collect()
}
