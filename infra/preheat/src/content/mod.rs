//! `preheat content`: what warmup mail says.

mod make;
mod preview;
mod stock;

use preheat_core::content::Language;

use crate::Out;
use crate::outcome::Outcome;

const EXAMPLES: &str = "\
Examples:
  preheat content preview --language de --seed 7 --turns
  preheat content stock --data ./data
  preheat content make --data ./data --dry-run";

/// Commands of `preheat content`.
#[derive(Debug, clap::Subcommand)]
#[command(after_help = EXAMPLES)]
pub(crate) enum Command {
    /// Print a conversation of the library
    Preview(preview::Args),
    /// List the stored conversation plans: uses, spam rate, state
    Stock(stock::Args),
    /// Make today's plans and the next deck now; the governor does so daily
    Make(make::Args),
}

/// Runs one of them.
pub(crate) async fn run(command: &Command, out: Out<'_>) -> Outcome {
    match command {
        Command::Preview(args) => preview::run(args, out),
        Command::Stock(args) => Box::pin(stock::run(args, out)).await,
        Command::Make(args) => Box::pin(make::run(args, out)).await,
    }
}

fn language(text: &str) -> Result<Language, String> {
    text.to_lowercase().parse().map_err(|_| "it is one of en, de, fr, es".to_owned())
}
