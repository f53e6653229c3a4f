//! `preheat alerts`: who is told of what.

mod add;

use anyhow::Context;
use preheat_app::notify::{self, Outside};
use preheat_core::alert::{Channel, ChannelId, Owner, Target};
use preheat_core::id::TenantId;
use preheat_mail::NetDial;
use preheat_platforms::Http;
use preheat_store::{Store, StoredChannel};
use serde::Serialize;

use crate::Out;
use crate::ledger::{self, Directory, Ledger, LedgerArgs};
use crate::outcome::{BadInput, Negative, Outcome};

const EXAMPLES: &str = "\
Examples:
  preheat alerts add slack ops --tenant acme --url-env SLACK_URL --data ./data
  preheat alerts list --tenant acme --data ./data
  preheat alerts test --tenant acme --data ./data
  preheat alerts remove ops --tenant acme --data ./data

A tenant's channels are told of its own changes, the stack's (--stack) of what belongs to no tenant.";

const LIST_EXAMPLES: &str = "\
Examples:
  preheat alerts list --tenant acme --data ./data
  preheat alerts list --stack --table preheat-ledger --json";

const REMOVE_EXAMPLES: &str = "\
Examples:
  preheat alerts remove ops --tenant acme --data ./data
  preheat alerts remove ops --tenant acme --data ./data --dry-run";

const TEST_EXAMPLES: &str = "\
Examples:
  preheat alerts test --tenant acme --data ./data             every channel of the tenant
  preheat alerts test ops --tenant acme --data ./data --json  only `ops`

Sends a message that says it is a test, whatever severity and quiet hours say, and shows how each channel answered.
Exit code 1: at least one did not take it.";

/// Commands of `preheat alerts`.
#[derive(Debug, clap::Subcommand)]
#[command(after_help = EXAMPLES)]
pub(crate) enum Command {
    /// Add a channel
    #[command(subcommand)]
    Add(add::Command),
    /// List the channels
    List(ListArgs),
    /// Remove a channel and its secret
    Remove(RemoveArgs),
    /// Send a test on one channel or all
    Test(TestArgs),
}

/// Whose channels.
#[derive(Debug, Clone, clap::Args)]
#[group(required = true, multiple = false)]
pub(crate) struct OwnerArgs {
    /// The channels of this tenant
    #[arg(long, value_name = "NAME")]
    tenant: Option<TenantId>,
    /// The channels of the stack's operator
    #[arg(long)]
    stack: bool,
}

impl OwnerArgs {
    fn owner(&self) -> Owner {
        Owner::of(self.tenant.as_ref())
    }
}

/// Arguments of `preheat alerts list`.
#[derive(Debug, clap::Args)]
#[command(after_help = LIST_EXAMPLES)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    owner: OwnerArgs,
    #[command(flatten)]
    ledger: LedgerArgs,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Arguments of `preheat alerts remove`.
#[derive(Debug, clap::Args)]
#[command(after_help = REMOVE_EXAMPLES)]
pub(crate) struct RemoveArgs {
    /// The channel's name
    name: ChannelId,
    #[command(flatten)]
    owner: OwnerArgs,
    #[command(flatten)]
    ledger: LedgerArgs,
    /// Only say what would be removed
    #[arg(long)]
    dry_run: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Arguments of `preheat alerts test`.
#[derive(Debug, clap::Args)]
#[command(after_help = TEST_EXAMPLES)]
pub(crate) struct TestArgs {
    /// Only this channel
    name: Option<ChannelId>,
    #[command(flatten)]
    owner: OwnerArgs,
    #[command(flatten)]
    ledger: LedgerArgs,
    /// Allow hosts on private addresses and any port
    #[arg(long)]
    allow_local: bool,
    /// Only say which channels would be asked
    #[arg(long)]
    dry_run: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// How a channel answered.
#[derive(Debug, Serialize)]
struct Answer {
    name: ChannelId,
    target: &'static str,
    /// Absent: it was not asked.
    ok: Option<bool>,
    /// Why it did not take it.
    error: Option<String>,
}

/// Runs one of the commands.
pub(crate) async fn run(command: &Command, out: Out<'_>) -> Outcome {
    match command {
        Command::Add(command) => Box::pin(add::run(command, out)).await,
        Command::List(args) => Box::pin(list(args, out)).await,
        Command::Remove(args) => Box::pin(remove(args, out)).await,
        Command::Test(args) => Box::pin(test(args, out)).await,
    }
}

async fn list(args: &ListArgs, out: Out<'_>) -> Outcome {
    let store = args.ledger.open(Directory::Exists).await?.store;
    let channels: Vec<Channel> =
        store.channels(&args.owner.owner()).await?.into_iter().map(|stored| stored.channel).collect();
    if args.json {
        return crate::json(out, &channels);
    }
    if channels.is_empty() {
        writeln!(out, "No channels: nobody is told of anything. `preheat alerts add --help` shows how to add one.")?;
    }
    for channel in &channels {
        writeln!(out, "{}", line(channel))?;
    }
    Ok(())
}

/// A channel in a line.
fn line(channel: &Channel) -> String {
    let to = match &channel.target {
        Target::Slack => "an incoming webhook".to_owned(),
        Target::Telegram { chat } => format!("chat {chat}"),
        Target::Sms { phone } => phone.clone(),
        Target::Email { to, .. } => to.to_string(),
        Target::Webhook { url } => url.clone(),
    };
    let quiet = channel.quiet.as_ref().map_or_else(String::new, |quiet| {
        let time = |time: jiff::civil::Time| time.strftime("%H:%M").to_string();
        format!(", quiet {}-{} {}", time(quiet.start), time(quiet.end), quiet.zone)
    });
    let disabled = channel.disabled.as_ref().map_or_else(String::new, |disabled| {
        format!("; disabled since {}: {}. Remove it and add it again", disabled.since, disabled.reason)
    });
    format!("{}: {} {to}, from {} on{quiet}{disabled}", channel.id, channel.target.name(), channel.at_least)
}

async fn find(store: &Store, owner: &Owner, name: &ChannelId) -> anyhow::Result<StoredChannel> {
    let channels = store.channels(owner).await?;
    let names: Vec<String> = channels.iter().map(|stored| stored.channel.id.to_string()).collect();
    channels.into_iter().find(|stored| stored.channel.id == *name).ok_or_else(|| {
        let hint = crate::near::did_you_mean(name.as_str(), names.iter().map(String::as_str));
        BadInput::error(format!("there is no channel `{name}`{hint}"))
    })
}

async fn remove(args: &RemoveArgs, out: Out<'_>) -> Outcome {
    let store = args.ledger.open(Directory::Exists).await?.store;
    let owner = args.owner.owner();
    let channel = find(&store, &owner, &args.name).await?.channel;
    if !args.dry_run {
        store.remove_channel(&owner, &args.name).await?;
    }
    if args.json {
        return crate::json(out, &serde_json::json!({ "channel": channel, "removed": !args.dry_run }));
    }
    writeln!(out, "{}", line(&channel))?;
    writeln!(out, "{}", if args.dry_run { "Dry run: it was not removed." } else { "Removed." })?;
    Ok(())
}

async fn test(args: &TestArgs, out: Out<'_>) -> Outcome {
    let ledger = args.ledger.open(Directory::Exists).await?;
    let owner = args.owner.owner();
    let channels = match &args.name {
        Some(name) => vec![find(&ledger.store, &owner, name).await?],
        None => ledger.store.channels(&owner).await?,
    };
    if channels.is_empty() {
        return Err(BadInput::error("there are no channels: `preheat alerts add --help` shows how to add one"));
    }
    let answers = if args.dry_run {
        channels.iter().map(|stored| answer(stored, None)).collect()
    } else {
        ask(args, &ledger, &channels).await?
    };
    if args.json {
        crate::json(out, &answers)?;
    } else {
        for answer in &answers {
            let how = match (&answer.ok, &answer.error) {
                (None, _) => "would be asked",
                (Some(_), None) => "ok",
                (Some(_), Some(error)) => error,
            };
            writeln!(out, "{}: {} {how}", answer.name, answer.target)?;
        }
    }
    if answers.iter().any(|answer| answer.ok == Some(false)) { Err(Negative.into()) } else { Ok(()) }
}

fn answer(stored: &StoredChannel, told: Option<Result<(), String>>) -> Answer {
    let channel = &stored.channel;
    let ok = told.as_ref().map(Result::is_ok);
    Answer { name: channel.id.clone(), target: channel.target.name(), ok, error: told.and_then(Result::err) }
}

/// All at once: one that hangs holds no other up.
async fn ask(args: &TestArgs, ledger: &Ledger, channels: &[StoredChannel]) -> anyhow::Result<Vec<Answer>> {
    let http = door(args.allow_local)?;
    let dial = NetDial::new(args.allow_local, &[])?;
    let outside = Outside::new(http, aws_sdk_sns::Client::new(&ledger::deployed().await));
    let secrets = channels.iter().any(|stored| stored.sealed.is_some());
    let vault = if secrets { Some(ledger.vault()?) } else { ledger.vault().ok() };
    let now = (ledger::clock())();
    let asked = channels.iter().map(|stored| {
        let outside = &outside;
        let dial = &dial;
        async move {
            if args.ledger.data.is_some() && matches!(stored.channel.target, Target::Sms { .. }) {
                return answer(stored, Some(Err("an embedded stack sends no texts".to_owned())));
            }
            let Some(vault) = vault else {
                return answer(stored, Some(Err("the stack's key was not named".to_owned())));
            };
            let told = notify::test(vault, dial, outside, stored, now).await;
            answer(stored, Some(told.map_err(|failure| failure.to_string())))
        }
    });
    Ok(futures::future::join_all(asked).await)
}

/// The HTTP door.
fn door(allow_local: bool) -> anyhow::Result<Http> {
    let http = if allow_local { Http::local(&[]) } else { Http::public() };
    http.context("the HTTP door")
}

#[cfg(test)]
mod tests {
    use preheat_core::alert::Disabled;

    use super::*;

    #[test]
    fn a_disabled_channel_says_since_when_and_why() {
        let target = Target::Webhook { url: "https://crm.example/hooks".to_owned() };
        let channel = Channel::new("crm".parse().unwrap(), Owner::Stack, target).unwrap();
        assert_eq!(line(&channel), "crm: webhook https://crm.example/hooks, from info on");
        let disabled =
            Disabled { since: "2026-03-02T12:00:00Z".parse().unwrap(), reason: "it refuses (410)".to_owned() };
        let line = line(&Channel { disabled: Some(disabled), ..channel });
        assert!(line.contains("disabled since 2026-03-02T12:00:00Z: it refuses (410)"), "{line}");
    }
}
