//! What goes wrong with a mailbox in a demo, on purpose: so that one can see health fall, and what is decided then.

use jiff::{SignedDuration, Timestamp};
use preheat_sandbox::WorldError;

use crate::rig::Rig;

/// Something that happens to one mailbox of a fleet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Incident {
    /// All its mail goes to spam.
    SpamStreak {
        /// Which mailbox, by its place in the fleet.
        member: usize,
        /// From which day on, from 1.
        from_day: u16,
        /// For how many days.
        days: u16,
    },
    /// Its credentials are refused from then on.
    DeadCredentials {
        /// Which mailbox.
        member: usize,
        /// On which day, from 1.
        on_day: u16,
    },
}

/// The incidents of `preheat demo --incidents`: the second mailbox has a bad week, the third loses its password.
pub const INCIDENTS: [Incident; 2] =
    [Incident::SpamStreak { member: 1, from_day: 22, days: 5 }, Incident::DeadCredentials { member: 2, on_day: 9 }];

impl Incident {
    /// Which mailbox.
    #[must_use]
    pub fn member(self) -> usize {
        match self {
            Self::SpamStreak { member, .. } | Self::DeadCredentials { member, .. } => member,
        }
    }

    /// When it begins, in a run that began at `start`.
    #[must_use]
    pub fn begins(self, start: Timestamp) -> Timestamp {
        match self {
            Self::SpamStreak { from_day: day, .. } | Self::DeadCredentials { on_day: day, .. } => {
                start + days(day.saturating_sub(1))
            }
        }
    }

    /// Lets it happen.
    ///
    /// # Errors
    /// The fleet has no such mailbox.
    pub fn happen(self, rig: &Rig, start: Timestamp) -> Result<(), WorldError> {
        let Some((_, member)) = rig.members.get(self.member()) else {
            return Err(WorldError::NoAccount(format!("mailbox {} of the fleet", self.member())));
        };
        match self {
            Self::SpamStreak { days: lasting, .. } => {
                rig.world.spam_streak(member.address.as_str(), self.begins(start) + days(lasting));
                Ok(())
            }
            Self::DeadCredentials { .. } => rig.world.kill_credentials(member.address.as_str(), true),
        }
    }
}

fn days(days: u16) -> SignedDuration {
    SignedDuration::from_hours(24 * i64::from(days))
}
