//! SES: its sample takes the way past the URL, as SNS signs with a key that AWS alone has.

use std::sync::Arc;

use preheat_app::events::Desk;
use preheat_app::hooks::{Done, Fetch, Gate};
use preheat_core::event::Reporter;
use preheat_intake::lambda::Record;
use preheat_intake::sample::{Happening, Scene, unsigned};
use preheat_store::Hook;
use serde_json::json;

use super::{Answered, RECIPIENT, now};
use crate::ledger::{self, Ledger};

/// Hands a delivery to the endpoint as a direct subscription, a rule of EventBridge or a queue would bring it: whichever its
/// sources name.
pub(super) async fn hand_over(ledger: &Ledger, hook: &Hook) -> anyhow::Result<Answered> {
    let nothing: Fetch = Arc::new(|url| Box::pin(async move { Err(format!("nothing is fetched by a test: {url}")) }));
    let desk = Desk::new(ledger.store.clone(), ledger.vault()?.clone());
    let answer = Gate::new(desk, ledger::clock(), nothing).receive_direct(&record(hook)).await;
    let meaning = match answer.done {
        Done::Taken { .. } => "stored, past the URL: only AWS can sign what comes over it",
        Done::Unknown => "none of its sources leads to it",
        Done::Refused(_) => "refused: the sample's source is not on its list",
        Done::NotStored(_) => "not stored: it would come again",
        Done::Confirmed { .. } | Done::Unreadable(_) => "not taken for an event",
    };
    Ok(Answered { provider: Reporter::Ses, status: answer.status, meaning })
}

fn record(hook: &Hook) -> Record {
    let id = format!("preheat-test-{}", now().as_millisecond());
    let message_id = format!("{id}@example.com");
    let scene =
        Scene { happening: Happening::Delivered, recipient: RECIPIENT, message_id: &message_id, id: &id, at: now() };
    let endpoint = preheat_intake::Endpoint::new(Reporter::Ses, hook.id.clone(), Vec::new());
    let event = unsigned(&endpoint, &[scene]).unwrap_or_default();
    let of = |service: &str| hook.sources.iter().find(|source| source.contains(service));
    let account = hook.sources.iter().find(|source| !source.contains(':'));
    let (queue, body) = match (of(":sns:"), account, of(":ses:")) {
        (Some(topic), _, _) => {
            let envelope = json!({"Type": "Notification", "MessageId": id, "TopicArn": topic, "Message": event.to_string(),
                "Timestamp": now().to_string()});
            (None, envelope)
        }
        (None, None, None) => (of(":sqs:").cloned(), event),
        (None, account, resource) => {
            let resources: Vec<&String> = resource.into_iter().collect();
            let envelope = json!({"version": "0", "id": id, "detail-type": "Email Delivered", "source": "aws.ses",
                "account": account, "time": now().to_string(), "resources": resources, "detail": event});
            (None, envelope)
        }
    };
    Record { sqs_message_id: None, queue, body: body.to_string() }
}
