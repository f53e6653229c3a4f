//! Where the mailboxes are: the embedded stack of a directory, or the deployed one.
//!
//! Opens connections and nothing else; what is asked of the ledger is the commands' business.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use aws_config::BehaviorVersion;
use jiff::Timestamp;
use preheat_app::Bus;
use preheat_core::clock::Clock;
use preheat_local::Aws;
use preheat_stack::stack::{BUS, create_queues};
use preheat_store::{Store, Vault};

use crate::environment;
use crate::outcome::BadInput;

/// Name of the table in an embedded stack.
pub(crate) const TABLE: &str = "ledger";
/// Name of the key in an embedded stack.
pub(crate) const KEY: &str = "alias/preheat";

/// What stands behind a queue's name to name its dead letters, embedded and deployed.
pub(crate) const DEAD: &str = "-dead";

/// Which stack a command works on.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct LedgerArgs {
    /// The directory of an embedded stack (`preheat up --data DIR`)
    #[arg(long, value_name = "DIR", conflicts_with = "table")]
    pub(crate) data: Option<PathBuf>,
    /// The table of a deployed stack (its output LedgerTable) (PREHEAT_TABLE)
    #[arg(long, value_name = "NAME")]
    pub(crate) table: Option<String>,
    /// The key of a deployed stack (its output KeyArn) (PREHEAT_KMS_KEY)
    #[arg(long, value_name = "ARN", conflicts_with = "data")]
    pub(crate) kms_key: Option<String>,
}

/// An open ledger.
pub(crate) struct Ledger {
    pub(crate) store: Store,
    /// The bus of state changes; absent where PREHEAT_BUS does not name a deployed stack's: the governor tells what it finds.
    pub(crate) bus: Option<Bus>,
    vault: Option<Vault>,
}

/// What must be true of a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Directory {
    /// It holds a ledger: a mistyped name must not look like an empty fleet.
    Exists,
    /// It is made if it is not there.
    MayBeNew,
}

impl LedgerArgs {
    /// Opens the ledger.
    ///
    /// # Errors
    /// Neither a directory nor a table is named; or the named one cannot be opened.
    pub(crate) async fn open(&self, directory: Directory) -> anyhow::Result<Ledger> {
        if let Some(data) = &self.data {
            let aws = embedded(data, directory)?;
            let store = Store::new(aws.dynamodb(), TABLE);
            store.create_table().await.with_context(|| data.display().to_string())?;
            let vault = Vault::new(&aws.kms(), store.clone(), KEY, clock());
            let bus = Some(Bus::new(aws.eventbridge(), BUS));
            return Ok(Ledger { store, bus, vault: Some(vault) });
        }
        let Some(table) = self.table.clone().or_else(|| environment("PREHEAT_TABLE")) else {
            return Err(BadInput::error("which stack? Give --data DIR, or --table NAME (or set PREHEAT_TABLE)"));
        };
        let config = deployed().await;
        let store = Store::new(aws_sdk_dynamodb::Client::new(&config), table);
        let key = self.kms_key.clone().or_else(|| environment("PREHEAT_KMS_KEY"));
        let vault = key.map(|key| Vault::new(&aws_sdk_kms::Client::new(&config), store.clone(), key, clock()));
        let events = || aws_sdk_eventbridge::Client::new(&config);
        let bus = environment("PREHEAT_BUS").map(|name| Bus::new(events(), name));
        Ok(Ledger { store, bus, vault })
    }
}

impl Ledger {
    /// What seals and opens credentials.
    ///
    /// # Errors
    /// The key of a deployed stack was not named.
    pub(crate) fn vault(&self) -> anyhow::Result<&Vault> {
        let missing =
            || BadInput::error("credentials need the stack's key: give --kms-key ARN (or set PREHEAT_KMS_KEY)");
        self.vault.as_ref().ok_or_else(missing)
    }
}

/// The embedded stack of a directory.
///
/// # Errors
/// It is not there although it must be, or cannot be opened.
pub(crate) fn embedded(data: &Path, directory: Directory) -> anyhow::Result<Aws> {
    if directory == Directory::Exists && !data.join("tables.sqlite").is_file() {
        return Err(BadInput::error(format!("{}: there is no ledger in it", data.display())));
    }
    let aws = Aws::file(data, clock()).with_context(|| data.display().to_string())?;
    create_queues(&aws);
    Ok(aws)
}

/// Region and credentials as every AWS tool finds them.
pub(crate) async fn deployed() -> aws_config::SdkConfig {
    aws_config::load_defaults(BehaviorVersion::latest()).await
}

/// The system's clock.
pub(crate) fn clock() -> Clock {
    #[expect(clippy::disallowed_methods, reason = "the program's one look at the system's clock")]
    Arc::new(Timestamp::now)
}
