//! EventBridge on the wire (AWS JSON 1.1): `PutEvents`, and rules that take every event of a bus into a queue each.
//!
//! That is how the deployed stack has it too: the notifier reads a queue behind the bus, so retries and dead letters are
//! SQS's. An event lies in the queue before its publisher is answered.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::queues::Queues;
use crate::wire::Answer;

/// The most events of a call. Fixed by EventBridge.
const ENTRIES_MAX: usize = 10;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutEvents {
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    event_bus_name: Option<String>,
    source: Option<String>,
    detail_type: Option<String>,
    detail: Option<String>,
    time: Option<f64>,
}

/// The embedded EventBridge: the queues behind each bus. Rules are set up anew by every process; events live in their queues.
#[derive(Default)]
pub(crate) struct Buses {
    targets: Mutex<BTreeMap<String, BTreeSet<String>>>,
}

impl Buses {
    /// A bus all of whose events go into a queue; into one more, if it is there already.
    pub(crate) fn create(&self, name: &str, queue: &str) {
        let mut targets = self.targets.lock().unwrap_or_else(PoisonError::into_inner);
        targets.entry(name.to_owned()).or_default().insert(queue.to_owned());
    }

    /// Answers one call. `in_part`: every second entry (the only one, if it is alone) fails.
    pub(crate) fn call(&self, queues: &Queues, operation: &str, body: &[u8], in_part: bool) -> Answer {
        if operation != "PutEvents" {
            return Answer::error(400, "UnknownOperationException", operation);
        }
        let request: PutEvents = match serde_json::from_slice(body) {
            Ok(request) => request,
            Err(error) => return Answer::error(400, "ValidationException", &error.to_string()),
        };
        if request.entries.is_empty() || request.entries.len() > ENTRIES_MAX {
            return Answer::error(400, "ValidationException", "PutEvents takes 1 to 10 entries");
        }
        let mut failed = 0;
        let alone = request.entries.len() == 1;
        let put = |(index, entry): (usize, &Entry)| {
            if in_part && (alone || index % 2 == 1) {
                return Err(("InternalFailure", "failed (injected)".to_owned()));
            }
            self.put(queues, entry)
        };
        let entries: Vec<Value> = request
            .entries
            .iter()
            .enumerate()
            .map(|entry| match put(entry) {
                Ok(id) => json!({ "EventId": id }),
                Err((code, message)) => {
                    failed += 1;
                    json!({ "ErrorCode": code, "ErrorMessage": message })
                }
            })
            .collect();
        Answer::ok(json!({ "FailedEntryCount": failed, "Entries": entries }).to_string().into_bytes())
    }

    fn put(&self, queues: &Queues, entry: &Entry) -> Result<String, (&'static str, String)> {
        let lacks = |what: &str| ("InvalidArgument", format!("{what} is missing"));
        let bus = entry.event_bus_name.as_deref().unwrap_or("default");
        let source = entry.source.as_deref().ok_or_else(|| lacks("Source"))?;
        let detail_type = entry.detail_type.as_deref().ok_or_else(|| lacks("DetailType"))?;
        let detail = entry.detail.as_deref().ok_or_else(|| lacks("Detail"))?;
        let detail: Value = serde_json::from_str(detail)
            .map_err(|error| ("MalformedDetail", format!("Detail is malformed: {error}")))?;
        let targets = self.targets.lock().unwrap_or_else(PoisonError::into_inner);
        let behind =
            targets.get(bus).ok_or_else(|| ("ResourceNotFoundException", format!("there is no bus `{bus}`")))?;
        let now = queues.now();
        let id = format!("{bus}-{}", now.as_nanosecond());
        #[expect(clippy::cast_possible_truncation, reason = "whole seconds of a time in this age")]
        let time = entry.time.and_then(|s| Timestamp::from_second(s as i64).ok()).unwrap_or(now);
        let event = json!({
            "version": "0", "id": id, "detail-type": detail_type, "source": source,
            "account": "000000000000", "time": time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(), "region": "local",
            "resources": [], "detail": detail,
        });
        for queue in behind {
            let sent = queues.send(queue, &event.to_string(), &BTreeMap::new(), 0);
            sent.map_err(|error| ("InternalFailure", error.to_string()))?;
        }
        Ok(id)
    }
}
