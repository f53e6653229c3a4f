//! Endpoints and what is kept aside.

use jiff::SignedDuration;
use preheat_core::event::Reporter;
use preheat_core::id::TenantId;
use preheat_local::Fault;
use preheat_store::{Hook, Quarantined, Secret, SecretKind, StoreError};

use crate::world::{World, at};

fn hook(id: &str, tenant: &str) -> Hook {
    Hook {
        id: id.to_owned(),
        tenant: tenant.parse().unwrap(),
        provider: Reporter::Ses,
        secrets: Vec::new(),
        sources: vec![format!("arn:aws:sns:eu-west-1:123456789012:{tenant}")],
        refuse_sns_v1: true,
        url: None,
        require_sha256: false,
        made_at: at("09:00:00"),
        until: None,
        former: None,
    }
}

fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned())
}

#[tokio::test(start_paused = true)]
async fn a_tenant_has_one_endpoint_a_provider_and_a_source_speaks_to_one() {
    let world = World::new().await;
    let (acme, other): (TenantId, TenantId) = ("acme".parse().unwrap(), "other".parse().unwrap());
    let first = hook("one", "acme");
    world.store.put_hook(&first).await.unwrap();
    world.store.put_hook(&first).await.unwrap();
    assert!(matches!(world.store.put_hook(&hook("two", "acme")).await, Err(StoreError::Taken(_))));
    let mut thief = hook("three", "other");
    thief.sources = first.sources.clone();
    assert!(matches!(world.store.put_hook(&thief).await, Err(StoreError::Taken(_))));
    assert_eq!(world.store.hook("three").await.unwrap(), None, "nothing answers there");
    assert_eq!(world.store.hook_of(&acme, Reporter::Ses).await.unwrap().as_ref(), Some(&first));
    assert_eq!(world.store.hook_of_source(&first.sources[0]).await.unwrap().as_ref(), Some(&first));
    assert_eq!(world.store.hooks(&acme).await.unwrap(), [first]);
    assert!(world.store.hooks(&other).await.unwrap().is_empty());
    world.store.require_sha256("one").await.unwrap();
    assert!(world.store.hook("one").await.unwrap().unwrap().require_sha256);
    world.store.require_sha256("nobody").await.unwrap();
    assert_eq!(world.store.hook("nobody").await.unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn a_change_over_what_somebody_else_changed_is_not_written() {
    let world = World::new().await;
    let first = hook("one", "acme");
    world.store.put_hook(&first).await.unwrap();
    let seen = world.store.hook_seen("one").await.unwrap().unwrap();
    world.store.require_sha256("one").await.unwrap();
    let changed = Hook { url: Some("https://one.example".to_owned()), ..first.clone() };
    world.store.replace_hook(&seen, &changed).await.unwrap();
    world.store.replace_hook(&seen, &changed).await.expect("the same again, its answer lost");
    let stale = world.store.replace_hook(&seen, &first).await;
    assert!(matches!(stale, Err(StoreError::Contended(_))), "{stale:?}");
    let stands = world.store.hook("one").await.unwrap().unwrap();
    assert_eq!(stands, Hook { require_sha256: true, ..changed }, "what the server has shown is not forgotten");
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_is_succeeded_and_removed_with_all_that_led_to_it() {
    let world = World::new().await;
    let acme: TenantId = "acme".parse().unwrap();
    let first = hook("one", "acme");
    world.store.put_hook(&first).await.unwrap();
    for (old, new) in [("one", "two"), ("two", "three")] {
        let seen = world.store.hook_seen(old).await.unwrap().unwrap();
        let next = hook(new, "acme");
        // Twice, as after a lost answer.
        world.store.succeed_hook(&seen, next.clone(), at("12:00:00")).await.unwrap();
        world.store.succeed_hook(&seen, next, at("12:00:00")).await.unwrap();
    }
    assert_eq!(world.store.hook_of(&acme, Reporter::Ses).await.unwrap().unwrap().id, "three");
    assert_eq!(world.store.hook_of_source(&first.sources[0]).await.unwrap().unwrap().id, "three");
    let old = world.store.hook("one").await.unwrap().unwrap();
    assert!(old.is_open(at("11:59:59")) && !old.is_open(at("12:00:00")));
    assert!(world.store.remove_hook(&acme, Reporter::Ses).await.unwrap());
    for id in ["one", "two", "three"] {
        assert_eq!(world.store.hook(id).await.unwrap(), None, "{id}");
    }
    assert!(!world.store.remove_hook(&acme, Reporter::Ses).await.unwrap());
    // Place and source are free again.
    world.store.put_hook(&Hook { id: "four".to_owned(), ..first }).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn two_secrets_live_while_one_is_rotated() {
    let world = World::new().await;
    let mut hook = hook("one", "acme");
    let week = SignedDuration::from_hours(7 * 24);
    for (name, time) in [("a", "09:00:00"), ("b", "10:00:00"), ("c", "11:00:00")] {
        hook.add_secret(&world.vault, SecretKind::Key, &secret(name), at(time), week).await.unwrap();
    }
    let basic = SecretKind::Basic;
    hook.add_secret(&world.vault, basic, &secret("u:p"), at("11:00:00"), week).await.unwrap();
    let live = async |now| {
        let mut live = Vec::new();
        for one in hook.live_secrets(now) {
            let opened = world.another_vault().open_hook(&hook.tenant, &hook.id, &one.sealed).await.unwrap();
            live.push(opened.expose().to_owned());
        }
        live
    };
    assert_eq!(live(at("12:00:00")).await, ["b", "c", "u:p"]);
    assert_eq!(live(at("12:00:00") + week).await, ["c", "u:p"]);
    let sealed = &hook.secrets[0].sealed;
    for (tenant, id) in [("other", "one"), ("acme", "two")] {
        let stolen = world.vault.open_hook(&tenant.parse().unwrap(), id, sealed).await;
        assert!(stolen.is_err(), "sealed for acme's `one`, opened as {tenant}'s `{id}`");
    }
}

#[tokio::test(start_paused = true)]
async fn a_header_holds_secrets_of_one_kind() {
    let world = World::new().await;
    let mut hook = hook("one", "acme");
    let mut add = async |kind: SecretKind, time| {
        hook.add_secret(&world.vault, kind, &secret("s"), at(time), SignedDuration::from_hours(1))
            .await
            .map(|()| hook.secrets.len())
    };
    assert_eq!(add(SecretKind::Basic, "09:00:00").await.unwrap(), 1);
    for other in [SecretKind::Bearer, SecretKind::Header("Authorization".to_owned())] {
        assert!(matches!(add(other, "10:00:00").await, Err(StoreError::Taken(_))), "no sender can show both");
    }
    assert_eq!(add(SecretKind::Key, "10:00:00").await.unwrap(), 2);
    assert_eq!(add(SecretKind::Header("X-Token".to_owned()), "10:00:00").await.unwrap(), 3);
    assert_eq!(add(SecretKind::Header("x-token".to_owned()), "10:00:00").await.unwrap(), 4, "a rotation");
    assert_eq!(add(SecretKind::Header("X-TOKEN".to_owned()), "11:00:00").await.unwrap(), 4, "and another");
}

#[tokio::test(start_paused = true)]
async fn without_kms_a_kept_key_serves_for_an_hour_and_then_nothing_opens() {
    let world = World::new().await;
    let mut hook = hook("one", "acme");
    hook.add_secret(&world.vault, SecretKind::Key, &secret("a"), at("08:00:00"), SignedDuration::ZERO).await.unwrap();
    world.aws.faults().share("Decrypt", Fault::Deny, 1.0);
    let open = async || world.vault.open_hook(&hook.tenant, &hook.id, &hook.secrets[0].sealed).await;
    world.pass(SignedDuration::from_mins(59));
    assert!(open().await.is_ok());
    world.pass(SignedDuration::from_mins(2));
    assert!(matches!(open().await, Err(StoreError::Key { .. })));
    world.aws.faults().clear();
    assert!(open().await.is_ok(), "KMS is back");
}

#[tokio::test(start_paused = true)]
async fn what_is_no_event_is_kept_aside_once_and_for_a_month() {
    let world = World::new().await;
    let bad = Quarantined {
        provider: Reporter::Brevo,
        reason: "its time cannot be read".to_owned(),
        raw: r#"{"event":"delivered","ts":"soon"}"#.to_owned(),
        received_at: at("09:00:00"),
    };
    for _ in 0..3 {
        world.store.quarantine("one", &bad).await.unwrap();
    }
    assert_eq!(world.store.quarantined("one").await.unwrap(), [bad]);
    assert!(world.store.quarantined("two").await.unwrap().is_empty());
    world.pass(SignedDuration::from_hours(31 * 24));
    assert_eq!(world.aws.sweep_expired().unwrap(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_is_longer_than_an_item_is_kept_whole_and_told_apart_to_its_end() {
    let world = World::new().await;
    let long = |end: &str| Quarantined {
        provider: Reporter::Brevo,
        reason: "does not parse".to_owned(),
        raw: format!("{}{end}", "ä".repeat(1_000_000)),
        received_at: at("09:00:00"),
    };
    let (one, other) = (long("1"), long("2"));
    for bad in [&one, &other, &one] {
        world.store.quarantine("one", bad).await.unwrap();
    }
    let mut kept = world.store.quarantined("one").await.unwrap();
    kept.sort_by(|a, b| a.raw.cmp(&b.raw));
    assert_eq!(kept, [one, other]);
    world.pass(SignedDuration::from_hours(31 * 24));
    assert_eq!(world.aws.sweep_expired().unwrap(), 2 * 6, "every part of both");
}
