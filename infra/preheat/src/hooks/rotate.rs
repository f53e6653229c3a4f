//! `preheat hooks rotate`: a new secret beside the old one; where the URL is the secret, a new URL.

use jiff::SignedDuration;
use preheat_core::event::Reporter;
use preheat_store::{Hook, SeenHook};

use super::proof::{Proof, proof};
use super::{KeyArgs, OVERLAP_DAYS, Whose, add_secret, given_key, made, new_id, say, url_of};
use crate::Out;
use crate::ledger::{self, Directory};
use crate::outcome::{BadInput, Outcome};

/// Arguments of `preheat hooks rotate`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  preheat hooks rotate mailgun --key-env NEW_SIGNING_KEY --tenant acme --data ./data
  preheat hooks rotate mandrill --url https://….lambda-url.eu-west-1.on.aws --tenant acme --table preheat-ledger

Mandrill signs the URL that it posts to: rotate with --url sets it, without a new key, too. MailWizz proves itself by its URL
alone: it gets another, and the old one is taken beside it for some days.")]
pub(crate) struct Args {
    /// Whose endpoint
    provider: Reporter,
    #[command(flatten)]
    key: KeyArgs,
    /// How long the old secret is taken, too
    #[arg(long, value_name = "DAYS", default_value_t = OVERLAP_DAYS)]
    overlap: u32,
    #[command(flatten)]
    whose: Whose,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(crate) async fn run(args: &Args, out: Out<'_>) -> Outcome {
    let provider = args.provider;
    let key = given_key(provider, &args.key)?;
    // The URL alone is moved: the key stays.
    let moves = provider == Reporter::Mandrill && args.whose.url.is_some();
    match proof(provider) {
        Proof::Source => {
            return Err(BadInput::error(
                "SES has no secret here, AWS signs with its own key. To let another topic or account speak: `preheat hooks remove ses`, \
                 then `add` with --source; a subscription of SNS is renewed in SNS's console",
            ));
        }
        Proof::Key { .. } if key.is_none() && !moves => {
            return Err(BadInput::error(format!("{provider} makes its keys itself: bring the new one with --key-env")));
        }
        Proof::Key { .. } | Proof::Basic | Proof::Bearer | Proof::Header(_) | Proof::Url => {}
    }
    let base = args.whose.reachable()?;
    let ledger = args.whose.ledger.open(Directory::Exists).await?;
    let Some(seen) = args.whose.seen(&ledger.store, provider).await? else {
        return Err(args.whose.absent(provider));
    };
    let overlap = SignedDuration::from_hours(24 * i64::from(args.overlap));
    if proof(provider) == Proof::Url {
        let until = ledger::clock()() + overlap;
        let hook = ledger.store.succeed_hook(&seen, successor(&seen)?, until).await?;
        let mut made = made(&hook, &base, None);
        made.steps.push(format!("The old URL is taken until {}", until.strftime("%Y-%m-%d")));
        return say(&made, args.json, out);
    }
    let mut hook = seen.hook.clone();
    if moves || (provider == Reporter::Mandrill && args.whose.is_named()) {
        hook.url = Some(url_of(&hook, &base));
    }
    let secret = add_secret(&ledger, &mut hook, key, overlap).await?;
    ledger.store.replace_hook(&seen, &hook).await?;
    say(&made(&hook, &base, secret), args.json, out)
}

/// The same endpoint under another id.
fn successor(seen: &SeenHook) -> anyhow::Result<Hook> {
    Ok(Hook { id: new_id()?, made_at: ledger::clock()(), until: None, former: None, ..seen.hook.clone() })
}
