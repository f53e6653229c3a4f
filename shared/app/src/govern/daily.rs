//! What is done once a day besides the looks at mailboxes.
//!
//! **The one place where daily work of others is called**: each is a use case of its own that knows what it has done today, may
//! be repeated every hour, and whose failure is its own. Domains are not among it: they need a resolver.

use jiff::Timestamp;

use crate::govern::{GovernReport, hourly};
use crate::{App, AppError, ips, stock};

/// The daily run: a look at the whole fleet.
///
/// # Errors
/// The ledger's rows cannot be read.
pub async fn run(app: &App, now: Timestamp) -> Result<GovernReport, AppError> {
    hourly(app, now).await
}

/// The day's work of others: sending IPs whose day is over, conversation plans for tomorrow. What failed, each with its reason:
/// the next hour tries again.
pub async fn chores(app: &App, now: Timestamp) -> Vec<String> {
    let mut failed = Vec::new();
    if let Err(error) = Box::pin(ips::daily(app, now)).await {
        failed.push(format!("sending IPs: {error}"));
    }
    match Box::pin(stock::run(app, now)).await {
        Ok(report) => failed.extend(report.failure.map(|reason| format!("conversation plans: {reason}"))),
        Err(error) => failed.push(format!("conversation plans: {error}")),
    }
    failed
}
