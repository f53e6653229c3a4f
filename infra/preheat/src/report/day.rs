//! `preheat report day`: what a local day came to, tenant by tenant and over the system.

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::Date;
use preheat_core::engage::look_back_days_max;
use preheat_core::id::TenantId;
use preheat_core::limits::AlarmLimits;
use preheat_core::summary::{Figures, Summary, of_date};
use serde::Serialize;

use super::{Asked, Ground, Shown, days_ago};
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
    /// More than is well (by default 10 %) of the mail of mailboxes past their first days (five) lay in spam.
    spam_high: bool,
}

impl Sums {
    fn new(figures: Figures, limits: &AlarmLimits) -> Self {
        Self {
            spam_rate: figures.spam_rate().into(),
            inbox_rate: figures.placed.inbox_rate().into(),
            spam_high: figures.high_spam(limits).is_some(),
            figures,
        }
    }
}

/// Runs the command.
pub(super) async fn run(args: &Args, out: Out<'_>) -> Outcome {
    let date = |now| args.date.unwrap_or_else(|| days_ago(now, 1));
    // What was found on the date may have been sent as long before as visits look back; its day says how far its sender was.
    let back = look_back_days_max(&args.asked.limits.effective()?.engage);
    let ground = args.asked.gather(|now| date(now).saturating_sub(back.days())).await?;
    let date = date(ground.now);
    let report = report(&ground, date);
    if args.asked.json { crate::json(out, &report) } else { text(&report, &ground.limits.alarm, out) }
}

fn report(ground: &Ground, date: Date) -> Report {
    let limits = &ground.limits.alarm;
    let summary: Summary = of_date(&ground.facts, date, limits, ground.now);
    let system = ground.tenant.is_none().then(|| Sums::new(summary.system(), limits));
    let asked = |tenant: &TenantId| ground.tenant.as_ref().is_none_or(|asked| asked == tenant);
    let tenants = summary.tenants.into_iter().filter(|(tenant, _)| asked(tenant));
    let tenants = tenants.map(|(tenant, figures)| (tenant, Sums::new(figures, limits))).collect();
    let note = ground.not_configured();
    Report { configured: note.is_none(), note, date, system, tenants }
}

fn text(report: &Report, limits: &AlarmLimits, out: Out<'_>) -> Outcome {
    if let Some(note) = &report.note {
        writeln!(out, "{note}")?;
        return Ok(());
    }
    writeln!(out, "{}\n", report.date)?;
    for (tenant, sums) in &report.tenants {
        section(tenant.as_str(), sums, limits, out)?;
    }
    if let Some(system) = &report.system {
        section("all tenants", system, limits, out)?;
    }
    Ok(())
}

fn section(name: &str, sums: &Sums, limits: &AlarmLimits, out: Out<'_>) -> Outcome {
    let Figures { mailboxes, target, sent, replies, rejected, ambiguous, placed, missed, .. } = &sums.figures;
    writeln!(out, "{name}: {mailboxes} mailboxes, {sent} of {target} sent, {replies} of them replies")?;
    if rejected + ambiguous > 0 {
        writeln!(out, "  {rejected} refused for good, {ambiguous} that may have arrived and are being looked for")?;
    }
    let most_percent = (limits.spam_share_max * 1_000.0).round() / 10.0;
    let high = format!("  HIGH: over {most_percent} % past day {}", limits.spam_day_index_min);
    writeln!(
        out,
        "  found: {} in the inbox, {} in spam, {} in a tab, {} elsewhere; in spam {}{}",
        placed.inbox,
        placed.spam,
        placed.promotions,
        placed.other,
        sums.spam_rate.text,
        if sums.spam_high { high.as_str() } else { "" }
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
