//! Keeps queue messages on disk, so that `preheat up` survives a kill at any moment.
//!
//! One dynoxide table in a file of its own: key (queue, sequence), one attribute with the message as JSON. Every
//! operation of a queue is one write before its answer, so what was answered is kept.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use dynoxide::types::AttributeValue;
use dynoxide::{Database, DynoxideError};
use serde_json::json;

use crate::error::LocalError;
use crate::queue::Stored;

const TABLE: &str = "queues";
/// The most entries of one `BatchWriteItem`. Fixed by DynamoDB.
const BATCH_MAX: usize = 25;

/// One change to a queue.
#[derive(Debug, Clone)]
pub(crate) enum Change {
    /// A message is new, or other than it was.
    Put {
        /// In which queue.
        queue: String,
        /// The message.
        message: Stored,
    },
    /// A message is gone.
    Delete {
        /// From which queue.
        queue: String,
        /// Its sequence number.
        seq: u64,
    },
}

impl Change {
    fn key(&self) -> (&str, u64) {
        match self {
            Self::Put { queue, message } => (queue, message.seq),
            Self::Delete { queue, seq } => (queue, *seq),
        }
    }
}

/// The file.
pub(crate) struct Journal {
    database: Database,
}

impl Journal {
    /// Opens the file, or makes it.
    pub(crate) fn open(path: &Path) -> Result<Self, LocalError> {
        let database = Database::new(&path.to_string_lossy())?;
        // A kill of the process loses nothing, a power cut at most the last writes (see `dynamo`).
        database.disable_bulk_loading()?;
        let create = json!({
            "TableName": TABLE,
            "AttributeDefinitions": [
                { "AttributeName": "pk", "AttributeType": "S" }, { "AttributeName": "sk", "AttributeType": "S" }],
            "KeySchema": [
                { "AttributeName": "pk", "KeyType": "HASH" }, { "AttributeName": "sk", "KeyType": "RANGE" }],
            "BillingMode": "PAY_PER_REQUEST",
        });
        match database.create_table(request(create)?) {
            Ok(_) | Err(DynoxideError::ResourceInUseException(_)) => Ok(Self { database }),
            Err(error) => Err(error.into()),
        }
    }

    /// Everything in it, by queue.
    pub(crate) fn read(&self) -> Result<BTreeMap<String, Vec<Stored>>, LocalError> {
        let mut kept: BTreeMap<String, Vec<Stored>> = BTreeMap::new();
        let mut start: Option<HashMap<String, AttributeValue>> = None;
        loop {
            let mut scan = json!({ "TableName": TABLE });
            if let Some(start) = &start {
                scan["ExclusiveStartKey"] = json!(start);
            }
            let page = self.database.scan(request(scan)?)?;
            for item in page.items.unwrap_or_default() {
                let (Some(AttributeValue::S(queue)), Some(AttributeValue::S(text))) = (item.get("pk"), item.get("m"))
                else {
                    continue;
                };
                let message = serde_json::from_str(text).map_err(|error| LocalError::Database(error.to_string()))?;
                kept.entry(queue.clone()).or_default().push(message);
            }
            start = page.last_evaluated_key;
            if start.is_none() {
                break;
            }
        }
        for messages in kept.values_mut() {
            messages.sort_by_key(|message| message.seq);
        }
        Ok(kept)
    }

    /// Writes changes; of several to one message the last counts.
    pub(crate) fn write(&self, changes: &[Change]) -> Result<(), LocalError> {
        let last: BTreeMap<(&str, u64), &Change> = changes.iter().map(|change| (change.key(), change)).collect();
        // What is put comes before what is deleted: a kill between two batches can double a message, not lose it.
        let mut entries = Vec::new();
        for put in [true, false] {
            for (&(queue, seq), change) in &last {
                match change {
                    Change::Put { message, .. } if put => entries.push(put_entry(queue, seq, message)?),
                    Change::Delete { .. } if !put => entries.push(delete_entry(queue, seq)),
                    Change::Put { .. } | Change::Delete { .. } => {}
                }
            }
        }
        for batch in entries.chunks(BATCH_MAX) {
            self.database.batch_write_item(request(json!({ "RequestItems": { TABLE: batch } }))?)?;
        }
        Ok(())
    }
}

fn request<T: serde::de::DeserializeOwned>(value: serde_json::Value) -> Result<T, LocalError> {
    serde_json::from_value(value).map_err(|error| LocalError::Database(error.to_string()))
}

fn put_entry(queue: &str, seq: u64, message: &Stored) -> Result<serde_json::Value, LocalError> {
    let text = serde_json::to_string(message).map_err(|error| LocalError::Database(error.to_string()))?;
    Ok(json!({ "PutRequest": { "Item": { "pk": { "S": queue }, "sk": { "S": sort_key(seq) }, "m": { "S": text } } } }))
}

fn delete_entry(queue: &str, seq: u64) -> serde_json::Value {
    json!({ "DeleteRequest": { "Key": { "pk": { "S": queue }, "sk": { "S": sort_key(seq) } } } })
}

fn sort_key(seq: u64) -> String {
    format!("{seq:020}")
}
