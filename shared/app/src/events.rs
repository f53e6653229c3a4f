//! Takes deliverability events, whoever brings them (the webhook function, a visit that found a bounce): leads each to mailbox,
//! domain, sending IP and campaign, and has it stored and counted exactly once.
//!
//! Everything that an event changes is changed by [`preheat_store::Store::take_events`] in one transaction: counters,
//! suppression, the wish for a look at somebody's health. So there is nothing to be done afterwards that a kill could lose,
//! and nothing that a redelivery could do again. Nothing of another tenant is ever counted: a sender's address or token leads
//! to a mailbox only if it is the tenant's own.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use futures::{StreamExt, TryStreamExt};
use jiff::{SignedDuration, Timestamp};
use preheat_core::event::Event;
use preheat_core::id::{Address, MailboxId, PoolId, SlotId, TenantId};
use preheat_core::merge::{Origin, campaign_name};
use preheat_core::token::TOKEN_CHARS;
use preheat_store::{EVENT_KEPT_DAYS, Noted, Quarantined, Store, StoreError, Taken, Vault};

use crate::App;

/// How long it is taken from memory whose an address is.
const KEPT: SignedDuration = SignedDuration::from_mins(5);
/// How many events that are too old are put aside at once.
const ASIDE_AT_ONCE: usize = 16;
/// A warm process keeps at most so many answers of a kind.
const ANSWERS_MAX: usize = 10_000;

/// What taking events needs. Cheap to clone: clones share what they know.
#[derive(Clone)]
pub struct Desk {
    /// The ledger.
    pub store: Store,
    /// The stack's token keys.
    pub vault: Vault,
    known: Arc<Mutex<Known>>,
}

/// What was looked up, and since when it is known.
#[derive(Default)]
struct Known {
    zones: BTreeMap<TenantId, (Timestamp, String)>,
    addresses: BTreeMap<Address, (Timestamp, Option<MailboxId>)>,
    members: BTreeMap<MailboxId, (Timestamp, Option<Arc<Member>>)>,
}

/// What of a mailbox matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Member {
    tenant: TenantId,
    pool: PoolId,
    domain: String,
    zone: String,
}

/// What became of some events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// New ones.
    pub stored: usize,
    /// Those that were there before.
    pub duplicates: usize,
    /// Older than the ledger remembers events: kept aside, as they could be replays.
    pub too_old: usize,
    /// New ones that lead to no mailbox.
    pub without_mailbox: usize,
}

impl Desk {
    /// A desk over a ledger.
    #[must_use]
    pub fn new(store: Store, vault: Vault) -> Self {
        Self { store, vault, known: Arc::default() }
    }

    /// The desk of a function that has more to do than to take events.
    #[must_use]
    pub fn of(app: &App) -> Self {
        Self::new(app.store.clone(), app.vault.clone())
    }

    async fn zone(&self, tenant: &TenantId, now: Timestamp) -> Result<String, StoreError> {
        if let Some(zone) = fresh(&self.known().zones, tenant, now) {
            return Ok(zone);
        }
        let zone = self.store.tenant_zone(tenant).await?;
        keep(&mut self.known().zones, tenant.clone(), zone.clone(), now);
        Ok(zone)
    }

    async fn mailbox_of(&self, address: &Address, now: Timestamp) -> Result<Option<MailboxId>, StoreError> {
        if let Some(id) = fresh(&self.known().addresses, address, now) {
            return Ok(id);
        }
        let id = self.store.find(address).await?;
        keep(&mut self.known().addresses, address.clone(), id, now);
        Ok(id)
    }

    /// A mailbox, if it is the tenant's.
    async fn member(
        &self,
        tenant: &TenantId,
        id: MailboxId,
        now: Timestamp,
    ) -> Result<Option<Arc<Member>>, StoreError> {
        let kept = fresh(&self.known().members, &id, now);
        let member = match kept {
            Some(member) => member,
            None => {
                let plan = self.store.plan_row(id).await?.map(|row| row.plan);
                let member = plan.map(|plan| {
                    Arc::new(Member {
                        domain: plan.address.domain().to_owned(),
                        tenant: plan.tenant,
                        pool: plan.pool,
                        zone: plan.schedule.zone,
                    })
                });
                keep(&mut self.known().members, id, member.clone(), now);
                member
            }
        };
        Ok(member.filter(|member| member.tenant == *tenant))
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        // A panic inside leaves at worst an older answer behind: the poison says nothing.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes events of a tenant. When this returns, each of them is stored and counted exactly once, or kept aside for its age.
///
/// # Errors
/// The ledger did not answer. Nothing may be acknowledged; call again with all of them.
pub async fn take_events(
    desk: &Desk,
    tenant: &TenantId,
    events: Vec<Event>,
    now: Timestamp,
) -> Result<Tally, StoreError> {
    let zone = if events.is_empty() { String::new() } else { desk.zone(tenant, now).await? };
    let mut noted = Vec::with_capacity(events.len());
    let (mut tally, mut too_old) = (Tally::default(), Vec::new());
    for mut event in events {
        // A clock that is ahead must not put an event into a day that is yet to come.
        event.occurred_at = event.occurred_at.min(now);
        if now.duration_since(event.occurred_at) > SignedDuration::from_hours(24 * EVENT_KEPT_DAYS) {
            too_old.push(event);
            continue;
        }
        let (origin, slot) = origin(desk, tenant, &event, &zone, now).await?;
        noted.push(Noted { event, origin, slot });
    }
    for (taken, noted) in desk.store.take_events(tenant, &noted, now).await?.into_iter().zip(&noted) {
        match taken {
            Taken::Stored => {
                tally.stored += 1;
                tally.without_mailbox += usize::from(noted.origin.mailbox.is_none());
            }
            Taken::Duplicate => tally.duplicates += 1,
        }
    }
    tally.too_old = too_old.len();
    futures::stream::iter(too_old)
        .map(|event| async move { set_aside(desk, &event, now).await })
        .buffer_unordered(ASIDE_AT_ONCE)
        .try_collect::<()>()
        .await?;
    Ok(tally)
}

async fn set_aside(desk: &Desk, event: &Event, now: Timestamp) -> Result<(), StoreError> {
    // When it came in, and with which others, says nothing of what it is: a replay is the same item.
    let mut raw = serde_json::to_value(event).unwrap_or_default();
    if let Some(fields) = raw.as_object_mut() {
        fields.remove("received_at");
        fields.remove("raw_ref");
    }
    let raw = raw.to_string();
    let reason = format!("it happened more than {EVENT_KEPT_DAYS} days ago: it could be a replay");
    desk.store
        .quarantine(&event.account, &Quarantined { provider: event.provider, reason, raw, received_at: now })
        .await
}

/// Where the event's mail came from: the mailbox by its token, else by the sender's address. And the token's slot.
async fn origin(
    desk: &Desk,
    tenant: &TenantId,
    event: &Event,
    zone: &str,
    now: Timestamp,
) -> Result<(Origin, Option<SlotId>), StoreError> {
    let sender: Option<Address> = event.sender.as_deref().and_then(|sender| sender.parse().ok());
    let mut by_address = None;
    if let Some(address) = &sender
        && let Some(id) = desk.mailbox_of(address, now).await?
    {
        by_address = desk.member(tenant, id, now).await?.map(|member| (id, member));
    }
    let pool = by_address.as_ref().map(|(_, member)| member.pool.clone());
    let by_token = by_token(desk, tenant, event, pool, now).await?;
    let slot = by_token.as_ref().map(|(slot, _)| *slot);
    let mailbox = by_token.map(|(slot, member)| (slot.mailbox, member)).or(by_address);
    let domain = sender.map(|sender| sender.domain().to_owned());
    let origin = Origin {
        domain: domain.or_else(|| mailbox.as_ref().map(|(_, member)| member.domain.clone())),
        mailbox: mailbox.map(|(id, member)| (id, member.zone.clone())),
        ip: event.sending_ip,
        campaign: event.correlation.campaign.as_deref().map(campaign_name),
        zone: zone.to_owned(),
    };
    Ok((origin, slot))
}

/// The slot that a warmup token of the event names, and whose it is. A token is of a pool: the sender's, or the tenant's own.
async fn by_token(
    desk: &Desk,
    tenant: &TenantId,
    event: &Event,
    pool: Option<PoolId>,
    now: Timestamp,
) -> Result<Option<(SlotId, Arc<Member>)>, StoreError> {
    let tags = event.correlation.tags.iter().map(|tag| tag.split_once('=').map_or(tag.as_str(), |(_, value)| value));
    let told = event.correlation.warmup_id.as_deref().into_iter().chain(event.message_id.as_deref()).chain(tags);
    let tokens: Vec<&str> = told.filter(|text| may_be_token(text)).collect();
    if tokens.is_empty() {
        return Ok(None);
    }
    let secrets = desk.vault.secrets().await?;
    let own: Option<PoolId> = tenant.as_str().parse().ok();
    for pool in pool.into_iter().chain(own) {
        let Some(slot) = tokens.iter().find_map(|token| secrets.tokens.verify(&pool, token)) else { continue };
        if let Some(member) = desk.member(tenant, slot.mailbox, now).await? {
            return Ok(Some((slot, member)));
        }
    }
    Ok(None)
}

/// Whether a text has the form of a token: only then are the keys asked for.
fn may_be_token(text: &str) -> bool {
    let bare = text.trim().trim_start_matches('<');
    let token = bare.split(['@', '>']).next().unwrap_or_default();
    token.len() == TOKEN_CHARS && token.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn fresh<K: Ord, V: Clone>(kept: &BTreeMap<K, (Timestamp, V)>, key: &K, now: Timestamp) -> Option<V> {
    let (since, value) = kept.get(key)?;
    (*since <= now && now.duration_since(*since) < KEPT).then(|| value.clone())
}

fn keep<K: Ord, V>(kept: &mut BTreeMap<K, (Timestamp, V)>, key: K, value: V, now: Timestamp) {
    if kept.len() >= ANSWERS_MAX {
        kept.clear();
    }
    kept.insert(key, (now, value));
}

#[cfg(test)]
mod tests {
    use super::may_be_token;

    #[test]
    fn only_what_looks_like_a_token_asks_for_the_keys() {
        let token = "a".repeat(40);
        assert!(may_be_token(&token) && may_be_token(&format!("<{token}@example.com>")));
        for other in ["", "14c5d75ce93.dfd.64b469@ismtpd-555", "0101018e-2b3c@email.amazonses.com", &"a".repeat(39)] {
            assert!(!may_be_token(other), "{other}");
        }
    }
}
