//! Every function in one process: the schedules of fan-out and governor, Lambda's event source mappings for `sender` and `replier`, and
//! the run of time, over the embedded AWS of `infra/local`.
//!
//! `preheat demo`, `preheat up`, the simulation and the tests all run this. The functions' own code runs here unchanged: the
//! same batches, the same isolation, the same partial failures. Nothing deployed may depend on this crate.

pub mod fleet;
pub mod incident;
pub mod kill;
pub mod listen;
pub mod rig;
pub mod stack;
pub mod summary;
pub mod time;
pub mod watch;
mod zone;

pub use rig::{Rig, RigOptions};
pub use stack::{Doors, Event, Function, Interference, Stack};
pub use watch::Watch;
