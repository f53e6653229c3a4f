//! `preheat up`: every function in one process, at the world's speed, against real mail hosts. Its ledger, queues and keys live
//! in a directory, so it can be killed at any moment and goes on from there.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use jiff::Timestamp;
use preheat_app::events::Desk;
use preheat_app::hooks::Gate;
use preheat_app::notify::Outside;
use preheat_app::send::SendOutcome;
use preheat_app::{App, Writer};
use preheat_core::limits::Limits;
use preheat_dns::Dns;
use preheat_lambda::hooks;
use preheat_mail::NetDial;
use preheat_platforms::http::Http;
use preheat_stack::listen::listen;
use preheat_stack::rig::app_over;
use preheat_stack::{Doors, Event, Interference, Stack};
use tokio::net::TcpListener;

use crate::ledger::{self, Directory};
use crate::limits::LimitsArgs;
use crate::mailbox::import;
use crate::outcome::{BadInput, Outcome};
use crate::{Out, environment};

const EXAMPLES: &str = "\
Examples:
  preheat up --data ./data --mailboxes mailboxes.csv
  preheat up --data ./data                      goes on where it was
  preheat up --data ./data --listen             takes deliverability events at 127.0.0.1:8025, too

It runs until Ctrl-C. It may be killed at any moment: what was under way is settled by looking for it in the
recipient's mailbox. `preheat mailbox list --data ./data` shows the fleet while it is stopped.";

/// Arguments of `preheat up`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Where the ledger, the queues and the key live; made if it is not there
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Mailboxes to import first, as `preheat mailbox import` reads them
    #[arg(long, value_name = "FILE")]
    mailboxes: Option<PathBuf>,
    /// Share of the mailboxes held out as controls, 0 to 1: their mail is only measured
    #[arg(long, default_value_t = 0.0, value_parser = crate::mailbox::value::share)]
    control_share: f64,
    #[command(flatten)]
    limits: LimitsArgs,
    /// Take deliverability events at `http://ADDRESS/hooks/…` (`preheat hooks add` makes endpoints)
    #[arg(long, value_name = "ADDRESS", num_args = 0..=1, default_missing_value = "127.0.0.1:8025")]
    listen: Option<std::net::SocketAddr>,
    /// PEM file with further root certificates
    #[arg(long, value_name = "FILE")]
    extra_roots: Option<PathBuf>,
    /// Allow mail servers on private addresses and any port
    #[arg(long)]
    allow_local_mail: bool,
    /// Length of a tick in seconds: how often is planned
    #[arg(long, value_name = "SECONDS", default_value_t = 900, value_parser = clap::value_parser!(u32).range(60..=900))]
    tick_s: u32,
}

/// Runs until it is interrupted.
pub(crate) async fn run(args: &Args, out: Out<'_>) -> Outcome {
    if let Some(file) = &args.mailboxes {
        import::run(&import::Args::into_directory(file.clone(), args.data.clone()), out).await?;
    }
    let aws = ledger::embedded(&args.data, Directory::MayBeNew)?;
    let roots = match &args.extra_roots {
        Some(path) => std::fs::read(path).with_context(|| path.display().to_string())?,
        None => Vec::new(),
    };
    let dial = Arc::new(NetDial::new(args.allow_local_mail, &roots)?);
    let clock = ledger::clock();
    let limits = Limits { tick_s: args.tick_s, control_share: args.control_share, ..args.limits.effective()? };
    let first = app_over(&aws, dial.clone(), &clock, &limits);
    first.store.create_table().await.with_context(|| args.data.display().to_string())?;
    let http = if args.allow_local_mail { Http::local(&roots)? } else { Http::public()? };
    let gate = Gate::new(Desk::of(&first), clock.clone(), hooks::fetch(http.clone())).with_bus(first.bus.clone());
    let listener = match args.listen {
        Some(address) => Some(TcpListener::bind(address).await.with_context(|| address.to_string())?),
        None => None,
    };
    if let Some(listener) = &listener {
        writeln!(out, "up: takes events at http://{}/hooks/", listener.local_addr()?)?;
    }
    writeln!(out, "up: the ledger is in {}; Ctrl-C ends it", args.data.display())?;
    out.flush()?;
    let parts = aws.clone();
    let dns = Arc::new(Dns::system()?);
    let doors = Doors {
        outside: Outside::new(http.clone(), aws.sns()),
        look_up: Arc::new(move |subject| {
            let dns = Arc::clone(&dns);
            Box::pin(async move { dns.look_up(&subject).await })
        }),
    };
    let writer = Writer::read(http, environment).map_err(BadInput::error)?;
    let stack = Stack::new(
        aws,
        move || App { writer: writer.clone(), ..app_over(&parts, dial.clone(), &clock, &limits) },
        doors,
        Interference::default(),
        |event| {
            // Every five minutes somebody looks, and mostly there is nothing to say.
            let is_quiet = matches!(event, Event::Governed(report) if report.is_quiet());
            if !is_quiet {
                eprintln!("{}", line(event));
            }
        },
    );
    if let Some(listener) = listener {
        // Endpoints are reached by whoever reaches the address; each request is checked like one to the deployed URL.
        tokio::spawn(async move {
            if let Err(error) = listen(listener, gate).await {
                eprintln!("the listener ended: {error}");
            }
        });
    }
    // The first tick is not waited for: a quarter of an hour of silence would look like a fault.
    stack.tick().await;
    // Ctrl-C needs no handling: a kill at any moment is what this is made for.
    stack.run(Timestamp::MAX).await;
    Ok(())
}

/// An event in a line, without addresses.
fn line(event: &Event) -> String {
    match event {
        Event::Tick(report) if report.note.is_some() => {
            format!("tick {}: {}", report.tick, report.note.unwrap_or_default())
        }
        Event::Tick(report) => format!(
            "tick {}: {} mailboxes, {} sends and {} visits planned, {} days turned",
            report.tick, report.mailboxes, report.send_messages, report.visit_messages, report.turned
        ),
        Event::TickFailed(reason) => format!("tick failed, the next one goes on: {reason}"),
        Event::Sent { slot, partner, reply, outcome } => {
            let what = if *reply { "reply" } else { "mail" };
            let how = match outcome {
                SendOutcome::Sent => "sent",
                SendOutcome::Rejected => "refused",
                SendOutcome::Deferred => "deferred: planned again",
                SendOutcome::Ambiguous => "broken off: looked for at the recipient",
                SendOutcome::Stale | SendOutcome::Taken | SendOutcome::OverQuota => "dropped: not due any more",
                SendOutcome::Spaced => "put off a little",
                SendOutcome::Unauthorised => "login refused: the mailbox is in error, see `preheat mailbox list`",
            };
            format!("{what} {slot} to {partner}: {how}")
        }
        Event::SendFailed(reason) => format!("a send goes back to its queue: {reason}"),
        Event::Visited { mailbox, report } => match &report.skipped {
            Some(why) => format!("visit of {mailbox}: {why}"),
            None => format!(
                "visit of {mailbox}: {} found, {} rescued, {} read, {} filed, {} replies owed",
                report.found.len(),
                report.rescued,
                report.read,
                report.filed,
                report.replies_owed
            ),
        },
        Event::VisitFailed { mailbox, reason } => format!("visit of {mailbox} goes back to its queue: {reason}"),
        Event::Governed(report) => {
            let rules = report.decisions.iter().map(|one| format!("{}: {}", one.mailbox, one.rule.name()));
            let failed = report.failed.iter().chain(&report.chores_failed).cloned();
            let told: Vec<String> = rules.chain(failed).collect();
            format!("health of {} looked at: {}", report.looked, told.join("; "))
        }
        Event::GovernFailed(reason) => format!("health was not looked at, the next look goes on: {reason}"),
        Event::Notified { done, returned } if returned.is_empty() => format!("{done} changes told where wanted"),
        Event::Notified { done, returned } => {
            format!("{done} changes told where wanted, {} go back: {}", returned.len(), returned.join("; "))
        }
        Event::Killed { .. } => "killed".to_owned(),
    }
}
