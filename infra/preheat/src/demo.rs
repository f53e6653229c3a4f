//! `preheat demo`: the whole system in one process, on a fast clock, over sandbox mail providers.
//!
//! Time is virtual: it runs as fast as the program can work, or `--speed` times as fast as the world's, so that one can
//! watch. Everything else is real: the functions' code, the AWS SDK, the SMTP and IMAP dialogues.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use preheat_app::send::SendOutcome;
use preheat_core::id::MailboxId;
use preheat_core::limits::Limits;
use preheat_core::ramp::Ramp;
use preheat_core::visit::Placement;
use preheat_stack::incident::{INCIDENTS, Incident};
use preheat_stack::summary::{Summary, summarise};
use preheat_stack::time::{sleep_until, virtual_runtime};
use preheat_stack::{Event, Interference, Rig, RigOptions, Watch};

use crate::Out;
use crate::outcome::{Negative, Outcome};
use crate::view::{MailboxView, Progress, Snapshot};
use crate::why::Why;

const EXAMPLES: &str = "\
Examples:
  preheat demo
  preheat demo --mailboxes 24 --days 30 --seed 7 --headless --json
  preheat demo --speed 3600          an hour a second
  preheat demo --days 42 --incidents --headless

Exit codes: 0 every promise was kept, 1 one was broken or the demo could not run, 2 bad usage.";

/// Arguments of `preheat demo`.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// How many mailboxes, 3 to 500.
    #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(u16).range(3..=500))]
    mailboxes: u16,
    /// How many days, 1 to 365.
    #[arg(long, default_value_t = 14, value_parser = clap::value_parser!(u16).range(1..=365))]
    days: u16,
    /// How many times as fast as the world; 0: as fast as the program can. Default: 0 headless, 7200 (two hours a second) live.
    #[arg(long)]
    speed: Option<u32>,
    /// All chance follows from it: the same seed gives the same run.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The ramp of every mailbox: a preset or a definition, as `preheat plan --ramp` takes it.
    #[arg(long, default_value = "conservative")]
    ramp: Ramp,
    /// Share of the mailboxes held out as controls, 0 to 1: their mail is only measured
    #[arg(long, default_value_t = 0.0, value_parser = crate::mailbox::value::share)]
    control_share: f64,
    /// The second mailbox lands in spam for a week, the third loses its password; the end shows what was decided, and why.
    #[arg(long)]
    incidents: bool,
    /// No live view: progress as lines on standard error.
    #[arg(long)]
    headless: bool,
    /// The summary as JSON on standard output. Implies `--headless`.
    #[arg(long)]
    json: bool,
}

/// Monday; Europe's and America's clocks change within the month that follows, so that is shown, too.
const START: &str = "2026-03-02T00:00:00Z";
/// After the last day, the mailboxes west of Greenwich end theirs, and the last mails are filed.
const SETTLE: SignedDuration = SignedDuration::from_hours(36);
/// Warmup mail older than this in INBOX or Sent is a leak: every mailbox is visited in the evening.
const LEAK_AGE_S: i64 = 86_400 + 6 * 3_600;

/// What the observer counts while the demo runs.
#[derive(Default)]
struct Live {
    /// By the sender's local date, as all that follows the ramp: the fleet lives all over the world.
    sent_on: BTreeMap<Date, u32>,
    /// Targets of each mailbox by its local date.
    targets: BTreeMap<(Date, MailboxId), u32>,
    sent: BTreeMap<MailboxId, u32>,
    replied: BTreeMap<MailboxId, u32>,
    received: BTreeMap<MailboxId, u32>,
    rescued: BTreeMap<MailboxId, u32>,
    /// By sender: inbox, spam, promotions, other.
    placements: BTreeMap<MailboxId, [u32; 5]>,
}

impl Live {
    fn note(&mut self, event: &Event) {
        match event {
            Event::Sent { slot, outcome: SendOutcome::Sent, reply, .. } => {
                *self.sent.entry(slot.mailbox).or_default() += 1;
                *self.sent_on.entry(slot.date).or_default() += 1;
                if *reply {
                    *self.replied.entry(slot.mailbox).or_default() += 1;
                }
            }
            Event::Visited { mailbox, report } => {
                *self.received.entry(*mailbox).or_default() += u32::try_from(report.found.len()).unwrap_or(u32::MAX);
                *self.rescued.entry(*mailbox).or_default() += report.rescued;
                for found in &report.found {
                    let at = match found.placement {
                        Placement::Inbox => 0,
                        Placement::Spam => 1,
                        Placement::Promotions => 2,
                        Placement::Other => 3,
                    };
                    self.placements.entry(found.slot.mailbox).or_default()[at] += 1;
                }
            }
            Event::Tick(_) | Event::Sent { .. } | Event::Governed(_) => {}
            Event::TickFailed(reason)
            | Event::SendFailed(reason)
            | Event::GovernFailed(reason)
            | Event::VisitFailed { reason, .. } => {
                tracing::warn!(reason, "tried again");
            }
            Event::Notified { .. } | Event::Killed { .. } => {}
        }
    }
}

/// What the demo prints as JSON.
#[derive(serde::Serialize)]
struct Told<'a> {
    #[serde(flatten)]
    summary: &'a Summary,
    /// Why the mailboxes that something happened to are where they are.
    #[serde(skip_serializing_if = "<[Why]>::is_empty")]
    incidents: &'a [Why],
}

/// Runs the demo.
pub(crate) fn run(arguments: &Args, out: Out<'_>) -> Outcome {
    let runtime = virtual_runtime().context("the runtime does not start")?;
    let (summary, whys) = runtime.block_on(play(arguments))?;
    if arguments.json {
        let told = Told { summary: &summary, incidents: &whys };
        serde_json::to_writer_pretty(&mut *out, &told)?;
        writeln!(out)?;
    } else {
        print(&summary, out)?;
        for why in &whys {
            writeln!(out)?;
            crate::why::text(why, out)?;
        }
    }
    if summary.violations.none() { Ok(()) } else { Err(Negative.into()) }
}

async fn play(arguments: &Args) -> Result<(Summary, Vec<Why>)> {
    let start: Timestamp = START.parse()?;
    let end = start + SignedDuration::from_hours(24 * i64::from(arguments.days));
    let live = Arc::new(Mutex::new(Live::default()));
    let options = RigOptions {
        mailboxes: usize::from(arguments.mailboxes),
        seed: arguments.seed,
        start,
        ramp: arguments.ramp.clone(),
        limits: Limits { control_share: arguments.control_share, ..Limits::default() },
        interference: Interference::default(),
    };
    let observer = Arc::clone(&live);
    let rig = Rig::new(options, move |event| lock(&observer).note(event)).await.context("the system does not start")?;
    let mut watch = Watch::default();
    let headless = arguments.headless || arguments.json || !std::io::stdout().is_terminal();
    let mut screen = Progress::open(headless)?;
    let speed = arguments.speed.unwrap_or(if headless { 0 } else { 7_200 });
    let step = SignedDuration::from_mins(15);
    let running = rig.stack.run(end + SETTLE);
    let mut running = std::pin::pin!(running);
    let mut leaks = 0;
    let mut now = start;
    while now < end + SETTLE {
        now += step;
        tokio::select! {
            biased;
            () = sleep_until(&rig.clock, now) => {}
            () = &mut running => {}
        }
        for incident in incidents(arguments) {
            // Once, at the step that its moment lies in.
            if incident.begins(start) < now && incident.begins(start) >= now - step {
                incident.happen(&rig, start)?;
            }
        }
        if now.as_second() % 86_400 == 0 {
            watch.look(&rig).await?;
            leaks = leaks.max(count_leaks(&rig));
        }
        if now.as_second() % 3_600 == 0 {
            let snapshot = snapshot(&rig, &live, arguments, watch.counts, start, speed).await?;
            if !screen.show(&snapshot)? {
                bail!("ended by the user on day {}", snapshot.day);
            }
        }
        pace(speed, step);
    }
    running.await;
    drop(screen);
    watch.look(&rig).await?;
    let mut violations = watch.counts;
    violations.leaks = leaks.max(count_leaks(&rig));
    for violation in &watch.violations {
        tracing::error!(violation, "a promise was broken");
    }
    let mut whys = Vec::new();
    for incident in incidents(arguments) {
        if let Some((_, member)) = rig.members.get(incident.member()) {
            whys.push(crate::why::of(&rig.store, &member.address).await?);
        }
    }
    Ok((summarise(&rig, violations).await?, whys))
}

fn incidents(arguments: &Args) -> &'static [Incident] {
    if arguments.incidents { &INCIDENTS } else { &[] }
}

fn count_leaks(rig: &Rig) -> u32 {
    rig.world.audit(rig.now(), &[LEAK_AGE_S]).values().map(|account| account.leaks(0)).sum()
}

/// Lets the world's time pass: virtual time stands still while the thread sleeps.
fn pace(speed: u32, step: SignedDuration) {
    if speed > 0 {
        let real = Duration::from_secs_f64(step.as_secs_f64() / f64::from(speed));
        #[expect(clippy::disallowed_methods, reason = "virtual time stands still meanwhile: that is the purpose")]
        std::thread::sleep(real);
    }
}

async fn snapshot(
    rig: &Rig,
    live: &Mutex<Live>,
    arguments: &Args,
    violations: preheat_stack::summary::Violations,
    start: Timestamp,
    speed: u32,
) -> Result<Snapshot> {
    let rows = rig.rows().await?;
    let now = rig.now();
    let day = u32::try_from(now.duration_since(start).as_hours() / 24).unwrap_or(0) + 1;
    let mut live = lock(live);
    live.targets.extend(rows.iter().filter_map(|row| Some(((row.date?, row.plan.id), row.quota))));
    let of = |map: &BTreeMap<MailboxId, u32>, id: MailboxId| map.get(&id).copied().unwrap_or(0);
    let mailboxes = rows
        .iter()
        .map(|row| MailboxView {
            address: row.plan.address.to_string(),
            provider: row.plan.provider,
            state: row.state,
            target: row.quota,
            sent_today: row.sent(),
            sent_total: of(&live.sent, row.plan.id),
            received: of(&live.received, row.plan.id),
            replied: of(&live.replied, row.plan.id),
            rescued: of(&live.rescued, row.plan.id),
            placements: live.placements.get(&row.plan.id).copied().unwrap_or_default(),
        })
        .collect();
    let on = |day: u32| {
        let date = (start + SignedDuration::from_hours(24 * (i64::from(day) - 1))).to_zoned(TimeZone::UTC).date();
        let ids = (date, MailboxId(0))..=(date, MailboxId(u32::MAX));
        (day, live.targets.range(ids).map(|(_, target)| target).sum(), live.sent_on.get(&date).copied().unwrap_or(0))
    };
    Ok(Snapshot {
        day,
        days_total: u32::from(arguments.days),
        now,
        mailboxes,
        ramp_history: (1..=day.min(u32::from(arguments.days))).map(on).collect(),
        violations: violations.duplicates + violations.over_quota + violations.outside_window,
        speed: f64::from(speed),
    })
}

fn print(summary: &Summary, out: Out<'_>) -> Result<()> {
    let totals = &summary.totals;
    writeln!(
        out,
        "{:<36} {:>9} {:>6} {:>6} {:>8} {:>7} {:>7}  inbox/spam/tab/other/missing",
        "mailbox", "state", "target", "sent", "received", "replied", "rescued"
    )?;
    for one in &summary.mailboxes {
        let p = one.placements;
        let state = format!("{:?}", one.state).to_lowercase();
        writeln!(
            out,
            "{:<36} {state:>9} {:>6} {:>6} {:>8} {:>7} {:>7}  {}/{}/{}/{}/{}",
            one.address,
            one.target,
            one.sent,
            one.received,
            one.replied,
            one.rescued,
            p.inbox,
            p.spam,
            p.promotions,
            p.other,
            p.missing
        )?;
        for missed in &one.missed {
            writeln!(out, "    missed {}: {}", missed.count, missed.reason)?;
        }
    }
    writeln!(
        out,
        "total: {} of {} sent, {} received, {} replies, {} rescued, {} missed",
        totals.sent, totals.target, totals.received, totals.replied, totals.rescued, totals.missed
    )?;
    let v = summary.violations;
    writeln!(
        out,
        "promises: {} duplicates, {} over quota, {} outside the window, {} left in INBOX or Sent",
        v.duplicates, v.over_quota, v.outside_window, v.leaks
    )?;
    Ok(())
}

fn lock(live: &Mutex<Live>) -> std::sync::MutexGuard<'_, Live> {
    live.lock().unwrap_or_else(PoisonError::into_inner)
}
