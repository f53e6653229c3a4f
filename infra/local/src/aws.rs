//! One embedded AWS: its services, its faults, its counts, and the clients to it.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_dynamodb::config::SharedHttpClient;
use preheat_core::clock::Clock;

use crate::clients::{self, ClientParts};
use crate::connector::Connector;
use crate::counts::{Counts, OperationCounts};
use crate::dynamo::Dynamo;
use crate::error::LocalError;
use crate::faults::Faults;
use crate::wire::{Answer, Service};

/// The services behind the connector.
pub(crate) struct Stack {
    pub(crate) faults: Faults,
    dynamo: Dynamo,
    counts: Mutex<Counts>,
}

impl Stack {
    /// Answers a call.
    pub(crate) fn call(&self, service: Service, operation: &str, body: &[u8]) -> Answer {
        match service {
            Service::Dynamo => self.dynamo.call(operation, body),
        }
    }

    /// Answers a batch in part (see [`crate::Fault::PartialBatch`]).
    pub(crate) fn call_in_part(&self, service: Service, operation: &str, body: &[u8]) -> Answer {
        match crate::wire::split_batch(operation, body) {
            Some(split) => split.join(self.call(service, operation, &split.done)),
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
        Ok(Self::over(dynamo, clock, seed))
    }

    /// An AWS in a directory, which is made if it is not there: for `preheat up`. It survives a kill at any moment.
    ///
    /// # Errors
    /// The directory or a file in it cannot be read or written, or is in use.
    pub fn file(directory: &Path, clock: Clock) -> Result<Self, LocalError> {
        std::fs::create_dir_all(directory).map_err(LocalError::file(directory))?;
        let path = directory.join("tables.sqlite");
        let dynamo = Dynamo::file(&path.to_string_lossy())?;
        Ok(Self::over(dynamo, clock, 0))
    }

    fn over(dynamo: Dynamo, clock: Clock, seed: u64) -> Self {
        let stack = Arc::new(Stack { faults: Faults::new(seed), dynamo, counts: Mutex::default() });
        let parts = ClientParts::new(SharedHttpClient::new(Connector::new(Arc::clone(&stack))), clock);
        Self { stack, dynamodb: clients::dynamodb(&parts) }
    }

    /// A DynamoDB client. All clients of one stack share their retry budget, as those of one process do.
    #[must_use]
    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        self.dynamodb.clone()
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
    /// the stack asks for it, say daily. Returns how many were deleted. Not counted.
    ///
    /// # Errors
    /// The embedded database refuses.
    pub fn sweep_expired(&self) -> Result<usize, LocalError> {
        Ok(self.stack.dynamo.sweep()?)
    }
}
