//! The project's own commands: `cargo xtask …`.
//!
//! It runs other programs (cargo, Debian's and Python's installers, the binaries of `tests`) and reports what they said.
//! It holds no rule of the product and no check of its own but sizes: a check belongs to the crate it speaks of.

#![expect(clippy::print_stdout, reason = "a command's output is its product")]

mod bootstraps;
mod everything;
mod rehearsal;
mod report;
mod run;
mod tools;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::report::Report;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "The project's own commands", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Everything that must hold: format, lints, docs, dependencies, tests, simulation, sizes, rehearsal.
    Test {
        /// Leave the rehearsal out. It is then reported as skipped.
        #[arg(long)]
        no_rehearsal: bool,
        /// Seeds of the simulation.
        #[arg(long, default_value_t = 30)]
        seeds: u32,
    },
    /// Deploys the real stack onto an emulator, points mailboxes at a real Postfix and Dovecot, watches the loop close.
    Rehearsal {
        /// Use the bootstraps in target/lambda as they are.
        #[arg(long)]
        no_build: bool,
        /// Handed on to the rehearsal (`--help` shows what it takes).
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        rest: Vec<String>,
    },
    /// The simulation under faults: `chaos --seeds N [--json]`.
    Chaos {
        /// Handed on to the simulation.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        rest: Vec<String>,
    },
    /// Folders of samples through the readers of events: `conformance --webhooks DIR [--json]`.
    Conformance {
        /// Handed on to the comparison (`--help` shows what it takes).
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        rest: Vec<String>,
    },
    /// Hostile bytes through every parser: `fuzz --seconds N [--target NAME]`.
    Fuzz {
        /// Handed on to the runner (`--help` shows what it takes).
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        rest: Vec<String>,
    },
    /// Today's figures beside the budgets.
    Bench {
        /// Handed on to the measurement.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        rest: Vec<String>,
    },
    /// The webhook function under load, killed in the middle, and counted: `load --rate 500 --seconds 10 --kill`.
    Load {
        /// Handed on to the measurement.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        rest: Vec<String>,
    },
    /// Builds the functions for release, lays them out for deployment, and holds their size against the budget.
    Size,
}

fn main() -> ExitCode {
    let mut report = Report::default();
    let outcome = match Arguments::parse().command {
        Command::Test { no_rehearsal, seeds } => everything::run(&mut report, no_rehearsal, seeds),
        Command::Rehearsal { no_build, rest } => rehearsal::run(&mut report, no_build, &rest),
        Command::Size => bootstraps::run(&mut report),
        // These print their own report, which may be JSON: nothing is added to it.
        Command::Chaos { rest } => return forward(&mut run::of_tests("chaos"), &rest),
        Command::Conformance { rest } => return forward(&mut run::of_tests("conformance"), &rest),
        Command::Fuzz { rest } => return forward(&mut run::of_tests("fuzz"), &rest),
        Command::Bench { rest } => {
            let release = ["run", "--quiet", "--locked", "--release", "-p", "preheat-tests", "--bin", "bench", "--"];
            return forward(&mut run::cargo(&release), &rest);
        }
        Command::Load { rest } => {
            let release = ["run", "--quiet", "--locked", "--release", "-p", "preheat-tests", "--bin", "load", "--"];
            return forward(&mut run::cargo(&release), &rest);
        }
    };
    if let Err(error) = outcome {
        report.fail("xtask itself", &error);
    }
    report.print();
    if report.is_green() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn forward(command: &mut std::process::Command, rest: &[String]) -> ExitCode {
    match command.args(rest).status() {
        // The codes mean what the binary says they mean: 2 is bad input, 1 a violation.
        Ok(status) => ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1)),
        Err(error) => {
            println!("cargo could not be started: {error}");
            ExitCode::FAILURE
        }
    }
}
