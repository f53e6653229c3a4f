//! `preheat simulate`: what would this configuration do? Volumes, days to ready, deliverability, misses, cost.

use std::path::PathBuf;

use jiff::civil::{Date, Time};
use preheat_core::mailbox::Provider;
use preheat_core::ramp::Ramp;
use preheat_simulate::{Config, Outage, Report, html, simulate};

use crate::limits::LimitsArgs;
use crate::mailbox::value::{window, zone};
use crate::outcome::{BadInput, Outcome};
use crate::plan::parse_provider;
use crate::{Out, grouped, json};

const EXAMPLES: &str = "\
Examples:
  preheat simulate --mailboxes 500 --days 42
  preheat simulate --mailboxes 10000 --days 60 --hourly-cap 100000 --minute-cap 5000 --json
  preheat simulate --mailboxes 200 --days 42 --bounce-rate 0.03 --spam-rate 0.15 --outage gmail:9-10 --html report.html

The rules are those that run in production; the world is assumed: sends succeed but for the rates and outages given here.";

/// Arguments of `preheat simulate`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// How many mailboxes
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=i64::from(preheat_simulate::MAILBOXES_MAX)))]
    mailboxes: u32,
    /// How many calendar days
    #[arg(long, default_value_t = 42, value_parser = clap::value_parser!(u32).range(1..=i64::from(preheat_simulate::DAYS_MAX)))]
    days: u32,
    /// The ramp of each: a preset's name, or KIND:NUMBERS (see `preheat plan`)
    #[arg(long, default_value = "conservative")]
    ramp: Ramp,
    /// Share of sends that bounce for good, 0 to 1
    #[arg(long, default_value_t = 0.0)]
    bounce_rate: f64,
    /// Share of mails that land in spam, 0 to 1
    #[arg(long, default_value_t = 0.0)]
    spam_rate: f64,
    /// Share of mails that somebody complains about, 0 to 1
    #[arg(long, default_value_t = 0.0)]
    complaint_rate: f64,
    /// Share of mails that are replied to, 0 to 0.5
    #[arg(long, default_value_t = 0.3)]
    reply_rate: f64,
    /// Days on which a provider, or every one, takes nothing: gmail:9-10, or 9-10; several may be given
    #[arg(long = "outage", value_name = "[PROVIDER:]DAY[-DAY]", value_parser = outage)]
    outages: Vec<Outage>,
    /// Local sending hours, HH:MM-HH:MM
    #[arg(long, default_value = "09:00-17:00", value_parser = window)]
    window: (Time, Time),
    /// Where the mailboxes are
    #[arg(long, default_value = "UTC", value_parser = zone)]
    zone: String,
    /// The first day
    #[arg(long, default_value = "2026-03-02")]
    start: Date,
    /// Most sends of all mailboxes in an hour
    #[arg(long)]
    hourly_cap: Option<u32>,
    /// Most sends of all mailboxes in a minute
    #[arg(long)]
    minute_cap: Option<u32>,
    #[command(flatten)]
    limits: LimitsArgs,
    /// All chance follows from it
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Write a report with charts into this file
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

/// `gmail:9-10`, `9-10` or `9`.
fn outage(text: &str) -> Result<Outage, String> {
    let wrong = || "write it as 9-10, or gmail:9-10".to_owned();
    let (provider, days): (Option<Provider>, &str) = match text.split_once(':') {
        Some((provider, days)) => (Some(parse_provider(provider)?), days),
        None => (None, text),
    };
    let day = |text: &str| text.trim().parse::<u32>().ok().filter(|&day| day > 0).ok_or_else(wrong);
    let (first, last) = match days.split_once('-') {
        Some((first, last)) => (day(first)?, day(last)?),
        None => (day(days)?, day(days)?),
    };
    if last < first { Err("it ends before it begins".to_owned()) } else { Ok(Outage { provider, first, last }) }
}

/// Runs the command.
pub(crate) fn run(args: &Args, out: Out<'_>) -> Outcome {
    let mut config = Config::new(args.mailboxes, args.days, args.ramp.clone());
    (config.window, config.zone, config.start) = (args.window, args.zone.clone(), args.start);
    (config.bounce_rate, config.spam_rate, config.complaint_rate) =
        (args.bounce_rate, args.spam_rate, args.complaint_rate);
    (config.reply_rate, config.seed) = (args.reply_rate, args.seed);
    config.outages.clone_from(&args.outages);
    config.limits = args.limits.effective()?;
    config.limits.system_per_hour = args.hourly_cap.unwrap_or(config.limits.system_per_hour);
    config.limits.system_per_minute = args.minute_cap.unwrap_or(config.limits.system_per_minute);
    let report = simulate(&config).map_err(BadInput::error)?;
    if let Some(file) = &args.html {
        std::fs::write(file, html::page(&report))
            .map_err(|error| BadInput::error(format!("{}: {error}", file.display())))?;
    }
    if args.json { json(out, &report) } else { text(&report, out) }
}

fn text(report: &Report, out: Out<'_>) -> Outcome {
    let about = &report.about;
    writeln!(out, "{} mailboxes, {} days, ramp {}", grouped(u64::from(about.mailboxes)), about.days, about.ramp)?;
    let (sent, targets) = (grouped(report.sent), grouped(report.targets));
    writeln!(out, "  sent            {sent} of {targets} = {} %", report.quota_fill_percent)?;
    writeln!(out, "  bounced         {}", report.bounce_rate)?;
    writeln!(out, "  spam            {}", report.spam_rate)?;
    let ready = &report.days_to_ready;
    match (ready.min, ready.median, ready.p90, ready.max) {
        (Some(min), Some(median), Some(p90), Some(max)) => writeln!(
            out,
            "  ready           {} mailboxes, after {min} to {max} days; half of them by day {median}, 90 % by day {p90}",
            ready.mailboxes
        )?,
        _ => writeln!(out, "  ready           no mailbox")?,
    }
    let states = &report.states;
    writeln!(
        out,
        "  at the end      {} warming, {} ready, {} degraded, {} paused; {} were paused by a rule at least once",
        states.warming, states.ready, states.degraded, states.paused, report.paused_ever
    )?;
    match report.deliverability {
        Some(deliverability) => writeln!(out, "  deliverability  {deliverability} on average at the end")?,
        None => writeln!(out, "  deliverability  unknown")?,
    }
    for (reason, count) in &report.missed {
        writeln!(out, "  missed          {}: {}", grouped(*count), reason.escape_debug())?;
    }
    let cost = &report.cost;
    writeln!(
        out,
        "  cost            {:.2} dollars, {:.4} a mailbox and month (list prices, {})",
        cost.total, cost.per_mailbox_month, cost.prices
    )?;
    Ok(())
}
