//! `preheat report day`: what a local day came to, tenant by tenant and over the system.

use std::collections::BTreeMap;

use jiff::civil::Date;
use preheat_core::id::TenantId;
use preheat_core::summary::{Figures, Summary, of_date};
use serde::Serialize;

use super::{Asked, Ground, Shown};
use crate::Out;
use crate::outcome::Outcome;

const EXAMPLES: &str = "\
Examples:
  preheat report day --data ./data
  preheat report day --table preheat-ledger --date 2026-03-02 --tenant acme --json";

/// Arguments of `preheat report day`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    asked: Asked,
    /// The local date; by default yesterday's in UTC, which is over almost everywhere
    #[arg(long)]
    date: Option<Date>,
}

#[derive(Serialize)]
struct Report {
    configured: bool,
    note: Option<String>,
    date: Date,
    /// All tenants together; absent where one was asked for.
    system: Option<Sums>,
    tenants: BTreeMap<TenantId, Sums>,
}

#[derive(Serialize)]
struct Sums {
    #[serde(flatten)]
    figures: Figures,
    spam_rate: Shown,
    inbox_rate: Shown,
    /// Over 10 % of the mail of mailboxes past their fifth day lay in spam.
    spam_high: bool,
}

impl From<Figures> for Sums {
    fn from(figures: Figures) -> Self {
        Self {
            spam_rate: figures.spam_rate().into(),
            inbox_rate: figures.placed.inbox_rate().into(),
            spam_high: figures.high_spam().is_some(),
            figures,
        }
    }
}

/// Runs the command.
pub(super) async fn run(args: &Args, out: Out<'_>) -> Outcome {
    let ground = args.asked.gather().await?;
    let date = args.date.unwrap_or_else(|| ground.days_ago(1));
    let report = report(&ground, date);
    if args.asked.json { crate::json(out, &report) } else { text(&report, out) }
}

fn report(ground: &Ground, date: Date) -> Report {
    let summary: Summary = of_date(&ground.facts, date, ground.now);
    let system = ground.tenant.is_none().then(|| summary.system().into());
    let asked = |tenant: &TenantId| ground.tenant.as_ref().is_none_or(|asked| asked == tenant);
    let tenants = summary.tenants.into_iter().filter(|(tenant, _)| asked(tenant));
    let tenants = tenants.map(|(tenant, figures)| (tenant, figures.into())).collect();
    let note = ground.not_configured();
    Report { configured: note.is_none(), note, date, system, tenants }
}

fn text(report: &Report, out: Out<'_>) -> Outcome {
    if let Some(note) = &report.note {
        writeln!(out, "{note}")?;
        return Ok(());
    }
    writeln!(out, "{}\n", report.date)?;
    for (tenant, sums) in &report.tenants {
        section(tenant.as_str(), sums, out)?;
    }
    if let Some(system) = &report.system {
        section("all tenants", system, out)?;
    }
    Ok(())
}

fn section(name: &str, sums: &Sums, out: Out<'_>) -> Outcome {
    let Figures { mailboxes, target, sent, replies, rejected, ambiguous, placed, missed, .. } = &sums.figures;
    writeln!(out, "{name}: {mailboxes} mailboxes, {sent} of {target} sent, {replies} of them replies")?;
    if rejected + ambiguous > 0 {
        writeln!(out, "  {rejected} refused for good, {ambiguous} that may have arrived and are being looked for")?;
    }
    writeln!(
        out,
        "  found: {} in the inbox, {} in spam, {} in a tab, {} elsewhere; in spam {}{}",
        placed.inbox,
        placed.spam,
        placed.promotions,
        placed.other,
        sums.spam_rate.text,
        if sums.spam_high { "  HIGH: over 10 % past day 5" } else { "" }
    )?;
    for (reason, count) in missed {
        writeln!(out, "  missed {count}: {}", reason.escape_debug())?;
    }
    match (sums.figures.audited, sums.figures.left_over) {
        (0, _) => writeln!(out, "  no mailbox was audited for what the evening before left in INBOX or Sent")?,
        (audited, left) => {
            writeln!(out, "  left in INBOX or Sent by the evening before: {left}, in {audited} mailboxes audited")?;
        }
    }
    writeln!(out)?;
    Ok(())
}
