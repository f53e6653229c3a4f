//! `preheat report events`: what was reported of a tenant's mail, by campaign, and what led nowhere.

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use preheat_core::counters::{Count, Counters, Subject};
use preheat_core::id::TenantId;
use serde::Serialize;

use super::{Shown, days};
use crate::Out;
use crate::ledger::{self, Directory, LedgerArgs};
use crate::outcome::Outcome;

const EXAMPLES: &str = "\
Examples:
  preheat report events --tenant acme --data ./data
  preheat report events --tenant acme --days 30 --table preheat-ledger --json";

/// Arguments of `preheat report events`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    ledger: LedgerArgs,
    /// Whose mail
    #[arg(long)]
    tenant: TenantId,
    /// Events of so many of the tenant's local days, today's among them: 1 to 120
    #[arg(long, default_value = "7", value_parser = days)]
    days: u16,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Report {
    tenant: TenantId,
    from: Date,
    to: Date,
    /// All mail that anything was reported of.
    all: Line,
    /// Mail that nothing led from to a mailbox, an address of ours or a campaign.
    uncorrelated: u64,
    /// By campaign, as its platform names it.
    campaigns: BTreeMap<String, Line>,
}

#[derive(Serialize)]
struct Line {
    counts: Counters,
    bounce_rate: Shown,
    complaint_rate: Shown,
}

impl From<Counters> for Line {
    fn from(counts: Counters) -> Self {
        Self { bounce_rate: counts.bounce_rate().into(), complaint_rate: counts.complaint_rate().into(), counts }
    }
}

/// Runs the command.
pub(super) async fn run(args: &Args, out: Out<'_>) -> Outcome {
    let store = args.ledger.open(Directory::Exists).await?.store;
    let zone = TimeZone::get(&store.tenant_zone(&args.tenant).await?).unwrap_or(TimeZone::UTC);
    let to = ledger::clock()().to_zoned(zone).date();
    let from = to.saturating_sub(i64::from(args.days - 1).days());
    let all = store.counters(&Subject::Tenant(args.tenant.clone()), from..=to).await?;
    let campaigns = store.campaigns(&args.tenant, from..=to).await?;
    let report = Report {
        tenant: args.tenant.clone(),
        from,
        to,
        uncorrelated: all.get(Count::Uncorrelated),
        all: all.into(),
        campaigns: campaigns.into_iter().map(|(name, counts)| (name, counts.into())).collect(),
    };
    if args.json { crate::json(out, &report) } else { text(&report, out) }
}

fn text(report: &Report, out: Out<'_>) -> Outcome {
    if report.all.counts.is_empty() {
        writeln!(out, "Nothing was reported of mail of {} from {} to {}.", report.tenant, report.from, report.to)?;
        return Ok(());
    }
    writeln!(
        out,
        "{:<32} {:>9} {:>6} {:>6} {:>10} {:>7}  bounce rate",
        "campaign", "delivered", "hard", "soft", "complained", "clicked"
    )?;
    let lines = report.campaigns.iter().map(|(name, line)| (name.escape_debug().to_string(), line));
    for (name, Line { counts, bounce_rate, .. }) in lines.chain([("all mail".to_owned(), &report.all)]) {
        writeln!(
            out,
            "{name:<32} {:>9} {:>6} {:>6} {:>10} {:>7}  {}",
            counts.get(Count::Delivered),
            counts.get(Count::Hard),
            counts.soft(),
            counts.get(Count::Complained),
            counts.get(Count::Clicked),
            bounce_rate.text
        )?;
    }
    writeln!(
        out,
        "\nMails that anything was reported of from {} to {}, each counted once. {} of them led to no mailbox, address of \
         ours or campaign: they count for the tenant alone.",
        report.from, report.to, report.uncorrelated
    )?;
    Ok(())
}
