//! `preheat mailbox pause`, `resume` and `stop`: what an operator decides about a mailbox. Those who listen are told at once.

use preheat_app::moved::Parts;
use preheat_core::change::Moved;
use preheat_core::day::PlanRow;
use preheat_core::decision::Rule;
use preheat_core::id::Address;
use preheat_core::mailbox::State;
use preheat_core::maintenance::Maintenance;

use super::list::name;
use crate::Out;
use crate::ledger::{Directory, Ledger, LedgerArgs, clock};
use crate::outcome::{BadInput, Outcome};

const PAUSE_EXAMPLES: &str = "\
Examples:
  preheat mailbox pause ann@example.com --data ./data
  preheat mailbox pause ann@example.com --table preheat-ledger --reason 'moving to another provider'

Nothing more is sent from then on, queued orders included. Progress is kept.";

const RESUME_EXAMPLES: &str = "\
Example:
  preheat mailbox resume ann@example.com --data ./data

A paused mailbox goes on warming. One in error, or that never had a day, is logged in to first, as a new one is.";

/// Arguments of `preheat mailbox pause`.
#[derive(Debug, clap::Args)]
#[command(after_help = PAUSE_EXAMPLES)]
pub(crate) struct PauseArgs {
    /// The mailbox
    address: Address,
    #[command(flatten)]
    ledger: LedgerArgs,
    /// Why; `mailbox list` shows it
    #[arg(long, default_value = "paused by hand")]
    reason: String,
}

/// Arguments of `preheat mailbox resume`.
#[derive(Debug, clap::Args)]
#[command(after_help = RESUME_EXAMPLES)]
pub(crate) struct ResumeArgs {
    /// The mailbox
    address: Address,
    #[command(flatten)]
    ledger: LedgerArgs,
}

const STOP_EXAMPLES: &str = "\
Example:
  preheat mailbox stop ann@example.com --data ./data --reason 'starts over with a new domain'

As a pause, but its progress is reset: resumed, it begins its ramp anew.";

const MAINTAIN_EXAMPLES: &str = "\
Examples:
  preheat mailbox maintain ann@example.com reserve --data ./data     20 a day beside campaigns
  preheat mailbox maintain ann@example.com plateau --data ./data     what its ramp ends at
  preheat mailbox maintain ann@example.com 35 --data ./data
  preheat mailbox maintain ann@example.com stopped --data ./data

Holds while the mailbox is ready, from the next day on.";

/// Arguments of `preheat mailbox stop`.
#[derive(Debug, clap::Args)]
#[command(after_help = STOP_EXAMPLES)]
pub(crate) struct StopArgs {
    /// The mailbox
    address: Address,
    #[command(flatten)]
    ledger: LedgerArgs,
    /// Why; `mailbox list` and `why` show it
    #[arg(long, default_value = "stopped by hand")]
    reason: String,
}

/// Arguments of `preheat mailbox maintain`.
#[derive(Debug, clap::Args)]
#[command(after_help = MAINTAIN_EXAMPLES)]
pub(crate) struct MaintainArgs {
    /// The mailbox
    address: Address,
    /// plateau, reserve, stopped, or a number of sends a day
    maintenance: Maintenance,
    #[command(flatten)]
    ledger: LedgerArgs,
}

/// Runs `stop`.
pub(crate) async fn stop(args: &StopArgs, out: Out<'_>) -> Outcome {
    let ledger = args.ledger.open(Directory::Exists).await?;
    let row = row(&ledger, &args.address).await?;
    // What is left of today is none of the new warmup's.
    let today = row.plan.schedule.local_date(clock()());
    let counts_from = today.tomorrow().unwrap_or(today);
    let moved = moved(&row, State::Paused, Rule::Stopped, Some(&args.reason));
    if !parts(&ledger).stop(&moved, counts_from).await? {
        return Err(BadInput::error(format!("{} {RETIRED}", args.address)));
    }
    writeln!(out, "{}: stopped, its progress is reset", args.address)?;
    Ok(())
}

/// Runs `maintain`.
pub(crate) async fn maintain(args: &MaintainArgs, out: Out<'_>) -> Outcome {
    let store = args.ledger.open(Directory::Exists).await?.store;
    let id = super::find(&store, &args.address).await?;
    store.set_maintenance(id, args.maintenance).await?;
    writeln!(out, "{}: {} once it is ready", args.address, args.maintenance)?;
    Ok(())
}

/// Why nothing is done with a retired mailbox.
const RETIRED: &str = "is retired: it never sends again";

/// Runs `pause`.
pub(crate) async fn pause(args: &PauseArgs, out: Out<'_>) -> Outcome {
    let (ledger, address) = (args.ledger.open(Directory::Exists).await?, &args.address);
    let row = row(&ledger, address).await?;
    if row.by_hand {
        return Err(BadInput::error(format!("{address} is paused already")));
    }
    if !parts(&ledger).pause(&moved(&row, State::Paused, Rule::PausedByHand, Some(&args.reason))).await? {
        return Err(BadInput::error(format!("{address} {RETIRED}")));
    }
    // A pause by a rule would have ended by itself.
    let how = if row.state == State::Paused { ", by hand from now on" } else { "" };
    writeln!(out, "{address}: {} -> {}{how}", name(&row.state), name(&State::Paused))?;
    Ok(())
}

/// Runs `resume`.
pub(crate) async fn resume(args: &ResumeArgs, out: Out<'_>) -> Outcome {
    let (ledger, address) = (args.ledger.open(Directory::Exists).await?, &args.address);
    let row = row(&ledger, address).await?;
    let state = resumed(&row).map_err(|why| BadInput::error(format!("{address} {why}")))?;
    if !parts(&ledger).enter(&[row.state], &moved(&row, state, Rule::ResumedByHand, None)).await? {
        return Err(BadInput::error(format!("{address}: somebody else has just changed its state; look again")));
    }
    writeln!(out, "{address}: {} -> {}", name(&row.state), name(&state))?;
    Ok(())
}

/// Where a mailbox goes on. One that never had a day, or is in error, is logged in to before it sends: as a new one.
fn resumed(row: &PlanRow) -> Result<State, &'static str> {
    match row.state {
        State::Paused if row.date.is_some() => Ok(State::Warming),
        State::Paused | State::Error => Ok(State::New),
        State::New | State::Warming | State::Ready | State::Degraded => Err("is not paused"),
        State::Retired => Err(RETIRED),
    }
}

async fn row(ledger: &Ledger, address: &Address) -> anyhow::Result<PlanRow> {
    let id = super::find(&ledger.store, address).await?;
    let row = ledger.store.plan_row(id).await?;
    row.ok_or_else(|| BadInput::error(format!("{address}: its import was not completed; import it again")))
}

fn parts(ledger: &Ledger) -> Parts<'_> {
    Parts { store: &ledger.store, bus: ledger.bus.as_ref() }
}

fn moved<'a>(row: &'a PlanRow, to: State, rule: Rule, reason: Option<&'a str>) -> Moved<'a> {
    let (plan, at) = (&row.plan, clock()());
    let (tenant, address) = (&plan.tenant, plan.address.as_str());
    Moved { tenant, mailbox: plan.id, address, from: row.state, to, at, rule, reason }
}

#[cfg(test)]
mod tests {
    use preheat_core::alert::AlertOrder;
    use preheat_core::change::Kind;
    use preheat_stack::stack::ALERTS;

    use super::*;
    use crate::ledger::embedded;
    use crate::mailbox::import;

    #[tokio::test]
    async fn what_an_operator_decides_is_told_at_once() {
        let directory = tempfile::tempdir().unwrap();
        let (data, sheet) = (directory.path().join("data"), directory.path().join("mailboxes.csv"));
        std::fs::write(&sheet, "address,password,provider\nann@example.com,test-password,gmail\n").unwrap();
        let mut out = Vec::new();
        import::run(&import::Args::into_directory(sheet, data.clone()), &mut out).await.unwrap();
        let address: Address = "ann@example.com".parse().unwrap();
        let ledger = LedgerArgs { data: Some(data.clone()), table: None, kms_key: None };
        let paused = PauseArgs { address: address.clone(), ledger: ledger.clone(), reason: "a holiday".to_owned() };
        pause(&paused, &mut out).await.unwrap();
        pause(&paused, &mut out).await.unwrap_err();
        resume(&ResumeArgs { address, ledger }, &mut out).await.unwrap();
        let aws = embedded(&data, Directory::Exists).unwrap();
        let told = aws.queues().lying(ALERTS);
        let told: Vec<_> = told.iter().map(|message| AlertOrder::parse(&message.body).unwrap().change).collect();
        let kinds: Vec<Kind> = told.iter().map(|change| change.kind).collect();
        // It never had a day, so resumed it is new again: its next visit tells how that goes.
        assert_eq!(kinds, [Kind::MailboxPaused]);
        assert!(told[0].text.contains("a holiday"), "{}", told[0].text);
    }
}
