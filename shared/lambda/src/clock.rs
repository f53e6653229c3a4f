//! The one place of the deployed program that reads the system's clock.

use std::sync::Arc;

use jiff::Timestamp;
use preheat_core::clock::Clock;

/// The system's clock.
#[must_use]
pub fn system() -> Clock {
    #[expect(clippy::disallowed_methods, reason = "the one place that may")]
    let clock: Clock = Arc::new(Timestamp::now);
    clock
}
