//! `preheat content make`: today's stock now, as the governor makes it daily.

use preheat_app::Writer;
use preheat_app::stock::{self, Needs, Parts, StockReport};
use preheat_platforms::Http;

use crate::ledger::{Directory, LedgerArgs, clock};
use crate::limits::LimitsArgs;
use crate::outcome::{BadInput, Outcome};
use crate::{Out, environment, grouped};

const EXAMPLES: &str = "\
Examples:
  preheat content make --data ./data --dry-run
  PREHEAT_LLM_KEY=... preheat content make --table preheat-ledger --kms-key alias/preheat-ledger

With PREHEAT_LLM_KEY a language model writes them, at any OpenAI-compatible API: PREHEAT_LLM_URL (Groq's), PREHEAT_LLM_MODEL,
PREHEAT_LLM_TOKENS_PER_DAY. Without it, and wherever the model fails, they come from the library.";

/// Arguments of `preheat content make`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    ledger: LedgerArgs,
    #[command(flatten)]
    limits: LimitsArgs,
    /// Only say what would be made
    #[arg(long)]
    dry_run: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(crate) async fn run(args: &Args, out: Out<'_>) -> Outcome {
    let ledger = args.ledger.open(Directory::Exists).await?;
    let (now, limits) = (clock()(), args.limits.effective()?.content);
    if args.dry_run {
        let needs = stock::needs(&ledger.store, &limits, now).await?;
        return if args.json { crate::json(out, &needs) } else { said(&needs, out) };
    }
    let http = Http::public()?;
    let writer = Writer::read(http, environment).map_err(BadInput::error)?;
    let parts = Parts { store: &ledger.store, vault: ledger.vault()?, writer: writer.as_ref(), limits: &limits };
    let report = Box::pin(stock::make(parts, now)).await?;
    if args.json { crate::json(out, &report) } else { done(&report, out) }
}

fn said(needs: &Needs, out: Out<'_>) -> Outcome {
    if needs.sends.is_empty() {
        writeln!(out, "There are no mailboxes that send: nothing to make.")?;
        return Ok(());
    }
    for (language, sends) in &needs.sends {
        let missing = needs.missing.get(language).copied().unwrap_or(0);
        writeln!(out, "{language}: {missing} plans to make, for up to {} sends a day", grouped(u64::from(*sends)))?;
    }
    for id in &needs.spent {
        writeln!(out, "{id}: to be retired")?;
    }
    match needs.deck {
        Some(date) => writeln!(out, "The deck of {date} is to be dealt.")?,
        None => writeln!(out, "The next deck is dealt already.")?,
    }
    writeln!(out, "Dry run: nothing was made.")?;
    Ok(())
}

fn done(report: &StockReport, out: Out<'_>) -> Outcome {
    let StockReport { written, library, tokens, .. } = report;
    writeln!(
        out,
        "Made: {written} by the language model, {library} from the library. Tokens today: {}.",
        grouped(*tokens)
    )?;
    for (reason, count) in &report.dropped {
        writeln!(out, "Dropped of the model's: {count} ({reason})")?;
    }
    for id in &report.retired {
        writeln!(out, "Retired: {id}")?;
    }
    if report.budget_spent {
        writeln!(out, "The day's budget of tokens is spent: the library did the rest.")?;
    }
    if let Some(failure) = &report.failure {
        writeln!(out, "The language model was of no use: {failure}. The library stood in.")?;
    }
    if let Some(date) = report.deck {
        writeln!(out, "The deck of {date} is dealt.")?;
    }
    Ok(())
}
