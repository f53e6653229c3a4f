//! What is shown of a domain as a whole: its mailboxes, and their warmup scores (domain.md §7).

use serde::Serialize;

use crate::id::Address;
use crate::mailbox::State;

/// A mailbox of the domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Member {
    /// Its address.
    pub address: Address,
    /// Its state.
    pub state: State,
    /// Its warmup score, 0–100; `None`: not known yet.
    pub warmup_score: Option<u8>,
}

/// The domain's status.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fleet {
    /// How many mailboxes it has, retired ones left out.
    pub mailboxes: usize,
    /// Average of the scores that are known, one decimal.
    pub warmup_score_avg: Option<f64>,
    /// The lowest of them.
    pub warmup_score_min: Option<u8>,
    /// The highest of them.
    pub warmup_score_max: Option<u8>,
    /// Every mailbox is ready; never so without any.
    pub all_ready: bool,
    /// The mailboxes.
    pub members: Vec<Member>,
}

/// The status of a domain with these mailboxes.
#[must_use]
pub fn fleet(mut members: Vec<Member>) -> Fleet {
    members.retain(|member| member.state != State::Retired);
    members.sort_by(|a, b| a.address.cmp(&b.address));
    let scores: Vec<u8> = members.iter().filter_map(|member| member.warmup_score).collect();
    let sum: u32 = scores.iter().map(|&score| u32::from(score)).sum();
    let count = u32::try_from(scores.len()).unwrap_or(u32::MAX);
    let average = (count > 0).then(|| (f64::from(sum) / f64::from(count) * 10.0).round() / 10.0);
    Fleet {
        mailboxes: members.len(),
        warmup_score_avg: average,
        warmup_score_min: scores.iter().min().copied(),
        warmup_score_max: scores.iter().max().copied(),
        all_ready: !members.is_empty() && members.iter().all(|member| member.state == State::Ready),
        members,
    }
}
