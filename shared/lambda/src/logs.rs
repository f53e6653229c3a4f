//! Logs: one JSON object a line, with tenant, mailbox, slot and request ids as fields. Addresses and secrets are never
//! logged; what servers say passes through [`preheat_app::redact`] first.

use tracing_subscriber::EnvFilter;

/// Starts logging to standard output. `RUST_LOG` sets the level, `info` by default.
pub fn start() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    // A second start (two functions in one process) keeps the first.
    drop(
        tracing_subscriber::fmt()
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .with_env_filter(filter)
            .try_init(),
    );
}
