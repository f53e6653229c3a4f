//! `replier`: visits mailboxes: finds, records, rescues, reads, flags and files warmup mail, and settles what became of
//! sends that were lost sight of. Reads bounces and other mail of programs, and hands what it says to the events. The replies
//! it decides on are sent as later slots, by `sender`.
//!
//! Trigger: SQS `visits`, `ReportBatchItemFailures` on. May: read profiles and rows, lease and record a box, resolve an
//! ambiguous slot, take deliverability events (counters, suppression), decrypt data keys, connect to mail servers. Redelivery
//! is safe: one lease a mailbox, recorded before acted, every action repeatable, an event taken once.

use aws_lambda_events::sqs::SqsEvent;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use preheat_app::visit::{next, visit};
use preheat_core::message::VisitOrder;
use preheat_lambda::metrics::ByProvider;
use preheat_lambda::{Settings, app, batch, logs};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    logs::start();
    let app = &app(&Settings::from_env()?)?;
    run(service_fn(async |event: LambdaEvent<SqsEvent>| {
        let call = batch::Call::new(&event.context, app, batch::VISIT_MAX);
        let counts = ByProvider::default();
        let (answer, tally) = batch::each(event.payload, &call, VisitOrder::parse, async |order, _| {
            let done = visit(app, &order).await;
            // From memory: whoever visited has just read it.
            if let (Ok(report), Ok(Some(profile))) =
                (&done, app.profiles.get(&app.store, order.mailbox, app.now()).await)
            {
                report.counts().iter().for_each(|&(name, count)| counts.add(profile.provider, name, count.into()));
            }
            next(&done)
        })
        .await;
        tally.emit("replier", app.now());
        counts.emit("replier", app.now());
        Ok::<_, Error>(answer)
    }))
    .await
}
