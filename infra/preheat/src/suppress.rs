//! `preheat suppress`: the addresses that nobody of a tenant may write to.

use std::path::PathBuf;

use jiff::Timestamp;
use preheat_core::id::{Address, TenantId};
use preheat_core::suppression::Reason;
use preheat_store::{StoreError, Suppression};
use serde::Serialize;

use crate::Out;
use crate::ledger::{self, Directory, LedgerArgs};
use crate::mailbox::import::bytes;
use crate::mailbox::report::harmless;
use crate::mailbox::sheet::{self, Cells, Fault};
use crate::outcome::{BadInput, Negative, Outcome};

const EXAMPLES: &str = "\
Examples:
  preheat suppress list --tenant acme --data ./data
  preheat suppress add gone@example.com --tenant acme --data ./data
  preheat suppress remove back@example.com --tenant acme --data ./data
  preheat suppress import never.csv --tenant acme --data ./data
  preheat suppress export --tenant acme --data ./data > never.csv

Hard bounces, complaints and unsubscriptions suppress an address for ever, the third soft bounce within 30 days too.";

/// Commands of `preheat suppress`.
#[derive(Debug, clap::Subcommand)]
#[command(after_help = EXAMPLES)]
pub(crate) enum Command {
    /// List them, with why and since when
    List(ListArgs),
    /// Suppress addresses by hand
    Add(AddressesArgs),
    /// Let addresses be written to again
    Remove(AddressesArgs),
    /// Suppress the addresses of a CSV file
    Import(ImportArgs),
    /// Write them as CSV, as `import` reads it
    Export(ExportArgs),
}

/// Whose list, and where.
#[derive(Debug, clap::Args)]
struct Whose {
    /// Whose list
    #[arg(long, default_value = "default")]
    tenant: TenantId,
    #[command(flatten)]
    ledger: LedgerArgs,
}

/// Arguments of `preheat suppress list`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: preheat suppress list --tenant acme --data ./data --json")]
pub(crate) struct ListArgs {
    #[command(flatten)]
    whose: Whose,
    /// Only those with this reason: hard, soft, complaint, unsubscribed, by-hand or imported
    #[arg(long)]
    reason: Option<Reason>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Arguments of `preheat suppress add` and `remove`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: preheat suppress add gone@example.com --tenant acme --data ./data")]
pub(crate) struct AddressesArgs {
    /// The addresses
    #[arg(required = true)]
    addresses: Vec<Address>,
    #[command(flatten)]
    whose: Whose,
}

/// Arguments of `preheat suppress import`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: preheat suppress import never.csv --tenant acme --data ./data

The first line names the columns: `address`, and if you like `reason`, `since` and `source`, as `export` writes them.")]
pub(crate) struct ImportArgs {
    /// The file; `-` reads standard input
    file: PathBuf,
    #[command(flatten)]
    whose: Whose,
    /// Go on with the good rows when there are bad ones
    #[arg(long)]
    skip_bad: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Arguments of `preheat suppress export`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: preheat suppress export --tenant acme --data ./data > never.csv

A cell that a spreadsheet would take for a formula gets a ' in front; `import` takes it off again.")]
pub(crate) struct ExportArgs {
    #[command(flatten)]
    whose: Whose,
}

const COLUMNS: [&str; 4] = ["address", "reason", "since", "source"];

/// Runs one of them.
pub(crate) async fn run(command: &Command, out: Out<'_>) -> Outcome {
    match command {
        Command::List(args) => list(args, out).await,
        Command::Add(args) => add(args, out).await,
        Command::Remove(args) => remove(args, out).await,
        Command::Import(args) => import(args, out).await,
        Command::Export(args) => export(args, out).await,
    }
}

async fn list(args: &ListArgs, out: Out<'_>) -> Outcome {
    let ledger = args.whose.ledger.open(Directory::Exists).await?;
    let mut found = ledger.store.suppressions(&args.whose.tenant).await?;
    found.retain(|one| args.reason.is_none_or(|reason| one.reason == reason));
    if args.json {
        return crate::json(out, &found);
    }
    let longest = found.iter().map(|one| one.address.as_str().len()).max().unwrap_or(0);
    for Suppression { address, reason, source, since } in &found {
        let (address, reason, day) = (address.as_str(), reason.name(), since.strftime("%Y-%m-%d"));
        writeln!(out, "{address:longest$}  {reason:<12}  since {day}  {}", source.escape_debug())?;
    }
    writeln!(out, "{} suppressed of {}.", found.len(), args.whose.tenant)?;
    Ok(())
}

async fn add(args: &AddressesArgs, out: Out<'_>) -> Outcome {
    let ledger = args.whose.ledger.open(Directory::Exists).await?;
    for address in &args.addresses {
        let source = "operator".to_owned();
        let new = Suppression { address: address.clone(), reason: Reason::ByHand, source, since: now() };
        let word = if ledger.store.suppress(&args.whose.tenant, &new).await? {
            "suppressed"
        } else {
            "was suppressed already"
        };
        writeln!(out, "{address}: {word}")?;
    }
    Ok(())
}

async fn remove(args: &AddressesArgs, out: Out<'_>) -> Outcome {
    let ledger = args.whose.ledger.open(Directory::Exists).await?;
    let mut unknown = false;
    for address in &args.addresses {
        match ledger.store.unsuppress(&args.whose.tenant, address).await {
            Ok(()) => writeln!(out, "{address}: may be written to again")?,
            Err(StoreError::NotFound(_)) => {
                unknown = true;
                writeln!(out, "{address}: is not suppressed")?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    if unknown { Err(Negative.into()) } else { Ok(()) }
}

/// What an import did.
#[derive(Debug, Serialize)]
struct Imported {
    imported: usize,
    existed: usize,
    faults: Vec<Fault>,
}

async fn import(args: &ImportArgs, out: Out<'_>) -> Outcome {
    let sheet = sheet::read(&bytes(&args.file)?, &COLUMNS, &["address"]);
    let (mut good, mut faults) = (Vec::new(), sheet.faults);
    for cells in &sheet.rows {
        match suppression(cells) {
            Ok(one) => good.push(one),
            Err(more) => faults.extend(more),
        }
    }
    let fits = !good.is_empty() && (args.skip_bad || faults.is_empty());
    let mut done = Imported { imported: 0, existed: 0, faults };
    if fits {
        let ledger = args.whose.ledger.open(Directory::Exists).await?;
        for one in &good {
            let new = ledger.store.suppress(&args.whose.tenant, one).await?;
            *if new { &mut done.imported } else { &mut done.existed } += 1;
        }
    }
    if args.json {
        crate::json(out, &done)?;
    } else {
        for fault in &done.faults {
            writeln!(out, "{fault}")?;
        }
        writeln!(out, "{} imported, {} were there already.", done.imported, done.existed)?;
    }
    // The report has said why.
    if fits { Ok(()) } else { Err(BadInput::error("")) }
}

/// A row, or what is wrong with it.
fn suppression(cells: &Cells) -> Result<Suppression, Vec<Fault>> {
    let mut faults = Vec::new();
    let mut fault = |column: &str, reason: String| {
        faults.push(Fault { line: cells.line, column: Some(column.to_owned()), reason });
    };
    let address =
        unquoted(cells.get("address")).parse::<Address>().map_err(|error| fault("address", error.to_string()));
    let reason = match cells.get("reason") {
        "" => Ok(Reason::Imported),
        text => {
            text.parse().map_err(|error: preheat_core::suppression::UnknownReason| fault("reason", error.to_string()))
        }
    };
    let since = match cells.get("since") {
        "" => Ok(now()),
        text => text.parse().map_err(|_| fault("since", "not a time such as 2026-03-02T09:00:00Z".to_owned())),
    };
    match (address, reason, since) {
        (Ok(address), Ok(reason), Ok(since)) => {
            let source = match unquoted(cells.get("source")) {
                "" => "import",
                source => source,
            };
            Ok(Suppression { address, reason, source: source.to_owned(), since })
        }
        _ => Err(faults),
    }
}

/// Takes off what [`harmless`] put in front.
fn unquoted(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if harmless(rest) != rest => rest,
        _ => cell,
    }
}

async fn export(args: &ExportArgs, out: Out<'_>) -> Outcome {
    let ledger = args.whose.ledger.open(Directory::Exists).await?;
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(COLUMNS)?;
    for one in ledger.store.suppressions(&args.whose.tenant).await? {
        let (address, source) = (harmless(one.address.as_str()), harmless(&one.source));
        writer.write_record([address, one.reason.name().to_owned(), one.since.to_string(), source])?;
    }
    writer.flush()?;
    Ok(())
}

fn now() -> Timestamp {
    ledger::clock()()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Vec<Suppression>, Vec<Fault>) {
        let sheet = sheet::read(text.as_bytes(), &COLUMNS, &["address"]);
        let (mut good, mut faults) = (Vec::new(), sheet.faults);
        for cells in &sheet.rows {
            match suppression(cells) {
                Ok(one) => good.push(one),
                Err(more) => faults.extend(more),
            }
        }
        (good, faults)
    }

    #[test]
    fn a_bad_row_is_named_by_line_column_and_reason() {
        let (good, faults) = read("address,reason,since\na@b.example,hard,2026-03-02T09:00:00Z\nnobody,rude,soon\n");
        assert_eq!((good.len(), good[0].reason), (1, Reason::Hard));
        let places: Vec<_> = faults.iter().map(|fault| (fault.line, fault.column.as_deref().unwrap())).collect();
        assert_eq!(places, [(3, "address"), (3, "reason"), (3, "since")]);
    }

    #[test]
    fn what_export_neutralised_import_reads_back() {
        for address in ["=1+1@b.example", "+x@b.example", "-x@b.example", "'x@b.example", "x@b.example"] {
            let (good, faults) = read(&format!("address\n{}\n", harmless(address)));
            assert!(faults.is_empty(), "{faults:?}");
            assert_eq!(good[0].address.as_str(), address);
        }
    }
}
