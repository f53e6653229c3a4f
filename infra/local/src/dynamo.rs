//! DynamoDB: dynoxide behind the wire format, with what each call costs.
//!
//! dynoxide evaluates the expressions, checks the limits and words the errors. Here a request is read into its
//! types, its answer written back, and its capacity taken note of: for successful calls dynoxide's own (verified in
//! tests), for refused conditions our computation, as DynamoDB charges those too and dynoxide's errors do not say.

use std::sync::Arc;

use dynoxide::actions::batch_get_item::BatchGetItemRequest;
use dynoxide::actions::batch_write_item::BatchWriteItemRequest;
use dynoxide::actions::delete_item::DeleteItemRequest;
use dynoxide::actions::get_item::GetItemRequest;
use dynoxide::actions::put_item::PutItemRequest;
use dynoxide::actions::query::QueryRequest;
use dynoxide::actions::scan::ScanRequest;
use dynoxide::actions::transact_get_items::TransactGetItemsRequest;
use dynoxide::actions::transact_write_items::TransactWriteItemsRequest;
use dynoxide::actions::update_item::UpdateItemRequest;
use dynoxide::types::{ConsumedCapacity, Item, item_size, write_capacity_units};
use dynoxide::{Database, DynoxideError};
use preheat_core::clock::Clock;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::wire::Answer;

/// Write units of one entry of a transaction that was refused: DynamoDB prepares every entry at twice the price.
/// The items' sizes are not looked at here: transactions are rare in this program, and their items under 1 kB.
const REFUSED_TRANSACTION_ENTRY_UNITS: f64 = 2.0;

/// The embedded tables.
#[derive(Clone)]
pub(crate) struct Dynamo {
    database: Database,
}

/// dynoxide's idea of a clock, on ours: time to live follows virtual time.
struct OurClock(Clock);

impl dynoxide::storage_backend::Clock for OurClock {
    fn now_unix_secs(&self) -> u64 {
        u64::try_from((self.0)().as_second()).unwrap_or(0)
    }

    #[expect(clippy::cast_precision_loss, reason = "milliseconds of this century fit 53 bits")]
    fn now_unix_secs_f64(&self) -> f64 {
        (self.0)().as_millisecond() as f64 / 1000.0
    }
}

/// The answer's JSON and its units.
struct Done {
    body: Vec<u8>,
    units: f64,
}

/// Capacity as the answers carry it: one table's, or a list.
trait Capacity {
    fn units(&self) -> f64;
}

impl Capacity for ConsumedCapacity {
    fn units(&self) -> f64 {
        self.capacity_units
    }
}

impl Capacity for Vec<ConsumedCapacity> {
    fn units(&self) -> f64 {
        self.iter().map(|one| one.capacity_units).sum()
    }
}

/// Runs a call that costs units. They are always asked for, and left out of the answer if the caller did not ask.
macro_rules! metered {
    ($self:ident . $call:ident ($request:ty), $body:ident) => {{
        parse($body).and_then(|mut request: $request| {
            let asked = request_capacity(&mut request.return_consumed_capacity);
            let mut answer = $self.database.$call(request)?;
            let units = answer.consumed_capacity.as_ref().map_or(0.0, Capacity::units);
            if !asked {
                answer.consumed_capacity = None;
            }
            done(&answer, units)
        })
    }};
}

/// Runs a call that costs none.
macro_rules! free {
    ($self:ident . $call:ident, $body:ident) => {
        parse($body).and_then(|request| done(&$self.database.$call(request)?, 0.0))
    };
}

impl Dynamo {
    /// Tables in memory, on the given clock.
    pub(crate) fn memory(clock: Clock) -> Result<Self, DynoxideError> {
        let database = Database::memory_with_clock(Arc::new(OurClock(clock)))?;
        database.enable_bulk_loading()?;
        Ok(Self { database })
    }

    /// Tables in a file. `synchronous = NORMAL` with the write-ahead log: a kill of the process loses nothing, and a
    /// power cut at most the last commits, without harm to the file.
    pub(crate) fn file(path: &str) -> Result<Self, DynoxideError> {
        let database = Database::new(path)?;
        database.disable_bulk_loading()?;
        Ok(Self { database })
    }

    /// Deletes the items whose time to live has passed; DynamoDB does so within days, here it is done when asked.
    /// Returns how many.
    pub(crate) fn sweep(&self) -> Result<usize, DynoxideError> {
        self.database.sweep_ttl()
    }

    /// Answers one call.
    pub(crate) fn call(&self, operation: &str, body: &[u8]) -> Answer {
        let Ok(body) = std::str::from_utf8(body) else {
            return Answer::error(400, "com.amazon.coral.service#SerializationException", "the body is not UTF-8");
        };
        match operation {
            "PutItem" => self.write(metered!(self.put_item(PutItemRequest), body), operation, body),
            "UpdateItem" => self.write(metered!(self.update_item(UpdateItemRequest), body), operation, body),
            "DeleteItem" => self.write(metered!(self.delete_item(DeleteItemRequest), body), operation, body),
            "BatchWriteItem" => {
                self.write(metered!(self.batch_write_item(BatchWriteItemRequest), body), operation, body)
            }
            "TransactWriteItems" => {
                self.write(metered!(self.transact_write_items(TransactWriteItemsRequest), body), operation, body)
            }
            "GetItem" => read(metered!(self.get_item(GetItemRequest), body)),
            "Query" => read(metered!(self.query(QueryRequest), body)),
            "Scan" => read(metered!(self.scan(ScanRequest), body)),
            "BatchGetItem" => read(metered!(self.batch_get_item(BatchGetItemRequest), body)),
            "TransactGetItems" => read(metered!(self.transact_get_items(TransactGetItemsRequest), body)),
            "CreateTable" => read(free!(self.create_table, body)),
            "DeleteTable" => read(free!(self.delete_table, body)),
            "DescribeTable" => read(free!(self.describe_table, body)),
            "ListTables" => read(free!(self.list_tables, body)),
            "UpdateTimeToLive" => read(free!(self.update_time_to_live, body)),
            "DescribeTimeToLive" => read(free!(self.describe_time_to_live, body)),
            other => Answer::error(400, "com.amazon.coral.service#UnknownOperationException", other),
        }
    }

    /// A write's answer, with its units: dynoxide's, or those of a refused condition.
    fn write(&self, result: Result<Done, DynoxideError>, operation: &str, body: &str) -> Answer {
        match result {
            Ok(done) => Answer { status: 200, body: done.body, write_units: done.units, read_units: 0.0 },
            Err(error) => {
                let write_units = self.refused_units(operation, body, &error);
                Answer { write_units, ..refusal(&error) }
            }
        }
    }

    /// Write units of a call whose condition was refused. DynamoDB charges the size of the existing item, at least
    /// one unit. A refused `PutItem` is charged by the larger of the new item and the old one, where its caller had
    /// that returned.
    fn refused_units(&self, operation: &str, body: &str, error: &DynoxideError) -> f64 {
        match error {
            DynoxideError::ConditionalCheckFailedException(_, Some(existing)) => {
                write_capacity_units(item_size(existing).max(new_item_size(body)))
            }
            DynoxideError::ConditionalCheckFailedException(_, None) => {
                let existing = if operation == "PutItem" { None } else { self.existing(body) };
                write_capacity_units(existing.as_ref().map_or(0, item_size).max(new_item_size(body)))
            }
            DynoxideError::TransactionCanceledException(_, reasons) => {
                reasons.iter().fold(0.0, |units, _| units + REFUSED_TRANSACTION_ENTRY_UNITS)
            }
            _ => 0.0,
        }
    }

    /// The item under the key of a refused update or deletion.
    fn existing(&self, body: &str) -> Option<Item> {
        let value: serde_json::Value = serde_json::from_str(body).ok()?;
        let get = serde_json::json!({ "TableName": value["TableName"], "Key": value["Key"] });
        self.database.get_item(serde_json::from_value(get).ok()?).ok()?.item
    }
}

/// Size in bytes of the `Item` of a `PutItem`; 0 for any other request.
fn new_item_size(body: &str) -> usize {
    let Ok(mut value) = serde_json::from_str::<serde_json::Value>(body) else { return 0 };
    let Some(item) = value.get_mut("Item") else { return 0 };
    serde_json::from_value::<Item>(item.take()).map_or(0, |item| item_size(&item))
}

fn request_capacity(wish: &mut Option<String>) -> bool {
    let asked = wish.as_deref().is_some_and(|mode| mode != "NONE");
    if !asked {
        *wish = Some("TOTAL".to_owned());
    }
    asked
}

fn done(answer: &impl Serialize, units: f64) -> Result<Done, DynoxideError> {
    let body = serde_json::to_vec(answer).map_err(|error| DynoxideError::InternalServerError(error.to_string()))?;
    Ok(Done { body, units })
}

fn read(result: Result<Done, DynoxideError>) -> Answer {
    match result {
        Ok(done) => Answer { status: 200, body: done.body, write_units: 0.0, read_units: done.units },
        Err(error) => refusal(&error),
    }
}

fn refusal(error: &DynoxideError) -> Answer {
    Answer { status: error.status_code(), body: error.to_json().into_bytes(), write_units: 0.0, read_units: 0.0 }
}

/// Reads a request. dynoxide marks what DynamoDB calls a validation error by a prefix of the message.
fn parse<T: DeserializeOwned>(body: &str) -> Result<T, DynoxideError> {
    serde_json::from_str(body).map_err(|error| {
        let message = error.to_string();
        let text = message.split_once(" at line ").map_or(message.as_str(), |(text, _)| text);
        match text.strip_prefix("VALIDATION:").or_else(|| text.strip_prefix("VALIDATION_REQUEST:")) {
            Some(text) => DynoxideError::ValidationException(text.to_owned()),
            None => DynoxideError::SerializationException(text.to_owned()),
        }
    })
}
