//! Data keys: 32 bytes that KMS made and encrypted; the encrypted form lies in the ledger, the plain one in no place but the
//! memory of a process. Each is bound to its name by KMS's encryption context, so that swapped items do not open.

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_kms::operation::decrypt::DecryptError;
use aws_sdk_kms::types::DataKeySpec;
use zeroize::Zeroizing;

use crate::error::{StoreError, failure};
use crate::item::Item;
use crate::keys::{DATA_KEY_PREFIX, Key, SYSTEM_PK};
use crate::retry::{Patience, repeat};
use crate::store::{Store, Write};

/// A data key in clear.
pub(crate) type DataKey = Zeroizing<[u8; 32]>;

/// The name under which KMS binds a data key to its own name.
const CONTEXT: &str = "preheat-key";

/// KMS and the ledger together.
#[derive(Debug)]
pub(crate) struct DataKeys {
    kms: aws_sdk_kms::Client,
    store: Store,
    kms_key_id: String,
}

impl DataKeys {
    pub(crate) fn new(kms: &aws_sdk_kms::Client, store: Store, kms_key_id: String) -> Self {
        let retry = aws_sdk_kms::config::retry::RetryConfig::disabled();
        let kms = aws_sdk_kms::Client::from_conf(kms.config().to_builder().retry_config(retry).build());
        Self { kms, store, kms_key_id }
    }

    /// The key of this name; `None`: it was never made, or was destroyed.
    pub(crate) async fn find(&self, name: &str) -> Result<Option<DataKey>, StoreError> {
        match self.store.get(Key::DataKey(name)).await? {
            None => Ok(None),
            Some(item) => self.decrypt(name, item).await.map(Some),
        }
    }

    /// The key of this name, made now if there is none. Of two who make it at once, both get the one that was stored first.
    pub(crate) async fn find_or_make(&self, name: &str) -> Result<DataKey, StoreError> {
        if let Some(key) = self.find(name).await? {
            return Ok(key);
        }
        let call = self
            .kms
            .generate_data_key()
            .key_id(&self.kms_key_id)
            .key_spec(DataKeySpec::Aes256)
            .encryption_context(CONTEXT, name);
        let made = repeat(Patience::Usual, name, || {
            let call = call.clone();
            async move { call.send().await.map_err(|error| failure("GenerateDataKey", &error)) }
        })
        .await
        .map_err(|error| unavailable(name, error))?;
        let lacks = || StoreError::Key { name: name.to_owned(), detail: "KMS sent no key".to_owned() };
        let encrypted = made.ciphertext_blob.ok_or_else(lacks)?.into_inner();
        let plain = Zeroizing::new(made.plaintext.ok_or_else(lacks)?.into_inner());
        let item = Item::from([("e".to_owned(), AttributeValue::B(Blob::new(encrypted)))]);
        match self.store.put_if_absent(Key::DataKey(name), item).await? {
            Write::Done(_) => sized(name, &plain),
            // Another process was faster, or this very call, its answer lost: what is stored holds.
            Write::Refused(stored) => self.decrypt(name, stored).await,
        }
    }

    /// The names of all keys that begin with `prefix`, in their order.
    pub(crate) async fn names(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        let found = self.store.query_all(SYSTEM_PK, &format!("{DATA_KEY_PREFIX}{prefix}")).await?;
        Ok(found.into_keys().map(|rest| format!("{prefix}{rest}")).collect())
    }

    /// Destroys a key: nothing that it sealed can ever be opened again.
    pub(crate) async fn destroy(&self, name: &str) -> Result<(), StoreError> {
        self.store.delete_item(&Key::DataKey(name).pk(), &Key::DataKey(name).sk()).await
    }

    async fn decrypt(&self, name: &str, mut item: Item) -> Result<DataKey, StoreError> {
        let Some(AttributeValue::B(encrypted)) = item.remove("e") else {
            let key = Key::DataKey(name).text();
            return Err(StoreError::Corrupt { key, reason: "it holds no encrypted key".to_owned() });
        };
        let call = self
            .kms
            .decrypt()
            .key_id(&self.kms_key_id)
            .ciphertext_blob(Blob::new(encrypted.into_inner()))
            .encryption_context(CONTEXT, name);
        let answer = repeat(Patience::Usual, name, || {
            let call = call.clone();
            async move {
                call.send().await.map_err(|error| match error.as_service_error() {
                    Some(DecryptError::InvalidCiphertextException(_)) => StoreError::Key {
                        name: name.to_owned(),
                        detail: "what is stored was not encrypted for this name".to_owned(),
                    },
                    _ => failure("Decrypt", &error),
                })
            }
        })
        .await
        .map_err(|error| unavailable(name, error))?;
        let Some(plain) = answer.plaintext else {
            return Err(StoreError::Key { name: name.to_owned(), detail: "KMS sent no key".to_owned() });
        };
        sized(name, &Zeroizing::new(plain.into_inner()))
    }
}

/// Whatever KMS's trouble is: without the key nothing can be done, and it may come back.
fn unavailable(name: &str, error: StoreError) -> StoreError {
    match error {
        StoreError::Refused { .. } => StoreError::Key { name: name.to_owned(), detail: error.to_string() },
        other => other,
    }
}

fn sized(name: &str, plain: &[u8]) -> Result<DataKey, StoreError> {
    let wrong = |_| StoreError::Key { name: name.to_owned(), detail: "it has not 32 bytes".to_owned() };
    <[u8; 32]>::try_from(plain).map(Zeroizing::new).map_err(wrong)
}
