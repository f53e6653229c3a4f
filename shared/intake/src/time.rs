//! Times, as providers write them: unix seconds, milliseconds, ISO 8601 and its relatives.

use jiff::Timestamp;
use jiff::civil::DateTime;
use serde_json::Value;

use crate::outcome::Reason;

/// The time at the first of these JSON pointers that holds one.
///
/// # Errors
/// There is one, and it cannot be read.
pub(crate) fn at(value: &Value, pointers: &[&str]) -> Result<Option<Timestamp>, Reason> {
    for pointer in pointers {
        match value.pointer(pointer) {
            None | Some(Value::Null) => {}
            Some(Value::String(text)) if text.trim().is_empty() => {}
            Some(found) => {
                let unreadable = || Reason::Time(found.to_string().chars().take(64).collect());
                return read(found).ok_or_else(unreadable).map(Some);
            }
        }
    }
    Ok(None)
}

/// A time as a value.
fn read(value: &Value) -> Option<Timestamp> {
    match value {
        Value::Number(number) => {
            number.as_i64().map_or_else(|| number.as_f64().and_then(from_float), |whole| from_number(whole.into()))
        }
        Value::String(text) => from_text(text),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A time as text.
pub(crate) fn from_text(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(whole) = text.parse::<i64>() {
        return from_number(whole.into());
    }
    if let Ok(float) = text.parse::<f64>() {
        return from_float(float);
    }
    if let Ok(timestamp) = text.parse() {
        return Some(timestamp);
    }
    // Without an offset it is UTC: Unisender and PowerMTA's default say so.
    let utc = text.parse::<DateTime>().ok()?;
    utc.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

/// Seconds, milliseconds or microseconds since 1970: told apart by their size, as no event is of the year 5000.
fn from_number(number: i128) -> Option<Timestamp> {
    let nanoseconds = match number.unsigned_abs() {
        0..100_000_000_000 => number * 1_000_000_000,
        100_000_000_000..100_000_000_000_000 => number * 1_000_000,
        _ => number.checked_mul(1_000)?,
    };
    Timestamp::from_nanosecond(nanoseconds).ok()
}

fn from_float(seconds: f64) -> Option<Timestamp> {
    if !seconds.is_finite() || seconds.abs() >= 1e16 {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "bounded above; a fraction of a microsecond is no matter")]
    let scaled = |factor: f64| (seconds * factor).round() as i64;
    if seconds.abs() < 1e11 { Timestamp::from_microsecond(scaled(1e6)).ok() } else { from_number(scaled(1.0).into()) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn second(value: &Value) -> Option<i64> {
        read(value).map(Timestamp::as_second)
    }

    #[test]
    fn every_providers_way_of_writing_is_read() {
        let same = [
            json!(1_768_486_991),
            json!("1768486991"),
            json!(1_768_486_991.25),
            json!(1_768_486_991_000_i64),
            json!("1768486991.000"),
            json!("2026-01-15T14:23:11Z"),
            json!("2026-01-15T14:23:11.000Z"),
            json!("2026-01-15T09:23:11.0000000-05:00"),
            json!("2026-01-15T14:23:11.000+00:00"),
            json!("2026-01-15 14:23:11+0000"),
            json!("2026-01-15 15:23:11+0100"),
            json!("2026-01-15 14:23:11"),
            json!("2026-01-15T14:23:11.440526026Z"),
        ];
        for value in same {
            assert_eq!(second(&value), Some(1_768_486_991), "{value}");
        }
    }

    #[test]
    fn nonsense_is_no_time() {
        for value in [json!("yesterday"), json!("xxx"), json!(1e300), json!(true), json!("2026-13-01"), json!(["1"])] {
            assert_eq!(second(&value), None, "{value}");
            assert!(at(&json!({"t": value}), &["/t"]).is_err());
        }
        assert_eq!(at(&json!({"t": null, "u": ""}), &["/t", "/u", "/v"]), Ok(None));
    }

    proptest! {
        #[test]
        fn no_number_and_no_text_panics(float: f64, whole: i64, text in "\\PC{0,40}") {
            let _ = read(&json!(float));
            let _ = read(&json!(whole));
            let _ = from_text(&text);
            let _ = from_text(&float.to_string());
        }
    }
}
