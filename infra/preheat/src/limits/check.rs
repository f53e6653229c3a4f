//! `preheat limits check`: can this document be used?

use std::path::PathBuf;

use super::{read, show};
use crate::Out;
use crate::outcome::{BadInput, Outcome};

/// Bytes of a document that a deployed stack can be given: a function's environment holds 4 kB in all.
const DEPLOYED_BYTES_MAX: usize = 2_048;

const EXAMPLES: &str = "\
Examples:
  preheat limits check limits.json";

/// Arguments of `preheat limits check`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The document
    file: PathBuf,
}

/// Runs the command.
pub(super) fn run(args: &Args, out: Out<'_>) -> Outcome {
    let (document, limits) = read(&args.file)?;
    let value: serde_json::Value = serde_json::from_str(&document).map_err(BadInput::error)?;
    // As a template parameter it is one line.
    let bytes = value.to_string().len();
    let mut changed = 0;
    for line in show::lines(&limits)?.iter().filter(|line| line.value != line.default) {
        writeln!(out, "{}: {} instead of {} ({})", line.name, line.value, line.default, line.source)?;
        changed += 1;
    }
    if changed == 0 {
        writeln!(out, "It changes nothing.")?;
    }
    if bytes > DEPLOYED_BYTES_MAX {
        let reason = format!(
            "{}: {bytes} bytes without white space; a deployed stack takes {DEPLOYED_BYTES_MAX}. Leave out what is the default",
            args.file.display()
        );
        return Err(BadInput::error(reason));
    }
    writeln!(out, "\nAs the template parameter Limits:\n{value}")?;
    Ok(())
}
