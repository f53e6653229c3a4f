//! `governor`: looks at the health of mailboxes, decides, and carries it out.
//!
//! Trigger: EventBridge Scheduler: every five minutes (what is due), every hour (the whole fleet), every day (the fleet, and the
//! day's work). May: read everything of the ledger, write health rows, decisions, and state, multiplier and day index of
//! planning rows; decide on sending IPs; make conversation plans; publish on the bus. Opens no connection to a mail server. A repeat is safe: a decision has a number, is
//! stored once, carried out once, and told under the same id however often.

#![recursion_limit = "256"] // the SDK's futures, nested in the runtime's

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use preheat_app::govern::{self, daily};
use preheat_core::message::{GovernOrder, Look};
use preheat_lambda::{Settings, app, logs, metrics};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    logs::start();
    let app = &app(&Settings::from_env()?).await?;
    run(service_fn(async |event: LambdaEvent<Value>| {
        let order = GovernOrder::parse(&event.payload.to_string())?;
        let report = match order.look {
            Look::Due => Box::pin(govern::due(app, app.now())).await?,
            Look::Hourly => Box::pin(govern::hourly(app, app.now())).await?,
            Look::Daily => Box::pin(daily::run(app, app.now())).await?,
        };
        if order.look != Look::Due {
            for reason in Box::pin(daily::chores(app, app.now())).await {
                tracing::error!(request = event.context.request_id, reason, "the day's work failed");
            }
        }
        let (looked, decided, failed) = (report.looked, report.decided, report.failed.len());
        tracing::info!(request = event.context.request_id, look = ?order.look, looked, decided, failed, "governed");
        metrics::emit(
            "governor",
            &[("looked", looked as u64), ("decided", decided as u64), ("looks_failed", failed as u64)],
            app.now(),
        );
        Ok::<_, Error>(serde_json::to_value(report)?)
    }))
    .await
}
