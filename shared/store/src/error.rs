//! What can go wrong with the ledger, and what to do then.

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

/// What to do after an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Hand the work back to its queue: later it may well succeed. Repeating is always safe.
    Retry,
    /// Forget the work: somebody else has moved on, or what it speaks of is gone.
    Drop,
    /// Stop the mailbox: only its operator can mend this.
    Pause,
    /// Nothing helps but a change of the program, its permissions or the row: dead letter, alarm.
    Fail,
}

/// Why the ledger could not do what was asked. Never carries a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// AWS asked for less, and went on asking while the store backed off. Nothing was written.
    #[error("{operation} was throttled {attempts} times")]
    Throttled {
        /// The SDK's name of the call.
        operation: &'static str,
        /// How often it was tried.
        attempts: u32,
    },
    /// No answer, or one of a broken service: what was asked may have been done or not. The same call again is safe.
    #[error("{operation} had no answer: {detail}")]
    Unknown {
        /// The SDK's name of the call.
        operation: &'static str,
        /// What the SDK says.
        detail: String,
    },
    /// The outcome of a claim comes too late: its slot has been settled otherwise since.
    #[error("slot {slot} is {state} by now")]
    Settled {
        /// Which slot.
        slot: preheat_core::id::SlotId,
        /// How it stands.
        state: String,
    },
    /// A lease was lost: somebody else has a newer one, or the day was turned meanwhile.
    #[error("the lease is stale: somebody else works on this mailbox, or its day is over")]
    StaleFence,
    /// There is no such item.
    #[error("there is no {0}")]
    NotFound(String),
    /// The address belongs to another tenant of this stack.
    #[error("the address is in use by another tenant")]
    AddressTaken,
    /// A row that this version cannot read: written by a newer one, or damaged.
    #[error("{key} cannot be read: {reason}")]
    Corrupt {
        /// Which row.
        key: String,
        /// What is wrong.
        reason: String,
    },
    /// Others kept changing the same item. Nothing was written.
    #[error("{0} kept changing")]
    Contended(String),
    /// A key cannot be had: KMS refuses it, or it was destroyed. Without it nothing is opened or sealed.
    #[error("the key `{name}` is not to be had: {detail}")]
    Key {
        /// The data key's name.
        name: String,
        /// What is wrong.
        detail: String,
    },
    /// A sealed credential that does not open under its tenant, mailbox and version.
    #[error("the sealed credential of {0} does not open: it was sealed for another mailbox, or is damaged")]
    Sealed(preheat_core::id::MailboxId),
    /// The sealed secret of an alert channel that does not open under its owner and name.
    #[error("the sealed secret of the channel `{0}` does not open: it was sealed for another, or is damaged")]
    SealedChannel(String),
    /// A sealed secret of an endpoint that does not open under its tenant, id and version.
    #[error("the sealed secret of endpoint {0} does not open: it was sealed for another endpoint, or is damaged")]
    SealedHook(String),
    /// The tenant has an endpoint of this provider already, or the source speaks to another one.
    #[error("{0} is taken already")]
    Taken(String),
    /// AWS refuses the call as such: permissions, a missing table, a malformed request.
    #[error("{operation} was refused: {code}: {message}")]
    Refused {
        /// The SDK's name of the call.
        operation: &'static str,
        /// AWS's error code.
        code: String,
        /// AWS's words.
        message: String,
    },
}

impl StoreError {
    /// What to do now.
    #[must_use]
    pub fn next(&self) -> Next {
        match self {
            Self::Throttled { .. } | Self::Unknown { .. } | Self::Contended(_) => Next::Retry,
            Self::Settled { .. } | Self::StaleFence | Self::NotFound(_) => Next::Drop,
            Self::AddressTaken | Self::Sealed(_) | Self::SealedChannel(_) | Self::SealedHook(_) | Self::Taken(_) => {
                Next::Pause
            }
            // Not `Fail`: KMS comes back, and an operator who restores a key wants the work done.
            Self::Key { .. } => Next::Retry,
            Self::Corrupt { .. } | Self::Refused { .. } => Next::Fail,
        }
    }

    /// Whether the same call may succeed a moment later.
    pub(crate) fn is_passing(&self) -> bool {
        matches!(self, Self::Throttled { .. } | Self::Unknown { .. })
    }
}

/// Codes by which DynamoDB and KMS ask for less (DynamoDB developer guide, *Error handling*; KMS API, *Common errors*).
const THROTTLE_CODES: [&str; 8] = [
    "ProvisionedThroughputExceededException",
    "ThrottlingException",
    "Throttling",
    "RequestLimitExceeded",
    "TooManyRequestsException",
    "LimitExceededException",
    // Another transaction holds the item for a moment: the same cure.
    "TransactionConflictException",
    "TransactionInProgressException",
];

/// Codes by which they say that they are broken for the moment.
const BROKEN_CODES: [&str; 6] = [
    "InternalServerError",
    "InternalFailure",
    "ServiceUnavailable",
    "KMSInternalException",
    "DependencyTimeoutException",
    "KeyUnavailableException",
];

/// Reads an SDK error. A failed condition is not an error to us and must have been taken out before.
pub(crate) fn failure<E>(operation: &'static str, error: &SdkError<E, HttpResponse>) -> StoreError
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let unknown = |detail: String| StoreError::Unknown { operation, detail };
    match error {
        // Never left the process: a request that cannot be built is a fault of ours.
        SdkError::ConstructionFailure(_) => {
            StoreError::Refused { operation, code: "ConstructionFailure".to_owned(), message: chain(error) }
        }
        SdkError::ServiceError(answer) => {
            let code = answer.err().code().unwrap_or_default();
            if THROTTLE_CODES.contains(&code) {
                return StoreError::Throttled { operation, attempts: 1 };
            }
            if BROKEN_CODES.contains(&code) || answer.raw().status().is_server_error() {
                return unknown(format!("{code} (HTTP {})", answer.raw().status()));
            }
            let message = answer.err().message().unwrap_or("no message").to_owned();
            StoreError::Refused { operation, code: code.to_owned(), message }
        }
        // Timed out, cut, or an answer that is none: it may have been done.
        _ => unknown(chain(error)),
    }
}

/// A request that cannot be built: a fault of ours.
pub(crate) fn unbuilt(operation: &'static str, error: &aws_sdk_dynamodb::error::BuildError) -> StoreError {
    StoreError::Refused { operation, code: "Build".to_owned(), message: error.to_string() }
}

/// An error with its causes: the SDK's own text stops at the first.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}
