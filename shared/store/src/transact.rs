//! Writes that are made together or not at all.

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{Put, TransactWriteItem, Update};

use crate::error::{StoreError, failure};
use crate::item::Item;
use crate::keys::Key;
use crate::retry::{Patience, repeat};
use crate::store::Store;

const OPERATION: &str = "TransactWriteItems";

/// How a transaction ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Together {
    /// Everything was written.
    Done,
    /// Nothing was: a condition did not hold.
    Refused,
}

/// One write of a transaction.
pub(crate) enum Part<'a> {
    /// A put; `true`: only where there is no such item.
    Put(Key<'a>, Item, bool),
    /// An update: expression, condition, values.
    Update(Key<'a>, &'static str, Option<&'static str>, Item),
}

impl Store {
    /// Makes some writes together. It may be applied twice: whoever is refused must know its own effect.
    pub(crate) async fn together(&self, of: Key<'_>, parts: Vec<Part<'_>>) -> Result<Together, StoreError> {
        let items = parts.into_iter().map(|part| self.part(part)).collect::<Result<Vec<_>, _>>()?;
        let call = self.client.transact_write_items().set_transact_items(Some(items));
        repeat(Patience::Usual, &of.text(), || {
            let call = call.clone();
            async move {
                let Err(error) = Box::pin(call.send()).await else { return Ok(Together::Done) };
                match error.as_service_error() {
                    Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                        let mut reasons = cancelled.cancellation_reasons().iter();
                        if reasons.any(|why| why.code() == Some("ConditionalCheckFailed")) {
                            return Ok(Together::Refused);
                        }
                        // Others held one of the items for a moment.
                        Err(StoreError::Throttled { operation: OPERATION, attempts: 1 })
                    }
                    _ => Err(failure(OPERATION, &error)),
                }
            }
        })
        .await
    }

    fn part(&self, part: Part<'_>) -> Result<TransactWriteItem, StoreError> {
        let ours = |error: aws_sdk_dynamodb::error::BuildError| StoreError::Refused {
            operation: OPERATION,
            code: "Build".to_owned(),
            message: error.to_string(),
        };
        Ok(match part {
            Part::Put(key, item, only_if_absent) => {
                let item = self.put_item(key, item).get_item().clone();
                let put = Put::builder().table_name(&*self.table).set_item(item);
                let put = if only_if_absent { put.condition_expression("attribute_not_exists(pk)") } else { put };
                TransactWriteItem::builder().put(put.build().map_err(ours)?).build()
            }
            Part::Update(key, expression, condition, values) => {
                let update = Update::builder()
                    .table_name(&*self.table)
                    .set_key(self.update_item(key).get_key().clone())
                    .update_expression(expression)
                    .set_condition_expression(condition.map(str::to_owned))
                    .set_expression_attribute_values(Some(values));
                TransactWriteItem::builder().update(update.build().map_err(ours)?).build()
            }
        })
    }
}
