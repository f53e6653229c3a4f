//! Queue calls a mail, at a size where batches fill.
//!
//! What the program calls (`SendMessageBatch`) is counted under the SDK. What Lambda's event source mapping calls cannot be
//! counted here, as the embedded pump reads the queue without the SDK; it is computed from the batches that the pump took:
//! one `ReceiveMessage` and one `DeleteMessageBatch` for each started ten messages of a batch. Polls that find an empty queue
//! are left out: they do not follow the mails.
//!
//! Every send succeeds and is written back into the rows in memory, so the next tick plans on; there is no database and no
//! mail server in this.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use jiff::{SignedDuration, Timestamp};
use preheat_app::queue::{Outgoing, Queue, Queues};
use preheat_core::clock::Clock;
use preheat_core::content::deck::Decks;
use preheat_core::day::SlotState;
use preheat_core::seed::Seed;
use preheat_core::suppression::Suppressed;
use preheat_core::tick::{FleetRow, TickInput, TickPlan, plan_tick};
use preheat_local::{Aws, Mapping, Pump};
use preheat_stack::stack::{BATCH_MAX, SENDS, VISITS, WINDOW_S, create_queues};
use preheat_stack::time::{sleep_until, virtual_clock, virtual_runtime};

use crate::bench::fleet::{self, SENDS_PER_DAY};
use crate::bench::whole::whole;

/// Messages a call takes or gives (SQS).
const MESSAGES_PER_CALL: u64 = 10;

/// What one queue was asked.
#[derive(Debug, Clone, Copy, Default)]
pub struct QueueCalls {
    /// Orders in its messages: mails, or visits.
    pub orders: u64,
    /// Messages.
    pub messages: u64,
    /// `SendMessageBatch`, counted under the SDK.
    pub sends: u64,
    /// Batches: invocations of the function that reads it.
    pub batches: u64,
    /// `ReceiveMessage`, computed from the batches.
    pub receives: u64,
    /// `DeleteMessageBatch`, computed from the batches.
    pub deletes: u64,
}

impl QueueCalls {
    /// Calls for one order.
    #[must_use]
    pub fn per_order(&self) -> f64 {
        whole(self.sends + self.receives + self.deletes) / whole(self.orders.max(1))
    }

    /// Orders that one invocation executes, on average.
    #[must_use]
    pub fn orders_per_batch(&self) -> f64 {
        whole(self.orders) / whole(self.batches.max(1))
    }
}

/// What both queues were asked in some hours of a fleet.
#[derive(Debug, Clone, Copy, Default)]
pub struct Calls {
    /// Mailboxes of the fleet.
    pub mailboxes: u32,
    /// Queue `sends`.
    pub mails: QueueCalls,
    /// Queue `visits`.
    pub visits: QueueCalls,
}

impl Calls {
    /// Calls a mail, its share of the day's visits included.
    #[must_use]
    pub fn per_mail(&self, visits_per_day: u8) -> f64 {
        self.mails.per_order() + self.visits.per_order() * f64::from(visits_per_day) / f64::from(SENDS_PER_DAY)
    }
}

/// Runs the ticks from 09:00 on over as many hours of a fleet in memory.
///
/// # Errors
/// The embedded queues refuse.
pub fn measure(mailboxes: u32, hours: i64, visits_per_day: u8) -> Result<Calls> {
    virtual_runtime().context("the runtime does not start")?.block_on(play(mailboxes, hours, visits_per_day))
}

async fn play(mailboxes: u32, hours: i64, visits_per_day: u8) -> Result<Calls> {
    let start = fleet::monday_at(9)?;
    let clock = virtual_clock(start);
    let aws = Aws::memory(clock.clone(), 7)?;
    create_queues(&aws);
    let url = preheat_local::Queues::url;
    let queues = Queues::new(aws.sqs(), url(SENDS), url(VISITS));
    let seed = Seed::new([7; 32]);
    let mut rows = fleet::begun(mailboxes, &seed)?;
    let limits = preheat_core::limits::Limits { visits_per_day, ..fleet::limits() };
    let mut calls = Calls { mailboxes, ..Calls::default() };
    let tick = SignedDuration::from_secs(i64::from(limits.tick_s));
    let mut now = start;
    while now < start + SignedDuration::from_hours(hours) {
        let plan = plan_tick(&TickInput {
            now,
            fleet: &rows,
            seed: &seed,
            limits: &limits,
            tenants: &BTreeMap::new(),
            provider_budgets: &BTreeMap::new(),
            suppressed: &Suppressed::default(),
            decks: &Decks::default(),
        });
        push(&aws, &queues, &plan, &mut calls).await?;
        write_back(&mut rows, &plan)?;
        let end = now + tick;
        consume(&aws, &clock, SENDS, end, &mut calls.mails)?;
        consume(&aws, &clock, VISITS, end, &mut calls.visits)?;
        sleep_until(&clock, end).await;
        now = end;
    }
    Ok(calls)
}

async fn push(aws: &Aws, queues: &Queues, plan: &TickPlan, calls: &mut Calls) -> Result<()> {
    let outgoing =
        |delay_s: u32, body: serde_json::Result<String>| Ok::<_, anyhow::Error>(Outgoing { delay_s, body: body? });
    let sends: Vec<_> = plan
        .sends
        .iter()
        .map(|(delay_s, one)| outgoing(*delay_s, serde_json::to_string(one)))
        .collect::<Result<_>>()?;
    let visits: Vec<_> = plan
        .visits
        .iter()
        .map(|(delay_s, one)| outgoing(*delay_s, serde_json::to_string(one)))
        .collect::<Result<_>>()?;
    calls.mails.orders += plan.sends.iter().map(|(_, batch)| batch.orders.len() as u64).sum::<u64>();
    calls.visits.orders += visits.len() as u64;
    for (queue, messages, counted) in
        [(Queue::Sends, &sends, &mut calls.mails), (Queue::Visits, &visits, &mut calls.visits)]
    {
        let before = aws.counts().queue_calls();
        queues.push(queue, messages).await?;
        counted.sends += aws.counts().queue_calls() - before;
        counted.messages += messages.len() as u64;
    }
    Ok(())
}

/// Every order is executed: the next tick must know.
fn write_back(rows: &mut [FleetRow], plan: &TickPlan) -> Result<()> {
    for order in plan.sends.iter().flat_map(|(_, batch)| &batch.orders) {
        let row = row_of(rows, order.slot.mailbox.0)?;
        row.plan.slots.insert(order.slot.k, SlotState::Sent { partner: order.partner });
        row.plan.used += 1;
        row.plan.last_claim_at = Some(order.due_at);
    }
    for (_, order) in &plan.visits {
        row_of(rows, order.mailbox.0)?.box_row.visits_done |= 1 << order.visit;
    }
    Ok(())
}

/// Rows lie in the order of their numbers, which begin with 1.
fn row_of(rows: &mut [FleetRow], id: u32) -> Result<&mut FleetRow> {
    rows.get_mut(usize::try_from(id)? - 1).context("an order of a stranger")
}

/// Takes every batch that is due before `end`, when it is due.
fn consume(aws: &Aws, clock: &Clock, queue: &str, end: Timestamp, calls: &mut QueueCalls) -> Result<()> {
    let mapping = Mapping { queue: queue.to_owned(), batch_size: BATCH_MAX, window_s: WINDOW_S };
    let pump = Pump::new(aws.queues().clone(), mapping);
    while let Some(due) = pump.next_batch_at().filter(|due| *due < end) {
        let batch = pump.take_batch(due.max(clock()))?;
        anyhow::ensure!(!batch.is_empty(), "a batch was due and there is none");
        let settled = pump.settle(&batch, &Ok(Vec::new()))?;
        anyhow::ensure!(settled.done == batch.len(), "a batch was not deleted");
        calls.batches += 1;
        calls.receives += (batch.len() as u64).div_ceil(MESSAGES_PER_CALL);
        calls.deletes += (batch.len() as u64).div_ceil(MESSAGES_PER_CALL);
    }
    Ok(())
}
