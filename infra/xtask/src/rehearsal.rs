//! `cargo xtask rehearsal`: gets ready what the rehearsal needs (binaries, mail servers, emulator), then runs it.
//!
//! The rehearsal itself, with everything it starts, checks and takes down, is the binary `rehearsal` of `tests`.

use anyhow::Result;

use crate::report::{Outcome, Report};
use crate::{bootstraps, run, tools};

/// Runs it, or says why it cannot be run here.
///
/// # Errors
/// None: every step is in the report.
pub(crate) fn run(report: &mut Report, no_build: bool, rest: &[String]) -> Result<()> {
    if let Some(why) = tools::missing_for_rehearsal() {
        report.step("rehearsal", || Ok(Outcome::Skipped(why)));
        return Ok(());
    }
    if !no_build {
        report.step("release build", || bootstraps::build().map(|()| Outcome::Passed(String::new())));
    }
    let folder = run::root().join("target/rehearsal");
    report.step("tools of the rehearsal", || {
        tools::mail_servers()?;
        tools::python(&folder)?;
        Ok(Outcome::Passed(String::new()))
    });
    report.step("template (cfn-lint)", || {
        run::succeed(&mut run::program(folder.join("deployer/bin/cfn-lint"), &["infra/template.yaml"]))?;
        Ok(Outcome::Passed(String::new()))
    });
    report.step("rehearsal", || {
        let mut command = run::of_tests("rehearsal");
        run::succeed(command.arg("--tools").arg(&folder).args(rest))?;
        Ok(Outcome::Passed(String::new()))
    });
    Ok(())
}
