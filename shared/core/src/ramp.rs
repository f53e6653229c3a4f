//! Ramps: the curve of daily volume over sending days (domain.md §2).
//!
//! A ramp is read as text ([`crate::ramp_text`]), checked when it is saved ([`Ramp::check`]) and asked for the volume of
//! a day index ([`Ramp::volume`]). It knows nothing of dates, mailboxes or ceilings: [`crate::target`] does.

use serde::{Deserialize, Serialize};

use crate::limits::Limits;
use crate::mailbox::Provider;

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

/// A named ramp of domain.md §2.
#[derive(Debug, Clone, PartialEq)]
pub struct Preset {
    /// Its name.
    pub name: &'static str,
    /// What its numbers count: sends in a day, or in an hour.
    pub per: Per,
    /// Where its numbers come from.
    pub source: &'static str,
    /// The curve.
    pub ramp: Ramp,
}

/// What the numbers of a ramp count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Per {
    /// Sends in a day: every ramp of a mailbox.
    Day,
    /// Sends in an hour, growing by the day: some MTAs' IP warmup.
    Hour,
}

/// The preset that a mailbox is on unless another is chosen.
pub const PRESET_DEFAULT: &str = "conservative";

/// Names of all presets, the default first.
pub const PRESETS: [&str; 5] = [PRESET_DEFAULT, "standard", "safeguard", "ip-six-week", "esp-hourly"];

/// Where a published hourly ramp ends, in sends an hour. Ours: the source names no end, and every curve has one.
const ESP_HOURLY_CAP: u32 = 1_000_000;

/// Weekly ranges 10→20, 20→40, 40→80, 80→150, 150→200: linear from the first to the last day of each week, rounded.
const STANDARD: [u32; 35] = [
    10, 12, 13, 15, 17, 18, 20, // week 1
    20, 23, 27, 30, 33, 37, 40, // week 2
    40, 47, 53, 60, 67, 73, 80, // week 3
    80, 92, 103, 115, 127, 138, 150, // week 4
    150, 158, 167, 175, 183, 192, 200, // week 5, and 200 from then on
];

impl Preset {
    /// The preset of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let band = |first, last, min, max, step| Band { first, last, min, max, step };
        let (name, per, source, ramp) = match name {
            "conservative" => (
                PRESET_DEFAULT,
                Per::Day,
                "what open-source and commercial tools default to",
                Ramp::Linear { start: 10, step: 1, cap: 40 },
            ),
            "standard" => {
                ("standard", Per::Day, "the product's progression table", Ramp::Table { days: STANDARD.to_vec() })
            }
            "safeguard" => (
                "safeguard",
                Per::Day,
                "the product's send limits",
                Ramp::Bands {
                    bands: vec![
                        band(1, Some(7), 5, 20, 3),
                        band(8, Some(14), 20, 40, 5),
                        band(15, Some(30), 40, 60, 3),
                        band(31, None, 60, 80, 2),
                    ],
                },
            ),
            "ip-six-week" => (
                "ip-six-week",
                Per::Day,
                "the product's IP plan",
                Ramp::Weekly { quotas: vec![50, 200, 500, 1_500, 5_000, 10_000], smooth: true },
            ),
            "esp-hourly" => (
                "esp-hourly",
                Per::Hour,
                "an ESP's published automated IP warmup",
                Ramp::Exponential { start: 20, factor: 1.4, cap: ESP_HOURLY_CAP },
            ),
            _ => return None,
        };
        Some(Self { name, per, source, ramp })
    }
}

/// What a ramp is for: the bounds of a sane one differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RampFor {
    /// A mailbox at this provider.
    Mailbox {
        /// Who hosts it.
        provider: Provider,
    },
    /// A sending IP.
    Ip,
}

impl RampFor {
    /// Day-on-day growth over this factor is warned of.
    #[must_use]
    pub fn growth_max(self) -> f64 {
        match self {
            Self::Mailbox { .. } => 2.0,
            Self::Ip => 2.5,
        }
    }
}

/// A mailbox ramp that starts over this many sends a day is warned of.
pub const START_MAX: u32 = 30;

/// Why a ramp cannot be saved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RampError {
    /// The text is not a ramp.
    #[error(
        "`{text}` is not a ramp: {reason}. Use a preset (conservative, standard, safeguard, ip-six-week, esp-hourly), \
         linear:START,STEP,CAP, exponential:START,FACTOR,CAP, weekly:Q1,Q2,..[;exact], table:N1,N2,.. or \
         bands:FIRST-LAST=MIN..MAX+STEP,.."
    )]
    Text {
        /// What was given.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// It has no days, or never sends.
    #[error("the ramp is empty: {0}")]
    Empty(&'static str),
    /// It falls from one day to the next.
    #[error("the ramp falls from {before} on day {} to {after} on day {day}: a ramp never falls", .day - 1)]
    Decreasing {
        /// The day on which it is lower than on the day before.
        day: u32,
        /// The day before.
        before: u32,
        /// That day.
        after: u32,
    },
    /// The factor is under 1, infinite or not a number.
    #[error("the factor {0} is refused: it must be a number of 1 and above")]
    Factor(String),
    /// The bands do not follow one another from day 1.
    #[error("the band of day {first} is refused: {reason}")]
    Band {
        /// First day of that band.
        first: u32,
        /// What is wrong with it.
        reason: &'static str,
    },
}

/// What is unwise about a ramp that can be saved all the same. `Display` shows the arithmetic.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum RampWarning {
    /// It grows too fast.
    #[error(
        "day {day} asks for {after:.0} after {before:.0} on day {}: {after:.0} / {before:.0} = x{:.2}, more than x{max}",
        .day - 1, .after / .before
    )]
    Growth {
        /// The day that asks for too much.
        day: u32,
        /// The volume of the day before.
        before: f64,
        /// The volume of that day.
        after: f64,
        /// The factor that is still fine.
        max: f64,
    },
    /// It starts too high for a mailbox.
    #[error("it starts at {start:.0} a day, {:.0} more than the {START_MAX} that a new mailbox can bear", .start - f64::from(START_MAX))]
    Start {
        /// The volume of the first day.
        start: f64,
    },
    /// It ends over what the provider takes.
    #[error("it ends at {plateau:.0} a day, {:.0} more than the provider's {limit}: the rest is never sent", .plateau - f64::from(*.limit))]
    Provider {
        /// The volume it ends at.
        plateau: f64,
        /// What the provider takes a day.
        limit: u32,
    },
}

impl Ramp {
    /// The ramp of a preset's name; see [`PRESETS`].
    #[must_use]
    pub fn preset(name: &str) -> Option<Self> {
        Preset::named(name).map(|preset| preset.ramp)
    }

    /// The volume of a day index (from 1), unrounded; 0.0 for index 0. Allocates nothing. Never falls, for a ramp
    /// that [`Ramp::check`] accepts.
    #[must_use]
    pub fn volume(&self, day_index: u32) -> f64 {
        let Some(elapsed) = day_index.checked_sub(1) else { return 0.0 };
        match self {
            Self::Linear { start, step, cap } => {
                f64::from(*cap).min(f64::from(*start) + f64::from(*step) * f64::from(elapsed))
            }
            Self::Exponential { start, factor, cap } => {
                f64::from(*cap).min(f64::from(*start) * factor.powf(f64::from(elapsed)))
            }
            Self::Bands { bands } => bands.iter().rev().find(|band| band.first <= day_index).map_or(0.0, |band| {
                // Behind the last band's end its last day stays; between bands, check() allows no gap.
                let day = band.last.map_or(day_index, |last| last.min(day_index));
                band.volume(day)
            }),
            Self::Weekly { quotas, smooth } => {
                let week = (elapsed / 7) as usize;
                let quota = |week: usize| quotas.get(week).or(quotas.last()).map_or(0.0, |&quota| f64::from(quota));
                let (here, next) = (quota(week), quota(week + 1));
                if *smooth && here > 0.0 { here * (next / here).powf(f64::from(elapsed % 7) / 7.0) } else { here }
            }
            Self::Table { days } => days.get(elapsed as usize).or(days.last()).map_or(0.0, |&volume| f64::from(volume)),
        }
    }

    /// The volume at which the ramp ends.
    #[must_use]
    pub fn plateau(&self) -> f64 {
        match self {
            Self::Linear { step: 0, start, cap } => f64::from(*start.min(cap)),
            // Nothing times anything stays nothing.
            Self::Exponential { start: 0, .. } => 0.0,
            Self::Exponential { start, factor, cap } if *factor <= 1.0 => f64::from(*start.min(cap)),
            Self::Linear { cap, .. } | Self::Exponential { cap, .. } => f64::from(*cap),
            Self::Bands { bands } => bands.last().map_or(0.0, |band| match (band.last, band.step) {
                (Some(last), _) => band.volume(last),
                (None, 0) => f64::from(band.min),
                (None, _) => f64::from(band.max),
            }),
            Self::Weekly { quotas, .. } => quotas.last().map_or(0.0, |&quota| f64::from(quota)),
            Self::Table { days } => days.last().map_or(0.0, |&volume| f64::from(volume)),
        }
    }

    /// The first day index whose volume is at least `volume`; the last that is looked at, if none is.
    #[must_use]
    pub fn first_day_at(&self, volume: f64) -> u32 {
        // It never falls, so the first can be found by halves.
        let (mut low, mut high) = (1, DAYS_MAX);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.volume(middle) >= volume {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        low
    }

    /// The check when a ramp is saved: what must be mended is an error; what is unwise comes back as warnings with
    /// their arithmetic, at most [`WARNINGS_MAX`] of them. Provider limits are those of `Limits::default()`, for a
    /// Workspace account at Gmail.
    ///
    /// # Errors
    /// The ramp is empty, falls, or its parts do not fit together.
    pub fn check(&self, purpose: RampFor) -> Result<Vec<RampWarning>, RampError> {
        self.check_parts()?;
        if self.plateau() <= 0.0 {
            return Err(RampError::Empty("it never sends anything"));
        }
        let mut warnings = Vec::new();
        if let RampFor::Mailbox { provider } = purpose {
            let start = self.volume(1);
            if start > f64::from(START_MAX) {
                warnings.push(RampWarning::Start { start });
            }
            let limits = Limits::default();
            let limit = match provider {
                Provider::Gmail => Some(limits.gmail_per_day),
                Provider::Microsoft => Some(limits.microsoft_per_day),
                Provider::Yahoo | Provider::Zoho | Provider::Other => None,
            };
            if let Some(limit) = limit.filter(|&limit| self.plateau() > f64::from(limit)) {
                warnings.push(RampWarning::Provider { plateau: self.plateau(), limit });
            }
        }
        let max = purpose.growth_max();
        let mut before = self.volume(1);
        for day in 2..=self.days_to_plateau() {
            let after = self.volume(day);
            // A ratio of exactly `max` may come out a hair above it; from nothing, any start is a start.
            if before > 0.0 && after > before * max * (1.0 + 1e-9) && warnings.len() < WARNINGS_MAX {
                warnings.push(RampWarning::Growth { day, before, after, max });
            }
            before = after;
        }
        Ok(warnings)
    }

    /// The first day index from which the volume stays as it is, at most [`DAYS_MAX`].
    #[must_use]
    pub fn days_to_plateau(&self) -> u32 {
        let plateau = self.plateau();
        // Only a linear or exponential ramp may take long; both rise steadily, so halving finds the day.
        let (mut low, mut high) = (1, DAYS_MAX);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.volume(middle) >= plateau { high = middle } else { low = middle + 1 }
        }
        low
    }

    fn check_parts(&self) -> Result<(), RampError> {
        let rising = |volumes: &[u32], days: u32| {
            for (at, pair) in volumes.windows(2).enumerate() {
                if pair[1] < pair[0] {
                    let day = (u32::try_from(at).unwrap_or(u32::MAX).saturating_add(1)).saturating_mul(days);
                    return Err(RampError::Decreasing { day: day.saturating_add(1), before: pair[0], after: pair[1] });
                }
            }
            Ok(())
        };
        match self {
            Self::Linear { .. } => Ok(()),
            Self::Exponential { factor, .. } => {
                if factor.is_finite() && *factor >= 1.0 {
                    Ok(())
                } else {
                    Err(RampError::Factor(factor.to_string()))
                }
            }
            Self::Bands { bands } => check_bands(bands),
            Self::Weekly { quotas, .. } if quotas.is_empty() => Err(RampError::Empty("it has no weeks")),
            Self::Weekly { quotas, smooth: true } if quotas[0] == 0 => {
                Err(RampError::Empty("a smooth ramp cannot grow from a week of 0"))
            }
            Self::Weekly { quotas, .. } => rising(quotas, 7),
            Self::Table { days } if days.is_empty() => Err(RampError::Empty("it has no days")),
            Self::Table { days } => rising(days, 1),
        }
    }
}

/// Most warnings that a check gives.
pub const WARNINGS_MAX: usize = 5;

/// Longest ramp that is looked at, in sending days: some 40 years.
pub const DAYS_MAX: u32 = 10_000;

impl Band {
    /// The volume of a day of the band.
    fn volume(&self, day: u32) -> f64 {
        let grown = f64::from(self.min) + f64::from(self.step) * f64::from(day.saturating_sub(self.first));
        f64::from(self.max).min(grown)
    }
}

fn check_bands(bands: &[Band]) -> Result<(), RampError> {
    if bands.is_empty() {
        return Err(RampError::Empty("it has no bands"));
    }
    let mut next = Some(1);
    let mut before = 0.0;
    for band in bands {
        let refuse = |reason| Err(RampError::Band { first: band.first, reason });
        match next {
            None => return refuse("the band before it has no end"),
            Some(1) if band.first != 1 => return refuse("the first band must start on day 1"),
            Some(day) if band.first != day => return refuse("it must start on the day after the band before it"),
            Some(_) => {}
        }
        if band.min > band.max {
            return refuse("its least is over its most");
        }
        if band.last.is_some_and(|last| last < band.first) {
            return refuse("it ends before it starts");
        }
        let first = band.volume(band.first);
        if first < before {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a band's volume is a whole u32"
            )]
            return Err(RampError::Decreasing { day: band.first, before: before as u32, after: first as u32 });
        }
        next = band.last.map(|last| last.saturating_add(1));
        before = band.last.map_or(0.0, |last| band.volume(last));
    }
    Ok(())
}
