//! Ramps: the curve of daily volume over sending days (domain.md §2).

use serde::{Deserialize, Serialize};

/// The curve of daily volume over sending days. See domain.md §2 for each kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Ramp {
    /// `min(cap, start + step·(d−1))`.
    Linear {
        /// Sends on the first day.
        start: u32,
        /// Added each day.
        step: u32,
        /// Never more.
        cap: u32,
    },
    /// `min(cap, start·factor^(d−1))`.
    Exponential {
        /// Sends on the first day.
        start: u32,
        /// Growth a day, 1.0 and above.
        factor: f64,
        /// Never more.
        cap: u32,
    },
    /// Within its band: `min(max, min + step·(d − first day))`.
    Bands {
        /// In order of days, without gaps.
        bands: Vec<Band>,
    },
    /// Plateau `quotas[i]` in week i; `smooth`: geometric between them.
    Weekly {
        /// A quota a week.
        quotas: Vec<u32>,
        /// Days between two plateaus are geometric.
        smooth: bool,
    },
    /// A number a day; the last one stays.
    Table {
        /// Sends a day.
        days: Vec<u32>,
    },
}

/// One band of [`Ramp::Bands`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Band {
    /// First day index, from 1.
    pub first: u32,
    /// Last day index; `None`: for good.
    pub last: Option<u32>,
    /// Volume on the first day.
    pub min: u32,
    /// Never more inside the band.
    pub max: u32,
    /// Added each day.
    pub step: u32,
}
