//! `preheat mailbox`: what an operator does with mailboxes.

mod import;
mod report;
mod row;
mod sheet;
pub(crate) mod value;

use crate::Out;
use crate::outcome::Outcome;

const EXAMPLES: &str = "\
Examples:
  preheat mailbox import mailboxes.csv --dry-run
  preheat mailbox import mailboxes.csv --dry-run --json";

/// Commands of `preheat mailbox`.
#[derive(Debug, clap::Subcommand)]
#[command(after_help = EXAMPLES)]
pub(crate) enum Command {
    /// Read mailboxes from a CSV file
    Import(import::Args),
}

/// Runs one of them.
pub(crate) fn run(command: &Command, out: Out<'_>) -> Outcome {
    match command {
        Command::Import(args) => import::run(args, out),
    }
}
