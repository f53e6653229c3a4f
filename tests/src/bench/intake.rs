//! Webhooks: how many events a second one core verifies, reads and normalises, provider by provider.

use std::hint::black_box;

use anyhow::{Result, bail};
use jiff::Timestamp;
use preheat_core::event::Reporter;
use preheat_intake::Outcome;
use preheat_intake::sample::Happening;

use crate::bench::process::thread_cpu_s;
use crate::providers::Provider;

/// Events a second and core that each provider's must reach (budgets.md).
pub const EVENTS_PER_S_MIN: f64 = 5_000.0;

/// A provider's figure.
#[derive(Debug, Clone, Copy)]
pub struct Intake {
    /// Whose.
    pub provider: Reporter,
    /// Events of one post.
    pub events_per_post: usize,
    /// Events a second and core.
    pub events_per_s: f64,
}

/// Measures all providers, each for so much processor time.
///
/// # Errors
/// A sample is not accepted, or the processor's time cannot be read.
pub fn measure(seconds_each: f64) -> Result<Vec<Intake>> {
    Provider::all().map(|provider| one(provider, seconds_each)).collect()
}

fn one(reporter: Reporter, seconds: f64) -> Result<Intake> {
    let now = Timestamp::from_second(1_768_486_991)?;
    let provider = Provider::new(reporter)?;
    let posted = provider.post(100, Happening::HardBounce, now)?;
    let Outcome::Accepted(accepted) = provider.receive(&posted, now) else {
        bail!("the sample of {reporter} is not accepted");
    };
    let events_per_post = accepted.events.len();
    let start = thread_cpu_s()?;
    let mut posts = 0_u32;
    let used = loop {
        for _ in 0..16 {
            black_box(provider.receive(black_box(&posted), now));
        }
        posts += 16;
        let used = thread_cpu_s()? - start;
        if used >= seconds {
            break used;
        }
    };
    #[expect(clippy::cast_precision_loss, reason = "a hundred events at most")]
    let events_per_s = f64::from(posts) * events_per_post as f64 / used;
    Ok(Intake { provider: reporter, events_per_post, events_per_s })
}
