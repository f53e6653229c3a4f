//! `governor`: looks at the health of mailboxes, decides, and carries it out.
//!
//! Trigger: EventBridge Scheduler: every five minutes (what is due), every hour and every day (the fleet, and whatever of the
//! day's work is not done yet). May: read everything of the ledger, write health rows, decisions, and state, multiplier and day
//! index of planning rows; decide on sending IPs; ask the DNS of domains; make conversation plans, with a language model where
//! one is configured; publish on the bus. Opens no connection to a mail server. A repeat is safe: a decision has a number, is
//! stored once, carried out once, and told under the same id however often.

#![recursion_limit = "256"] // the SDK's futures, nested in the runtime's

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use preheat_app::govern::govern;
use preheat_core::domain::Subject;
use preheat_core::message::GovernOrder;
use preheat_dns::Dns;
use preheat_lambda::{Settings, app, logs, metrics, writer};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    logs::start();
    let settings = Settings::from_env()?;
    let mut app = app(&settings)?;
    app.writer = writer(&settings)?;
    let (app, dns) = (&app, &Dns::system()?);
    run(service_fn(async |event: LambdaEvent<Value>| {
        let order = GovernOrder::parse(&event.payload.to_string())?;
        let look_up = async |subject: &Subject| dns.look_up(subject).await;
        let report = Box::pin(govern(app, order.look, look_up, app.now())).await?;
        let (looked, decided, failed) = (report.looked, report.decided, report.failed.len());
        for reason in &report.chores_failed {
            tracing::error!(request = event.context.request_id, reason, "the day's work failed");
        }
        tracing::info!(request = event.context.request_id, look = ?order.look, looked, decided, failed, "governed");
        metrics::emit(
            "governor",
            &[
                ("looked", looked as u64),
                ("decided", decided as u64),
                ("looks_failed", failed as u64),
                ("chores_failed", report.chores_failed.len() as u64),
            ],
            app.now(),
        );
        Ok::<_, Error>(serde_json::to_value(report)?)
    }))
    .await
}
