//! `preheat limits`: the numbers of the rules, as they stand and as a document would set them.
//!
//! What a number is for stands in `preheat_core::limits`; what it may be is core's to say, too. Here documents are found,
//! and numbers are printed.

mod check;
mod show;

use std::path::{Path, PathBuf};

use clap::Subcommand;
use preheat_core::limits::{Limits, VARIABLE};

use crate::outcome::{BadInput, Outcome};
use crate::{Out, environment};

const EXAMPLES: &str = "\
Examples:
  preheat limits show
  preheat limits show --limits limits.json --json
  preheat limits check limits.json

A document is a JSON object with what differs from the defaults, and nothing else:
  {\"spacing_s\": 90, \"health\": {\"tier_pause\": 0.09}}

Commands read it from --limits FILE or from PREHEAT_LIMITS; the deployed stack from its template parameter Limits. Length of a tick,
share of controls and plans of tenants have settings of their own.";

/// Print the numbers of the rules; check a document that changes them.
#[derive(Debug, Subcommand)]
#[command(after_help = EXAMPLES)]
pub(crate) enum Command {
    /// Every number as it stands, with its default, where it is from and what it may be
    Show(show::Args),
    /// Say whether a document can be used, and what it changes
    Check(check::Args),
}

/// Runs the command.
pub(crate) fn run(command: &Command, out: Out<'_>) -> Outcome {
    match command {
        Command::Show(args) => show::run(args, out),
        Command::Check(args) => check::run(args, out),
    }
}

/// Which numbers a command goes by.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct LimitsArgs {
    /// The numbers of the rules, where they differ from the defaults (see `preheat limits`) (PREHEAT_LIMITS)
    #[arg(long, value_name = "FILE")]
    pub(crate) limits: Option<PathBuf>,
}

impl LimitsArgs {
    /// The numbers: of the file, else of the environment, else the defaults.
    ///
    /// # Errors
    /// The file cannot be read, or a document says what cannot be.
    pub(crate) fn effective(&self) -> anyhow::Result<Limits> {
        match (&self.limits, environment(VARIABLE)) {
            (Some(file), _) => Ok(read(file)?.1),
            (None, Some(document)) => {
                Limits::read(&document).map_err(|error| BadInput::error(format!("{VARIABLE}: {error}")))
            }
            (None, None) => Ok(Limits::default()),
        }
    }
}

/// A document and its numbers.
fn read(file: &Path) -> anyhow::Result<(String, Limits)> {
    let at = |error: &dyn std::fmt::Display| BadInput::error(format!("{}: {error}", file.display()));
    let document = std::fs::read_to_string(file).map_err(|error| at(&error))?;
    let limits = Limits::read(&document).map_err(|error| at(&error))?;
    Ok((document, limits))
}
