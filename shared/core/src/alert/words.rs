//! What is said: one change in a line, many in a summary.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::GROUP_OVER;
use crate::change::{Change, Kind, Severity, Subject};

/// A message to people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The same however often it is tried.
    pub id: String,
    /// The worst of what it tells.
    pub severity: Severity,
    /// One line, for a subject.
    pub title: String,
    /// All of it, several lines.
    pub text: String,
}

/// The message that tells these changes; `ids` are those of [`super::Verdict::Tell`], one each. No change, no words.
#[must_use]
pub fn message(changes: &[&Change], ids: &[&str]) -> Message {
    let severity = changes.iter().map(|change| change.severity).max().unwrap_or(Severity::Info);
    match (changes, ids) {
        ([change], [id]) => Message {
            id: (*id).to_owned(),
            severity,
            title: format!("{}: {} {}", change.severity, change.subject.called(), change.kind.words()),
            text: line(change),
        },
        _ => {
            let title = format!("{severity}: {} changes at once", changes.len());
            Message { id: group_id(ids), severity, text: summary(&title, changes), title }
        }
    }
}

fn line(change: &Change) -> String {
    format!("[{}] {} ({}, {})", change.severity, change.text, change.kind, shown(change.at))
}

/// To the second: more says nothing to people.
fn shown(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// How many of each kind, and the worst of them in full.
fn summary(title: &str, changes: &[&Change]) -> String {
    let mut kinds: BTreeMap<(std::cmp::Reverse<Severity>, &str), usize> = BTreeMap::new();
    for change in changes {
        *kinds.entry((std::cmp::Reverse(change.severity), change.kind.name())).or_default() += 1;
    }
    let mut text = format!("{title}:\n");
    for ((severity, kind), count) in kinds {
        // Writing into a String cannot fail.
        let _ = writeln!(text, "{count} × {kind} [{}]", severity.0);
    }
    let mut worst: Vec<&&Change> = changes.iter().collect();
    worst.sort_by_key(|change| (std::cmp::Reverse(change.severity), change.at));
    for change in worst.iter().take(GROUP_OVER) {
        let _ = write!(text, "\n{}", line(change));
    }
    if changes.len() > GROUP_OVER {
        let _ = write!(text, "\n… and {} more", changes.len() - GROUP_OVER);
    }
    text
}

/// The same for the same messages in whatever order.
fn group_id(ids: &[&str]) -> String {
    let mut sorted = ids.to_vec();
    sorted.sort_unstable();
    let digest = sorted.iter().fold(Sha256::new(), |hash, id| hash.chain_update(id).chain_update([0])).finalize();
    digest[..16].iter().fold("grp_".to_owned(), |id, byte| format!("{id}{byte:02x}"))
}

/// A change that nothing has changed: what `preheat alerts test` sends.
#[must_use]
pub fn sample(tenant: Option<&crate::id::TenantId>, now: Timestamp) -> Change {
    let subject = tenant.map_or_else(Subject::system, Subject::tenant);
    Change::new(Kind::SystemHealthy, tenant, subject, now, "preheat alerts test", &[])
        .saying("This is a test of your alerts. Nothing has happened.")
}
