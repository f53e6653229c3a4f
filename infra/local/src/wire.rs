//! Requests and answers as they stand on the wire: AWS JSON, one operation named by a header; and SNS's form, which names
//! it in its body.

use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;

/// Which service a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    /// DynamoDB, JSON 1.0.
    Dynamo,
    /// SQS, JSON 1.0.
    Sqs,
    /// KMS, JSON 1.1.
    Kms,
    /// EventBridge, JSON 1.1.
    Events,
    /// SNS, a form in, XML out.
    Sns,
}

/// Service and operation of a request, from its `X-Amz-Target`, or from the form it sends.
pub(crate) fn target(request: &HttpRequest) -> Option<(Service, &str)> {
    let Some(target) = request.headers().get("x-amz-target") else {
        let form = std::str::from_utf8(request.body().bytes()?).ok()?;
        let operation = form.strip_prefix("Action=")?.split('&').next()?;
        return form.contains("&Version=2010-03-31").then_some((Service::Sns, operation));
    };
    let (prefix, operation) = target.split_once('.')?;
    let service = match prefix {
        "DynamoDB_20120810" => Service::Dynamo,
        "AmazonSQS" => Service::Sqs,
        "TrentService" => Service::Kms,
        "AWSEvents" => Service::Events,
        _ => return None,
    };
    Some((service, operation))
}

/// What a service answers, and what that cost.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answer {
    /// HTTP status.
    pub(crate) status: u16,
    /// JSON.
    pub(crate) body: Vec<u8>,
    /// Write request units.
    pub(crate) write_units: f64,
    /// Read request units.
    pub(crate) read_units: f64,
}

impl Answer {
    /// A success that costs no units.
    pub(crate) fn ok(body: Vec<u8>) -> Self {
        Self { status: 200, body, write_units: 0.0, read_units: 0.0 }
    }

    /// An error as AWS JSON writes it. `kind` may carry the service's namespace (`a.b#Kind`).
    pub(crate) fn error(status: u16, kind: &str, message: &str) -> Self {
        let body = serde_json::json!({ "__type": kind, "message": message }).to_string();
        Self { status, body: body.into_bytes(), write_units: 0.0, read_units: 0.0 }
    }

    /// The same as an HTTP response.
    pub(crate) fn into_response(self) -> HttpResponse {
        let status = StatusCode::try_from(self.status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR.into());
        let mut response = HttpResponse::new(status, SdkBody::from(self.body));
        response.headers_mut().insert("content-type", "application/x-amz-json-1.0");
        response
    }
}

impl Service {
    /// How the service says "too many".
    pub(crate) fn throttle(self) -> Answer {
        let kind = match self {
            Self::Dynamo => "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException",
            Self::Sqs => "com.amazonaws.sqs#RequestThrottled",
            Self::Kms | Self::Events => "ThrottlingException",
            Self::Sns => return crate::sns::error(400, "Throttling", "too many requests (injected)"),
        };
        Answer::error(400, kind, "too many requests (injected)")
    }
}

/// A batch cut in two: what is done, and what comes back.
pub(crate) struct SplitBatch {
    /// The request with the entries that are done; `None` if there are none.
    pub(crate) done: Option<Vec<u8>>,
    /// The field of the answer that names the others, and its value.
    left: (&'static str, serde_json::Value),
}

/// Takes every second entry (the only one, if it is alone) out of a batch. `None` for what is no batch.
pub(crate) fn split_batch(operation: &str, body: &[u8]) -> Option<SplitBatch> {
    let mut request: serde_json::Value = serde_json::from_slice(body).ok()?;
    let (left, none_done) = match operation {
        "BatchWriteItem" => {
            let mut unprocessed = serde_json::Map::new();
            let tables = request.get_mut("RequestItems")?.as_object_mut()?;
            for (table, entries) in tables.iter_mut() {
                let taken = take_every_second(entries.as_array_mut()?);
                if !taken.is_empty() {
                    unprocessed.insert(table.clone(), taken.into());
                }
            }
            tables.retain(|_, entries| entries.as_array().is_some_and(|entries| !entries.is_empty()));
            (("UnprocessedItems", unprocessed.into()), tables.is_empty())
        }
        "SendMessageBatch" | "DeleteMessageBatch" => {
            let entries = request.get_mut("Entries")?.as_array_mut()?;
            let failed: Vec<_> = take_every_second(entries).iter().map(|entry| failed_entry(&entry["Id"])).collect();
            (("Failed", failed.into()), entries.is_empty())
        }
        _ => return None,
    };
    let done = if none_done { None } else { Some(serde_json::to_vec(&request).ok()?) };
    Some(SplitBatch { done, left })
}

fn take_every_second(entries: &mut Vec<serde_json::Value>) -> Vec<serde_json::Value> {
    let alone = entries.len() == 1;
    let mut index = 0;
    entries
        .extract_if(.., |_| {
            index += 1;
            alone || index % 2 == 0
        })
        .collect()
}

fn failed_entry(id: &serde_json::Value) -> serde_json::Value {
    serde_json::json!({ "Id": id, "Code": "InternalError", "Message": "failed (injected)", "SenderFault": false })
}

impl SplitBatch {
    /// The answer to what was done, with what was left named in it. An error stays as it is.
    pub(crate) fn join(&self, mut answer: Answer) -> Answer {
        if answer.status != 200 {
            return answer;
        }
        let Ok(mut value) = serde_json::from_slice::<serde_json::Value>(&answer.body) else { return answer };
        let (field, left) = &self.left;
        match (value.get_mut(*field).and_then(serde_json::Value::as_array_mut), left.as_array()) {
            // Entries that the service itself failed stay beside those taken here.
            (Some(failed), Some(more)) => failed.extend(more.iter().cloned()),
            _ => value[*field] = left.clone(),
        }
        answer.body = value.to_string().into_bytes();
        answer
    }
}
