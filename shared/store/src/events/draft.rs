//! What a transaction is to change, drafted from what was read before. Pure: what core says of each event, put together.

use std::collections::BTreeMap;

use jiff::Timestamp;
use preheat_core::counters::Subject;
use preheat_core::id::{Address, MailboxId, TenantId};
use preheat_core::merge::{Changes, Standing, difference, names, settle};
use preheat_core::suppression::{Reason, SOFT_MAX};
use sha2::{Digest, Sha256};

use super::Noted;
use super::mails::{Lies, Mail, Mails, Rows};
use crate::suppressed::Suppression;

/// An event on its way into the ledger.
pub(super) struct Entry<'a> {
    /// Its place among those that were given.
    pub(super) at: usize,
    pub(super) noted: &'a Noted,
    /// Of provider, account and dedupe key.
    pub(super) digest: String,
    /// Of each name of its mail, the surest first; none: it stands for itself.
    pub(super) names: Vec<String>,
    recipient: Option<Address>,
}

impl<'a> Entry<'a> {
    pub(super) fn new(tenant: &TenantId, at: usize, noted: &'a Noted) -> Self {
        let event = &noted.event;
        let names = names(tenant, event, noted.slot.as_ref());
        Self {
            at,
            noted,
            digest: digest(&[event.provider.name(), &event.account, &event.dedupe_key]),
            names: names.iter().map(|name| digest(&name.parts())).collect(),
            recipient: event.recipient.as_deref().and_then(|recipient| recipient.parse().ok()),
        }
    }

    /// The recipient, if this may be a soft bounce of it.
    pub(super) fn soft_address(&self) -> Option<&Address> {
        let mut alone = Standing::default();
        alone.note(self.noted.event.kind, self.noted.event.occurred_at, &self.noted.origin);
        self.recipient.as_ref().filter(|_| alone.is_soft_of_address())
    }
}

/// What was read before a transaction.
#[derive(Default)]
pub(super) struct Known {
    /// What lies under the names of the mails.
    pub(super) mails: Rows,
    /// Count, and until when it holds.
    pub(super) soft: BTreeMap<Address, (u32, i64)>,
}

/// How the soft bounces of an address change.
#[derive(Clone, Copy)]
pub(super) struct Soft {
    pub(super) stored: Option<u32>,
    pub(super) after: u32,
}

/// What a transaction is to change.
pub(super) struct Draft<'a> {
    pub(super) entries: &'a [&'a Entry<'a>],
    /// What changes: a name of a mail, the version that was read there, and what lies there after.
    pub(super) mails: Vec<(String, Option<u64>, Lies)>,
    pub(super) soft: BTreeMap<&'a Address, Soft>,
    pub(super) suppressions: BTreeMap<&'a Address, Suppression>,
    pub(super) looks: BTreeMap<Subject, u64>,
    pub(super) changes: Changes,
}

impl<'a> Draft<'a> {
    pub(super) fn new(tenant: &TenantId, entries: &'a [&'a Entry<'a>], known: &Known, now: Timestamp) -> Self {
        let mut draft = Self {
            entries,
            mails: Vec::new(),
            soft: BTreeMap::new(),
            suppressions: BTreeMap::new(),
            looks: BTreeMap::new(),
            changes: Changes::new(),
        };
        let mut mails = Mails::new(&known.mails);
        for entry in entries {
            draft.take(tenant, entry, &mut mails, known, now);
        }
        draft.mails = mails.changed();
        settle(&mut draft.changes);
        draft
    }

    fn take(&mut self, tenant: &TenantId, entry: &'a Entry<'a>, mails: &mut Mails<'_>, known: &Known, now: Timestamp) {
        let Noted { event, origin, .. } = entry.noted;
        let mut alone = Standing::default();
        let Mail { before, standing } = match entry.names.split_first() {
            None => Mail { before: Standing::default(), standing: &mut alone },
            Some((name, others)) => mails.of(name, others, tenant, &mut self.changes),
        };
        standing.note(event.kind, event.occurred_at, origin);
        difference(tenant, &before, standing, &mut self.changes);
        let soft_since = standing.is_soft_of_address() && !before.is_soft_of_address();
        let mailbox = standing.mailbox();
        let Some(address) = &entry.recipient else { return self.wish(tenant, entry, mailbox) };
        let mut reason = Reason::of(event.kind);
        if soft_since {
            let soft = self.soft.entry(address).or_insert_with(|| Soft::known(known, address, now));
            soft.after += 1;
            if soft.after >= SOFT_MAX {
                reason = reason.or(Some(Reason::Soft));
            }
        }
        if let Some(reason) = reason {
            let source = event.provider.name().to_owned();
            let new = Suppression { address: address.clone(), reason, source, since: now };
            self.suppressions.entry(address).or_insert(new);
        }
        self.wish(tenant, entry, mailbox);
    }

    /// A bad event wants a look at its mailbox and its IP.
    fn wish(&mut self, tenant: &TenantId, entry: &Entry<'_>, mailbox: Option<MailboxId>) {
        if !entry.noted.event.kind.is_bad() {
            return;
        }
        let ip = entry.noted.origin.ip.map(|ip| Subject::Ip(tenant.clone(), ip));
        for subject in mailbox.map(Subject::Mailbox).into_iter().chain(ip) {
            *self.looks.entry(subject).or_default() += 1;
        }
    }

    /// Names this very attempt: the same after a lost answer, another after anything was read anew.
    pub(super) fn token(&self, now: Timestamp) -> String {
        let mut parts = vec![now.as_millisecond().to_string()];
        parts.extend(self.entries.iter().map(|entry| entry.digest.clone()));
        parts.extend(self.mails.iter().map(|(_, version, _)| format!("{version:?}")));
        parts.extend(self.soft.values().map(|soft| format!("{:?}", soft.stored)));
        // Mails that stay as they are leave no version: the changes tell their attempts apart.
        parts.push(format!("{:?}", self.changes));
        digest(&parts.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// Spreads the counters of many writers over their parts.
    pub(super) fn spread(&self) -> u8 {
        let first = self.entries.first().map_or("", |entry| entry.digest.as_str());
        u8::from_str_radix(first.get(..2).unwrap_or_default(), 16).unwrap_or(0)
    }
}

impl Soft {
    fn known(known: &Known, address: &Address, now: Timestamp) -> Self {
        match known.soft.get(address) {
            None => Self { stored: None, after: 0 },
            // DynamoDB deletes what has expired within days, not at once.
            Some((count, until)) if *until <= now.as_second() => Self { stored: Some(*count), after: 0 },
            Some((count, _)) => Self { stored: Some(*count), after: *count },
        }
    }
}

/// 128 bits of SHA-256 over parts whose borders count, in hex: keys of even length, whatever a provider calls things.
pub(crate) fn digest(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}
