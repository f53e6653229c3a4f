//! One embedded AWS: its services, its faults, its counts, and the clients to it.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_dynamodb::config::SharedHttpClient;
use preheat_core::clock::Clock;

use crate::buses::Buses;
use crate::clients::{self, ClientParts};
use crate::connector::Connector;
use crate::counts::{Counts, OperationCounts};
use crate::dynamo::Dynamo;
use crate::error::LocalError;
use crate::faults::Faults;
use crate::journal::Journal;
use crate::kms::{Kms, MasterKey};
use crate::queues::{QueueSettings, Queues};
use crate::sns::{Sns, Text};
use crate::sqs;
use crate::wire::{Answer, Service};

/// The services behind the connector.
pub(crate) struct Stack {
    pub(crate) faults: Faults,
    dynamo: Dynamo,
    queues: Queues,
    kms: Kms,
    buses: Buses,
    sns: Sns,
    counts: Mutex<Counts>,
}

impl Stack {
    /// Answers a call.
    pub(crate) fn call(&self, service: Service, operation: &str, body: &[u8]) -> Answer {
        match service {
            Service::Dynamo => self.dynamo.call(operation, body),
            Service::Sqs => sqs::call(&self.queues, operation, body),
            Service::Kms => self.kms.call(operation, body),
            Service::Events => self.buses.call(&self.queues, operation, body, false),
            Service::Sns => self.sns.call(operation, body),
        }
    }

    /// Answers a batch in part (see [`crate::Fault::PartialBatch`]).
    pub(crate) fn call_in_part(&self, service: Service, operation: &str, body: &[u8]) -> Answer {
        if service == Service::Events {
            return self.buses.call(&self.queues, operation, body, true);
        }
        match crate::wire::split_batch(operation, body) {
            Some(split) => {
                let nothing = || Answer::ok(b"{}".to_vec());
                split.join(split.done.as_ref().map_or_else(nothing, |done| self.call(service, operation, done)))
            }
            None => self.call(service, operation, body),
        }
    }

    /// Counts a call.
    pub(crate) fn record(&self, operation: &str, call: &OperationCounts) {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).record(operation, call);
    }
}

/// An embedded AWS. Clones share it; it may serve any number of clients.
#[derive(Clone)]
pub struct Aws {
    stack: Arc<Stack>,
    dynamodb: aws_sdk_dynamodb::Client,
    sqs: aws_sdk_sqs::Client,
    kms: aws_sdk_kms::Client,
    eventbridge: aws_sdk_eventbridge::Client,
    sns: aws_sdk_sns::Client,
}

impl std::fmt::Debug for Aws {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Aws")
    }
}

impl Aws {
    /// An AWS in memory: for tests and the simulation. Everything that looks random in it follows from the seed.
    ///
    /// # Errors
    /// The embedded database cannot be set up.
    pub fn memory(clock: Clock, seed: u64) -> Result<Self, LocalError> {
        let dynamo = Dynamo::memory(clock.clone())?;
        let queues = Queues::memory(clock.clone(), seed);
        Ok(Self::over(dynamo, queues, Kms::seeded(seed), clock, seed))
    }

    /// An AWS in a directory, which is made if it is not there: for `preheat up`. It survives a kill at any moment.
    /// The master key lies in the directory too, in a file of mode 0600 that is made at the first use.
    ///
    /// # Errors
    /// The directory or a file in it cannot be read or written, or others may read the key.
    pub fn file(directory: &Path, clock: Clock) -> Result<Self, LocalError> {
        std::fs::create_dir_all(directory).map_err(LocalError::file(directory))?;
        let master = Kms::key_file(&directory.join("kms.key"))?;
        Self::file_with_master(directory, clock, master)
    }

    /// The same with a master key that its owner keeps elsewhere.
    ///
    /// # Errors
    /// The directory or a file in it cannot be read or written.
    pub fn file_with_master(directory: &Path, clock: Clock, master: MasterKey) -> Result<Self, LocalError> {
        std::fs::create_dir_all(directory).map_err(LocalError::file(directory))?;
        let dynamo = Dynamo::file(&directory.join("tables.sqlite").to_string_lossy())?;
        let queues = Queues::file(clock.clone(), Journal::open(&directory.join("queues.sqlite"))?)?;
        Ok(Self::over(dynamo, queues, Kms::with_master(master), clock, 0))
    }

    fn over(dynamo: Dynamo, queues: Queues, kms: Kms, clock: Clock, seed: u64) -> Self {
        let stack = Arc::new(Stack {
            faults: Faults::new(seed),
            dynamo,
            queues,
            kms,
            buses: Buses::default(),
            sns: Sns::default(),
            counts: Mutex::default(),
        });
        let parts = ClientParts::new(SharedHttpClient::new(Connector::new(Arc::clone(&stack))), clock);
        let (dynamodb, sqs, kms) = (clients::dynamodb(&parts), clients::sqs(&parts), clients::kms(&parts));
        let (eventbridge, sns) = (clients::eventbridge(&parts), clients::sns(&parts));
        Self { stack, dynamodb, sqs, kms, eventbridge, sns }
    }

    /// A DynamoDB client. All clients of one stack share their retry budget, as those of one process do.
    #[must_use]
    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        self.dynamodb.clone()
    }

    /// An SQS client.
    #[must_use]
    pub fn sqs(&self) -> aws_sdk_sqs::Client {
        self.sqs.clone()
    }

    /// A KMS client. Any key id is good: each names a key of its own.
    #[must_use]
    pub fn kms(&self) -> aws_sdk_kms::Client {
        self.kms.clone()
    }

    /// An EventBridge client.
    #[must_use]
    pub fn eventbridge(&self) -> aws_sdk_eventbridge::Client {
        self.eventbridge.clone()
    }

    /// An SNS client.
    #[must_use]
    pub fn sns(&self) -> aws_sdk_sns::Client {
        self.sns.clone()
    }

    /// Creates a bus with a rule: every event of it goes into that queue. A bus that is there gets one rule more.
    pub fn create_bus(&self, name: &str, queue: &str) {
        self.stack.buses.create(name, queue);
    }

    /// The text messages that were sent to phones, oldest first.
    #[must_use]
    pub fn texts(&self) -> Vec<Text> {
        self.stack.sns.texts()
    }

    /// The queues, for the pump and for those who look into them. What is done here is not counted.
    #[must_use]
    pub fn queues(&self) -> &Queues {
        &self.stack.queues
    }

    /// Creates a queue, or gives an existing one these settings. Returns its URL. In file mode the messages of an
    /// earlier run are in it.
    pub fn create_queue(&self, name: &str, settings: QueueSettings) -> String {
        self.stack.queues.create(name, settings);
        Queues::url(name)
    }

    /// The faults of this stack: none until they are asked for.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.stack.faults
    }

    /// What was asked so far, and what it would cost: a copy.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.stack.counts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Deletes the items whose time to live has passed. DynamoDB does so by itself within days; here the owner of
    /// the stack asks for it, say daily. Returns how many were deleted. Not counted. In memory it goes by the stack's
    /// clock; in a file by the system's, as dynoxide takes no other there: do not ask for it in a file whose clock is
    /// behind the system's.
    ///
    /// # Errors
    /// The embedded database refuses.
    pub fn sweep_expired(&self) -> Result<usize, LocalError> {
        Ok(self.stack.dynamo.sweep()?)
    }
}
