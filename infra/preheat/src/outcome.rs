//! How a command ended, and the exit code that says so.

use std::process::ExitCode;

/// What every command returns.
pub(crate) type Outcome = anyhow::Result<()>;

/// The operator's input is at fault: exit code 2. The message stands alone; an empty one means that everything was
/// said already.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct BadInput(pub(crate) String);

impl BadInput {
    /// The error of a command whose input is refused for this reason.
    pub(crate) fn error(reason: impl std::fmt::Display) -> anyhow::Error {
        Self(reason.to_string()).into()
    }
}

/// The command ran, and its answer is no: exit code 1. The answer itself was printed already.
#[derive(Debug, thiserror::Error)]
#[error("the answer is no")]
pub(crate) struct Negative;

/// Says what went wrong on standard error, and gives the exit code.
pub(crate) fn report(done: Outcome) -> ExitCode {
    let Err(error) = done else { return ExitCode::SUCCESS };
    if let Some(BadInput(reason)) = error.downcast_ref() {
        if !reason.is_empty() {
            eprintln!("preheat: {reason}");
        }
        return ExitCode::from(2);
    }
    if error.is::<Negative>() {
        return ExitCode::FAILURE;
    }
    // `preheat … | head` closes the pipe when it has seen enough: that is no failure.
    let closed = |cause: &(dyn std::error::Error + 'static)| {
        let kind = cause.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
        let json = cause.downcast_ref::<serde_json::Error>().and_then(serde_json::Error::io_error_kind);
        kind.or(json) == Some(std::io::ErrorKind::BrokenPipe)
    };
    if error.chain().any(closed) {
        return ExitCode::SUCCESS;
    }
    eprintln!("preheat: {error:#}");
    ExitCode::FAILURE
}
