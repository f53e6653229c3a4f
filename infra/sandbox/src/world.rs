//! A world of providers and accounts: what harnesses, the demo and tests hold. Its state is one lock; servers take it
//! for the time of one command, never over an await.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use preheat_core::clock::Clock;

use crate::account::Account;
use crate::chance::Chance;
use crate::fault::Steps;
use crate::filter::Filter;
use crate::ledger::{AccountAudit, Audit, Entry, FolderAudit};
use crate::message::{Content, FLAGGED, SEEN};
use crate::provider::{Kind, Protocol, Provider};
use crate::wire::Wire;
use crate::{imap, smtp};
use preheat_mail::Stream;

/// Which provider of a world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProviderId(pub(crate) usize);

/// Why a world refused something.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WorldError {
    /// A second provider with the same host name.
    #[error("the host {0} is already there")]
    HostTaken(String),
    /// A second account with the same address.
    #[error("the account {0} is already there")]
    AddressTaken(String),
    /// No such account.
    #[error("there is no account {0}")]
    NoAccount(String),
    /// No such folder in that account.
    #[error("{0} has no folder {1}")]
    NoFolder(String, String),
}

/// A mail on its way.
#[derive(Debug)]
pub(crate) struct Delivery {
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) content: Arc<Content>,
    pub(crate) entry: usize,
}

/// Everything that changes.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) chance: Chance,
    pub(crate) providers: Vec<Provider>,
    pub(crate) accounts: BTreeMap<String, Account>,
    pub(crate) ledger: Vec<Entry>,
    /// By time of delivery and ledger entry.
    pub(crate) pending: BTreeMap<(Timestamp, usize), Delivery>,
}

/// A world. Cheap to clone; clones share everything.
#[derive(Clone)]
pub struct World {
    clock: Clock,
    state: Arc<Mutex<State>>,
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").finish_non_exhaustive()
    }
}

impl World {
    /// An empty world that takes its time from `clock` and all chance from `seed`.
    #[must_use]
    pub fn new(clock: Clock, seed: u64) -> Self {
        let state = State {
            chance: Chance::new(seed),
            providers: Vec::new(),
            accounts: BTreeMap::new(),
            ledger: Vec::new(),
            pending: BTreeMap::new(),
        };
        Self { clock, state: Arc::new(Mutex::new(state)) }
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// The state with everything delivered that is due.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        let now = self.now();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.settle(now);
        state
    }

    /// Adds a provider that serves submission at `smtp_host` (ports 465, 587) and IMAP at `imap_host` (993, 143).
    ///
    /// # Errors
    /// [`WorldError::HostTaken`] if a provider has one of the hosts.
    pub fn add_provider(&self, kind: Kind, smtp_host: &str, imap_host: &str) -> Result<ProviderId, WorldError> {
        let mut state = self.state();
        for host in [smtp_host, imap_host] {
            if state.providers.iter().any(|provider| provider.smtp_host == host || provider.imap_host == host) {
                return Err(WorldError::HostTaken(host.to_owned()));
            }
        }
        state.providers.push(Provider {
            kind,
            smtp_host: smtp_host.to_owned(),
            imap_host: imap_host.to_owned(),
            filter: Filter::default(),
            outages: Vec::new(),
            greylist_s: None,
            greylisted: BTreeMap::new(),
            rewriting_share: 0.0,
            delay_s: (0, 0),
        });
        Ok(ProviderId(state.providers.len() - 1))
    }

    /// Adds an account. Its user name is the address; `password` is also its `XOAUTH2` token.
    ///
    /// # Errors
    /// [`WorldError::AddressTaken`] if the address is already there.
    pub fn add_account(&self, address: &str, password: &str, provider: ProviderId) -> Result<(), WorldError> {
        let mut state = self.state();
        let address = address.to_ascii_lowercase();
        if state.accounts.contains_key(&address) {
            return Err(WorldError::AddressTaken(address));
        }
        let profile = state.providers[provider.0].profile();
        let first = state.chance.below(1 << 20, "uid-validity", &[address.as_bytes()]);
        let first_validity = 1_600_000_000 + u32::try_from(first).unwrap_or(0);
        let account = Account::new(password, provider.0, profile, first_validity);
        state.accounts.insert(address, account);
        Ok(())
    }

    /// Which provider and protocol stand behind a host and port.
    pub(crate) fn served_at(&self, host: &str, port: u16) -> Option<(ProviderId, Protocol)> {
        let protocol = Protocol::of_port(port)?;
        let state = self.state();
        let at = state.providers.iter().position(|provider| match protocol {
            Protocol::Smtp => provider.smtp_host.eq_ignore_ascii_case(host),
            Protocol::Imap => provider.imap_host.eq_ignore_ascii_case(host),
        })?;
        Some((ProviderId(at), protocol))
    }

    /// The host names of a provider: SMTP, IMAP.
    pub(crate) fn hosts(&self, provider: ProviderId) -> (String, String) {
        let state = self.state();
        let provider = &state.providers[provider.0];
        (provider.smtp_host.clone(), provider.imap_host.clone())
    }

    /// Serves one connection to its end.
    pub(crate) async fn serve(&self, provider: ProviderId, protocol: Protocol, stream: Box<dyn Stream>, steps: Steps) {
        let wire = Wire::new(stream);
        // A connection that breaks ends its session; there is nobody left to tell.
        let end = match protocol {
            Protocol::Smtp => smtp::serve(self.clone(), provider.0, wire, steps).await,
            Protocol::Imap => imap::serve(self.clone(), provider.0, wire, steps).await,
        };
        if let Err(error) = end {
            tracing::debug!(%error, ?protocol, "sandbox session broken off");
        }
    }

    /// Every crossing of end-of-DATA so far, in order.
    #[must_use]
    pub fn ledger(&self) -> Vec<Entry> {
        self.state().ledger.clone()
    }

    /// The crossings from `sequence` on: for those who look often.
    #[must_use]
    pub fn ledger_since(&self, sequence: u64) -> Vec<Entry> {
        let from = usize::try_from(sequence).unwrap_or(usize::MAX);
        self.state().ledger.get(from..).map_or_else(Vec::new, <[Entry]>::to_vec)
    }

    /// What lies where at `now`; `ages_s` are the ages, in seconds, that older messages are counted for.
    #[must_use]
    pub fn audit(&self, now: Timestamp, ages_s: &[i64]) -> Audit {
        let state = self.state();
        let one = |account: &Account| audit_account(account, state.providers[account.provider].kind, now, ages_s);
        state.accounts.iter().map(|(address, account)| (address.clone(), one(account))).collect()
    }
}

fn audit_account(account: &Account, kind: Kind, now: Timestamp, ages_s: &[i64]) -> AccountAudit {
    let mut audit = AccountAudit {
        kind,
        folders: BTreeMap::new(),
        received: 0,
        read: 0,
        flagged: 0,
        replies_sent: account.replies_sent,
        rescued: account.rescued,
    };
    for folder in account.folders.iter().filter(|folder| !folder.deleted) {
        let mut seen = FolderAudit {
            role: folder.role,
            warmup: 0,
            older: vec![0; ages_s.len()],
            messages: u32::try_from(folder.entries.len()).unwrap_or(u32::MAX),
        };
        let messages = folder.entries.values().filter_map(|key| account.messages.get(key));
        for message in messages.filter(|message| message.content.token.is_some()) {
            seen.warmup += 1;
            let age_s = now.as_second() - message.internal.as_second();
            for (count, &limit_s) in seen.older.iter_mut().zip(ages_s) {
                *count += u32::from(age_s > limit_s);
            }
        }
        audit.folders.insert(folder.name.clone(), seen);
    }
    let received = |m: &&crate::message::Message| m.sender.is_some() && m.content.token.is_some();
    for message in account.messages.values().filter(received) {
        audit.received += 1;
        audit.read += u32::from(message.flags.has(SEEN));
        audit.flagged += u32::from(message.flags.has(FLAGGED));
    }
    audit
}
