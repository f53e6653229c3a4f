//! `preheat mailbox import`: every row of a file is read and judged before anything is done with any of them.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::report::Report;
use super::row::{self, Candidates};
use super::sheet::{self, BYTES_MAX};
use crate::Out;
use crate::outcome::{BadInput, Outcome};

const EXAMPLES: &str = "\
Examples:
  preheat mailbox import mailboxes.csv --dry-run
  preheat mailbox import mailboxes.csv --dry-run --csv > faults.csv

The first line names the columns, in any order. Only `address` and a password are always needed:
  address        the mailbox
  password       its (app) password; or
  password_env   the environment variable that holds it
  provider       gmail, microsoft, yahoo, zoho or other; the first four fill in the servers
  smtp_host, smtp_port, smtp_security    submission server; security is implicit or starttls
  imap_host, imap_port, imap_security    the same for IMAP
  user           log-in name                          [the address]
  name           display name                         [none]
  zone           IANA time zone                       [UTC]
  window         local sending hours                  [09:00-17:00]
  days           such as mon-fri or mon,wed,fri       [mon-fri]
  ramp           as of `preheat plan`                 [conservative]
  organisation   who owns it                          [the registrable domain]
  tenant, pool   names of a-z, 0-9 and -              [default, the tenant's]
  cap            most sends a day                     [the provider's]
  reply_rate     0 to 0.5                             [0.30]
  role           sender or seed                       [sender]
  mode           exchange or measure                  [exchange]

Example of a file:
  address,password_env,zone,ramp
  ann@example.com,ANN_PASSWORD,Europe/Berlin,\"linear:5,1,40\"";

/// Arguments of `preheat mailbox import`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The file; `-` reads standard input
    file: PathBuf,
    /// Only say what would be imported
    #[arg(long, required = true)]
    dry_run: bool,
    /// Go on with the good rows when there are bad ones
    #[arg(long)]
    skip_bad: bool,
    /// Print JSON
    #[arg(long, conflicts_with = "csv")]
    json: bool,
    /// Print CSV: line, address, column, reason
    #[arg(long)]
    csv: bool,
}

/// Runs the command.
pub(crate) fn run(args: &Args, out: Out<'_>) -> Outcome {
    let read = read(&args.file)?;
    let report = Report::new(&read, args.dry_run);
    if args.json {
        crate::json(out, &report)?;
    } else if args.csv {
        report.csv(out)?;
    } else {
        report.text(out)?;
    }
    acceptable(&read, args.skip_bad)
}

/// Exit code 2 unless something is left to import and every fault may be skipped.
fn acceptable(read: &Candidates, skip_bad: bool) -> Outcome {
    if read.good.is_empty() && read.faults.is_empty() {
        return Err(BadInput::error("the file names columns and holds no rows"));
    }
    let fits = !read.good.is_empty() && (skip_bad || read.faults.is_empty());
    // The report has said why.
    if fits { Ok(()) } else { Err(BadInput::error("")) }
}

/// Reads and judges a file.
pub(crate) fn read(path: &Path) -> anyhow::Result<Candidates> {
    let name = path.display();
    let mut bytes = Vec::new();
    let refused = |error: std::io::Error| BadInput::error(format!("{name}: {error}"));
    let mut limited: Box<dyn Read> = if path == Path::new("-") {
        Box::new(std::io::stdin().lock().take(BYTES_MAX + 1))
    } else {
        Box::new(File::open(path).map_err(refused)?.take(BYTES_MAX + 1))
    };
    limited.read_to_end(&mut bytes).map_err(refused)?;
    let size = u64::try_from(bytes.len()).context("the file's size")?;
    if size > BYTES_MAX {
        return Err(BadInput::error(format!("{name}: larger than {} MiB: split it", BYTES_MAX >> 20)));
    }
    Ok(row::candidates(sheet::read(&bytes, &row::COLUMNS, &row::REQUIRED), &environment))
}

#[expect(clippy::disallowed_methods, reason = "the program's own reader of what `password_env` names")]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
