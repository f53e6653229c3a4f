//! `preheat feasible`: whether a fleet can be served at all, with the binding constraint and the arithmetic.

use jiff::civil::Time;
use preheat_core::feasibility::{Demand, feasible};
use preheat_core::mailbox::Provider;
use serde::Serialize;

use crate::limits::LimitsArgs;
use crate::mailbox::value::window;
use crate::outcome::{Negative, Outcome};
use crate::plan::parse_provider;
use crate::{Out, json};

const EXAMPLES: &str = "\
Examples:
  preheat feasible --mailboxes 100000 --daily 30 --window 09:00-17:00 --hourly-cap 50000
  preheat feasible --mailboxes 500 --daily 40 --window 08:00-18:00 --hourly-cap 10000 --provider gmail --json

Exit codes: 0 it can be met, 1 it cannot, 2 bad input or usage.";

/// Arguments of `preheat feasible`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// How many mailboxes send
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    mailboxes: u64,
    /// How many mails each sends a day
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    daily: u32,
    /// Local sending hours, HH:MM-HH:MM
    #[arg(long, default_value = "09:00-17:00", value_parser = window)]
    window: (Time, Time),
    /// Most sends of all mailboxes in an hour
    #[arg(long)]
    hourly_cap: u64,
    /// Most sends of all mailboxes in a minute
    #[arg(long)]
    minute_cap: Option<u64>,
    /// Most sends of all mailboxes in a day
    #[arg(long)]
    daily_cap: Option<u64>,
    /// Who hosts the mailboxes
    #[arg(long, default_value = "other", value_parser = parse_provider)]
    provider: Provider,
    #[command(flatten)]
    limits: LimitsArgs,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Answer {
    ok: bool,
    binding: String,
    lines: Vec<String>,
}

/// Runs the command.
pub(crate) fn run(args: &Args, out: Out<'_>) -> Outcome {
    let limits = args.limits.effective()?;
    let demand = Demand {
        mailboxes: args.mailboxes,
        daily: args.daily,
        window: args.window,
        hourly_cap: args.hourly_cap,
        minute_cap: args.minute_cap,
        daily_cap: args.daily_cap,
        provider_per_day: match args.provider {
            Provider::Gmail => Some(limits.gmail_per_day),
            Provider::Microsoft => Some(limits.microsoft_per_day),
            Provider::Yahoo | Provider::Zoho | Provider::Other => None,
        },
    };
    let found = feasible(&demand, &limits);
    let answer = Answer { ok: found.ok, binding: found.binding.to_string(), lines: found.lines };
    if args.json {
        json(out, &answer)?;
    } else {
        for line in &answer.lines {
            writeln!(out, "{line}")?;
        }
        let verdict = if answer.ok { "Feasible. Closest to its limit" } else { "Not feasible. It fails first on" };
        writeln!(out, "\n{verdict}: {}.", answer.binding)?;
    }
    if answer.ok { Ok(()) } else { Err(Negative.into()) }
}
