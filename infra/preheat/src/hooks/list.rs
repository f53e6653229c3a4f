//! `preheat hooks list`: a tenant's endpoints.

use jiff::Timestamp;
use preheat_core::event::Reporter;
use preheat_store::SecretKind;
use serde::Serialize;

use super::Whose;
use crate::Out;
use crate::ledger::{self, Directory};
use crate::outcome::Outcome;

/// Arguments of `preheat hooks list`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: preheat hooks list --tenant acme --data ./data --json")]
pub(crate) struct Args {
    #[command(flatten)]
    whose: Whose,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// An endpoint as it is listed. Its URL holds no secret but its id.
#[derive(Debug, Serialize)]
struct Listed {
    provider: Reporter,
    url: String,
    /// How its sender proves itself, and until when an old secret is taken.
    secrets: Vec<String>,
    sources: Vec<String>,
    /// The URL that another has come in the place of, and until when it is taken.
    former: Option<String>,
    /// Elements kept aside within 30 days.
    quarantined: usize,
    made_at: Timestamp,
}

/// Runs the command.
pub(crate) async fn run(args: &Args, out: Out<'_>) -> Outcome {
    let ledger = args.whose.ledger.open(Directory::Exists).await?;
    let (base, now) = (args.whose.base(), ledger::clock()());
    let mut listed = Vec::new();
    for hook in ledger.store.hooks(&args.whose.tenant).await? {
        let quarantined = ledger.store.quarantined(&hook.id).await?.len();
        let secrets = hook.live_secrets(now).map(|secret| {
            let kind = match &secret.kind {
                SecretKind::Key => "key".to_owned(),
                SecretKind::Basic => "basic auth".to_owned(),
                SecretKind::Bearer => "bearer token".to_owned(),
                SecretKind::Header(name) => format!("header {name}"),
            };
            match secret.until {
                None => kind,
                Some(until) => format!("{kind} until {}", until.strftime("%Y-%m-%d")),
            }
        });
        let former = match &hook.former {
            Some(id) => ledger.store.hook(id).await?.filter(|former| former.is_open(now)),
            None => None,
        };
        let former = former.and_then(|former| {
            let until = former.until?.strftime("%Y-%m-%d");
            Some(format!("{} until {until}", super::url_of(&former, &base)))
        });
        listed.push(Listed {
            provider: hook.provider,
            url: hook.url.clone().unwrap_or_else(|| super::url_of(&hook, &base)),
            secrets: secrets.collect(),
            sources: hook.sources.clone(),
            former,
            quarantined,
            made_at: hook.made_at,
        });
    }
    if args.json {
        return crate::json(out, &listed);
    }
    for one in &listed {
        let proof = if one.secrets.is_empty() { "no secret but its URL".to_owned() } else { one.secrets.join(", ") };
        let aside = if one.quarantined == 0 { String::new() } else { format!("  {} kept aside", one.quarantined) };
        writeln!(out, "{:<17}  {}\n{:<17}  {proof}{aside}", one.provider.name(), one.url, "")?;
        if let Some(former) = &one.former {
            writeln!(out, "{:<17}  and {former}", "")?;
        }
    }
    writeln!(out, "{} endpoint{}.", listed.len(), if listed.len() == 1 { "" } else { "s" })?;
    Ok(())
}
