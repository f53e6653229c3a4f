//! Ramps as text, as an operator writes them: `linear:10,1,40`. `Display` and `FromStr` round-trip.
//!
//! | text | ramp |
//! |---|---|
//! | `conservative` and the other [`PRESETS`](crate::ramp::PRESETS) | that preset |
//! | `linear:10,1,40` | start, step, cap |
//! | `exponential:20,1.4,500` | start, factor, cap |
//! | `weekly:50,200,500` and `weekly:50,200,500;exact` | a plateau a week, smooth or not |
//! | `table:5,6,8` | a number a day |
//! | `bands:1-7=5..20+3,8-=20..40+5` | first and last day, least, most, step |

use std::fmt;
use std::str::FromStr;

use crate::ramp::{Band, Ramp, RampError};

impl FromStr for Ramp {
    type Err = RampError;
    fn from_str(text: &str) -> Result<Self, RampError> {
        let text = text.trim();
        let refuse = |reason: String| RampError::Text { text: text.to_owned(), reason };
        let Some((kind, rest)) = text.split_once(':') else {
            return Self::preset(text).ok_or_else(|| refuse("no preset has this name".to_owned()));
        };
        let three = || match rest.split(',').map(str::trim).collect::<Vec<_>>().as_slice() {
            &[start, grows, cap] => Ok((start, grows, cap)),
            parts => Err(format!("it has {} numbers, not three", parts.len())),
        };
        let parsed = match kind {
            "linear" => three().and_then(|(start, step, cap)| {
                Ok(Self::Linear { start: number(start)?, step: number(step)?, cap: number(cap)? })
            }),
            "exponential" => three().and_then(|(start, factor, cap)| {
                let wrong = |_| format!("`{factor}` is not a factor");
                Ok(Self::Exponential {
                    start: number(start)?,
                    factor: factor.parse().map_err(wrong)?,
                    cap: number(cap)?,
                })
            }),
            "weekly" => {
                let (quotas, smooth) = match rest.strip_suffix(";exact") {
                    Some(quotas) => (quotas, false),
                    None => (rest.strip_suffix(";smooth").unwrap_or(rest), true),
                };
                numbers(quotas).map(|quotas| Self::Weekly { quotas, smooth })
            }
            "table" => numbers(rest).map(|days| Self::Table { days }),
            "bands" => rest.split(',').map(band).collect::<Result<_, _>>().map(|bands| Self::Bands { bands }),
            _ => Err(format!("there is no kind `{kind}`")),
        };
        parsed.map_err(refuse)
    }
}

impl fmt::Display for Ramp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, numbers: &[u32]| {
            for (at, number) in numbers.iter().enumerate() {
                write!(f, "{}{number}", if at == 0 { "" } else { "," })?;
            }
            Ok(())
        };
        match self {
            Self::Linear { start, step, cap } => write!(f, "linear:{start},{step},{cap}"),
            Self::Exponential { start, factor, cap } => write!(f, "exponential:{start},{factor},{cap}"),
            Self::Weekly { quotas, smooth } => {
                f.write_str("weekly:")?;
                list(f, quotas)?;
                f.write_str(if *smooth { "" } else { ";exact" })
            }
            Self::Table { days } => {
                f.write_str("table:")?;
                list(f, days)
            }
            Self::Bands { bands } => {
                f.write_str("bands:")?;
                for (at, Band { first, last, min, max, step }) in bands.iter().enumerate() {
                    write!(f, "{}{first}-", if at == 0 { "" } else { "," })?;
                    if let Some(last) = last {
                        write!(f, "{last}")?;
                    }
                    write!(f, "={min}..{max}+{step}")?;
                }
                Ok(())
            }
        }
    }
}

fn number(text: &str) -> Result<u32, String> {
    let text = text.trim();
    if text.starts_with('-') {
        return Err(format!("{text} is negative"));
    }
    text.parse().map_err(|_| format!("`{text}` is not a whole number up to {}", u32::MAX))
}

fn numbers(text: &str) -> Result<Vec<u32>, String> {
    if text.trim().is_empty() {
        return Err("it has no numbers".to_owned());
    }
    text.split(',').map(number).collect()
}

/// `1-7=5..20+3`, or `31-=60..80+2` without an end.
fn band(text: &str) -> Result<Band, String> {
    let wrong = || format!("`{}` is not a band such as `1-7=5..20+3`", text.trim());
    let (days, volumes) = text.split_once('=').ok_or_else(wrong)?;
    let (first, last) = days.split_once('-').ok_or_else(wrong)?;
    let (min, grows) = volumes.split_once("..").ok_or_else(wrong)?;
    let (max, step) = grows.split_once('+').ok_or_else(wrong)?;
    let last = if last.trim().is_empty() { None } else { Some(number(last)?) };
    Ok(Band { first: number(first)?, last, min: number(min)?, max: number(max)?, step: number(step)? })
}
