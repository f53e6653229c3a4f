//! Which mailboxes are held out as controls, so that warming can be measured against not warming (domain.md §6).
//!
//! A control sends as everybody does, but nobody engages with its mail, and it engages with nobody's: its mail is found,
//! recorded and filed, and what lies in spam stays there. Who is one is a pure function of the seed and the share, so both
//! sides of a mail know it without a look-up, and raising the share keeps the controls that are there.

use serde::{Deserialize, Serialize};

use crate::id::MailboxId;
use crate::mailbox::{MailboxPlan, Mode, Role};
use crate::seed::Seed;

/// What is done with a mailbox's mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Arm {
    /// Everything: rescue, read, flag, reply, file.
    #[default]
    Exchange,
    /// Only measured, because chance held it out.
    Control,
    /// Only measured, because its owner wants that. Not drawn by chance, so no part of the comparison.
    Measure,
}

impl Arm {
    /// The arm of a mailbox; `share`: the share of mailboxes that is held out, 0–1. Seeds are there to engage, so none is
    /// held out.
    #[must_use]
    pub fn of(seed: &Seed, plan: &MailboxPlan, share: f64) -> Self {
        match (plan.mode, plan.role) {
            (Mode::Measure | Mode::Volume, _) => Self::Measure,
            (Mode::Exchange, Role::Sender) if is_drawn(seed, plan.id, share) => Self::Control,
            (Mode::Exchange, Role::Sender | Role::Seed) => Self::Exchange,
        }
    }

    /// Whether its mail is rescued, read, flagged and replied to.
    #[must_use]
    pub fn is_engaged(self) -> bool {
        match self {
            Self::Exchange => true,
            Self::Control | Self::Measure => false,
        }
    }

    /// For rows, which leave the usual case out.
    #[must_use]
    pub fn is_exchange(&self) -> bool {
        self.is_engaged()
    }
}

/// Whether chance draws a mailbox as a control. Nested: whoever is drawn at one share is drawn at every larger one.
#[must_use]
pub fn is_drawn(seed: &Seed, id: MailboxId, share: f64) -> bool {
    seed.unit("control", &[u64::from(id.0)]) < share
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: std::ops::RangeInclusive<u32> = 1..=10_000;

    #[test]
    fn the_share_is_met_and_nested() {
        let seed = Seed::new([4; 32]);
        let drawn = |share| ALL.filter(|&id| is_drawn(&seed, MailboxId(id), share)).collect::<Vec<_>>();
        let (none, some, more, all) = (drawn(0.0), drawn(0.1), drawn(0.3), drawn(1.0));
        assert_eq!((none.len(), all.len()), (0, 10_000));
        assert!((900..1_100).contains(&some.len()) && (2_800..3_200).contains(&more.len()));
        assert!(some.iter().all(|id| more.contains(id)), "raising the share keeps the controls");
        assert_eq!(drawn(f64::NAN), none);
        let other = Seed::new([5; 32]);
        assert_ne!(ALL.filter(|&id| is_drawn(&other, MailboxId(id), 0.1)).collect::<Vec<_>>(), some);
    }
}
