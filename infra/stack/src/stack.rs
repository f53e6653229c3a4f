//! The functions, their triggers, and the run of time.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use aws_lambda_events::sqs::{SqsEvent, SqsMessage};
use futures::future::LocalBoxFuture;
use jiff::{SignedDuration, Timestamp};
use preheat_app::App;
use preheat_app::fan_out::{TickReport, fan_out, tick_start};
use preheat_app::govern::{GovernReport, govern};
use preheat_app::notify::{Outside, notify};
use preheat_app::send::{self, SendOutcome, send_batch};
use preheat_app::visit::{self, VisitReport, visit};
use preheat_core::alert::AlertOrder;
use preheat_core::domain::{Report, Subject};
use preheat_core::id::{MailboxId, SlotId};
use preheat_core::message::{Content, Look, SendBatch, VisitOrder};
use preheat_lambda::batch::{self, Call, NOTIFY_MAX, SEND_MAX, VISIT_MAX};
use preheat_local::{Aws, DeadLetters, Failure, Mapping, Pump, QueueSettings, Received};
use tokio::task::{JoinSet, LocalSet};

use crate::kill::KillAt;
use crate::time::sleep_until;

/// A function of the stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Function {
    /// Plans.
    Fanout,
    /// Sends.
    Sender,
    /// Visits.
    Replier,
    /// Decides on health.
    Governor,
    /// Tells.
    Notifier,
}

/// What happened, for those who watch.
#[derive(Debug, Clone)]
pub enum Event {
    /// A tick was planned.
    Tick(Box<TickReport>),
    /// A tick broke off; the next one goes on.
    TickFailed(String),
    /// An order was executed.
    Sent {
        /// Which slot.
        slot: SlotId,
        /// To whom.
        partner: MailboxId,
        /// Whether it is a reply.
        reply: bool,
        /// How it ended.
        outcome: SendOutcome,
    },
    /// A message of `sends` went back to its queue.
    SendFailed(String),
    /// A visit was made.
    Visited {
        /// Which mailbox.
        mailbox: MailboxId,
        /// What it did.
        report: VisitReport,
    },
    /// A visit broke off and goes back to its queue.
    VisitFailed {
        /// Which mailbox.
        mailbox: MailboxId,
        /// Why.
        reason: String,
    },
    /// The health of mailboxes was looked at.
    Governed(GovernReport),
    /// A look broke off; the next one goes on.
    GovernFailed(String),
    /// Changes were told, or were not worth it.
    Notified {
        /// How many.
        done: usize,
        /// Why others go back to their queue.
        returned: Vec<String>,
    },
    /// An invocation was killed.
    Killed {
        /// Which function.
        function: Function,
        /// At which await.
        awaits: u64,
    },
}

/// What a simulation does to invocations. By default nothing.
#[derive(Clone)]
pub struct Interference {
    /// At which await the n-th invocation (from 0) of a function is killed.
    pub kill_at: Arc<dyn Fn(Function, u64) -> Option<u64> + Send + Sync>,
    /// Whether a kill leaves the process alive, so that only the invocation's future is dropped (cancellation, time-out).
    pub only_cancel: bool,
    /// How many fan-outs run at once in the n-th tick: 1, or more.
    pub fanouts: Arc<dyn Fn(u64) -> u32 + Send + Sync>,
    /// By how much the n-th tick is late; `None`: it does not come at all.
    pub tick_delay: Arc<dyn Fn(u64) -> Option<SignedDuration> + Send + Sync>,
    /// How often the governor looks at what is due, in seconds.
    pub due_every_s: i64,
    /// How often the governor looks at the whole fleet, in seconds: a multiple of the above.
    pub fleet_every_s: i64,
}

impl Default for Interference {
    fn default() -> Self {
        Self {
            kill_at: Arc::new(|_, _| None),
            only_cancel: false,
            fanouts: Arc::new(|_| 1),
            tick_delay: Arc::new(|_| Some(SignedDuration::ZERO)),
            due_every_s: DUE_EVERY_S,
            fleet_every_s: FLEET_EVERY_S,
        }
    }
}

/// The queue of sends, in the embedded AWS.
pub const SENDS: &str = "sends";
/// The queue of visits, in the embedded AWS.
pub const VISITS: &str = "visits";
/// Where messages go that were received too often.
pub const SENDS_DEAD: &str = "sends-dead";
/// Where messages go that were received too often.
pub const VISITS_DEAD: &str = "visits-dead";
/// The bus of state changes.
pub const BUS: &str = "changes";
/// The queue behind the bus: what the notifier reads.
pub const ALERTS: &str = "alerts";
/// Where changes go that nobody could be told of.
pub const ALERTS_DEAD: &str = "alerts-dead";

// As infra/template.yaml has them; a test compares the two.

/// How a queue and the function that reads it are set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mapped {
    /// The queue.
    pub queue: &'static str,
    /// Where messages go that were received too often.
    pub dead: &'static str,
    /// How long a received message stays hidden, in seconds: a multiple of the time-out, and longer than a claim or a lease
    /// lives, so that what a dead process left behind has expired when its message comes again.
    pub visibility_s: u32,
    /// The function's time-out, in seconds.
    pub timeout_s: u32,
    /// How long one item may take.
    pub item_max: SignedDuration,
}

/// The sender's queue.
pub const SENDER: Mapped =
    Mapped { queue: SENDS, dead: SENDS_DEAD, visibility_s: 720, timeout_s: 120, item_max: SEND_MAX };
/// The replier's queue.
pub const REPLIER: Mapped =
    Mapped { queue: VISITS, dead: VISITS_DEAD, visibility_s: 1_800, timeout_s: 300, item_max: VISIT_MAX };
/// The notifier's queue.
pub const NOTIFIER: Mapped =
    Mapped { queue: ALERTS, dead: ALERTS_DEAD, visibility_s: 720, timeout_s: 120, item_max: NOTIFY_MAX };
/// Messages of one batch.
pub const BATCH_MAX: usize = 100;
/// How long a batch waits to be full, in seconds.
pub const WINDOW_S: u32 = 5;
/// The receive after this many makes a message a dead letter.
pub const RECEIVES_MAX: u32 = 4;
/// Invocations of a function at once.
const INVOCATIONS_MAX: usize = 10;

/// How often the governor looks at what is due, in seconds.
pub const DUE_EVERY_S: i64 = 300;
/// How often it looks at the whole fleet, in seconds.
pub const FLEET_EVERY_S: i64 = 3_600;
/// When it looks at the day, in seconds of a day of UTC.
pub const DAILY_AT_S: i64 = 3 * 3_600;

/// Asks the DNS of a domain.
pub type LookUp = Arc<dyn Fn(Subject) -> LocalBoxFuture<'static, Report> + Send + Sync>;

/// What leads outside, besides mail.
pub struct Doors {
    /// To the channels of alerts. Nobody has one unless somebody added it.
    pub outside: Outside,
    /// To the DNS.
    pub look_up: LookUp,
}

/// Makes the queues of the stack, where they are not there yet.
pub fn create_queues(aws: &Aws) {
    for Mapped { queue, dead, visibility_s, .. } in [SENDER, REPLIER, NOTIFIER] {
        let kept = QueueSettings { retention_s: 1_209_600, ..QueueSettings::default() };
        aws.create_queue(dead, kept);
        let dead_letters = Some(DeadLetters { queue: dead.to_owned(), max_receive_count: RECEIVES_MAX });
        let settings = QueueSettings { visibility_s, dead_letters, ..QueueSettings::default() };
        aws.create_queue(queue, settings);
    }
    aws.create_bus(BUS, ALERTS);
}

/// Every function in one process.
pub struct Stack {
    aws: Aws,
    make: Box<dyn Fn() -> App + Send + Sync>,
    warm: Mutex<BTreeMap<Function, App>>,
    interference: Interference,
    observe: Box<dyn Fn(&Event) + Send + Sync>,
    invocations: [AtomicU64; 5],
    doors: Doors,
    tick_s: u32,
}

impl Stack {
    /// A stack over `aws`; `make` builds the app of a cold process, `observe` is told what happens.
    pub fn new(
        aws: Aws,
        make: impl Fn() -> App + Send + Sync + 'static,
        doors: Doors,
        interference: Interference,
        observe: impl Fn(&Event) + Send + Sync + 'static,
    ) -> Arc<Self> {
        let tick_s = make().limits.tick_s;
        Arc::new(Self {
            aws,
            make: Box::new(make),
            warm: Mutex::default(),
            interference,
            observe: Box::new(observe),
            invocations: Default::default(),
            doors,
            tick_s,
        })
    }

    /// The app of a warm process of `function`.
    pub fn app(&self, function: Function) -> App {
        self.warm().entry(function).or_insert_with(|| (self.make)()).clone()
    }

    /// Runs schedule and queues until `until`, and then to the end of what is under way.
    pub async fn run(self: &Arc<Self>, until: Timestamp) {
        let sends = self.consume(Function::Sender, SENDER, until);
        let visits = self.consume(Function::Replier, REPLIER, until);
        let alerts = self.consume(Function::Notifier, NOTIFIER, until);
        // Invocations run on this thread: their order is the same in every run of a simulation.
        let local = LocalSet::new();
        local.run_until(async { tokio::join!(self.ticks(until), self.governing(until), sends, visits, alerts) }).await;
    }

    /// The fan-out's schedule: every tick, at its start.
    async fn ticks(self: &Arc<Self>, until: Timestamp) {
        let clock = self.app(Function::Fanout).clock;
        let tick = SignedDuration::from_secs(i64::from(self.tick_s));
        let mut next = tick_start(clock(), self.tick_s);
        if next < clock() {
            next += tick;
        }
        let mut nth = 0;
        while next < until {
            if let Some(delay) = (self.interference.tick_delay)(nth) {
                sleep_until(&clock, next + delay).await;
                let copies = (self.interference.fanouts)(nth);
                futures::future::join_all((0..copies.max(1)).map(|_| self.tick())).await;
            }
            nth += 1;
            next += tick;
        }
    }

    /// The governor's schedules: what is due every five minutes, the whole fleet at each hour, the day's work at its time.
    async fn governing(self: &Arc<Self>, until: Timestamp) {
        let clock = self.app(Function::Governor).clock;
        let Interference { due_every_s, fleet_every_s, .. } = self.interference;
        let every = SignedDuration::from_secs(due_every_s);
        let mut next = tick_start(clock(), u32::try_from(due_every_s).unwrap_or(u32::MAX));
        if next < clock() {
            next += every;
        }
        while next < until {
            sleep_until(&clock, next).await;
            let second = next.as_second();
            self.govern(match (second.rem_euclid(fleet_every_s), second.rem_euclid(86_400)) {
                (_, DAILY_AT_S) => Look::Daily,
                (0, _) => Look::Hourly,
                _ => Look::Due,
            })
            .await;
            next += every;
        }
    }

    /// One invocation of the governor.
    pub async fn govern(self: &Arc<Self>, look: Look) {
        let (app, nth) = self.begin(Function::Governor);
        let look_up = async |subject: &Subject| (self.doors.look_up)(subject.clone()).await;
        let work = async {
            match Box::pin(govern(&app, look, look_up, app.now())).await {
                Ok(report) => Event::Governed(report),
                Err(error) => Event::GovernFailed(error.to_string()),
            }
        };
        match KillAt::new(work, (self.interference.kill_at)(Function::Governor, nth)).await {
            Ok(event) => (self.observe)(&event),
            Err(killed) => self.killed(Function::Governor, killed.awaits),
        }
    }

    /// One invocation of the fan-out.
    pub async fn tick(self: &Arc<Self>) {
        let (app, nth) = self.begin(Function::Fanout);
        let work = async {
            match fan_out(&app, app.now()).await {
                Ok(report) => Event::Tick(Box::new(report)),
                Err(error) => Event::TickFailed(error.to_string()),
            }
        };
        match KillAt::new(work, (self.interference.kill_at)(Function::Fanout, nth)).await {
            Ok(event) => (self.observe)(&event),
            Err(killed) => self.killed(Function::Fanout, killed.awaits),
        }
    }

    /// The event source mapping of `sender` or `replier`.
    async fn consume(self: &Arc<Self>, function: Function, mapped: Mapped, until: Timestamp) {
        let clock = self.app(function).clock;
        let queues = self.aws.queues();
        let mapping = Mapping { queue: mapped.queue.to_owned(), batch_size: BATCH_MAX, window_s: WINDOW_S };
        let pump = Pump::new(queues.clone(), mapping);
        let mut running = JoinSet::new();
        loop {
            let arrival = queues.arrival();
            let now = clock();
            if now >= until {
                break;
            }
            while running.len() >= INVOCATIONS_MAX {
                running.join_next().await;
            }
            while running.try_join_next().is_some() {}
            match pump.take_batch(now) {
                Ok(batch) if batch.is_empty() => {
                    let next = pump.next_batch_at().unwrap_or(until).min(until);
                    tokio::select! {
                        biased;
                        () = arrival => {}
                        () = sleep_until(&clock, next) => {}
                    }
                }
                Ok(batch) => {
                    running.spawn_local(Arc::clone(self).invoke(function, mapped, pump.clone(), batch));
                }
                Err(error) => {
                    tracing::error!(queue = mapped.queue, %error, "the queue cannot be read");
                    sleep_until(&clock, (now + SignedDuration::from_secs(5)).min(until)).await;
                }
            }
        }
        while running.join_next().await.is_some() {}
    }

    /// One invocation of a consumer, as Lambda makes it.
    async fn invoke(self: Arc<Self>, function: Function, mapped: Mapped, pump: Pump, batch: Vec<Received>) {
        let (app, nth) = self.begin(function);
        let call = Call {
            request_id: format!("{function:?}-{nth}").to_lowercase(),
            deadline: app.now() + SignedDuration::from_secs(i64::from(mapped.timeout_s)),
            clock: app.clock.clone(),
            item_max: mapped.item_max,
            at_once: BATCH_MAX,
        };
        let event = event_of(&batch);
        let work = async {
            match function {
                Function::Sender => {
                    batch::each(event, &call, SendBatch::parse, async |message, attempt| {
                        self.send(&app, &message, &attempt).await
                    })
                    .await
                }
                Function::Notifier => {
                    batch::together(event, &call, AlertOrder::parse, async |orders, attempt| {
                        self.notify(&app, &orders, &attempt).await
                    })
                    .await
                }
                Function::Fanout | Function::Governor | Function::Replier => {
                    batch::each(event, &call, VisitOrder::parse, async |order, _| self.visit(&app, &order).await).await
                }
            }
        };
        match KillAt::new(work, (self.interference.kill_at)(function, nth)).await {
            Ok((_, tally)) => {
                let failures =
                    tally.failures.into_iter().map(|(message_id, reason)| Failure { message_id, reason: Some(reason) });
                if let Err(error) = pump.settle(&batch, &Ok(failures.collect())) {
                    tracing::error!(%error, "a batch could not be settled: it is delivered again");
                }
            }
            Err(killed) => self.killed(function, killed.awaits),
        }
    }

    async fn send(&self, app: &App, message: &SendBatch, attempt: &str) -> preheat_app::Next {
        let result = send_batch(app, message, attempt).await;
        match &result {
            Ok(outcomes) => {
                for (order, &outcome) in message.orders.iter().zip(outcomes) {
                    let reply = matches!(order.content, Content::Reply { .. });
                    (self.observe)(&Event::Sent { slot: order.slot, partner: order.partner, reply, outcome });
                }
            }
            Err(error) => (self.observe)(&Event::SendFailed(error.to_string())),
        }
        send::next(&result)
    }

    async fn visit(&self, app: &App, order: &VisitOrder) -> preheat_app::Next {
        let result = visit(app, order).await;
        let mailbox = order.mailbox;
        match &result {
            Ok(report) => (self.observe)(&Event::Visited { mailbox, report: report.clone() }),
            Err(error) => (self.observe)(&Event::VisitFailed { mailbox, reason: error.to_string() }),
        }
        visit::next(&result)
    }

    async fn notify(&self, app: &App, orders: &[AlertOrder], attempt: &str) -> Vec<preheat_app::Next> {
        let answers = notify(app, &self.doors.outside, orders, attempt).await;
        let done = answers.iter().filter(|answer| **answer == preheat_app::Next::Done).count();
        let reasons = answers.iter().filter_map(|answer| match answer {
            preheat_app::Next::Done => None,
            preheat_app::Next::Retry(reason) => Some(reason.clone()),
        });
        (self.observe)(&Event::Notified { done, returned: reasons.collect() });
        answers
    }

    /// The process is gone, with all that it kept in memory.
    fn killed(&self, function: Function, awaits: u64) {
        if !self.interference.only_cancel {
            self.warm().remove(&function);
        }
        (self.observe)(&Event::Killed { function, awaits });
    }

    fn begin(&self, function: Function) -> (App, u64) {
        (self.app(function), self.count(function))
    }

    fn count(&self, function: Function) -> u64 {
        self.invocations[function as usize].fetch_add(1, Ordering::Relaxed)
    }

    fn warm(&self) -> std::sync::MutexGuard<'_, BTreeMap<Function, App>> {
        self.warm.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn event_of(batch: &[Received]) -> SqsEvent {
    let mut event = SqsEvent::default();
    event.records = batch
        .iter()
        .map(|received| {
            let mut message = SqsMessage::default();
            message.message_id = Some(received.message_id.clone());
            message.receipt_handle = Some(received.receipt.clone());
            message.body = Some(received.body.clone());
            message.attributes.insert("ApproximateReceiveCount".to_owned(), received.receive_count.to_string());
            message
        })
        .collect();
    event
}
