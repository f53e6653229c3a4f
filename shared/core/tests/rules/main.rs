//! The promises of domain.md §2–§4, held as tables with literal values and as properties over arbitrary input.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod catching_up;
mod days;
mod feasible;
mod fixture;
mod ramps;
mod windows;
