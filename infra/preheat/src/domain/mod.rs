//! `preheat domain`: SPF, DKIM, DMARC, MX, PTR and blocklists of the domains that mail is sent from.

mod check;
mod list;

use crate::Out;
use crate::outcome::Outcome;

const EXAMPLES: &str = "\
Examples:
  preheat domain check example.com
  preheat domain check mail.example.com --selector s1 --ip 203.0.113.7
  preheat domain list --data ./data";

/// Commands of `preheat domain`.
#[derive(Debug, clap::Subcommand)]
#[command(after_help = EXAMPLES)]
pub(crate) enum Command {
    /// Check a domain's records step by step, and say what to do
    Check(check::Args),
    /// Every domain in use: how its records stand, and its mailboxes
    List(list::Args),
}

/// Runs one of them.
pub(crate) async fn run(command: &Command, out: Out<'_>) -> Outcome {
    match command {
        Command::Check(args) => Box::pin(check::run(args, out)).await,
        Command::List(args) => Box::pin(list::run(args, out)).await,
    }
}
