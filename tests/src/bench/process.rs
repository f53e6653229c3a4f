//! What this process took of the machine: wall clock, processor, peak memory. Linux only, as the functions are.

use std::time::Duration;

use anyhow::{Context, Result};

/// Clock ticks a second in `/proc/self/stat`: USER_HZ, 100 in the interface of every Linux.
const USER_HZ: f64 = 100.0;

/// The world's clock from a moment on. For printing; nothing is decided by it.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(std::time::Instant);

impl Stopwatch {
    /// Starts.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "how long work takes in the world is what a benchmark prints")]
    pub fn start() -> Self {
        Self(std::time::Instant::now())
    }

    /// Time since the start.
    #[must_use]
    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

/// Processor time that this process has used so far, user and system, in seconds. Steps of 10 ms.
///
/// # Errors
/// `/proc` is not there or not as Linux has it.
pub fn cpu_s() -> Result<f64> {
    used_s("/proc/self/stat")
}

/// The same of this thread alone: what the others of a process do at the time is not counted.
///
/// # Errors
/// As for [`cpu_s`].
pub fn thread_cpu_s() -> Result<f64> {
    used_s("/proc/thread-self/stat")
}

fn used_s(path: &str) -> Result<f64> {
    let stat = std::fs::read_to_string(path).with_context(|| format!("{path} cannot be read"))?;
    // The name of the program stands in parentheses and may hold anything.
    let (_, after_name) = stat.rsplit_once(')').with_context(|| format!("{path} has no name"))?;
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    let ticks = |nth: usize| -> Result<f64> { Ok(fields.get(nth).context("too few fields")?.parse()?) };
    // utime and stime: fields 14 and 15, of which 3 is the first after the name.
    Ok((ticks(11)? + ticks(12)?) / USER_HZ)
}

/// The most memory that this process ever had resident (`VmHWM`), in bytes.
///
/// # Errors
/// `/proc` is not there or not as Linux has it.
pub fn peak_rss_bytes() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status").context("/proc/self/status cannot be read")?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).context("/proc/self/status has no VmHWM")?;
    let kib: u64 = line.split_whitespace().nth(1).context("VmHWM has no number")?.parse()?;
    Ok(kib * 1024)
}
