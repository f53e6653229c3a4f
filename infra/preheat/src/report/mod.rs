//! `preheat report`: what the ledger's days add up to. Every rate is shown with its sample and its interval; where warmup is
//! not configured, that is said, and is no error: everything else runs without it.

mod day;
mod events;
mod lift;
mod placement;

use clap::Subcommand;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use preheat_app::report::{Gathered, gather};
use preheat_core::facts::Facts;
use preheat_core::id::TenantId;
use preheat_core::limits::Limits;
use preheat_core::rate::Rate;
use serde::Serialize;

use crate::Out;
use crate::ledger::{self, Directory, LedgerArgs};
use crate::limits::LimitsArgs;
use crate::outcome::Outcome;

const EXAMPLES: &str = "\
Examples:
  preheat report day --data ./data
  preheat report placement --data ./data --days 7
  preheat report events --tenant acme --data ./data
  preheat report lift --table preheat-ledger --json";

/// Summaries of days, placements by provider, and what warming brings.
#[derive(Debug, Subcommand)]
#[command(after_help = EXAMPLES)]
pub(crate) enum Command {
    /// A local day, tenant by tenant and over the system: sent, replies, inbox, spam, missed with reasons
    Day(day::Args),
    /// Where mail was found, by provider of the sender and of the recipient
    Placement(placement::Args),
    /// What was reported of a tenant's mail: by campaign, and how much led nowhere
    Events(events::Args),
    /// Does warming work? The inbox rate of warmed mailboxes against that of the held-out controls
    Lift(lift::Args),
}

/// Runs the command.
pub(crate) async fn run(command: &Command, out: Out<'_>) -> Outcome {
    match command {
        Command::Day(args) => day::run(args, out).await,
        Command::Placement(args) => placement::run(args, out).await,
        Command::Events(args) => events::run(args, out).await,
        Command::Lift(args) => lift::run(args, out).await,
    }
}

/// What every report is asked.
#[derive(Debug, clap::Args)]
struct Asked {
    #[command(flatten)]
    ledger: LedgerArgs,
    /// Only mail that mailboxes of this tenant sent
    #[arg(long)]
    tenant: Option<TenantId>,
    #[command(flatten)]
    limits: LimitsArgs,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// The ground of a report.
struct Ground {
    facts: Vec<Facts>,
    now: Timestamp,
    tenant: Option<TenantId>,
    limits: Limits,
}

impl Asked {
    /// Reads what mail of local dates from `since(now)` on needs.
    async fn gather(&self, since: impl Fn(Timestamp) -> Date) -> anyhow::Result<Ground> {
        let limits = self.limits.effective()?;
        let ledger = self.ledger.open(Directory::Exists).await?;
        let now = ledger::clock()();
        // Where the sender's Monday begins, its recipient's Sunday may still go on.
        let since = since(now).saturating_sub(1.day());
        let Gathered { facts, unreadable } = gather(&ledger.store, since).await?;
        for row in unreadable {
            eprintln!("preheat: {row}");
        }
        Ok(Ground { facts, now, tenant: self.tenant.clone(), limits })
    }
}

impl Ground {
    /// The mailboxes whose mail is reported on.
    fn senders(&self) -> impl Iterator<Item = &Facts> {
        self.facts.iter().filter(|one| self.tenant.as_ref().is_none_or(|tenant| one.row.plan.plan.tenant == *tenant))
    }

    /// What to say where there is nothing to report on.
    fn not_configured(&self) -> Option<String> {
        if self.senders().next().is_some() {
            return None;
        }
        Some(match &self.tenant {
            Some(tenant) => format!("Tenant {tenant} has no mailboxes: warmup is not configured for it."),
            None => "There are no mailboxes: warmup is not configured. Everything else runs without it.".to_owned(),
        })
    }
}

/// The date so many days ago, in UTC.
fn days_ago(now: Timestamp, days: u16) -> Date {
    now.to_zoned(jiff::tz::TimeZone::UTC).date().saturating_sub(i64::from(days).days())
}

/// A rate in JSON: the numbers, and the text that people are shown.
#[derive(Debug, Serialize)]
struct Shown {
    count: u64,
    of: u64,
    share: Option<f64>,
    lower: f64,
    upper: f64,
    text: String,
}

impl From<Rate> for Shown {
    fn from(rate: Rate) -> Self {
        let (lower, upper) = rate.interval();
        Self { count: rate.count, of: rate.of, share: rate.share(), lower, upper, text: rate.to_string() }
    }
}

/// Days to look back upon: 1 to 120, which is as long as the ledger keeps them.
fn days(text: &str) -> Result<u16, String> {
    let wrong = || format!("`{text}` is not a number of days from 1 to 120");
    text.parse().ok().filter(|days| (1..=120).contains(days)).ok_or_else(wrong)
}
