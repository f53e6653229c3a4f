//! `notifier`: tells Slack, Telegram, phones, mailboxes and signed webhooks what changed.
//!
//! Trigger: SQS `alerts` behind the bus of state changes, `ReportBatchItemFailures` on. May: read channels and what they were
//! told, record what they are told, put back into its own queue what is to be told later, decrypt the data keys of
//! channels, send texts, connect to the hosts that channels name. Redelivery is safe: what a channel has is recorded
//! under the message's id.

#![recursion_limit = "256"] // the SDK's futures, nested in the runtime's

use aws_lambda_events::sqs::SqsEvent;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use preheat_app::notify::notify;
use preheat_core::alert::AlertOrder;
use preheat_lambda::{Settings, app, batch, logs, outside};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    logs::start();
    let settings = Settings::from_env()?;
    let (app, outside) = (&app(&settings)?, &outside(&settings)?);
    run(service_fn(async |event: LambdaEvent<SqsEvent>| {
        let call = batch::Call::new(&event.context, app, batch::NOTIFY_MAX);
        let (answer, tally) = batch::together(event.payload, &call, AlertOrder::parse, async |orders, attempt| {
            notify(app, outside, &orders, &attempt).await
        })
        .await;
        tally.emit("notifier", app.now());
        Ok::<_, Error>(answer)
    }))
    .await
}
