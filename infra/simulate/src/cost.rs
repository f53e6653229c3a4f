//! What it would cost on AWS: counts of the simulation, list prices, and what a mail and a visit take.
//!
//! What each takes was measured on the whole system (`cargo xtask bench`, and the tests of `tests/tests/budgets.rs` hold it); it
//! stands here as constants, so that an estimate needs no stack.

use serde::Serialize;

use crate::prices;

/// DynamoDB write units a mail: claim, outcome, and its share of visits, turns, health and content at 40 mails a day.
const WRITE_UNITS_PER_MAIL: f64 = 2.4;
/// Read units a mailbox and tick: both hot rows, about 2 kB, eventually consistent.
const READ_UNITS_PER_MAILBOX_AND_TICK: f64 = 0.25;
/// Read units a mail: profiles, conditional reads, replies. Assumed: rows are below 4 kB.
const READ_UNITS_PER_MAIL: f64 = 1.0;
/// Calls of SQS a mail.
const SQS_CALLS_PER_MAIL: f64 = 0.345;
/// Orders of one invocation of the sender and of the replier, at least some hundred mailboxes.
const ORDERS_PER_RUN: f64 = 10.0;
/// How long an invocation of the sender lasts. Assumed: a session takes about ten answers of 150 ms.
const SENDER_S: f64 = 2.0;
/// How long an invocation of the replier lasts. Assumed: some 50 answers of 150 ms.
const REPLIER_S: f64 = 8.0;
/// Memory of the sender, in GB, as in infra/template.yaml.
const SENDER_GB: f64 = 0.25;
/// Memory of the replier.
const REPLIER_GB: f64 = 0.5;
/// Memory of the fan-out.
const FANOUT_GB: f64 = 1769.0 / 1024.0;
/// The fan-out's time for a mailbox and tick. Assumed from 158 µs in which `cargo xtask bench` reads, plans and hands over a
/// mailbox that is due, its database included, in a development build: most mailboxes of a tick are only read.
const FANOUT_S_PER_MAILBOX: f64 = 50e-6;
/// Read units a mailbox and hour of the governor: its rows, and a week's archives of days and finds. Assumed from their sizes
/// (about 1 kB each, eventually consistent).
const GOVERNOR_READ_UNITS_PER_MAILBOX_AND_HOUR: f64 = 2.5;
/// The governor's time for a mailbox and hour. Assumed: two queries of 5 ms, sixteen at once.
const GOVERNOR_S_PER_MAILBOX: f64 = 0.7e-3;
/// Memory of the governor, in GB, as in infra/template.yaml.
const GOVERNOR_GB: f64 = 1769.0 / 1024.0;
/// Ticks of a day.
const TICKS_PER_DAY: f64 = 96.0;
/// Looks of the governor in a day.
const HOURS_PER_DAY: f64 = 24.0;
/// Days of a month.
const MONTH_DAYS: f64 = 30.0;

/// What was used.
#[derive(Debug, Clone, Copy)]
pub struct Used {
    /// Mailboxes.
    pub mailboxes: u32,
    /// Calendar days.
    pub days: u32,
    /// Sends, bounced ones among them.
    pub mails: u64,
    /// Visits.
    pub visits: u64,
}

/// Dollars.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Cost {
    /// Where and when the prices are from.
    pub prices: &'static str,
    /// DynamoDB.
    pub dynamodb: f64,
    /// SQS.
    pub sqs: f64,
    /// Lambda.
    pub lambda: f64,
    /// All of it.
    pub total: f64,
    /// A mailbox and 30 days, on average over what was simulated.
    pub per_mailbox_month: f64,
}

impl Cost {
    /// Of what was used. Ticks at night, which the simulation leaves out, are paid for too. Webhooks, alerts, logs and storage
    /// are left out: they depend on what is connected, and are small beside this.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts of mails are far below 2^53")]
    pub fn of(used: &Used) -> Self {
        let (mails, visits, days) = (used.mails as f64, used.visits as f64, f64::from(used.days));
        let mailbox_ticks = f64::from(used.mailboxes) * TICKS_PER_DAY * days;
        let writes = mails * WRITE_UNITS_PER_MAIL;
        let mailbox_hours = f64::from(used.mailboxes) * HOURS_PER_DAY * days;
        let reads = mailbox_ticks * READ_UNITS_PER_MAILBOX_AND_TICK
            + mailbox_hours * GOVERNOR_READ_UNITS_PER_MAILBOX_AND_HOUR
            + mails * READ_UNITS_PER_MAIL;
        let dynamodb = writes * prices::DYNAMODB_WRITE_UNIT + reads * prices::DYNAMODB_READ_UNIT;
        let sqs = mails * SQS_CALLS_PER_MAIL * prices::SQS_CALL;
        let (sends, looks) = (mails / ORDERS_PER_RUN, visits / ORDERS_PER_RUN);
        let gb_s = sends * SENDER_S * SENDER_GB
            + looks * REPLIER_S * REPLIER_GB
            + mailbox_ticks * FANOUT_S_PER_MAILBOX * FANOUT_GB
            + mailbox_hours * GOVERNOR_S_PER_MAILBOX * GOVERNOR_GB;
        let runs = sends + looks + (TICKS_PER_DAY + HOURS_PER_DAY) * days;
        let lambda = gb_s * prices::LAMBDA_GB_S + runs * prices::LAMBDA_REQUEST;
        let total = dynamodb + sqs + lambda;
        let per_mailbox_month = total / f64::from(used.mailboxes.max(1)) / days.max(1.0) * MONTH_DAYS;
        Self { prices: prices::AS_OF, dynamodb, sqs, lambda, total, per_mailbox_month }
    }
}
