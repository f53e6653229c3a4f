//! The functions, their triggers, and the run of time.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use aws_lambda_events::sqs::{SqsEvent, SqsMessage};
use jiff::{SignedDuration, Timestamp};
use preheat_app::fan_out::{TickReport, fan_out, tick_start};
use preheat_app::send::{self, SendOutcome, send_batch};
use preheat_app::visit::{self, VisitReport, visit};
use preheat_app::App;
use preheat_core::id::{MailboxId, SlotId};
use preheat_core::message::{SendBatch, VisitOrder};
use preheat_lambda::batch::{self, Call};
use preheat_local::{Aws, Received};
use tokio::sync::Notify;
use tokio::task::JoinSet;

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
}

/// What happened, for those who watch.
#[derive(Debug, Clone)]
pub enum Event {
    /// A tick was planned.
    Tick(TickReport),
    /// A tick broke off; the next one goes on.
    TickFailed(String),
    /// An order was executed.
    Sent {
        /// Which slot.
        slot: SlotId,
        /// To whom.
        partner: MailboxId,
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
    /// How many invocations get the same batch at once: 1, or more for duplicates.
    pub copies: Arc<dyn Fn(Function, u64) -> u32 + Send + Sync>,
    /// By how much the n-th tick is late; `None`: it does not come at all.
    pub tick_delay: Arc<dyn Fn(u64) -> Option<SignedDuration> + Send + Sync>,
}

impl Default for Interference {
    fn default() -> Self {
        Self {
            kill_at: Arc::new(|_, _| None),
            copies: Arc::new(|_, _| 1),
            tick_delay: Arc::new(|_| Some(SignedDuration::ZERO)),
        }
    }
}

/// How Lambda's event source mapping treats a queue, as infra/template.yaml configures it.
#[derive(Debug, Clone, Copy)]
struct Mapping {
    function: Function,
    queue: &'static str,
    batch_max: usize,
    window: SignedDuration,
    visibility: SignedDuration,
    timeout: SignedDuration,
    item_max: SignedDuration,
    invocations_max: usize,
}

/// The queue of sends, in the embedded AWS.
pub const SENDS: &str = "sends";
/// The queue of visits, in the embedded AWS.
pub const VISITS: &str = "visits";

const MAPPINGS: [Mapping; 2] = [
    Mapping {
        function: Function::Sender,
        queue: SENDS,
        batch_max: 100,
        window: SignedDuration::from_secs(5),
        visibility: SignedDuration::from_mins(15),
        timeout: SignedDuration::from_mins(5),
        item_max: SignedDuration::from_secs(75),
        invocations_max: 10,
    },
    Mapping {
        function: Function::Replier,
        queue: VISITS,
        batch_max: 100,
        window: SignedDuration::from_secs(5),
        visibility: SignedDuration::from_mins(15),
        timeout: SignedDuration::from_mins(5),
        item_max: SignedDuration::from_secs(120),
        invocations_max: 10,
    },
];

/// Every function in one process.
pub struct Stack {
    aws: Aws,
    make: Box<dyn Fn() -> App + Send + Sync>,
    warm: Mutex<BTreeMap<Function, App>>,
    interference: Interference,
    observe: Box<dyn Fn(&Event) + Send + Sync>,
    invocations: [AtomicU64; 3],
    pushed: Notify,
    tick_s: u32,
}

impl Stack {
    /// A stack over `aws`; `make` builds the app of a cold process, `observe` is told what happens.
    pub fn new(
        aws: Aws,
        make: impl Fn() -> App + Send + Sync + 'static,
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
            pushed: Notify::new(),
            tick_s,
        })
    }

    /// The app of a warm process of `function`.
    pub fn app(&self, function: Function) -> App {
        self.warm().entry(function).or_insert_with(|| (self.make)()).clone()
    }

    /// Runs schedule and queues until `until`, and then to the end of what is under way.
    pub async fn run(self: &Arc<Self>, until: Timestamp) {
        let [sends, visits] = MAPPINGS;
        tokio::join!(self.ticks(until), self.consume(sends, until), self.consume(visits, until));
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
                let copies = (self.interference.copies)(Function::Fanout, nth);
                futures::future::join_all((0..copies.max(1)).map(|_| self.tick())).await;
                self.pushed.notify_waiters();
            }
            nth += 1;
            next += tick;
        }
    }

    /// One invocation of the fan-out.
    pub async fn tick(self: &Arc<Self>) {
        let (app, nth) = self.begin(Function::Fanout);
        let work = async {
            match fan_out(&app, app.now()).await {
                Ok(report) => Event::Tick(report),
                Err(error) => Event::TickFailed(error.to_string()),
            }
        };
        match KillAt::new(work, (self.interference.kill_at)(Function::Fanout, nth)).await {
            Ok(event) => (self.observe)(&event),
            Err(killed) => self.killed(Function::Fanout, killed.awaits),
        }
    }

    async fn consume(self: &Arc<Self>, mapping: Mapping, until: Timestamp) {
        let clock = self.app(mapping.function).clock;
        let queues = self.aws.queues();
        let mut running = JoinSet::new();
        loop {
            let now = clock();
            if now >= until {
                break;
            }
            while running.len() >= mapping.invocations_max {
                running.join_next().await;
            }
            let Some(visible_at) = queues.next_visible_at(mapping.queue) else {
                self.wait(&clock, until).await;
                continue;
            };
            if visible_at > now {
                self.wait(&clock, visible_at.min(until)).await;
                continue;
            }
            sleep_until(&clock, now + mapping.window).await;
            let batch = queues.receive(mapping.queue, mapping.batch_max, mapping.visibility);
            if batch.is_empty() {
                continue;
            }
            let nth = self.count(mapping.function);
            for copy in 0..(self.interference.copies)(mapping.function, nth).max(1) {
                let nth = if copy == 0 { nth } else { self.count(mapping.function) };
                running.spawn(Arc::clone(self).invoke(mapping, batch.clone(), nth));
            }
        }
        while running.join_next().await.is_some() {}
    }

    /// Waits for `at` or for new messages.
    async fn wait(&self, clock: &preheat_core::clock::Clock, at: Timestamp) {
        tokio::select! {
            biased;
            () = self.pushed.notified() => {}
            () = sleep_until(clock, at) => {}
        }
    }

    /// One invocation of a consumer, as Lambda makes it.
    async fn invoke(self: Arc<Self>, mapping: Mapping, batch: Vec<Received>, nth: u64) {
        let app = self.app(mapping.function);
        let call = Call {
            request_id: format!("{:?}-{nth}", mapping.function).to_lowercase(),
            deadline: app.now() + mapping.timeout,
            clock: app.clock.clone(),
            item_max: mapping.item_max,
            at_once: 100,
        };
        let event = event_of(&batch);
        let work = async {
            match mapping.function {
                Function::Sender => {
                    batch::each(event, &call, SendBatch::parse, async |message| self.send(&app, &message, &call).await).await
                }
                Function::Replier | Function::Fanout => {
                    batch::each(event, &call, VisitOrder::parse, async |order| self.visit(&app, &order).await).await
                }
            }
        };
        match KillAt::new(work, (self.interference.kill_at)(mapping.function, nth)).await {
            Ok((answer, _)) => {
                let failed: Vec<&str> =
                    answer.batch_item_failures.iter().map(|failure| failure.item_identifier.as_str()).collect();
                for message in batch.iter().filter(|message| !failed.contains(&message.message_id.as_str())) {
                    self.aws.queues().delete(mapping.queue, &message.receipt);
                }
                self.pushed.notify_waiters();
            }
            Err(killed) => self.killed(mapping.function, killed.awaits),
        }
    }

    async fn send(&self, app: &App, message: &SendBatch, call: &Call) -> preheat_app::Next {
        let result = send_batch(app, message, &call.request_id).await;
        match &result {
            Ok(outcomes) => {
                for (order, &outcome) in message.orders.iter().zip(outcomes) {
                    (self.observe)(&Event::Sent { slot: order.slot, partner: order.partner, outcome });
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

    /// The process is gone, with all that it kept in memory.
    fn killed(&self, function: Function, awaits: u64) {
        self.warm().remove(&function);
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
            message.attributes.insert("ApproximateReceiveCount".to_owned(), received.receives.to_string());
            message
        })
        .collect();
    event
}
