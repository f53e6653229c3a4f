//! `sender`: hands planned sends to SMTP.
//!
//! Trigger: SQS `sends`, `ReportBatchItemFailures` on. May: read profiles, claim and conclude slots, put an order back
//! with a delay, publish state changes, decrypt data keys, connect to mail servers. Redelivery is safe: a slot is claimed
//! before anything is said to a server, and a claim is won once.

use aws_lambda_events::sqs::SqsEvent;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use preheat_app::send::{next, send_batch};
use preheat_core::message::SendBatch;
use preheat_lambda::metrics::ByProvider;
use preheat_lambda::{Settings, app, batch, logs};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    logs::start();
    let app = &app(&Settings::from_env()?)?;
    run(service_fn(async |event: LambdaEvent<SqsEvent>| {
        let call = batch::Call::new(&event.context, app, batch::SEND_MAX);
        let counts = ByProvider::default();
        let (answer, tally) = batch::each(event.payload, &call, SendBatch::parse, async |message, attempt| {
            let done = send_batch(app, &message, &attempt).await;
            // From memory: whoever sent has just read it.
            if let (Ok(outcomes), Ok(Some(profile))) =
                (&done, app.profiles.get(&app.store, message.mailbox, app.now()).await)
            {
                outcomes.iter().for_each(|outcome| counts.add(profile.provider, outcome.word(), 1));
            }
            next(&done)
        })
        .await;
        tally.emit("sender", app.now());
        counts.emit("sender", app.now());
        Ok::<_, Error>(answer)
    }))
    .await
}
