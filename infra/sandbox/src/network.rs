//! The in-memory network: hosts by name, connections on demand, faults by script or seeded shares.
//!
//! The stream stands for the secured channel: there is no TLS and STARTTLS is not needed. A server task is spawned
//! for each connection on the caller's runtime and ends with it.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::future::BoxFuture;
use preheat_core::endpoint::{Endpoint, Security};
use serde::Serialize;

use crate::chance::Chance;
use crate::fault::{Dialled, Fault, FaultRates, Steps};
use crate::pipe::{self, Meter, Weather};
use crate::provider::Protocol;
use crate::world::World;
use preheat_mail::{Dial, DialError, Stream};

/// Decides the faults of a connection when it is dialled.
pub type Script = Arc<dyn Fn(&Dialled) -> Vec<Fault> + Send + Sync>;

/// What passed through a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct NetworkCounts {
    /// Dials, the refused included.
    pub dialled: u64,
    /// Dials that were refused or never answered.
    pub refused: u64,
    /// Connections cut while open, at a byte or at a step.
    pub cut: u64,
    /// Directions that fell silent.
    pub stalled: u64,
    /// Connections with one fault or more planned, whether or not it was reached.
    pub faulted: u64,
    /// Bytes to servers.
    pub bytes_to_server: u64,
    /// Bytes to clients.
    pub bytes_to_client: u64,
}

#[derive(Default)]
struct Plan {
    script: Option<Script>,
    rates: FaultRates,
    next: BTreeMap<(String, u16), VecDeque<Vec<Fault>>>,
    latency: Duration,
    dials: BTreeMap<(String, u16), u64>,
    counts: NetworkCounts,
}

/// An in-memory network in front of a [`World`]. Cheap to clone; clones share everything.
#[derive(Clone)]
pub struct Network {
    world: World,
    chance: Chance,
    plan: Arc<Mutex<Plan>>,
    meter: Arc<Meter>,
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Network").field("counts", &self.counts()).finish_non_exhaustive()
    }
}

impl Network {
    /// A network without faults and latency in front of `world`; `seed` is for fault draws alone.
    #[must_use]
    pub fn new(world: World, seed: u64) -> Self {
        Self { world, chance: Chance::new(seed), plan: Arc::default(), meter: Arc::default() }
    }

    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Time that every write takes to arrive, either way, on tokio's clock. Zero by default.
    pub fn set_latency(&self, latency: Duration) {
        self.plan().latency = latency;
    }

    /// Gives every later connection the faults that `script` names; `None` takes the script away.
    pub fn set_script(&self, script: Option<Script>) {
        self.plan().script = script;
    }

    /// Gives later connections faults by seeded shares.
    pub fn set_rates(&self, rates: FaultRates) {
        self.plan().rates = rates;
    }

    /// Gives the next connection to `host` and `port` these faults, before any script or share. Calls queue up.
    pub fn next_connection(&self, host: &str, port: u16, faults: Vec<Fault>) {
        self.plan().next.entry((host.to_owned(), port)).or_default().push_back(faults);
    }

    /// What has passed so far.
    #[must_use]
    pub fn counts(&self) -> NetworkCounts {
        let mut counts = self.plan().counts;
        counts.cut += self.meter.cut.load(Ordering::Relaxed);
        counts.stalled = self.meter.stalled.load(Ordering::Relaxed);
        counts.bytes_to_server = self.meter.to_server.load(Ordering::Relaxed);
        counts.bytes_to_client = self.meter.to_client.load(Ordering::Relaxed);
        counts
    }

    /// Counts the dial and decides its faults.
    fn decide(&self, host: &str, port: u16, protocol: Protocol) -> (Vec<Fault>, Duration) {
        let mut plan = self.plan();
        let key = (host.to_owned(), port);
        let dials = plan.dials.entry(key.clone()).or_default();
        let nth = *dials;
        *dials += 1;
        let dialled = Dialled { host: key.0.clone(), port, protocol, nth, nth_of_all: plan.counts.dialled };
        plan.counts.dialled += 1;
        let queued = plan.next.get_mut(&key).and_then(VecDeque::pop_front);
        let faults = queued.unwrap_or_else(|| match &plan.script {
            Some(script) => script(&dialled),
            None => plan.rates.draw(&self.chance, &dialled),
        });
        plan.counts.faulted += u64::from(!faults.is_empty());
        if faults.iter().any(|fault| matches!(fault, Fault::Refuse | Fault::Unanswered)) {
            plan.counts.refused += 1;
        }
        plan.counts.cut += faults.iter().filter(|fault| matches!(fault, Fault::Cut { .. })).count() as u64;
        (faults, plan.latency)
    }

    async fn connect(&self, endpoint: &Endpoint) -> Result<Box<dyn Stream>, DialError> {
        let host = || endpoint.host.clone();
        let Some((provider, protocol)) = self.world.served_at(&endpoint.host, endpoint.port) else {
            return Err(DialError::Unresolved { host: host(), reason: "the sandbox has no such host".to_owned() });
        };
        let (faults, latency) = self.decide(&endpoint.host, endpoint.port, protocol);
        if faults.contains(&Fault::Refuse) {
            let reason = format!("connection refused on port {}", endpoint.port);
            return Err(DialError::Refused { host: host(), reason });
        }
        if faults.contains(&Fault::Unanswered) {
            futures::future::pending::<()>().await;
        }
        let (to_server, to_client) = weather(&faults);
        let (client, server) = pipe::pair(to_server, to_client, latency, Arc::clone(&self.meter));
        let world = self.world.clone();
        let steps = Steps::new(faults, endpoint.security == Security::StartTls);
        tokio::spawn(async move { world.serve(provider, protocol, Box::new(server), steps).await });
        Ok(Box::new(client))
    }
}

/// The faults that are the connection's, by direction.
fn weather(faults: &[Fault]) -> (Weather, Weather) {
    let (mut to_server, mut to_client) = (Weather::default(), Weather::default());
    for fault in faults {
        match fault {
            Fault::CutToServer { after } => to_server.cut_after = Some(*after),
            Fault::CutToClient { after } => to_client.cut_after = Some(*after),
            Fault::StallToServer { after } => to_server.stall_after = Some(*after),
            Fault::StallToClient { after } => to_client.stall_after = Some(*after),
            Fault::Slow { per_byte } => {
                to_server.per_byte = Some(*per_byte);
                to_client.per_byte = Some(*per_byte);
            }
            Fault::Refuse
            | Fault::Unanswered
            | Fault::Cut { .. }
            | Fault::Answer { .. }
            | Fault::Meanwhile { .. }
            | Fault::WrongLiteral { .. } => {}
        }
    }
    (to_server, to_client)
}

impl Dial for Network {
    fn dial<'a>(&'a self, endpoint: &'a Endpoint) -> BoxFuture<'a, Result<Box<dyn Stream>, DialError>> {
        Box::pin(self.connect(endpoint))
    }

    fn upgrade<'a>(&'a self, stream: Box<dyn Stream>, _: &'a str) -> BoxFuture<'a, Result<Box<dyn Stream>, DialError>> {
        Box::pin(async move { Ok(stream) })
    }
}
