//! Logs: one JSON object a line, with tenant, mailbox, slot and request ids as fields. Addresses and secrets are never
//! logged; what servers say passes through [`preheat_app::redact`] first.

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::settings::variable;

/// Starts logging to standard output. `RUST_LOG` sets the level, `info` by default: `debug`, or by target
/// `info,preheat_app=trace`. (No filter by span or field: it would bring a regular-expression engine into every
/// function.)
pub fn start() {
    let asked = variable("RUST_LOG");
    let targets = asked.and_then(|asked| asked.parse().ok());
    let filter = targets.unwrap_or_else(|| Targets::new().with_default(LevelFilter::INFO));
    let lines = tracing_subscriber::fmt::layer().json().flatten_event(true).with_current_span(false);
    // A second start (two functions in one process) keeps the first.
    drop(tracing_subscriber::registry().with(lines).with(filter).try_init());
}
