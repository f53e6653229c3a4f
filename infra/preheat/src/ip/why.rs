//! `preheat ip why`: every decision on an IP, with its rule, what it looked at, and the bounds.

use std::net::IpAddr;

use crate::Out;
use crate::ledger::{Directory, LedgerArgs};
use crate::outcome::{BadInput, Outcome};

const EXAMPLES: &str = "\
Examples:
  preheat ip why 203.0.113.7 --data ./data
  preheat ip why 203.0.113.7 --last 7 --json --table preheat-ledger";

/// Arguments of `preheat ip why`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The IP
    ip: IpAddr,
    /// Only the last so many decisions
    #[arg(long, value_name = "N")]
    last: Option<usize>,
    #[command(flatten)]
    ledger: LedgerArgs,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(crate) async fn run(args: &Args, out: Out<'_>) -> Outcome {
    let store = args.ledger.open(Directory::Exists).await?.store;
    let address = args.ip.to_canonical();
    let unknown = || BadInput::error(format!("{address} is not in this stack; `preheat ip list` shows what is"));
    let owner = store.ip_owner(address).await?.ok_or_else(unknown)?;
    let ip = store.ip(&owner, address).await?.ok_or_else(unknown)?.ip;
    let mut decisions = store.ip_decisions(&owner, address).await?;
    let skipped = decisions.len().saturating_sub(args.last.unwrap_or(usize::MAX));
    decisions.drain(..skipped);
    if args.json {
        return crate::json(out, &serde_json::json!({ "ip": ip, "decisions": decisions }));
    }
    writeln!(
        out,
        "{address} ({}) is {}: {}, day {} of {}, {} today.\n",
        ip.domain,
        ip.status.name(),
        ip.phase(),
        ip.day,
        ip.plan_days(),
        ip.quota()
    )?;
    for decision in decisions {
        writeln!(out, "{}  {}", decision.at, decision.to_string().escape_debug())?;
    }
    Ok(())
}
