//! `preheat mailbox check`: how far a mailbox's servers let us, step by step, and what to do where they do not.

use std::path::PathBuf;

use anyhow::Context;
use preheat_core::endpoint::Endpoint;
use preheat_core::id::Address;
use preheat_mail::check::{CheckStep, Diagnosis, Side, check};
use preheat_mail::{Account, Auth, NetDial};
use preheat_store::Credential;
use serde::Serialize;

use crate::ledger::{Directory, LedgerArgs};
use crate::outcome::{BadInput, Negative, Outcome};
use crate::{Out, environment};

const EXAMPLES: &str = "\
Examples:
  preheat mailbox check ann@example.com --data ./data
  preheat mailbox check ann@example.com --file mailboxes.csv
  preheat mailbox check ann@example.com --table preheat-ledger --kms-key alias/preheat-ledger --json

Nothing is sent and nothing in the mailbox is changed.
Exit codes: 0 every step passed, 1 one did not, 2 bad input or usage.";

/// Arguments of `preheat mailbox check`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The mailbox
    address: Address,
    #[command(flatten)]
    ledger: LedgerArgs,
    /// Take the mailbox from this CSV file, before it is imported
    #[arg(long, value_name = "FILE.csv", conflicts_with_all = ["data", "table", "kms_key"])]
    file: Option<PathBuf>,
    /// Allow private addresses and any port (local mail servers)
    #[arg(long)]
    allow_local: bool,
    /// PEM file with further root certificates (PREHEAT_EXTRA_ROOTS)
    #[arg(long, value_name = "FILE.pem")]
    extra_roots: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What is needed to open both sessions.
struct Access {
    smtp: Endpoint,
    imap: Endpoint,
    user: String,
    credential: Credential,
}

#[derive(Debug, Serialize)]
struct Step<'a> {
    side: String,
    stage: String,
    ok: bool,
    elapsed_ms: u128,
    detail: &'a str,
    advice: Option<&'a str>,
}

impl<'a> From<&'a CheckStep> for Step<'a> {
    fn from(step: &'a CheckStep) -> Self {
        Self {
            side: step.side.to_string(),
            stage: step.stage.to_string(),
            ok: step.ok,
            elapsed_ms: step.elapsed.as_millis(),
            detail: &step.detail,
            advice: step.advice.as_deref(),
        }
    }
}

/// Runs the command.
pub(crate) async fn run(args: &Args, out: Out<'_>) -> Outcome {
    let roots = match args.extra_roots.clone().or_else(|| environment("PREHEAT_EXTRA_ROOTS").map(PathBuf::from)) {
        Some(path) => std::fs::read(&path).map_err(|error| BadInput::error(format!("{}: {error}", path.display())))?,
        None => Vec::new(),
    };
    let dial = NetDial::new(args.allow_local, &roots).map_err(BadInput::error)?;
    let access = match &args.file {
        Some(file) => from_file(file, &args.address)?,
        None => from_ledger(args).await?,
    };
    let credential = match &access.credential {
        Credential::Password(password) => Auth::Password(password.expose()),
        Credential::OAuth2 { access_token } => Auth::XOauth2(access_token.expose()),
    };
    let account = |endpoint| Account { endpoint, user: &access.user, credential };
    let (smtp, imap) = (account(&access.smtp), account(&access.imap));
    let diagnosis = Box::pin(check(&dial, &smtp, &imap, args.address.domain())).await;
    if args.json {
        let steps: Vec<Step<'_>> = diagnosis.steps.iter().map(Step::from).collect();
        crate::json(out, &serde_json::json!({"address": args.address, "passed": diagnosis.passed(), "steps": steps}))?;
    } else {
        text(&args.address, &access, &diagnosis, out)?;
    }
    if diagnosis.passed() { Ok(()) } else { Err(Negative.into()) }
}

fn from_file(file: &std::path::Path, address: &Address) -> anyhow::Result<Access> {
    let read = super::import::read(file)?;
    let name = file.display();
    if let Some(candidate) = read.good.into_iter().find(|candidate| candidate.new.address == *address) {
        let new = candidate.new;
        let credential = Credential::Password(candidate.password);
        return Ok(Access { smtp: new.smtp, imap: new.imap, user: new.user, credential });
    }
    let faults: Vec<String> = read.faults.iter().map(|fault| format!("\n  {fault}")).collect();
    let faults = if faults.is_empty() { String::new() } else { format!("; faults:{}", faults.concat()) };
    Err(BadInput::error(format!("{name}: it has no good row of {address}{faults}")))
}

async fn from_ledger(args: &Args) -> anyhow::Result<Access> {
    let ledger = args.ledger.open(Directory::Exists).await?;
    let id = super::find(&ledger.store, &args.address).await?;
    let profile =
        ledger.store.profile(id).await?.with_context(|| format!("{}: its profile is missing", args.address))?;
    let credential = ledger.vault()?.open(&profile.tenant, id, &profile.sealed).await?;
    Ok(Access { smtp: profile.smtp, imap: profile.imap, user: profile.user, credential })
}

fn text(address: &Address, access: &Access, diagnosis: &Diagnosis, out: Out<'_>) -> Outcome {
    for (side, server) in [(Side::Smtp, &access.smtp), (Side::Imap, &access.imap)] {
        writeln!(out, "{side} {}:{}", server.host, server.port)?;
        let steps: Vec<&CheckStep> = diagnosis.steps.iter().filter(|step| step.side == side).collect();
        for step in steps {
            let verdict = if step.ok { "ok  " } else { "FAIL" };
            let (stage, elapsed) = (step.stage.to_string(), step.elapsed.as_millis());
            writeln!(out, "  {verdict} {stage:<12} {elapsed:>6} ms  {}", step.detail)?;
            if let Some(advice) = &step.advice {
                writeln!(out, "       what to do: {advice}")?;
            }
        }
    }
    let verdict = if diagnosis.passed() { "every step passed" } else { "it cannot be used yet" };
    writeln!(out, "\n{address}: {verdict}.")?;
    Ok(())
}
