//! `preheat ip`: sending IPs of MTAs, warmed with the tenant's real mail.

mod add;
mod config;
mod list;
mod why;

use std::net::IpAddr;

use preheat_core::id::TenantId;
use preheat_core::ip::SendingIp;
use preheat_store::Store;

use crate::Out;
use crate::outcome::Outcome;

const EXAMPLES: &str = "\
Examples:
  preheat ip add --tenant acme --domain mail.example.com --ip 203.0.113.7 --data ./data
  preheat ip list --data ./data
  preheat ip config --format kumomta --data ./data > preheat.lua
  preheat ip why 203.0.113.7 --data ./data";

/// Commands of `preheat ip`.
#[derive(Debug, clap::Subcommand)]
#[command(after_help = EXAMPLES)]
pub(crate) enum Command {
    /// Bring a sending IP in: its domain, itself and its plan of six weeks, or nothing at all
    Add(add::Args),
    /// Every sending IP with its phase and today's quota, and the totals
    List(list::Args),
    /// Write today's quotas as configuration of PowerMTA or KumoMTA
    Config(config::Args),
    /// Say why an IP stands as it does: every decision with what led to it
    Why(why::Args),
}

/// Runs one of them.
pub(crate) async fn run(command: &Command, out: Out<'_>) -> Outcome {
    match command {
        Command::Add(args) => Box::pin(add::run(args, out)).await,
        Command::List(args) => Box::pin(list::run(args, out)).await,
        Command::Config(args) => Box::pin(config::run(args, out)).await,
        Command::Why(args) => Box::pin(why::run(args, out)).await,
    }
}

/// The sending IPs of a tenant, or of all; in the order of their addresses.
async fn ips(store: &Store, tenant: Option<&TenantId>) -> anyhow::Result<Vec<SendingIp>> {
    let owners = store.ip_owners().await?;
    let wanted: Vec<(IpAddr, TenantId)> =
        owners.into_iter().filter(|(_, owner)| tenant.is_none_or(|tenant| tenant == owner)).collect();
    let mut ips = Vec::new();
    for (address, owner) in wanted {
        ips.extend(store.ip(&owner, address).await?.map(|stored| stored.ip));
    }
    ips.sort_by_key(|ip| ip.address);
    Ok(ips)
}
