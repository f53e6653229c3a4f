//! The channels of alerts that speak HTTP. Each says one thing to one place, once: when to say it again is the caller's.

pub mod slack;
pub mod telegram;
pub mod webhook;

use std::time::Duration;

use crate::redact::clean;
use crate::{HttpError, Next, Response};

/// Time for one alert: a channel that hangs holds nobody else up for longer.
pub const WITHIN: Duration = Duration::from_secs(10);

/// Why a channel did not take an alert. Never carries its secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChannelError {
    /// It will never take any: a wrong token, a channel or webhook that was deleted.
    #[error("it refuses ({status}): {said}; check the channel's address and secret")]
    Closed {
        /// The status.
        status: u16,
        /// What it said.
        said: String,
    },
    /// It takes no more for now.
    #[error("it asks for a pause")]
    Limited {
        /// How long, if it says so.
        wait: Option<Duration>,
    },
    /// It is down, or does not understand us.
    #[error("it answers {status}: {said}")]
    Failing {
        /// The status.
        status: u16,
        /// What it said.
        said: String,
    },
    /// There was no answer.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The channel's own settings are no good.
    #[error("its settings are wrong: {0}")]
    Settings(&'static str),
}

impl ChannelError {
    /// Whether it says that nobody wants any more of them: 410 of a webhook means "disable this endpoint" (Standard Webhooks
    /// 1.0, *Deliverability and reliability*).
    #[must_use]
    pub fn is_gone(&self) -> bool {
        matches!(self, Self::Closed { status: 410, .. })
    }

    /// What to do now.
    #[must_use]
    pub fn next(&self) -> Next {
        match self {
            Self::Closed { .. } | Self::Settings(_) => Next::Operator,
            Self::Limited { wait } => Next::Later(*wait),
            Self::Failing { .. } => Next::Later(None),
            Self::Http(error) => error.next(),
        }
    }
}

/// Reads an answer's status: `closed` are those after which nothing more will be taken.
fn taken(response: &Response, closed: &[u16], secrets: &[&str]) -> Result<(), ChannelError> {
    let status = response.status;
    if response.is_success() {
        return Ok(());
    }
    let said = clean(&response.body, secrets);
    if closed.contains(&status) {
        return Err(ChannelError::Closed { status, said });
    }
    if matches!(status, 429 | 503) {
        return Err(ChannelError::Limited { wait: response.retry_after() });
    }
    Err(ChannelError::Failing { status, said })
}
