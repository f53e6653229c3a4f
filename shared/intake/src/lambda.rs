//! The Lambda events that carry deliverability events without HTTP (webhooks.md §0): direct SNS (`Records[].EventSource`,
//! capital E), SQS around SNS or EventBridge (`Records[].eventSource`), EventBridge itself.
//!
//! Each record is handed to [`normalise`](crate::normalise) by itself, so that a queue gets back only what failed.

use serde_json::Value;

use crate::json;
use crate::outcome::Reason;

/// The most records of one event (SQS's largest batch is 10,000).
const RECORDS_MAX: usize = 10_000;

/// A record of a Lambda event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// SQS's id, to be named when the record failed.
    pub sqs_message_id: Option<String>,
    /// What [`normalise`](crate::normalise) reads.
    pub body: String,
}

/// The records of a Lambda event. One that is none of the shapes above is one record: itself.
///
/// # Errors
/// It is no JSON object, or has too many records.
pub fn records(event: &[u8]) -> Result<Vec<Record>, Reason> {
    let event = json::one(event)?;
    if !event.is_object() {
        return Err(Reason::Shape("a Lambda event is an object"));
    }
    let Some(records) = event.get("Records").and_then(Value::as_array) else {
        return Ok(vec![Record { sqs_message_id: None, body: event.to_string() }]);
    };
    if records.len() > RECORDS_MAX {
        return Err(Reason::TooMany);
    }
    Ok(records.iter().map(record).collect())
}

fn record(record: &Value) -> Record {
    let text = |name: &str| record.get(name).and_then(Value::as_str);
    if let Some(envelope) = record.get("Sns") {
        return Record { sqs_message_id: None, body: envelope.to_string() };
    }
    if let (Some("aws:sqs"), Some(body)) = (text("eventSource"), text("body")) {
        return Record { sqs_message_id: text("messageId").map(str::to_owned), body: body.to_owned() };
    }
    Record { sqs_message_id: None, body: record.to_string() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_shape_gives_its_bodies() {
        let sns = json!({"Records": [{"EventSource": "aws:sns", "Sns": {"Type": "Notification", "Message": "{}"}}]});
        let found = records(sns.to_string().as_bytes()).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&found[0].body).unwrap()["Type"], "Notification");
        let sqs = json!({"Records": [
            {"eventSource": "aws:sqs", "messageId": "1", "body": "{\"a\":1}"},
            {"eventSource": "aws:sqs", "messageId": "2", "body": "nonsense"}]});
        let found = records(sqs.to_string().as_bytes()).unwrap();
        let ids: Vec<_> = found.iter().map(|record| record.sqs_message_id.as_deref()).collect();
        assert_eq!((ids, found[1].body.as_str()), (vec![Some("1"), Some("2")], "nonsense"));
        let bridge = json!({"source": "aws.ses", "detail-type": "Email Sent", "detail": {}});
        assert_eq!(records(bridge.to_string().as_bytes()).unwrap().len(), 1);
        assert!(records(b"[]").is_err() && records(b"").is_err());
    }
}
