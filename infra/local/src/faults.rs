//! Faults, put in at the connector: what AWS and the network do to a program on a bad day.
//!
//! Each is either a share of the calls of an operation, decided by a seeded stream of its own, or a script ("the
//! second `UpdateItem` from now loses its answer"). Every fault that was put in is counted, so that a test can show
//! that it tested something.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};
use sha2::{Digest, Sha256};

/// One kind of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// The service refuses for load: `ProvisionedThroughputExceededException` or the service's equal. Not applied.
    Throttle,
    /// The service refuses for lack of rights (`AccessDeniedException`). Not applied, never retried by the SDK.
    Deny,
    /// The connection fails before the request arrives. Not applied.
    FailBefore,
    /// The request is applied, its answer is lost (connection reset).
    LoseAnswer,
    /// A batch is done in part: every second entry (the only one, if it is alone) comes back failed or unprocessed.
    /// For `SendMessageBatch`, `DeleteMessageBatch`, `BatchWriteItem` and `PutEvents`; other calls pass unharmed.
    PartialBatch,
    /// The answer takes this long, on tokio's clock.
    Latency(Duration),
}

impl Fault {
    /// A short name, for counts.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Throttle => "throttle",
            Self::Deny => "deny",
            Self::FailBefore => "fail-before",
            Self::LoseAnswer => "lose-answer",
            Self::PartialBatch => "partial-batch",
            Self::Latency(_) => "latency",
        }
    }
}

/// The operation name that means every operation.
pub const ANY: &str = "*";

struct Share {
    operation: String,
    fault: Fault,
    share: f64,
    stream: ChaCha8Rng,
}

#[derive(Default)]
struct State {
    shares: Vec<Share>,
    /// Operation and ordinal of the call (from 1, since the start) to the fault that it meets.
    scripts: BTreeMap<(String, u64), Fault>,
    calls: BTreeMap<String, u64>,
    injected: BTreeMap<(String, &'static str), u64>,
}

/// The faults of one stack. Clones share them.
#[derive(Clone)]
pub struct Faults {
    seed: u64,
    state: Arc<Mutex<State>>,
}

/// What one call meets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) latency: Option<Duration>,
    pub(crate) fault: Option<Fault>,
}

impl Faults {
    /// No faults yet. The seed decides which calls a share meets.
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, state: Arc::default() }
    }

    /// From now on this share of an operation's calls meets the fault.
    ///
    /// `operation` is the API's name (`UpdateItem`) or [`ANY`]; `share` is clamped to 0–1, and 0 lifts the fault.
    /// Setting a share again starts its stream anew.
    pub fn share(&self, operation: &str, fault: Fault, share: f64) {
        let mut state = self.lock();
        state.shares.retain(|old| old.operation != operation || old.fault.name() != fault.name());
        if share > 0.0 {
            let stream = stream(self.seed, operation, fault);
            let share = Share { operation: operation.to_owned(), fault, share: share.min(1.0), stream };
            let at = state.shares.partition_point(|old| {
                (old.operation.as_str(), old.fault.name()) < (share.operation.as_str(), fault.name())
            });
            state.shares.insert(at, share);
        }
    }

    /// The n-th call (from 1) of an operation, counted from now, meets the fault. A script goes before any share.
    /// Each attempt of the SDK is a call.
    pub fn script(&self, operation: &str, nth: u64, fault: Fault) {
        let mut state = self.lock();
        let at = state.calls.get(operation).copied().unwrap_or(0) + nth;
        state.scripts.insert((operation.to_owned(), at), fault);
    }

    /// The next `count` calls of an operation meet the fault.
    pub fn script_next(&self, operation: &str, count: u64, fault: Fault) {
        for nth in 1..=count {
            self.script(operation, nth, fault);
        }
    }

    /// Ends every fault: shares and scripts. The counts stay.
    pub fn clear(&self) {
        let mut state = self.lock();
        state.shares.clear();
        state.scripts.clear();
    }

    /// How many faults were put in so far, by operation and [`Fault::name`].
    #[must_use]
    pub fn injected(&self) -> BTreeMap<(String, &'static str), u64> {
        self.lock().injected.clone()
    }

    /// How many faults were put in so far.
    #[must_use]
    pub fn injected_total(&self) -> u64 {
        self.lock().injected.values().sum()
    }

    /// Decides what the next call of an operation meets, and counts it.
    pub(crate) fn decide(&self, operation: &str) -> Verdict {
        let mut state = self.lock();
        let nth = match state.calls.get_mut(operation) {
            Some(calls) => {
                *calls += 1;
                *calls
            }
            None => {
                state.calls.insert(operation.to_owned(), 1);
                1
            }
        };
        if state.shares.is_empty() && state.scripts.is_empty() {
            return Verdict::default();
        }
        let mut verdict = Verdict::default();
        if let Some(fault) = state.scripts.remove(&(operation.to_owned(), nth)) {
            verdict.meet(fault);
        }
        for share in state.shares.iter_mut().filter(|share| share.operation == operation || share.operation == ANY) {
            // Every stream is drawn from at every call: one fault never moves another's.
            if unit(&mut share.stream) < share.share {
                verdict.meet(share.fault);
            }
        }
        for fault in verdict.fault.into_iter().chain(verdict.latency.map(Fault::Latency)) {
            *state.injected.entry((operation.to_owned(), fault.name())).or_insert(0) += 1;
        }
        verdict
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Faults {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Faults").field("seed", &self.seed).finish_non_exhaustive()
    }
}

impl Verdict {
    fn meet(&mut self, fault: Fault) {
        match fault {
            Fault::Latency(duration) => self.latency = self.latency.or(Some(duration)),
            other => self.fault = self.fault.or(Some(other)),
        }
    }
}

/// A stream of chance for one purpose: adding another never moves it.
pub(crate) fn stream_for(seed: u64, purpose: &str) -> ChaCha8Rng {
    let digest = Sha256::new().chain_update(seed.to_be_bytes()).chain_update(purpose).finalize();
    ChaCha8Rng::from_seed(digest.into())
}

fn stream(seed: u64, operation: &str, fault: Fault) -> ChaCha8Rng {
    stream_for(seed, &format!("fault/{operation}/{}", fault.name()))
}

/// A number in [0, 1).
#[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
pub(crate) fn unit(stream: &mut ChaCha8Rng) -> f64 {
    (stream.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
}
