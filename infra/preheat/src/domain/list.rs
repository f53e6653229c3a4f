//! `preheat domain list`: every domain in use, how its records stand, and its mailboxes.

use jiff::Timestamp;
use preheat_app::domains::used;
use preheat_core::domain::fleet::{Fleet, fleet};
use preheat_core::domain::state::DomainState;
use preheat_core::id::TenantId;
use preheat_core::mailbox::State;
use serde::Serialize;

use crate::Out;
use crate::ledger::{Directory, LedgerArgs, clock};
use crate::limits::LimitsArgs;
use crate::mailbox::list::scores;
use crate::outcome::Outcome;

const EXAMPLES: &str = "\
Examples:
  preheat domain list --data ./data
  preheat domain list --tenant acme --json --table preheat-ledger";

/// Arguments of `preheat domain list`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    ledger: LedgerArgs,
    /// Only domains of this tenant
    #[arg(long)]
    tenant: Option<TenantId>,
    #[command(flatten)]
    limits: LimitsArgs,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Listed {
    tenant: TenantId,
    domain: String,
    /// How its records stand; none: never checked.
    records: Option<DomainState>,
    /// Whether its mailboxes may send, by its records.
    may_send: bool,
    #[serde(flatten)]
    fleet: Fleet,
}

/// Runs the command.
pub(crate) async fn run(args: &Args, out: Out<'_>) -> Outcome {
    let store = args.ledger.open(Directory::Exists).await?.store;
    let (now, limits) = (clock()(), args.limits.effective()?.health);
    let mut listed = Vec::new();
    let scores = scores(&store).await?;
    for ((tenant, domain), mut used) in used(&store).await? {
        if args.tenant.as_ref().is_some_and(|wanted| *wanted != tenant) {
            continue;
        }
        for (member, id) in used.members.iter_mut().zip(&used.mailboxes) {
            member.warmup_score = scores.get(id).map(|scores| scores.score);
        }
        let records = store.domain_state(&tenant, &domain).await?;
        // A domain that was never checked is in its grace.
        let may_send = records.as_ref().is_none_or(|state| state.may_send(now, &limits));
        listed.push(Listed { tenant, domain: domain.to_string(), records, may_send, fleet: fleet(used.members) });
    }
    if args.json { crate::json(out, &listed) } else { text(&listed, now, out) }
}

fn text(listed: &[Listed], now: Timestamp, out: Out<'_>) -> Outcome {
    if listed.is_empty() {
        writeln!(out, "No domains.")?;
        return Ok(());
    }
    let longest = listed.iter().map(|one| one.domain.len()).max().unwrap_or(0).max(6);
    writeln!(out, "{:<longest$}  {:<9} {:>9} {:>6} {:>6}  records", "domain", "tenant", "mailboxes", "ready", "score")?;
    for one in listed {
        let ready = one.fleet.members.iter().filter(|member| member.state == State::Ready).count();
        let score = one.fleet.warmup_score_avg.map_or_else(|| "-".to_owned(), |average| format!("{average:.1}"));
        let (tenant, mailboxes) = (one.tenant.as_str(), one.fleet.mailboxes);
        write!(out, "{:<longest$}  {tenant:<9} {mailboxes:>9} {ready:>6} {score:>6}  ", one.domain)?;
        match &one.records {
            None => writeln!(out, "never checked")?,
            Some(state) => {
                write!(out, "{} since {}", state.verdict, state.since)?;
                if let Some(since) = state.failing_since {
                    let hours = now.duration_since(since).as_hours();
                    write!(out, ", failing for {hours} h{}", if one.may_send { "" } else { ": it sends nothing" })?;
                }
                writeln!(out)?;
            }
        }
    }
    Ok(())
}
