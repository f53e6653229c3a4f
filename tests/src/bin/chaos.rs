//! `cargo xtask chaos --seeds N [--from N] [--json]`: the simulation under N seeds.
//!
//! Exit code 0: no violation. 1: a violation; the command that replays its seed is printed.

use std::collections::BTreeMap;
use std::io::Write;

use anyhow::Result;
use clap::Parser;
use preheat_tests::scenario;
use serde_json::json;

/// Runs the whole system under many seeds, each with its own faults, and checks the invariants.
///
/// Examples:
///   cargo xtask chaos --seeds 200
///   cargo xtask chaos --seeds 1 --from 4711        replays seed 4711
///   cargo xtask chaos --seeds 1 --from 4711 --trace
///   cargo xtask chaos --seeds 50 --json
#[derive(Parser)]
#[command(name = "chaos", verbatim_doc_comment)]
struct Arguments {
    /// How many seeds.
    #[arg(long, default_value_t = 50)]
    seeds: u64,
    /// The first seed.
    #[arg(long, default_value_t = 1)]
    from: u64,
    /// Log everything that happens.
    #[arg(long)]
    trace: bool,
    /// The result as JSON.
    #[arg(long)]
    json: bool,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    if arguments.trace {
        tracing_subscriber::fmt().with_writer(std::io::stderr).without_time().with_target(false).init();
    }
    let mut errors = std::io::stderr().lock();
    let (mut kills, mut duplicates, mut cut, mut throttles, mut mails) = (0, 0, 0, 0, 0);
    let mut decided: BTreeMap<&str, u64> = BTreeMap::new();
    let mut violations = Vec::new();
    for seed in arguments.from..arguments.from + arguments.seeds {
        let outcome = scenario::run(seed, arguments.trace)?;
        kills += outcome.kills;
        duplicates += outcome.duplicates_injected;
        cut += outcome.connections_cut;
        throttles += outcome.throttles;
        mails += outcome.mails;
        for (rule, count) in outcome.decided {
            *decided.entry(rule).or_default() += count;
        }
        for violation in &outcome.violations {
            writeln!(errors, "seed {seed}: {violation}\n  replay: cargo xtask chaos --seeds 1 --from {seed}")?;
        }
        violations.extend(outcome.violations.into_iter().map(|what| json!({"seed": seed, "what": what})));
        let done = seed - arguments.from + 1;
        if done % 10 == 0 || done == arguments.seeds {
            writeln!(errors, "{done} of {} seeds, {mails} mails, {} violations", arguments.seeds, violations.len())?;
        }
    }
    let clean = violations.is_empty();
    let mut out = std::io::stdout().lock();
    if arguments.json {
        let result = json!({
            "seeds": arguments.seeds, "kills": kills, "duplicates_injected": duplicates, "connections_cut": cut,
            "throttles": throttles, "mails": mails, "decided": decided, "violations": violations,
        });
        writeln!(out, "{result:#}")?;
    } else {
        writeln!(
            out,
            "{} seeds: {kills} kills, {duplicates} messages doubled or late, {cut} connections cut, {throttles} AWS calls \
             throttled or lost, {mails} mails, {} decisions, {} violations",
            arguments.seeds,
            decided.values().sum::<u64>(),
            violations.len()
        )?;
    }
    if !clean {
        std::process::exit(1);
    }
    Ok(())
}
