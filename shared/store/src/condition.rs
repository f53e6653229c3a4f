//! What is not as it should be, of the stack and of tenants: one small item a process that looks, `j` as JSON; absent while all
//! is well and ever was.

use preheat_core::condition::Conditions;

use crate::error::StoreError;
use crate::item::{Fields, Item, text};
use crate::keys::Key;
use crate::store::Store;

impl Store {
    /// How everything stands, as `by` has last told.
    ///
    /// # Errors
    /// The ledger did not answer, or the item cannot be read.
    pub async fn conditions(&self, by: &str) -> Result<Conditions, StoreError> {
        let key = Key::Conditions(by);
        let Some(item) = self.get(key).await? else { return Ok(Conditions::default()) };
        let corrupt = |reason: String| StoreError::Corrupt { key: key.text(), reason };
        let json = Fields(item).text("j").map_err(|error| corrupt(error.0))?;
        serde_json::from_str(&json).map_err(|error| corrupt(error.to_string()))
    }

    /// Writes down what was told. The last one holds: two at once have seen the same.
    ///
    /// # Errors
    /// The ledger did not answer.
    pub async fn put_conditions(&self, by: &str, conditions: &Conditions) -> Result<(), StoreError> {
        let key = Key::Conditions(by);
        let json = serde_json::to_string(conditions)
            .map_err(|error| StoreError::Corrupt { key: key.text(), reason: error.to_string() })?;
        let item = Item::from([("j".to_owned(), text(json))]);
        self.put(key, self.put_item(key, item)).await.map(drop)
    }
}
