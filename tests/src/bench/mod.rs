//! Today's figures for the budgets: what `cargo xtask bench` prints and `tests/budgets.rs` holds.
//!
//! - [`fleet`]: mailboxes to measure with, as rows in memory or as imports.
//! - [`whole`]: a run of the whole system over the sandbox, counted under the SDK and on the wire.
//! - [`mapping`]: queue calls at a size where batches fill.
//! - [`tick`]: the fan-out over an embedded database in a file, each tick in a process of its own.
//! - [`planning`]: the pure planner.
//! - [`intake`]: webhooks verified, read and normalised.
//! - [`cost`]: dollars from counts.
//! - [`process`]: time, processor and memory of this process.
//!
//! Counts are exact and go into tests. Timings are printed, and asserted only where they are far from their budget in the
//! profile of the tests, and taken in processor time, which a busy machine does not stretch: the intake's.

pub mod cost;
pub mod fleet;
pub mod intake;
pub mod mapping;
pub mod planning;
pub mod process;
pub mod tick;
pub mod whole;
