//! `preheat ip config`: today's quotas as an MTA reads them.

use preheat_core::id::TenantId;
use preheat_core::mta::{Source, kumomta, powermta};

use crate::Out;
use crate::ledger::{Directory, LedgerArgs};
use crate::outcome::{BadInput, Outcome};

const EXAMPLES: &str = "\
Examples:
  preheat ip config --format pmta --data ./data > /etc/pmta/preheat.conf
  preheat ip config --format kumomta --tenant acme --table preheat-ledger > preheat.lua

Quotas grow daily: write it anew every day after 01:00 of the IPs' zone, and let the MTA read it again.";

/// Which MTA.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Format {
    /// PowerMTA: virtual MTAs with their source and rates, and a pool
    Pmta,
    /// KumoMTA: a Lua module of sources, a pool and selection rates
    Kumomta,
}

/// Arguments of `preheat ip config`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Which MTA
    #[arg(long)]
    format: Format,
    #[command(flatten)]
    ledger: LedgerArgs,
    /// Only IPs of this tenant
    #[arg(long)]
    tenant: Option<TenantId>,
}

/// Runs the command.
pub(crate) async fn run(args: &Args, out: Out<'_>) -> Outcome {
    let store = args.ledger.open(Directory::Exists).await?.store;
    let ips = super::ips(&store, args.tenant.as_ref()).await?;
    let Some(newest) = ips.iter().map(|ip| ip.date).max() else {
        return Err(BadInput::error("there is no sending IP: `preheat ip add` brings one in"));
    };
    let sources: Vec<Source> = ips.iter().map(Source::of).collect();
    let as_of = newest.to_string();
    let text = match args.format {
        Format::Pmta => powermta::write(&sources, &as_of),
        Format::Kumomta => kumomta::write(&sources, &as_of),
    };
    out.write_all(text.as_bytes())?;
    Ok(())
}
