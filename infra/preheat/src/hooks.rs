//! `preheat hooks`: the endpoints that deliverability events come in at, one a tenant and provider.

mod list;
mod proof;
mod remove;
mod rotate;
mod steps;
mod test;

use jiff::SignedDuration;
use preheat_app::hooks::ID_CHARS;
use preheat_core::event::Reporter;
use preheat_core::id::TenantId;
use preheat_store::{Hook, Secret, SecretKind, SeenHook, Store};
use serde::Serialize;

use crate::ledger::{self, Directory, Ledger, LedgerArgs};
use crate::outcome::{BadInput, Outcome};
use crate::{Out, environment};
use proof::{Proof, proof};

const EXAMPLES: &str = "\
Examples:
  preheat hooks add sendgrid --tenant acme --key-env SENDGRID_PUBLIC_KEY --url https://….lambda-url.eu-west-1.on.aws
  preheat hooks add ses --tenant acme --source arn:aws:sns:eu-west-1:123456789012:deliverability --data ./data
  preheat hooks list --tenant acme --data ./data
  preheat hooks rotate postmark --tenant acme --data ./data
  preheat hooks test postmark --tenant acme --data ./data
  preheat hooks remove postmark --tenant acme --data ./data

Providers: ses sendgrid mailgun postmark sparkpost resend standard-webhooks brevo mailjet mandrill mailwizz powermta
kumomta smartlead instantly postal mailersend mailtrap unisender-go.";

/// Where the endpoints are, unless it is said otherwise: `preheat up --listen`'s default.
const LOCAL_URL: &str = "http://127.0.0.1:8025";
/// How long the old secret is taken beside the new one, unless it is said otherwise.
const OVERLAP_DAYS: u32 = 7;

/// Commands of `preheat hooks`.
#[derive(Debug, clap::Subcommand)]
#[command(after_help = EXAMPLES)]
pub(crate) enum Command {
    /// Make the endpoint of a provider, and say what to do in that provider's console
    Add(AddArgs),
    /// List the endpoints of a tenant
    List(list::Args),
    /// Give an endpoint a new secret; the old one is taken beside it for some days
    Rotate(rotate::Args),
    /// Shut an endpoint: what is posted to it is refused
    Remove(remove::Args),
    /// Post a signed sample to an endpoint, as its provider would, and report the answer
    Test(test::Args),
}

/// Whose endpoint, and where.
#[derive(Debug, clap::Args)]
struct Whose {
    /// Whose endpoint
    #[arg(long, default_value = "default")]
    tenant: TenantId,
    /// Where the endpoints are: the stack's output WebhookUrl (PREHEAT_HOOKS_URL) [default: http://127.0.0.1:8025]
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    #[command(flatten)]
    ledger: LedgerArgs,
}

impl Whose {
    /// Where the endpoints are, if it was said.
    fn named(&self) -> Option<String> {
        self.url.clone().or_else(|| environment("PREHEAT_HOOKS_URL"))
    }

    fn is_named(&self) -> bool {
        self.named().is_some()
    }

    fn base(&self) -> String {
        self.named().unwrap_or_else(|| LOCAL_URL.to_owned()).trim_end_matches('/').to_owned()
    }

    /// The same, for a URL that is to stand in a provider's console.
    ///
    /// # Errors
    /// It is not https, and the stack is no embedded one: no provider could post there, and none should.
    fn reachable(&self) -> anyhow::Result<String> {
        let base = self.base();
        if self.ledger.data.is_none() && !base.starts_with("https://") {
            return Err(BadInput::error(format!(
                "{base} is no https URL: give --url, the stack's output WebhookUrl (or set PREHEAT_HOOKS_URL)"
            )));
        }
        Ok(base)
    }

    /// The tenant's endpoint of a provider, to be changed.
    async fn seen(&self, store: &Store, provider: Reporter) -> anyhow::Result<Option<SeenHook>> {
        match store.hook_of(&self.tenant, provider).await? {
            Some(hook) => Ok(store.hook_seen(&hook.id).await?),
            None => Ok(None),
        }
    }

    fn absent(&self, provider: Reporter) -> anyhow::Error {
        BadInput::error(format!("{} has no endpoint of {provider}: `preheat hooks add` makes one", self.tenant))
    }
}

/// The provider's own key.
#[derive(Debug, clap::Args)]
struct KeyArgs {
    /// The environment variable that holds the key which the provider's console shows
    #[arg(long, value_name = "NAME")]
    key_env: Option<String>,
}

/// Arguments of `preheat hooks add`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: preheat hooks add postmark --tenant acme --data ./data

Where the provider makes the key only once it knows the URL, add first, and bring the key with `rotate`: until then
everything that comes in is refused.")]
pub(crate) struct AddArgs {
    /// Who posts the events
    provider: Reporter,
    #[command(flatten)]
    key: KeyArgs,
    /// SES: a topic (ARN), or for EventBridge an AWS account, configuration set or identity (ARN); any provider: a queue (ARN)
    /// in front of the function. Can be given several times
    #[arg(long, value_name = "ARN")]
    source: Vec<String>,
    /// SES: refuse SNS signatures of version 1 (SHA-1); set the topic's SignatureVersion to 2 first
    #[arg(long)]
    refuse_sns_v1: bool,
    /// IANA zone of the tenant's days, for counters by local day
    #[arg(long)]
    zone: Option<String>,
    #[command(flatten)]
    whose: Whose,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Runs one of them.
pub(crate) async fn run(command: &Command, out: Out<'_>) -> Outcome {
    match command {
        Command::Add(args) => Box::pin(add(args, out)).await,
        Command::List(args) => Box::pin(list::run(args, out)).await,
        Command::Rotate(args) => Box::pin(rotate::run(args, out)).await,
        Command::Remove(args) => Box::pin(remove::run(args, out)).await,
        Command::Test(args) => Box::pin(test::run(args, out)).await,
    }
}

/// What is printed once, as it holds a secret.
#[derive(Debug, Serialize)]
struct Made {
    provider: Reporter,
    url: String,
    /// A secret that was made here, and how it is shown.
    secret: Option<String>,
    steps: Vec<String>,
}

async fn add(args: &AddArgs, out: Out<'_>) -> Outcome {
    let provider = args.provider;
    if provider == Reporter::Mailbox {
        return Err(BadInput::error("bounces in mailboxes are found by the visits; they need no endpoint"));
    }
    if provider == Reporter::Ses && args.source.is_empty() {
        return Err(BadInput::error(
            "SES needs --source: the topic's ARN, or the AWS account of its EventBridge events",
        ));
    }
    if let Some(zone) = &args.zone
        && jiff::tz::TimeZone::get(zone).is_err()
    {
        return Err(BadInput::error(format!("`{zone}` is not an IANA time zone (such as `Europe/Berlin`)")));
    }
    let key = given_key(provider, &args.key)?;
    let base = args.whose.reachable()?;
    let ledger = args.whose.ledger.open(Directory::MayBeNew).await?;
    if ledger.store.hook_of(&args.whose.tenant, provider).await?.is_some() {
        let reason =
            format!("{} has an endpoint of {provider} already: `preheat hooks list` shows it", args.whose.tenant);
        return Err(BadInput::error(reason));
    }
    if let Some(zone) = &args.zone {
        ledger.store.set_tenant_zone(&args.whose.tenant, zone).await?;
    }
    let mut hook = Hook {
        sources: args.source.clone(),
        refuse_sns_v1: args.refuse_sns_v1,
        ..fresh(provider, args.whose.tenant.clone())?
    };
    let secret = add_secret(&ledger, &mut hook, key, SignedDuration::ZERO).await?;
    hook.url = (provider == Reporter::Mandrill).then(|| url_of(&hook, &base));
    ledger.store.put_hook(&hook).await?;
    say(&made(&hook, &base, secret), args.json, out)
}

/// A new endpoint, with nothing in it.
fn fresh(provider: Reporter, tenant: TenantId) -> anyhow::Result<Hook> {
    Ok(Hook {
        id: new_id()?,
        tenant,
        provider,
        secrets: Vec::new(),
        sources: Vec::new(),
        refuse_sns_v1: false,
        url: None,
        require_sha256: false,
        made_at: ledger::clock()(),
        until: None,
        former: None,
    })
}

/// Seals the given key, or makes a secret of the kind that this provider can show. Returns what was made.
async fn add_secret(
    ledger: &Ledger,
    hook: &mut Hook,
    key: Option<Secret>,
    overlap: SignedDuration,
) -> anyhow::Result<Option<(SecretKind, Secret)>> {
    let now = ledger::clock()();
    if let Some(key) = key {
        hook.add_secret(ledger.vault()?, SecretKind::Key, &key, now, overlap).await?;
        return Ok(None);
    }
    let (kind, secret) = match proof(hook.provider) {
        Proof::Key { .. } | Proof::Url | Proof::Source => return Ok(None),
        Proof::Basic => (SecretKind::Basic, format!("preheat:{}", random_text()?)),
        Proof::Bearer => (SecretKind::Bearer, random_text()?),
        Proof::Header(name) => (SecretKind::Header(name.to_owned()), random_text()?),
    };
    let secret = Secret::new(secret);
    hook.add_secret(ledger.vault()?, kind.clone(), &secret, now, overlap).await?;
    Ok(Some((kind, secret)))
}

fn given_key(provider: Reporter, args: &KeyArgs) -> anyhow::Result<Option<Secret>> {
    let Some(name) = &args.key_env else { return Ok(None) };
    if !matches!(proof(provider), Proof::Key { .. }) {
        return Err(BadInput::error(format!("{provider} signs nothing: its secret is made here, without --key-env")));
    }
    let key =
        environment(name).ok_or_else(|| BadInput::error(format!("the environment variable {name} is not set")))?;
    Ok(Some(Secret::new(key.trim().to_owned())))
}

/// An endpoint's URL, without its secret.
fn url_of(hook: &Hook, base: &str) -> String {
    format!("{base}/hooks/{}/{}", hook.provider, hook.id)
}

fn made(hook: &Hook, base: &str, secret: Option<(SecretKind, Secret)>) -> Made {
    let provider = &hook.provider;
    // Mandrill signs it: what is said is what is checked.
    let plain = hook.url.clone().unwrap_or_else(|| url_of(hook, base));
    let url = match &secret {
        // Most providers take basic auth inside the URL only.
        Some((SecretKind::Basic, pair)) => match plain.split_once("://") {
            Some((scheme, rest)) => format!("{scheme}://{}@{rest}", pair.expose()),
            None => plain,
        },
        _ => plain,
    };
    let shown = secret.map(|(kind, secret)| match kind {
        SecretKind::Key => secret.expose().to_owned(),
        SecretKind::Basic => format!("basic auth {}", secret.expose()),
        SecretKind::Bearer => format!("Authorization: Bearer {}", secret.expose()),
        SecretKind::Header(name) => format!("{name}: {}", secret.expose()),
    });
    let has_key = hook.secrets.iter().any(|secret| secret.kind == SecretKind::Key);
    let steps = steps::steps(*provider, &url, shown.as_deref(), has_key);
    Made { provider: *provider, url, secret: shown, steps }
}

fn say(made: &Made, as_json: bool, out: Out<'_>) -> Outcome {
    if as_json {
        return crate::json(out, made);
    }
    writeln!(out, "{}", made.url)?;
    if let Some(secret) = &made.secret {
        writeln!(out, "Secret, shown this once: {secret}")?;
    }
    for (step, text) in (1..).zip(&made.steps) {
        writeln!(out, "  {step}. {text}")?;
    }
    Ok(())
}

/// An id that nobody can guess.
fn new_id() -> anyhow::Result<String> {
    const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let mut bytes = [0; ID_CHARS];
    random(&mut bytes)?;
    Ok(bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect())
}

fn random(bytes: &mut [u8]) -> Outcome {
    getrandom::fill(bytes).map_err(|error| anyhow::anyhow!("the system gives no random bytes: {error}"))
}

/// 160 random bits, in characters that stand in URLs and headers as they are.
fn random_text() -> anyhow::Result<String> {
    let mut bytes = [0; 20];
    random(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_their_form_and_differ() {
        let (one, other) = (new_id().unwrap(), new_id().unwrap());
        assert!(preheat_app::hooks::may_be_id(&one) && one != other);
    }

    #[test]
    fn every_provider_has_steps_with_its_url() {
        for provider in Reporter::ALL.into_iter().filter(|provider| *provider != Reporter::Mailbox) {
            let steps = steps::steps(provider, "https://hooks.example/x", Some("s3cret"), false);
            assert!(steps.iter().any(|step| step.contains("https://hooks.example/x")), "{provider}: {steps:?}");
            let needs_secret = matches!(proof(provider), Proof::Bearer | Proof::Header(_));
            assert!(!needs_secret || steps.iter().any(|step| step.contains("s3cret")), "{provider}: {steps:?}");
        }
    }
}
