//! Other programs: started in the root of the repository, their output shown as it comes.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    // This crate lies two folders down.
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.ancestors().nth(2).unwrap_or(own).to_path_buf()
}

/// A program that will run in the root.
pub(crate) fn program(name: impl AsRef<std::ffi::OsStr>, arguments: &[&str]) -> Command {
    let mut command = Command::new(name);
    command.args(arguments).current_dir(root());
    command
}

/// Cargo, as it will run in the root. What the lock file says is what is built.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    program("cargo", arguments)
}

/// A binary of `tests`, built as the tests are. Its package is not named: with `-p` cargo would choose other features
/// for the dependencies, and build them all a second time.
pub(crate) fn of_tests(binary: &str) -> Command {
    cargo(&["run", "--quiet", "--locked", "--bin", binary, "--"])
}

/// Runs to the end.
///
/// # Errors
/// It cannot be started, or ends with another code than 0.
pub(crate) fn succeed(command: &mut Command) -> Result<()> {
    let shown = shown(command);
    println!("$ {shown}");
    let status = command.status().with_context(|| format!("`{shown}` cannot be started"))?;
    if !status.success() {
        bail!("`{shown}` ended with {status}");
    }
    Ok(())
}

/// Runs to the end and returns what it printed.
///
/// # Errors
/// It cannot be started, or ends with another code than 0; the error carries what it said.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let shown = shown(command);
    let output = command.output().with_context(|| format!("`{shown}` cannot be started"))?;
    if !output.status.success() {
        bail!("`{shown}` ended with {}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn shown(command: &Command) -> String {
    let words: Vec<_> = std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    words.join(" ")
}

/// Where cargo puts what it builds.
///
/// # Errors
/// Cargo does not answer.
pub(crate) fn target() -> Result<PathBuf> {
    let text = output(&mut cargo(&["metadata", "--no-deps", "--format-version", "1"]))?;
    let metadata: serde_json::Value = serde_json::from_str(&text).context("`cargo metadata` does not parse")?;
    let path = metadata["target_directory"].as_str().context("`cargo metadata` names no target directory")?;
    Ok(PathBuf::from(path))
}
