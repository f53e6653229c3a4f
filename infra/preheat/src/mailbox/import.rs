//! `preheat mailbox import`: every row of a file is read and judged before anything is done with any of them.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::Context;
use preheat_store::{Credential, StoreError};

use super::report::Report;
use super::row::{self, Candidate, Candidates};
use super::sheet::{self, BYTES_MAX, Fault};
use crate::ledger::{Directory, Ledger, LedgerArgs};
use crate::outcome::{BadInput, Negative, Outcome};
use crate::{Out, environment};

const EXAMPLES: &str = "\
Examples:
  preheat mailbox import mailboxes.csv --dry-run
  preheat mailbox import mailboxes.csv --data ./data
  preheat mailbox import mailboxes.csv --table preheat-ledger --kms-key alias/preheat-ledger
  preheat mailbox import mailboxes.csv --dry-run --csv > faults.csv

An address that is there already gets the file's settings and password; its progress stays.

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
  language       en, de, fr or es: what it writes in  [en]

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
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    ledger: LedgerArgs,
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

impl Args {
    /// What `preheat up --mailboxes` imports: the file as it is, into the stack of a directory.
    pub(crate) fn into_directory(file: PathBuf, data: PathBuf) -> Self {
        let ledger = LedgerArgs { data: Some(data), table: None, kms_key: None };
        Self { file, dry_run: false, ledger, skip_bad: false, json: false, csv: false }
    }
}

/// Runs the command.
pub(crate) async fn run(args: &Args, out: Out<'_>) -> Outcome {
    let read = read(&args.file)?;
    let verdict = acceptable(&read, args.skip_bad);
    let mut report = Report::new(&read, args.dry_run);
    if verdict.is_ok() && !args.dry_run {
        let ledger = args.ledger.open(Directory::MayBeNew).await?;
        for candidate in &read.good {
            import(&ledger, candidate, &mut report).await?;
        }
    }
    let refused = !report.refused.is_empty();
    if args.json {
        crate::json(out, &report)?;
    } else if args.csv {
        report.csv(out)?;
    } else {
        report.text(out)?;
    }
    verdict?;
    if refused { Err(Negative.into()) } else { Ok(()) }
}

/// Imports one row. What stops only this row goes into the report.
///
/// # Errors
/// The ledger does not answer: the others would fail, too.
async fn import(ledger: &Ledger, candidate: &Candidate, report: &mut Report<'_>) -> Outcome {
    let credential = Credential::Password(candidate.password.clone());
    match ledger.store.import(ledger.vault()?, &candidate.new, &credential).await {
        Ok(imported) if imported.existed => report.existed += 1,
        Ok(_) => report.imported += 1,
        Err(StoreError::AddressTaken) => {
            let reason = format!("another tenant has {} already", candidate.new.address);
            report.refused.push(Fault { line: candidate.line, column: Some("tenant".to_owned()), reason });
        }
        Err(error) => {
            let done = report.imported + report.existed;
            let context = format!(
                "line {}: {} could not be imported ({done} before it were); import the file again, that repeats nothing",
                candidate.line, candidate.new.address
            );
            return Err(anyhow::Error::new(error).context(context));
        }
    }
    Ok(())
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
    Ok(row::candidates(sheet::read(&bytes(path)?, &row::COLUMNS, &row::REQUIRED), &environment))
}

/// The bytes of a file, of standard input for `-`; not more than a file may have.
pub(crate) fn bytes(path: &Path) -> anyhow::Result<Vec<u8>> {
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
    Ok(bytes)
}
