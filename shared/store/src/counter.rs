//! Numbers for mailboxes: one counter, asked once an import. A lost answer leaves a number unused, which harms nobody.

use aws_sdk_dynamodb::types::ReturnValue;
use preheat_core::id::MailboxId;

use crate::error::StoreError;
use crate::item::{Fields, number};
use crate::keys::Key;
use crate::retry::Patience;
use crate::store::{Store, Write};

impl Store {
    /// The next number, from 1; never given again.
    pub(crate) async fn next_id(&self) -> Result<MailboxId, StoreError> {
        let key = Key::Counter;
        let call = self
            .update_item(key)
            .update_expression("ADD n :one")
            .expression_attribute_values(":one", number(1))
            .return_values(ReturnValue::UpdatedNew);
        let (Write::Done(item) | Write::Refused(item)) = self.update(key, Patience::Usual, call).await?;
        let id = Fields(item).number("n");
        id.map(MailboxId).map_err(|error| StoreError::Corrupt { key: key.text(), reason: error.0 })
    }
}
