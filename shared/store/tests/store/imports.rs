//! Importing, changing and deleting mailboxes.

use std::time::Duration;

use preheat_core::mailbox::State;
use preheat_core::ramp::Ramp;
use preheat_local::Fault;
use preheat_store::{Claim, Credential, Lost, Next, Secret, StoreError};

use crate::world::{World, at, new_mailbox, password, request, won};

#[tokio::test(start_paused = true)]
async fn importing_again_changes_settings_and_never_progress() {
    let world = World::new().await;
    let id = world.warming("a@example.com", 9).await;
    let held = won(&world.store, &request(id, 0, 1, at("09:00:00"))).await;
    world.store.sent(&held).await.unwrap();
    let before = world.row(id).await;
    let profile = world.store.profile(id).await.unwrap().unwrap();

    let mut changed = new_mailbox("a@example.com");
    changed.ramp = Ramp::Linear { start: 5, step: 2, cap: 30 };
    changed.smtp.port = 587;
    let imported = world.store.import(&world.vault, &changed, &password()).await.unwrap();
    assert_eq!((imported.id, imported.existed), (id, true));

    let after = world.row(id).await;
    assert_eq!(after.plan.plan.ramp, changed.ramp);
    let mut expected = before.clone();
    expected.plan.plan.ramp = changed.ramp.clone();
    assert_eq!((after.plan, after.box_row), (expected.plan, expected.box_row));
    let again = world.store.profile(id).await.unwrap().unwrap();
    assert_eq!((again.smtp.port, &again.sealed), (587, &profile.sealed), "the same password is not sealed anew");

    let other = Credential::Password(Secret::new("another".to_owned()));
    world.store.import(&world.vault, &changed, &other).await.unwrap();
    let profile = world.store.profile(id).await.unwrap().unwrap();
    assert_eq!(profile.sealed.version, 2);
    assert_eq!(world.vault.open(&profile.tenant, id, &profile.sealed).await.unwrap(), other);
}

#[tokio::test(start_paused = true)]
async fn a_crash_at_any_write_is_repaired_by_importing_again() {
    // Data key, address, profile, box row, planning row; the counter is the one update.
    let writes = [("UpdateItem", 1), ("PutItem", 1), ("PutItem", 2), ("PutItem", 3), ("PutItem", 4), ("PutItem", 5)];
    for (operation, nth) in writes {
        let world = World::new().await;
        world.aws.faults().script(operation, nth, Fault::Deny);
        let new = new_mailbox("a@example.com");
        world.store.import(&world.vault, &new, &password()).await.unwrap_err();
        let visible = (0..64).map(|shard| world.store.shard(shard));
        for shard in futures::future::join_all(visible).await {
            assert_eq!(shard.unwrap().rows, [], "{operation} {nth}: nothing incomplete is seen");
        }
        let imported = world.store.import(&world.vault, &new, &password()).await.unwrap();
        let row = world.row(imported.id).await;
        assert_eq!((row.plan.state, row.plan.quota, row.plan.date), (State::New, 0, None));
        let profile = world.store.profile(imported.id).await.unwrap().unwrap();
        assert_eq!(world.vault.open(&profile.tenant, imported.id, &profile.sealed).await.unwrap(), password());
        assert_eq!(world.store.find(&new.address).await.unwrap(), Some(imported.id));
    }
}

#[tokio::test(start_paused = true)]
async fn lost_answers_import_one_mailbox() {
    let writes = [("UpdateItem", 1), ("PutItem", 1), ("PutItem", 2), ("PutItem", 3), ("PutItem", 4), ("PutItem", 5)];
    for (operation, nth) in writes {
        let world = World::new().await;
        world.aws.faults().script(operation, nth, Fault::LoseAnswer);
        let imported = world.store.import(&world.vault, &new_mailbox("a@example.com"), &password()).await.unwrap();
        assert_eq!(world.row(imported.id).await.plan.plan.id, imported.id);
        assert_eq!(world.items().await.iter().filter(|item| item["sk"].as_s().unwrap().ends_with("#PLAN")).count(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn two_imports_at_once_agree_on_the_number() {
    let world = World::new().await;
    world.aws.faults().share("PutItem", Fault::Latency(Duration::from_millis(9)), 0.5);
    let new = new_mailbox("a@example.com");
    let (store, vault) = (world.another_store(), world.another_vault());
    let credential = password();
    let (one, other) =
        tokio::join!(world.store.import(&world.vault, &new, &credential), store.import(&vault, &new, &credential));
    assert_eq!(one.unwrap().id, other.unwrap().id);
}

#[tokio::test(start_paused = true)]
async fn numbers_are_small_and_addresses_belong_to_one_tenant() {
    let world = World::new().await;
    let import = async |address: &str, tenant: &str| {
        let mut new = new_mailbox(address);
        new.tenant = tenant.parse().unwrap();
        world.store.import(&world.vault, &new, &password()).await
    };
    let first = import("a@example.com", "acme").await.unwrap();
    let second = import("b@example.com", "acme").await.unwrap();
    assert_eq!((first.id.0, second.id.0), (1, 2));
    let error = import("a@example.com", "other").await.unwrap_err();
    assert_eq!((&error, error.next()), (&StoreError::AddressTaken, Next::Pause));
    assert_eq!(world.row(first.id).await.plan.plan.tenant.as_str(), "acme");
}

#[tokio::test(start_paused = true)]
async fn a_deleted_mailbox_sends_nothing_and_leaves_nothing() {
    for crash_at in [None, Some(1), Some(2), Some(3), Some(4)] {
        let world = World::new().await;
        let id = world.warming("a@example.com", 9).await;
        let held = won(&world.store, &request(id, 0, 1, at("09:00:00"))).await;
        if let Some(nth) = crash_at {
            world.aws.faults().script("DeleteItem", nth, Fault::Deny);
            world.store.delete(id).await.unwrap_err();
        }
        world.store.delete(id).await.unwrap();
        world.store.delete(id).await.unwrap();
        let queued = request(id, 1, 1, at("09:30:00"));
        assert_eq!(world.store.claim(&queued).await.unwrap(), Claim::Lost(Lost::Stale));
        assert_eq!(world.store.sent(&held).await.unwrap_err().next(), Next::Drop);
        assert!(world.store.set_state(id, &State::ALL, State::Warming, None, at("09:00:00")).await.is_err());
        assert_eq!(world.store.lease(id, at("09:00:00"), at("09:05:00")).await.unwrap(), None);
        let left: Vec<_> = world.items().await.into_iter().map(|item| item["sk"].as_s().unwrap().clone()).collect();
        assert_eq!(left, ["COUNTER", "KEY#tenant-acme"], "crash at {crash_at:?}");
    }
}
