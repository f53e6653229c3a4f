//! The vault: nothing opens anywhere but where it was sealed, and nothing at all without KMS.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::SignedDuration;
use preheat_core::id::{MailboxId, TenantId};
use preheat_local::Fault;
use preheat_store::{Credential, Next, Sealed, Secret, StoreError};
use proptest::prelude::*;

use crate::world::{TABLE, World, new_mailbox, parent, password};

const BOX: MailboxId = MailboxId(5);

fn acme() -> TenantId {
    "acme".parse().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_credential_opens_only_where_it_was_sealed() {
    let world = World::new().await;
    let token = Credential::OAuth2 { access_token: Secret::new("ya29.token".to_owned()) };
    let sealed = world.vault.seal(&acme(), BOX, 3, &token).await.unwrap();
    assert_eq!(world.another_vault().open(&acme(), BOX, &sealed).await.unwrap(), token);

    let other: TenantId = "other".parse().unwrap();
    world.vault.seal(&other, BOX, 3, &token).await.unwrap();
    let refused = StoreError::Sealed(BOX);
    assert_eq!(world.vault.open(&other, BOX, &sealed).await.unwrap_err(), refused);
    assert_eq!(world.vault.open(&acme(), MailboxId(6), &sealed).await.unwrap_err(), StoreError::Sealed(MailboxId(6)));
    let older = Sealed { version: 2, ..sealed.clone() };
    assert_eq!(world.vault.open(&acme(), BOX, &older).await.unwrap_err(), refused);
    for damaged in ["", "AAAA", "not base64!", &sealed.text[..sealed.text.len() - 4]] {
        let damaged = Sealed { version: 3, text: damaged.to_owned() };
        assert_eq!(world.vault.open(&acme(), BOX, &damaged).await.unwrap_err(), refused);
    }
    assert_eq!(refused.next(), Next::Pause);
}

#[tokio::test(start_paused = true)]
async fn different_secrets_never_share_a_nonce() {
    let world = World::new().await;
    let mut nonces = std::collections::BTreeSet::new();
    for (mailbox, version, password) in [(1, 1, "a"), (1, 1, "b"), (2, 1, "a"), (1, 2, "a"), (1, 1, "")] {
        let credential = Credential::Password(Secret::new(password.to_owned()));
        let sealed = world.vault.seal(&acme(), MailboxId(mailbox), version, &credential).await.unwrap();
        assert!(nonces.insert(sealed.text[..16].to_owned()), "{mailbox} {version} {password}");
    }
}

#[tokio::test(start_paused = true)]
async fn two_who_make_a_key_at_once_agree() {
    let world = World::new().await;
    for fault in [Fault::Latency(Duration::from_millis(20)), Fault::LoseAnswer] {
        world.aws.faults().script("PutItem", 1, fault);
        let tenant: TenantId = format!("tenant-{}", fault.name()).parse().unwrap();
        let (one, other) = (world.another_vault(), world.another_vault());
        let credential = password();
        let (sealed, also) =
            tokio::join!(one.seal(&tenant, BOX, 1, &credential), other.seal(&tenant, BOX, 1, &credential));
        assert_eq!(other.open(&tenant, BOX, &sealed.unwrap()).await.unwrap(), credential);
        assert_eq!(one.open(&tenant, BOX, &also.unwrap()).await.unwrap(), credential);
    }
}

#[tokio::test(start_paused = true)]
async fn kms_is_asked_once_an_hour_and_its_failure_bridged_until_then() {
    let world = World::new().await;
    let sealed = world.vault.seal(&acme(), BOX, 1, &password()).await.unwrap();
    let vault = world.another_vault();
    let before = world.aws.counts();
    let open = async || vault.open(&acme(), BOX, &sealed).await;
    let (a, b) = tokio::join!(open(), open());
    assert_eq!((a.unwrap(), b.unwrap()), (password(), password()));
    world.aws.faults().share("Decrypt", Fault::Deny, 1.0);
    world.pass(SignedDuration::from_mins(59));
    assert_eq!(open().await.unwrap(), password());
    assert_eq!(world.aws.counts().since(&before).of("Decrypt").calls, 1);

    world.pass(SignedDuration::from_mins(1));
    let error = open().await.unwrap_err();
    assert!(matches!(&error, StoreError::Key { name, .. } if name == "tenant-acme"), "{error:?}");
    assert_eq!(error.next(), Next::Retry);
    world.pass(SignedDuration::from_mins(-5));
    assert!(open().await.is_err(), "a clock set back does not make the old key young");
    world.aws.faults().clear();
    world.aws.faults().script_next("Decrypt", 3, Fault::Throttle);
    assert_eq!(open().await.unwrap(), password());
}

#[tokio::test(start_paused = true)]
async fn swapped_data_keys_do_not_open() {
    let world = World::new().await;
    let other: TenantId = "other".parse().unwrap();
    let sealed = world.vault.seal(&acme(), BOX, 1, &password()).await.unwrap();
    world.vault.seal(&other, BOX, 1, &password()).await.unwrap();
    let client = world.aws.dynamodb();
    let mut items = world.items().await;
    items.retain(|item| item["sk"].as_s().unwrap().starts_with("KEY#tenant-"));
    let swapped = [(0, 1), (1, 0)].map(|(from, to)| {
        let put = client.put_item().table_name(TABLE).item("pk", items[to]["pk"].clone());
        put.item("sk", items[to]["sk"].clone()).item("e", items[from]["e"].clone())
    });
    for put in swapped {
        put.send().await.unwrap();
    }
    let error = world.another_vault().open(&acme(), BOX, &sealed).await.unwrap_err();
    assert!(matches!(error, StoreError::Key { .. }), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn a_shredded_tenant_stays_shut() {
    let world = World::new().await;
    let sealed = world.vault.seal(&acme(), BOX, 1, &password()).await.unwrap();
    world.vault.shred(&acme()).await.unwrap();
    let error = world.vault.open(&acme(), BOX, &sealed).await.unwrap_err();
    assert!(matches!(error, StoreError::Key { .. }), "opening makes no new key: {error:?}");
    world.vault.seal(&acme(), BOX, 1, &password()).await.unwrap();
    assert_eq!(world.vault.open(&acme(), BOX, &sealed).await.unwrap_err(), StoreError::Sealed(BOX));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_kept_in_clear() {
    let world = World::new().await;
    world.store.import(&world.vault, &new_mailbox("a@example.com"), &password()).await.unwrap();
    world.vault.secrets().await.unwrap();
    let secret = b"correct horse battery staple";
    for item in world.items().await {
        for (name, value) in item {
            let bytes = match &value {
                AttributeValue::S(text) => text.as_bytes().to_vec(),
                AttributeValue::B(blob) => blob.as_ref().to_vec(),
                _ => continue,
            };
            assert!(!bytes.windows(secret.len()).any(|window| window == secret), "{name} holds the password");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn secrets_are_the_same_everywhere_and_tokens_outlive_rotation() {
    let world = World::new().await;
    let (one, other) = (world.vault.secrets().await.unwrap(), world.another_vault().secrets().await.unwrap());
    assert_eq!(one.seed, other.seed);
    let pool = "acme".parse().unwrap();
    let token = one.tokens.token(&pool, parent(1));
    assert_eq!(other.tokens.token(&pool, parent(1)), token);

    world.vault.rotate_tokens().await.unwrap();
    let rotated = world.vault.secrets().await.unwrap();
    assert_eq!(rotated.seed, one.seed);
    assert_ne!(rotated.tokens.token(&pool, parent(1)), token);
    assert_eq!(rotated.tokens.verify(&pool, &token), Some(parent(1)));
    let shown = format!("{rotated:?} {:?}", world.vault);
    assert!(!shown.contains(&token[..8]), "{shown}");
}

#[tokio::test(start_paused = true)]
async fn secrets_fail_closed_after_their_hour() {
    let world = World::new().await;
    world.vault.secrets().await.unwrap();
    world.aws.faults().share("Decrypt", Fault::Deny, 1.0);
    world.pass(SignedDuration::from_mins(59));
    world.vault.secrets().await.unwrap();
    world.pass(SignedDuration::from_mins(2));
    assert!(matches!(world.vault.secrets().await.unwrap_err(), StoreError::Key { .. }));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn whatever_is_sealed_opens_and_no_bit_can_be_changed(secret in "\\PC{0,60}", mailbox: u32, version: u32, at: prop::sample::Index) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let world = World::new().await;
            let credential = Credential::Password(Secret::new(secret));
            let id = MailboxId(mailbox);
            let sealed = world.vault.seal(&acme(), id, version, &credential).await.unwrap();
            assert_eq!(world.vault.open(&acme(), id, &sealed).await.unwrap(), credential);
            let mut text = sealed.text.clone().into_bytes();
            let at = at.index(text.len() - 1);
            text[at] = if text[at] == b'A' { b'B' } else { b'A' };
            let changed = Sealed { version, text: String::from_utf8(text).unwrap() };
            assert_eq!(world.vault.open(&acme(), id, &changed).await.unwrap_err(), StoreError::Sealed(id));
        });
    }
}
