//! What every function needs of the runtime: settings, clock, batches, metrics, logs. A function's `main` is the event,
//! one use case, the answer; everything else is here.
//!
//! May read the environment (in [`settings`]) and the system's clock (in [`clock`]), each in one place. Knows no rule of
//! warmup.

pub mod batch;
pub mod clock;
pub mod hooks;
pub mod logs;
pub mod metrics;
pub mod settings;
pub mod start;

pub use settings::Settings;
pub use start::{app, outside, writer};
