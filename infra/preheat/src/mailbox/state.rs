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

A paused mailbox goes on warming. One in error is logged in to first, as a new one is.";

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
    let row = row_of(&ledger, &args.address).await?;
    match row.state {
        State::Retired => Err(BadInput::error(format!("{} is retired: it never sends again", args.address))),
        State::New | State::Warming | State::Ready | State::Degraded | State::Paused | State::Error => {
            let moved = moved(&row, State::Paused, Rule::Stopped, Some(&args.reason));
            Parts { store: &ledger.store, bus: ledger.bus.as_ref() }.stop(&moved).await?;
            writeln!(out, "{}: stopped, its progress is reset", args.address)?;
            Ok(())
        }
    }
}

/// Runs `maintain`.
pub(crate) async fn maintain(args: &MaintainArgs, out: Out<'_>) -> Outcome {
    let store = args.ledger.open(Directory::Exists).await?.store;
    let id = super::find(&store, &args.address).await?;
    store.set_maintenance(id, args.maintenance).await?;
    writeln!(out, "{}: {} once it is ready", args.address, args.maintenance)?;
    Ok(())
}

/// Runs `pause`.
pub(crate) async fn pause(args: &PauseArgs, out: Out<'_>) -> Outcome {
    let paused = |state| match state {
        State::New | State::Warming | State::Ready | State::Degraded | State::Error => Ok(State::Paused),
        State::Paused => Err("is paused already"),
        State::Retired => Err("is retired: it never sends again"),
    };
    change(&args.ledger, &args.address, (Rule::PausedByHand, Some(&args.reason)), paused, out).await
}

/// Runs `resume`.
pub(crate) async fn resume(args: &ResumeArgs, out: Out<'_>) -> Outcome {
    let resumed = |state| match state {
        State::Paused => Ok(State::Warming),
        // Whether the cause is gone shows at the next visit: a new mailbox is logged in to before it sends.
        State::Error => Ok(State::New),
        State::New | State::Warming | State::Ready | State::Degraded => Err("is not paused"),
        State::Retired => Err("is retired: it never sends again"),
    };
    change(&args.ledger, &args.address, (Rule::ResumedByHand, None), resumed, out).await
}

async fn change(
    ledger: &LedgerArgs,
    address: &Address,
    (rule, reason): (Rule, Option<&str>),
    next: impl Fn(State) -> Result<State, &'static str>,
    out: Out<'_>,
) -> Outcome {
    let ledger = ledger.open(Directory::Exists).await?;
    let row = row_of(&ledger, address).await?;
    let state = next(row.state).map_err(|why| BadInput::error(format!("{address} {why}")))?;
    Parts { store: &ledger.store, bus: ledger.bus.as_ref() }.enter(&moved(&row, state, rule, reason)).await?;
    writeln!(out, "{address}: {} -> {}", name(&row.state), name(&state))?;
    Ok(())
}

async fn row_of(ledger: &Ledger, address: &Address) -> anyhow::Result<PlanRow> {
    let id = super::find(&ledger.store, address).await?;
    let incomplete = || BadInput::error(format!("{address}: its import was not completed; import it again"));
    ledger.store.plan_row(id).await?.ok_or_else(incomplete)
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
        assert_eq!(kinds, [Kind::MailboxPaused, Kind::MailboxResumed]);
        assert!(told[0].text.contains("a holiday"), "{}", told[0].text);
    }
}
