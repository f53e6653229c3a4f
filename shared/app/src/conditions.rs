//! Tells of the stack's and tenants' conditions when they turn (domain.md §8): one read of a small row, and a write when something
//! has turned.
//!
//! Told first and written down afterwards: a crash in between tells a turn twice at worst. A ledger or a bus that does not answer
//! costs the telling and nothing else; whoever looks next sees the same.

use jiff::Timestamp;
use preheat_core::condition::Sight;

use crate::{App, AppError};

/// Who looks: each has a row of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    /// The tick: quotas and the whole.
    Tick,
    /// The governor: spam and the language model.
    Governor,
}

impl By {
    fn name(self) -> &'static str {
        match self {
            Self::Tick => "tick",
            Self::Governor => "governor",
        }
    }
}

/// Notes what was seen, and tells what has turned or lasts.
pub(crate) async fn note(app: &App, by: By, sights: &[Sight], now: Timestamp) {
    if sights.is_empty() {
        return;
    }
    if let Err(error) = noted(app, by, sights, now).await {
        tracing::error!(by = by.name(), %error, "conditions were not told: the next look tells them");
    }
}

async fn noted(app: &App, by: By, sights: &[Sight], now: Timestamp) -> Result<(), AppError> {
    let before = app.store.conditions(by.name()).await?;
    let mut after = before.clone();
    let changes: Vec<_> = sights.iter().filter_map(|sight| after.note(sight, now)).collect();
    app.tell(&changes).await?;
    if after != before {
        app.store.put_conditions(by.name(), &after).await?;
    }
    Ok(())
}
