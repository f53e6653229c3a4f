//! `preheat hooks remove`: shuts an endpoint. What is posted to it afterwards is answered 404.

use preheat_core::event::Reporter;
use serde_json::json;

use super::Whose;
use crate::Out;
use crate::ledger::Directory;
use crate::outcome::Outcome;

/// Arguments of `preheat hooks remove`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  preheat hooks remove postmark --tenant acme --data ./data
  preheat hooks remove postmark --tenant acme --data ./data --dry-run

Remove the webhook in the provider's console, too: it would go on posting, and be refused. Counters and suppressions stay.")]
pub(crate) struct Args {
    /// Whose endpoint
    provider: Reporter,
    /// Show what would be removed, and remove nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    whose: Whose,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(crate) async fn run(args: &Args, out: Out<'_>) -> Outcome {
    let ledger = args.whose.ledger.open(Directory::Exists).await?;
    let Some(seen) = args.whose.seen(&ledger.store, args.provider).await? else {
        return Err(args.whose.absent(args.provider));
    };
    let url = super::url_of(&seen.hook, &args.whose.base());
    if !args.dry_run {
        ledger.store.remove_hook(&args.whose.tenant, args.provider).await?;
    }
    if args.json {
        return crate::json(out, &json!({ "provider": args.provider, "url": url, "removed": !args.dry_run }));
    }
    writeln!(out, "{url}")?;
    let said = if args.dry_run {
        "Dry run: it was not removed."
    } else {
        "Removed. A process that has read it goes on for a minute at most."
    };
    writeln!(out, "{said}")?;
    Ok(())
}
