//! `preheat mailbox`: what an operator does with mailboxes.

mod check;
pub(crate) mod import;
pub(crate) mod list;
pub(crate) mod report;
mod row;
pub(crate) mod sheet;
mod state;
pub(crate) mod value;

use preheat_core::id::{Address, MailboxId};
use preheat_store::Store;

use crate::Out;
use crate::outcome::{BadInput, Outcome};

const EXAMPLES: &str = "\
Examples:
  preheat mailbox import mailboxes.csv --dry-run
  preheat mailbox import mailboxes.csv --data ./data
  preheat mailbox check ann@example.com --data ./data
  preheat mailbox list --data ./data";

/// Commands of `preheat mailbox`.
#[derive(Debug, clap::Subcommand)]
#[command(after_help = EXAMPLES)]
pub(crate) enum Command {
    /// Import mailboxes from a CSV file
    Import(import::Args),
    /// List mailboxes with their state and their day
    List(list::Args),
    /// Try a mailbox's servers step by step, and say what to do
    Check(check::Args),
    /// Stop a mailbox from sending
    Pause(state::PauseArgs),
    /// Stop a mailbox and reset its progress
    Stop(state::StopArgs),
    /// Set what a mailbox sends once it is ready
    Maintain(state::MaintainArgs),
    /// Let a paused or failed mailbox go on
    Resume(state::ResumeArgs),
}

/// Runs one of them.
pub(crate) async fn run(command: &Command, out: Out<'_>) -> Outcome {
    match command {
        Command::Import(args) => Box::pin(import::run(args, out)).await,
        Command::List(args) => Box::pin(list::run(args, out)).await,
        Command::Check(args) => Box::pin(check::run(args, out)).await,
        Command::Pause(args) => Box::pin(state::pause(args, out)).await,
        Command::Stop(args) => Box::pin(state::stop(args, out)).await,
        Command::Maintain(args) => Box::pin(state::maintain(args, out)).await,
        Command::Resume(args) => Box::pin(state::resume(args, out)).await,
    }
}

/// The number of an address.
pub(crate) async fn find(store: &Store, address: &Address) -> anyhow::Result<MailboxId> {
    let unknown = || BadInput::error(format!("{address} is not in this stack; `preheat mailbox list` shows what is"));
    store.find(address).await?.ok_or_else(unknown)
}
