//! Channels, and what each was told.

use jiff::SignedDuration;
use preheat_core::alert::{Channel, ChannelId, Owner, Target, Told, Topic};
use preheat_core::change::Kind;
use preheat_local::Fault;
use preheat_store::{AlertClaim, Secret, StoreError, StoredChannel};

use crate::world::{World, at};

fn acme() -> Owner {
    Owner::Tenant("acme".parse().unwrap())
}

fn ops() -> ChannelId {
    "ops".parse().unwrap()
}

async fn slack(world: &World, owner: Owner, secret: &str) -> StoredChannel {
    let channel = Channel::new(ops(), owner, Target::Slack).unwrap();
    let secret = Secret::new(secret.to_owned());
    let sealed = world.vault.seal_channel(&channel.owner, &channel.id, &secret).await.unwrap();
    StoredChannel { channel, sealed: Some(sealed) }
}

#[tokio::test(start_paused = true)]
async fn a_channel_is_added_once_listed_by_its_owner_only_and_removed() {
    let world = World::new().await;
    let stored = slack(&world, acme(), "https://hooks.example.com/SECRET").await;
    assert!(world.store.add_channel(&stored).await.unwrap());
    let other = StoredChannel { sealed: None, ..stored.clone() };
    assert!(!world.store.add_channel(&other).await.unwrap());
    assert_eq!(world.store.channels(&acme()).await.unwrap(), std::slice::from_ref(&stored));
    for stranger in [Owner::Stack, Owner::Tenant("acm".parse().unwrap()), Owner::Tenant("rival".parse().unwrap())] {
        assert!(world.store.channels(&stranger).await.unwrap().is_empty(), "{stranger:?}");
    }
    assert!(world.store.remove_channel(&acme(), &ops()).await.unwrap());
    assert!(!world.store.remove_channel(&acme(), &ops()).await.unwrap());
    assert!(world.store.channels(&acme()).await.unwrap().is_empty());
    // Where the answer to the write was lost, the repeat knows its own effect.
    world.aws.faults().script_next("PutItem", 1, Fault::LoseAnswer);
    assert!(world.store.add_channel(&stored).await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_secret_opens_for_its_owner_and_channel_only() {
    let world = World::new().await;
    let secret = "https://hooks.example.com/SECRET";
    for owner in [acme(), Owner::Stack] {
        let stored = slack(&world, owner.clone(), secret).await;
        let sealed = stored.sealed.unwrap();
        assert!(!serde_json::to_string(&sealed).unwrap().contains("SECRET"));
        assert_eq!(world.another_vault().open_channel(&owner, &ops(), &sealed).await.unwrap().expose(), secret);
        let moved = world.vault.open_channel(&owner, &"dev".parse().unwrap(), &sealed).await;
        assert!(matches!(moved, Err(StoreError::SealedChannel(_))), "{moved:?}");
        let rival = Owner::Tenant("rival".parse().unwrap());
        slack(&world, rival.clone(), "another").await;
        let stolen = world.vault.open_channel(&rival, &ops(), &sealed).await;
        assert!(matches!(stolen, Err(StoreError::SealedChannel(_))), "{stolen:?}");
    }
    let sealed = slack(&world, acme(), secret).await.sealed.unwrap();
    world.vault.shred(&"acme".parse().unwrap()).await.unwrap();
    assert!(world.vault.open_channel(&acme(), &ops(), &sealed).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_message_is_claimed_by_one_and_told_once() {
    let world = World::new().await;
    let store = &world.store;
    let (owner, id) = (acme(), ops());
    let claim =
        async |attempt: &str, time: &str| store.claim_alert(&owner, &id, "chg_1", attempt, at(time)).await.unwrap();
    assert_eq!(claim("a", "09:00:00").await, AlertClaim::Won);
    assert_eq!(claim("b", "09:00:30").await, AlertClaim::Busy);
    // The repeat of a write whose answer was lost.
    assert_eq!(claim("a", "09:00:30").await, AlertClaim::Won);
    // Whoever does not hold it cannot give it back; whoever does can.
    store.release_alert(&owner, &id, "chg_1", "b").await.unwrap();
    assert_eq!(claim("b", "09:00:40").await, AlertClaim::Busy);
    store.release_alert(&owner, &id, "chg_1", "a").await.unwrap();
    assert_eq!(claim("b", "09:00:40").await, AlertClaim::Won);
    // A dead process's claim ends by itself.
    assert_eq!(claim("c", "09:02:39").await, AlertClaim::Busy);
    assert_eq!(claim("c", "09:02:40").await, AlertClaim::Won);
    store.alert_delivered(&owner, &id, "chg_1", at("09:02:41")).await.unwrap();
    assert_eq!(claim("d", "12:00:00").await, AlertClaim::Delivered);
    // Other channels and owners have their own.
    let other = store.claim_alert(&Owner::Stack, &id, "chg_1", "e", at("12:00:00")).await.unwrap();
    assert_eq!(other, AlertClaim::Won);
}

#[tokio::test(start_paused = true)]
async fn what_was_told_later_is_not_turned_back() {
    let world = World::new().await;
    let (owner, id, topic) = (acme(), ops(), Topic("mailbox/mailbox/mb-1".to_owned()));
    let told = |kind, minute: i64| {
        let at = at("09:00:00") + SignedDuration::from_mins(minute);
        Told { kind, id: format!("chg_{minute}"), at, told_at: at }
    };
    let (paused, resumed) = (told(Kind::MailboxPaused, 1), told(Kind::MailboxResumed, 2));
    assert_eq!(world.store.told(&owner, &id, &topic).await.unwrap(), None);
    world.store.remember_told(&owner, &id, &topic, &resumed).await.unwrap();
    world.store.remember_told(&owner, &id, &topic, &paused).await.unwrap();
    assert_eq!(world.store.told(&owner, &id, &topic).await.unwrap(), Some(resumed.clone()));
    let again = Told { told_at: resumed.told_at + SignedDuration::from_hours(24), ..resumed };
    world.store.remember_told(&owner, &id, &topic, &again).await.unwrap();
    assert_eq!(world.store.told(&owner, &id, &topic).await.unwrap(), Some(again));
}
