//! `cargo xtask test`: everything that must hold, cheap checks first, each run whatever became of those before it.

use anyhow::Result;

use crate::report::{Outcome, Report};
use crate::{bootstraps, rehearsal, run, tools};

fn passes(command: &mut std::process::Command) -> Result<Outcome> {
    run::succeed(command).map(|()| Outcome::Passed(String::new()))
}

/// Runs all of it.
///
/// # Errors
/// None so far: every check is in the report.
pub(crate) fn run(report: &mut Report, no_rehearsal: bool, seeds: u32) -> Result<()> {
    report.step("format", || passes(&mut run::cargo(&["fmt", "--all", "--check"])));
    report.step("lints", || {
        passes(&mut run::cargo(&["clippy", "--locked", "--workspace", "--all-targets", "--", "-D", "warnings"]))
    });
    report.step("docs", || {
        let mut command = run::cargo(&["doc", "--locked", "--workspace", "--no-deps", "--document-private-items"]);
        passes(command.env("RUSTDOCFLAGS", "-D warnings"))
    });
    dependencies(report);
    tests(report);
    report.step("simulation", || {
        let seeds = seeds.to_string();
        passes(run::of_tests("chaos").args(["--seeds", &seeds]))
    });
    // Both judge that nothing is lost or counted twice; the first one the latency, too, in the profile of the tests.
    report.step("events under load", || {
        passes(run::of_tests("load").args(["--rate", "500", "--seconds", "9", "--check"]))
    });
    report.step("events under load, killed in the middle", || {
        passes(run::of_tests("load").args(["--rate", "500", "--seconds", "6", "--kill"]))
    });
    report.step("fuzz", || passes(run::of_tests("fuzz").args(["--seconds", "10"])));
    bootstraps::run(report)?;
    if no_rehearsal {
        report.step("rehearsal", || Ok(Outcome::Skipped("--no-rehearsal was given".to_owned())));
        return Ok(());
    }
    rehearsal::run(report, true, &[])
}

fn dependencies(report: &mut Report) {
    report.step("dependencies", || {
        let deny = tools::cargo_deny()?;
        passes(&mut run::program(deny, &["--locked", "check", "bans", "licenses", "sources"]))
    });
    report.step("advisories", || {
        let deny = tools::cargo_deny()?;
        if let Err(error) = run::output(&mut run::program(&deny, &["fetch", "db"])) {
            return Ok(Outcome::Skipped(format!("the advisory database cannot be reached: {error:#}")));
        }
        passes(&mut run::program(&deny, &["--locked", "check", "advisories"]))
    });
}

/// Unit, property, contract, architecture and end-to-end tests, then the examples in the docs.
fn tests(report: &mut Report) {
    let nextest = run::output(&mut run::cargo(&["nextest", "--version"])).is_ok();
    if nextest {
        report.step("tests", || {
            passes(&mut run::cargo(&["nextest", "run", "--locked", "--workspace", "--no-fail-fast"]))
        });
        report.step("examples in docs", || passes(&mut run::cargo(&["test", "--locked", "--workspace", "--doc"])));
    } else {
        report.step("tests and examples in docs", || {
            passes(&mut run::cargo(&["test", "--locked", "--workspace", "--no-fail-fast"]))
        });
    }
}
