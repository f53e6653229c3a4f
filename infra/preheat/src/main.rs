//! `preheat`: the operator's program. It reads arguments, calls one module a command, and says how that went by its
//! exit code: 0 done, 1 failed, 2 bad input or usage.
//!
//! The one crate that may use `anyhow`, print, and read the environment. May hold no rule of warmup: those are in
//! `preheat-core`.

mod alerts;
mod chart;
mod content;
mod demo;
mod dlq;
mod domain;
mod feasible;
mod hooks;
mod ip;
mod ledger;
mod limits;
mod mailbox;
mod near;
mod outcome;
mod plan;
mod report;
mod simulate;
mod suppress;
mod up;
mod view;
mod why;

use std::io::Write;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use outcome::Outcome;

const EXAMPLES: &str = "\
Examples:
  preheat demo
  preheat plan --ramp conservative --days 45
  preheat feasible --mailboxes 100000 --daily 30 --window 09:00-17:00 --hourly-cap 50000
  preheat simulate --mailboxes 500 --days 42 --html report.html
  preheat mailbox import mailboxes.csv --dry-run
  preheat ip add --tenant acme --domain mail.example.com --ip 203.0.113.7 --data ./data
  preheat domain check example.com
  preheat report day --data ./data
  preheat alerts test --stack --data ./data
  preheat why ann@example.com --data ./data
  preheat dlq show --data ./data
  preheat content preview --language de --seed 7 --turns
  preheat up --data ./data --mailboxes mailboxes.csv
  preheat hooks add sendgrid --tenant acme --data ./data
  preheat suppress list --tenant acme --data ./data
  preheat limits check limits.json

Exit codes: 0 done, 1 failed, 2 bad input or usage.";

/// Warms e-mail mailboxes up to full reputation, from your own AWS account.
#[derive(Debug, Parser)]
#[command(name = "preheat", version, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Watch a fleet warm up: the whole system in one process, on a fast clock, at sandbox providers
    Demo(demo::Args),
    /// Run every function in one process against real mail hosts, at the world's speed
    Up(up::Args),
    /// Show a ramp day by day: a table and a chart, with what is unwise about it
    Plan(plan::Args),
    /// Say whether a fleet can be served, with the binding constraint and the arithmetic
    Feasible(feasible::Args),
    /// What would this configuration do: volumes, days to ready, misses with reasons, cost
    Simulate(simulate::Args),
    /// Import, list, check, pause and resume mailboxes
    #[command(subcommand)]
    Mailbox(mailbox::Command),
    /// Sum up days, placements and what warming brings
    #[command(subcommand)]
    Report(report::Command),
    /// Say who is told of what: add, list, remove and test channels of alerts
    #[command(subcommand)]
    Alerts(alerts::Command),
    /// Add, list, rotate and test the endpoints that deliverability events come in at
    #[command(subcommand)]
    Hooks(hooks::Command),
    /// List, add, remove, import and export the addresses that nobody may write to
    #[command(subcommand)]
    Suppress(suppress::Command),
    /// Say why a mailbox is in its state: every decision about it, in plain words, with the numbers
    Why(why::Args),
    /// Sending IPs: bring in, list, explain, write MTA configuration
    #[command(subcommand)]
    Ip(ip::Command),
    /// Domains: check their records, list them with their mailboxes
    #[command(subcommand)]
    Domain(domain::Command),
    /// Preview what warmup mail says, list the stock of conversation plans, make today's
    #[command(subcommand)]
    Content(content::Command),
    /// Print the numbers of the rules; check a document that changes them
    #[command(subcommand)]
    Limits(limits::Command),
    /// Show and redrive queue messages that were given up
    #[command(subcommand)]
    Dlq(dlq::Command),
}

fn main() -> ExitCode {
    // clap itself ends with 2 on bad usage and with 0 after --help.
    let cli = Cli::parse();
    let mut out = std::io::stdout().lock();
    let done = match &cli.command {
        Command::Demo(args) => demo::run(args, &mut out),
        Command::Up(args) => wait(up::run(args, &mut out)),
        Command::Plan(args) => plan::run(args, &mut out),
        Command::Feasible(args) => feasible::run(args, &mut out),
        Command::Simulate(args) => simulate::run(args, &mut out),
        Command::Mailbox(command) => wait(mailbox::run(command, &mut out)),
        Command::Report(command) => wait(report::run(command, &mut out)),
        Command::Alerts(command) => wait(alerts::run(command, &mut out)),
        Command::Hooks(command) => wait(hooks::run(command, &mut out)),
        Command::Suppress(command) => wait(suppress::run(command, &mut out)),
        Command::Why(args) => wait(why::run(args, &mut out)),
        Command::Ip(command) => wait(ip::run(command, &mut out)),
        Command::Domain(command) => wait(domain::run(command, &mut out)),
        Command::Content(command) => wait(content::run(command, &mut out)),
        Command::Limits(command) => limits::run(command, &mut out),
        Command::Dlq(command) => wait(dlq::run(command, &mut out)),
    };
    let done = done.and_then(|()| Ok(out.flush()?));
    outcome::report(done)
}

/// Runs a command that waits for the network or the disk.
fn wait(command: impl Future<Output = Outcome>) -> Outcome {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(command)
}

/// An environment variable; `None` where it is not set or empty.
#[expect(clippy::disallowed_methods, reason = "the program's one reader of the environment")]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// What every command is given to write its result to: standard output, or a buffer in a test.
type Out<'a> = &'a mut dyn Write;

/// Columns of the terminal; 80 where standard output is none.
fn width() -> usize {
    use std::io::IsTerminal;
    let columns = if std::io::stdout().is_terminal() { ratatui::crossterm::terminal::size().ok() } else { None };
    columns.map_or(80, |(columns, _)| usize::from(columns).max(40))
}

/// A whole number with commas: 375000 as 375,000.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Prints a value as indented JSON.
fn json(out: Out<'_>, value: &impl serde::Serialize) -> Outcome {
    serde_json::to_writer_pretty(&mut *out, value)?;
    writeln!(out)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_arguments_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_has_examples() {
        fn check(command: &clap::Command) {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.contains("Example"), "`{}` has no example", command.get_name());
            command.get_subcommands().for_each(check);
        }
        check(&Cli::command());
    }

    #[test]
    fn numbers_are_grouped() {
        assert_eq!([0, 999, 1_000, 375_000, 1_234_567].map(grouped), ["0", "999", "1,000", "375,000", "1,234,567"]);
    }
}
