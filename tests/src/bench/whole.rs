//! A run of the whole system over the sandbox: real use cases, the real SDK, real SMTP and IMAP bytes, virtual time.
//! What a mail costs is counted, all in: planning, claims, outcomes, visits, the turn of days, reads of profiles.

use anyhow::{Context, Result, ensure};
use jiff::SignedDuration;
use preheat_core::limits::Limits;
use preheat_core::ramp::Ramp;
use preheat_local::Counts;
use preheat_stack::time::{sleep_until, virtual_runtime};
use preheat_stack::{Interference, Rig, RigOptions, Watch};

use crate::bench::{fleet, process};

/// What a run is made of.
#[derive(Debug, Clone, Copy)]
pub struct Run {
    /// Mailboxes, in six zones.
    pub mailboxes: u32,
    /// Sends a day of each, before the daily variation.
    pub sends_per_day: u32,
    /// Days that are counted, after a first one that is not.
    pub days: u32,
    /// Visits a day of each.
    pub visits_per_day: u8,
}

/// What the counted days of a run cost.
#[derive(Debug, Clone)]
pub struct Spent {
    /// Mails that servers took.
    pub mails: u64,
    /// Under the SDK, by operation.
    pub aws: Counts,
    /// Bytes to mail servers, SMTP and IMAP, without what TLS adds.
    pub mail_bytes: u64,
    /// Bytes of request bodies to AWS, without headers and what TLS adds.
    pub aws_bytes: u64,
    /// Processor time of both sides: the program, the SDK, the embedded AWS, and the sandbox's mail servers. Seconds.
    pub cpu_s: f64,
}

impl Spent {
    /// DynamoDB write units a mail.
    #[must_use]
    pub fn write_units_per_mail(&self) -> f64 {
        self.aws.write_units() / self.mails_f64()
    }

    /// DynamoDB read units a mail of everything but the fan-out's reads of its shards (`Query`), whose price does not
    /// follow the mails but mailboxes and ticks.
    #[must_use]
    pub fn read_units_per_mail(&self) -> f64 {
        (self.aws.read_units() - self.aws.of("Query").read_units) / self.mails_f64()
    }

    /// Bytes sent a mail, to mail servers and AWS.
    #[must_use]
    pub fn bytes_out_per_mail(&self) -> f64 {
        whole(self.mail_bytes + self.aws_bytes) / self.mails_f64()
    }

    /// Milliseconds of processor time a mail.
    #[must_use]
    pub fn cpu_ms_per_mail(&self) -> f64 {
        self.cpu_s * 1_000.0 / self.mails_f64()
    }

    /// Mails, as a number to divide by.
    #[must_use]
    pub fn mails_f64(&self) -> f64 {
        whole(self.mails)
    }

    /// Calls, write units and request bytes by operation, one a line: what explains a figure that is too high.
    #[must_use]
    pub fn by_operation(&self) -> String {
        let line = |(name, counts): (&String, &preheat_local::OperationCounts)| {
            format!(
                "  {name}: {} calls, {} failed, {:.0} write units, {:.1} read units, {} bytes",
                counts.calls, counts.failures, counts.write_units, counts.read_units, counts.request_bytes
            )
        };
        self.aws.by_operation.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

/// A count as a number to compute with.
#[expect(clippy::cast_precision_loss, reason = "counts of a run stay far below 2^53")]
#[must_use]
pub fn whole(count: u64) -> f64 {
    count as f64
}

/// Runs a fleet from Monday on, without faults. Counted is what comes after the first 24 hours, for as many whole days: by then
/// every mailbox is in the round of its days, and each counted day has all that a day costs, its turn included.
///
/// # Errors
/// The system does not start, or breaks a promise: then its counts mean nothing.
pub fn measure(run: Run) -> Result<Spent> {
    virtual_runtime().context("the runtime does not start")?.block_on(play(run))
}

async fn play(run: Run) -> Result<Spent> {
    let start = fleet::monday_at(0)?;
    let options = RigOptions {
        mailboxes: usize::try_from(run.mailboxes)?,
        seed: 7,
        start,
        ramp: Ramp::Table { days: vec![run.sends_per_day] },
        limits: Limits { visits_per_day: run.visits_per_day, ..Limits::default() },
        interference: Interference::default(),
    };
    let rig = Rig::new(options, |_| {}).await.context("the system does not start")?;
    let counted_from = start + SignedDuration::from_hours(24);
    let end = counted_from + SignedDuration::from_hours(24 * i64::from(run.days));
    let mut watch = Watch::default();
    let running = rig.stack.run(end);
    let mut running = std::pin::pin!(running);
    tokio::select! {
        biased;
        () = sleep_until(&rig.clock, counted_from) => {}
        () = &mut running => {}
    }
    watch.look(&rig).await?;
    let (aws, bytes) = (rig.aws.counts(), rig.network.counts().bytes_to_server);
    let (mails, cpu_s) = (watch.mails, process::cpu_s()?);
    running.await;
    let cpu_s = process::cpu_s()? - cpu_s;
    let aws = rig.aws.counts().since(&aws);
    let mail_bytes = rig.network.counts().bytes_to_server - bytes;
    watch.look(&rig).await?;
    ensure!(watch.violations.is_empty(), "promises were broken: {:?}", watch.violations);
    let aws_bytes = aws.by_operation.values().map(|counts| counts.request_bytes).sum();
    Ok(Spent { mails: watch.mails - mails, aws, mail_bytes, aws_bytes, cpu_s })
}
