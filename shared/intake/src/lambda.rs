//! The Lambda events that carry deliverability events without HTTP (webhooks.md §0): direct SNS (`Records[].EventSource`,
//! capital E), SQS around SNS or EventBridge (`Records[].eventSource`), EventBridge itself.
//!
//! Each record is handed to [`normalise`](crate::normalise) by itself, so that a queue gets back only what failed.

use serde_json::Value;

use crate::outcome::Reason;
use crate::{field, json};

/// The most records of one event (SQS's largest batch is 10,000).
const RECORDS_MAX: usize = 10_000;
/// The most resources of an event that are looked at: SES names the configuration set and the identity.
const RESOURCES_MAX: usize = 4;

/// A record of a Lambda event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// SQS's id, to be named when the record failed.
    pub sqs_message_id: Option<String>,
    /// The ARN of the queue that it lay in.
    pub queue: Option<String>,
    /// What [`normalise`](crate::normalise) reads.
    pub body: String,
}

impl Record {
    /// What it comes from, as endpoints list it, the nearest to the sender first: an SNS topic; SES's configuration set or
    /// identity, and the AWS account; the queue, which is all there is where a topic delivers to it raw.
    #[must_use]
    pub fn sources(&self) -> Vec<String> {
        let body = json::one(self.body.as_bytes()).unwrap_or(Value::Null);
        let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
        let mut sources: Vec<String> = text("TopicArn").into_iter().collect();
        if text("source").as_deref() == Some("aws.ses") {
            let resources = field::list(&body, "/resources").iter().take(RESOURCES_MAX);
            sources.extend(resources.filter_map(field::as_text).map(Into::into));
            sources.extend(text("account"));
        }
        sources.extend(self.queue.clone());
        sources
    }
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
        return Ok(vec![Record { sqs_message_id: None, queue: None, body: event.to_string() }]);
    };
    if records.len() > RECORDS_MAX {
        return Err(Reason::TooMany);
    }
    Ok(records.iter().map(record).collect())
}

fn record(record: &Value) -> Record {
    let text = |name: &str| record.get(name).and_then(Value::as_str);
    if let Some(envelope) = record.get("Sns") {
        return Record { sqs_message_id: None, queue: None, body: envelope.to_string() };
    }
    if let (Some("aws:sqs"), Some(body)) = (text("eventSource"), text("body")) {
        let owned = |name: &str| text(name).map(str::to_owned);
        return Record { sqs_message_id: owned("messageId"), queue: owned("eventSourceARN"), body: body.to_owned() };
    }
    Record { sqs_message_id: None, queue: None, body: record.to_string() }
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

    #[test]
    fn a_record_names_what_it_comes_from() {
        let topic = r#"{"Type":"Notification","TopicArn":"arn:aws:sns:eu-west-1:1:t","Message":"{}"}"#;
        let set = "arn:aws:ses:eu-west-1:1:configuration-set/c";
        let bridge = json!({"source": "aws.ses", "account": "123456789012", "resources": [set]}).to_string();
        let queue = "arn:aws:sqs:eu-west-1:1:q";
        let of = |body: &str, queue: Option<&str>| {
            let queue = queue.map(str::to_owned);
            Record { sqs_message_id: None, queue, body: body.to_owned() }.sources()
        };
        assert_eq!(of(topic, Some(queue)), ["arn:aws:sns:eu-west-1:1:t", queue]);
        assert_eq!(of(&bridge, None), [set, "123456789012"]);
        assert_eq!(of(r#"{"eventType":"Bounce"}"#, Some(queue)), [queue], "raw delivery");
        assert!(of(r#"{"source":"aws.s3","account":"123456789012"}"#, None).is_empty());
        assert!(of("nonsense", None).is_empty());
    }
}
