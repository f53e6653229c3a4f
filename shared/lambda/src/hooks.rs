//! The events of the webhook function, in their three shapes: HTTP from its Function URL, direct SNS or EventBridge, and SQS
//! around either. Each is handed to one [`Gate`]; here it is only unpacked, and the answer packed.
//!
//! Raw bytes first: a signature covers the exact body, so it is taken out of the event and never written anew.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures::StreamExt;
use preheat_app::events::Desk;
use preheat_app::hooks::{Answer, Done, Fetch, Gate};
use preheat_intake::{Headers, Request, lambda::records};
use preheat_platforms::http::{self, Http};
use serde_json::{Value, json};

use crate::start::StartError;
use crate::{Settings, metrics};

/// Records of one event that are taken at once.
const AT_ONCE: usize = 8;
/// Characters of an endpoint's id that are logged: enough to tell endpoints apart, too few to post to one.
const ID_LOGGED_CHARS: usize = 6;

/// How long a certificate may take: SNS waits 15 s for the answer.
const FETCH_MAX: Duration = Duration::from_secs(5);

/// The gate of the deployed function.
///
/// # Errors
/// A setting is missing or wrong.
pub fn gate(settings: &Settings) -> Result<Gate, StartError> {
    let app = crate::app(settings)?;
    let http = Http::public().map_err(|error| StartError::Roots(error.to_string()))?;
    Ok(Gate::new(Desk::of(&app), app.clock.clone(), fetch(http)).with_bus(app.bus))
}

/// What a gate gets certificates with.
#[must_use]
pub fn fetch(http: Http) -> Fetch {
    Arc::new(move |url| {
        let http = http.clone();
        Box::pin(async move {
            let request = http::Request { url: &url, headers: Vec::new(), body: None, within: FETCH_MAX };
            let answer = http.send(&request).await.map_err(|error| error.to_string())?;
            if answer.is_success() { Ok(answer.body) } else { Err(format!("HTTP {}", answer.status)) }
        })
    })
}

/// An event that must come again: Lambda repeats it, or puts it into the function's dead letters.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ComeAgain(pub String);

/// Answers an event. The answer to HTTP is one of a Function URL, the answer to SQS names what failed.
///
/// # Errors
/// A direct event was not taken.
pub async fn handle(gate: &Gate, event: &Value) -> Result<Value, ComeAgain> {
    if event.pointer("/requestContext/http").is_some() {
        return Ok(Box::pin(post(gate, event)).await);
    }
    let records = records(event.to_string().as_bytes()).map_err(|reason| ComeAgain(reason.to_string()))?;
    let taken: Vec<(Option<String>, Answer)> = futures::stream::iter(records)
        .map(|record| async move {
            let answer = Box::pin(gate.receive_direct(&record)).await;
            (record.sqs_message_id, answer)
        })
        .buffered(AT_ONCE)
        .collect()
        .await;
    let mut failures = Vec::new();
    for (id, answer) in taken {
        report(gate, "direct", "", &answer);
        match id {
            _ if answer.is_settled() => {}
            Some(id) => failures.push(json!({ "itemIdentifier": id })),
            None => return Err(ComeAgain(format!("not taken: {:?}", answer.done))),
        }
    }
    Ok(json!({ "batchItemFailures": failures }))
}

async fn post(gate: &Gate, event: &Value) -> Value {
    let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let path = text("/rawPath");
    let Some((provider, id)) = path.strip_prefix("/hooks/").and_then(|rest| rest.split_once('/')) else {
        return response(404, None);
    };
    let body = text("/body");
    let body = match event.pointer("/isBase64Encoded").and_then(Value::as_bool) {
        Some(true) => STANDARD.decode(body),
        _ => Ok(body.as_bytes().to_vec()),
    };
    let Ok(body) = body else { return response(400, None) };
    let headers: Headers<'_> = event
        .get("headers")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)))
        .collect();
    let request = Request { method: text("/requestContext/http/method"), headers, body: &body };
    let answer = Box::pin(gate.receive(provider, id, &request)).await;
    report(gate, provider, id, &answer);
    response(answer.status, answer.www_authenticate)
}

fn response(status: u16, www_authenticate: Option<&str>) -> Value {
    let mut headers = json!({ "cache-control": "no-store" });
    if let Some(challenge) = www_authenticate {
        headers["www-authenticate"] = json!(challenge);
    }
    // No body: whoever is refused learns the status and nothing else.
    json!({ "statusCode": status, "headers": headers, "body": "" })
}

/// Counts and logs. Never a header, a query, a body, or a whole id.
fn report(gate: &Gate, provider: &str, id: &str, answer: &Answer) {
    let endpoint = id.get(..ID_LOGGED_CHARS).unwrap_or_default();
    let status = answer.status;
    let counts = match &answer.done {
        Done::Taken { tally, quarantined } => {
            let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
            vec![
                ("events_stored", count(tally.stored)),
                ("events_duplicate", count(tally.duplicates)),
                ("events_without_mailbox", count(tally.without_mailbox)),
                ("quarantined", count(quarantined + tally.too_old)),
            ]
        }
        Done::Confirmed { topic } => {
            tracing::info!(endpoint, topic, "an SNS subscription is confirmed");
            vec![]
        }
        Done::Unreadable(why) => {
            tracing::warn!(provider, endpoint, status, why, "a body cannot be read; it is kept aside");
            vec![("unreadable", 1)]
        }
        // Strangers must not fill the log: they are counted.
        Done::Refused(why) => {
            tracing::debug!(endpoint, status, why, "refused");
            vec![("refused", 1)]
        }
        Done::Unknown => vec![("unknown_endpoint", 1)],
        Done::NotStored(why) => {
            tracing::error!(provider, endpoint, status, why, "not stored: the sender is asked to come again");
            vec![("not_stored", 1)]
        }
    };
    metrics::emit("webhook", &counts, gate.now());
}
