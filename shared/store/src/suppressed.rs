//! The addresses that nobody of a tenant may write to: read whole by every tick, changed by events and operators.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::Update;
use jiff::Timestamp;
use preheat_core::id::{Address, TenantId};
use preheat_core::suppression::Reason;
use serde::Serialize;

use crate::error::{StoreError, unbuilt};
use crate::item::{Fields, Item, Unreadable, instant, text};
use crate::keys::{Key, SUPPRESSED_PREFIX, tenant_pk};
use crate::plan_row::reason_text;
use crate::store::Store;

/// A suppressed address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Suppression {
    /// Whom nobody may write to.
    pub address: Address,
    /// Why.
    pub reason: Reason,
    /// Who said so: a provider's name, `operator`, a file.
    pub source: String,
    /// Since when.
    pub since: Timestamp,
}

/// Of a row that was there before, nothing is changed: the first reason stays.
const KEEP_THE_FIRST: &str =
    "SET why = if_not_exists(why, :why), src = if_not_exists(src, :src), since = if_not_exists(since, :since)";

impl Store {
    /// Every address that nobody of the tenant may write to.
    ///
    /// # Errors
    /// The ledger did not answer, or an item cannot be read.
    pub async fn suppressed(&self, tenant: &TenantId) -> Result<BTreeSet<Address>, StoreError> {
        Ok(self.suppressions(tenant).await?.into_iter().map(|suppression| suppression.address).collect())
    }

    /// The same with why, since when and by whom, in the order of addresses.
    ///
    /// # Errors
    /// The ledger did not answer, or an item cannot be read.
    pub async fn suppressions(&self, tenant: &TenantId) -> Result<Vec<Suppression>, StoreError> {
        let pk = tenant_pk(tenant);
        let mut found = Vec::new();
        let mut damaged = None;
        self.query(&pk, SUPPRESSED_PREFIX, true, |item| match read(item) {
            Ok(suppression) => found.push(suppression),
            Err(error) => damaged = Some(error.0),
        })
        .await?;
        match damaged {
            None => Ok(found),
            // A suppression that is not understood must not become a mail.
            Some(reason) => Err(StoreError::Corrupt { key: format!("{pk}/{SUPPRESSED_PREFIX}…"), reason }),
        }
    }

    /// Suppresses an address for a tenant, from the next tick on. The first reason stays. Whether it is new.
    ///
    /// # Errors
    /// The ledger did not answer.
    pub async fn suppress(&self, tenant: &TenantId, suppression: &Suppression) -> Result<bool, StoreError> {
        let item = Item::from([
            ("why".to_owned(), text(suppression.reason.name())),
            ("src".to_owned(), reason_text(&suppression.source)),
            ("since".to_owned(), instant(suppression.since)),
        ]);
        Ok(self.put_if_absent(Key::Suppressed(tenant, &suppression.address), item).await?.is_done())
    }

    /// Lets an address be written to again, its soft bounces forgotten.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]: it is not suppressed. Or the ledger did not answer.
    pub async fn unsuppress(&self, tenant: &TenantId, address: &Address) -> Result<(), StoreError> {
        let key = Key::Suppressed(tenant, address);
        if self.get(key).await?.is_none() {
            return Err(StoreError::NotFound(address.to_string()));
        }
        let soft = Key::SoftBounces(tenant, address);
        self.delete_item(&soft.pk(), &soft.sk()).await?;
        self.delete_item(&key.pk(), &key.sk()).await
    }

    /// The same as [`Store::suppress`] as a part of a transaction.
    pub(crate) fn suppressing(&self, tenant: &TenantId, suppression: &Suppression) -> Result<Update, StoreError> {
        let key = Key::Suppressed(tenant, &suppression.address);
        Update::builder()
            .table_name(&*self.table)
            .key("pk", text(key.pk()))
            .key("sk", text(key.sk()))
            .update_expression(KEEP_THE_FIRST)
            .expression_attribute_values(":why", text(suppression.reason.name()))
            .expression_attribute_values(":src", reason_text(&suppression.source))
            .expression_attribute_values(":since", instant(suppression.since))
            .build()
            .map_err(|error| unbuilt("TransactWriteItems", &error))
    }
}

fn read(item: Item) -> Result<Suppression, Unreadable> {
    let mut fields = Fields(item);
    let sk = fields.text("sk")?;
    let address = sk.strip_prefix(SUPPRESSED_PREFIX).unwrap_or_default().parse()?;
    let why = fields.text("why")?;
    let source = fields.text_or_none("src")?;
    let since = fields.instant_or_none("since")?.unwrap_or(Timestamp::UNIX_EPOCH);
    // Rows of before reasons had names hold an operator's words.
    let (reason, source) = match why.parse() {
        Ok(reason) => (reason, source.unwrap_or_default()),
        Err(_) => (Reason::ByHand, source.unwrap_or(why)),
    };
    Ok(Suppression { address, reason, source, since })
}
