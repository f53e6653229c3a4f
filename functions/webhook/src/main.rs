//! `webhook`: takes deliverability events: who sent them, what they say, stored and counted exactly once, and only then
//! answered.
//!
//! Trigger: its Function URL, which is public (`POST /hooks/{provider}/{endpoint id}`); SNS; EventBridge; SQS around either.
//! May: read endpoints, mailboxes' plans and addresses, open endpoints' secrets and token keys, write events, counters,
//! suppressions, wishes for a look, and what it keeps aside; get signing certificates from AWS over https. May not open a
//! mailbox's credential. Redelivery is safe: an event is met by its own key, and nothing is acknowledged before it is stored.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use preheat_lambda::{Settings, hooks, logs};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    logs::start();
    let gate = &hooks::gate(&Settings::from_env()?)?;
    run(service_fn(async |event: LambdaEvent<Value>| {
        Ok::<_, Error>(Box::pin(hooks::handle(gate, &event.payload)).await?)
    }))
    .await
}
