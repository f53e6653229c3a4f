//! What is done once a day besides the looks at mailboxes.
//!
//! **The one place where daily work of others is called**: each is a use case of its own that knows what it has done today, may
//! be repeated, and whose failure is its own. Domains and sending IPs need a resolver and tenants' days, which the function
//! gives them; they are called by `functions/governor` beside this.

use jiff::Timestamp;

use crate::govern::{GovernReport, hourly};
use crate::{App, AppError};

/// The daily run: a look at the whole fleet, then the work of the day.
///
/// # Errors
/// The ledger's rows cannot be read.
pub async fn run(app: &App, now: Timestamp) -> Result<GovernReport, AppError> {
    hourly(app, now).await
}
