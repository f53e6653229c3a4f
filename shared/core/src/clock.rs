//! The clock as a value: production reads the system, simulation its own virtual time.

use std::sync::Arc;

use jiff::Timestamp;

/// Answers "what time is it". The one place that reads the system's clock is `shared/lambda` (deployed) or the
/// program's start (local).
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;
