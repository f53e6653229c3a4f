//! Virtual time: a clock that follows tokio's paused one.
//!
//! On a runtime started with `start_paused(true)` and one thread, tokio moves its clock forward by itself whenever
//! nothing can run. So a fortnight passes as fast as the program can work, and every run passes alike.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use preheat_core::clock::Clock;
use tokio::time::{Duration, Instant};

/// A clock that shows `start` now, and runs as tokio's does.
#[must_use]
pub fn virtual_clock(start: Timestamp) -> Clock {
    let origin = Instant::now();
    Arc::new(move || {
        let elapsed = SignedDuration::try_from(origin.elapsed()).unwrap_or(SignedDuration::MAX);
        start.saturating_add(elapsed).unwrap_or(Timestamp::MAX)
    })
}

/// Waits until `clock` shows `at`.
pub async fn sleep_until(clock: &Clock, at: Timestamp) {
    let left = at.duration_since(clock());
    if left.is_positive() {
        tokio::time::sleep(left.unsigned_abs()).await;
    } else {
        // Not a busy loop, whatever the caller does.
        tokio::time::sleep(Duration::ZERO).await;
    }
}

/// A runtime on virtual time: one thread, tokio's clock paused.
///
/// # Errors
/// The operating system gives no event queue.
pub fn virtual_runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()
}
