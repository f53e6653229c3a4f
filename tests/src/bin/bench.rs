//! `cargo xtask bench [--json]`: the budgets, today's figure beside each, and how it was measured.
//!
//! Prints, and says of each figure that has one whether its budget is kept; with `--check`, one that is missed is a failure.
//! Timings differ from machine to machine, so CI does not ask for that: what is exact (counts) is held by `tests/budgets.rs`.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use jiff::Timestamp;
use preheat_core::limits::Limits;
use preheat_tests::bench::whole::{self, Run, whole as number};
use preheat_tests::bench::{cost, intake, mapping, planning, tick};
use preheat_tests::prices;
use serde::Serialize;
use serde_json::json;

/// Measures what budgets.md names, as far as it is built.
///
/// Examples:
///   cargo xtask bench
///   cargo xtask bench --fleets 1000,10000
///   cargo xtask bench --json
///   cargo xtask bench --check          exit code 1: a budget is missed
#[derive(Parser)]
#[command(name = "bench", verbatim_doc_comment)]
struct Arguments {
    /// Sizes of the fleets that the fan-out is measured with, the smallest first.
    #[arg(long, value_delimiter = ',', default_values_t = [1_000, 10_000, 100_000])]
    fleets: Vec<u32>,
    /// Mailboxes in the runs of the whole system.
    #[arg(long, default_value_t = 60)]
    mailboxes: u32,
    /// Mailboxes in the measurement of the queues: batches fill with the fleet.
    #[arg(long, default_value_t = 20_000)]
    queue_mailboxes: u32,
    /// The figures as JSON.
    #[arg(long)]
    json: bool,
    /// Fail if a budget is missed.
    #[arg(long)]
    check: bool,
    /// Runs one tick on the fleet in this directory and prints its figures: the program calls itself so.
    #[arg(long, hide = true, requires = "at")]
    tick: Option<PathBuf>,
    /// When that tick is.
    #[arg(long, hide = true)]
    at: Option<Timestamp>,
}

/// A line of the table.
#[derive(Serialize)]
struct Row {
    what: String,
    budget: &'static str,
    /// Whether it is kept; `None`: the figure has no budget of its own, or was not measured.
    kept: Option<bool>,
    today: String,
    how: String,
}

#[derive(Default)]
struct Table(Vec<Row>);

impl Table {
    fn add(&mut self, what: impl Into<String>, budget: &'static str, today: String, how: impl Into<String>) {
        self.0.push(Row { what: what.into(), budget, kept: None, today, how: how.into() });
    }

    /// Says of the figure that was added last whether its budget is kept.
    fn judge(&mut self, kept: bool) {
        if let Some(row) = self.0.last_mut() {
            row.kept = Some(kept);
        }
    }
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let mut out = std::io::stdout().lock();
    if let (Some(directory), Some(at)) = (&arguments.tick, arguments.at) {
        serde_json::to_writer(&mut out, &tick::run(directory, at)?)?;
        return Ok(());
    }
    let mut table = Table::default();
    let fleets = fan_out(&arguments.fleets, &mut table)?;
    let largest = fleets.last().context("no fleet was asked for")?;
    plan(&arguments.fleets, &mut table)?;
    whole_system(&arguments, &largest.full, &mut table)?;
    webhooks(&mut table)?;
    sizes(&mut table)?;
    for missing in ["init, 256 MB CPU share", "first SDK call after init", "200 SMTP sessions in one invocation"] {
        let budget = "see budgets.md";
        table.add(missing, budget, "not measured".to_owned(), "needs the release binaries under a CPU quota");
    }
    if arguments.json {
        let profile = if cfg!(debug_assertions) { "dev" } else { "release" };
        let figures = json!({ "profile": profile, "prices": prices::AS_OF, "rows": table.0, "fleets": fleets });
        writeln!(out, "{figures:#}")?;
    } else {
        for row in &table.0 {
            writeln!(
                out,
                "{}\n    today   {}\n    budget  {}{}\n    how     {}",
                row.what,
                row.today,
                row.budget,
                match row.kept {
                    Some(true) => ": kept",
                    Some(false) => ": MISSED",
                    None => "",
                },
                row.how
            )?;
        }
    }
    let missed: Vec<&str> = table.0.iter().filter(|row| row.kept == Some(false)).map(|row| row.what.as_str()).collect();
    ensure!(!arguments.check || missed.is_empty(), "budgets are missed: {}", missed.join("; "));
    Ok(())
}

/// What a long measurement is at, for whoever waits.
fn say(text: &str) -> Result<()> {
    writeln!(std::io::stderr(), "bench: {text}").context("nobody reads the progress")
}

fn fan_out(sizes: &[u32], table: &mut Table) -> Result<Vec<tick::Fleet>> {
    let mut fleets: Vec<tick::Fleet> = Vec::new();
    for &mailboxes in sizes {
        say(&format!("fan-out with {mailboxes} mailboxes: importing them first"))?;
        let fleet = tick::measure(mailboxes, |command: &mut Command, directory: &Path, at| {
            command.arg("--tick").arg(directory).arg("--at").arg(at.to_string());
        })?;
        for (name, tick) in [("all due", &fleet.full), ("first of the day", &fleet.turning)] {
            table.add(
                format!("fan-out, {mailboxes} mailboxes, {name}"),
                "≤ 15 s on one core, ≤ 256 MB, at 100,000 due",
                format!(
                    "{:.2} s ({:.2} s CPU), peak {} MB; {} sends planned of {} due, {} days turned",
                    tick.took_s,
                    tick.cpu_s,
                    tick.peak_rss_bytes / 1_000_000,
                    tick.planned,
                    tick.due,
                    tick.turned
                ),
                format!(
                    "own process; embedded database and queues in files, their work and memory included; {} queries, {} \
                     writes, {} queue calls, {:.0} read units",
                    tick.queries, tick.writes, tick.pushes, tick.read_units
                ),
            );
        }
        fleets.push(fleet);
    }
    if let [first, .., last] = &fleets[..] {
        let per_mailbox = |fleet: &tick::Fleet| fleet.full.cpu_s / number(fleet.full.mailboxes as u64);
        table.add(
            format!("fan-out, CPU a mailbox at {} over that at {}", last.full.mailboxes, first.full.mailboxes),
            "near-linear",
            format!("{:.2} times", per_mailbox(last) / per_mailbox(first)),
            "ratio within this run, ticks with all due",
        );
    }
    Ok(fleets)
}

fn plan(sizes: &[u32], table: &mut Table) -> Result<()> {
    for &mailboxes in sizes {
        say(&format!("planning with {mailboxes} mailboxes in memory"))?;
        let figures = planning::measure(mailboxes)?;
        table.add(
            format!("pure planning, {mailboxes} mailboxes"),
            "≥ 1,000,000 slots a second and core",
            format!(
                "{:.0} slots/s decided; {:.0} orders/s; {:.0} slot times/s",
                figures.slots_per_s, figures.orders_per_s, figures.slot_times_per_s
            ),
            "one tick's plan in memory, all due: slots of the day looked at, orders made, by processor time; times of slots alone",
        );
        table.judge(figures.slots_per_s >= 1_000_000.0);
    }
    Ok(())
}

fn whole_system(arguments: &Arguments, largest: &tick::Tick, table: &mut Table) -> Result<()> {
    let usual = Limits::default().visits_per_day;
    let run = Run { mailboxes: arguments.mailboxes, sends_per_day: 40, days: 2, visits_per_day: usual };
    say(&format!("the whole system, {} mailboxes for {} days", run.mailboxes, run.days))?;
    let spent = whole::measure(run)?;
    let how = format!(
        "{} mails of {} mailboxes in {} days after a first one, {usual} visits a day",
        spent.mails, run.mailboxes, run.days
    );
    table.add(
        "CPU a mail, all in",
        "≤ 1 ms",
        format!("{:.2} ms", spent.cpu_ms_per_mail()),
        format!("{how}; both sides: program, SDK, embedded AWS and the sandbox's mail servers; no TLS"),
    );
    table.judge(spent.cpu_ms_per_mail() <= 1.0);
    table.add(
        "DynamoDB write units a mail",
        "≤ 2.4",
        format!("{:.3}", spent.write_units_per_mail()),
        format!("{how}; counted under the SDK"),
    );
    table.judge(spent.write_units_per_mail() <= 2.4);
    table.add(
        "bytes out a mail",
        "≤ 5 kB",
        format!(
            "{:.0} ({:.0} to mail servers, {:.0} to AWS)",
            spent.bytes_out_per_mail(),
            number(spent.mail_bytes) / spent.mails_f64(),
            number(spent.aws_bytes) / spent.mails_f64()
        ),
        format!("{how}; SMTP and IMAP, and bodies of AWS requests; without HTTP headers and TLS"),
    );
    table.judge(spent.bytes_out_per_mail() <= 5_000.0);
    say(&format!("the queues of {} mailboxes", arguments.queue_mailboxes))?;
    let calls = mapping::measure(arguments.queue_mailboxes, 2, usual)?;
    table.add(
        "SQS calls a mail",
        "≤ 0.35",
        format!("{:.3}", calls.per_mail(usual)),
        format!(
            "{} mailboxes in one zone, 2 h; SendMessageBatch counted, ReceiveMessage and DeleteMessageBatch computed from \
             Lambda's batches; idle polls left out; {:.1} mails and {:.1} visits a batch",
            calls.mailboxes,
            calls.mails.orders_per_batch(),
            calls.visits.orders_per_batch()
        ),
    );
    table.judge(calls.per_mail(usual) <= 0.35);
    say("the whole system with 8 visits a day")?;
    let visited = whole::measure(Run { visits_per_day: cost::VISITS_PER_DAY, ..run })?;
    let calls = mapping::measure(arguments.queue_mailboxes, 2, cost::VISITS_PER_DAY)?;
    let month = cost::month(&visited, &calls, largest);
    table.add(
        "cost a mailbox-month",
        "≤ $0.006; goal $0.0044",
        format!(
            "${:.5} (writes {:.5}, reads {:.5}, queues {:.5}, Lambda {:.5})",
            month.total(),
            month.writes,
            month.reads,
            month.queues,
            month.lambda
        ),
        format!(
            "40 sends a day for 30 days, replies among them, {} visits a day; prices {}; counts of the runs above with so \
             many visits; durations of sender and replier assumed",
            cost::VISITS_PER_DAY,
            prices::AS_OF
        ),
    );
    table.judge(month.total() <= 0.006);
    Ok(())
}

fn webhooks(table: &mut Table) -> Result<()> {
    say("webhooks, provider by provider")?;
    for figure in intake::measure(0.5)? {
        table.add(
            format!("webhook of {}: verify, read, normalise", figure.provider),
            "≥ 5,000 events a second and core",
            format!("{:.0} events/s", figure.events_per_s),
            format!("signed hard bounces, {} a post; by processor time", figure.events_per_post),
        );
        table.judge(figure.events_per_s >= intake::EVENTS_PER_S_MIN);
    }
    Ok(())
}

fn sizes(table: &mut Table) -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for function in ["fanout", "sender", "replier"] {
        let path = root.join("target/lambda").join(function).join("bootstrap");
        let today = if path.exists() {
            let output =
                Command::new("gzip").args(["-9", "-c"]).arg(&path).output().context("gzip cannot be started")?;
            format!("{:.2} MB", number(output.stdout.len() as u64) / 1e6)
        } else {
            "not built: `cargo xtask size` builds and holds it".to_owned()
        };
        table.add(format!("zip of {function}"), "≤ 4 MB", today, "release build, deflated: held by `cargo xtask size`");
    }
    Ok(())
}
