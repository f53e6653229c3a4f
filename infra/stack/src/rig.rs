//! A whole system in one process: a fleet at sandbox providers, the embedded AWS, every function, one clock, one seed.

use std::sync::Arc;

use jiff::Timestamp;
use preheat_app::notify::Outside;
use preheat_app::{App, Bus, Profiles, Queues, Scripts};
use preheat_core::clock::Clock;
use preheat_core::day::PlanRow;
use preheat_core::id::{MailboxId, PoolId, TenantId};
use preheat_core::limits::Limits;
use preheat_core::ramp::Ramp;
use preheat_local::Aws;
use preheat_platforms::Http;
use preheat_platforms::http::RootsError;
use preheat_sandbox::{Kind, Network, ProviderId, World};
use preheat_store::{Credential, NewMailbox, SHARDS, Secret, Store, Vault};

use crate::fleet::{self, Member};
use crate::stack::{ALERTS, BUS, Doors, Event, Interference, SENDS, Stack, VISITS, create_queues};
use crate::time::virtual_clock;
use crate::zone;

/// What a rig is built from.
#[derive(Clone)]
pub struct RigOptions {
    /// How many mailboxes.
    pub mailboxes: usize,
    /// All chance follows from it.
    pub seed: u64,
    /// When it begins.
    pub start: Timestamp,
    /// The ramp of every mailbox.
    pub ramp: Ramp,
    /// The numbers of domain.md.
    pub limits: Limits,
    /// What is done to invocations.
    pub interference: Interference,
}

/// A whole system. Lives on a runtime with virtual time.
pub struct Rig {
    /// The one clock.
    pub clock: Clock,
    /// The embedded AWS.
    pub aws: Aws,
    /// The sandbox providers.
    pub world: World,
    /// The way to them.
    pub network: Network,
    /// Their ids, by kind.
    pub providers: Vec<(Kind, ProviderId)>,
    /// The fleet with its numbers.
    pub members: Vec<(MailboxId, Member)>,
    /// The functions.
    pub stack: Arc<Stack>,
    /// A look into the ledger that is nobody's process.
    pub store: Store,
}

/// What a rig cannot be built with, or what a look into it met.
#[derive(Debug, thiserror::Error)]
pub enum RigError {
    /// The fleet.
    #[error(transparent)]
    Fleet(#[from] fleet::FleetError),
    /// The embedded AWS.
    #[error(transparent)]
    Local(#[from] preheat_local::LocalError),
    /// The ledger.
    #[error(transparent)]
    Store(#[from] preheat_store::StoreError),
    /// The way to alert channels.
    #[error(transparent)]
    Http(#[from] RootsError),
    /// A name.
    #[error(transparent)]
    Id(#[from] preheat_core::id::IdError),
}

const TABLE: &str = "ledger";
const KEY: &str = "alias/preheat";

/// An app over an embedded AWS: what a function's start builds from the environment, built from parts.
#[must_use]
pub fn app_over(aws: &Aws, dial: Arc<dyn preheat_mail::Dial>, clock: &Clock, limits: &Limits) -> App {
    let store = Store::new(aws.dynamodb(), TABLE);
    App {
        vault: Vault::new(&aws.kms(), store.clone(), KEY, clock.clone()),
        queues: Queues::new(aws.sqs(), preheat_local::Queues::url(SENDS), preheat_local::Queues::url(VISITS))
            .with_alerts(preheat_local::Queues::url(ALERTS)),
        store,
        bus: Some(Bus::new(aws.eventbridge(), BUS)),
        dial,
        clock: clock.clone(),
        limits: limits.clone(),
        profiles: Profiles::default(),
        scripts: Scripts::default(),
        writer: None,
    }
}

impl Rig {
    /// Builds the system and imports its fleet. `observe` is told what happens.
    ///
    /// # Errors
    /// The embedded parts cannot be set up.
    pub async fn new(options: RigOptions, observe: impl Fn(&Event) + Send + Sync + 'static) -> Result<Self, RigError> {
        let clock = virtual_clock(options.start);
        let aws = Aws::memory(clock.clone(), options.seed)?;
        let world = World::new(clock.clone(), options.seed);
        let members = fleet::members(options.mailboxes, &options.ramp)?;
        let providers = fleet::settle(&world, &members)?;
        let network = Network::new(world.clone(), options.seed);
        let store = Store::new(aws.dynamodb(), TABLE);
        store.create_table().await?;
        create_queues(&aws);
        let make = {
            let (aws, network, clock, limits) = (aws.clone(), network.clone(), clock.clone(), options.limits.clone());
            move || app_over(&aws, Arc::new(network.clone()), &clock, &limits)
        };
        let app = make();
        let mut numbered = Vec::with_capacity(members.len());
        for member in members {
            numbered.push((import(&app, &member).await?, member));
        }
        let doors = Doors {
            outside: Outside::new(Http::local(&[])?, aws.sns()),
            look_up: Arc::new(|subject| Box::pin(std::future::ready(zone::look_up(&subject)))),
        };
        let stack = Stack::new(aws.clone(), make, doors, options.interference, observe);
        Ok(Self { clock, aws, world, network, providers, members: numbered, stack, store })
    }

    /// What time it is.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Every planning row.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub async fn rows(&self) -> Result<Vec<PlanRow>, RigError> {
        let mut rows = Vec::with_capacity(self.members.len());
        for shard in 0..SHARDS {
            rows.extend(self.store.shard(shard).await?.rows.into_iter().map(|row| row.plan));
        }
        rows.sort_by_key(|row| row.plan.id);
        Ok(rows)
    }
}

/// Imports a member as `preheat mailbox import` would.
async fn import(app: &App, member: &Member) -> Result<MailboxId, RigError> {
    let tenant: TenantId = "demo".parse()?;
    let pool: PoolId = "demo".parse()?;
    let new = NewMailbox {
        tenant,
        address: member.address.clone(),
        display_name: member.name.clone(),
        provider: member.provider(),
        organisation: member.address.domain().to_owned(),
        pool,
        role: member.role,
        mode: member.mode,
        schedule: member.schedule.clone(),
        ramp: member.ramp.clone(),
        cap_per_day: None,
        reply_rate: 0.30,
        language: preheat_core::content::Language::default(),
        smtp: member.smtp.clone(),
        imap: member.imap.clone(),
        user: member.address.to_string(),
    };
    let credential = Credential::Password(Secret::new(member.password.clone()));
    Ok(app.store.import(&app.vault, &new, &credential).await?.id)
}
