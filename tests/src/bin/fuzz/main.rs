//! `cargo xtask fuzz --seconds N [--target NAME]`: hostile bytes through every parser of what strangers send.
//!
//! An engine of its own, on stable: inputs from `tests/fuzz/<target>/` and from the samples are mutated ([`mutate`]), and one that
//! makes a parser *answer* something new (another outcome, kind or reason) becomes a starting point too. There is no coverage
//! feedback: instrumenting needs a second build of everything, and callbacks in unsafe code, which this project forbids. So a rare
//! branch is found later than libFuzzer would find it; give it longer at night.
//!
//! What counts as a finding: a panic, an abort (stack overflow, memory), an input that takes over a second (and four more a megabyte), or a peak of over
//! 256 MB. Each target runs in a process of its own, with its address space limited. The sequence of inputs depends on `--seed` alone, so
//! the command that is printed replays a finding. Inputs that panic are also saved.
//!
//! Exit code 0: nothing found; 1: a finding; 2: bad input.

mod child;
mod mutate;
mod target;

use std::io::Write;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, ensure};
use clap::Parser;

/// Runs each target for some seconds of processor time.
///
/// Examples:
///   cargo xtask fuzz --seconds 10
///   cargo xtask fuzz --seconds 600 --target mailgun --seed 7
///   cargo xtask fuzz --list
#[derive(Parser)]
#[command(name = "fuzz", verbatim_doc_comment)]
pub(crate) struct Arguments {
    /// Seconds of processor time for each target.
    #[arg(long, default_value_t = 10)]
    seconds: u32,
    /// Only this target.
    #[arg(long)]
    target: Option<String>,
    /// Where chance starts.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Lists the targets.
    #[arg(long)]
    list: bool,
    /// Runs the one target in this process: the program calls itself so.
    #[arg(long, hide = true)]
    child: bool,
}

/// The address space of a target, in KiB: ten times what the largest needs.
const ADDRESS_SPACE_KIB: u32 = 4 * 1024 * 1024;

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "{error:#}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &Arguments) -> Result<bool> {
    let mut targets = target::all()?;
    if let Some(name) = &arguments.target {
        targets.retain(|target| target.name == *name);
        ensure!(!targets.is_empty(), "no target is called {name} (see --list)");
    }
    let mut out = std::io::stdout().lock();
    if arguments.list {
        for target in &targets {
            writeln!(out, "{}", target.name)?;
        }
        return Ok(true);
    }
    if arguments.child {
        drop(out);
        return child::run(&targets[0], arguments.seconds, arguments.seed);
    }
    let own = std::env::current_exe().context("this program has no path")?;
    let mut clean = true;
    for target in &targets {
        let status = Command::new("sh")
            .args(["-c", &format!("ulimit -v {ADDRESS_SPACE_KIB}; exec \"$0\" \"$@\"")])
            .arg(&own)
            .args(["--child", "--target", &target.name])
            .args(["--seconds", &arguments.seconds.to_string(), "--seed", &arguments.seed.to_string()])
            .status()
            .context("the target cannot be started")?;
        if !status.success() {
            clean = false;
            writeln!(
                out,
                "{}: {status}\n  replay: cargo xtask fuzz --target {} --seed {} --seconds {}",
                target.name, target.name, arguments.seed, arguments.seconds
            )?;
        }
    }
    Ok(clean)
}
