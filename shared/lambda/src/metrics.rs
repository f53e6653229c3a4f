//! Metrics in the Embedded Metric Format: one bare JSON line on standard output, which CloudWatch Logs turns into
//! metrics. Dimensions are the stage (function) and, where it applies, the provider: never a mailbox, which would cost
//! 0.30 dollars each.
//!
//! Source: CloudWatch *Embedded metric format specification*.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

const NAMESPACE: &str = "Preheat";

/// The line for a set of counts of one stage. Counts of 0 are left out; no count, no line.
#[must_use]
pub fn line(stage: &str, counts: &[(&str, u64)], now: Timestamp) -> Option<String> {
    let counts: Vec<_> = counts.iter().filter(|(_, count)| *count > 0).collect();
    if counts.is_empty() {
        return None;
    }
    let metrics: Vec<Value> = counts.iter().map(|(name, _)| json!({"Name": name, "Unit": "Count"})).collect();
    let mut root = Map::new();
    root.insert(
        "_aws".to_owned(),
        json!({
            "Timestamp": now.as_millisecond(),
            "CloudWatchMetrics": [{"Namespace": NAMESPACE, "Dimensions": [["stage"]], "Metrics": metrics}],
        }),
    );
    root.insert("stage".to_owned(), json!(stage));
    for (name, count) in counts {
        root.insert((*name).to_owned(), json!(count));
    }
    Some(Value::Object(root).to_string())
}

/// Writes the line.
pub fn emit(stage: &str, counts: &[(&str, u64)], now: Timestamp) {
    if let Some(line) = line(stage, counts, now) {
        #[expect(clippy::print_stdout, reason = "the format demands a bare line on standard output")]
        {
            println!("{line}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_what_the_specification_wants() {
        let now = Timestamp::from_second(1_700_000_000).unwrap();
        let line: Value = serde_json::from_str(&line("sender", &[("sent", 3), ("rejected", 0)], now).unwrap()).unwrap();
        assert_eq!(line["_aws"]["CloudWatchMetrics"][0]["Namespace"], "Preheat");
        assert_eq!(line["_aws"]["CloudWatchMetrics"][0]["Metrics"], json!([{"Name": "sent", "Unit": "Count"}]));
        assert_eq!(line["_aws"]["Timestamp"], 1_700_000_000_000_i64);
        assert_eq!((&line["stage"], &line["sent"]), (&json!("sender"), &json!(3)));
        assert!(line.get("rejected").is_none());
    }

    #[test]
    fn nothing_counted_nothing_written() {
        assert_eq!(line("sender", &[("sent", 0)], Timestamp::UNIX_EPOCH), None);
    }
}
