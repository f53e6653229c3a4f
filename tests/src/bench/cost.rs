//! Dollars a mailbox-month, from counts and prices. What is assumed and not counted stands here as a constant.

use preheat_core::limits::Limits;

use crate::bench::fleet::SENDS_PER_DAY;
use crate::bench::mapping::Calls;
use crate::bench::tick::Tick;
use crate::bench::whole::{Spent, whole};
use crate::prices;

/// Every day of the month is taken as a sending day: a mailbox that rests on weekends costs less.
const DAYS: f64 = 30.0;
/// Visits of a day in this figure (budgets.md).
pub const VISITS_PER_DAY: u8 = 8;
/// How long an invocation of the sender lasts: its orders run at once, and a session takes about ten answers of 150 ms. Assumed,
/// as virtual time does not tell.
const SENDER_S: f64 = 2.0;
/// How long an invocation of the replier lasts: some 50 answers of 150 ms. Assumed.
const REPLIER_S: f64 = 8.0;
/// Memory of the functions, in GB, as in infra/template.yaml.
const SENDER_GB: f64 = 0.25;
const REPLIER_GB: f64 = 0.5;
const FANOUT_GB: f64 = 1769.0 / 1024.0;

/// A month of one mailbox with 40 sends a day, replies among them, in dollars. Not in it: storage, logs, KMS's monthly key,
/// and idle polls, none of which follows the mails.
#[derive(Debug, Clone, Copy)]
pub struct Month {
    /// DynamoDB's writes.
    pub writes: f64,
    /// DynamoDB's reads.
    pub reads: f64,
    /// Calls of SQS.
    pub queues: f64,
    /// Lambda.
    pub lambda: f64,
}

impl Month {
    /// All of it.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.writes + self.reads + self.queues + self.lambda
    }
}

/// Computes it: writes and reads from a run of the whole system, calls and invocations from the queues of a large fleet, the
/// fan-out's share from a tick of the largest one.
#[must_use]
pub fn month(spent: &Spent, calls: &Calls, tick: &Tick) -> Month {
    let mails = f64::from(SENDS_PER_DAY) * DAYS;
    let visits = f64::from(VISITS_PER_DAY) * DAYS;
    let ticks = 86_400.0 / f64::from(Limits::default().tick_s) * DAYS;
    let mailboxes = whole(tick.mailboxes as u64);
    let sender_runs = mails / calls.mails.orders_per_batch();
    let replier_runs = visits / calls.visits.orders_per_batch();
    let fanout_runs = ticks / mailboxes;
    let gb_s = sender_runs * SENDER_S * SENDER_GB
        + replier_runs * REPLIER_S * REPLIER_GB
        + fanout_runs * tick.took_s * FANOUT_GB;
    Month {
        writes: spent.write_units_per_mail() * mails * prices::DYNAMODB_WRITE_UNIT,
        reads: (spent.read_units_per_mail() * mails + ticks * tick.read_units / mailboxes) * prices::DYNAMODB_READ_UNIT,
        queues: calls.per_mail(VISITS_PER_DAY) * mails * prices::SQS_CALL,
        lambda: (sender_runs + replier_runs + fanout_runs) * prices::LAMBDA_REQUEST + gb_s * prices::LAMBDA_GB_S,
    }
}
