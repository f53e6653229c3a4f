//! The fan-out over an embedded database: how long, how much memory, how many requests.
//!
//! A fleet is imported into a directory. Then each tick runs in a process of its own, as in a cold function: what it had
//! resident at most is the tick's, and not that of the import. Database and queues lie in files, so they count with their
//! page cache and (the queues) with a copy of every message; their work counts in the time: a deployed fan-out waits for
//! DynamoDB and SQS instead.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use jiff::Timestamp;
use preheat_app::App;
use preheat_app::fan_out::fan_out;
use preheat_core::mailbox::State;
use preheat_local::Aws;
use preheat_sandbox::{Network, World};
use preheat_stack::rig::app_over;
use preheat_stack::stack::create_queues;
use preheat_stack::time::{virtual_clock, virtual_runtime};
use preheat_store::{Credential, Secret};
use serde::{Deserialize, Serialize};

use crate::bench::fleet;
use crate::bench::process::{self, Stopwatch};

/// One tick, as its process reports it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Tick {
    /// Mailboxes read.
    pub mailboxes: usize,
    /// Local days turned.
    pub turned: usize,
    /// Slots due.
    pub due: u32,
    /// Sends planned and pushed.
    pub planned: u32,
    /// Due and not planned, for whatever reason.
    pub left_out: u32,
    /// Messages pushed onto both queues.
    pub messages: usize,
    /// The whole tick by the world's clock, in seconds.
    pub took_s: f64,
    /// The same in processor time.
    pub cpu_s: f64,
    /// Most memory resident, in bytes.
    pub peak_rss_bytes: u64,
    /// `Query` requests.
    pub queries: u64,
    /// DynamoDB writes, all operations.
    pub writes: u64,
    /// `SendMessageBatch` requests.
    pub pushes: u64,
    /// DynamoDB read units.
    pub read_units: f64,
}

/// The ticks of one fleet.
#[derive(Debug, Clone, Serialize)]
pub struct Fleet {
    /// The first tick of a day, which turns every mailbox's day.
    pub turning: Tick,
    /// A tick in which every mailbox is due.
    pub full: Tick,
    /// How long the import took, in seconds: for the patience of whoever runs this.
    pub import_s: f64,
}

fn open(directory: &Path, at: Timestamp) -> Result<(Aws, App)> {
    let clock = virtual_clock(at);
    let aws = Aws::file(directory, clock.clone())?;
    create_queues(&aws);
    let network = Network::new(World::new(clock.clone(), 7), 7);
    let app = app_over(&aws, Arc::new(network), &clock, &fleet::limits());
    Ok((aws, app))
}

async fn import(directory: &Path, mailboxes: u32) -> Result<()> {
    let (_aws, app) = open(directory, fleet::monday_at(0)?)?;
    app.store.create_table().await?;
    let credential = Credential::Password(Secret::new("bench".to_owned()));
    for n in 1..=mailboxes {
        let imported = app.store.import(&app.vault, &fleet::new_mailbox(n)?, &credential).await?;
        app.store.set_state(imported.id, &State::ALL, State::Warming, None, app.now()).await?;
    }
    Ok(())
}

/// Runs one tick on the fleet in `directory`, in this process.
///
/// # Errors
/// The directory holds no fleet, or the tick breaks off.
pub fn run(directory: &Path, at: Timestamp) -> Result<Tick> {
    virtual_runtime()?.block_on(async {
        let (aws, app) = open(directory, at)?;
        let cpu_s = process::cpu_s()?;
        let watch = Stopwatch::start();
        let report = Box::pin(fan_out(&app, at)).await?;
        let took_s = watch.elapsed().as_secs_f64();
        ensure!(report.unreadable.is_empty(), "rows could not be read: {:?}", report.unreadable);
        let counts = aws.counts();
        let calls = |operation| counts.of(operation).calls;
        Ok(Tick {
            mailboxes: report.mailboxes,
            turned: report.turned,
            due: report.summary.due,
            planned: report.summary.planned,
            left_out: report.summary.capped + report.summary.partnerless + report.summary.deferred,
            messages: report.send_messages + report.visit_messages,
            took_s,
            cpu_s: process::cpu_s()? - cpu_s,
            peak_rss_bytes: process::peak_rss_bytes()?,
            queries: calls("Query"),
            writes: calls("PutItem") + calls("UpdateItem") + calls("TransactWriteItems"),
            pushes: calls("SendMessageBatch"),
            read_units: counts.read_units(),
        })
    })
}

/// Imports a fleet, and runs the first tick of its Monday and the one at 10:00, each in a process of its own.
///
/// `tick_in` builds the command of such a process from this program's path, the directory and the instant; the process
/// prints [`run`]'s answer as JSON.
///
/// # Errors
/// The import or a tick fails.
pub fn measure(mailboxes: u32, tick_in: impl Fn(&mut Command, &Path, Timestamp)) -> Result<Fleet> {
    let directory = tempfile::tempdir()?;
    let watch = Stopwatch::start();
    virtual_runtime()?.block_on(import(directory.path(), mailboxes))?;
    let import_s = watch.elapsed().as_secs_f64();
    let process = |at: Timestamp| -> Result<Tick> {
        let mut command = Command::new(std::env::current_exe()?);
        tick_in(&mut command, directory.path(), at);
        let output = command.stderr(Stdio::inherit()).output().context("the tick's process cannot be started")?;
        ensure!(output.status.success(), "the tick's process ended with {}", output.status);
        serde_json::from_slice(&output.stdout).context("the tick's process printed no figures")
    };
    let turning = process(fleet::monday_at(0)?)?;
    ensure!(turning.turned == usize::try_from(mailboxes)?, "only {} days were turned", turning.turned);
    let full = process(fleet::monday_at(10)?)?;
    ensure!(full.due >= mailboxes, "only {} slots were due", full.due);
    Ok(Fleet { turning, full, import_s })
}
