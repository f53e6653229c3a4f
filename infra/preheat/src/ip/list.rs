//! `preheat ip list`: every sending IP, and the totals.

use preheat_core::id::TenantId;
use preheat_core::ip::overview::overview;

use crate::ledger::{Directory, LedgerArgs};
use crate::limits::LimitsArgs;
use crate::outcome::Outcome;
use crate::{Out, grouped};

const EXAMPLES: &str = "\
Examples:
  preheat ip list --data ./data
  preheat ip list --tenant acme --json --table preheat-ledger";

/// Arguments of `preheat ip list`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    ledger: LedgerArgs,
    /// Only IPs of this tenant
    #[arg(long)]
    tenant: Option<TenantId>,
    #[command(flatten)]
    limits: LimitsArgs,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(crate) async fn run(args: &Args, out: Out<'_>) -> Outcome {
    let store = args.ledger.open(Directory::Exists).await?.store;
    let ips = super::ips(&store, args.tenant.as_ref()).await?;
    let all = overview(&ips, &args.limits.effective()?.ip);
    if args.json {
        return crate::json(out, &all);
    }
    if all.ips.is_empty() {
        writeln!(out, "No sending IPs.")?;
        return Ok(());
    }
    let longest =
        |of: fn(&preheat_core::ip::overview::Line) -> String| all.ips.iter().map(|ip| of(ip).len()).max().unwrap_or(0);
    let (address, domain) = (longest(|ip| ip.address.to_string()).max(7), longest(|ip| ip.domain.to_string()).max(6));
    writeln!(
        out,
        "{:<address$}  {:<domain$}  {:<10} {:<8} {:>7} {:>11}  {:>6}",
        "address", "domain", "phase", "status", "day", "quota today", "weight"
    )?;
    for ip in &all.ips {
        let day = format!("{}/{}", ip.day, ip.plan_days);
        let (quota, phase) = (grouped(u64::from(ip.quota_today)), ip.phase.to_string());
        write!(
            out,
            "{:<address$}  {:<domain$}  {phase:<10} {:<8} {day:>7} {quota:>11}  {:>6}",
            ip.address.to_string(),
            ip.domain.to_string(),
            ip.status,
            ip.weight
        )?;
        match ip.paused_until {
            Some(until) => writeln!(out, "  until {until}")?,
            None => writeln!(out)?,
        }
    }
    writeln!(
        out,
        "\n{} active, {} warming, {} paused; {} a day in all.",
        all.active,
        all.warming,
        all.paused,
        grouped(all.daily_capacity)
    )?;
    Ok(())
}
