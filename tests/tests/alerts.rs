//! Who changes a state tells it at once, and what lasts is said once a day: over the functions, the bus and the notifier.

#![allow(clippy::unwrap_used, clippy::large_futures, reason = "a test that cannot go on fails")]

#[path = "alerts/notifier.rs"]
mod notifier;
#[path = "alerts/world.rs"]
mod world;

#[path = "alerts/at_once.rs"]
mod at_once;
#[path = "alerts/daily.rs"]
mod daily;
#[path = "alerts/ips.rs"]
mod ips;
#[path = "alerts/lasting.rs"]
mod lasting;
#[path = "alerts/system.rs"]
mod system;
