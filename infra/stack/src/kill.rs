//! Ends a future at its k-th await, as a kill of the process would: the future is dropped there and then, with every
//! connection it holds.

use std::pin::Pin;
use std::task::{Context, Poll};

/// A future that is dropped when it has waited `awaits_left` times.
pub struct KillAt<F> {
    inner: Option<Pin<Box<F>>>,
    awaits_left: Option<u64>,
    awaits: u64,
}

/// The future was killed before it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Killed {
    /// How often it had waited.
    pub awaits: u64,
}

impl<F: Future> KillAt<F> {
    /// Kills `future` at its `k`-th await, from 1; `None`: never.
    pub fn new(future: F, k: Option<u64>) -> Self {
        Self { inner: Some(Box::pin(future)), awaits_left: k, awaits: 0 }
    }
}

impl<F: Future> Future for KillAt<F> {
    type Output = Result<F::Output, Killed>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        // All fields are Unpin: the inner future is boxed.
        let this = self.get_mut();
        let Some(inner) = this.inner.as_mut() else {
            return Poll::Ready(Err(Killed { awaits: this.awaits }));
        };
        match inner.as_mut().poll(context) {
            Poll::Ready(output) => {
                this.inner = None;
                Poll::Ready(Ok(output))
            }
            Poll::Pending => {
                this.awaits += 1;
                match this.awaits_left.as_mut() {
                    Some(left) if *left <= 1 => {
                        this.inner = None;
                        Poll::Ready(Err(Killed { awaits: this.awaits }))
                    }
                    Some(left) => {
                        *left -= 1;
                        Poll::Pending
                    }
                    None => Poll::Pending,
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    async fn three_awaits(steps: &Cell<u32>) {
        for _ in 0..3 {
            steps.set(steps.get() + 1);
            tokio::task::yield_now().await;
        }
        steps.set(steps.get() + 1);
    }

    #[tokio::test]
    async fn every_await_is_a_place_to_die() {
        for k in 1..=3 {
            let steps = Cell::new(0);
            let end = KillAt::new(three_awaits(&steps), Some(k)).await;
            assert_eq!(end, Err(Killed { awaits: k }));
            assert_eq!(u64::from(steps.get()), k);
        }
    }

    #[tokio::test]
    async fn past_the_last_await_it_lives() {
        for k in [Some(4), None] {
            let steps = Cell::new(0);
            assert_eq!(KillAt::new(three_awaits(&steps), k).await, Ok(()));
            assert_eq!(steps.get(), 4);
        }
    }
}
