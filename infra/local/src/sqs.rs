//! SQS on the wire (AWS JSON 1.0): the calls that the program and its operator make, on top of `queues`.
//!
//! Answers carry no MD5 sums: the Rust SDK does not look at them.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::queues::{QueueError, Queues, Received};
use crate::wire::Answer;

/// The most entries of a batch. Fixed by SQS.
const BATCH_MAX: usize = 10;
/// The most bytes of one message and of one batch. Fixed by SQS (1 MiB since August 2025).
const BYTES_MAX: usize = 1_048_576;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct MessageAttribute {
    string_value: Option<String>,
}

type MessageAttributes = BTreeMap<String, MessageAttribute>;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SendMessage {
    queue_url: String,
    #[serde(flatten)]
    message: Message,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Message {
    message_body: String,
    #[serde(default)]
    delay_seconds: u32,
    #[serde(default)]
    message_attributes: MessageAttributes,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Batch<T> {
    queue_url: String,
    entries: Vec<Entry<T>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry<T> {
    id: String,
    #[serde(flatten)]
    what: T,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Receipt {
    receipt_handle: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ReceiveMessage {
    queue_url: String,
    #[serde(default = "one")]
    max_number_of_messages: usize,
    visibility_timeout: Option<u32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OnReceipt {
    queue_url: String,
    receipt_handle: String,
    #[serde(default)]
    visibility_timeout: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OnQueue {
    #[serde(alias = "QueueName")]
    queue_url: String,
}

fn one() -> usize {
    1
}

/// Answers one call.
pub(crate) fn call(queues: &Queues, operation: &str, body: &[u8]) -> Answer {
    let answer = match operation {
        "SendMessage" => parse(body).and_then(|request| send(queues, &request)),
        "SendMessageBatch" => parse(body).and_then(|request| send_batch(queues, &request)),
        "ReceiveMessage" => parse(body).and_then(|request| receive(queues, &request)),
        "DeleteMessage" => parse(body).and_then(|request: OnReceipt| {
            queues.delete(Queues::name(&request.queue_url), &request.receipt_handle)?;
            Ok(json!({}))
        }),
        "DeleteMessageBatch" => parse(body).and_then(|request| delete_batch(queues, &request)),
        "ChangeMessageVisibility" => parse(body).and_then(|request: OnReceipt| {
            let name = Queues::name(&request.queue_url);
            queues.change_visibility(name, &request.receipt_handle, request.visibility_timeout)?;
            Ok(json!({}))
        }),
        "GetQueueUrl" => parse(body).and_then(|request: OnQueue| {
            known(queues, &request.queue_url).map(|name| json!({ "QueueUrl": Queues::url(name) }))
        }),
        "GetQueueAttributes" => parse(body).and_then(|request: OnQueue| attributes(queues, &request.queue_url)),
        "ListQueues" => {
            let urls: Vec<_> = queues.names().iter().map(|name| Queues::url(name)).collect();
            Ok(json!({ "QueueUrls": urls }))
        }
        other => Err(Refusal::new("AWS.SimpleQueueService.UnsupportedOperation", other)),
    };
    match answer {
        Ok(value) => Answer::ok(value.to_string().into_bytes()),
        Err(refusal) => Answer::error(refusal.status, &format!("com.amazonaws.sqs#{}", refusal.code), &refusal.message),
    }
}

struct Refusal {
    status: u16,
    code: &'static str,
    message: String,
}

impl Refusal {
    fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { status: 400, code, message: message.into() }
    }
}

impl From<QueueError> for Refusal {
    fn from(error: QueueError) -> Self {
        let message = error.to_string();
        match error {
            QueueError::Unknown(_) => Self::new("AWS.SimpleQueueService.NonExistentQueue", message),
            QueueError::Receipt(_) => Self::new("ReceiptHandleIsInvalid", message),
            QueueError::NotInFlight(_) => Self::new("AWS.SimpleQueueService.MessageNotInflight", message),
            QueueError::Invalid(_) => Self::new("InvalidParameterValue", message),
            QueueError::Journal(_) => Self { status: 500, code: "InternalFailure", message },
        }
    }
}

fn parse<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|error| Refusal::new("InvalidParameterValue", error.to_string()))
}

fn known<'a>(queues: &Queues, url: &'a str) -> Result<&'a str, Refusal> {
    let name = Queues::name(url);
    match queues.settings(name) {
        Some(_) => Ok(name),
        None => Err(QueueError::Unknown(name.to_owned()).into()),
    }
}

fn send(queues: &Queues, request: &SendMessage) -> Result<Value, Refusal> {
    let id = send_one(queues, Queues::name(&request.queue_url), &request.message)?;
    Ok(json!({ "MessageId": id }))
}

fn send_one(queues: &Queues, name: &str, message: &Message) -> Result<String, Refusal> {
    if message.message_body.is_empty() || message.message_body.len() > BYTES_MAX {
        return Err(Refusal::new("InvalidParameterValue", "a message has 1 to 1048576 bytes"));
    }
    let attributes = message
        .message_attributes
        .iter()
        .filter_map(|(name, attribute)| Some((name.clone(), attribute.string_value.clone()?)))
        .collect();
    Ok(queues.send(name, &message.message_body, &attributes, message.delay_seconds)?)
}

/// What SQS checks of a batch as a whole.
fn check_batch<T>(entries: &[Entry<T>]) -> Result<(), Refusal> {
    let mut ids: Vec<&str> = entries.iter().map(|entry| entry.id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    if entries.is_empty() {
        Err(Refusal::new("AWS.SimpleQueueService.EmptyBatchRequest", "a batch has at least one entry"))
    } else if entries.len() > BATCH_MAX {
        Err(Refusal::new("AWS.SimpleQueueService.TooManyEntriesInBatchRequest", "a batch has at most 10 entries"))
    } else if ids.len() < entries.len() {
        Err(Refusal::new("AWS.SimpleQueueService.BatchEntryIdsNotDistinct", "two entries have the same id"))
    } else {
        Ok(())
    }
}

/// Splits the answers of a batch's entries as SQS does.
fn batch_answer(answers: Vec<(String, Result<Value, Refusal>)>) -> Value {
    let (mut successful, mut failed) = (Vec::new(), Vec::new());
    for (id, answer) in answers {
        match answer {
            Ok(mut value) => {
                value["Id"] = id.into();
                successful.push(value);
            }
            Err(refusal) => failed.push(json!({
                "Id": id, "Code": refusal.code, "Message": refusal.message, "SenderFault": refusal.status < 500,
            })),
        }
    }
    json!({ "Successful": successful, "Failed": failed })
}

fn send_batch(queues: &Queues, request: &Batch<Message>) -> Result<Value, Refusal> {
    check_batch(&request.entries)?;
    let name = known(queues, &request.queue_url)?;
    if request.entries.iter().map(|entry| entry.what.message_body.len()).sum::<usize>() > BYTES_MAX {
        return Err(Refusal::new("AWS.SimpleQueueService.BatchRequestTooLong", "a batch has at most 1048576 bytes"));
    }
    let answers = request
        .entries
        .iter()
        .map(|entry| (entry.id.clone(), send_one(queues, name, &entry.what).map(|id| json!({ "MessageId": id }))))
        .collect();
    Ok(batch_answer(answers))
}

fn delete_batch(queues: &Queues, request: &Batch<Receipt>) -> Result<Value, Refusal> {
    check_batch(&request.entries)?;
    let name = known(queues, &request.queue_url)?;
    let receipts: Vec<&str> = request.entries.iter().map(|entry| entry.what.receipt_handle.as_str()).collect();
    let answers = queues.delete_all(name, &receipts).into_iter().zip(&request.entries);
    let answers = answers.map(|(answer, entry)| (entry.id.clone(), answer.map(|()| json!({})).map_err(Into::into)));
    Ok(batch_answer(answers.collect()))
}

/// Long polling is not waited for: what is there is answered at once.
fn receive(queues: &Queues, request: &ReceiveMessage) -> Result<Value, Refusal> {
    let name = known(queues, &request.queue_url)?;
    if !(1..=BATCH_MAX).contains(&request.max_number_of_messages) {
        return Err(Refusal::new("InvalidParameterValue", "MaxNumberOfMessages is between 1 and 10"));
    }
    let received = queues.receive_at(name, request.max_number_of_messages, queues.now(), request.visibility_timeout)?;
    Ok(json!({ "Messages": received.iter().map(message).collect::<Vec<_>>() }))
}

/// A received message on the wire, with every system attribute: SQS would leave out those that were not asked for.
fn message(received: &Received) -> Value {
    let attributes: serde_json::Map<String, Value> = received
        .attributes
        .iter()
        .map(|(name, value)| (name.clone(), json!({ "DataType": "String", "StringValue": value })))
        .collect();
    json!({
        "MessageId": received.message_id,
        "ReceiptHandle": received.receipt,
        "Body": received.body,
        "Attributes": {
            "ApproximateReceiveCount": received.receive_count.to_string(),
            "SentTimestamp": received.sent_at.as_millisecond().to_string(),
            "ApproximateFirstReceiveTimestamp": received.first_received_at.as_millisecond().to_string(),
        },
        "MessageAttributes": attributes,
    })
}

fn attributes(queues: &Queues, url: &str) -> Result<Value, Refusal> {
    let name = known(queues, url)?;
    let settings = queues.settings(name).unwrap_or_default();
    let depth = queues.depth(name);
    let mut attributes = json!({
        "QueueArn": Queues::arn(name),
        "ApproximateNumberOfMessages": depth.visible.to_string(),
        "ApproximateNumberOfMessagesNotVisible": depth.in_flight.to_string(),
        "ApproximateNumberOfMessagesDelayed": depth.delayed.to_string(),
        "VisibilityTimeout": settings.visibility_s.to_string(),
        "MessageRetentionPeriod": settings.retention_s.to_string(),
    });
    if let Some(dead) = settings.dead_letters {
        let policy = json!({
            "deadLetterTargetArn": Queues::arn(&dead.queue), "maxReceiveCount": dead.max_receive_count,
        });
        attributes["RedrivePolicy"] = policy.to_string().into();
    }
    Ok(json!({ "Attributes": attributes }))
}
