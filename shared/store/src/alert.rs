//! Alert channels, and what each was told. All of it changes with people's settings and with alerts, both of which are rare.
//!
//! | item | attribute | holds |
//! |---|---|---|
//! | channel | `j` | the channel and its sealed secret, as JSON |
//! | told | `j`, `at` | the last change of the topic, as JSON; when that had happened |
//! | alert | `d` | when it was delivered; absent: it is being delivered |
//! | alert | `f`, `u` | by whom, and until when nobody else may try |

use jiff::{SignedDuration, Timestamp};
use preheat_core::alert::{Channel, ChannelId, Disabled, Owner, Told, Topic};
use serde::{Deserialize, Serialize};

use crate::credential::Sealed;
use crate::error::StoreError;
use crate::item::{Fields, Item, instant, number, text};
use crate::keys::{CHANNEL_PREFIX, Key, owner_pk};
use crate::retry::Patience;
use crate::store::{Store, Write};
use crate::table::TTL;

/// How long a delivery may take, retries of its writes included: afterwards a dead process's claim is open to others.
const CLAIM: SignedDuration = SignedDuration::from_mins(2);
/// How long it is known what was delivered: longer than a message can come again, dead letters included.
const DELIVERED_KEPT: SignedDuration = SignedDuration::from_hours(24 * 30);
/// How long it is known what a channel was last told.
const TOLD_KEPT: SignedDuration = SignedDuration::from_hours(24 * 120);

/// A channel and its secret, sealed ([`crate::Vault::open_channel`]).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredChannel {
    /// The channel.
    #[serde(flatten)]
    pub channel: Channel,
    /// Its secret, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<Sealed>,
}

/// Whether a message may be sent on a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlertClaim {
    /// It is the caller's to send.
    Won,
    /// The channel has it.
    Delivered,
    /// Somebody else is sending it, or died doing so: ask again in two minutes.
    Busy,
}

impl Store {
    /// The channels of an owner, by name.
    ///
    /// # Errors
    /// The ledger did not answer, or a channel cannot be read.
    pub async fn channels(&self, owner: &Owner) -> Result<Vec<StoredChannel>, StoreError> {
        let pk = owner_pk(owner);
        let items = self.query_all(&pk, CHANNEL_PREFIX).await?;
        items
            .into_iter()
            .map(|(id, item)| {
                json(item).map_err(|reason| StoreError::Corrupt { key: format!("{pk}/{CHANNEL_PREFIX}{id}"), reason })
            })
            .collect()
    }

    /// Adds a channel; false: its owner has one of that name, which stays as it is.
    ///
    /// # Errors
    /// The ledger did not answer.
    pub async fn add_channel(&self, stored: &StoredChannel) -> Result<bool, StoreError> {
        let key = Key::Channel(&stored.channel.owner, &stored.channel.id);
        let new = written(key, stored)?;
        let item = Item::from([("j".to_owned(), text(new.clone()))]);
        match self.put_if_absent(key, item).await? {
            Write::Done(_) => Ok(true),
            // The answer to this very write was lost.
            Write::Refused(item) => Ok(Fields(item).text("j").is_ok_and(|old| old == new)),
        }
    }

    /// Disables a channel, as it was read; not if it was changed or removed since.
    ///
    /// # Errors
    /// The ledger did not answer.
    pub async fn disable_channel(&self, stored: &StoredChannel, disabled: Disabled) -> Result<(), StoreError> {
        let key = Key::Channel(&stored.channel.owner, &stored.channel.id);
        let channel = Channel { disabled: Some(disabled), ..stored.channel.clone() };
        let after = StoredChannel { channel, sealed: stored.sealed.clone() };
        let call = self
            .update_item(key)
            .update_expression("SET j = :new")
            .condition_expression("j = :old")
            .expression_attribute_values(":new", text(written(key, &after)?))
            .expression_attribute_values(":old", text(written(key, stored)?));
        self.update(key, Patience::Usual, call).await.map(drop)
    }

    /// Removes a channel, its secret with it; false: there is none.
    ///
    /// # Errors
    /// The ledger did not answer.
    pub async fn remove_channel(&self, owner: &Owner, id: &ChannelId) -> Result<bool, StoreError> {
        let key = Key::Channel(owner, id);
        let there = self.get(key).await?.is_some();
        self.delete_item(&key.pk(), &key.sk()).await?;
        Ok(there)
    }

    /// What a channel was last told of a topic.
    ///
    /// # Errors
    /// The ledger did not answer, or the item cannot be read.
    pub async fn told(&self, owner: &Owner, id: &ChannelId, topic: &Topic) -> Result<Option<Told>, StoreError> {
        let key = Key::Told(owner, id, topic);
        let Some(item) = self.get(key).await? else { return Ok(None) };
        json(item).map(Some).map_err(|reason| StoreError::Corrupt { key: key.text(), reason })
    }

    /// Remembers what a channel was told of a topic, unless it was told something later meanwhile.
    ///
    /// # Errors
    /// The ledger did not answer.
    pub async fn remember_told(
        &self,
        owner: &Owner,
        id: &ChannelId,
        topic: &Topic,
        told: &Told,
    ) -> Result<(), StoreError> {
        let key = Key::Told(owner, id, topic);
        let call = self
            .update_item(key)
            .update_expression("SET j = :j, #at = :at, #ttl = :ttl")
            .condition_expression("attribute_not_exists(pk) OR #at <= :at")
            .expression_attribute_names("#at", "at")
            .expression_attribute_names("#ttl", TTL)
            .expression_attribute_values(":j", text(written(key, told)?))
            .expression_attribute_values(":at", instant(told.at))
            .expression_attribute_values(":ttl", expiry(told.told_at, TOLD_KEPT));
        self.update(key, Patience::Usual, call).await.map(drop)
    }

    /// Claims a message on a channel for `attempt`, a text that no other delivery has.
    ///
    /// # Errors
    /// The ledger did not answer.
    pub async fn claim_alert(
        &self,
        owner: &Owner,
        id: &ChannelId,
        message: &str,
        attempt: &str,
        now: Timestamp,
    ) -> Result<AlertClaim, StoreError> {
        let key = Key::Alert(owner, id, message);
        let call = self
            .update_item(key)
            .update_expression("SET f = :f, u = :u, #ttl = :ttl")
            .condition_expression("attribute_not_exists(d) AND (attribute_not_exists(u) OR u <= :now OR f = :f)")
            .expression_attribute_names("#ttl", TTL)
            .expression_attribute_values(":f", text(attempt))
            .expression_attribute_values(":u", instant(now + CLAIM))
            .expression_attribute_values(":now", instant(now))
            .expression_attribute_values(":ttl", expiry(now, DELIVERED_KEPT));
        match self.update(key, Patience::Usual, call).await? {
            Write::Done(_) => Ok(AlertClaim::Won),
            Write::Refused(item) if item.contains_key("d") => Ok(AlertClaim::Delivered),
            Write::Refused(_) => Ok(AlertClaim::Busy),
        }
    }

    /// Records that a channel has a message.
    ///
    /// # Errors
    /// The ledger did not answer: the channel may be sent the message again.
    pub async fn alert_delivered(
        &self,
        owner: &Owner,
        id: &ChannelId,
        message: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let key = Key::Alert(owner, id, message);
        let call = self
            .update_item(key)
            .update_expression("SET d = :now, #ttl = :ttl REMOVE u, f")
            .expression_attribute_names("#ttl", TTL)
            .expression_attribute_values(":now", instant(now))
            .expression_attribute_values(":ttl", expiry(now, DELIVERED_KEPT));
        self.update(key, Patience::Outcome, call).await.map(drop)
    }

    /// Gives a claim back: the channel did not take the message.
    ///
    /// # Errors
    /// The ledger did not answer: the claim ends by itself.
    pub async fn release_alert(
        &self,
        owner: &Owner,
        id: &ChannelId,
        message: &str,
        attempt: &str,
    ) -> Result<(), StoreError> {
        let key = Key::Alert(owner, id, message);
        let call = self
            .update_item(key)
            .update_expression("REMOVE u, f")
            .condition_expression("f = :f")
            .expression_attribute_values(":f", text(attempt));
        self.update(key, Patience::Usual, call).await.map(drop)
    }
}

fn json<T: for<'a> Deserialize<'a>>(item: Item) -> Result<T, String> {
    let json = Fields(item).text("j").map_err(|error| error.0)?;
    serde_json::from_str(&json).map_err(|error| error.to_string())
}

fn written(key: Key<'_>, value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Corrupt { key: key.text(), reason: error.to_string() })
}

fn expiry(now: Timestamp, kept: SignedDuration) -> aws_sdk_dynamodb::types::AttributeValue {
    number((now + kept).as_second())
}
