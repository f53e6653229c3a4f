//! `preheat why`: why a mailbox is in the state it is in: every decision about it, in plain words, with the numbers.

use jiff::Timestamp;
use preheat_core::decision::Decision;
use preheat_core::health::{HealthRow, Scores, Tally, week_by_provider};
use preheat_core::id::Address;
use preheat_core::lifecycle::Standing;
use preheat_core::mailbox::{Provider, State};
use preheat_core::rate::Rate;
use preheat_store::Store;
use serde::Serialize;

use crate::Out;
use crate::ledger::{Directory, LedgerArgs, clock};
use crate::mailbox::list::name;
use crate::outcome::{BadInput, Outcome};

const EXAMPLES: &str = "\
Examples:
  preheat why ann@example.com --data ./data
  preheat why ann@example.com --table preheat-ledger --last 1 --json";

/// Arguments of `preheat why`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The mailbox
    address: Address,
    #[command(flatten)]
    ledger: LedgerArgs,
    /// Only the last so many decisions
    #[arg(long, value_name = "N")]
    last: Option<usize>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Everything that is known of why a mailbox is where it is.
#[derive(Debug, Serialize)]
pub(crate) struct Why {
    address: String,
    state: State,
    /// What whoever changed the state last has given as the reason.
    reason: Option<String>,
    /// The health multiplier, in percent.
    multiplier_percent: u8,
    day: u32,
    scores: Option<Scores>,
    /// Sent since warmup began, as of the last roll-up.
    sent: u32,
    /// Of the last seven days, by provider of the recipient.
    by_provider: Vec<ToProvider>,
    standing: Option<Standing>,
    decisions: Vec<Decision>,
}

/// What became of a week's mail to one provider.
#[derive(Debug, Serialize)]
struct ToProvider {
    to: Provider,
    #[serde(flatten)]
    tally: Tally,
    /// In words, with samples and intervals.
    #[serde(skip)]
    text: String,
}

impl ToProvider {
    fn new((to, tally): (Provider, Tally)) -> Self {
        let rate = |count: u32, of: u32| Rate::new(count.into(), of.into());
        let (inbox, refused) = (rate(tally.inbox, tally.placements()), rate(tally.bounced, tally.sent));
        Self { to, tally, text: format!("{}: inbox {inbox}, refused at once {refused}", to.name()) }
    }
}

/// Runs the command.
pub(crate) async fn run(args: &Args, out: Out<'_>) -> Outcome {
    let store = args.ledger.open(Directory::Exists).await?.store;
    let mut why = of(&store, &args.address, clock()()).await?;
    if let Some(last) = args.last {
        let surplus = why.decisions.len().saturating_sub(last);
        why.decisions.drain(..surplus);
    }
    if args.json { crate::json(out, &why) } else { text(&why, out) }
}

/// What is known of a mailbox.
pub(crate) async fn of(store: &Store, address: &Address, now: Timestamp) -> anyhow::Result<Why> {
    let id = crate::mailbox::find(store, address).await?;
    let Some(row) = store.plan_row(id).await? else {
        return Err(BadInput::error(format!("{address}: its import was not completed; import it again")));
    };
    let health = store.health(id).await?.map(|seen| seen.row);
    let today = row.plan.schedule.local_date(now);
    let days = health.as_ref().map_or(&[][..], |health| &health.days);
    Ok(Why {
        address: address.to_string(),
        state: row.state,
        reason: store.state_reason(id).await?,
        multiplier_percent: row.percent,
        day: row.day_index,
        scores: health.as_ref().and_then(|health| health.scores),
        sent: health.as_ref().map_or(0, HealthRow::sent),
        by_provider: week_by_provider(days, today).into_iter().map(ToProvider::new).collect(),
        standing: health.map(|health| health.standing),
        decisions: store.decisions(id).await?,
    })
}

/// The chain in plain words.
pub(crate) fn text(why: &Why, out: Out<'_>) -> Outcome {
    let since = why.standing.as_ref().map_or_else(String::new, |standing| format!(" since {}", minute(standing.since)));
    writeln!(out, "{} is {}{since}, on day {} of its ramp.", why.address, name(&why.state), why.day)?;
    match why.scores {
        None => writeln!(out, "Its health is not known yet.")?,
        Some(scores) => {
            let ready = match (scores.ready, scores.estimated_ready) {
                (true, _) => "at the bar of 80".to_owned(),
                (false, Some(date)) => format!("at the bar of 80 on {date}, at today's heat"),
                (false, None) => "never at the bar of 80, at today's heat".to_owned(),
            };
            writeln!(
                out,
                "Deliverability {}, heat {}, warmup score {}: {ready}. {} sent. It sends {} % of its ramp.",
                scores.deliverability, scores.heat, scores.score, why.sent, why.multiplier_percent
            )?;
        }
    }
    for to in &why.by_provider {
        writeln!(out, "In 7 d to {}.", to.text)?;
    }
    if why.decisions.is_empty() {
        writeln!(out, "\nNothing was decided about it yet.")?;
        return Ok(());
    }
    for decision in &why.decisions {
        let moved = if decision.from == decision.to {
            name(&decision.to)
        } else {
            format!("{} -> {}", name(&decision.from), name(&decision.to))
        };
        let void = if decision.void { " (never carried out: somebody had changed the state)" } else { "" };
        writeln!(out, "\n{}  {moved}  [{}]{void}", minute(decision.at), decision.rule.name())?;
        // A server's words may stand in it.
        let words: String = decision.words.chars().filter(|c| !c.is_control()).collect();
        writeln!(out, "    {words}")?;
        for input in &decision.inputs {
            let bound = if input.bound.is_empty() { String::new() } else { format!("  (bound: {})", input.bound) };
            writeln!(out, "    {}: {}{bound}", input.what, input.value)?;
        }
        if decision.percent.0 != decision.percent.1 {
            writeln!(out, "    multiplier: {} % -> {} %", decision.percent.0, decision.percent.1)?;
        }
    }
    Ok(())
}

/// An instant to the minute, in UTC.
fn minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%MZ").to_string()
}
