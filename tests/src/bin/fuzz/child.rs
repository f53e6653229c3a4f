//! One target in this process: mutate, read, watch.

use std::collections::BTreeSet;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use anyhow::{Context, Result};
use preheat_tests::bench::process::{Stopwatch, cpu_s, peak_rss_bytes};
use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng as _;

use crate::mutate::{Chance, grown, mutated};
use crate::target::{Target, directory};

/// The most memory that a target may ever have resident, in bytes.
const PEAK_BYTES_MAX: u64 = 256 * 1_000_000;
/// The longest that a small input may take.
const INPUT_MAX: Duration = Duration::from_secs(1);
/// And for each of its bytes, in microseconds: 2 MB of the shortest records are 130,000 events, of some 25 µs each in this development
/// build. What grows faster than its input takes minutes.
const INPUT_US_PER_BYTE: u64 = 4;
/// How many starting points are kept.
const POOL_MAX: usize = 4_096;

/// Runs; whether nothing was found.
///
/// # Errors
/// `/proc` cannot be read, or a finding cannot be saved.
pub(crate) fn run(target: &Target, seconds: u32, seed: u64) -> Result<bool> {
    let mut chance = Chance(ChaCha8Rng::seed_from_u64(seed));
    let mut pool = target.seeds.clone();
    pool.push(Vec::new());
    let mut answers = BTreeSet::new();
    for input in &pool {
        match one(target, input)? {
            Some(answer) => answers.insert(answer),
            None => return Ok(false),
        };
    }
    let mut inputs = pool.len();
    let start = cpu_s()?;
    while cpu_s()? - start < f64::from(seconds) {
        for _ in 0..64 {
            let (a, b) = (chance.below(pool.len()), chance.below(pool.len()));
            let input = mutated(&pool[a], &pool[b], &mut chance);
            inputs += 1;
            let Some(answer) = one(target, &input)? else { return Ok(false) };
            if answers.insert(answer) && pool.len() < POOL_MAX {
                pool.push(input);
            }
        }
        if chance.below(48) == 0 {
            let input = grown(&pool[chance.below(pool.len())], &mut chance);
            inputs += 1;
            if one(target, &input)?.is_none() {
                return Ok(false);
            }
        }
    }
    let peak = peak_rss_bytes()?;
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "{:<18} {inputs:>9} inputs, {:>4} seeds, {:>4} different answers, peak {} MB",
        target.name,
        target.seeds.len(),
        answers.len(),
        peak / 1_000_000
    )?;
    if peak > PEAK_BYTES_MAX {
        writeln!(out, "{}: over {} MB of memory", target.name, PEAK_BYTES_MAX / 1_000_000)?;
        return Ok(false);
    }
    Ok(true)
}

/// Reads one input; `None` if it is a finding.
fn one(target: &Target, input: &[u8]) -> Result<Option<u64>> {
    let watch = Stopwatch::start();
    let answer = catch_unwind(AssertUnwindSafe(|| (target.read)(input))).ok();
    let most = INPUT_MAX + Duration::from_micros(input.len() as u64 * INPUT_US_PER_BYTE);
    let slow = watch.elapsed() > most;
    if answer.is_some() && !slow {
        return Ok(answer);
    }
    // A busy machine may stop us for a while: only an input that is slow twice is slow.
    if answer.is_some() {
        let again = Stopwatch::start();
        let _ = catch_unwind(AssertUnwindSafe(|| (target.read)(input)));
        if again.elapsed() <= most {
            return Ok(answer);
        }
    }
    let folder = directory().join("../../target/fuzz");
    std::fs::create_dir_all(&folder).context("findings cannot be saved")?;
    let path = folder.join(format!("{}-{:016x}", target.name, answer.unwrap_or_default() ^ u64::from(slow)));
    std::fs::write(&path, input).context("the finding cannot be saved")?;
    let what = if slow { "takes too long" } else { "panics" };
    writeln!(
        std::io::stdout(),
        "{}: an input of {} bytes {what}; saved: {}",
        target.name,
        input.len(),
        path.display()
    )?;
    Ok(None)
}
