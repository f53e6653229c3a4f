//! `fanout`: plans what every mailbox does in the next tick, and pushes it onto the queues.
//!
//! Trigger: EventBridge Scheduler, every 15 minutes. May: read all planning rows, turn local days, send to the queues
//! `sends` and `visits`, publish state changes. Opens no connection to a mail server. Redelivery is safe: the same tick
//! gives the same slots with the same ids, and consumers claim before they send.

#![recursion_limit = "256"] // the SDK's futures, nested in the runtime's

use aws_lambda_events::eventbridge::EventBridgeEvent;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use preheat_lambda::{Settings, app, logs, metrics};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    logs::start();
    let app = &app(&Settings::from_env()?)?;
    run(service_fn(async |event: LambdaEvent<EventBridgeEvent<Value>>| {
        let report = preheat_app::fan_out::fan_out(app, app.now()).await?;
        tracing::info!(
            request = event.context.request_id,
            mailboxes = report.mailboxes,
            unreadable = report.unreadable.len(),
            turned = report.turned,
            sends = report.send_messages,
            visits = report.visit_messages,
            sent_today = report.so_far.sent,
            replies_today = report.so_far.replies,
            spam_today = %report.so_far.spam_rate(),
            note = report.note,
            "tick"
        );
        metrics::emit(
            "fanout",
            &[
                ("mailboxes", report.mailboxes as u64),
                ("unreadable_rows", report.unreadable.len() as u64),
                ("sends_planned", report.send_messages as u64),
                ("visits_planned", report.visit_messages as u64),
            ],
            app.now(),
        );
        Ok::<_, Error>(serde_json::to_value(report)?)
    }))
    .await
}
