//! Metrics in the Embedded Metric Format: one bare JSON line on standard output, which CloudWatch Logs turns into
//! metrics. Dimensions are the stage (function) and, where it applies, the provider: never a mailbox, which would cost
//! 0.30 dollars each.
//!
//! Source: CloudWatch *Embedded metric format specification*.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use preheat_core::mailbox::Provider;
use serde_json::{Map, Value, json};

const NAMESPACE: &str = "Preheat";

/// The line for a set of counts of one stage, and of one provider if they are its. Counts of 0 are left out; no count, no
/// line.
#[must_use]
pub fn line(stage: &str, provider: Option<Provider>, counts: &[(&str, u64)], now: Timestamp) -> Option<String> {
    let counts: Vec<_> = counts.iter().filter(|(_, count)| *count > 0).collect();
    if counts.is_empty() {
        return None;
    }
    let metrics: Vec<Value> = counts.iter().map(|(name, _)| json!({"Name": name, "Unit": "Count"})).collect();
    let mut root = Map::new();
    let dimensions = if provider.is_some() { json!([["stage", "provider"]]) } else { json!([["stage"]]) };
    root.insert(
        "_aws".to_owned(),
        json!({
            "Timestamp": now.as_millisecond(),
            "CloudWatchMetrics": [{"Namespace": NAMESPACE, "Dimensions": dimensions, "Metrics": metrics}],
        }),
    );
    root.insert("stage".to_owned(), json!(stage));
    if let Some(provider) = provider {
        root.insert("provider".to_owned(), json!(provider));
    }
    for (name, count) in counts {
        root.insert((*name).to_owned(), json!(count));
    }
    Some(Value::Object(root).to_string())
}

/// Writes the line.
pub fn emit(stage: &str, counts: &[(&str, u64)], now: Timestamp) {
    write(line(stage, None, counts, now));
}

/// What the items of one invocation came to, by provider of the mailbox they were about.
#[derive(Debug, Default)]
pub struct ByProvider(Mutex<BTreeMap<(Provider, &'static str), u64>>);

impl ByProvider {
    /// Counts `count` more of what `name` says.
    pub fn add(&self, provider: Provider, name: &'static str, count: u64) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry((provider, name)).or_default() += count;
    }

    /// Writes a line a provider.
    pub fn emit(&self, stage: &str, now: Timestamp) {
        self.lines(stage, now).into_iter().for_each(|line| write(Some(line)));
    }

    fn lines(&self, stage: &str, now: Timestamp) -> Vec<String> {
        let mut by_provider: BTreeMap<Provider, Vec<(&str, u64)>> = BTreeMap::new();
        for (&(provider, name), &count) in &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            by_provider.entry(provider).or_default().push((name, count));
        }
        by_provider.iter().filter_map(|(&provider, counts)| line(stage, Some(provider), counts, now)).collect()
    }
}

fn write(line: Option<String>) {
    if let Some(line) = line {
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
        let line: Value =
            serde_json::from_str(&line("sender", None, &[("sent", 3), ("rejected", 0)], now).unwrap()).unwrap();
        assert_eq!(line["_aws"]["CloudWatchMetrics"][0]["Namespace"], "Preheat");
        assert_eq!(line["_aws"]["CloudWatchMetrics"][0]["Metrics"], json!([{"Name": "sent", "Unit": "Count"}]));
        assert_eq!(line["_aws"]["Timestamp"], 1_700_000_000_000_i64);
        assert_eq!((&line["stage"], &line["sent"]), (&json!("sender"), &json!(3)));
        assert!(line.get("rejected").is_none());
    }

    #[test]
    fn nothing_counted_nothing_written() {
        assert_eq!(line("sender", None, &[("sent", 0)], Timestamp::UNIX_EPOCH), None);
    }

    #[test]
    fn providers_have_a_line_each_and_no_mailbox_has_one() {
        let counts = ByProvider::default();
        counts.add(Provider::Gmail, "sent", 2);
        counts.add(Provider::Microsoft, "deferred", 1);
        counts.add(Provider::Gmail, "sent", 1);
        counts.add(Provider::Zoho, "sent", 0);
        let lines = counts.lines("sender", Timestamp::UNIX_EPOCH);
        let read: Vec<Value> = lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(read.len(), 2);
        assert_eq!((&read[0]["provider"], &read[0]["sent"]), (&json!("gmail"), &json!(3)));
        assert_eq!((&read[1]["provider"], &read[1]["deferred"]), (&json!("microsoft"), &json!(1)));
        assert_eq!(read[0]["_aws"]["CloudWatchMetrics"][0]["Dimensions"], json!([["stage", "provider"]]));
    }
}
