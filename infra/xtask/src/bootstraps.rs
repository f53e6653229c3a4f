//! The functions' binaries: built for release, laid out as the template expects them, measured.

use std::fs;
use std::process::Stdio;

use anyhow::{Context, Result};

use crate::report::{Outcome, Report};
use crate::run;

/// The functions; each is a binary of the same name.
pub(crate) const FUNCTIONS: [&str; 6] = ["fanout", "sender", "replier", "governor", "webhook", "notifier"];

/// Most that a deployed function may weigh, in bytes of its zip (budgets.md: 4 MB).
const ZIP_BYTES_MAX: u64 = 4_000_000;

/// Builds all functions at once (they share their dependencies) and copies each to
/// `target/lambda/<function>/bootstrap`, where `cargo lambda build` puts it too and the template looks for it.
///
/// They run on this machine and on Lambda if its C library is not newer than that of `provided.al2023` (glibc 2.34);
/// for deployment from a newer machine `cargo lambda build` links against the right one.
///
/// # Errors
/// The build fails, or the files cannot be written.
pub(crate) fn build() -> Result<()> {
    let mut command = run::cargo(&["build", "--release", "--locked"]);
    for function in FUNCTIONS {
        command.args(["-p", &format!("preheat-{function}"), "--bin", function]);
    }
    run::succeed(&mut command)?;
    let built = run::target()?.join("release");
    for function in FUNCTIONS {
        let folder = run::root().join("target/lambda").join(function);
        fs::create_dir_all(&folder).with_context(|| format!("creating {}", folder.display()))?;
        // A copy onto a running binary fails with ETXTBSY; a rename does not.
        let fresh = folder.join("bootstrap.new");
        fs::copy(built.join(function), &fresh).with_context(|| format!("copying {function}"))?;
        fs::rename(&fresh, folder.join("bootstrap")).with_context(|| format!("placing {function}"))?;
    }
    Ok(())
}

/// Holds each bootstrap's deflated size against the budget. A zip adds some hundred bytes to it.
///
/// # Errors
/// A bootstrap is not there, or gzip is not.
pub(crate) fn sizes() -> Result<Outcome> {
    let mut lines = Vec::new();
    let mut too_large = false;
    for function in FUNCTIONS {
        let path = run::root().join("target/lambda").join(function).join("bootstrap");
        let binary = fs::metadata(&path).with_context(|| format!("{} is not built", path.display()))?.len();
        let deflated = run::program("gzip", &["-9", "-c"])
            .arg(&path)
            .stderr(Stdio::inherit())
            .output()
            .context("gzip cannot be started")?;
        anyhow::ensure!(deflated.status.success(), "gzip failed");
        let zipped = u64::try_from(deflated.stdout.len())?;
        too_large |= zipped > ZIP_BYTES_MAX;
        lines.push(format!("{function} {} ({} unzipped)", megabytes(zipped), megabytes(binary)));
    }
    let text = format!("{}; budget {}", lines.join(", "), megabytes(ZIP_BYTES_MAX));
    Ok(if too_large { Outcome::Failed(text) } else { Outcome::Passed(text) })
}

fn megabytes(bytes: u64) -> String {
    let tenths = bytes.div_ceil(100_000);
    format!("{}.{} MB", tenths / 10, tenths % 10)
}

/// The command `size`.
///
/// # Errors
/// None: both checks are in the report.
pub(crate) fn run(report: &mut Report) -> Result<()> {
    report.step("release build", || build().map(|()| Outcome::Passed(String::new())));
    report.step("size", sizes);
    Ok(())
}
