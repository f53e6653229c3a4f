//! The AWS that lives inside the process: DynamoDB, SQS, KMS, EventBridge and SNS answered under the real SDK.
//!
//! The SDK is the port (architecture.md, rule 3): code calls the ordinary clients, and here a connector takes the
//! place of the network. So serialisation, conditions, retries and error types are the real ones, in tests, in the
//! simulation and in `preheat up`. [`Aws::memory`] forgets everything at the end; [`Aws::file`] survives a kill at
//! any moment.
//!
//! May not: open a socket, start a thread, read the system's clock or draw unseeded chance in memory mode. Everything
//! runs on tokio's current-thread runtime with paused time, and the same seed gives the same answers.

pub mod aws;
mod buses;
mod clients;
mod connector;
pub mod counts;
mod dynamo;
pub mod error;
pub mod faults;
mod journal;
mod kms;
pub mod pump;
mod queue;
pub mod queues;
mod sns;
mod sqs;
mod wire;

pub use aws::Aws;
pub use counts::{Counts, OperationCounts};
pub use error::LocalError;
pub use faults::{Fault, Faults};
pub use kms::MasterKey;
pub use pump::{Failure, Mapping, Outcome, Pump, Settled};
pub use queues::{DeadLetters, Depth, Disorder, Lying, QueueError, QueueSettings, Queues, Received};
pub use sns::Text;
