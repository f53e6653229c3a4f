//! Deliverability events: stored exactly once, and everything they change changed in the same transaction (invariant 13).
//!
//! A transaction holds, for some events at once: a conditional put of each event under `(provider, account, dedupe key)`;
//! what is known of their mails ([`preheat_core::merge`]), under the condition that nobody changed it since it was read; the
//! difference that makes to the counters; suppressions; and the wish for a look at somebody's health. So an event that comes
//! again, through another process or after a lost answer, is met by its own item, and nothing happens; an event that comes out
//! of order meets its mail, and the counters become what they would have been.
//!
//! May not decide what an event means: core does.

mod draft;
mod mails;

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{Put, TransactWriteItem, Update};
use jiff::{SignedDuration, Timestamp};
use preheat_core::event::Event;
use preheat_core::id::{Address, SlotId, TenantId};
use preheat_core::merge::Origin;
use preheat_core::suppression::SOFT_WITHIN_DAYS;

use crate::error::{StoreError, failure, unbuilt};
use crate::item::{Fields, Item, number, text};
use crate::keys::Key;
use crate::retry::{Patience, repeat};
use crate::store::Store;
use crate::table::TTL;
use draft::{Draft, Entry, Known, Soft};
use mails::{Lies, Rows, targets};

pub(crate) use draft::digest;

/// How long an event is known, in days: longer than any provider repeats it (webhooks.md §0: 28 hours at most). Older events
/// must not be taken at all, or a replay would count.
pub const EVENT_KEPT_DAYS: i64 = 7;
/// How long it is known what became of a mail, in days: complaints come late. Ours.
const MAIL_KEPT_DAYS: i64 = 30;
/// Events of one transaction: with all that they change they stay below [`ACTIONS_MAX`] but in odd cases, which are halved.
const TOGETHER_MAX: usize = 16;
/// Items of one transaction (DynamoDB: *TransactWriteItems*).
const ACTIONS_MAX: usize = 100;
/// How often mails that others change meanwhile are read again.
const TRIES_MAX: u32 = 12;

/// An event, and where its mail came from as far as it tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Noted {
    /// The event.
    pub event: Event,
    /// What it leads to.
    pub origin: Origin,
    /// The slot of its mail, if it carries a warmup token that was verified.
    pub slot: Option<SlotId>,
}

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It is new: stored and counted.
    Stored,
    /// It was there before: nothing was changed.
    Duplicate,
}

impl Store {
    /// Stores events of a tenant that are new, with everything they change. When this returns, each of them is stored and
    /// counted exactly once, whatever was repeated, lost or done by others meanwhile.
    ///
    /// # Errors
    /// The ledger did not answer. Some events may be stored; call again with all of them.
    pub async fn take_events(
        &self,
        tenant: &TenantId,
        events: &[Noted],
        now: Timestamp,
    ) -> Result<Vec<Taken>, StoreError> {
        let mut taken = vec![Taken::Duplicate; events.len()];
        let mut seen = BTreeSet::new();
        let entries: Vec<Entry<'_>> = events
            .iter()
            .enumerate()
            .map(|(at, noted)| Entry::new(tenant, at, noted))
            .filter(|entry| seen.insert(entry.digest.clone()))
            .collect();
        let mut rest = entries.as_slice();
        while !rest.is_empty() {
            let (settled, stored) = self.take_some(tenant, rest, now).await?;
            for at in stored {
                taken[at] = Taken::Stored;
            }
            rest = rest.get(settled..).unwrap_or_default();
        }
        Ok(taken)
    }

    /// Settles the first of `entries`: how many, and which of them are new.
    async fn take_some(
        &self,
        tenant: &TenantId,
        entries: &[Entry<'_>],
        now: Timestamp,
    ) -> Result<(usize, Vec<usize>), StoreError> {
        let mut size = entries.len().min(TOGETHER_MAX);
        let mut left: Vec<&Entry<'_>> = entries.iter().take(size).collect();
        for _ in 0..TRIES_MAX {
            if left.is_empty() {
                return Ok((size, Vec::new()));
            }
            let known = self.known(tenant, &left).await?;
            let draft = Draft::new(tenant, &left, &known, now);
            let actions = self.actions(tenant, &draft, now)?;
            if actions.len() > ACTIONS_MAX && size > 1 {
                size = size.div_ceil(2);
                left = entries.iter().take(size).collect();
                continue;
            }
            match self.transact(actions, draft.token(now), left.len()).await? {
                Verdict::Done => return Ok((size, left.iter().map(|entry| entry.at).collect())),
                Verdict::Refused(old) => {
                    let mut index = 0;
                    left.retain(|_| {
                        index += 1;
                        !old.contains(&(index - 1))
                    });
                }
            }
        }
        Err(StoreError::Contended("the mails of some events".to_owned()))
    }

    /// What is known of the mails and the soft bounces that some events speak of.
    async fn known(&self, tenant: &TenantId, entries: &[&Entry<'_>]) -> Result<Known, StoreError> {
        let soft: BTreeSet<&Address> = entries.iter().filter_map(|entry| entry.soft_address()).collect();
        let mut known = Known::default();
        let mut names: BTreeSet<String> = entries.iter().flat_map(|entry| entry.names.iter().cloned()).collect();
        let mut read = names.clone();
        let keys = soft.iter().map(|address| Key::SoftBounces(tenant, address));
        let keys: Vec<Key<'_>> = names.iter().map(|name| Key::Mail(name)).chain(keys).collect();
        let mut items = self.get_many(&keys).await?;
        known.mails = lying(&names, &mut items)?;
        // Names of a mail point to where it stands: mostly known by then, and some steps at most.
        loop {
            names = targets(&known.mails).difference(&read).cloned().collect();
            if names.is_empty() {
                break;
            }
            let mut there = self.get_many(&names.iter().map(|name| Key::Mail(name)).collect::<Vec<_>>()).await?;
            known.mails.append(&mut lying(&names, &mut there)?);
            read.append(&mut names);
        }
        for address in soft {
            let key = Key::SoftBounces(tenant, address);
            let Some(item) = items.remove(&(key.pk(), key.sk())) else { continue };
            let mut fields = Fields(item);
            let count = fields.number("n").map_err(|error| StoreError::Corrupt { key: key.text(), reason: error.0 })?;
            let until: Option<i64> = fields.number_or_none(TTL).unwrap_or(None);
            known.soft.insert(address.clone(), (count, until.unwrap_or(i64::MAX)));
        }
        Ok(known)
    }

    /// Everything that a draft changes: its events first, in their order.
    fn actions(
        &self,
        tenant: &TenantId,
        draft: &Draft<'_>,
        now: Timestamp,
    ) -> Result<Vec<TransactWriteItem>, StoreError> {
        let put = |put: Put| TransactWriteItem::builder().put(put).build();
        let update = |update: Update| TransactWriteItem::builder().update(update).build();
        let mut actions = Vec::with_capacity(2 * draft.entries.len() + 8);
        for entry in draft.entries {
            actions.push(put(self.event_put(tenant, entry, now)?));
        }
        for (name, version, lies) in &draft.mails {
            actions.push(put(self.mail_put(name, *version, lies, now)?));
        }
        for (address, soft) in &draft.soft {
            actions.push(update(self.soft_update(Key::SoftBounces(tenant, address), *soft, now)?));
        }
        for suppression in draft.suppressions.values() {
            actions.push(update(self.suppressing(tenant, suppression)?));
        }
        for (subject, signals) in &draft.looks {
            actions.push(update(self.wishing(subject, *signals, now)?));
        }
        for ((subject, day), changes) in &draft.changes {
            actions.push(update(self.counting((subject, *day), changes, draft.spread(), now)?));
        }
        Ok(actions)
    }

    fn event_put(&self, tenant: &TenantId, entry: &Entry<'_>, now: Timestamp) -> Result<Put, StoreError> {
        let event = &entry.noted.event;
        let key = Key::Event(event.provider, &entry.digest);
        let json = serde_json::to_string(event)
            .map_err(|error| StoreError::Corrupt { key: key.text(), reason: error.to_string() })?;
        let mut item = Item::from([
            ("pk".to_owned(), text(key.pk())),
            ("sk".to_owned(), text(key.sk())),
            ("t".to_owned(), text(tenant.as_str())),
            ("j".to_owned(), text(json)),
            (TTL.to_owned(), number(days_after(now, EVENT_KEPT_DAYS))),
        ]);
        if let Some((mailbox, _)) = &entry.noted.origin.mailbox {
            item.insert("m".to_owned(), text(mailbox.to_string()));
        }
        Put::builder()
            .table_name(&*self.table)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(pk)")
            .build()
            .map_err(|error| unbuilt("TransactWriteItems", &error))
    }

    fn mail_put(&self, name: &str, version: Option<u64>, lies: &Lies, now: Timestamp) -> Result<Put, StoreError> {
        let key = Key::Mail(name);
        let json = serde_json::to_string(lies)
            .map_err(|error| StoreError::Corrupt { key: key.text(), reason: error.to_string() })?;
        let item = Item::from([
            ("pk".to_owned(), text(key.pk())),
            ("sk".to_owned(), text(key.sk())),
            ("v".to_owned(), number(version.unwrap_or(0) + 1)),
            ("j".to_owned(), text(json)),
            (TTL.to_owned(), number(days_after(now, MAIL_KEPT_DAYS))),
        ]);
        let put = Put::builder().table_name(&*self.table).set_item(Some(item));
        let put = match version {
            None => put.condition_expression("attribute_not_exists(pk)"),
            Some(version) => put.condition_expression("v = :v").expression_attribute_values(":v", number(version)),
        };
        put.build().map_err(|error| unbuilt("TransactWriteItems", &error))
    }

    fn soft_update(&self, key: Key<'_>, soft: Soft, now: Timestamp) -> Result<Update, StoreError> {
        let update = Update::builder()
            .table_name(&*self.table)
            .key("pk", text(key.pk()))
            .key("sk", text(key.sk()))
            .update_expression("SET n = :n, #ttl = :ttl")
            .expression_attribute_names("#ttl", TTL)
            .expression_attribute_values(":ttl", number(days_after(now, SOFT_WITHIN_DAYS)))
            .expression_attribute_values(":n", number(soft.after));
        let update = match soft.stored {
            None => update.condition_expression("attribute_not_exists(pk)"),
            Some(stored) => update.condition_expression("n = :old").expression_attribute_values(":old", number(stored)),
        };
        update.build().map_err(|error| unbuilt("TransactWriteItems", &error))
    }

    async fn transact(
        &self,
        actions: Vec<TransactWriteItem>,
        token: String,
        events: usize,
    ) -> Result<Verdict, StoreError> {
        // The token makes a repeat after a lost answer a success; without one it would meet its own items and still be right.
        let call = self.client.transact_write_items().set_transact_items(Some(actions)).client_request_token(&token);
        repeat(Patience::Usual, &token, || {
            let call = call.clone();
            async move {
                let Err(error) = Box::pin(call.send()).await else { return Ok(Verdict::Done) };
                let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) = error.as_service_error()
                else {
                    return Err(failure("TransactWriteItems", &error));
                };
                verdict(cancelled.cancellation_reasons(), events)
            }
        })
        .await
    }
}

/// What lies under names of mails, of the items that were read.
fn lying(names: &BTreeSet<String>, items: &mut BTreeMap<(String, String), Item>) -> Result<Rows, StoreError> {
    let mut rows = Rows::new();
    for name in names {
        let key = Key::Mail(name);
        let Some(item) = items.remove(&(key.pk(), key.sk())) else { continue };
        let mut fields = Fields(item);
        let mut read = || -> Result<(u64, Lies), crate::item::Unreadable> {
            Ok((fields.number("v")?, serde_json::from_str(&fields.text("j")?)?))
        };
        let row = read().map_err(|error| StoreError::Corrupt { key: key.text(), reason: error.0 })?;
        rows.insert(name.clone(), row);
    }
    Ok(rows)
}

/// How a transaction ended.
enum Verdict {
    Done,
    /// A condition did not hold. These of its events were there before; none: a mail has changed since it was read.
    Refused(BTreeSet<usize>),
}

fn verdict(reasons: &[aws_sdk_dynamodb::types::CancellationReason], events: usize) -> Result<Verdict, StoreError> {
    let operation = "TransactWriteItems";
    let code = |reason: &aws_sdk_dynamodb::types::CancellationReason| reason.code().unwrap_or("None").to_owned();
    if reasons.iter().any(|reason| code(reason) == "ConditionalCheckFailed") {
        let old =
            reasons.iter().take(events).enumerate().filter(|(_, reason)| code(reason) == "ConditionalCheckFailed");
        return Ok(Verdict::Refused(old.map(|(index, _)| index).collect()));
    }
    match reasons.iter().find(|reason| code(reason) == "ValidationError" || code(reason).starts_with("ItemCollection"))
    {
        Some(reason) => Err(StoreError::Refused {
            operation,
            code: code(reason),
            message: reason.message().unwrap_or("no message").to_owned(),
        }),
        // Another transaction holds an item, or the table asks for less: the same cure.
        None => Err(StoreError::Throttled { operation, attempts: 1 }),
    }
}

fn days_after(now: Timestamp, days: i64) -> i64 {
    (now + SignedDuration::from_hours(24 * days)).as_second()
}
