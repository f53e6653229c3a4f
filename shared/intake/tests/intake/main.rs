//! The intake as its callers see it: every provider's signed delivery is accepted, every tampered one refused, and hostile bytes
//! do no harm.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod broken;
mod carriers;
mod deliveries;
mod hostile;
mod rig;
