//! The fleet on paper, its mails on their way, and its clock.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use preheat_core::backoff::{ProviderBudget, ProviderReport};
use preheat_core::caps::PlanLimits;
use preheat_core::content::Language;
use preheat_core::content::deck::Decks;
use preheat_core::day::{PlanRow, SlotState};
use preheat_core::engage::engagement;
use preheat_core::id::{MailboxId, SlotId, TenantId, day_number};
use preheat_core::mailbox::{MailboxPlan, Mode, Provider, Role, Schedule, State};
use preheat_core::message::Content;
use preheat_core::pairing::eligible_partners;
use preheat_core::seed::Seed;
use preheat_core::suppression::Suppressed;
use preheat_core::tick::{FleetRow, TickInput, TickPlan, plan_tick};
use preheat_core::turn::{day_so_far, turn_day};
use preheat_core::visit::{BoxRow, Found, PendingReply, Placement};

use crate::look::Looked;
use crate::report::{Day, Report};
use crate::{Config, Outage};

/// Who hosts the mailboxes, in turns.
pub(crate) const PROVIDERS: [Provider; 4] = [Provider::Gmail, Provider::Microsoft, Provider::Gmail, Provider::Other];
/// Mailboxes of a domain.
const PER_DOMAIN: u32 = 10;
/// Waking hours begin with this tick, in minutes of the day: nothing is due before, and no visit is made.
const FIRST_TICK_MIN: i64 = 7 * 60 + 15;

/// A mail on its way, or lying unread.
struct Mail {
    slot: SlotId,
    at: Timestamp,
    placement: Placement,
    /// Thread before it.
    before: Vec<SlotId>,
}

pub(crate) struct World<'a> {
    pub(crate) config: &'a Config,
    schedule: &'a Schedule,
    pub(crate) fleet: Vec<FleetRow>,
    pub(crate) looked: Vec<Looked>,
    unseen: Vec<Vec<Mail>>,
    seed: Seed,
    tenants: BTreeMap<TenantId, PlanLimits>,
    budgets: BTreeMap<Provider, ProviderBudget>,
    suppressed: Suppressed,
    /// By date.
    pub(crate) days: BTreeMap<Date, Day>,
    now: Timestamp,
    visits: u64,
}

impl<'a> World<'a> {
    pub(crate) fn new(config: &'a Config, schedule: &'a Schedule) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&config.seed.to_le_bytes());
        let now = schedule.day_bounds(config.start).0;
        let fleet: Vec<FleetRow> = (1..=config.mailboxes).filter_map(|id| row(id, config, schedule)).collect();
        let count = fleet.len();
        Self {
            config,
            schedule,
            looked: (0..count).map(|_| Looked::first(now)).collect(),
            fleet,
            unseen: (0..count).map(|_| Vec::new()).collect(),
            seed: Seed::new(key),
            tenants: BTreeMap::new(),
            budgets: BTreeMap::new(),
            suppressed: Suppressed::default(),
            days: BTreeMap::new(),
            now,
            visits: 0,
        }
    }

    /// Position of a mailbox: numbers are given from 1, one after the other.
    fn position(id: MailboxId) -> usize {
        id.0 as usize - 1
    }

    /// Lives through one calendar day.
    pub(crate) fn live(&mut self, date: Date, day: u32) {
        let (midnight, next) = self.schedule.day_bounds(date);
        self.days.insert(date, Day::new(date));
        self.now = midnight;
        self.turn();
        let tick = SignedDuration::from_secs(i64::from(self.config.limits.tick_s));
        self.now = midnight + SignedDuration::from_mins(FIRST_TICK_MIN);
        while self.now < next {
            self.tick(date, day);
            self.now += tick;
        }
        self.look(date, next - SignedDuration::from_secs(1));
    }

    fn tick(&mut self, date: Date, day: u32) {
        let plan = plan_tick(&TickInput {
            now: self.now,
            fleet: &self.fleet,
            seed: &self.seed,
            limits: &self.config.limits,
            tenants: &self.tenants,
            provider_budgets: &self.budgets,
            suppressed: &self.suppressed,
            decks: &Decks::default(),
        });
        self.visits += u64::from(plan.summary.visits);
        for held in &plan.held_back {
            self.fleet[Self::position(held.mailbox)].plan.held_back = Some(held.by);
        }
        let deferred = self.send(&plan, date, day);
        self.back_off(&plan, &deferred);
        self.visit(&plan);
    }

    /// Turns the days that are over, as the fan-out does before it plans.
    fn turn(&mut self) {
        let eligible = eligible_partners(&self.fleet, &self.config.limits, &self.suppressed);
        for (row, eligible) in self.fleet.iter_mut().zip(eligible) {
            let Some(turned) = turn_day(&self.seed, &row.plan, &row.box_row, self.now, eligible, &self.config.limits)
            else {
                continue;
            };
            if let Some(archive) = &turned.archive
                && let Some(day) = self.days.get_mut(&archive.date)
            {
                day.ended(archive);
            }
            let begun = turned.plan.date.filter(|date| row.plan.date != Some(*date));
            if let Some(day) = begun.and_then(|date| self.days.get_mut(&date)) {
                day.targets += u64::from(turned.plan.quota.saturating_sub(turned.plan.carried_in));
            }
            (row.plan, row.box_row) = (turned.plan, turned.box_row);
        }
    }

    fn is_out(&self, provider: Provider, day: u32) -> bool {
        let holds = |outage: &Outage| {
            (outage.first..=outage.last).contains(&day) && outage.provider.is_none_or(|of| of == provider)
        };
        self.config.outages.iter().any(holds)
    }

    /// Does what is planned; how many sends each provider deferred.
    fn send(&mut self, plan: &TickPlan, date: Date, day: u32) -> BTreeMap<Provider, u32> {
        let mut deferred: BTreeMap<Provider, u32> = BTreeMap::new();
        for (delay_s, batch) in &plan.sends {
            let from = Self::position(batch.mailbox);
            let at = self.now + SignedDuration::from_secs(i64::from(*delay_s));
            let provider = self.fleet[from].plan.plan.provider;
            let out = self.is_out(provider, day);
            for order in &batch.orders {
                self.fleet[from].plan.last_claim_at = Some(at);
                if out {
                    self.fleet[from].plan.last_trouble = Some("provider outage".to_owned());
                    self.fleet[from].plan.troubled.insert(order.slot.k);
                    *deferred.entry(provider).or_default() += 1;
                    continue;
                }
                self.deliver(from, order, at, date);
            }
        }
        deferred
    }

    fn deliver(&mut self, from: usize, order: &preheat_core::message::SendOrder, at: Timestamp, date: Date) {
        let (slot, partner) = (order.slot, order.partner);
        let to = Self::position(partner);
        let parts = [u64::from(slot.mailbox.0), u64::from(day_number(slot.date)), u64::from(slot.k)];
        let chance = |purpose| self.seed.unit(purpose, &parts);
        let bounced = chance("simulate bounce") < self.config.bounce_rate;
        let spam = chance("simulate spam") < self.config.spam_rate;
        let complained = chance("simulate complaint") < self.config.complaint_rate;
        let Some(day) = self.days.get_mut(&date) else { return };
        let tally = self.looked[from].today(self.fleet[to].plan.plan.provider);
        tally.sent += 1;
        let row = &mut self.fleet[from].plan;
        if bounced {
            tally.bounced += 1;
            day.bounced += 1;
            row.slots.insert(slot.k, SlotState::Bounced { partner });
            return;
        }
        row.slots.insert(slot.k, SlotState::Sent { partner });
        row.used += 1;
        day.sent += 1;
        let mut before = Vec::new();
        if let Content::Reply { chain, .. } = &order.content {
            if let Some(&parent) = chain.last() {
                row.replied.insert(parent, slot.k);
            }
            before.clone_from(chain);
            day.replies += 1;
        }
        let placement = if spam { Placement::Spam } else { Placement::Inbox };
        if spam {
            tally.spam += 1;
            day.spam += 1;
        } else {
            tally.inbox += 1;
            day.inbox += 1;
        }
        // Every recipient of this fleet reads what it gets, once it was found.
        tally.read += 1;
        if complained {
            tally.complained += 1;
            day.complaints += 1;
        }
        self.unseen[to].push(Mail { slot, at, placement, before });
    }

    /// What providers are given in the next tick, after what they deferred in this one.
    fn back_off(&mut self, plan: &TickPlan, deferred: &BTreeMap<Provider, u32>) {
        let at = self.now + SignedDuration::from_secs(i64::from(self.config.limits.tick_s));
        for provider in [Provider::Gmail, Provider::Microsoft, Provider::Other] {
            let before = self.budgets.get(&provider).copied().unwrap_or_default();
            let deferred = deferred.get(&provider).copied().unwrap_or(0);
            if deferred == 0 && before == ProviderBudget::default() {
                continue;
            }
            let planned = Some(plan.summary.planned_by_provider[preheat_core::caps::provider_index(provider)]);
            self.budgets.insert(provider, before.on_tick(ProviderReport { at, planned, deferred }));
        }
    }

    fn visit(&mut self, plan: &TickPlan) {
        for (delay_s, order) in &plan.visits {
            let at = self.now + SignedDuration::from_secs(i64::from(*delay_s));
            let me = Self::position(order.mailbox);
            let row = &mut self.fleet[me];
            row.box_row.visits_done |= 1 << order.visit;
            let reply_rate = row.plan.plan.reply_rate;
            let mut waiting = std::mem::take(&mut self.unseen[me]);
            for mail in waiting.extract_if(.., |mail| mail.at < at) {
                row.box_row.found.push(Found { slot: mail.slot, placement: mail.placement });
                row.box_row.received_week = row.box_row.received_week.saturating_add(1);
                let turn = u8::try_from(mail.before.len()).unwrap_or(u8::MAX);
                let engaged = engagement(&self.seed, mail.slot, reply_rate, turn, &self.config.limits.engage);
                if let Some(after_s) = engaged.reply_after_s {
                    let due_at = at + SignedDuration::from_secs(i64::from(engaged.read_delay_s + after_s));
                    let mut chain = mail.before;
                    chain.push(mail.slot);
                    row.box_row.pending.push(PendingReply { due_at, chain, rewritten_id: None });
                }
            }
            self.unseen[me] = waiting;
        }
    }

    /// Everything in numbers.
    pub(crate) fn report(mut self) -> Report {
        // The last day has not been turned: what it missed so far is what it missed.
        for row in &self.fleet {
            if let Some(archive) = day_so_far(&row.plan, self.now)
                && let Some(day) = self.days.get_mut(&archive.date)
            {
                day.ended(&archive);
            }
        }
        Report::new(self.config, self.days.into_values().collect(), &self.looked, self.visits)
    }
}

/// A mailbox that begins to warm; `None`: an address that is none, which cannot be.
fn row(id: u32, config: &Config, schedule: &Schedule) -> Option<FleetRow> {
    let domain = (id - 1) / PER_DOMAIN;
    let name = format!("d{domain}.example");
    let plan = MailboxPlan {
        id: MailboxId(id),
        tenant: "simulated".parse().ok()?,
        address: format!("m{id}@{name}").parse().ok()?,
        provider: PROVIDERS[domain as usize % PROVIDERS.len()],
        organisation: name,
        pool: "simulated".parse().ok()?,
        role: Role::Sender,
        mode: Mode::Exchange,
        schedule: schedule.clone(),
        ramp: config.ramp.clone(),
        cap_per_day: None,
        reply_rate: config.reply_rate,
        language: Language::En,
    };
    Some(FleetRow { plan: PlanRow::new(plan, State::Warming), box_row: BoxRow::default() })
}
