//! What was asked of AWS and what it would cost: calls, capacity units and bytes for each operation.
//!
//! Units are DynamoDB's request units: a write costs one for each started 1 kB of the larger of the old and the new
//! item (a transaction twice that), a read one for each started 4 kB, half of that when eventually consistent.
//! dynoxide computes them for every successful call; what a refused condition costs is computed in `dynamo`.

use std::collections::BTreeMap;

/// What one operation was asked and cost.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct OperationCounts {
    /// Requests that reached the connector: each attempt of the SDK counts.
    pub calls: u64,
    /// Requests answered by an error or not at all: refused conditions, throttles and lost connections.
    pub failures: u64,
    /// Write request units.
    pub write_units: f64,
    /// Read request units: an eventually consistent read of up to 4 kB is 0.5.
    pub read_units: f64,
    /// Bytes of the request bodies.
    pub request_bytes: u64,
    /// Bytes of the answers' bodies.
    pub response_bytes: u64,
}

impl OperationCounts {
    fn add(&mut self, other: &Self) {
        self.calls += other.calls;
        self.failures += other.failures;
        self.write_units += other.write_units;
        self.read_units += other.read_units;
        self.request_bytes += other.request_bytes;
        self.response_bytes += other.response_bytes;
    }

    fn less(mut self, other: &Self) -> Self {
        self.calls -= other.calls.min(self.calls);
        self.failures -= other.failures.min(self.failures);
        self.write_units -= other.write_units;
        self.read_units -= other.read_units;
        self.request_bytes -= other.request_bytes.min(self.request_bytes);
        self.response_bytes -= other.response_bytes.min(self.response_bytes);
        self
    }
}

/// Everything that was asked since the start: a copy, taken at one moment.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Counts {
    /// By operation (`UpdateItem`, `SendMessageBatch`, `Decrypt`, …).
    pub by_operation: BTreeMap<String, OperationCounts>,
}

impl Counts {
    /// Counts one call.
    pub(crate) fn record(&mut self, operation: &str, call: &OperationCounts) {
        if let Some(counts) = self.by_operation.get_mut(operation) {
            counts.add(call);
        } else {
            self.by_operation.insert(operation.to_owned(), *call);
        }
    }

    /// One operation; zeros if it was never called.
    #[must_use]
    pub fn of(&self, operation: &str) -> OperationCounts {
        self.by_operation.get(operation).copied().unwrap_or_default()
    }

    /// Requests, all operations.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.by_operation.values().map(|counts| counts.calls).sum()
    }

    /// Write request units, all operations.
    #[must_use]
    pub fn write_units(&self) -> f64 {
        self.by_operation.values().map(|counts| counts.write_units).sum()
    }

    /// Read request units, all operations.
    #[must_use]
    pub fn read_units(&self) -> f64 {
        self.by_operation.values().map(|counts| counts.read_units).sum()
    }

    /// Requests to SQS. SQS bills each call of up to 64 kB as one.
    #[must_use]
    pub fn queue_calls(&self) -> u64 {
        self.by_operation.iter().filter(|(name, _)| is_queue_operation(name)).map(|(_, counts)| counts.calls).sum()
    }

    /// What came on top of an earlier copy of the same stack's counts.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let by_operation =
            self.by_operation.iter().map(|(name, counts)| (name.clone(), counts.less(&earlier.of(name)))).collect();
        Self { by_operation }
    }
}

fn is_queue_operation(name: &str) -> bool {
    name.contains("Message") || name.contains("Queue")
}
