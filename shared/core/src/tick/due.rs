//! What falls due in a tick, mailbox by mailbox, before any cap is asked.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::caps::Minutes;
use crate::catchup::due;
use crate::id::{SlotId, TenantId};
use crate::mailbox::Role;
use crate::message::Content;
use crate::rate::Rate;
use crate::slot::DaySlots;
use crate::tick::fleet::Today;
use crate::tick::seconds::Seconds;
use crate::tick::skip::SkipReason;
use crate::tick::{TickInput, later};

/// The due slots of one mailbox.
#[derive(Debug)]
pub(crate) struct Due {
    /// Position in the fleet.
    pub(crate) mailbox: usize,
    day: DaySlots,
    /// Due slots, most overdue first.
    pub(crate) slots: Vec<u16>,
    seconds: Seconds,
    /// How far behind the mailbox is, as a share of its day.
    deficit: f64,
    /// What one slot is of its day.
    step: f64,
    /// No order lives longer.
    pub(crate) not_after: Timestamp,
    /// Whom it has written to on this date; found when first needed.
    pub(crate) written: Option<Vec<u32>>,
    /// Mails that an order of this tick replies to.
    pub(crate) replied: Vec<SlotId>,
}

impl Due {
    pub(crate) fn count(&self) -> u32 {
        u32::try_from(self.slots.len()).unwrap_or(u32::MAX)
    }
    /// How far behind the mailbox is once `j` of its due slots are served.
    pub(crate) fn deficit_before(&self, j: usize) -> f64 {
        let j = u32::try_from(j).unwrap_or(u32::MAX);
        self.deficit - f64::from(j) * self.step
    }
    pub(crate) fn slot(&self, j: usize) -> SlotId {
        self.day.slot(self.slots[j])
    }
    /// The second of the tick for due slot `j`, in a minute with room.
    pub(crate) fn second(&mut self, j: usize, input: &TickInput<'_>, minutes: &Minutes) -> Option<u32> {
        let (wanted, from, to) = self.seconds.of(input, &self.day, &self.slots).room(j)?;
        minutes.nearest(wanted, from, to)
    }
    /// Notes that a slot is planned at this second.
    pub(crate) fn planned(&mut self, at_s: u32, partner: usize, content: &Content) {
        self.seconds.take(at_s);
        if let (Some(written), Ok(partner)) = (&mut self.written, u32::try_from(partner)) {
            written.push(partner);
        }
        if let Content::Reply { chain, .. } = content {
            self.replied.extend(chain.last());
        }
    }
}

/// What all mailboxes ask for.
pub(crate) struct Request<'a> {
    pub(crate) dues: Vec<Due>,
    /// What is due and cannot be served, one entry a slot, by position.
    pub(crate) skipped: Vec<(usize, SkipReason)>,
    /// Slots behind over the whole fleet.
    pub(crate) behind: u32,
    pub(crate) kept: Kept<'a>,
}

/// By tenant, what its mailboxes have done of what was expected of them: what one does ahead of its time makes up for no other.
#[derive(Default)]
pub(crate) struct Kept<'a> {
    by_tenant: BTreeMap<&'a TenantId, Rate>,
    /// Neighbours mostly are one tenant's: its sum goes into the map with the first mailbox of another.
    current: Option<(&'a TenantId, Rate)>,
}

impl<'a> Kept<'a> {
    fn add(&mut self, tenant: &'a TenantId, done: u32, expected: u32) {
        let rate = Rate::new(u64::from(done.min(expected)), u64::from(expected));
        match &mut self.current {
            Some((same, sum)) if *same == tenant => *sum = plus(*sum, rate),
            _ => {
                self.settle();
                self.current = Some((tenant, rate));
            }
        }
    }

    fn settle(&mut self) {
        if let Some((tenant, rate)) = self.current.take() {
            let sum = self.by_tenant.entry(tenant).or_default();
            *sum = plus(*sum, rate);
        }
    }

    pub(crate) fn by_tenant(mut self) -> BTreeMap<TenantId, Rate> {
        self.settle();
        self.by_tenant.into_iter().map(|(tenant, rate)| (tenant.clone(), rate)).collect()
    }
}

fn plus(one: Rate, other: Rate) -> Rate {
    Rate::new(one.count + other.count, one.of + other.of)
}

/// `eligible`: how many mailboxes one may write to at all, by position.
pub(crate) fn requests<'a>(input: &TickInput<'a>, eligible: impl Fn(usize) -> u32, today: &[Today]) -> Request<'a> {
    let mut request = Request { dues: Vec::new(), skipped: Vec::new(), behind: 0, kept: Kept::default() };
    for (mailbox, row) in input.fleet.iter().enumerate() {
        if row.plan.state.sends() && row.plan.plan.exchanges() {
            request.add(input, &eligible, mailbox, today[mailbox]);
        }
    }
    request
}

impl<'a> Request<'a> {
    fn add(&mut self, input: &TickInput<'a>, eligible: &impl Fn(usize) -> u32, mailbox: usize, day: Today) {
        let row = &input.fleet[mailbox];
        let plan = &row.plan.plan;
        let today = day.date;
        if row.plan.date != Some(today) {
            // A row from before its first day owes nothing yet.
            if let (Some(row_date), Some(_)) = (row.plan.date, day.window) {
                self.skipped.push((mailbox, SkipReason::NotTurned { row_date, today }));
            }
            return;
        }
        if row.plan.used >= row.plan.quota {
            self.kept.add(&plan.tenant, row.plan.quota, row.plan.quota);
            return;
        }
        let Some(window) = day.window else { return };
        let tick_end = later(input.now, input.limits.tick_s);
        if tick_end <= window.0 {
            self.kept.add(&plan.tenant, row.plan.used, 0);
            return;
        }
        let day = DaySlots::within(input.seed, window, plan.id, today);
        let mut due = due(&day, &row.plan, input.now, tick_end, input.limits);
        if plan.role == Role::Seed {
            // It receives and replies only: without a reply to send, nothing of it is due.
            due.ks.truncate(row.box_row.pending.iter().filter(|reply| reply.due_at < tick_end).count());
        }
        self.behind = self.behind.saturating_add(due.behind);
        self.kept.add(&plan.tenant, row.plan.used, due.expected);
        if due.ks.is_empty() {
            return;
        }
        let eligible = eligible(mailbox);
        if eligible < input.limits.eligible_partners_min {
            let reason = SkipReason::FewPartners { eligible, needed: input.limits.eligible_partners_min };
            self.skipped.extend(due.ks.iter().map(|_| (mailbox, reason)));
            return;
        }
        let mut slots = due.ks;
        let seconds = Seconds::new(input, row, &day);
        let fits = seconds.fits();
        if fits < slots.len() {
            let reason = SkipReason::Spacing { fits: u32::try_from(fits).unwrap_or(u32::MAX) };
            self.skipped.extend(slots.drain(fits..).map(|_| (mailbox, reason)));
        }
        self.dues.push(Due {
            mailbox,
            day,
            slots,
            seconds,
            deficit: due.deficit,
            step: 1.0 / f64::from(row.plan.quota.max(1)),
            not_after: tick_end.min(day.window().1),
            written: None,
            replied: Vec::new(),
        });
    }
}
