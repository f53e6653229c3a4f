//! Maintenance: how much a `ready` mailbox goes on sending (domain.md §2).
//!
//! One that carries campaigns keeps the warmup reserve beside them; one that carries none keeps its plateau. Whoever gives
//! a mailbox campaigns sets [`Maintenance::Reserve`], and takes it back with them; an operator sets any.

use std::fmt;
use std::str::FromStr;

use crate::limits::Limits;

/// What a `ready` mailbox sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Maintenance {
    /// Its plateau.
    #[default]
    Plateau,
    /// The warmup reserve, beside its campaigns.
    Reserve,
    /// So many a day.
    Daily(u32),
    /// Nothing.
    Stopped,
}

impl Maintenance {
    /// The most sends of a day; `None`: what the ramp says.
    #[must_use]
    pub fn cap_per_day(self, limits: &Limits) -> Option<u32> {
        match self {
            Self::Plateau => None,
            Self::Reserve => Some(limits.campaign_reserve_per_day),
            Self::Daily(sends) => Some(sends),
            Self::Stopped => Some(0),
        }
    }
}

/// A text that is no [`Maintenance`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is none of plateau, reserve, stopped, or a number of sends a day")]
pub struct MaintenanceError(pub String);

impl fmt::Display for Maintenance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plateau => f.write_str("plateau"),
            Self::Reserve => f.write_str("reserve"),
            Self::Daily(sends) => sends.fmt(f),
            Self::Stopped => f.write_str("stopped"),
        }
    }
}

impl FromStr for Maintenance {
    type Err = MaintenanceError;
    fn from_str(text: &str) -> Result<Self, MaintenanceError> {
        match text {
            "plateau" => Ok(Self::Plateau),
            "reserve" => Ok(Self::Reserve),
            "stopped" => Ok(Self::Stopped),
            number => number.parse().map(Self::Daily).map_err(|_| MaintenanceError(text.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_read_as_it_is_written() {
        for (text, cap) in [("plateau", None), ("reserve", Some(20)), ("35", Some(35)), ("stopped", Some(0))] {
            let maintenance: Maintenance = text.parse().unwrap();
            assert_eq!(maintenance.to_string(), text);
            assert_eq!(maintenance.cap_per_day(&Limits::default()), cap);
        }
        assert!("-3".parse::<Maintenance>().is_err() && "often".parse::<Maintenance>().is_err());
    }
}
