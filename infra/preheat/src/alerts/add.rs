//! `preheat alerts add`: a channel of each kind. Secrets come from the environment, never from the command line.

use base64::Engine as _;
use preheat_core::alert::{Channel, ChannelId, Quiet, Target};
use preheat_core::change::Severity;
use preheat_core::endpoint::{Endpoint, Security};
use preheat_core::id::Address;
use preheat_platforms::alert::webhook::{SECRET_PREFIX, check_secret};
use preheat_store::{Secret, StoredChannel};

use super::{OwnerArgs, door, line};
use crate::ledger::{Directory, LedgerArgs};
use crate::outcome::{BadInput, Outcome};
use crate::{Out, environment};

const EXAMPLES: &str = "\
Examples:
  preheat alerts add slack ops --tenant acme --url-env SLACK_URL --data ./data
  preheat alerts add telegram phone --stack --chat -100123456 --token-env BOT_TOKEN --data ./data
  preheat alerts add sms duty --stack --phone +4915112345678 --table preheat-ledger
  preheat alerts add webhook crm --tenant acme --url https://crm.example.com/hooks --data ./data

Secrets are read from the environment variables that you name, and sealed.";

const SLACK_EXAMPLES: &str = "\
Example:
  SLACK_URL=https://hooks.slack.com/services/... preheat alerts add slack ops --tenant acme --url-env SLACK_URL \\
      --at-least warning --quiet 22:00-07:00 --zone Europe/Berlin --data ./data

The URL: api.slack.com/apps, your app, Incoming Webhooks, Add New Webhook.";

const TELEGRAM_EXAMPLES: &str = "\
Example:
  BOT_TOKEN=123456:... preheat alerts add telegram ops --tenant acme --chat -100123456 --token-env BOT_TOKEN --data ./data

The token: ask @BotFather for /newbot, then invite the bot into the chat.";

const SMS_EXAMPLES: &str = "\
Example:
  preheat alerts add sms duty --stack --phone +4915112345678 --table preheat-ledger

The deployed stack texts only with its parameter TextMessages on.";

const EMAIL_EXAMPLES: &str = "\
Example:
  SMTP_PASSWORD=... preheat alerts add email ops --tenant acme --to ops@acme.example --from alerts@acme.example \\
      --smtp smtp.acme.example:465 --password-env SMTP_PASSWORD --data ./data

Port 587 means STARTTLS, 465 TLS from the first byte.";

const WEBHOOK_EXAMPLES: &str = "\
Examples:
  preheat alerts add webhook crm --tenant acme --url https://crm.example.com/hooks --data ./data
  HOOK_SECRET='whsec_new whsec_old' preheat alerts add webhook crm --tenant acme --url https://crm.example.com/hooks \\
      --secret-env HOOK_SECRET --data ./data

Messages are signed as Standard Webhooks 1.0 says; their data is events/schema/change-v1.json.";

/// Commands of `preheat alerts add`.
#[derive(Debug, clap::Subcommand)]
#[command(after_help = EXAMPLES)]
pub(crate) enum Command {
    /// A Slack channel, by its incoming webhook
    #[command(after_help = SLACK_EXAMPLES)]
    Slack {
        #[command(flatten)]
        common: Common,
        /// The environment variable that holds the webhook's URL
        #[arg(long, value_name = "NAME")]
        url_env: String,
    },
    /// A Telegram chat, by a bot
    #[command(after_help = TELEGRAM_EXAMPLES)]
    Telegram {
        #[command(flatten)]
        common: Common,
        /// The chat's number, or @name
        #[arg(long, allow_hyphen_values = true)]
        chat: String,
        /// The environment variable that holds the bot's token
        #[arg(long, value_name = "NAME")]
        token_env: String,
    },
    /// A phone, by text message
    #[command(after_help = SMS_EXAMPLES)]
    Sms {
        #[command(flatten)]
        common: Common,
        /// The number, as +4915112345678
        #[arg(long)]
        phone: String,
    },
    /// An e-mail address, through any submission server
    #[command(after_help = EMAIL_EXAMPLES)]
    Email {
        #[command(flatten)]
        common: Common,
        /// To whom
        #[arg(long)]
        to: Address,
        /// From whom: an address that the account may send as
        #[arg(long)]
        from: Address,
        /// The submission server
        #[arg(long, value_name = "HOST:PORT")]
        smtp: String,
        /// The account's name there; the sender's address if it is not given
        #[arg(long)]
        user: Option<String>,
        /// The environment variable that holds the account's password
        #[arg(long, value_name = "NAME")]
        password_env: String,
    },
    /// A URL that gets signed messages (Standard Webhooks)
    #[command(after_help = WEBHOOK_EXAMPLES)]
    Webhook {
        #[command(flatten)]
        common: Common,
        /// Where to
        #[arg(long)]
        url: String,
        /// The environment variable that holds one or two secrets; without it one is made and shown once
        #[arg(long, value_name = "NAME")]
        secret_env: Option<String>,
    },
}

/// What all kinds have in common.
#[derive(Debug, clap::Args)]
pub(crate) struct Common {
    /// The channel's name: a-z, 0-9 and `-`
    name: ChannelId,
    #[command(flatten)]
    owner: OwnerArgs,
    /// Say nothing of what is milder [default: warning; sms emergency; webhook info]
    #[arg(long, value_name = "SEVERITY", value_parser = severity)]
    at_least: Option<Severity>,
    /// Hours in which only critical alerts are sent, as 22:00-07:00
    #[arg(long, value_name = "HOURS", requires = "zone")]
    quiet: Option<String>,
    /// The time zone of the quiet hours, as Europe/Berlin
    #[arg(long, requires = "quiet")]
    zone: Option<String>,
    #[command(flatten)]
    ledger: LedgerArgs,
    /// Allow hosts on private addresses and any port
    #[arg(long)]
    allow_local: bool,
    /// Check everything and add nothing
    #[arg(long)]
    dry_run: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

fn severity(text: &str) -> Result<Severity, String> {
    let known = Severity::ALL.into_iter().find(|severity| severity.name() == text);
    known.ok_or_else(|| "it is one of info, warning, critical, emergency".to_owned())
}

/// What is to be added.
struct Wanted<'a> {
    common: &'a Common,
    target: Target,
    secret: Option<Secret>,
    /// To be shown, for it was made here.
    made: Option<String>,
}

/// Runs one of the commands.
pub(crate) async fn run(command: &Command, out: Out<'_>) -> Outcome {
    add(wanted(command)?, out).await
}

fn wanted(command: &Command) -> anyhow::Result<Wanted<'_>> {
    let bad = |error: &dyn std::fmt::Display| BadInput::error(error);
    let plain = |common, target, secret| Wanted { common, target, secret, made: None };
    Ok(match command {
        Command::Slack { common, url_env } => {
            let url = variable(url_env)?;
            door(common.allow_local)?.check(url.expose()).map_err(|error| bad(&format!("{url_env}: {error}")))?;
            plain(common, Target::Slack, Some(url))
        }
        Command::Telegram { common, chat, token_env } => {
            plain(common, Target::Telegram { chat: chat.clone() }, Some(variable(token_env)?))
        }
        Command::Sms { common, phone } => plain(common, Target::Sms { phone: phone.clone() }, None),
        Command::Email { common, to, from, smtp, user, password_env } => {
            let user = user.clone().unwrap_or_else(|| from.to_string());
            let target = Target::Email { to: to.clone(), from: from.clone(), smtp: endpoint(smtp)?, user };
            plain(common, target, Some(variable(password_env)?))
        }
        Command::Webhook { common, url, secret_env } => {
            door(common.allow_local)?.check(url).map_err(|error| bad(&format!("--url: {error}")))?;
            let (text, made) = match secret_env {
                Some(name) => (variable(name)?, None),
                None => {
                    let made = new_secret()?;
                    (Secret::new(made.clone()), Some(made))
                }
            };
            let secrets: Vec<&str> = text.expose().split_whitespace().collect();
            if secrets.len() > 2 {
                return Err(bad(&"at most two secrets, the new and the old one"));
            }
            for secret in secrets {
                check_secret(secret).map_err(|error| bad(&error))?;
            }
            Wanted { common, target: Target::Webhook { url: url.clone() }, secret: Some(text), made }
        }
    })
}

async fn add(wanted: Wanted<'_>, out: Out<'_>) -> Outcome {
    let common = wanted.common;
    let mut channel =
        Channel::new(common.name.clone(), common.owner.owner(), wanted.target).map_err(BadInput::error)?;
    channel.at_least = common.at_least.unwrap_or(channel.at_least);
    if let (Some(hours), Some(zone)) = (&common.quiet, &common.zone) {
        channel.quiet = Some(Quiet::new(hours, zone).map_err(BadInput::error)?);
    }
    if !common.dry_run {
        let ledger = common.ledger.open(Directory::MayBeNew).await?;
        let sealed = match &wanted.secret {
            Some(secret) => Some(ledger.vault()?.seal_channel(&channel.owner, &channel.id, secret).await?),
            None => None,
        };
        let stored = StoredChannel { channel: channel.clone(), sealed };
        if !ledger.store.add_channel(&stored).await? {
            return Err(BadInput::error(format!("there is a channel `{}` already: remove it first", common.name)));
        }
    }
    let made = wanted.made.filter(|_| !common.dry_run);
    if common.json {
        let added = !common.dry_run;
        return crate::json(out, &serde_json::json!({ "channel": channel, "added": added, "secret": made }));
    }
    writeln!(out, "{}", line(&channel))?;
    if let Some(secret) = made {
        writeln!(out, "Its secret, shown this once: {secret}")?;
    }
    writeln!(
        out,
        "{}",
        if common.dry_run { "Dry run: it was not added." } else { "Added. `preheat alerts test` tries it." }
    )?;
    Ok(())
}

/// A secret from the environment.
fn variable(name: &str) -> anyhow::Result<Secret> {
    let missing = || BadInput::error(format!("the environment variable {name} is not set"));
    environment(name).map(|text| Secret::new(text.trim().to_owned())).ok_or_else(missing)
}

fn endpoint(text: &str) -> anyhow::Result<Endpoint> {
    let wrong = || BadInput::error(format!("--smtp `{text}`: write it as smtp.example.com:465"));
    let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
    let port: u16 = port.parse().map_err(|_| wrong())?;
    let security = if port == 465 { Security::Implicit } else { Security::StartTls };
    Ok(Endpoint { host: host.to_owned(), port, security })
}

/// A new secret of 32 bytes.
fn new_secret() -> anyhow::Result<String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| anyhow::anyhow!("the system has no random bytes: {error}"))?;
    Ok(format!("{SECRET_PREFIX}{}", base64::engine::general_purpose::STANDARD.encode(bytes)))
}
