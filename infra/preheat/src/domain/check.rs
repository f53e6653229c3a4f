//! `preheat domain check`: how a domain's records stand, and what to do where they do not.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use preheat_core::domain::blocklist::Blocklist;
use preheat_core::domain::state::DomainState;
use preheat_core::domain::{Report, Subject, Verdict};
use preheat_core::id::{DomainName, TenantId};
use preheat_core::mailbox::Provider;
use preheat_dns::Dns;

use crate::Out;
use crate::ledger::{Directory, LedgerArgs, clock};
use crate::outcome::{BadInput, Negative, Outcome};
use crate::plan::parse_provider;

const EXAMPLES: &str = "\
Examples:
  preheat domain check example.com
  preheat domain check mail.example.com --selector s1 --selector s2 --ip 203.0.113.7
  preheat domain check example.com --provider gmail --blocklist zen.spamhaus.org:ip --json
  preheat domain check example.com --tenant acme --data ./data

A look-up that fails is `unknown`, never `failing`. With --tenant the result is remembered, its selectors too.
Exit codes: 0 in order, 1 failing or unknown, 2 bad input or usage.";

/// How long a name server that was named is waited for.
const TIMEOUT: Duration = Duration::from_secs(3);

/// Arguments of `preheat domain check`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The domain
    domain: DomainName,
    /// A DKIM selector that it signs with; several may be given. By default the usual ones are tried
    #[arg(long = "selector", value_name = "NAME", value_parser = selector)]
    selectors: Vec<String>,
    /// An address that sends for it; several may be given
    #[arg(long = "ip", value_name = "IP")]
    ips: Vec<IpAddr>,
    /// Who hosts its mailboxes, for advice: gmail, microsoft, yahoo, zoho, other
    #[arg(long, value_parser = parse_provider)]
    provider: Option<Provider>,
    /// Ask these blocklists in place of the usual ones: ZONE:ip or ZONE:domain, with :warn where a listing only warns
    #[arg(long = "blocklist", value_name = "LIST")]
    blocklists: Vec<Blocklist>,
    /// Ask no blocklists
    #[arg(long, conflicts_with = "blocklists")]
    no_blocklists: bool,
    /// Ask this name server in place of the system's, such as 127.0.0.1:53
    #[arg(long = "server", value_name = "IP:PORT")]
    servers: Vec<SocketAddr>,
    /// Remember the result for this tenant
    #[arg(long)]
    tenant: Option<TenantId>,
    #[command(flatten)]
    ledger: LedgerArgs,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// One label or several, as they stand before `._domainkey`.
fn selector(text: &str) -> Result<String, String> {
    let label =
        |label: &str| !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    let fits = text.len() <= 63 && text.split('.').all(label);
    if fits { Ok(text.to_ascii_lowercase()) } else { Err("it is a name such as `s1` or `selector1`".to_owned()) }
}

/// Runs the command.
pub(crate) async fn run(args: &Args, out: Out<'_>) -> Outcome {
    let mut subject = Subject::new(args.domain.clone());
    subject.selectors.clone_from(&args.selectors);
    subject.ips = args.ips.iter().map(IpAddr::to_canonical).collect();
    subject.providers.extend(args.provider);
    if args.no_blocklists {
        subject.blocklists.clear();
    } else if !args.blocklists.is_empty() {
        subject.blocklists.clone_from(&args.blocklists);
    }
    let dns = if args.servers.is_empty() { Dns::system() } else { Dns::servers(&args.servers, TIMEOUT) };
    let report = dns.map_err(BadInput::error)?.look_up(&subject).await;
    if let Some(tenant) = &args.tenant {
        let store = args.ledger.open(Directory::Exists).await?.store;
        let before = store.domain_state(tenant, &args.domain).await?;
        let mut state = DomainState::after(before.as_ref(), report.clone(), clock()());
        if !args.selectors.is_empty() {
            state.selectors.clone_from(&args.selectors);
        }
        store.set_domain_state(tenant, &state).await?;
    }
    let verdict = report.verdict();
    if args.json {
        let checks = &report.checks;
        crate::json(out, &serde_json::json!({ "domain": report.domain, "verdict": verdict, "checks": checks }))?;
    } else {
        text(&report, out)?;
    }
    match verdict {
        Verdict::Passing | Verdict::Warning => Ok(()),
        Verdict::Failing | Verdict::Unknown => Err(Negative.into()),
    }
}

fn text(report: &Report, out: Out<'_>) -> Outcome {
    for check in &report.checks {
        let verdict = match check.verdict {
            Verdict::Passing => "ok",
            Verdict::Warning => "WARN",
            Verdict::Failing => "FAIL",
            Verdict::Unknown => "?",
        };
        let topic = check.topic.to_string();
        // What stands in the DNS is somebody else's text.
        writeln!(out, "{verdict:<4} {topic:<9} {}: {}", harmless(&check.about), harmless(&check.finding))?;
        if let Some(advice) = check.advice.as_ref().filter(|_| check.verdict != Verdict::Passing) {
            writeln!(out, "               what to do: {}", harmless(advice))?;
        }
    }
    writeln!(out, "\n{}: {}.", report.domain, report.verdict())?;
    Ok(())
}

/// Without control characters, and of a length that can be read.
fn harmless(text: &str) -> String {
    const CHARS_MAX: usize = 600;
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).take(CHARS_MAX).collect()
}
