//! Repeating what throttling or a lost answer interrupted. The only place of the crate that waits.
//!
//! The SDK's own retries draw their jitter from unseeded chance; here it is a function of key and attempt, so that a
//! simulation replays, and different mailboxes still do not return all at once.

use std::time::Duration;

use crate::error::StoreError;

/// How long to insist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Patience {
    /// Some 0.6 s in all. The caller has a queue to give the work back to.
    Usual,
    /// Some 7 s in all: an outcome that is not written leaves its slot ambiguous, which costs a search.
    Outcome,
}

impl Patience {
    fn attempts(self) -> u32 {
        match self {
            Self::Usual => 5,
            Self::Outcome => 9,
        }
    }
}

/// The first pause, before jitter.
const BASE_MS: u64 = 50;
/// No pause is longer.
const PAUSE_MAX_MS: u64 = 2_000;

/// Makes a call until it succeeds, fails for good, or patience ends. Only for calls that may be repeated.
pub(crate) async fn repeat<T, Call, Answer>(patience: Patience, key: &str, mut call: Call) -> Result<T, StoreError>
where
    Call: FnMut() -> Answer,
    Answer: Future<Output = Result<T, StoreError>>,
{
    let mut attempt = 1;
    loop {
        let error = match call().await {
            Err(error) if error.is_passing() => error,
            other => return other,
        };
        if attempt >= patience.attempts() {
            return Err(match error {
                StoreError::Throttled { operation, .. } => StoreError::Throttled { operation, attempts: attempt },
                other => other,
            });
        }
        tracing::debug!(%error, attempt, "repeating");
        tokio::time::sleep(pause(key, attempt)).await;
        attempt += 1;
    }
}

/// Exponential, between a half and the whole of it.
fn pause(key: &str, attempt: u32) -> Duration {
    let whole = (BASE_MS << (attempt - 1).min(10)).min(PAUSE_MAX_MS);
    // FNV-1a spreads, it guards nothing.
    let hash = key
        .bytes()
        .chain(attempt.to_le_bytes())
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    Duration::from_millis(whole / 2 + (hash >> 32) % (whole / 2 + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn throttled() -> StoreError {
        StoreError::Throttled { operation: "UpdateItem", attempts: 1 }
    }

    #[tokio::test(start_paused = true)]
    async fn patience_ends_and_says_how_often_it_tried() {
        let mut calls = 0;
        let error = repeat(Patience::Usual, "key", || {
            calls += 1;
            async { Err::<(), _>(throttled()) }
        })
        .await
        .unwrap_err();
        assert_eq!(calls, 5);
        assert_eq!(error, StoreError::Throttled { operation: "UpdateItem", attempts: 5 });
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_refused_is_not_repeated() {
        let mut calls = 0;
        let refused = repeat(Patience::Outcome, "key", || {
            calls += 1;
            async { Err::<(), _>(StoreError::StaleFence) }
        })
        .await;
        assert_eq!((calls, refused), (1, Err(StoreError::StaleFence)));
    }

    #[tokio::test(start_paused = true)]
    async fn an_outcome_is_insisted_upon_for_seconds() {
        let start = tokio::time::Instant::now();
        let _ = repeat(Patience::Outcome, "key", || async { Err::<(), _>(throttled()) }).await;
        let waited = start.elapsed();
        assert!(waited > Duration::from_secs(3) && waited < Duration::from_secs(10), "{waited:?}");
    }

    #[test]
    fn pauses_grow_differ_by_key_and_replay() {
        let all = |key| (1..9).map(|attempt| pause(key, attempt)).collect::<Vec<_>>();
        assert_eq!(all("a"), all("a"));
        assert_ne!(all("a"), all("b"));
        for (attempt, pause) in (1..).zip(all("a")) {
            let whole = (BASE_MS << (attempt - 1)).min(PAUSE_MAX_MS);
            assert!((whole / 2..=whole).contains(&u64::try_from(pause.as_millis()).unwrap()));
        }
    }
}
