//! `preheat ip add`: brings a sending IP in, whole or not at all.

use std::net::IpAddr;

use preheat_app::ips::{AddError, Addition, NewIp, add, plan};
use preheat_core::id::{DomainName, TenantId};
use preheat_core::ip::PlanMode;
use preheat_core::ramp::Ramp;

use crate::ledger::{Directory, LedgerArgs, clock};
use crate::limits::LimitsArgs;
use crate::outcome::{BadInput, Outcome};
use crate::{Out, grouped};

const EXAMPLES: &str = "\
Examples:
  preheat ip add --tenant acme --domain mail.example.com --ip 203.0.113.7 --data ./data
  preheat ip add --tenant acme --domain mail.example.com --ip 203.0.113.7 --mode exact --dry-run --data ./data
  preheat ip add --tenant acme --domain mail.example.com --ip 203.0.113.8 --override 'replaces .7' --table preheat-ledger

One domain or IP a tenant and week; an override is recorded with its reason.
Exit codes: 0 it is there now, 1 it must wait or is there already, 2 bad input or usage.";

/// Arguments of `preheat ip add`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Whose it is
    #[arg(long)]
    tenant: TenantId,
    /// The domain that sends from it; the MTA greets with it
    #[arg(long)]
    domain: DomainName,
    /// Its address, IPv4 or IPv6
    #[arg(long)]
    ip: IpAddr,
    /// How the days between two weekly quotas go: smooth or exact
    #[arg(long, default_value = "smooth", value_parser = mode)]
    mode: PlanMode,
    /// Another plan than 50, 200, 500, 1,500, 5,000, 10,000 a day week by week (see `preheat plan --ip`)
    #[arg(long, conflicts_with = "mode")]
    ramp: Option<Ramp>,
    /// The zone of its days; by default the tenant's
    #[arg(long, value_parser = crate::mailbox::value::zone)]
    zone: Option<String>,
    /// Let it in although another one came in this week, for this reason
    #[arg(long = "override", value_name = "REASON", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    override_reason: Option<String>,
    /// Show what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    ledger: LedgerArgs,
    #[command(flatten)]
    limits: LimitsArgs,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

fn mode(text: &str) -> Result<PlanMode, String> {
    match text {
        "smooth" => Ok(PlanMode::Smooth),
        "exact" => Ok(PlanMode::Exact),
        _ => Err("it is smooth or exact".to_owned()),
    }
}

/// Runs the command.
pub(crate) async fn run(args: &Args, out: Out<'_>) -> Outcome {
    let directory = if args.dry_run { Directory::Exists } else { Directory::MayBeNew };
    let store = args.ledger.open(directory).await?.store;
    let zone = match &args.zone {
        Some(zone) => zone.clone(),
        None => store.tenant_zone(&args.tenant).await?,
    };
    let new = NewIp {
        tenant: args.tenant.clone(),
        address: args.ip,
        domain: args.domain.clone(),
        zone,
        ramp: args.ramp.clone().unwrap_or_else(|| args.mode.six_weeks()),
        override_reason: args.override_reason.clone(),
    };
    let (limits, now) = (args.limits.effective()?.ip, clock()());
    let done =
        if args.dry_run { plan(&store, &new, &limits, now).await } else { add(&store, &new, &limits, now).await };
    match done {
        Ok(addition) if args.json => crate::json(
            out,
            &serde_json::json!({
                "dry_run": args.dry_run,
                "ip": addition.ip,
                "plan": days(&addition),
                "warnings": addition.warnings.iter().map(ToString::to_string).collect::<Vec<_>>(),
                "override": addition.decision.note,
            }),
        ),
        Ok(addition) => text(&addition, args.dry_run, out),
        Err(AddError::New(error)) => Err(BadInput::error(error)),
        Err(error @ (AddError::Wait { .. } | AddError::Exists(_) | AddError::Taken(_) | AddError::Store(_))) => {
            Err(error.into())
        }
    }
}

/// What it may send on the first day of every week.
fn days(addition: &Addition) -> Vec<(u32, u64)> {
    let ip = &addition.ip;
    let quota = |day| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a volume is 0 to u32::MAX")]
        let quota = ip.ramp.volume(day).round() as u64;
        (day, quota)
    };
    (1..=ip.plan_days()).step_by(7).map(quota).collect()
}

fn text(addition: &Addition, dry_run: bool, out: Out<'_>) -> Outcome {
    let ip = &addition.ip;
    writeln!(out, "{} sends for {} ({}), days of {}", ip.address, ip.domain, ip.tenant, ip.zone)?;
    let weeks: Vec<String> =
        days(addition).iter().map(|(day, quota)| format!("day {day}: {}", grouped(*quota))).collect();
    writeln!(out, "Plan {}: {}; active from day {} on", ip.ramp, weeks.join(", "), ip.plan_days() + 1)?;
    for warning in &addition.warnings {
        writeln!(out, "Warning: {warning}.")?;
    }
    if let Some(reason) = &addition.decision.note {
        writeln!(out, "The weekly limit is overridden: {}", reason.escape_debug())?;
    }
    if dry_run {
        writeln!(out, "\nDry run: nothing was written.")?;
        return Ok(());
    }
    writeln!(out, "\nAdded. Next:")?;
    writeln!(out, "  its records:       preheat domain check {} --ip {}", ip.domain, ip.address)?;
    writeln!(out, "  its MTA, daily:    preheat ip config --format pmta|kumomta")?;
    writeln!(out, "  its events:        preheat hooks add --help")?;
    Ok(())
}
