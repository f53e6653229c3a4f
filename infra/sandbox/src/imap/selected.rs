//! The selected folder as a session knows it: which sequence number is which message, and what it has not been told yet.

use super::Answer;
use super::command::Set;
use crate::account::Account;

/// The selected folder as this session knows it.
#[derive(Debug)]
pub(super) struct Selected {
    pub(super) folder: usize,
    pub(super) read_only: bool,
    pub(super) uid_validity: u32,
    /// UID by sequence number − 1, ascending.
    pub(super) view: Vec<u32>,
    /// Highest UID ever seen here.
    pub(super) last_uid: u32,
    pub(super) generation: u64,
}

/// One message that a command speaks of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Target {
    pub(super) number: usize,
    pub(super) uid: u32,
    pub(super) key: u64,
}

impl Selected {
    /// The messages of a set, in order of UID. `Err`: a sequence number that does not exist.
    pub(super) fn targets(&self, account: &Account, set: &Set, by_uid: bool) -> Result<Vec<Target>, Answer> {
        let mut ranges = Vec::new();
        if by_uid {
            for (from, to) in set.ranges(self.view.last().copied().unwrap_or(0)) {
                let begin = self.view.partition_point(|&uid| uid < from);
                ranges.push((begin, self.view.partition_point(|&uid| uid <= to)));
            }
        } else {
            let last = u32::try_from(self.view.len()).unwrap_or(u32::MAX);
            for (from, to) in set.ranges(last) {
                if from == 0 || to > last {
                    return Err(Answer::new("BAD Invalid messageset"));
                }
                ranges.push((from as usize - 1, to as usize));
            }
        }
        ranges.sort_unstable();
        let mut targets = Vec::new();
        let mut next = 0;
        for (begin, end) in ranges {
            for index in begin.max(next)..end {
                let uid = self.view[index];
                // A message that another session removed is silently left out (RFC 3501 §7.4.1 keeps its number).
                if let Some(&key) = account.folders[self.folder].entries.get(&uid) {
                    targets.push(Target { number: index + 1, uid, key });
                }
            }
            next = next.max(end);
        }
        Ok(targets)
    }

    /// Tells the client what has come and gone. `false`: the folder is not what it was, the session must end.
    pub(super) fn follow(&mut self, account: &Account, answer: &mut Answer, numbers_stay: bool) -> bool {
        let folder = &account.folders[self.folder];
        if folder.deleted || folder.uid_validity != self.uid_validity {
            return false;
        }
        if folder.generation == self.generation || numbers_stay {
            return true;
        }
        self.generation = folder.generation;
        for index in (0..self.view.len()).rev() {
            if !folder.entries.contains_key(&self.view[index]) {
                self.view.remove(index);
                answer.line(&format!("{} EXPUNGE", index + 1));
            }
        }
        let known = self.view.len();
        self.view.extend(folder.entries.range(self.last_uid + 1..).map(|(&uid, _)| uid));
        if self.view.len() > known {
            self.last_uid = self.view.last().copied().unwrap_or(self.last_uid);
            answer.line(&format!("{} EXISTS", self.view.len()));
        }
        true
    }
}
