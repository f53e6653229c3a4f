//! A fleet that lives on plans alone: every planned send succeeds, every visit finds what has arrived. For tests: no
//! queue, no server, weeks in milliseconds. Every tick is checked against the promises that no plan may ever break.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Time;
use jiff::{SignedDuration, Timestamp};

use crate::backoff::ProviderBudget;
use crate::caps::PlanLimits;
use crate::content::Language;
use crate::content::deck::Decks;
use crate::day::{PlanRow, SlotState};
use crate::engage::engagement;
use crate::id::{MailboxId, PoolId, SlotId, TenantId};
use crate::limits::Limits;
use crate::mailbox::{Days, MailboxPlan, Mode, Provider, Role, Schedule, State};
use crate::message::Content;
use crate::pairing::eligible_partners;
use crate::ramp::Ramp;
use crate::seed::Seed;
use crate::suppression::Suppressed;
use crate::tick::{FleetRow, TickInput, TickPlan, TickSummary, plan_tick};
use crate::turn::turn_day;
use crate::visit::{BoxRow, Found, PendingReply, Placement};

/// A row of a mailbox that has sent nothing yet, in `Europe/Berlin`, Monday to Friday, 09:00–17:00.
pub(crate) fn row(id: u32, domain: &str, provider: Provider, ramp: Ramp) -> FleetRow {
    let plan = MailboxPlan {
        id: MailboxId(id),
        tenant: "acme".parse().unwrap(),
        address: format!("user{id}@{domain}").parse().unwrap(),
        provider,
        organisation: domain.to_owned(),
        pool: "acme".parse().unwrap(),
        role: Role::Sender,
        mode: Mode::Exchange,
        schedule: Schedule::new(
            "Europe/Berlin",
            Time::constant(9, 0, 0, 0),
            Time::constant(17, 0, 0, 0),
            Days::WORKING,
        )
        .unwrap(),
        ramp,
        cap_per_day: None,
        reply_rate: 0.3,
        language: Language::default(),
    };
    let plan = PlanRow::new(plan, State::Warming);
    FleetRow { plan, box_row: BoxRow::default() }
}

/// A fleet over domains of these sizes; providers take turns over domains, ids over mailboxes.
pub(crate) fn fleet(domains: &[u32], ramp: &Ramp) -> Vec<FleetRow> {
    let providers = [Provider::Gmail, Provider::Microsoft, Provider::Other];
    let members = domains.iter().enumerate().flat_map(|(domain, &size)| (0..size).map(move |_| domain));
    members
        .zip(1..)
        .map(|(domain, id)| row(id, &format!("d{domain}.example"), providers[domain % 3], ramp.clone()))
        .collect()
}

/// A mail on its way or lying in a mailbox.
#[derive(Debug, Clone)]
pub(crate) struct Mail {
    pub(crate) slot: SlotId,
    pub(crate) to: usize,
    pub(crate) at: Timestamp,
    pub(crate) chain: Vec<SlotId>,
}

/// The fleet, its mail and its clock.
pub(crate) struct World {
    pub(crate) fleet: Vec<FleetRow>,
    pub(crate) now: Timestamp,
    pub(crate) seed: Seed,
    pub(crate) limits: Limits,
    pub(crate) tenants: BTreeMap<TenantId, PlanLimits>,
    pub(crate) budgets: BTreeMap<Provider, ProviderBudget>,
    pub(crate) suppressed: Suppressed,
    pub(crate) decks: Decks,
    /// Every mail ever sent.
    pub(crate) sent: Vec<Mail>,
    /// Not yet found, by recipient.
    unseen: Vec<Vec<Mail>>,
    /// Mailboxes by id.
    position: BTreeMap<MailboxId, usize>,
    pub(crate) received: Vec<u32>,
    /// Each so-manieth tick is checked.
    pub(crate) check_every: u32,
    ticks: u32,
}

impl World {
    /// A world whose clock stands at Monday, 2 March 2026, 00:00 UTC.
    pub(crate) fn new(fleet: Vec<FleetRow>) -> Self {
        let position = fleet.iter().enumerate().map(|(i, row)| (row.plan.plan.id, i)).collect();
        let count = fleet.len();
        Self {
            fleet,
            now: "2026-03-02T00:00:00Z".parse().unwrap(),
            seed: Seed::new([42; 32]),
            limits: Limits::default(),
            tenants: BTreeMap::new(),
            budgets: BTreeMap::new(),
            suppressed: Suppressed::default(),
            decks: Decks::default(),
            sent: Vec::new(),
            unseen: vec![Vec::new(); count],
            position,
            received: vec![0; count],
            check_every: 1,
            ticks: 0,
        }
    }

    pub(crate) fn input(&self) -> TickInput<'_> {
        TickInput {
            now: self.now,
            fleet: &self.fleet,
            seed: &self.seed,
            limits: &self.limits,
            tenants: &self.tenants,
            provider_budgets: &self.budgets,
            suppressed: &self.suppressed,
            decks: &self.decks,
        }
    }

    /// Turns days, plans, checks, does, and goes on to the next tick.
    pub(crate) fn tick(&mut self) -> TickPlan {
        self.turn_days();
        let plan = plan_tick(&self.input());
        if self.ticks.is_multiple_of(self.check_every) {
            self.check(&plan);
        }
        self.ticks += 1;
        self.send(&plan);
        self.visit(&plan);
        self.now += SignedDuration::from_secs(i64::from(self.limits.tick_s));
        plan
    }

    /// Ticks until this moment; what the ticks planned, without their messages.
    pub(crate) fn until(&mut self, moment: &str) -> Vec<TickSummary> {
        let moment: Timestamp = moment.parse().unwrap();
        let mut summaries = Vec::new();
        while self.now < moment {
            summaries.push(self.tick().summary);
        }
        summaries
    }

    /// Skips to this moment: nothing is planned meanwhile.
    pub(crate) fn skip_to(&mut self, moment: &str) {
        self.now = moment.parse().unwrap();
        self.turn_days();
    }

    /// Turns the days that are over.
    pub(crate) fn turn_days(&mut self) {
        let eligible = eligible_partners(&self.fleet, &self.limits, &self.suppressed);
        for (row, eligible) in self.fleet.iter_mut().zip(eligible) {
            let turned = turn_day(&self.seed, &row.plan, &row.box_row, self.now, eligible, &self.limits);
            if let Some(turned) = turned {
                (row.plan, row.box_row) = (turned.plan, turned.box_row);
            }
        }
    }

    fn may_be_chosen(&self, row: &FleetRow, pool: &PoolId) -> bool {
        let plan = &row.plan;
        plan.plan.pool == *pool
            && plan.state.is_partner()
            && !self.suppressed.holds(&plan.plan.tenant, &plan.plan.address)
    }

    /// Whether degraded mailboxes of a pool exchange among themselves: next to nobody else is left.
    fn is_short(&self, pool: &PoolId) -> bool {
        self.fleet.iter().filter(|row| self.may_be_chosen(row, pool)).count() < 2
    }

    fn send(&mut self, plan: &TickPlan) {
        for (delay_s, batch) in &plan.sends {
            let at = self.now + SignedDuration::from_secs(i64::from(*delay_s));
            for order in &batch.orders {
                let from = self.position[&batch.mailbox];
                let to = self.position[&order.partner];
                let row = &mut self.fleet[from].plan;
                row.slots.insert(order.slot.k, SlotState::Sent { partner: order.partner });
                row.used += 1;
                row.last_claim_at = Some(at);
                let mut chain = Vec::new();
                if let Content::Reply { chain: before, .. } = &order.content {
                    row.replied.insert(*before.last().unwrap(), order.slot.k);
                    chain.clone_from(before);
                }
                chain.push(order.slot);
                let mail = Mail { slot: order.slot, to, at, chain };
                self.unseen[to].push(mail.clone());
                self.sent.push(mail);
            }
        }
    }

    fn visit(&mut self, plan: &TickPlan) {
        for (delay_s, order) in &plan.visits {
            let at = self.now + SignedDuration::from_secs(i64::from(*delay_s));
            let me = self.position[&order.mailbox];
            let row = &mut self.fleet[me];
            row.box_row.visits_done |= 1 << order.visit;
            let (found, unseen): (Vec<Mail>, _) =
                std::mem::take(&mut self.unseen[me]).into_iter().partition(|mail| mail.at < at);
            self.unseen[me] = unseen;
            for mail in found {
                row.box_row.found.push(Found { slot: mail.slot, placement: Placement::Inbox });
                row.box_row.received_week += 1;
                self.received[me] += 1;
                let turn = u8::try_from(mail.chain.len() - 1).unwrap();
                let engaged = engagement(&self.seed, mail.slot, row.plan.plan.reply_rate, turn);
                if let Some(after_s) = engaged.reply_after_s {
                    let due_at = at + SignedDuration::from_secs(i64::from(engaged.read_delay_s + after_s));
                    row.box_row.pending.push(PendingReply { due_at, chain: mail.chain, rewritten_id: None });
                }
            }
        }
    }

    /// What no plan may ever break.
    fn check(&self, plan: &TickPlan) {
        assert_eq!(*plan, plan_tick(&self.input()), "planning twice gives the same");
        let tick_end = self.now + SignedDuration::from_secs(i64::from(self.limits.tick_s));
        let eligible = eligible_partners(&self.fleet, &self.limits, &self.suppressed);
        let (mut last, mut planned, mut parents) = (BTreeMap::new(), BTreeMap::new(), BTreeSet::new());
        let mut to_today: BTreeSet<(MailboxId, MailboxId)> = BTreeSet::new();
        let mut inbound: BTreeMap<MailboxId, u32> = BTreeMap::new();
        for row in &self.fleet {
            for state in row.plan.slots.values() {
                to_today.insert((row.plan.plan.id, state.partner()));
                *inbound.entry(state.partner()).or_default() += 1;
            }
        }
        for (delay_s, batch) in &plan.sends {
            let me = self.position[&batch.mailbox];
            let (row, own) = (&self.fleet[me].plan, &self.fleet[me].plan.plan);
            for order in &batch.orders {
                let at = self.now + SignedDuration::from_secs(i64::from(*delay_s));
                let partner = &self.fleet[self.position[&order.partner]].plan;
                let (opens, closes) = own.schedule.window_on(order.slot.date).expect("a sending day");
                assert!(*delay_s <= self.limits.delay_max_s);
                assert!((opens..closes).contains(&at), "{} outside its window", order.slot);
                assert!(order.not_after <= closes && order.not_after <= tick_end && at < order.not_after);
                assert_eq!((order.due_at, batch.mailbox, order.slot.mailbox), (at, own.id, own.id));
                let among_themselves = row.state == State::Degraded && partner.state == State::Degraded;
                assert!(row.state.sends());
                assert!(partner.state.is_partner() || (among_themselves && self.is_short(&own.pool)));
                assert!(!row.slots.contains_key(&order.slot.k), "{} has an entry", order.slot);
                assert_ne!(order.partner, own.id, "to itself");
                assert_eq!(order.to, partner.plan.address);
                let tenants = [&own.tenant, &self.fleet[self.position[&order.partner]].plan.plan.tenant];
                assert!(!tenants.into_iter().any(|tenant| self.suppressed.holds(tenant, &order.to)));
                let own_people = partner.plan.organisation == own.organisation;
                let others = self.fleet.iter().filter(|other| other.plan.plan.organisation != own.organisation);
                if own_people && order.content == Content::Opening {
                    assert!(
                        others.filter(|other| self.may_be_chosen(other, &own.pool)).count() < 2,
                        "{} to its own",
                        order.slot
                    );
                }
                assert!(to_today.insert((own.id, order.partner)), "a second mail to one partner on one day");
                *inbound.entry(order.partner).or_default() += 1;
                assert!(inbound[&order.partner] <= self.limits.inbound_per_day);
                if let Content::Reply { chain, .. } = &order.content {
                    let parent = *chain.last().unwrap();
                    assert_eq!(parent.mailbox, order.partner, "a reply goes to who wrote");
                    assert!(chain.len() <= 5 && !row.replied.contains_key(&parent));
                    assert!(parents.insert((own.id, parent)), "a second reply to {parent}");
                }
                let before: Option<Timestamp> = last.insert(me, at).or(row.last_claim_at);
                if let Some(before) = before {
                    assert!(at.duration_since(before).as_secs() >= i64::from(self.limits.spacing_s), "{}", order.slot);
                }
                *planned.entry(me).or_insert(0) += 1;
            }
        }
        for (me, planned) in planned {
            assert!(self.fleet[me].plan.used + planned <= self.fleet[me].plan.quota);
            assert!(eligible[me] >= self.limits.eligible_partners_min);
        }
        for (delay_s, order) in &plan.visits {
            assert!(*delay_s < self.limits.tick_s && order.not_after > tick_end);
        }
        let skipped: u32 = plan.skipped.iter().map(|skipped| skipped.count).sum();
        let unturned =
            plan.skipped.iter().filter(|s| s.reason.word() == "not-turned" || s.reason.word() == "few-partners");
        let not_due: u32 = unturned.map(|skipped| skipped.count).sum();
        assert!(plan.summary.planned + skipped - not_due >= plan.summary.due, "what is due is planned or says why");
    }
}
