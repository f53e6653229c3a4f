//! What is done once a day besides the looks at mailboxes.
//!
//! **The one place where daily work of others is called**: each is a use case of its own that knows what it has done today, may
//! be repeated every hour, and whose failure is its own.

use jiff::Timestamp;
use preheat_core::domain::{Report, Subject};

use crate::{App, domains, ips, stock};

/// The day's work of others: sending IPs whose day is over, domains whose look-up is due, conversation plans for tomorrow. What
/// failed, each with its reason: the next hour tries again.
pub async fn chores(app: &App, look_up: impl AsyncFn(&Subject) -> Report, now: Timestamp) -> Vec<String> {
    let mut failed = Vec::new();
    match Box::pin(ips::daily(app, now)).await {
        Ok(decided) if decided.failed > 0 => failed.push(format!("sending IPs: {} not decided on", decided.failed)),
        Ok(_) => {}
        Err(error) => failed.push(format!("sending IPs: {error}")),
    }
    match Box::pin(domains::daily(app, look_up, now)).await {
        Ok(checked) if checked.failed > 0 => failed.push(format!("domains: {} not checked", checked.failed)),
        Ok(_) => {}
        Err(error) => failed.push(format!("domains: {error}")),
    }
    match Box::pin(stock::run(app, now)).await {
        Ok(report) => failed.extend(report.failure.map(|reason| format!("conversation plans: {reason}"))),
        Err(error) => failed.push(format!("conversation plans: {error}")),
    }
    failed
}
