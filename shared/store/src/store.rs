//! The handle on the table, and the four kinds of call everything else is made of: get, put, update, query.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, ReturnValuesOnConditionCheckFailure};

use crate::error::{StoreError, failure, unbuilt};
use crate::item::{Item, text};
use crate::keys::Key;
use crate::retry::{Patience, repeat};

/// The ledger. Cheap to clone: a handle.
#[derive(Clone, Debug)]
pub struct Store {
    pub(crate) client: Client,
    pub(crate) table: Arc<str>,
}

/// How a conditional write ended.
#[derive(Debug)]
pub(crate) enum Write {
    /// Done; the attributes that were asked for.
    Done(Item),
    /// The condition did not hold; the item as it stands, empty if there is none.
    Refused(Item),
}

impl Write {
    /// Whether it was done.
    pub(crate) fn is_done(&self) -> bool {
        matches!(self, Self::Done(_))
    }
}

impl Store {
    /// The ledger in `table`. Time-outs are the client's; its retries are replaced by the store's own.
    #[must_use]
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a client is a handle, and this one is not to be used beside the store"
    )]
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        let config = client.config().to_builder().retry_config(RetryConfig::disabled()).build();
        Self { client: Client::from_conf(config), table: table.into().into() }
    }

    /// Reads one item, strongly consistent.
    pub(crate) async fn get(&self, key: Key<'_>) -> Result<Option<Item>, StoreError> {
        let call = self
            .client
            .get_item()
            .table_name(&*self.table)
            .key("pk", text(key.pk()))
            .key("sk", text(key.sk()))
            .consistent_read(true);
        repeat(Patience::Usual, &key.text(), || {
            let call = call.clone();
            async move {
                let answer = call.send().await.map_err(|error| failure("GetItem", &error))?;
                Ok(answer.item)
            }
        })
        .await
    }

    /// An update of one item, to be completed with expressions.
    pub(crate) fn update_item(&self, key: Key<'_>) -> UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(&*self.table)
            .key("pk", text(key.pk()))
            .key("sk", text(key.sk()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
    }

    /// Makes an update. It may be applied twice: its condition must know its own effect, or allow it.
    pub(crate) async fn update(
        &self,
        key: Key<'_>,
        patience: Patience,
        call: UpdateItemFluentBuilder,
    ) -> Result<Write, StoreError> {
        repeat(patience, &key.text(), || {
            let call = call.clone();
            async move {
                match call.send().await {
                    Ok(answer) => Ok(Write::Done(answer.attributes.unwrap_or_default())),
                    Err(error) => match error.as_service_error() {
                        Some(UpdateItemError::ConditionalCheckFailedException(refused)) => {
                            Ok(Write::Refused(refused.item.clone().unwrap_or_default()))
                        }
                        _ => Err(failure("UpdateItem", &error)),
                    },
                }
            }
        })
        .await
    }

    /// A put of one item under its key, to be completed with a condition. `item` holds no key attributes yet.
    pub(crate) fn put_item(&self, key: Key<'_>, mut item: Item) -> PutItemFluentBuilder {
        item.insert("pk".to_owned(), text(key.pk()));
        item.insert("sk".to_owned(), text(key.sk()));
        self.client
            .put_item()
            .table_name(&*self.table)
            .set_item(Some(item))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
    }

    /// Makes a put. It may be applied twice.
    pub(crate) async fn put(&self, key: Key<'_>, call: PutItemFluentBuilder) -> Result<Write, StoreError> {
        repeat(Patience::Usual, &key.text(), || {
            let call = call.clone();
            async move {
                match call.send().await {
                    Ok(_) => Ok(Write::Done(Item::new())),
                    Err(error) => match error.as_service_error() {
                        Some(PutItemError::ConditionalCheckFailedException(refused)) => {
                            Ok(Write::Refused(refused.item.clone().unwrap_or_default()))
                        }
                        _ => Err(failure("PutItem", &error)),
                    },
                }
            }
        })
        .await
    }

    /// Puts an item if there is none under its key; otherwise the one that is there.
    pub(crate) async fn put_if_absent(&self, key: Key<'_>, item: Item) -> Result<Write, StoreError> {
        self.put(key, self.put_item(key, item).condition_expression("attribute_not_exists(pk)")).await
    }

    /// Deletes an item, if it is there.
    pub(crate) async fn delete_item(&self, pk: &str, sk: &str) -> Result<(), StoreError> {
        let call = self.client.delete_item().table_name(&*self.table).key("pk", text(pk)).key("sk", text(sk));
        repeat(Patience::Usual, pk, || {
            let call = call.clone();
            async move { call.send().await.map(drop).map_err(|error| failure("DeleteItem", &error)) }
        })
        .await
    }

    /// All items of a partition whose sort key begins with `prefix` (empty: all), handed to `each` page by page in the order
    /// of sort keys, so that no more than a page is held as the SDK's own types.
    pub(crate) async fn query(
        &self,
        pk: &str,
        prefix: &str,
        consistent: bool,
        each: impl FnMut(Item),
    ) -> Result<(), StoreError> {
        let call = self.query_of(pk, consistent);
        let call = if prefix.is_empty() {
            call.key_condition_expression("pk = :pk")
        } else {
            call.key_condition_expression("pk = :pk AND begins_with(sk, :prefix)")
                .expression_attribute_values(":prefix", text(prefix))
        };
        self.pages(pk, call, each).await
    }

    /// The items of a partition from one sort key to another, both included; eventually consistent.
    pub(crate) async fn query_between(
        &self,
        pk: &str,
        (from, to): (&str, &str),
        each: impl FnMut(Item),
    ) -> Result<(), StoreError> {
        let call = self
            .query_of(pk, false)
            .key_condition_expression("pk = :pk AND sk BETWEEN :from AND :to")
            .expression_attribute_values(":from", text(from))
            .expression_attribute_values(":to", text(to));
        self.pages(pk, call, each).await
    }

    fn query_of(&self, pk: &str, consistent: bool) -> QueryFluentBuilder {
        let call = self.client.query().table_name(&*self.table).consistent_read(consistent);
        call.expression_attribute_values(":pk", text(pk))
    }

    async fn pages(&self, pk: &str, call: QueryFluentBuilder, mut each: impl FnMut(Item)) -> Result<(), StoreError> {
        let mut start: Option<std::collections::HashMap<String, AttributeValue>> = None;
        loop {
            let page = repeat(Patience::Usual, pk, || {
                let call = call.clone().set_exclusive_start_key(start.clone());
                async move { call.send().await.map_err(|error| failure("Query", &error)) }
            })
            .await?;
            for item in page.items.unwrap_or_default() {
                each(item);
            }
            match page.last_evaluated_key {
                Some(last) if !last.is_empty() => start = Some(last),
                _ => return Ok(()),
            }
        }
    }

    /// Several items at once, at most 100, strongly consistent. What is not there is not in the answer.
    pub(crate) async fn get_many(&self, keys: &[Key<'_>]) -> Result<BTreeMap<(String, String), Item>, StoreError> {
        let mut found = BTreeMap::new();
        let Some(first) = keys.first() else { return Ok(found) };
        let of = |key: &Key<'_>| Item::from([("pk".to_owned(), text(key.pk())), ("sk".to_owned(), text(key.sk()))]);
        let mut left: Vec<Item> = keys.iter().map(of).collect();
        // DynamoDB may answer a part and name the rest; each round answers at least one.
        for _ in 0..keys.len() {
            let wanted = KeysAndAttributes::builder().set_keys(Some(left)).consistent_read(true).build();
            let wanted = wanted.map_err(|error| unbuilt("BatchGetItem", &error))?;
            let call = self.client.batch_get_item().request_items(&*self.table, wanted);
            let answer = repeat(Patience::Usual, &first.text(), || {
                let call = call.clone();
                async move { Box::pin(call.send()).await.map_err(|error| failure("BatchGetItem", &error)) }
            })
            .await?;
            for item in answer.responses.into_iter().flatten().flat_map(|(_, items)| items) {
                let name = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).cloned().unwrap_or_default();
                found.insert((name("pk"), name("sk")), item);
            }
            left = answer.unprocessed_keys.into_iter().flatten().flat_map(|(_, rest)| rest.keys).collect();
            if left.is_empty() {
                return Ok(found);
            }
        }
        Err(StoreError::Throttled { operation: "BatchGetItem", attempts: 1 })
    }

    /// Like [`Store::query`], collected under the rest of the sort key. For partitions that are small.
    pub(crate) async fn query_all(&self, pk: &str, prefix: &str) -> Result<BTreeMap<String, Item>, StoreError> {
        let mut found = BTreeMap::new();
        self.query(pk, prefix, true, |item| {
            if let Some(AttributeValue::S(sk)) = item.get("sk") {
                let rest = sk.strip_prefix(prefix).unwrap_or(sk).to_owned();
                found.insert(rest, item);
            }
        })
        .await?;
        Ok(found)
    }
}
