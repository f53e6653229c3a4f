//! `preheat mailbox list`: every mailbox with its state and its day.

use std::collections::BTreeMap;

use futures::{StreamExt, TryStreamExt};
use preheat_core::health::Scores;
use preheat_core::id::{MailboxId, TenantId};
use preheat_core::mailbox::{Provider, State};
use preheat_core::tick::FleetRow;
use preheat_store::{BadRow, HEALTH_PARTS, SHARDS, Store};
use serde::Serialize;

use super::report::harmless;
use crate::Out;
use crate::ledger::{Directory, LedgerArgs};
use crate::outcome::Outcome;

const EXAMPLES: &str = "\
Examples:
  preheat mailbox list --data ./data
  preheat mailbox list --table preheat-ledger --state error --json";

/// Shards that are read at once.
const PARALLEL: usize = 16;

/// Arguments of `preheat mailbox list`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    ledger: LedgerArgs,
    /// Only mailboxes in this state: new, warming, ready, degraded, paused, error or retired
    #[arg(long, value_parser = state)]
    state: Option<State>,
    /// Only mailboxes of this tenant
    #[arg(long)]
    tenant: Option<TenantId>,
    /// Print JSON
    #[arg(long, conflicts_with = "csv")]
    json: bool,
    /// Print CSV
    #[arg(long)]
    csv: bool,
}

fn state(text: &str) -> Result<State, String> {
    let quoted = serde_json::Value::String(text.to_lowercase());
    serde_json::from_value(quoted)
        .map_err(|_| "it is one of new, warming, ready, degraded, paused, error, retired".to_owned())
}

/// A mailbox as it is listed.
#[derive(Debug, Serialize)]
struct Listed {
    id: MailboxId,
    address: String,
    tenant: String,
    provider: Provider,
    state: State,
    /// Its heat; absent: unknown.
    heat: Option<u8>,
    /// Its warmup score.
    score: Option<u8>,
    /// Whether the score is at the bar.
    score_ready: bool,
    /// When it would be, at today's heat.
    estimated_ready: Option<String>,
    /// What share of its ramp it sends, in percent.
    multiplier_percent: u8,
    /// Why it does not send, or why its last send was not made.
    reason: Option<String>,
    /// The local date that the numbers speak of.
    date: Option<String>,
    day: u32,
    target: u32,
    sent: u32,
    /// In the current week.
    received: u32,
}

/// Runs the command.
pub(crate) async fn run(args: &Args, out: Out<'_>) -> Outcome {
    let ledger = args.ledger.open(Directory::Exists).await?;
    let (rows, unreadable) = fleet(&ledger.store).await?;
    let scores = scores(&ledger.store).await?;
    let mut listed = Vec::new();
    for row in rows {
        let fits = args.state.is_none_or(|state| row.plan.state == state)
            && args.tenant.as_ref().is_none_or(|tenant| row.plan.plan.tenant == *tenant);
        if fits {
            let scores = scores.get(&row.plan.plan.id).copied();
            listed.push(mailbox(&ledger.store, row, scores).await?);
        }
    }
    if args.json {
        crate::json(out, &listed)?;
    } else if args.csv {
        csv(&listed, out)?;
    } else {
        text(&listed, out)?;
    }
    for row in unreadable {
        eprintln!("preheat: {row}");
    }
    Ok(())
}

/// Every mailbox in the order of its number, and the rows that cannot be read.
pub(crate) async fn fleet(store: &Store) -> anyhow::Result<(Vec<FleetRow>, Vec<BadRow>)> {
    let shards = futures::stream::iter((0..SHARDS).map(|shard| store.shard(shard)));
    let shards: Vec<_> = shards.buffered(PARALLEL).try_collect().await?;
    let (mut rows, mut unreadable) = (Vec::new(), Vec::new());
    for shard in shards {
        rows.extend(shard.rows);
        unreadable.extend(shard.unreadable);
    }
    rows.sort_by_key(|row| row.plan.plan.id);
    Ok((rows, unreadable))
}

/// The scores of every mailbox whose health is known.
pub(crate) async fn scores(store: &Store) -> anyhow::Result<BTreeMap<MailboxId, Scores>> {
    let parts = futures::stream::iter((0..HEALTH_PARTS).map(|part| store.health_part(part)));
    let parts: Vec<_> = parts.buffered(PARALLEL).try_collect().await?;
    let rows = parts.into_iter().flat_map(|part| part.rows);
    Ok(rows.filter_map(|(id, seen)| Some((id, seen.row.scores?))).collect())
}

async fn mailbox(store: &Store, row: FleetRow, scores: Option<Scores>) -> anyhow::Result<Listed> {
    let FleetRow { plan, box_row, .. } = row;
    // The reason is not in the fan-out's rows; only those that stand still have one that matters.
    let reason = match plan.state {
        State::Paused | State::Error | State::Retired => store.state_reason(plan.plan.id).await?,
        State::New | State::Warming | State::Ready | State::Degraded => plan.last_trouble.clone(),
    };
    Ok(Listed {
        id: plan.plan.id,
        address: plan.plan.address.to_string(),
        tenant: plan.plan.tenant.to_string(),
        provider: plan.plan.provider,
        state: plan.state,
        heat: scores.map(|scores| scores.heat),
        score: scores.map(|scores| scores.score),
        score_ready: scores.is_some_and(|scores| scores.ready),
        estimated_ready: scores.and_then(|scores| scores.estimated_ready).map(|date| date.to_string()),
        multiplier_percent: plan.percent,
        reason,
        date: plan.date.map(|date| date.to_string()),
        day: plan.day_index,
        target: plan.quota,
        sent: plan.sent(),
        received: box_row.received_week,
    })
}

/// A state or provider by its name.
pub(crate) fn name(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => name,
        Ok(other) => other.to_string(),
        Err(_) => String::new(),
    }
}

fn text(listed: &[Listed], out: Out<'_>) -> Outcome {
    if listed.is_empty() {
        writeln!(out, "No mailboxes.")?;
        return Ok(());
    }
    let longest = listed.iter().map(|one| one.address.len()).max().unwrap_or(0);
    writeln!(
        out,
        "{:<8} {:<longest$} {:<9} {:<8} {:>4} {:>10} {:>8} {:>4} {:>5} {:>10}",
        "id", "address", "provider", "state", "day", "sent today", "received", "heat", "score", "ready"
    )?;
    for one in listed {
        let today = format!("{}/{}", one.sent, one.target);
        let (id, provider, state) = (one.id.to_string(), name(&one.provider), name(&one.state));
        let Listed { address, day, received, .. } = one;
        write!(out, "{id:<8} {address:<longest$} {provider:<9} {state:<8} {day:>4} {today:>10} {received:>8}")?;
        let shown = |score: Option<u8>| score.map_or_else(|| "?".to_owned(), |score| score.to_string());
        let ready = match (&one.estimated_ready, one.score_ready) {
            (_, true) => "yes",
            (Some(date), false) => date,
            (None, false) => "?",
        };
        write!(out, " {:>4} {:>5} {ready:>10}", shown(one.heat), shown(one.score))?;
        match &one.reason {
            Some(reason) => writeln!(out, "  {}", reason.escape_debug())?,
            None => writeln!(out)?,
        }
    }
    writeln!(
        out,
        "\n{} mailbox{}. `received` counts the current week; `ready` is when the score will be 80.",
        listed.len(),
        if listed.len() == 1 { "" } else { "es" }
    )?;
    Ok(())
}

fn csv(listed: &[Listed], out: Out<'_>) -> Outcome {
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record([
        "id",
        "address",
        "tenant",
        "provider",
        "state",
        "reason",
        "date",
        "day",
        "target",
        "sent",
        "received",
        "heat",
        "score",
        "estimated_ready",
    ])?;
    for one in listed {
        writer.write_record([
            one.id.to_string(),
            harmless(&one.address),
            harmless(&one.tenant),
            name(&one.provider),
            name(&one.state),
            harmless(one.reason.as_deref().unwrap_or_default()),
            one.date.clone().unwrap_or_default(),
            one.day.to_string(),
            one.target.to_string(),
            one.sent.to_string(),
            one.received.to_string(),
            one.heat.map(|heat| heat.to_string()).unwrap_or_default(),
            one.score.map(|score| score.to_string()).unwrap_or_default(),
            one.estimated_ready.clone().unwrap_or_default(),
        ])?;
    }
    writer.flush()?;
    Ok(())
}
