//! What to do now: the one question every error of this crate answers.

/// The caller's next step after an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Nothing can have happened: the same order may be tried again soon.
    Retry,
    /// Not now: give the quota back and let the fan-out pick a later time.
    Replan,
    /// Never: the order is finished.
    Drop,
    /// It may have happened: look for its Message-ID before anything else (RFC 1047).
    Reconcile,
    /// Nothing will work until the operator mends the mailbox: stop using it at once.
    Pause,
}
