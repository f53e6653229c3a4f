//! A run of the whole system under one seed: what goes wrong in it, what was seen, and whether the invariants held: those of
//! mail ([`Watch`]), and those of the governor ([`Conduct`]), which has something to decide in every run (`hands`).
//!
//! A safety phase, in which faults of every kind that the seed draws go on, is followed by a liveness phase without any: the
//! backlog must drain, and the next sending day must fill (reliability.md, invariant 10).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use preheat_core::day::SlotState;
use preheat_core::id::MailboxId;
use preheat_core::limits::Limits;
use preheat_core::ramp::Ramp;
use preheat_local::{Disorder, Fault};
use preheat_sandbox::FaultRates;
use preheat_stack::stack::{SENDS, VISITS};
use preheat_stack::time::{sleep_until, virtual_runtime};
use preheat_stack::{Event, Function, Interference, Rig, RigOptions, Watch};
use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};
use serde::Serialize;

use crate::conduct::Conduct;
use crate::hands::Hands;

/// What a run came to.
#[derive(Debug, Clone, Serialize)]
pub struct Outcome {
    /// Its seed.
    pub seed: u64,
    /// Invocations that were killed.
    pub kills: u64,
    /// Messages that were delivered more than once on purpose, or late.
    pub duplicates_injected: u64,
    /// Connections that were cut, refused or stalled.
    pub connections_cut: u64,
    /// AWS calls that were throttled, lost or failed.
    pub throttles: u64,
    /// Mails that servers took.
    pub mails: u64,
    /// What the governor decided, by the name of the rule.
    pub decided: BTreeMap<&'static str, u64>,
    /// Share of the targets of the liveness day that was sent.
    pub fill: f64,
    /// What must not have happened.
    pub violations: Vec<String>,
    /// A digest of everything that happened, in order.
    pub history: String,
}

/// What goes wrong in a run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Chaos {
    /// Share of invocations that are killed.
    pub kill_share: f64,
    /// At which await at most.
    pub kill_awaits_max: u64,
    /// Share of messages that are delivered 2 to 5 times.
    pub copy_share: f64,
    /// Share of messages that come late, 15 minutes to 4 days.
    pub late_share: f64,
    /// Share of AWS calls that are throttled.
    pub throttle_share: f64,
    /// Share of AWS calls whose answer is lost.
    pub lose_share: f64,
    /// Share of queue batches that are taken in part.
    pub partial_share: f64,
    /// Share of connections that go wrong, by each kind of fault.
    pub connection_share: f64,
    /// Share of ticks that do not come, or come late.
    pub tick_trouble_share: f64,
    /// Share of ticks in which two fan-outs run at once.
    pub twin_share: f64,
}

impl Chaos {
    /// What a seed draws: every kind of fault is there in most runs, at very different rates.
    #[must_use]
    pub fn drawn(seed: u64) -> Self {
        let mut stream = ChaCha8Rng::seed_from_u64(seed ^ 0x00c0_ffee);
        let mut up_to = |max: f64| {
            // One in four kinds is off, so that faults are also seen alone.
            let off = unit(&mut stream) < 0.25;
            let share = unit(&mut stream) * max;
            if off { 0.0 } else { share }
        };
        Self {
            kill_share: up_to(0.5),
            kill_awaits_max: 400,
            copy_share: up_to(0.5),
            late_share: up_to(0.2),
            throttle_share: up_to(0.4),
            lose_share: up_to(0.2),
            partial_share: up_to(0.5),
            connection_share: up_to(0.06),
            tick_trouble_share: up_to(0.3),
            twin_share: up_to(0.5),
        }
    }
}

/// The governor looks less often than in production: looks without news cost more time than all mails together, and find
/// nothing new. tests/tests/governor.rs has it at its usual pace.
pub(crate) const DUE_EVERY_S: i64 = 3_600;
pub(crate) const FLEET_EVERY_S: i64 = 6 * 3_600;

/// Monday. Faults go on until Wednesday's midnight; Wednesday is for recovery, Thursday is measured.
const START: &str = "2026-03-02T00:00:00Z";
const SAFETY: SignedDuration = SignedDuration::from_hours(48);
const MEASURED: &str = "2026-03-05";
/// By then Thursday's window is over everywhere.
const LIVENESS: SignedDuration = SignedDuration::from_hours(54);

/// Runs a seed on virtual time. `trace`: every event is logged.
///
/// # Errors
/// The system could not be set up or looked at.
pub fn run(seed: u64, trace: bool) -> Result<Outcome> {
    let runtime = virtual_runtime().context("the runtime does not start")?;
    runtime.block_on(play(seed, Chaos::drawn(seed), trace))
}

/// Whether the faults still go on.
#[derive(Default)]
struct Phase {
    calm: std::sync::atomic::AtomicBool,
    kills: AtomicU64,
    history: Mutex<History>,
}

#[derive(Default)]
struct History {
    digest: u64,
    events: u64,
}

impl History {
    fn note(&mut self, line: &str) {
        // FNV-1a: two runs are compared, nobody forges one.
        for byte in line.bytes() {
            self.digest = (self.digest ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        self.events += 1;
    }
}

async fn play(seed: u64, chaos: Chaos, trace: bool) -> Result<Outcome> {
    let phase = Arc::new(Phase::default());
    let start: Timestamp = START.parse()?;
    let mut stream = ChaCha8Rng::seed_from_u64(seed);
    let mailboxes = 5 + usize::try_from(stream.next_u32() % 4)?;
    let limits = Limits { quota_min_per_day: 0, ..Limits::default() };
    let options = RigOptions {
        mailboxes,
        seed,
        start,
        ramp: Ramp::Table { days: vec![6] },
        limits: limits.clone(),
        interference: interference(seed, chaos, &phase),
    };
    let observer = Arc::clone(&phase);
    let rig = Rig::new(options, move |event| {
        if matches!(event, Event::Killed { .. }) {
            observer.kills.fetch_add(1, Ordering::Relaxed);
        }
        let line = format!("{event:?}");
        if trace {
            tracing::info!("{line}");
        }
        observer.history.lock().unwrap_or_else(PoisonError::into_inner).note(&line);
    })
    .await?;
    rig.network.set_latency(Duration::from_millis(20));
    let mut hands = Hands::drawn(&rig, &limits, &mut stream);
    hands.prepare(&rig).await?;
    let (mut watch, mut conduct) = (Watch::default(), Conduct::of(&rig, limits));
    let end = start + SAFETY + LIVENESS;
    let running = rig.stack.run(end);
    let mut running = std::pin::pin!(running);
    trouble(&rig, chaos)?;
    if trace {
        tracing::info!("{chaos:?}");
    }
    let mut calm = false;
    // Between two ticks: orders are queued when somebody does something.
    let mut now = start + SignedDuration::from_mins(2);
    while now < end {
        now = (now + SignedDuration::from_mins(30)).min(end);
        tokio::select! {
            biased;
            () = sleep_until(&rig.clock, now) => {}
            () = &mut running => {}
        }
        if !calm && now >= start + SAFETY {
            calm = true;
            phase.calm.store(true, Ordering::Relaxed);
            rig.aws.faults().clear();
            rig.network.set_rates(FaultRates::default());
            for queue in [SENDS, VISITS] {
                rig.aws.queues().disorder(queue, None)?;
            }
        }
        hands.act(&rig, &mut conduct).await;
        conduct.look(&rig).await?;
        if calm || now.as_second() % 14_400 < 1_800 {
            look(&rig, &mut watch, calm).await?;
        }
    }
    running.await;
    rig.aws.faults().clear();
    watch.look(&rig).await?;
    let mut violations = watch.violations.clone();
    let fill = fill(&rig, &hands.subjects(&rig), &mut violations).await?;
    conduct.settle(&rig).await?;
    violations.extend(conduct.violations);
    let history = phase.history.lock().unwrap_or_else(PoisonError::into_inner);
    let network = rig.network.counts();
    Ok(Outcome {
        seed,
        kills: phase.kills.load(Ordering::Relaxed),
        duplicates_injected: rig.aws.queues().disordered(),
        connections_cut: network.cut + network.refused + network.stalled,
        throttles: rig.aws.faults().injected_total(),
        mails: watch.mails,
        decided: conduct.decided,
        fill,
        violations,
        history: format!("{:016x}/{}", history.digest, history.events),
    })
}

/// A look while faults go on may itself meet them; then there is another one later.
async fn look(rig: &Rig, watch: &mut Watch, calm: bool) -> Result<()> {
    match watch.look(rig).await {
        Ok(()) => Ok(()),
        Err(error) if calm => Err(error.into()),
        Err(_) => Ok(()),
    }
}

fn interference(seed: u64, chaos: Chaos, phase: &Arc<Phase>) -> Interference {
    let calm = |phase: &Phase| phase.calm.load(Ordering::Relaxed);
    let draw = move |purpose: u64, nth: u64| {
        ChaCha8Rng::seed_from_u64(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (purpose << 32) ^ nth)
    };
    let (kills, twins, ticks) = (Arc::clone(phase), Arc::clone(phase), Arc::clone(phase));
    Interference {
        kill_at: Arc::new(move |function: Function, nth| {
            let mut stream = draw(function as u64 + 1, nth);
            let killed = !calm(&kills) && unit(&mut stream) < chaos.kill_share;
            killed.then(|| 1 + stream.next_u64() % chaos.kill_awaits_max)
        }),
        only_cancel: seed.is_multiple_of(3),
        fanouts: Arc::new(move |nth| if !calm(&twins) && unit(&mut draw(7, nth)) < chaos.twin_share { 2 } else { 1 }),
        tick_delay: Arc::new(move |nth| {
            let mut stream = draw(8, nth);
            if calm(&ticks) || unit(&mut stream) >= chaos.tick_trouble_share {
                return Some(SignedDuration::ZERO);
            }
            // A third does not come, the others are up to 10 minutes late.
            let late_s = i64::try_from(stream.next_u64() % 900).unwrap_or(0);
            (late_s < 600).then(|| SignedDuration::from_secs(late_s))
        }),
        due_every_s: DUE_EVERY_S,
        fleet_every_s: FLEET_EVERY_S,
    }
}

fn trouble(rig: &Rig, chaos: Chaos) -> Result<()> {
    let faults = rig.aws.faults();
    for operation in
        ["UpdateItem", "PutItem", "GetItem", "Query", "TransactWriteItems", "SendMessageBatch", "PutEvents"]
    {
        faults.share(operation, Fault::Throttle, chaos.throttle_share);
        faults.share(operation, Fault::LoseAnswer, chaos.lose_share);
    }
    for operation in ["SendMessageBatch", "PutEvents"] {
        faults.share(operation, Fault::PartialBatch, chaos.partial_share);
    }
    let share = chaos.connection_share;
    rig.network.set_rates(FaultRates {
        refuse: share,
        cut_to_server: share,
        cut_to_client: share,
        cut_at_step: share,
        stall: share / 2.0,
        slow: share / 2.0,
        deferred: share,
        renumber: share / 4.0,
    });
    let disorder = Disorder {
        copy_share: chaos.copy_share,
        copies: 3,
        spread_s: 120,
        late_share: chaos.late_share,
        late_s: (900, 345_600),
    };
    for queue in [SENDS, VISITS] {
        rig.aws.queues().disorder(queue, Some(disorder.clone()))?;
    }
    Ok(())
}

/// The liveness day: what share of its targets was sent, and what was left behind. Not of mailboxes that something was done to
/// (`subjects`), and of mail to them whose fate nobody can look up.
async fn fill(rig: &Rig, subjects: &BTreeSet<MailboxId>, violations: &mut Vec<String>) -> Result<f64> {
    let now = rig.now();
    let date: Date = MEASURED.parse()?;
    let (mut target, mut sent) = (0, 0);
    for row in rig.rows().await?.into_iter().filter(|row| !subjects.contains(&row.plan.id)) {
        let id = row.plan.id;
        // East of Greenwich the day has been archived, in the west the row still speaks of it.
        if row.date == Some(date) {
            target += row.quota - row.carried_in;
            sent += row.sent().min(row.quota);
        } else if let Some(day) = rig.store.archives(id).await?.into_iter().find(|day| day.date == date) {
            target += day.target;
            sent += day.sent();
        } else if row.state.sends() {
            violations.push(format!("{id}: it never began {date}"));
        }
        // What became ambiguous in the safety phase was searched for, and settled one way or the other.
        let old = |since: Timestamp| now.duration_since(since) > SignedDuration::from_hours(36);
        let is_lost =
            |state: SlotState| !subjects.contains(&state.partner()) && state.ambiguous_since(now).is_some_and(old);
        let lost = row.slots.values().filter(|state| is_lost(**state)).count();
        let open = row.open.values().filter(|state| is_lost(**state)).count();
        if open + lost > 0 {
            violations.push(format!("{id}: {} ambiguous sends were never settled", open + lost));
        }
        if !row.state.sends() {
            violations.push(format!("{id}: is {:?} after faults that are nobody's credentials", row.state));
        }
    }
    let fill = if target == 0 { 0.0 } else { f64::from(sent) / f64::from(target) };
    if fill < 0.995 {
        violations.push(format!("liveness: only {sent} of {target} sent on {date}, a day without faults"));
    }
    Ok(fill)
}

/// A number in [0, 1).
#[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
fn unit(stream: &mut ChaCha8Rng) -> f64 {
    (stream.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
}
