//! KMS through the real SDK: round trips, contexts, the key file.
#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use aws_sdk_kms::error::ProvideErrorMetadata;
use aws_sdk_kms::operation::decrypt::DecryptError;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::DataKeySpec;
use jiff::Timestamp;
use preheat_core::clock::Clock;
use preheat_local::{Aws, Fault, LocalError};

fn clock() -> Clock {
    Arc::new(|| Timestamp::from_second(1_800_000_000).unwrap())
}

async fn data_key(client: &aws_sdk_kms::Client, tenant: &str) -> (Vec<u8>, Blob) {
    let key = client
        .generate_data_key()
        .key_id("alias/preheat")
        .key_spec(DataKeySpec::Aes256)
        .encryption_context("tenant", tenant)
        .send()
        .await
        .unwrap();
    (key.plaintext.unwrap().into_inner(), key.ciphertext_blob.unwrap())
}

async fn decrypt(client: &aws_sdk_kms::Client, blob: Blob, tenant: &str) -> Result<Vec<u8>, DecryptError> {
    let answer = client.decrypt().ciphertext_blob(blob).encryption_context("tenant", tenant).send().await;
    Ok(answer.map_err(aws_sdk_kms::error::SdkError::into_service_error)?.plaintext.unwrap().into_inner())
}

#[tokio::test(start_paused = true)]
async fn a_data_key_opens_only_under_its_context() {
    let client = Aws::memory(clock(), 1).unwrap().kms();
    let (key, sealed) = data_key(&client, "t1").await;
    assert_eq!(key.len(), 32);
    assert_eq!(decrypt(&client, sealed.clone(), "t1").await.unwrap(), key);
    assert!(decrypt(&client, sealed.clone(), "t2").await.unwrap_err().is_invalid_ciphertext_exception());
    let without = client.decrypt().ciphertext_blob(sealed.clone()).send().await.unwrap_err();
    assert!(without.into_service_error().is_invalid_ciphertext_exception());
    let other_key = client.decrypt().key_id("alias/other").ciphertext_blob(sealed.clone()).send().await.unwrap_err();
    assert!(other_key.into_service_error().is_incorrect_key_exception());
    let mut changed = sealed.into_inner();
    *changed.last_mut().unwrap() ^= 1;
    assert!(decrypt(&client, Blob::new(changed), "t1").await.unwrap_err().is_invalid_ciphertext_exception());
    assert!(decrypt(&client, Blob::new([1, 200]), "t1").await.unwrap_err().is_invalid_ciphertext_exception());
}

#[tokio::test(start_paused = true)]
async fn a_secret_is_encrypted_and_found_again() {
    let client = Aws::memory(clock(), 1).unwrap().kms();
    let sealed = client
        .encrypt()
        .key_id("alias/preheat")
        .plaintext(Blob::new("seed"))
        .encryption_context("tenant", "t1")
        .send()
        .await
        .unwrap();
    assert_eq!(decrypt(&client, sealed.ciphertext_blob.unwrap(), "t1").await.unwrap(), b"seed");
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_makes_the_same_keys() {
    let mut keys = Vec::new();
    for seed in [1, 1, 2] {
        keys.push(data_key(&Aws::memory(clock(), seed).unwrap().kms(), "t1").await);
    }
    assert_eq!(keys[0], keys[1]);
    assert_ne!(keys[0], keys[2]);
}

#[tokio::test(start_paused = true)]
async fn it_can_be_throttled_and_denied() {
    let aws = Aws::memory(clock(), 1).unwrap();
    let client = aws.kms();
    let (key, sealed) = data_key(&client, "t1").await;
    aws.faults().script("Decrypt", 1, Fault::Throttle);
    assert_eq!(decrypt(&client, sealed.clone(), "t1").await.unwrap(), key, "retried");
    aws.faults().share("Decrypt", Fault::Deny, 1.0);
    assert_eq!(decrypt(&client, sealed, "t1").await.unwrap_err().code(), Some("AccessDeniedException"));
    assert_eq!(aws.counts().of("Decrypt").calls, 3, "a refusal is not retried");
}

#[tokio::test(start_paused = true)]
async fn the_key_file_is_private_and_outlives_the_process() {
    let directory = tempfile::tempdir().unwrap();
    let (key, sealed) = data_key(&Aws::file(directory.path(), clock()).unwrap().kms(), "t1").await;
    let path = directory.path().join("kms.key");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let client = Aws::file(directory.path(), clock()).unwrap().kms();
    assert_eq!(decrypt(&client, sealed, "t1").await.unwrap(), key);

    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    assert!(matches!(Aws::file(directory.path(), clock()), Err(LocalError::KeyFile { .. })));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    std::fs::write(&path, "short").unwrap();
    assert!(matches!(Aws::file(directory.path(), clock()), Err(LocalError::KeyFile { .. })));
}
