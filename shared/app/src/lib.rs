//! The use cases: load, decide (core), do. One module a use case; every Lambda function calls exactly one of them.
//!
//! | module      | called by  | what it does |
//! |-------------|------------|--------------|
//! | [`fan_out`] | `fanout`   | turns local days, plans the tick, pushes per-mailbox batches onto the queues |
//! | [`send`]    | `sender`   | claims a slot, speaks SMTP, writes the outcome |
//! | [`report`]  | operator, API | gathers what reports are folded from |
//! | [`govern`]  | `governor` | health: looks, decides, carries out, tells; roll-ups |
//! | [`ips`]     | `governor` | brings a sending IP in; decides on each one's day |
//! | [`domains`] | `governor` | looks domains up, remembers how they stand |
//! | [`visit`]   | `replier`  | one IMAP session: placement, reconciliation, engagement, filing |
//! | [`moved`]   | `visit`, `send`, operator | puts a mailbox into a state and tells it at once |
//! | [`notify`]  | `notifier` | tells the channels of alerts what changed |
//! | [`hooks`]   | `webhook`  | takes what providers post: endpoint, signature, reading, storing, answer |
//! | [`events`]  | `hooks`, whoever else finds events | correlates, stores, counts, suppresses |
//! | [`stock`]   | `governor`, operator | the daily stock of conversation plans |
//!
//! May use the store, mail, intake, platforms and core; opens no socket but through [`App::dial`], reads no clock but [`App::clock`], takes no
//! chance but from the seed. Decides nothing that core could decide.

pub mod bus;
mod conditions;
pub mod domains;
pub mod events;
pub mod fan_out;
pub mod govern;
pub mod hooks;
pub mod ips;
pub mod moved;
pub mod notify;
mod profiles;
pub mod queue;
pub mod redact;
pub mod report;
mod scripts;
pub mod send;
pub mod stock;
pub mod visit;
mod writer;

use std::sync::Arc;

use jiff::Timestamp;
use preheat_core::change::Change;
use preheat_core::clock::Clock;
use preheat_core::limits::Limits;
use preheat_mail::Dial;
use preheat_store::{Store, StoreError, Vault};

pub use bus::{Bus, BusError};
pub use profiles::Profiles;
pub use queue::{QueueError, Queues};
pub use scripts::Scripts;
pub use writer::{MODEL, TOKENS_PER_DAY, Writer};

/// What every use case works with: built once a process, shared by its invocations.
#[derive(Clone)]
pub struct App {
    /// The ledger.
    pub store: Store,
    /// Credentials and the stack's secrets.
    pub vault: Vault,
    /// The queues `sends` and `visits`.
    pub queues: Queues,
    /// The bus of state changes; absent: nobody is told.
    pub bus: Option<Bus>,
    /// The one network door.
    pub dial: Arc<dyn Dial>,
    /// The one clock.
    pub clock: Clock,
    /// The numbers of domain.md, as configured.
    pub limits: Limits,
    /// Profiles of mailboxes, kept for some minutes.
    pub profiles: Profiles,
    /// Texts of conversation plans, kept.
    pub scripts: Scripts,
    /// The language model that writes plans; absent: the library alone.
    pub writer: Option<Writer>,
}

impl App {
    /// What time it is.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Publishes state changes, where there is a bus.
    ///
    /// # Errors
    /// The bus did not take all of them.
    pub async fn tell(&self, changes: &[Change]) -> Result<(), BusError> {
        match &self.bus {
            Some(bus) => bus.publish(changes).await,
            None => Ok(()),
        }
    }
}

/// What becomes of a queue message after a use case was done with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// It is finished with, well or badly: never again.
    Done,
    /// Nothing happened yet that forbids another try: back to the queue.
    Retry(String),
}

/// Why a use case could not go on. Whatever had been done stays done; the caller hands the work back to its queue.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The ledger did not answer.
    #[error("the ledger: {0}")]
    Store(#[from] StoreError),
    /// A queue did not take its messages.
    #[error("the queue: {0}")]
    Queue(#[from] QueueError),
    /// The bus did not take its events.
    #[error("the bus: {0}")]
    Bus(#[from] BusError),
}

/// The whole chain of an SDK error in one line: its own text says only "service error".
fn describe(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
