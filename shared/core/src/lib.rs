//! The rules of warmup (domain.md): who sends how much, when, to whom, and what is done with it.
//!
//! Pure and synchronous: no I/O, no async, no clock, no logging. `now` and chance come in as arguments, so any
//! process that is given the same rows plans the same sends, and a test can hold any promise as a property.
//!
//! May not depend on tokio, any `aws-` crate, lettre, reqwest or the Lambda runtime; a test in `tests/` checks it.

pub mod clock;
pub mod day;
pub mod endpoint;
pub mod id;
pub mod mailbox;
pub mod message;
pub mod ramp;
pub mod seed;
pub mod visit;
