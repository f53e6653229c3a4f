//! The proof that what the other crates promise holds together: architecture, contracts, simulation, rehearsal, budgets.
//!
//! The simulation runs the real use cases and functions' code, the real SDK over the embedded AWS, real SMTP and IMAP bytes over
//! an in-memory network, on virtual time and from one seed. Nothing here is linked into what is deployed.

pub mod bench;
pub mod conduct;
pub mod days;
mod hands;
pub mod providers;
pub use preheat_simulate::prices;
pub mod scenario;
pub mod trial;
